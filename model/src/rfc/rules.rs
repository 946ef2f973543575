//! The rules as values: a struct of functions, and [`RFC9000`], their right constant.
//!
//! Another behaviour is `Rules { final_size_changes: forget, ..RFC9000 }`: that of a mutant, or of an
//! endpoint that departs from the RFC. Each field's right function stands here, under the section it comes from, and nowhere else.

use super::call::Call;
use super::coverage::{Guard, guard};
use super::credit::ReceiveCredit;
use super::delivery::Delivery;
use super::endpoint::Endpoint;
use super::frame::{ErrorCode, Frame, FrameType};
use super::identity::{Direction, MAX_VARINT, StreamId};
use super::limits::MAX_STREAM_LIMIT;
use super::parameters::Parameters;
use super::permitted::{Category, Reception};
use super::receiving::{ReceivingPart, RecvEvent, RecvState};
use super::sending::{Reset, SendEvent, SendState, SendingPart, Step, covers};
use super::stop_sending::Stop;
use super::stream::Stream;
use super::violation::Violation;

/// Everything about the rules that may be replaced.
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
    pub stop_waits_for_application: fn() -> bool,
    pub stop_is_moot: fn(&Stop) -> bool,
    pub stop_is_overtaken: fn(&ReceivingPart, &Stop) -> bool,
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
    pub fin_below_is_noticed: fn() -> bool,
    pub stream_frames_are_read: fn(RecvState) -> bool,
    pub is_forgotten: fn(&ReceivingPart) -> bool,
    pub creates_stream: fn(FrameType) -> bool,
    pub first_opened: fn(u64, u64) -> u64,
    pub next_ordinal: fn(&Endpoint, Direction) -> u64,
    pub first_limit: fn(&Endpoint, StreamId) -> u64,
    pub raised_limit: fn(u64, u64) -> u64,
    pub room_to_write: fn(u64, u64) -> u64,
    pub room_of_both: fn(u64, u64) -> u64,
    pub stream_limit: fn(&ReceivingPart) -> u64,
    pub enforced_limit: fn(&ReceiveCredit, u64) -> u64,
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
    pub blocked_needs_writer: fn() -> bool,
    pub goes_out_alone: fn(FrameType) -> bool,
    pub blocked_due: fn(&SendingPart) -> Option<u64>,
    pub streams_used: fn(&Endpoint, Direction) -> u64,
    pub may_open: fn(u64, u64) -> bool,
    pub is_beyond_stream_limit: fn(u64, u64) -> bool,
    pub stream_limit_is_enforced: fn(FrameType) -> bool,
    pub limit_is_too_large: fn(FrameType, u64) -> bool,
    pub released_streams: fn(&Stream) -> u64,
    pub streams_step: fn(u64) -> u64,
    pub covers: fn(&Parameters, &Parameters) -> bool,
    pub limits_after_handshake: fn(&Parameters, &Parameters) -> Parameters,
    pub limit_follows_handshake: fn(&SendingPart) -> bool,
    pub rejection_forgets: fn() -> bool,
    pub is_sent_again: fn(FrameType) -> bool,
    pub offset_is_too_large: fn(u64) -> bool,
    pub discards: fn(&Endpoint, &Frame) -> bool,
    pub extra_violation: fn(&Endpoint, &Frame) -> Option<Violation>,
    pub permitted: fn(FrameType, Category) -> Option<Reception>,
    pub side_effect: fn(&Endpoint, &mut Endpoint, &Frame),
    pub call_side_effect: fn(&Endpoint, &mut Endpoint, Call),
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
    stop_waits_for_application,
    stop_is_moot,
    stop_is_overtaken,
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
    fin_below_is_noticed,
    stream_frames_are_read,
    is_forgotten,
    creates_stream,
    first_opened,
    next_ordinal: |endpoint, direction| endpoint.opens.of(direction).opened,
    first_limit: |endpoint, id| endpoint.peer.on_stream(endpoint.side.peer(), id),
    raised_limit,
    room_to_write: |used, limit| limit.saturating_sub(used),
    room_of_both: |stream, connection| stream.min(connection),
    stream_limit: |part| part.credit.advertised,
    enforced_limit,
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
    blocked_needs_writer,
    goes_out_alone,
    blocked_due: SendingPart::blocked_due,
    streams_used: |endpoint, direction| endpoint.opens.of(direction).opened,
    may_open: |opened, limit| guard(Guard::MayOpen, opened < limit),
    is_beyond_stream_limit: |ordinal, limit| guard(Guard::BeyondStreamLimit, ordinal >= limit),
    stream_limit_is_enforced,
    limit_is_too_large: |_, limit| guard(Guard::LimitTooLarge, limit > MAX_STREAM_LIMIT),
    released_streams: |stream| u64::from(stream.is_released()),
    streams_step: |window| window / 8 + 1,
    covers: Parameters::cover,
    limits_after_handshake: |_, new| *new,
    limit_follows_handshake,
    rejection_forgets: || true,
    is_sent_again,
    offset_is_too_large: |end| guard(Guard::OffsetTooLarge, end > MAX_VARINT),
    discards,
    extra_violation,
    permitted: super::permitted::permitted,
    side_effect,
    call_side_effect,
    silent_after_close: || true,
};

/// §10.2: once the connection is over, nothing that arrives is processed.
const fn discards(endpoint: &Endpoint, _: &Frame) -> bool {
    endpoint.closed.is_some()
}

/// §11.1: what an endpoint closes for although no other rule here speaks against the frame: nothing.
const fn extra_violation(_: &Endpoint, _: &Frame) -> Option<Violation> {
    None
}

/// §3.4, §4.4: what a frame does to the endpoint besides what its own section says, to the other part
/// of its stream for one: nothing.
const fn side_effect(_before: &Endpoint, _after: &mut Endpoint, _: &Frame) {}

/// §2.4: what a call does to the endpoint besides what its own section says: nothing.
const fn call_side_effect(_before: &Endpoint, _after: &mut Endpoint, _: Call) {}

/// §3.2: whether a frame of a type that may open a stream does so: each does.
const fn creates_stream(_: FrameType) -> bool {
    true
}

/// §2.1, §3.2: a stream opens all of its type with lower numbers: from which one on, of those that are
/// not open.
fn first_opened(opened: u64, ordinal: u64) -> u64 {
    guard(Guard::OpensLowerNumbered, opened < ordinal);
    opened
}

/// §4.1, §4.6: up to which limit the peer is let pass, given what was released: what it was told.
const fn enforced_limit(credit: &ReceiveCredit, _released: u64) -> u64 {
    credit.advertised
}

/// §4.1: a frame that is due makes the endpoint send, whatever else there is to send.
const fn goes_out_alone(_: FrameType) -> bool {
    true
}

/// §13.3: DATA_BLOCKED goes out only while the limit keeps something back that somebody could write.
const fn blocked_needs_writer() -> bool {
    true
}

/// §4.5, §20.1: a FIN that ends below data already received is noticed.
const fn fin_below_is_noticed() -> bool {
    true
}

/// §4.5: a STREAM frame is held against the final size in every state of the receiving part.
const fn stream_frames_are_read(_: RecvState) -> bool {
    true
}

/// §4.5: whether a part that is not terminal forgets its final size, so that nothing is held against it: never.
const fn is_forgotten(_: &ReceivingPart) -> bool {
    false
}

/// §4.6: a frame of any type that names a stream beyond the limit is an error.
const fn stream_limit_is_enforced(_: FrameType) -> bool {
    true
}

/// §7.4.1: once the handshake is done, its limit holds for a stream that was opened before too.
const fn limit_follows_handshake(_: &SendingPart) -> bool {
    true
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
    let all = part.ended && part.fin == Delivery::Acked && covers(&part.acked, part.written);
    guard(Guard::AllAcknowledged, all)
}

/// §3.2: the end is told when all data was received and all of it was read.
fn end_is_reported(part: &ReceivingPart) -> bool {
    let all_received = matches!(part.state, RecvState::DataRecvd | RecvState::DataRead);
    guard(Guard::EndIsReported, all_received && part.final_size == Some(part.read))
}

/// §3.5: the endpoint answers STOP_SENDING by itself; it does not leave that to the application.
const fn stop_waits_for_application() -> bool {
    false
}

/// §3.5: a STOP_SENDING that was asked for after everything had arrived is not sent.
const fn stop_is_moot(stop: &Stop) -> bool {
    stop.moot
}

/// §3.5: a STOP_SENDING that was asked for in time is not sent once everything has arrived, or a reset has.
fn stop_is_overtaken(part: &ReceivingPart, stop: &Stop) -> bool {
    !stop.moot && !part.state.awaits_data()
}

/// §3.5: STOP_SENDING must be answered in Ready and Send; in Data Sent the answer may wait, and here does
/// not (C-2).
fn stop_is_answered(state: SendState) -> bool {
    let answered = match state {
        SendState::Ready | SendState::Send | SendState::DataSent => true,
        SendState::ResetSent | SendState::DataRecvd | SendState::ResetRecvd => false,
    };
    guard(Guard::StopIsAnswered, answered)
}
