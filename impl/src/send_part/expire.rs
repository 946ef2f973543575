//! How a deadline ends a sending part, and tells why.

use std::task::Waker;

use super::SendingPart;
use crate::{
    events::{Deadline, EventKind, PartOutcome},
    lifecycle::PartState,
    outcome::SendOutcome,
    quinn::VarInt,
};

impl SendingPart {
    /// A deadline has passed for the last time: resets the part, unless it has ended meanwhile, and tells why.
    pub(crate) fn expire(&self, deadline: Deadline, code: VarInt) {
        self.access(|locked| {
            self.tell_event(locked, || EventKind::RetriesExhausted { deadline });
            self.tell_event(locked, || EventKind::Intent { code });
            self.learn(locked);
            if locked.stream.is_some() {
                let state = PartState::Sending(self.state());
                self.tell_event(locked, || EventKind::Validated { state });
                let outcome = SendOutcome::Reset { code };
                let executed = |locked: &mut _| self.tell_event(locked, || EventKind::Executed);
                if self.send_reset(locked, outcome, code, executed).is_ok() {
                    return;
                }
            }
            let outcome = PartOutcome::Sending(self.latched());
            self.tell_event(locked, || EventKind::Overtaken { outcome });
        });
    }

    /// A deadline has passed for the `attempt`th time.
    pub(crate) fn timed_out(&self, deadline: Deadline, attempt: u32) {
        let woken = self.shared.tell(self.key, || EventKind::TimedOut { deadline, attempt });
        woken.into_iter().for_each(Waker::wake);
    }
}
