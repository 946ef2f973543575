//! The seam to what is shared between threads: locks, atomics, and the cell that is written once.
//!
//! With the feature `loom` or `shuttle` they are that tool's, which runs a test under every interleaving of
//! threads, or under many. Never for production.
//!
//! A poisoned lock is taken all the same: no code of this crate panics while it holds one, and every
//! critical section leaves its data whole before it calls anything else.

use std::sync::PoisonError;

#[cfg(feature = "loom")]
pub(crate) use loom::sync::{Mutex, MutexGuard, atomic};
#[cfg(all(feature = "shuttle", not(feature = "loom")))]
pub(crate) use shuttle::sync::{Mutex, MutexGuard, atomic};
#[cfg(not(feature = "threads"))]
pub(crate) use std::sync::{Mutex, MutexGuard, atomic};

/// Locks `mutex`, whoever panicked before.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(feature = "threads")]
pub(crate) use crate::threads::once::Once;

/// A value that is written once.
#[cfg(not(feature = "threads"))]
#[derive(Debug)]
pub(crate) struct Once<T> {
    value: std::sync::OnceLock<T>,
}

#[cfg(not(feature = "threads"))]
impl<T> Once<T> {
    /// Nothing is written.
    pub(crate) const fn new() -> Self {
        Self { value: std::sync::OnceLock::new() }
    }

    /// Writes it, unless it is written; whether this call did.
    pub(crate) fn set(&self, value: T) -> bool {
        self.value.set(value).is_ok()
    }

    /// What `f` makes of it, if it is written.
    pub(crate) fn map<R>(&self, f: impl FnOnce(&T) -> R) -> Option<R> {
        self.value.get().map(f)
    }
}
