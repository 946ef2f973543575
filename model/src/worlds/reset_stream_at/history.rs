//! What an observer beside the two endpoints writes down, for §3 to §5.4.
//!
//! It sees only frames, answers and states, and knows nothing of [`Rules`](super::rules::Rules): it is
//! dumber than what it watches, on purpose. Each `bool` is a fact that no right world ever shows.

use crate::rfc::frame::ErrorCode;
use crate::rfc::receiving::RecvState;
use crate::rfc::sending::SendState;

use super::bytes::{Bytes, Size};
use super::frame::{Frame, Parameter};
use super::receiver::{Reading, Receiver};
use super::sender::Sender;
use super::violation::TransportError;

/// The observer's notes.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct History {
    /// The peer remembered an offer, and this connection comes without it.
    pub withdrawn: bool,
    /// RESET_STREAM_AT went to an endpoint that had not asked for it.
    pub unasked: bool,
    /// The first final size that was sent.
    pub announced: Option<Size>,
    /// Another one was sent, or data beyond it.
    pub announced_changed: bool,
    /// The code of the first reset that was sent.
    pub code: Option<ErrorCode>,
    /// Another one was sent.
    pub code_changed: bool,
    /// The smallest Reliable Size that was sent, RESET_STREAM's zero included.
    pub reliable_size: Option<Size>,
    /// A larger one was sent later.
    pub reliable_size_grew: bool,
    /// A Reliable Size beyond its final size was sent.
    pub beyond_final_size: bool,
    /// Something beyond a limit was sent.
    pub beyond_limit: bool,
    /// A byte beyond the Reliable Size was sent a second time.
    pub needless: bool,
    /// Something was sent from a terminal state, or STREAM after RESET_STREAM.
    pub sent_late: bool,
    /// RESET_STREAM_AT was sent and Data Sent was not entered.
    pub not_data_sent: bool,
    /// What was acknowledged.
    pub acked: Bytes,
    /// The FIN was acknowledged.
    pub fin_acked: bool,
    /// The smallest Reliable Size of which the RESET_STREAM_AT was acknowledged.
    pub reliable_size_acked: Option<Size>,
    /// STOP_SENDING arrived while it had to be answered.
    pub stop_arrived: bool,
    /// Which bytes arrived before the application was told of anything.
    pub arrived: Bytes,
    /// One past the largest byte that arrived.
    pub highest: Size,
    /// The first final size that arrived.
    pub arrived_final_size: Option<Size>,
    /// The code of the first reset that arrived.
    pub arrived_code: Option<ErrorCode>,
    /// The smallest Reliable Size that arrived.
    pub arrived_reliable_size: Option<Size>,
    /// The receiving part came to expect more than before.
    pub expects_more: bool,
    /// The reset was told before everything below the Reliable Size had been read.
    pub told_early: bool,
    /// The end was told before everything up to the final size had been read.
    pub end_told_early: bool,
    /// What the first violation calls for.
    pub due: Option<Due>,
    /// A part left a terminal state.
    pub left_terminal: bool,
    /// Where the sending part came from when it last moved.
    pub send_from: Option<SendState>,
    /// Where the receiving part came from when it last moved.
    pub recv_from: Option<RecvState>,
}

/// What a violation calls for: one of these errors.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Due {
    errors: u8,
    /// Whether the endpoint may let it pass.
    pub optional: bool,
}

impl Due {
    fn add(&mut self, error: TransportError) {
        self.errors |= 1 << error as u8;
    }

    /// Whether the violation may be answered with `error`.
    pub const fn permits(&self, error: TransportError) -> bool {
        self.errors & (1 << error as u8) != 0
    }
}

impl History {
    /// The two endpoints have a connection.
    pub fn connected(&mut self, receiver: &Receiver, remembered: bool, peers: Parameter) {
        self.withdrawn |= remembered && !receiver.offers;
        if peers == Parameter::NonEmpty {
            self.due.get_or_insert_default().add(TransportError::TransportParameterError);
        }
    }

    /// The sender, as it was `before`, has sent `frame`; `after` is it since then.
    pub fn sent(&mut self, frame: &Frame, before: &Sender, after: &Sender, receiver: &Receiver) {
        let is_at = matches!(frame, Frame::ResetStreamAt { .. });
        let is_stream = matches!(frame, Frame::Stream { .. });
        self.unasked |= is_at && !receiver.offers;
        self.sent_late |=
            before.state.is_terminal() || is_stream && before.state == SendState::ResetSent;
        self.not_data_sent |= is_at && after.state < SendState::DataSent;
        self.not_data_sent |= is_at && after.state == SendState::ResetSent;
        let end = frame.final_size().unwrap_or(0).max(frame.bytes().end());
        self.beyond_limit |= end > receiver.limits.least();
        if let Some(size) = frame.final_size() {
            self.announced_changed |= *self.announced.get_or_insert(size) != size;
        }
        self.announced_changed |= self.announced.is_some_and(|size| end > size);
        if let Some(code) = frame.reset_code() {
            self.code_changed |= *self.code.get_or_insert(code) != code;
        }
        let again = frame.bytes().without(frame.bytes().without(before.sent));
        self.needless |= self.reliable_size.is_some_and(|size| again.end() > size);
        if let Some(size) = frame.reliable_size() {
            self.reliable_size_grew |= self.reliable_size.is_some_and(|known| size > known);
            self.reliable_size = Some(self.reliable_size.map_or(size, |known| known.min(size)));
            self.beyond_final_size |= frame.final_size().is_some_and(|end| size > end);
        }
    }

    /// The acknowledgement of `frame` arrives at the sender.
    pub fn acknowledged(&mut self, frame: &Frame) {
        self.acked = self.acked.with(frame.bytes());
        self.fin_acked |= matches!(frame, Frame::Stream { fin: true, .. });
        if let Frame::ResetStreamAt { reliable_size, .. } = *frame {
            let smallest = self.reliable_size_acked.map_or(reliable_size, |k| k.min(reliable_size));
            self.reliable_size_acked = Some(smallest);
        }
    }

    /// STOP_SENDING arrives at the sender, as it is before that.
    pub fn stop_arrives(&mut self, sender: &Sender) {
        self.stop_arrived |= matches!(sender.state, SendState::Ready | SendState::Send);
    }

    /// `frame` arrives at the receiver, as it is before that.
    pub fn arrives(&mut self, frame: &Frame, receiver: &Receiver) {
        if self.due.is_some_and(|due| !due.optional) || receiver.closed.is_some() {
            return;
        }
        // What the endpoint was free to let pass, it has let pass.
        self.due = self.verdict(frame, receiver);
        if receiver.state.is_terminal() || self.due.is_some() {
            return;
        }
        // After RESET_STREAM data is of no account, and neither is RESET_STREAM_AT.
        if receiver.state != RecvState::ResetRecvd {
            self.arrived = self.arrived.with(frame.bytes());
            self.highest = self.highest.max(frame.bytes().end());
        }
        self.arrived_final_size = self.arrived_final_size.or(frame.final_size());
        self.arrived_code = self.arrived_code.or(frame.reset_code());
        if let Some(size) = frame.reliable_size() {
            let smallest = self.arrived_reliable_size.map_or(size, |known| known.min(size));
            self.arrived_reliable_size = Some(smallest);
        }
    }

    /// What §3, §4 and §5.2 call for on `frame`, from the notes alone.
    fn verdict(&self, frame: &Frame, receiver: &Receiver) -> Option<Due> {
        let mut due = Due::default();
        if let Frame::ResetStreamAt { final_size, reliable_size, .. } = *frame
            && (!receiver.offers || reliable_size > final_size)
        {
            due.add(TransportError::FrameEncodingError);
        }
        let stateless = due.errors != 0;
        let end = frame.final_size().unwrap_or(0).max(frame.bytes().end());
        if end > receiver.limits.least() {
            due.add(TransportError::FlowControlError);
        }
        let stated = frame.final_size();
        let changed = match (self.arrived_final_size, stated) {
            (Some(known), Some(stated)) => stated != known,
            (None, Some(stated)) => stated < self.highest,
            (_, None) => false,
        };
        if changed || self.arrived_final_size.is_some_and(|size| frame.bytes().end() > size) {
            due.add(TransportError::FinalSizeError);
        }
        let code = frame.reset_code();
        if code.is_some() && self.arrived_code.is_some() && code != self.arrived_code {
            due.add(TransportError::StreamStateError);
        }
        due.optional = !stateless && receiver.state.is_terminal();
        (due.errors != 0).then_some(due)
    }

    /// A read was answered; `receiver` is the part before it.
    pub fn answered(&mut self, reading: Reading, receiver: &Receiver) {
        match reading {
            Reading::Data(_) => {}
            Reading::Reset(_) => {
                self.told_early |=
                    self.arrived_reliable_size.is_none_or(|size| receiver.read < size);
            }
            Reading::End => {
                self.end_told_early |= self.arrived_final_size != Some(receiver.read);
            }
        }
    }

    /// The sending part has moved.
    pub fn sender_moved(&mut self, before: &Sender, after: &Sender) {
        if before.state != after.state {
            self.send_from = Some(before.state);
            self.left_terminal |= before.state.is_terminal();
        }
    }

    /// The receiving part has moved.
    pub fn receiver_moved(&mut self, before: &Receiver, after: &Receiver) {
        if before.state != after.state {
            self.recv_from = Some(before.state);
            self.left_terminal |= before.state.is_terminal();
        }
        let expected = |part: &Receiver| part.reset.map(|reset| reset.reliable_size);
        if let (Some(known), Some(now)) = (expected(before), expected(after)) {
            self.expects_more |= now > known;
        }
    }
}
