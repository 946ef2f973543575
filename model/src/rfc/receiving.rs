//! §3.2 Receiving stream states, with what §3.3 and §3.5 say about STOP_SENDING.
//!
//! [`RecvState`] is Figure 3; [`ReceivingPart`] is a part in that figure together with what it has
//! received and handed to the application. The final size's own rules (§4.5) are in
//! [`final_size`](super::final_size); [`ReceiveCredit`] is the limit the part sets its peer (§4.1).

mod state;

pub use state::{RecvEvent, RecvState};

use serde::{Deserialize, Serialize};

use rangemap::RangeSet;

use super::breach::Breach;
use super::carriage::Carriage;
use super::choices::{Choice, Choices};
use super::coverage::{self, Guard, guard};
use super::credit::ReceiveCredit;
use super::final_size::Objection;
use super::frame::{ErrorCode, FrameType};
use super::rules::Rules;
use super::sending::{Handle, Step, add, covers, end_of};
use super::violation::Violation;

/// What a frame breaks: at least one rule. The first is the one reported.
pub(super) type Broken = Vec<Violation>;

/// What the connection's limit leaves a stream: its limit, and how much of it the *other* streams
/// have used (§4.1). In bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    pub(super) limit: u64,
    /// The limit up to which a stack lets it pass that more was used (D-6).
    pub(super) tolerated: u64,
    pub(super) used_elsewhere: u64,
}

/// Why the application wants no more data.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub enum StopCause {
    /// It aborted reading (§2.4).
    AbortedReading,
    /// It dropped the handle (contract).
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
    pub carriage: Carriage,
}

/// The receiving part of a stream. All offsets in bytes.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
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
    /// What we let the peer send on the stream.
    pub credit: ReceiveCredit,
    /// How much the part has given back to the connection's credit (§4.2).
    pub released: u64,
}

impl ReceivingPart {
    /// A part that has just been created (§3.2), with the limit of our transport parameters (§18.2).
    pub fn new(window: u64) -> Self {
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
            credit: ReceiveCredit::new(window),
            released: 0,
        }
    }

    /// How much credit the peer has used: up to the largest offset that it named, or the final size
    /// (§4.1, §4.5).
    pub fn consumed(&self) -> u64 {
        self.final_size.unwrap_or(self.named)
    }

    /// Gives back to the connection what is due.
    pub(super) fn release(&mut self, rules: &Rules) {
        self.released = self.released.max((rules.released)(self));
    }

    /// Whether the peer may send more: only then does its limit matter (§3.2).
    pub fn wants_more(&self) -> bool {
        let awaits = match self.state {
            RecvState::Recv => true,
            RecvState::SizeKnown
            | RecvState::DataRecvd
            | RecvState::ResetRecvd
            | RecvState::DataRead
            | RecvState::ResetRead => false,
        };
        guard(Guard::WantsMoreData, awaits && self.stop.is_none())
    }

    /// The limit that a MAX_STREAM_DATA is due for (§4.1).
    pub fn update_due(&self, rules: &Rules) -> Option<u64> {
        let step = (rules.update_step)(self.credit.window);
        let due = (rules.wants_more)(self)
            .then(|| self.credit.due((rules.released_on_stream)(self), step))
            .flatten();
        guard(Guard::UpdateOfStreamIsDue, due.is_some());
        due
    }

    /// STREAM_DATA_BLOCKED arrived: news, and no more (§19.13).
    pub(super) fn on_stream_data_blocked(&self) {
        coverage::met_receiving(FrameType::StreamDataBlocked, self.state);
    }

    /// What §4.1 says against a frame that takes the stream to `end`, of which `of_stream` and
    /// `of_connection` are the violations.
    fn beyond_credit(
        &self,
        rules: &Rules,
        (frame, end): (FrameType, u64),
        room: Room,
        [of_stream, of_connection]: [Violation; 2],
    ) -> Broken {
        let mut broken = Vec::new();
        // rfc9000 4.1/2, 19.10/4
        if (rules.exceeds_stream_limit)(frame, end, (rules.stream_limit)(self)) {
            broken.push(of_stream);
        }
        let used = room.used_elsewhere.saturating_add((rules.used_after)(self, frame, end));
        if (rules.exceeds_connection_limit)(used, room.limit) {
            broken.push(of_connection);
        }
        broken
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

    /// A STREAM frame arrived: every part the RFC permits next, or the violations that end the
    /// connection.
    pub(super) fn on_stream(
        &self,
        rules: &Rules,
        choices: &Choices,
        (offset, length, fin): (u64, u64, bool),
        room: Room,
    ) -> Vec<Result<Self, Broken>> {
        coverage::met_receiving(FrameType::Stream, self.state);
        let objection = super::final_size::check_stream(rules, self, (offset, length, fin));
        let of = [Violation::StreamBeyondStreamCredit, Violation::StreamBeyondConnectionCredit];
        let mut credit = self.beyond_credit(rules, (FrameType::Stream, offset + length), room, of);
        // rfc9000 19.8/2
        if (rules.offset_is_too_large)(offset + length) {
            credit.push(Violation::OffsetTooLarge);
        }
        if objection.is_ok() && self.is_tolerated(&credit, offset + length, room) {
            return vec![Ok(self.let_pass())];
        }
        if self.drops_unread(choices, &objection, credit.is_empty()) {
            let broken = objection.is_err() || !credit.is_empty();
            return vec![Ok(if broken { self.let_pass() } else { self.clone() })];
        }
        self.unless(objection, credit, choices, || {
            self.after_stream(rules, choices, (offset, length, fin))
        })
    }

    /// Whether a stack with these choices does not look at such a STREAM frame (D-3, D-4).
    fn drops_unread(
        &self,
        choices: &Choices,
        objection: &Result<(), Objection>,
        within_credit: bool,
    ) -> bool {
        let below = matches!(objection, Err(Objection::Clear(Violation::FinBelowReceived)));
        (self.state == RecvState::ResetRecvd && choices.reset_drops_frames == Choice::Always)
            || (below && within_credit && choices.fin_below_data_passes == Choice::Always)
    }

    /// Whether what a frame breaks is the connection's limit alone, and a stack lets that pass (D-6).
    fn is_tolerated(&self, credit: &Broken, end: u64, room: Room) -> bool {
        let only_connection = matches!(
            credit.as_slice(),
            [Violation::StreamBeyondConnectionCredit | Violation::ResetBeyondConnectionCredit]
        );
        let used = room.used_elsewhere.saturating_add(self.consumed().max(end));
        let between = used > room.limit && used <= room.tolerated;
        only_connection && !self.state.is_terminal() && between
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
                next.release(rules);
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
        (code, final_size): (ErrorCode, u64),
        room: Room,
    ) -> Vec<Result<Self, Broken>> {
        coverage::met_receiving(FrameType::ResetStream, self.state);
        let of = [Violation::ResetBeyondStreamCredit, Violation::ResetBeyondConnectionCredit];
        let credit = self.beyond_credit(rules, (FrameType::ResetStream, final_size), room, of);
        let reset = || {
            let mut next = self.clone();
            next.take(rules, RecvEvent::RecvResetStream);
            if next.state == RecvState::ResetRecvd {
                next.final_size = Some(final_size);
                next.reset.get_or_insert(code);
                next.release(rules);
            }
            next
        };
        let objection = super::final_size::check_reset(rules, self, final_size);
        if objection.is_ok() && self.is_tolerated(&credit, final_size, room) {
            return vec![Ok(self.let_pass())];
        }
        // C-1: a reset that comes when everything has arrived may be suppressed.
        let optional = self.state == RecvState::DataRecvd;
        self.unless(objection, credit, choices, || match optional {
            true => choices.reset_after_all_data.branches(true, || self.clone(), reset),
            false => vec![reset()],
        })
    }

    /// The parts after a frame, unless something speaks against it: `credit`'s violations clearly, the
    /// final size clearly or with doubt.
    fn unless(
        &self,
        objection: Result<(), Objection>,
        credit: Broken,
        choices: &Choices,
        accepted: impl FnOnce() -> Vec<Self>,
    ) -> Vec<Result<Self, Broken>> {
        let (of_size, doubt) = match objection {
            Ok(()) => (None, None),
            Err(Objection::Clear(violation)) => (Some(violation), None),
            Err(Objection::Doubtful(violation, choice)) => (Some(violation), Some(choice)),
        };
        let broken: Broken = of_size.into_iter().chain(credit.iter().copied()).collect();
        if broken.is_empty() {
            return accepted().into_iter().map(Ok).collect();
        }
        // Let pass, a frame of a stream that is closed changes nothing (C-4), and after one that only
        // an empty frame speaks against nothing more can be said of the stream (C-8).
        let passed = |lawless| Ok(Self { lawless, ..self.clone() });
        if self.state.is_terminal() {
            return choices.late_final_size_error.branches(true, || passed(false), || Err(broken));
        }
        let forgotten = self.stop.is_some() && self.final_size.is_some();
        if forgotten && choices.stopped_is_forgotten == Choice::Always {
            return vec![Ok(self.let_pass())];
        }
        match doubt.filter(|_| credit.is_empty()) {
            Some(choice) => choice(choices).branches(true, || passed(true), || Err(broken)),
            None => vec![Err(broken)],
        }
    }

    /// The application wants no more data.
    pub(super) fn ask_stop(&mut self, rules: &Rules, cause: StopCause, code: ErrorCode) {
        if self.stop.is_none() && !self.told {
            let moot = !self.state.awaits_data();
            // Of a stream that was reset, or read to its end, nobody would send one.
            let needless = self.reset.is_some() || self.state == RecvState::DataRead;
            let carriage = if needless { Carriage::Acked } else { Carriage::Due };
            self.stop = Some(Stop { cause, code, moot, carriage });
            self.release(rules);
        }
    }

    /// The STOP_SENDING the part still has to send, if any (§3.5, §13.3).
    pub fn duty(&self) -> Option<Stop> {
        self.stop.filter(|stop| stop.carriage.is_owed() && self.state.awaits_data())
    }

    /// The STOP_SENDING that a stack with these choices sends next, if any.
    pub fn next_stop(&self, choices: &Choices) -> Option<Stop> {
        match choices.stop_goes_out_late {
            Choice::Always => {
                let moot_too = choices.moot_stop_is_sent == Choice::Always;
                let due = self.stop.filter(|stop| stop.carriage.is_owed());
                due.filter(|stop| !stop.moot || moot_too)
            }
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
        // rfc9000 3.3/3, 3.5/7: not once a RESET_STREAM has been received (3.3 permits it only before).
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

    pub(super) fn on_all_lost(&mut self, rules: &Rules) {
        if let Some(stop) = &mut self.stop
            && (rules.is_sent_again)(FrameType::StopSending)
        {
            stop.carriage = stop.carriage.declared_lost();
        }
        if (rules.is_sent_again)(FrameType::MaxStreamData) {
            self.credit.on_all_lost();
        }
    }
}
