//! §3.5 Solicited state transitions: when STOP_SENDING is sent, and how it is answered.
//!
//! The receiving part asks ([`Stop`]); the sending part answers with a RESET_STREAM. In which states each
//! may do so is in [`rules`](super::rules).

use serde::{Deserialize, Serialize};

use super::coverage;
use super::delivery::Delivery;
use super::frame::{ErrorCode, FrameType};
use super::receiving::{ReceivingPart, RecvState};
use super::rules::Rules;
use super::sending::{ResetCause, SendingPart};

/// Why the application wants no more data.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub enum StopCause {
    /// It aborted reading (§2.4).
    AbortedReading,
    /// It dropped the handle.
    Dropped,
}

/// A request to the peer to cease, asked for or sent.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct Stop {
    /// Who asked for it.
    pub cause: StopCause,
    /// The code to be sent.
    pub code: ErrorCode,
    /// Whether everything had arrived when it was asked for, so that nothing need be sent.
    pub moot: bool,
    /// Where the STOP_SENDING stands.
    pub delivery: Delivery,
}

impl ReceivingPart {
    /// The application wants no more data.
    pub(super) fn ask_stop(&mut self, rules: &Rules, cause: StopCause, code: ErrorCode) {
        if self.stop.is_none() && !self.told {
            let moot = !self.state.awaits_data();
            // Of a stream that was reset, or read to its end, nobody would send one.
            let needless = self.reset.is_some() || self.state == RecvState::DataRead;
            let delivery = if needless { Delivery::Acked } else { Delivery::Due };
            self.stop = Some(Stop { cause, code, moot, delivery });
            self.release(rules);
        }
    }

    /// The STOP_SENDING that must be sent, if any (§13.3 has it repeated).
    pub fn stop_owed(&self) -> Option<Stop> {
        self.stop.filter(|stop| stop.delivery.is_owed() && self.state.awaits_data())
    }

    /// The STOP_SENDING that goes out next, if any.
    pub fn next_stop(&self, rules: &Rules) -> Option<Stop> {
        let goes_out = |stop: &Stop| {
            stop.delivery.is_owed()
                && !(rules.stop_is_moot)(stop)
                && !(rules.stop_is_overtaken)(self, stop)
        };
        self.stop.filter(goes_out)
    }

    /// The part sent a STOP_SENDING.
    pub(super) fn on_stop_sent(&mut self) {
        if let Some(stop) = &mut self.stop {
            stop.delivery = stop.delivery.sent();
        }
    }

    /// The packet with the STOP_SENDING was acknowledged.
    pub(super) fn on_stop_acked(&mut self) {
        if let Some(stop) = &mut self.stop {
            stop.delivery = Delivery::Acked;
        }
    }
}

impl SendingPart {
    /// STOP_SENDING arrived.
    pub(super) fn on_stop_sending(&mut self, rules: &Rules, code: ErrorCode) {
        coverage::met_sending(FrameType::StopSending, self.state);
        // rfc9000 3.5/2, 3.5/3: answered in Ready and Send; in Data Sent the answer may be deferred, and
        // here it is not (C-2).
        if !(rules.stop_is_answered)(self.state) || self.stop_unanswered.is_some() {
            return;
        }
        if (rules.stop_waits_for_application)() && self.reset.is_none() {
            self.stop_unanswered = Some(code);
        } else {
            self.ask_reset(rules, ResetCause::StopSending, (rules.answering_code)(code));
        }
    }
}
