//! The rules as values: a struct of functions, and [`RFC9000`], their right constant.
//!
//! A mutant is `Rules { final_size_changes: forget, ..RFC9000 }`; see [`mutants`](crate::worlds::streams::wrong).
//! Each field's right function stands here, under the section it comes from, and nowhere else.

use super::carriage::Carriage;
use super::coverage::{Guard, guard};
use super::endpoint::{Endpoint, Stream};
use super::frame::{ErrorCode, Frame, FrameType};
use super::identity::{Direction, MAX_STREAM_LIMIT, MAX_VARINT, StreamId};
use super::parameters::Parameters;
use super::permitted::{Category, Reception};
use super::receiving::{ReceivingPart, RecvEvent, RecvState};
use super::sending::{Reset, SendEvent, SendState, SendingPart, Step, covers};
use super::violation::Violation;

/// Everything about the model that a mutant may replace.
#[derive(Clone, Copy)]
#[allow(missing_docs)] // each field is documented at its right function below
pub struct Rules {
    pub send_table: fn(SendState, SendEvent) -> Step<SendState>,
    pub recv_table: fn(RecvState, RecvEvent) -> Step<RecvState>,
    pub may_send_stream: fn(SendState) -> bool,
    pub may_send_reset: fn(SendState) -> bool,
    pub may_send_stop: fn(RecvState) -> bool,
    pub all_acknowledged: fn(&SendingPart) -> bool,
    pub all_received: fn(&ReceivingPart) -> bool,
    pub readable: fn(&ReceivingPart) -> u64,
    pub end_is_reported: fn(&ReceivingPart) -> bool,
    pub reset_is_final: fn() -> bool,
    pub first_reset_wins: fn() -> bool,
    pub stop_is_answered: fn(SendState) -> bool,
    pub answering_code: fn(ErrorCode) -> ErrorCode,
    pub reset_code: fn(&Reset) -> ErrorCode,
    pub reset_final_size: fn(&SendingPart) -> u64,
    pub drop_resets: fn() -> bool,
    pub drop_stops: fn() -> bool,
    pub write_is_over: fn(&SendingPart) -> bool,
    pub final_size_changes: fn(u64, u64) -> bool,
    pub final_size_is_below: fn(u64, u64) -> bool,
    pub data_is_beyond: fn(u64, u64) -> bool,
    pub final_size_of_fin: fn(u64, u64) -> u64,
    pub changed_final_size: fn(Violation) -> Violation,
    pub first_opened: fn(u64, u64) -> u64,
    pub next_ordinal: fn(&Endpoint, Direction) -> u64,
    pub first_limit: fn(&Endpoint, StreamId) -> u64,
    pub raised_limit: fn(u64, u64) -> u64,
    pub room_to_write: fn(u64, u64) -> u64,
    pub room_of_both: fn(u64, u64) -> u64,
    pub stream_limit: fn(&ReceivingPart) -> u64,
    pub exceeds_stream_limit: fn(FrameType, u64, u64) -> bool,
    pub exceeds_connection_limit: fn(u64, u64) -> bool,
    pub used_after: fn(&ReceivingPart, FrameType, u64) -> u64,
    pub released: fn(&ReceivingPart) -> u64,
    pub released_on_stream: fn(&ReceivingPart) -> u64,
    pub wants_more: fn(&ReceivingPart) -> bool,
    pub update_step: fn(u64) -> u64,
    pub updates_unasked: fn(&Endpoint, &Frame) -> bool,
    pub blocked_is_told: fn(FrameType) -> bool,
    pub blocked_is_over: fn(u64, u64) -> bool,
    pub blocked_due: fn(&SendingPart) -> Option<u64>,
    pub streams_used: fn(&Endpoint, Direction) -> u64,
    pub may_open: fn(u64, u64) -> bool,
    pub is_beyond_stream_limit: fn(u64, u64) -> bool,
    pub limit_is_too_large: fn(FrameType, u64) -> bool,
    pub released_streams: fn(&Stream) -> u64,
    pub streams_step: fn(u64) -> u64,
    pub covers: fn(&Parameters, &Parameters) -> bool,
    pub limits_after_handshake: fn(&Parameters, &Parameters) -> Parameters,
    pub rejection_forgets: fn() -> bool,
    pub is_sent_again: fn(FrameType) -> bool,
    pub offset_is_too_large: fn(u64) -> bool,
    pub ignores: fn(&Endpoint, &Frame) -> bool,
    pub objects: fn(&Endpoint, &Frame) -> Option<Violation>,
    pub permitted: fn(FrameType, Category) -> Option<Reception>,
    pub besides: fn(&Endpoint, &mut Endpoint, &Frame),
    pub silent_after_close: fn() -> bool,
}

impl std::fmt::Debug for Rules {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Rules")
    }
}

/// The rules as RFC 9000 has them.
pub const RFC9000: Rules = Rules {
    send_table: SendState::on,
    recv_table: RecvState::on,
    may_send_stream,
    may_send_reset,
    may_send_stop,
    all_acknowledged,
    all_received: |part| guard(Guard::AllReceived, part.is_complete()),
    readable: ReceivingPart::readable,
    end_is_reported,
    reset_is_final: || true,
    first_reset_wins: || true,
    stop_is_answered,
    answering_code: |code| code,
    reset_code: |reset| reset.code,
    reset_final_size: SendingPart::largest_sent,
    drop_resets: || true,
    drop_stops: || true,
    write_is_over: |part| part.ended,
    final_size_changes: |known, stated| guard(Guard::FinalSizeChanges, known != stated),
    final_size_is_below: |received, stated| guard(Guard::FinalSizeIsBelow, stated < received),
    data_is_beyond: |known, end| guard(Guard::DataIsBeyondFinalSize, end > known),
    final_size_of_fin: |offset, length| offset + length,
    changed_final_size: |violation| violation,
    first_opened,
    next_ordinal: |endpoint, direction| endpoint.opens.of(direction).opened,
    first_limit: |endpoint, id| endpoint.peer.on_stream(endpoint.side.peer(), id),
    raised_limit,
    room_to_write: |used, limit| limit.saturating_sub(used),
    room_of_both: |stream, connection| stream.min(connection),
    stream_limit: |part| part.credit.advertised,
    exceeds_stream_limit: |_, end, limit| guard(Guard::StreamLimitExceeded, end > limit),
    exceeds_connection_limit: |used, limit| guard(Guard::ConnectionLimitExceeded, used > limit),
    used_after: |part, _, end| part.consumed().max(end),
    released,
    released_on_stream: |part| part.read,
    wants_more: ReceivingPart::wants_more,
    update_step: |window| (window / 8).max(1),
    updates_unasked: |_, _| true,
    blocked_is_told: |_| true,
    blocked_is_over: |at, limit| at != limit,
    blocked_due: SendingPart::blocked_due,
    streams_used: |endpoint, direction| endpoint.opens.of(direction).opened,
    may_open: |opened, limit| guard(Guard::MayOpen, opened < limit),
    is_beyond_stream_limit: |ordinal, limit| guard(Guard::BeyondStreamLimit, ordinal >= limit),
    limit_is_too_large: |_, limit| guard(Guard::LimitTooLarge, limit > MAX_STREAM_LIMIT),
    released_streams: |stream| u64::from(stream.is_released()),
    streams_step: |window| window / 8 + 1,
    covers: Parameters::cover,
    limits_after_handshake: |_, new| *new,
    rejection_forgets: || true,
    is_sent_again,
    offset_is_too_large: |end| guard(Guard::OffsetTooLarge, end > MAX_VARINT),
    ignores,
    objects,
    permitted: super::permitted::permitted,
    besides,
    silent_after_close: || true,
};

/// §10.2: once the connection is over, nothing that arrives is processed.
const fn ignores(endpoint: &Endpoint, _: &Frame) -> bool {
    endpoint.closed.is_some()
}

/// §11.1: what an endpoint closes for although no other rule here speaks against the frame: nothing.
const fn objects(_: &Endpoint, _: &Frame) -> Option<Violation> {
    None
}

/// §3.4, §4.4: what a frame does to the endpoint besides what its own section says, to the other part
/// of its stream for one: nothing.
const fn besides(_before: &Endpoint, _after: &mut Endpoint, _: &Frame) {}

/// §2.1, §3.2: a stream opens all of its type with lower numbers: from which one on, of those that are
/// not open.
fn first_opened(opened: u64, ordinal: u64) -> u64 {
    guard(Guard::OpensLowerNumbered, opened < ordinal);
    opened
}

/// §4.1: limits only grow; a frame with a smaller one is ignored.
fn raised_limit(limit: u64, advertised: u64) -> u64 {
    if guard(Guard::LimitIsRaised, advertised > limit) { advertised } else { limit }
}

/// §4.2, §4.5: what the application has read goes back to the connection's credit; once it will read
/// no more, everything does that the peer has used.
fn released(part: &ReceivingPart) -> u64 {
    if part.stop.is_some() || part.reset.is_some() { part.consumed() } else { part.read }
}

/// §13.3: which frames are sent again when they are lost: all of these.
fn is_sent_again(frame: FrameType) -> bool {
    match frame {
        FrameType::ResetStream
        | FrameType::StopSending
        | FrameType::Stream
        | FrameType::MaxData
        | FrameType::MaxStreamData
        | FrameType::MaxStreams
        | FrameType::DataBlocked
        | FrameType::StreamDataBlocked
        | FrameType::StreamsBlocked => true,
        // rfc9000 10.2.1/8: that one answers packets, not losses.
        FrameType::ConnectionClose => false,
    }
}

/// §3.3: a sender sends STREAM in Ready, Send and Data Sent, that is, until RESET_STREAM was sent or
/// everything was acknowledged.
fn may_send_stream(state: SendState) -> bool {
    let may = match state {
        SendState::Ready | SendState::Send | SendState::DataSent => true,
        SendState::ResetSent | SendState::DataRecvd | SendState::ResetRecvd => false,
    };
    guard(Guard::MaySendStream, may)
}

/// §3.3: a sender sends RESET_STREAM in every state that is not terminal.
fn may_send_reset(state: SendState) -> bool {
    guard(Guard::MaySendResetStream, !state.is_terminal())
}

/// §3.3: a receiver sends STOP_SENDING until it has received a RESET_STREAM.
fn may_send_stop(state: RecvState) -> bool {
    let may = match state {
        RecvState::Recv | RecvState::SizeKnown | RecvState::DataRecvd | RecvState::DataRead => true,
        RecvState::ResetRecvd | RecvState::ResetRead => false,
    };
    guard(Guard::MaySendStopSending, may)
}

/// §3.1: all data and the end of the stream are acknowledged.
fn all_acknowledged(part: &SendingPart) -> bool {
    let all = part.ended && part.fin == Carriage::Acked && covers(&part.acked, part.written);
    guard(Guard::AllAcknowledged, all)
}

/// §3.2: the end is told when all data was received and all of it was read.
fn end_is_reported(part: &ReceivingPart) -> bool {
    let all_received = matches!(part.state, RecvState::DataRecvd | RecvState::DataRead);
    guard(Guard::EndIsReported, all_received && part.final_size == Some(part.read))
}

/// §3.5: STOP_SENDING must be answered in Ready and Send; in Data Sent the answer may wait, which
/// the manager's contract does not (C-2).
fn stop_is_answered(state: SendState) -> bool {
    let answered = match state {
        SendState::Ready | SendState::Send | SendState::DataSent => true,
        SendState::ResetSent | SendState::DataRecvd | SendState::ResetRecvd => false,
    };
    guard(Guard::StopIsAnswered, answered)
}
