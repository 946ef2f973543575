//! Neither loom nor shuttle has a `OnceLock`; a lock stands for it.

use crate::sync::{Mutex, lock};

/// A value that is written once.
#[derive(Debug)]
pub(crate) struct Once<T> {
    value: Mutex<Option<T>>,
}

impl<T> Once<T> {
    /// Nothing is written.
    pub(crate) fn new() -> Self {
        Self { value: Mutex::new(None) }
    }

    /// Writes it, unless it is written; whether this call did.
    pub(crate) fn set(&self, value: T) -> bool {
        let mut written = lock(&self.value);
        let is_first = written.is_none();
        if is_first {
            *written = Some(value);
        }
        is_first
    }

    /// What `f` makes of it, if it is written.
    pub(crate) fn map<R>(&self, f: impl FnOnce(&T) -> R) -> Option<R> {
        lock(&self.value).as_ref().map(f)
    }
}
