//! How a read waits: for data, for those who want it stopped, for its deadline.

use std::task::{Context, Poll, ready};

use super::RecvHandle;
use crate::{
    error::ReadError,
    events::{Deadline, EventKind},
    outcome::RecvOutcome,
};

impl RecvHandle {
    /// Stops reading if others have asked for it: an idle deadline, a drain.
    pub(super) fn heed(&mut self) {
        if self.stream.is_some()
            && let Some((code, deadline)) = self.part.asked()
        {
            self.abort_reading(code, Some(deadline), |_| RecvOutcome::Stopped { code });
        }
    }

    /// So many bytes more have been read.
    pub(super) fn progress(&mut self, bytes: usize) {
        self.part.progress().made(self.part.shared(), bytes);
        self.patience.rest();
    }

    /// A read has to wait: for data, for those who want it stopped, for its deadline.
    pub(super) fn wait<T>(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<T>, ReadError>> {
        if !self.part.remember(cx.waker()) {
            self.heed();
            return Poll::Ready(self.after_the_end());
        }
        let config = self.part.shared().config;
        let Some(deadline) = config.deadlines.read else { return Poll::Pending };
        loop {
            let clock = &self.part.shared().clock;
            let attempt = ready!(self.patience.poll(clock, deadline.after, cx));
            let which = Deadline::Read;
            self.part.tell_event(|| EventKind::TimedOut { deadline: which, attempt });
            if attempt > deadline.retries {
                let code = config.deadline_code;
                self.abort_reading(code, Some(which), |_| RecvOutcome::Stopped { code });
                return Poll::Ready(self.after_the_end());
            }
        }
    }
}
