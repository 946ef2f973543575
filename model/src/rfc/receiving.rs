//! §3.2 Receiving stream states.
//!
//! [`RecvState`] is Figure 3; [`ReceivingPart`] is a part in that figure together with what it has
//! received and handed to the application. The final size's own rules (§4.5) are in
//! [`final_size`](super::final_size); [`ReceiveCredit`] is the limit the part sets its peer (§4.1). The
//! request to cease (§3.5) is in [`stop_sending`](super::stop_sending).

mod state;

pub use state::{RecvEvent, RecvState};

use serde::{Deserialize, Serialize};

use rangemap::RangeSet;

use super::choices::{Choice, Choices};
use super::coverage::{self, Guard, guard};
use super::credit::ReceiveCredit;
use super::final_size::Objection;
use super::frame::{ErrorCode, FrameType};
use super::rules::Rules;
use super::sending::{Handle, Step, add, covers, end_of};
use super::stop_sending::Stop;
use super::violation::Violation;

/// What a frame breaks: at least one rule. The first is the one reported.
pub(super) type Broken = Vec<Violation>;

/// What the connection's limit leaves a stream: its limit, and how much of it the *other* streams
/// have used (§4.1). In bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    pub(super) limit: u64,
    /// The limit that is enforced: under the RFC's rules the same.
    pub(super) enforced: u64,
    pub(super) used_elsewhere: u64,
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
    pub unspecified: bool,
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
            unspecified: false,
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

    /// Whether this direction is closed: everything has arrived, or it was reset, told or not (Table 2, §3.4).
    pub fn is_closed(&self) -> bool {
        match self.state {
            RecvState::Recv | RecvState::SizeKnown => false,
            RecvState::DataRecvd
            | RecvState::ResetRecvd
            | RecvState::DataRead
            | RecvState::ResetRead => true,
        }
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
        if self.drops_unread(rules, &objection, credit.is_empty()) {
            let broken = objection.is_err() || !credit.is_empty();
            return vec![Ok(if broken { self.let_pass() } else { self.clone() })];
        }
        self.unless((rules, choices), objection, credit, || {
            self.after_stream(rules, choices, (offset, length, fin))
        })
    }

    /// Whether nobody looks at such a STREAM frame: under the RFC's rules somebody always does.
    fn drops_unread(
        &self,
        rules: &Rules,
        objection: &Result<(), Objection>,
        within_credit: bool,
    ) -> bool {
        let below = matches!(objection, Err(Objection::Clear(Violation::FinBelowReceived)));
        !(rules.stream_frames_are_read)(self.state)
            || (below && within_credit && !(rules.fin_below_is_noticed)())
    }

    /// Whether what a frame breaks is the connection's limit alone, and that is let pass: under the RFC's rules
    /// it never is.
    fn is_tolerated(&self, credit: &Broken, end: u64, room: Room) -> bool {
        let only_connection = matches!(
            credit.as_slice(),
            [Violation::StreamBeyondConnectionCredit | Violation::ResetBeyondConnectionCredit]
        );
        let used = room.used_elsewhere.saturating_add(self.consumed().max(end));
        let between = used > room.limit && used <= room.enforced;
        only_connection && !self.state.is_terminal() && between
    }

    /// The part after a violation that the endpoint did not answer.
    fn let_pass(&self) -> Self {
        Self { unspecified: true, ..self.clone() }
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
        self.unless((rules, choices), objection, credit, || match optional {
            true => choices.reset_after_all_data.branches(true, || self.clone(), reset),
            false => vec![reset()],
        })
    }

    /// The parts after a frame, unless something speaks against it: `credit`'s violations clearly, the
    /// final size clearly or with doubt.
    fn unless(
        &self,
        (rules, choices): (&Rules, &Choices),
        objection: Result<(), Objection>,
        credit: Broken,
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
        let passed = |unspecified| Ok(Self { unspecified, ..self.clone() });
        if self.state.is_terminal() {
            return choices.late_final_size_error.branches(true, || passed(false), || Err(broken));
        }
        if (rules.is_forgotten)(self) {
            return vec![Ok(self.let_pass())];
        }
        match doubt.filter(|_| credit.is_empty()) {
            Some(choice) => choice(choices).branches(true, || passed(true), || Err(broken)),
            None => vec![Err(broken)],
        }
    }

    /// Everything in flight was declared lost (§13.3).
    pub(super) fn on_all_lost(&mut self, rules: &Rules) {
        if let Some(stop) = &mut self.stop
            && (rules.is_sent_again)(FrameType::StopSending)
        {
            stop.delivery = stop.delivery.declared_lost();
        }
        if (rules.is_sent_again)(FrameType::MaxStreamData) {
            self.credit.on_all_lost();
        }
    }
}
