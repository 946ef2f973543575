//! Notes about one direction of one stream.

use serde::{Deserialize, Serialize};

use rangemap::RangeSet;

use crate::rfc::call::{Answer, RecvOutcome, SendOutcome};
use crate::rfc::frame::{ErrorCode, Frame};
use crate::rfc::receiving::RecvState;
use crate::rfc::sending::{SendState, SendingPart};

/// Each `bool` is a fact that no right world ever shows, unless its name says otherwise. Sizes in
/// bytes.
#[derive(Clone, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct FlowNotes {
    /// The first final size the sender put on the wire.
    pub announced: Option<u64>,
    /// The sender put another one on the wire, or data at or beyond it.
    pub announced_changed: bool,
    /// One past the highest byte that the sender put on the wire, or its final size.
    pub highest_sent: u64,
    /// The RESET_STREAM the sender sent first.
    pub reset_sent: Option<Frame>,
    /// Something other than that same RESET_STREAM followed it.
    pub sent_after_reset: bool,
    /// The sender sent from a terminal state.
    pub sent_from_terminal: bool,
    /// The largest limit for the stream that reached the sender in a frame; 0 if none has.
    pub limit: u64,
    /// The largest limit that the receiver put on the wire; 0 if none.
    pub advertised: u64,
    /// Which bytes reached the receiver while its application could still read them.
    pub arrived: RangeSet<u64>,
    /// One past the highest byte that reached it while no final size had.
    pub highest: u64,
    /// The same, frames without data included.
    pub named: u64,
    /// The first final size that reached the receiver.
    pub arrived_final_size: Option<u64>,
    /// How many bytes the reading application was handed.
    pub taken: u64,
    /// How much of the connection's credit is given back by that.
    pub given_back: u64,
    /// The code of a STOP_SENDING that reached the sender before any end or reset was asked for.
    pub stop_arrived: Option<ErrorCode>,
    /// The application was told of a reset. (May be.)
    pub reset_told: bool,
    /// The application was told of the end. (May be.)
    pub end_told: bool,
    /// The application was told of the end after it had been told of a reset.
    pub end_after_reset: bool,
    /// The sending application dropped its handle without ending or resetting. (May be.)
    pub dropped_early: bool,
    /// STOP_SENDING was sent although a RESET_STREAM had arrived.
    pub needless_stop: bool,
    /// MAX_STREAM_DATA was sent in another state than Recv.
    pub needless_limit: bool,
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

impl FlowNotes {
    /// How much credit the arrived frames have used: up to the highest offset, or the final size.
    pub fn consumed(&self) -> u64 {
        self.arrived_final_size.unwrap_or(self.named)
    }

    pub(super) fn sender_sends(&mut self, frame: &Frame, from: SendState) {
        self.sent_from_terminal |= matches!(from, SendState::DataRecvd | SendState::ResetRecvd);
        let end = frame.end();
        self.highest_sent = self.highest_sent.max(end);
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

    pub(super) fn receiver_sends(&mut self, frame: &Frame, state: Option<RecvState>) {
        match *frame {
            Frame::StopSending { .. } => {
                self.needless_stop |=
                    matches!(state, Some(RecvState::ResetRecvd | RecvState::ResetRead));
            }
            Frame::MaxStreamData { maximum_stream_data, .. } => {
                self.needless_limit |= state != Some(RecvState::Recv);
                self.advertised = self.advertised.max(maximum_stream_data);
            }
            Frame::ResetStream { .. }
            | Frame::Stream { .. }
            | Frame::MaxData { .. }
            | Frame::MaxStreams { .. }
            | Frame::DataBlocked { .. }
            | Frame::StreamDataBlocked { .. }
            | Frame::StreamsBlocked { .. }
            | Frame::ConnectionClose { .. } => {}
        }
    }

    pub(super) fn arrives(&mut self, frame: &Frame, over: bool) {
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

    pub(super) fn stop_arrives(&mut self, code: ErrorCode, part: &SendingPart) {
        let open = matches!(part.state, SendState::Ready | SendState::Send);
        if open && part.reset.is_none() {
            self.stop_arrived.get_or_insert(code);
        }
    }

    pub(super) fn reader_answered(&mut self, answer: Answer) {
        match answer {
            Answer::Data { length } => self.taken += length,
            Answer::EndOfStream => {
                self.end_after_reset |= self.reset_told;
                self.end_told = true;
            }
            Answer::RecvEnded { outcome: RecvOutcome::Reset { .. } } => self.reset_told = true,
            Answer::Opened { .. }
            | Answer::Wrote { .. }
            | Answer::Blocked
            | Answer::Accepted
            | Answer::Finished
            | Answer::SendEnded { .. }
            | Answer::Corrupt { .. }
            | Answer::NoData
            | Answer::RecvEnded { .. }
            | Answer::ConnectionLost
            | Answer::Closed => {}
        }
    }

    pub(super) fn sending_moved(
        &mut self,
        old: Option<SendState>,
        new: SendState,
        outcome: Option<SendOutcome>,
    ) {
        if let Some(old) = old.filter(|old| *old != new) {
            self.left_terminal_sending |= old.is_terminal();
            self.send_from = Some(old);
        }
        if let Some(outcome) = outcome {
            self.send_outcome_changed |= *self.send_outcome.get_or_insert(outcome) != outcome;
        }
    }

    pub(super) fn receiving_moved(
        &mut self,
        old: Option<RecvState>,
        new: RecvState,
        outcome: Option<RecvOutcome>,
    ) {
        let old = old.unwrap_or(RecvState::Recv);
        if old != new {
            self.left_terminal_receiving |= old.is_terminal();
            self.recv_from = Some(old);
        }
        if let Some(outcome) = outcome {
            self.recv_outcome_changed |= *self.recv_outcome.get_or_insert(outcome) != outcome;
        }
    }

    /// §4.2: what was read is given back; once nothing more will be read, all that was used.
    pub(super) fn gives_back(&mut self, stopped: bool, state: RecvState) {
        let all = stopped || matches!(state, RecvState::ResetRecvd | RecvState::ResetRead);
        let now = if all { self.consumed() } else { self.taken };
        self.given_back = self.given_back.max(now);
    }
}
