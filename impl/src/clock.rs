//! Time as quinn's runtime has it: the clock and the timers of the runtime that the endpoint runs on, so that a
//! deadline passes in virtual time where quinn does.

use std::{
    fmt,
    future::{Future, poll_fn},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use crate::quinn::{AsyncTimer, Runtime};

/// The clock, and where timers come from.
#[derive(Clone, Default)]
pub(crate) struct Clock {
    runtime: Option<Arc<dyn Runtime>>,
}

impl Clock {
    /// The clock of `runtime`; with `None` the system's, and no timers.
    pub(crate) fn new(runtime: Option<Arc<dyn Runtime>>) -> Self {
        Self { runtime }
    }

    /// Now.
    pub(crate) fn now(&self) -> Instant {
        self.runtime.as_ref().map_or_else(Instant::now, |runtime| runtime.now())
    }

    /// Whether there are timers.
    pub(crate) fn has_timers(&self) -> bool {
        self.runtime.is_some()
    }

    /// A timer that is not set; `None` without a runtime.
    pub(crate) fn timer(&self, at: Instant) -> Option<Timer> {
        self.runtime.as_ref().map(|runtime| Timer(runtime.new_timer(at)))
    }

    /// Resolves when `at` has come; never without a runtime.
    pub(crate) fn sleep_until(
        &self,
        at: Instant,
    ) -> impl Future<Output = ()> + Send + 'static + use<> {
        let mut timer = self.timer(at);
        poll_fn(move |cx| match &mut timer {
            Some(timer) => timer.poll(cx),
            None => Poll::Pending,
        })
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Clock").field(&self.runtime).finish()
    }
}

/// A timer of the runtime's.
pub(crate) struct Timer(Pin<Box<dyn AsyncTimer>>);

impl Timer {
    /// Sets it anew.
    pub(crate) fn reset(&mut self, at: Instant) {
        self.0.as_mut().reset(at);
    }

    /// Ready once its time has come.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(cx)
    }
}

/// How long one call has been waiting for progress, and how often it was let go on.
#[derive(Default)]
pub(crate) struct Patience {
    /// Made with the first call that has to wait: most never do.
    waiting: Option<Box<Waiting>>,
}

struct Waiting {
    timer: Timer,
    is_set: bool,
    attempt: u32,
}

impl Patience {
    /// The call has made progress, or is over.
    pub(crate) fn rest(&mut self) {
        if let Some(waiting) = &mut self.waiting {
            waiting.is_set = false;
            waiting.attempt = 0;
        }
    }

    /// Ready with the number of the attempt that has run out, from 1. Asked again, it waits for the next.
    pub(crate) fn poll(
        &mut self,
        clock: &Clock,
        after: Duration,
        cx: &mut Context<'_>,
    ) -> Poll<u32> {
        if self.waiting.is_none() {
            let Some(timer) = clock.timer(clock.now() + after) else { return Poll::Pending };
            self.waiting = Some(Box::new(Waiting { timer, is_set: true, attempt: 0 }));
        }
        let Some(waiting) = &mut self.waiting else { return Poll::Pending };
        if !waiting.is_set {
            waiting.timer.reset(clock.now() + after);
            waiting.is_set = true;
        }
        if waiting.timer.poll(cx).is_pending() {
            return Poll::Pending;
        }
        waiting.is_set = false;
        waiting.attempt += 1;
        Poll::Ready(waiting.attempt)
    }
}

impl fmt::Debug for Patience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let attempt = self.waiting.as_ref().map(|waiting| waiting.attempt);
        f.debug_struct("Patience").field("attempt", &attempt).finish()
    }
}
