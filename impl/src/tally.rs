//! How many parts there were, and what became of them.
//!
//! Plain numbers. The [registry](crate::registry) counts under the lock of its list, so that
//! *registered = live + ended* can be checked exactly.

use crate::outcome::{RecvOutcome, SendOutcome};

/// How many sending parts there were, and what became of them.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct SendTally {
    /// Parts opened or accepted.
    pub registered: u64,
    /// Ended as [`SendOutcome::Delivered`].
    pub delivered: u64,
    /// Ended as [`SendOutcome::Reset`].
    pub reset: u64,
    /// Ended as [`SendOutcome::Stopped`].
    pub stopped: u64,
    /// Ended as [`SendOutcome::ConnectionLost`].
    pub connection_lost: u64,
    /// Ended as [`SendOutcome::ZeroRttRejected`].
    pub zero_rtt_rejected: u64,
}

/// How many receiving parts there were, and what became of them.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct RecvTally {
    /// Parts opened or accepted.
    pub registered: u64,
    /// Ended as [`RecvOutcome::ReadToEnd`].
    pub read_to_end: u64,
    /// Ended as [`RecvOutcome::Reset`].
    pub reset: u64,
    /// Ended as [`RecvOutcome::Stopped`].
    pub stopped: u64,
    /// Ended as [`RecvOutcome::ConnectionLost`].
    pub connection_lost: u64,
    /// Ended as [`RecvOutcome::ZeroRttRejected`].
    pub zero_rtt_rejected: u64,
}

/// The count of a connection's parts by outcome.
///
/// Every part ends in exactly one outcome, so in both halves `registered` is `ended()` plus the parts
/// that a [`snapshot`](crate::StreamManager::snapshot) of the same moment shows.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct Tally {
    /// The sending parts.
    pub sending: SendTally,
    /// The receiving parts.
    pub receiving: RecvTally,
    /// How often this crate caught itself doing what its own tables call impossible. Always 0; anything
    /// else is a defect of this crate, and an `error` event told which.
    pub own_faults: u64,
}

impl SendTally {
    /// Parts that have ended.
    pub const fn ended(&self) -> u64 {
        self.delivered + self.reset + self.stopped + self.connection_lost + self.zero_rtt_rejected
    }

    pub(crate) fn count(&mut self, outcome: &SendOutcome) {
        *match outcome {
            SendOutcome::Delivered => &mut self.delivered,
            SendOutcome::Reset { .. } => &mut self.reset,
            SendOutcome::Stopped { .. } => &mut self.stopped,
            SendOutcome::ConnectionLost(_) => &mut self.connection_lost,
            SendOutcome::ZeroRttRejected => &mut self.zero_rtt_rejected,
        } += 1;
    }
}

impl RecvTally {
    /// Parts that have ended.
    pub const fn ended(&self) -> u64 {
        self.read_to_end + self.reset + self.stopped + self.connection_lost + self.zero_rtt_rejected
    }

    pub(crate) fn count(&mut self, outcome: &RecvOutcome) {
        *match outcome {
            RecvOutcome::ReadToEnd => &mut self.read_to_end,
            RecvOutcome::Reset { .. } => &mut self.reset,
            RecvOutcome::Stopped { .. } => &mut self.stopped,
            RecvOutcome::ConnectionLost(_) => &mut self.connection_lost,
            RecvOutcome::ZeroRttRejected => &mut self.zero_rtt_rejected,
        } += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ended_is_the_sum_of_all_outcomes_and_of_nothing_else() {
        let sending = SendTally {
            registered: 1000,
            delivered: 1,
            reset: 2,
            stopped: 4,
            connection_lost: 8,
            zero_rtt_rejected: 16,
        };
        assert_eq!(sending.ended(), 31);
        let receiving = RecvTally {
            registered: 1000,
            read_to_end: 1,
            reset: 2,
            stopped: 4,
            connection_lost: 8,
            zero_rtt_rejected: 16,
        };
        assert_eq!(receiving.ended(), 31);
    }
}
