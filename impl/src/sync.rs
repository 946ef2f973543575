//! The one way to take a lock.
//!
//! A poisoned lock is taken all the same: no code of this crate panics while it holds one, and every
//! critical section leaves its data whole before it calls anything else.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks `mutex`, whoever panicked before.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
