//! The draft's rules as values: a struct of functions, and [`DRAFT`], their right constant.
//!
//! A mutant is `Rules { lowers: |_, _| true, ..DRAFT }`; see [`wrong`](super::wrong). Each field's right
//! function stands here, under the section it comes from, and nowhere else. §3 to §5.4, in that order.

use crate::rfc::frame::ErrorCode;
use crate::rfc::receiving::{RecvEvent, RecvState};
use crate::rfc::sending::{SendEvent, SendState, Step};

use super::bytes::Size;
use super::frame::{Delivery, Frame, Parameter};
use super::receiver::Receiver;
use super::sender::{Extent, Reset, Sender, is_newest};
use super::violation::Violation;

/// How much the sender may send, in bytes of the stream.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Limits {
    /// On the stream.
    pub stream: Size,
    /// On the connection, which has no other stream.
    pub connection: Size,
}

impl Limits {
    /// The one that binds.
    pub const fn least(self) -> Size {
        if self.stream < self.connection { self.stream } else { self.connection }
    }
}

/// Everything about the model that a mutant may replace.
#[derive(Clone, Copy)]
#[allow(missing_docs)] // each field is documented at its right function below
pub struct Rules {
    pub is_legal: fn(Parameter) -> bool,
    pub kept_on_resumption: fn() -> bool,
    pub may_use: fn(bool) -> bool,
    pub is_known: fn(bool) -> bool,
    pub reliable_is_beyond: fn(Size, Size) -> bool,
    pub within_limits: fn(Size, Limits) -> bool,
    pub beyond_stream_limit: fn(&Frame, Size, Size) -> bool,
    pub beyond_connection_limit: fn(&Frame, Size, Size) -> bool,
    pub charged: fn(&Receiver) -> Size,
    pub released_on_arrival: fn(&Receiver) -> Size,
    pub released_at_end: fn(&Receiver) -> Size,
    pub reset_is_repeated: fn(&Sender) -> bool,
    pub final_size: fn(&Sender, Size) -> Size,
    pub delivered: fn(&Sender) -> Size,
    pub sent_again: fn(&Sender) -> Size,
    pub readable: fn(&Receiver) -> Size,
    pub reset_is_told: fn(&Receiver) -> bool,
    pub end_is_told: fn(&Receiver) -> bool,
    pub may_send_another: fn(Size, Size) -> bool,
    pub lowers: fn(Size, Size) -> bool,
    pub code_sent: fn(&Sender, ErrorCode) -> ErrorCode,
    pub final_size_repeated: fn(&Sender, Size) -> Size,
    pub final_size_changes: fn(Size, Size) -> bool,
    pub final_size_is_below: fn(Size, Size) -> bool,
    pub data_is_beyond: fn(Size, Size) -> bool,
    pub code_changes: fn(ErrorCode, ErrorCode) -> bool,
    pub changed_code: fn() -> Violation,
    pub takes_no_notice: fn(RecvState) -> bool,
    pub recv_table: fn(RecvState, RecvEvent) -> Step<RecvState>,
    pub event_of_frame: fn() -> SendEvent,
    pub is_smallest: fn(&Reset, &Frame) -> bool,
    pub all_acknowledged: fn(&Sender) -> bool,
    pub all_received: fn(&Receiver) -> bool,
    pub stop_is_answered: fn(SendState) -> bool,
    pub answering_code: fn(Option<ErrorCode>, ErrorCode) -> ErrorCode,
}

impl std::fmt::Debug for Rules {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Rules")
    }
}

/// The rules as the draft has them.
pub const DRAFT: Rules = Rules {
    is_legal,
    kept_on_resumption: || true,
    may_use: |peer_offers| peer_offers,
    is_known: |offers| offers,
    reliable_is_beyond: |reliable_size, final_size| reliable_size > final_size,
    within_limits,
    beyond_stream_limit: |_, end, limit| end > limit,
    beyond_connection_limit: |_, end, limit| end > limit,
    charged,
    released_on_arrival: |_| 0,
    released_at_end,
    reset_is_repeated: |_| true,
    final_size,
    delivered,
    sent_again: delivered,
    readable: |part| part.received.first_gap().saturating_sub(part.read),
    reset_is_told,
    end_is_told,
    may_send_another: |known, asked| asked < known,
    lowers: |known, stated| stated < known,
    code_sent: |_, code| code,
    final_size_repeated: |_, size| size,
    final_size_changes: |known, stated| known != stated,
    final_size_is_below: |received, stated| stated < received,
    data_is_beyond: |end, known| end > known,
    code_changes: |known, stated| known != stated,
    changed_code: || Violation::CodeChanges,
    takes_no_notice: RecvState::is_terminal,
    recv_table: RecvState::on,
    event_of_frame: || SendEvent::SendStreamFin,
    is_smallest: is_newest,
    all_acknowledged,
    all_received,
    stop_is_answered,
    answering_code: |known, stated| match known {
        Some(code) => code,
        None => stated,
    },
};

// reset-stream-at 3/2: the parameter has no value.
fn is_legal(parameter: Parameter) -> bool {
    match parameter {
        Parameter::Absent | Parameter::Empty => true,
        Parameter::NonEmpty => false,
    }
}

// reset-stream-at 4/5, 4/6: the frame waits until neither limit is in its way.
fn within_limits(final_size: Size, limits: Limits) -> bool {
    final_size <= limits.stream && final_size <= limits.connection
}

// reset-stream-at 4/4: as with RESET_STREAM, the whole final size takes credit, once.
fn charged(part: &Receiver) -> Size {
    part.final_size.unwrap_or(0).max(part.received.end())
}

// RFC 9000 4.1: what will not be read is given back when that is certain; what was read, was given back then.
fn released_at_end(part: &Receiver) -> Size {
    charged(part) - part.released.min(charged(part))
}

// reset-stream-at 4/3: the final size covers what was sent and what will be.
fn final_size(part: &Sender, reliable_size: Size) -> Size {
    part.sent.end().max(reliable_size)
}

// reset-stream-at 5/2: everything below the Reliable Size is delivered; without a reset, everything.
fn delivered(part: &Sender) -> Size {
    part.reset.map_or(part.written, |reset| reset.extent.reliable_size())
}

// reset-stream-at 4/2, 1/1: not before everything below the Reliable Size was read.
fn reset_is_told(part: &Receiver) -> bool {
    part.reset.is_some_and(|reset| part.read >= reset.reliable_size)
}

// reset-stream-at 5/5: only where nothing is missing up to the final size.
fn end_is_told(part: &Receiver) -> bool {
    part.final_size == Some(part.read)
}

// reset-stream-at 5.3/3, 5.3/4: the frame with the smallest Reliable Size and all data below that are acknowledged;
// or the FIN and everything.
fn all_acknowledged(part: &Sender) -> bool {
    let by_fin = part.ended && part.fin == Delivery::Acked && part.acked.covers(part.written);
    match part.reset {
        None => by_fin,
        Some(Reset { extent: Extent::At(size), delivery, .. }) => {
            let by_frame = delivery == Delivery::Acked && part.acked.covers(size);
            by_frame || delivery.was_sent() && by_fin
        }
        Some(Reset { extent: Extent::Nothing, .. }) => false,
    }
}

// reset-stream-at 5.3/7, 5.3/8: all data below the smallest Reliable Size has arrived; without a reset, all data.
fn all_received(part: &Receiver) -> bool {
    let end = part.reset.map(|reset| reset.reliable_size).or(part.final_size);
    end.is_some_and(|end| part.received.covers(end))
}

// reset-stream-at 5.4/2, RFC 9000 3.5: in Ready and Send it must be, in Data Sent it may (C-2).
fn stop_is_answered(state: SendState) -> bool {
    match state {
        SendState::Ready | SendState::Send | SendState::DataSent => true,
        SendState::ResetSent | SendState::DataRecvd | SendState::ResetRecvd => false,
    }
}
