//! What an observer beside the two endpoints writes down.
//!
//! Properties about the past need a memory, and a memory kept by the rules under test would forget
//! what they forget. So this one sees only frames, answers and states, and knows nothing of
//! [`Rules`](crate::rfc::rules::Rules): it is dumber than what it watches, on purpose.

use rangemap::RangeSet;

use crate::rfc::call::{Answer, Call, RecvOutcome, SendOutcome};
use crate::rfc::endpoint::Endpoint;
use crate::rfc::frame::{ErrorCode, Frame};
use crate::rfc::receiving::RecvState;
use crate::rfc::sending::SendState;
use crate::rfc::violation::TransportError;

/// The observer's notes. Each `bool` is a fact that no right world ever shows.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct History {
    /// The first final size the sender put on the wire.
    pub announced: Option<u64>,
    /// The sender put another one on the wire, or data at or beyond it.
    pub announced_changed: bool,
    /// The RESET_STREAM the sender sent first.
    pub reset_sent: Option<Frame>,
    /// Something other than that same RESET_STREAM followed it.
    pub sent_after_reset: bool,
    /// The sender sent from a terminal state.
    pub sent_from_terminal: bool,
    /// Which bytes reached the receiver while its application could still read them.
    pub arrived: RangeSet<u64>,
    /// One past the highest byte that reached it while no final size had.
    pub highest: u64,
    /// The same, frames without data included.
    pub named: u64,
    /// The first final size that reached the receiver.
    pub arrived_final_size: Option<u64>,
    /// What a hostile peer's frames call for, after the first that calls for anything.
    pub due: Option<Due>,
    /// The code of a STOP_SENDING that reached the sender before any end or reset was asked for.
    pub stop_arrived: Option<ErrorCode>,
    /// The application was told of a reset.
    pub reset_told: bool,
    /// The application was told of the end.
    pub end_told: bool,
    /// The application was told of the end after it had been told of a reset.
    pub end_after_reset: bool,
    /// The sending application dropped its handle without ending or resetting.
    pub dropped_early: bool,
    /// STOP_SENDING was sent although a RESET_STREAM had arrived.
    pub needless_stop: bool,
    /// The first outcome of the sending part.
    pub send_outcome: Option<SendOutcome>,
    /// It changed.
    pub send_outcome_changed: bool,
    /// The first outcome of the receiving part.
    pub recv_outcome: Option<RecvOutcome>,
    /// It changed.
    pub recv_outcome_changed: bool,
    /// The sending part left a terminal state.
    pub left_terminal_sending: bool,
    /// The receiving part left a terminal state.
    pub left_terminal_receiving: bool,
    /// Where the sending part came from when it last moved.
    pub send_from: Option<SendState>,
    /// Where the receiving part came from when it last moved.
    pub recv_from: Option<RecvState>,
}

/// What a violation calls for.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Due {
    /// The error.
    pub error: TransportError,
    /// Whether the endpoint may let it pass, because the stream is closed (§4.5).
    pub optional: bool,
}

enum Contradiction {
    None,
    /// Of the final size and an offset that only an empty frame named: the RFC speaks of data.
    OfEmptyFrame,
    OfData,
}

impl History {
    /// The sender of the stream put a frame on the wire, from this state.
    pub fn sender_sent(&mut self, frame: &Frame, from: SendState) {
        self.sent_from_terminal |= matches!(from, SendState::DataRecvd | SendState::ResetRecvd);
        if let Some(size) = frame.final_size() {
            let first = *self.announced.get_or_insert(size);
            self.announced_changed |= first != size;
        }
        if let (Frame::Stream { offset, length, .. }, Some(size)) = (frame, self.announced) {
            self.announced_changed |= offset + length > size;
        }
        if let Some(reset) = &self.reset_sent {
            self.sent_after_reset |= reset != frame;
        } else if let Frame::ResetStream { .. } = frame {
            self.reset_sent = Some(*frame);
        }
    }

    /// The receiver of the stream sent STOP_SENDING.
    pub fn receiver_stopped(&mut self, receiver: &Endpoint) {
        let state = receiver.receiving.as_ref().map(|part| part.state);
        self.needless_stop |= matches!(state, Some(RecvState::ResetRecvd | RecvState::ResetRead));
    }

    /// A frame arrives at the receiver of the stream, as it is before that.
    pub fn arrives_at_receiver(&mut self, frame: &Frame, receiver: &Endpoint) {
        let part = receiver.receiving.as_ref();
        let over = part.is_some_and(|part| part.told || part.stop.is_some());
        if let Frame::Stream { offset, length, .. } = *frame
            && length > 0
            && !over
        {
            self.arrived.insert(offset..offset + length);
        }
        if self.arrived_final_size.is_none() {
            if let Frame::Stream { offset, length, .. } = *frame {
                self.named = self.named.max(offset + length);
                if length > 0 {
                    self.highest = self.highest.max(offset + length);
                }
            }
            self.arrived_final_size = frame.final_size();
        }
    }

    /// A hostile frame arrives at `victim`, as it is before that. What §4.5 and §19 call for is
    /// worked out from the notes alone.
    pub fn hostile_arrives(&mut self, frame: &Frame, victim: &Endpoint) {
        if self.due.is_some_and(|due| !due.optional) || victim.closed.is_some() {
            return;
        }
        // What the victim was free to let pass, it has let pass.
        self.due = None;
        let part = victim.receiving.as_ref();
        let closed = part.is_some_and(|part| part.state.is_terminal());
        let id = frame.stream_id();
        let peers_stream = id.initiator() != victim.side;
        let state_error = Some((TransportError::StreamStateError, false));
        let size_error = |optional| Some((TransportError::FinalSizeError, optional || closed));
        let error = match *frame {
            // Only the victim sends on the streams that it opens in this model.
            Frame::Stream { .. } | Frame::ResetStream { .. } if !peers_stream => state_error,
            Frame::StopSending { .. } if peers_stream || id != victim.stream_id => state_error,
            Frame::StopSending { .. } => None,
            Frame::Stream { .. } | Frame::ResetStream { .. } => match self.contradiction(frame) {
                Contradiction::None => None,
                Contradiction::OfEmptyFrame => size_error(true),
                Contradiction::OfData => size_error(false),
            },
        };
        if let Some((error, optional)) = error {
            self.due = Some(Due { error, optional });
        }
    }

    fn contradiction(&self, frame: &Frame) -> Contradiction {
        let (stated, known) = (frame.final_size(), self.arrived_final_size);
        let of_data = match (stated, known) {
            (Some(stated), Some(known)) => stated != known,
            (Some(stated), None) => stated < self.highest,
            (None, _) => false,
        };
        let (end, empty) = match *frame {
            Frame::Stream { offset, length, .. } => (offset + length, length == 0),
            Frame::ResetStream { .. } | Frame::StopSending { .. } => (0, true),
        };
        let beyond = known.is_some_and(|known| end > known);
        let below_named = known.is_none() && stated.is_some_and(|stated| stated < self.named);
        match (of_data || beyond && !empty, beyond || below_named) {
            (true, _) => Contradiction::OfData,
            (false, true) => Contradiction::OfEmptyFrame,
            (false, false) => Contradiction::None,
        }
    }

    /// STOP_SENDING arrives at the sender of the stream, as it is before that.
    pub fn stop_arrives(&mut self, code: ErrorCode, sender: &Endpoint) {
        let Some(part) = &sender.sending else { return };
        let open = matches!(part.state, SendState::Ready | SendState::Send);
        if open && part.reset.is_none() && sender.closed.is_none() {
            self.stop_arrived.get_or_insert(code);
        }
    }

    /// An application was answered; `before` is its endpoint before the call.
    pub fn answered(&mut self, call: Call, answer: Answer, before: &Endpoint) {
        match answer {
            Answer::EndOfStream => {
                self.end_after_reset |= self.reset_told;
                self.end_told = true;
            }
            Answer::RecvEnded { outcome: RecvOutcome::Reset { .. } } => self.reset_told = true,
            Answer::Wrote { .. }
            | Answer::Blocked
            | Answer::Accepted
            | Answer::Finished
            | Answer::SendEnded { .. }
            | Answer::Data { .. }
            | Answer::Corrupt { .. }
            | Answer::NoData
            | Answer::RecvEnded { .. }
            | Answer::Closed => {}
        }
        if call == Call::DropSend {
            let part = before.sending.as_ref();
            let open = part.is_some_and(|part| !part.ended && part.reset.is_none());
            self.dropped_early |= open && before.closed.is_none();
        }
    }

    /// An endpoint has moved from `before` to `after`.
    pub fn moved(&mut self, before: &Endpoint, after: &Endpoint) {
        if let (Some(old), Some(new)) = (&before.sending, &after.sending)
            && old.state != new.state
        {
            self.left_terminal_sending |= old.state.is_terminal();
            self.send_from = Some(old.state);
        }
        let old = before.receiving.as_ref().map_or(RecvState::Recv, |part| part.state);
        if let Some(new) = &after.receiving
            && old != new.state
        {
            self.left_terminal_receiving |= old.is_terminal();
            self.recv_from = Some(old);
        }
        if let Some(outcome) = after.send_outcome() {
            self.send_outcome_changed |= *self.send_outcome.get_or_insert(outcome) != outcome;
        }
        if let Some(outcome) = after.recv_outcome() {
            self.recv_outcome_changed |= *self.recv_outcome.get_or_insert(outcome) != outcome;
        }
    }
}
