//! §5: the sending part of a stream that can be reset with partial delivery. §5.2's smaller Reliable Sizes,
//! §5.3's edges of Figure 2, §5.4's answer to STOP_SENDING, and the credit that §4 waits for.
//!
//! One byte a STREAM frame, new data in order, lost data in any order. Nothing is sent without need.

use crate::rfc::frame::ErrorCode;
use crate::rfc::sending::{SendEvent, SendState, Step};

use super::bytes::{Bytes, Size};
use super::frame::{Delivery, Frame};
use super::rules::{Limits, Rules};

/// What a reset still delivers.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Extent {
    /// Everything below this offset: RESET_STREAM_AT.
    At(Size),
    /// Nothing: RESET_STREAM.
    Nothing,
}

impl Extent {
    /// In bytes.
    pub const fn reliable_size(self) -> Size {
        match self {
            Self::At(size) => size,
            Self::Nothing => 0,
        }
    }
}

/// A reset, asked for or sent.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Reset {
    /// Its code.
    pub code: ErrorCode,
    /// What the newest frame delivers; the smallest so far.
    pub extent: Extent,
    /// Where that frame stands.
    pub delivery: Delivery,
}

/// What the application asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Wish {
    /// Write one byte more.
    Write,
    /// End the stream.
    End,
    /// Reset it with this code.
    Reset(ErrorCode, Extent),
}

/// The sending part.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Sender {
    /// Where it stands in Figure 2.
    pub state: SendState,
    /// Whether the peer receives RESET_STREAM_AT, as far as this endpoint knows (§3).
    pub peer_offers: bool,
    /// How many bytes the application has written.
    pub written: Size,
    /// Whether the application has ended the stream.
    pub ended: bool,
    /// What was sent at least once.
    pub sent: Bytes,
    /// What was acknowledged.
    pub acked: Bytes,
    /// What was declared lost and not sent again since.
    pub lost: Bytes,
    /// Where the FIN bit stands.
    pub fin: Delivery,
    /// The final size, once a frame told it.
    pub announced: Option<Size>,
    /// The reset.
    pub reset: Option<Reset>,
}

impl Sender {
    /// A part that has just been created.
    pub const fn new(peer_offers: bool) -> Self {
        Self {
            state: SendState::Ready,
            peer_offers,
            written: 0,
            ended: false,
            sent: Bytes::NONE,
            acked: Bytes::NONE,
            lost: Bytes::NONE,
            fin: Delivery::Due,
            announced: None,
            reset: None,
        }
    }

    /// The part after the application's wish; `None` if that is refused.
    pub fn asked(&self, rules: &Rules, wish: Wish) -> Option<Self> {
        let mut next = *self;
        let open = self.reset.is_none() && !self.ended && !self.state.is_terminal();
        match wish {
            Wish::Write if open => next.written += 1,
            Wish::End if open => next.ended = true,
            Wish::Reset(code, extent) if self.may_reset(rules, extent) => {
                next.ask_reset(code, extent);
            }
            Wish::Write | Wish::End | Wish::Reset(..) => return None,
        }
        Some(next)
    }

    fn may_reset(&self, rules: &Rules, extent: Extent) -> bool {
        let live = match self.state {
            SendState::Ready | SendState::Send | SendState::DataSent => true,
            SendState::ResetSent | SendState::DataRecvd | SendState::ResetRecvd => false,
        };
        let permitted = match (self.reset.map(|reset| reset.extent), extent) {
            (Some(Extent::Nothing), _) => false,
            // reset-stream-at 3/1: only to a peer that receives it.
            (None, Extent::At(size)) => (rules.may_use)(self.peer_offers) && size <= self.written,
            // reset-stream-at 5.2/1, 5.2/4: another one has a smaller Reliable Size.
            (Some(Extent::At(known)), Extent::At(size)) => {
                (rules.may_send_another)(known, size) && size <= self.written
            }
            (None | Some(Extent::At(_)), Extent::Nothing) => true,
        };
        live && permitted
    }

    fn ask_reset(&mut self, code: ErrorCode, extent: Extent) {
        // reset-stream-at 5.2/9: the code is that of the first.
        let code = self.reset.map_or(code, |reset| reset.code);
        self.reset = Some(Reset { code, extent, delivery: Delivery::Due });
    }

    /// STOP_SENDING arrived.
    pub fn on_stop_sending(&mut self, rules: &Rules, code: ErrorCode) {
        // reset-stream-at 5.4/2: answered with RESET_STREAM, also after RESET_STREAM_AT.
        let again = self.reset.is_some_and(|reset| reset.extent == Extent::Nothing);
        if (rules.stop_is_answered)(self.state) && !again {
            let known = self.reset.map(|reset| reset.code);
            let code = (rules.answering_code)(known, code);
            self.reset = Some(Reset { code, extent: Extent::Nothing, delivery: Delivery::Due });
        }
    }

    /// Every frame that is owed and may be sent now, within the peer's `limits`.
    pub fn owed(&self, rules: &Rules, limits: Limits) -> Vec<Frame> {
        let mut frames = Vec::new();
        if self.state.is_terminal() {
            return frames;
        }
        if let Some(reset) = self.reset {
            // reset-stream-at 4/9, 5.2/3: a lost one is sent again, if it is the smallest.
            let again = reset.delivery == Delivery::Lost && (rules.reset_is_repeated)(self);
            if reset.delivery == Delivery::Due || again {
                frames.extend(self.reset_frame(rules, reset, limits));
            }
        }
        self.owed_data(rules, limits, &mut frames);
        frames
    }

    fn reset_frame(&self, rules: &Rules, reset: Reset, limits: Limits) -> Option<Frame> {
        let application_protocol_error_code = (rules.code_sent)(self, reset.code);
        let final_size = match self.announced {
            // reset-stream-at 5.2/9: the final size is that of the first.
            Some(known) => (rules.final_size_repeated)(self, known),
            None => (rules.final_size)(self, reset.extent.reliable_size()),
        };
        // reset-stream-at 4/5, 5.3/5: deferred until there is credit for the final size.
        if !(rules.within_limits)(final_size, limits) {
            return None;
        }
        Some(match reset.extent {
            Extent::At(reliable_size) => {
                Frame::ResetStreamAt { application_protocol_error_code, final_size, reliable_size }
            }
            Extent::Nothing => Frame::ResetStream { application_protocol_error_code, final_size },
        })
    }

    fn owed_data(&self, rules: &Rules, limits: Limits, frames: &mut Vec<Frame>) {
        let fin = self.ended && self.reset.is_none();
        let end = (rules.delivered)(self);
        let frame =
            |offset| Frame::Stream { offset, length: 1, fin: fin && offset + 1 == self.written };
        let new = self.sent.end();
        let fits = new < limits.least() && self.announced.is_none_or(|size| new < size);
        if new < end && fits {
            frames.push(frame(new));
        }
        // reset-stream-at 5/3, 5/4: sent again below the Reliable Size, and not beyond it.
        let lost = (0..(rules.sent_again)(self)).filter(|offset| self.lost.contains(*offset));
        frames.extend(lost.map(frame));
        let last_goes_out = self.written > 0
            && (self.lost.contains(self.written - 1) || self.sent.end() < self.written);
        if fin && self.fin.is_owed() && !last_goes_out {
            frames.push(Frame::Stream { offset: self.written, length: 0, fin: true });
        }
    }

    /// The part sent `frame`.
    pub fn on_sent(&mut self, rules: &Rules, frame: &Frame) {
        match *frame {
            Frame::Stream { offset, length, fin } => {
                self.sent = self.sent.with(frame.bytes());
                self.lost = self.lost.without(frame.bytes());
                self.take(SendEvent::SendStream);
                if fin {
                    self.fin = self.fin.sent();
                    self.announced.get_or_insert(offset + length);
                    self.take(SendEvent::SendStreamFin);
                }
            }
            Frame::ResetStreamAt { final_size, .. } => {
                self.announced.get_or_insert(final_size);
                // reset-stream-at 5.3/1, 5.3/2: to Figure 2 it is a FIN; from Ready it goes through Send.
                self.take(SendEvent::SendStream);
                self.take((rules.event_of_frame)());
            }
            Frame::ResetStream { final_size, .. } => {
                self.announced.get_or_insert(final_size);
                self.take(SendEvent::SendResetStream);
            }
            Frame::StopSending { .. } => {}
        }
        if let (Some(_), Some(reset)) = (frame.reset_code(), &mut self.reset) {
            reset.delivery = reset.delivery.sent();
        }
        self.look_for_the_end(rules);
    }

    /// A packet with `frame`, or all word of it, was declared lost.
    pub fn on_lost(&mut self, frame: &Frame) {
        self.lost = self.lost.with(frame.bytes().without(self.acked));
        if let Frame::Stream { fin: true, .. } = frame {
            self.fin = self.fin.declared_lost();
        }
        if let Some(reset) = self.reset.as_mut().filter(|reset| is_newest(reset, frame)) {
            reset.delivery = reset.delivery.declared_lost();
        }
    }

    /// A packet with `frame` was acknowledged.
    pub fn on_acked(&mut self, rules: &Rules, frame: &Frame) {
        self.acked = self.acked.with(frame.bytes());
        self.lost = self.lost.without(frame.bytes());
        if let Frame::Stream { fin: true, .. } = frame {
            self.fin = Delivery::Acked;
        }
        // reset-stream-at 5.3/3: of several, only the one with the smallest Reliable Size counts.
        if let Some(reset) = &mut self.reset
            && (rules.is_smallest)(reset, frame)
            && reset.delivery.was_sent()
        {
            reset.delivery = Delivery::Acked;
            if let Frame::ResetStream { .. } = frame {
                self.take(SendEvent::RecvResetAck);
            }
        }
        self.look_for_the_end(rules);
    }

    fn look_for_the_end(&mut self, rules: &Rules) {
        if self.state == SendState::DataSent && (rules.all_acknowledged)(self) {
            self.take(SendEvent::RecvAllAcks);
        }
    }

    fn take(&mut self, event: SendEvent) {
        if let Step::Goto(state) = self.state.on(event) {
            self.state = state;
        }
    }
}

/// Whether `frame` is the newest frame of `reset`, which has the smallest Reliable Size.
pub fn is_newest(reset: &Reset, frame: &Frame) -> bool {
    match (frame, reset.extent) {
        (Frame::ResetStream { .. }, Extent::Nothing) => true,
        (Frame::ResetStreamAt { reliable_size, .. }, Extent::At(size)) => *reliable_size == size,
        (Frame::ResetStream { .. }, Extent::At(_))
        | (Frame::ResetStreamAt { .. }, Extent::Nothing)
        | (Frame::Stream { .. } | Frame::StopSending { .. }, _) => false,
    }
}
