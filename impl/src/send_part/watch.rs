//! How the driver comes to know what quinn knows of a sending part.

use std::{
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
};

use super::{Locked, SendingPart};
use crate::{quinn, sync::atomic::Ordering};

impl SendingPart {
    /// From here on quinn wakes the driver when it learns what becomes of the stream.
    pub(crate) fn watch(self: &Arc<Self>) {
        self.access(|locked| {
            let Some(stream) = &locked.stream else { return };
            locked.fate = Some(Box::pin(quinn::fate(stream)));
            self.ask(locked);
        });
    }

    /// quinn has woken the part: the driver looks what it has learned.
    pub(crate) fn poll_fate(self: &Arc<Self>) {
        self.access(|locked| self.ask(locked));
    }

    fn ask(self: &Arc<Self>, locked: &mut Locked) {
        #[cfg(feature = "faults")]
        if let Some(fate) = locked.late.take() {
            if locked.stream.is_none() {
                self.shared.registry.own_fault("access after release");
            }
            return self.tell(locked, fate);
        }
        let Some(fate) = &mut locked.fate else { return };
        self.is_woken.store(false, Ordering::Release);
        let waker = Waker::from(self.clone());
        if let Poll::Ready(fate) = fate.as_mut().poll(&mut Context::from_waker(&waker)) {
            locked.fate = None;
            #[cfg(feature = "faults")]
            if self.has(crate::Fault::LookThenTouch) {
                locked.late = Some(fate);
                return self.shared.watching.push(self.clone());
            }
            self.tell(locked, fate);
        }
    }

    /// Whether quinn's future outlives the part: only with faults that listen on after the end.
    pub(super) fn listens_on(&self) -> bool {
        #[cfg(feature = "faults")]
        if self.has(crate::Fault::TellOutcomeTwice) || self.has(crate::Fault::LookThenTouch) {
            return true;
        }
        false
    }
}

impl Wake for SendingPart {
    /// By quinn, with its connection locked.
    fn wake(self: Arc<Self>) {
        self.is_woken.store(true, Ordering::Release);
        let shared = self.shared.clone();
        shared.watching.push(self);
    }
}
