//! §3.2 Receiving stream states, with what §3.3 and §3.5 say about STOP_SENDING.
//!
//! [`RecvState`] is Figure 3; [`ReceivingPart`] is a part in that figure together with what it has
//! received and handed to the application. The final size's own rules (§4.5) are in
//! [`final_size`](super::final_size). Credit (§4.1) is not here.

mod state;

pub use state::{RecvEvent, RecvState};

use rangemap::RangeSet;

use super::breach::Breach;
use super::choices::{Choice, Choices};
use super::final_size::Objection;
use super::frame::ErrorCode;
use super::rules::Rules;
use super::sending::{Carriage, Handle, Step, add, covers, end_of};
use super::violation::Violation;

/// Why the application wants no more data.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum StopCause {
    /// It aborted reading (§2.4).
    AbortedReading,
    /// It dropped the handle (contract).
    Dropped,
}

/// A request to the peer to cease, asked for or sent.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Stop {
    /// Who asked for it.
    pub cause: StopCause,
    /// The code to be sent.
    pub code: ErrorCode,
    /// Whether everything had arrived when it was asked for, so that nothing need be sent.
    pub moot: bool,
    /// Where the STOP_SENDING stands.
    pub carriage: Carriage,
}

/// The receiving part of a stream. All offsets in bytes.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct ReceivingPart {
    /// Where it stands in Figure 3.
    pub state: RecvState,
    /// What has been received.
    pub received: RangeSet<u64>,
    /// One past the largest offset that a STREAM frame named before the final size was known, with
    /// data or without.
    pub named: u64,
    /// The final size, once known (§4.5).
    pub final_size: Option<u64>,
    /// How many bytes the application has read.
    pub read: u64,
    /// The code of the RESET_STREAM received first.
    pub reset: Option<ErrorCode>,
    /// The request to cease, once the application has made it.
    pub stop: Option<Stop>,
    /// Whether the application has been told of the end, the reset or the loss.
    pub told: bool,
    /// Whether the application still holds the handle.
    pub handle: Handle,
    /// The peer left the protocol and the endpoint let it pass: no rule says what follows.
    pub lawless: bool,
}

impl Default for ReceivingPart {
    fn default() -> Self {
        Self::new()
    }
}

impl ReceivingPart {
    /// A part that has just been created (§3.2).
    pub fn new() -> Self {
        Self {
            state: RecvState::Recv,
            received: RangeSet::new(),
            named: 0,
            final_size: None,
            read: 0,
            reset: None,
            stop: None,
            told: false,
            handle: Handle::Held,
            lawless: false,
        }
    }

    /// One past the largest offset received.
    pub fn largest_received(&self) -> u64 {
        end_of(&self.received)
    }

    /// How many bytes the application could read now.
    pub fn readable(&self) -> u64 {
        let contiguous = self.received.get(&self.read).map_or(self.read, |range| range.end);
        contiguous - self.read
    }

    /// Whether all data up to the final size has been received.
    pub fn is_complete(&self) -> bool {
        self.final_size.is_some_and(|size| covers(&self.received, size))
    }

    pub(super) fn take(&mut self, rules: &Rules, event: RecvEvent) {
        if let Step::Goto(state) = (rules.recv_table)(self.state, event) {
            self.state = state;
        }
    }

    /// A STREAM frame arrived: every part the RFC permits next, or the violation that ends the
    /// connection.
    pub(super) fn on_stream(
        &self,
        rules: &Rules,
        choices: &Choices,
        frame: (u64, u64, bool),
    ) -> Vec<Result<Self, Violation>> {
        let objection = super::final_size::check_stream(rules, self, frame);
        match objection {
            Err(objection) if self.drops_unread(choices, objection) => vec![Ok(self.let_pass())],
            Ok(()) | Err(_) => {
                self.unless(objection, choices, || self.after_stream(rules, choices, frame))
            }
        }
    }

    /// Whether a stack with these choices does not look at such a STREAM frame (D-3, D-4).
    fn drops_unread(&self, choices: &Choices, objection: Objection) -> bool {
        let below = matches!(objection, Objection::Clear(Violation::FinBelowReceived));
        (self.state == RecvState::ResetRecvd && choices.reset_drops_frames == Choice::Always)
            || (below && choices.fin_below_data_passes == Choice::Always)
    }

    /// The part after a violation that the endpoint did not answer.
    fn let_pass(&self) -> Self {
        Self { lawless: true, ..self.clone() }
    }

    fn after_stream(
        &self,
        rules: &Rules,
        choices: &Choices,
        (offset, length, fin): (u64, u64, bool),
    ) -> Vec<Self> {
        let mut next = self.clone();
        match self.state {
            RecvState::Recv | RecvState::SizeKnown => {
                add(&mut next.received, offset, length);
                if self.state == RecvState::Recv {
                    next.named = next.named.max(offset + length);
                }
                if fin {
                    next.final_size = Some((rules.final_size_of_fin)(offset, length));
                    next.take(rules, RecvEvent::RecvStreamFin);
                }
                if next.state == RecvState::SizeKnown && (rules.all_received)(&next) {
                    next.take(rules, RecvEvent::RecvAllData);
                }
                vec![next]
            }
            RecvState::ResetRecvd => {
                // C-3: data that completes the stream after a reset may bring it back.
                if choices.data_completes_after_reset == Choice::Never || self.stop.is_some() {
                    return vec![next];
                }
                add(&mut next.received, offset, length);
                if next.is_complete() {
                    next.reset = None;
                    next.take(rules, RecvEvent::RecvAllData);
                }
                let kept = next != *self;
                choices.data_completes_after_reset.branches(kept, || self.clone(), || next)
            }
            RecvState::DataRecvd | RecvState::DataRead | RecvState::ResetRead => vec![next],
        }
    }

    /// A RESET_STREAM arrived: every part the RFC permits next, or the violation that ends the
    /// connection.
    pub(super) fn on_reset_stream(
        &self,
        rules: &Rules,
        choices: &Choices,
        code: ErrorCode,
        final_size: u64,
    ) -> Vec<Result<Self, Violation>> {
        let reset = || {
            let mut next = self.clone();
            next.take(rules, RecvEvent::RecvResetStream);
            if next.state == RecvState::ResetRecvd {
                next.final_size = Some(final_size);
                next.reset.get_or_insert(code);
            }
            next
        };
        let objection = super::final_size::check_reset(rules, self, final_size);
        // C-1: a reset that comes when everything has arrived may be suppressed.
        let optional = self.state == RecvState::DataRecvd;
        self.unless(objection, choices, || match optional {
            true => choices.reset_after_all_data.branches(true, || self.clone(), reset),
            false => vec![reset()],
        })
    }

    fn unless(
        &self,
        objection: Result<(), Objection>,
        choices: &Choices,
        accepted: impl FnOnce() -> Vec<Self>,
    ) -> Vec<Result<Self, Violation>> {
        // Let pass, a frame of a stream that is closed changes nothing (C-4), and after one that only
        // an empty frame speaks against nothing more can be said of the stream (C-8).
        let (violation, choice, lawless) = match objection {
            Ok(()) => return accepted().into_iter().map(Ok).collect(),
            Err(Objection::Clear(violation) | Objection::Doubtful(violation, _))
                if self.state.is_terminal() =>
            {
                (violation, choices.late_final_size_error, false)
            }
            Err(_)
                if self.stop.is_some()
                    && self.final_size.is_some()
                    && choices.stopped_is_forgotten == Choice::Always =>
            {
                return vec![Ok(self.let_pass())];
            }
            Err(Objection::Clear(violation)) => return vec![Err(violation)],
            Err(Objection::Doubtful(violation, choice)) => (violation, choice(choices), true),
        };
        let passed = || Ok(Self { lawless, ..self.clone() });
        choice.branches(true, passed, || Err(violation))
    }

    /// The application wants no more data.
    pub(super) fn ask_stop(&mut self, cause: StopCause, code: ErrorCode) {
        if self.stop.is_none() && !self.told {
            let moot = !self.state.awaits_data();
            self.stop = Some(Stop { cause, code, moot, carriage: Carriage::Due });
        }
    }

    /// The STOP_SENDING the part still has to send, if any (§3.5, §13.3).
    pub fn duty(&self) -> Option<Stop> {
        self.stop.filter(|stop| stop.carriage.is_owed() && self.state.awaits_data())
    }

    /// The STOP_SENDING that a stack with these choices sends next, if any.
    pub fn next_stop(&self, choices: &Choices) -> Option<Stop> {
        match choices.stop_goes_out_late {
            Choice::Always => self.stop.filter(|stop| stop.carriage.is_owed() && !stop.moot),
            Choice::Either | Choice::Never => self.duty(),
        }
    }

    /// The part sent a STOP_SENDING; as [`SendingPart`](super::sending::SendingPart)'s handlers,
    /// changes the part as if it had been right and says which rule it broke.
    pub(super) fn on_stop_sent(&mut self, rules: &Rules, code: ErrorCode) -> Result<(), Breach> {
        let Some(stop) = &mut self.stop else {
            return Err(Breach::StopUnasked);
        };
        stop.carriage = stop.carriage.sent();
        // rfc9000 3.5: not once a RESET_STREAM has been received (3.3 permits it only before).
        if !(rules.may_send_stop)(self.state) {
            return Err(Breach::StopAfterReset);
        }
        if stop.moot && stop.cause == StopCause::Dropped {
            return Err(Breach::DropStopsCompleteStream);
        }
        if stop.code != code {
            return Err(match stop.cause {
                StopCause::Dropped => Breach::DropStopCode,
                StopCause::AbortedReading => Breach::StopCodeChanged,
            });
        }
        Ok(())
    }

    pub(super) fn on_stop_acked(&mut self) {
        if let Some(stop) = &mut self.stop {
            stop.carriage = Carriage::Acked;
        }
    }

    pub(super) fn on_all_lost(&mut self) {
        if let Some(stop) = &mut self.stop {
            stop.carriage = stop.carriage.declared_lost();
        }
    }
}
