//! §4 and §5: the receiving part of a stream that can be reset with partial delivery. What it is told of,
//! §5.2's smallest Reliable Size, §5.3's edges of Figure 3, and the credit that the final size takes and
//! gives back.

use crate::rfc::frame::ErrorCode;
use crate::rfc::receiving::{RecvEvent, RecvState};
use crate::rfc::sending::Step;

use super::bytes::{Bytes, Size};
use super::frame::{Delivery, Frame};
use super::rules::{Limits, Rules};
use super::violation::Violation;

/// A reset that has arrived.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Arrived {
    /// Its code.
    pub code: ErrorCode,
    /// The smallest Reliable Size so far, in bytes.
    pub reliable_size: Size,
}

/// What the application was told last of all.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Told {
    /// Nothing yet.
    Nothing,
    /// The end of the stream.
    End,
    /// The reset.
    Reset,
    /// Nothing more: it has aborted reading.
    Stopped,
}

/// What a read is answered with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reading {
    /// So many bytes.
    Data(Size),
    /// The end of the stream.
    End,
    /// The reset, with its code.
    Reset(ErrorCode),
}

/// The receiving part.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Receiver {
    /// Where it stands in Figure 3.
    pub state: RecvState,
    /// Whether this endpoint sent the transport parameter (§3).
    pub offers: bool,
    /// What it advertised.
    pub limits: Limits,
    /// What has been received.
    pub received: Bytes,
    /// The final size, once known.
    pub final_size: Option<Size>,
    /// The reset, once one arrived.
    pub reset: Option<Arrived>,
    /// How many bytes the application has read.
    pub read: Size,
    /// What the application was told last.
    pub told: Told,
    /// How much credit of the connection was given back, in bytes.
    pub released: Size,
    /// Where STOP_SENDING stands, once the application has aborted reading.
    pub stop: Option<Delivery>,
    /// Why the connection was closed.
    pub closed: Option<Violation>,
}

impl Receiver {
    /// A part that has just been created.
    pub const fn new(offers: bool, limits: Limits) -> Self {
        Self {
            state: RecvState::Recv,
            offers,
            limits,
            received: Bytes::NONE,
            final_size: None,
            reset: None,
            read: 0,
            told: Told::Nothing,
            released: 0,
            stop: None,
            closed: None,
        }
    }

    /// A frame of the sender arrived: every part that may follow, one at least.
    pub fn on_frame(&self, rules: &Rules, frame: &Frame) -> Vec<Self> {
        if self.closed.is_some() {
            return vec![*self];
        }
        if let Err(violation) = self.check(rules, frame) {
            return vec![Self { closed: Some(violation), ..*self }];
        }
        // a stream in a terminal state takes no notice.
        if (rules.takes_no_notice)(self.state) {
            return vec![*self];
        }
        match *frame {
            Frame::Stream { offset, length, fin } => {
                vec![self.after_stream(rules, frame.bytes(), fin.then_some(offset + length))]
            }
            Frame::ResetStream { application_protocol_error_code, final_size } => {
                self.after_reset_stream(rules, application_protocol_error_code, final_size)
            }
            Frame::ResetStreamAt {
                application_protocol_error_code: code,
                final_size,
                reliable_size,
            } => {
                vec![self.after_reset_stream_at(rules, final_size, Arrived { code, reliable_size })]
            }
            Frame::StopSending { .. } => vec![*self],
        }
    }

    fn check(&self, rules: &Rules, frame: &Frame) -> Result<(), Violation> {
        if let Frame::ResetStreamAt { final_size, reliable_size, .. } = *frame {
            // reset-stream-at 3/1: an endpoint that did not ask for it does not know the frame.
            if !(rules.is_known)(self.offers) {
                return Err(Violation::FrameNotNegotiated);
            }
            // reset-stream-at 4/3: the Reliable Size is within the final size.
            if (rules.reliable_is_beyond)(reliable_size, final_size) {
                return Err(Violation::ReliableBeyondFinalSize);
            }
        }
        if self.state.is_terminal() {
            return Ok(());
        }
        let end = frame.final_size().unwrap_or(0).max(frame.bytes().end());
        // reset-stream-at 4/4, 4/7: the final size is subject to both limits.
        if (rules.beyond_stream_limit)(frame, end, self.limits.stream) {
            return Err(Violation::BeyondStreamLimit);
        }
        if (rules.beyond_connection_limit)(frame, end, self.limits.connection) {
            return Err(Violation::BeyondConnectionLimit);
        }
        // reset-stream-at 5.2/10: neither the final size nor the code changes.
        if let Some(stated) = frame.final_size() {
            match self.final_size {
                Some(known) if (rules.final_size_changes)(known, stated) => {
                    return Err(Violation::FinalSizeChanges);
                }
                None if (rules.final_size_is_below)(self.received.end(), stated) => {
                    return Err(Violation::FinalSizeBelowReceived);
                }
                Some(_) | None => {}
            }
        }
        if self.final_size.is_some_and(|known| (rules.data_is_beyond)(frame.bytes().end(), known)) {
            return Err(Violation::DataBeyondFinalSize);
        }
        match (self.reset, frame.reset_code()) {
            (Some(known), Some(stated)) if (rules.code_changes)(known.code, stated) => {
                Err((rules.changed_code)())
            }
            (Some(_) | None, _) => Ok(()),
        }
    }

    fn after_stream(&self, rules: &Rules, bytes: Bytes, fin: Option<Size>) -> Self {
        let mut next = *self;
        if self.state == RecvState::ResetRecvd {
            return next;
        }
        next.received = next.received.with(bytes);
        if let Some(size) = fin {
            next.final_size = Some(size);
            next.take(rules, RecvEvent::RecvStreamFin);
        }
        next.settle(rules)
    }

    fn after_reset_stream_at(&self, rules: &Rules, final_size: Size, arrived: Arrived) -> Self {
        let mut next = *self;
        if self.state == RecvState::ResetRecvd {
            return next;
        }
        next.final_size = Some(final_size);
        next.reset = Some(match self.reset {
            // reset-stream-at 5.2/8: one that raises the Reliable Size is ignored.
            Some(known) if !(rules.lowers)(known.reliable_size, arrived.reliable_size) => known,
            Some(known) => Arrived { reliable_size: arrived.reliable_size, ..known },
            None => arrived,
        });
        if self.reset.is_none() {
            next.released += (rules.released_on_arrival)(&next);
        }
        // reset-stream-at 5.3/6: to Figure 3 it is a FIN.
        next.take(rules, RecvEvent::RecvStreamFin);
        next.settle(rules)
    }

    fn after_reset_stream(&self, rules: &Rules, code: ErrorCode, final_size: Size) -> Vec<Self> {
        let mut next = *self;
        next.take(rules, RecvEvent::RecvResetStream);
        next.final_size = Some(final_size);
        next.reset = Some(Arrived { code, reliable_size: 0 });
        if self.state != RecvState::ResetRecvd {
            // The data is discarded, so its credit comes back at once.
            next.released += final_size - self.released.min(final_size);
        }
        match self.state {
            // RFC 9000 3.2: once everything has arrived, the reset may be withheld until it was read.
            RecvState::DataRecvd => {
                let withheld = Arrived { code, reliable_size: final_size };
                vec![Self { reset: self.reset.or(Some(withheld)), ..*self }, next.settle(rules)]
            }
            RecvState::Recv
            | RecvState::SizeKnown
            | RecvState::ResetRecvd
            | RecvState::DataRead
            | RecvState::ResetRead => vec![next.settle(rules)],
        }
    }

    /// What follows from what is known by now.
    fn settle(mut self, rules: &Rules) -> Self {
        // reset-stream-at 5.3/7: all data up to the smallest Reliable Size has arrived.
        if self.state == RecvState::SizeKnown && (rules.all_received)(&self) {
            self.take(rules, RecvEvent::RecvAllData);
        }
        if self.told == Told::Stopped {
            // Nobody reads: what was charged comes back as it arrives.
            self.released = self.released.max((rules.charged)(&self));
        }
        self
    }

    /// Everything a read may be answered with, and the part that follows; nothing if it has to wait.
    pub fn read(&self, rules: &Rules) -> Vec<(Reading, Self)> {
        if self.told != Told::Nothing || self.closed.is_some() {
            return Vec::new();
        }
        if self.state == RecvState::ResetRecvd {
            return self
                .reset
                .map(|reset| self.told_reset(rules, reset.code))
                .into_iter()
                .collect();
        }
        let mut answers = Vec::new();
        // reset-stream-at 5/6: data beyond the Reliable Size may be delivered, or the reset told.
        let length = (rules.readable)(self);
        if length > 0 {
            let next = Self { read: self.read + length, released: self.released + length, ..*self };
            answers.push((Reading::Data(length), next));
        }
        if let Some(reset) = self.reset
            && (rules.reset_is_told)(self)
        {
            answers.push(self.told_reset(rules, reset.code));
        }
        if (rules.end_is_told)(self) {
            let mut next = Self { told: Told::End, ..*self };
            next.take(rules, RecvEvent::AppReadAllData);
            answers.push((Reading::End, next));
        }
        answers
    }

    fn told_reset(&self, rules: &Rules, code: ErrorCode) -> (Reading, Self) {
        let mut next = Self { told: Told::Reset, ..*self };
        next.released += (rules.released_at_end)(self);
        // reset-stream-at 5.3/1: after RESET_STREAM_AT that is Data Read.
        let event = match self.state {
            RecvState::ResetRecvd => RecvEvent::AppReadReset,
            RecvState::Recv
            | RecvState::SizeKnown
            | RecvState::DataRecvd
            | RecvState::DataRead
            | RecvState::ResetRead => RecvEvent::AppReadAllData,
        };
        next.take(rules, event);
        (Reading::Reset(code), next)
    }

    /// The application aborts reading; `None` if it was told everything already.
    pub fn abort_reading(&self, rules: &Rules) -> Option<Self> {
        if self.told != Told::Nothing || self.closed.is_some() {
            return None;
        }
        let mut next = Self { told: Told::Stopped, stop: Some(Delivery::Due), ..*self };
        next.released = next.released.max((rules.charged)(self));
        Some(next)
    }

    /// Whether STOP_SENDING is to be sent.
    pub fn owes_stop(&self) -> bool {
        // RFC 9000 3.5: while data is awaited; the draft does not end that with RESET_STREAM_AT.
        self.stop.is_some_and(Delivery::is_owed)
            && self.state.awaits_data()
            && self.closed.is_none()
    }

    fn take(&mut self, rules: &Rules, event: RecvEvent) {
        if let Step::Goto(state) = (rules.recv_table)(self.state, event) {
            self.state = state;
        }
    }
}
