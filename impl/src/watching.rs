//! Between quinn's wake-ups and the driver: which sending parts quinn has something to say about.
//!
//! Each part is the waker of its own future of quinn's (no task, no node of a list for each): quinn wakes it, with
//! its connection locked, so that all it may do is to put the part here and wake the driver.
//!
//! Lock order: quinn's connection, then this.

use std::{sync::Arc, task::Waker};

use crate::{
    send_part::SendingPart,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
        lock,
    },
};

/// The parts that the driver has to look at.
#[derive(Debug, Default)]
pub(crate) struct Watching {
    inner: Mutex<Inner>,
    /// Whether every clone of the manager is gone.
    is_unmanaged: AtomicBool,
}

#[derive(Debug, Default)]
struct Inner {
    ready: Vec<Arc<SendingPart>>,
    driver: Option<Waker>,
    is_closed: bool,
}

impl Watching {
    /// quinn has something to say about `part`.
    pub(crate) fn push(&self, part: Arc<SendingPart>) {
        let driver = {
            let mut inner = lock(&self.inner);
            inner.ready.push(part);
            inner.driver.take()
        };
        driver.into_iter().for_each(Waker::wake);
    }

    /// Where the driver is to be woken.
    pub(crate) fn come_back(&self, waker: &Waker) {
        let old = {
            let mut inner = lock(&self.inner);
            match &inner.driver {
                Some(old) if old.will_wake(waker) => None,
                _ => inner.driver.replace(waker.clone()),
            }
        };
        drop(old);
    }

    /// Moves the parts that are ready into `ready`, which is empty.
    pub(crate) fn take_ready(&self, ready: &mut Vec<Arc<SendingPart>>) {
        std::mem::swap(&mut lock(&self.inner).ready, ready);
    }

    /// Nobody watches any more.
    pub(crate) fn close(&self) {
        let left = {
            let mut inner = lock(&self.inner);
            inner.is_closed = true;
            std::mem::take(&mut inner.ready)
        };
        drop(left);
    }

    /// Whether nobody watches any more.
    pub(crate) fn is_closed(&self) -> bool {
        lock(&self.inner).is_closed
    }

    /// Every clone of the manager is gone.
    pub(crate) fn unmanage(&self) {
        self.is_unmanaged.store(true, Ordering::Release);
        self.take_driver().into_iter().for_each(Waker::wake);
    }

    /// Whether every clone of the manager is gone.
    pub(crate) fn is_unmanaged(&self) -> bool {
        self.is_unmanaged.load(Ordering::Acquire)
    }

    /// The driver, to be woken outside of any lock: it looks whether it is done.
    #[must_use = "to be woken outside of any lock"]
    pub(crate) fn take_driver(&self) -> Vec<Waker> {
        lock(&self.inner).driver.take().into_iter().collect()
    }
}
