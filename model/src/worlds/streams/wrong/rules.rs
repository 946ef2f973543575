//! The wrong rules that are more than one line. Each has the place and the type of a right one in
//! [`rules`](crate::rfc::rules).

use std::sync::Arc;

use crate::rfc::delivery::Delivery;
use crate::rfc::endpoint::Endpoint;
use crate::rfc::frame::{Frame, FrameType};
use crate::rfc::identity::{Direction, MAX_VARINT};
use crate::rfc::permitted::{Category, Reception};
use crate::rfc::receiving::{ReceivingPart, RecvEvent, RecvState};
use crate::rfc::rules::RFC9000;
use crate::rfc::sending::{Reset, ResetCause, SendEvent, SendState, SendingPart, Step};
use crate::rfc::violation::Violation;

// ---- §2.2 to §3.5 -------------------------------------------------------------------------------

pub(super) fn across_gaps(part: &ReceivingPart) -> u64 {
    part.largest_received().saturating_sub(part.read)
}

pub(super) fn fin_alone(part: &SendingPart) -> bool {
    part.fin == Delivery::Acked
}

pub(super) fn data_alone(part: &SendingPart) -> bool {
    part.ended && part.acked.gaps(&(0..part.written.max(1))).next().is_none()
}

pub(super) fn second_ack_reopens(state: SendState, event: SendEvent) -> Step<SendState> {
    match (state, event) {
        (SendState::ResetRecvd, SendEvent::RecvResetAck) => Step::Goto(SendState::ResetSent),
        (state, event) => state.on(event),
    }
}

pub(super) fn reset_after_data_read(state: RecvState, event: RecvEvent) -> Step<RecvState> {
    match (state, event) {
        (RecvState::DataRead, RecvEvent::RecvResetStream) => Step::Goto(RecvState::ResetRecvd),
        (state, event) => state.on(event),
    }
}

pub(super) fn reset_after_reset_read(state: RecvState, event: RecvEvent) -> Step<RecvState> {
    match (state, event) {
        (RecvState::ResetRead, RecvEvent::RecvResetStream) => Step::Goto(RecvState::ResetRecvd),
        (state, event) => state.on(event),
    }
}

/// Whether the frame is a RESET_STREAM for a part of which `when` is true.
pub(super) fn resets(
    endpoint: &Endpoint,
    frame: &Frame,
    when: impl FnOnce(&ReceivingPart) -> bool,
) -> bool {
    let reset = frame.frame_type() == FrameType::ResetStream;
    let part = frame.stream_id().and_then(|id| endpoint.receiving(id));
    reset && part.is_some_and(when)
}

fn receiving_part<'a>(
    endpoint: &'a mut Endpoint,
    frame: &Frame,
    of: FrameType,
) -> Option<&'a mut ReceivingPart> {
    let id = frame.stream_id().filter(|_| frame.frame_type() == of)?;
    Arc::make_mut(endpoint.streams.get_mut(&id)?).receiving.as_mut()
}

fn sending_part<'a>(
    endpoint: &'a mut Endpoint,
    frame: &Frame,
    of: FrameType,
) -> Option<&'a mut SendingPart> {
    let id = frame.stream_id().filter(|_| frame.frame_type() == of)?;
    Arc::make_mut(endpoint.streams.get_mut(&id)?).sending.as_mut()
}

pub(super) fn reset_overwrites_stop(_: &Endpoint, endpoint: &mut Endpoint, frame: &Frame) {
    if let Some(part) = receiving_part(endpoint, frame, FrameType::ResetStream)
        && part.stop.is_some()
        && part.state == RecvState::ResetRecvd
    {
        part.state = RecvState::ResetRead;
        part.told = true;
    }
}

pub(super) fn stream_revives(_: &Endpoint, endpoint: &mut Endpoint, frame: &Frame) {
    if let Some(part) = receiving_part(endpoint, frame, FrameType::Stream)
        && part.state == RecvState::ResetRead
    {
        *part = ReceivingPart::new(part.credit.window);
    }
}

pub(super) fn stop_revives(_: &Endpoint, endpoint: &mut Endpoint, frame: &Frame) {
    if let Some(part) = sending_part(endpoint, frame, FrameType::StopSending)
        && part.state == SendState::DataRecvd
    {
        *part = SendingPart { handle: part.handle, ..SendingPart::new(part.credit.limit) };
    }
}

pub(super) fn stop_creates_sending_part(before: &Endpoint, after: &mut Endpoint, frame: &Frame) {
    if let Frame::StopSending { stream_id, .. } = frame
        && !before.streams.contains_key(stream_id)
        && let Some(stream) = after.streams.get_mut(stream_id)
    {
        Arc::make_mut(stream).receiving = None;
    }
}

pub(super) fn closes_sending_part(_: &Endpoint, endpoint: &mut Endpoint, frame: &Frame) {
    if let Frame::ResetStream { stream_id, .. } = frame
        && let Some(stream) = endpoint.streams.get_mut(stream_id)
    {
        Arc::make_mut(stream).sending = None;
    }
}

pub(super) fn closes_receiving_part(_: &Endpoint, endpoint: &mut Endpoint, frame: &Frame) {
    if let Frame::StopSending { stream_id, .. } = frame
        && let Some(stream) = endpoint.streams.get_mut(stream_id)
    {
        Arc::make_mut(stream).receiving = None;
    }
}

pub(super) fn reset_answers_reset(_: &Endpoint, endpoint: &mut Endpoint, frame: &Frame) {
    if let Frame::ResetStream { application_protocol_error_code: code, .. } = *frame
        && let Some(part) = sending_part(endpoint, frame, FrameType::ResetStream)
        && part.reset.is_none()
        && !part.state.is_terminal()
    {
        let cause = ResetCause::StopSending;
        part.reset = Some(Reset { cause, code, final_size: None, delivery: Delivery::Due });
    }
}

// ---- §4.1, §4.2, §4.6 ---------------------------------------------------------------------------

pub(super) fn overflowing(end: u64, limit: u64) -> bool {
    end > limit && end <= MAX_VARINT
}

pub(super) fn released_at_stop_only(part: &ReceivingPart) -> u64 {
    match part.stop {
        Some(stop) if stop.delivery == Delivery::Due => part.consumed(),
        Some(_) if part.reset.is_none() => part.released,
        Some(_) | None => (RFC9000.released)(part),
    }
}

pub(super) fn other_directions_credit_forgotten(
    _: &Endpoint,
    endpoint: &mut Endpoint,
    frame: &Frame,
) {
    if let Some(part) = sending_part(endpoint, frame, FrameType::ResetStream) {
        part.credit.limit = 0;
    }
}

pub(super) fn writers_sleep_on(_: &Endpoint, endpoint: &mut Endpoint, frame: &Frame) {
    if let (Frame::MaxData { .. }, Some(blocked)) = (frame, &mut endpoint.send_credit.blocked) {
        blocked.delivery = Delivery::Acked;
    }
}

pub(super) fn openers_sleep_on(_: &Endpoint, endpoint: &mut Endpoint, frame: &Frame) {
    if let Frame::MaxStreams { direction, .. } = frame
        && let Some(blocked) = &mut endpoint.opens.of_mut(*direction).credit.blocked
    {
        blocked.delivery = Delivery::Acked;
    }
}

pub(super) fn any_max_streams_counts(_: &Endpoint, endpoint: &mut Endpoint, frame: &Frame) {
    if let Frame::MaxStreams { direction, maximum_streams } = frame {
        endpoint.opens.of_mut(*direction).credit.limit = *maximum_streams;
    }
}

/// Credit is given only where a blocked frame has asked for it ([`asked_for`] is the other half).
pub(super) fn only_if_asked(endpoint: &Endpoint, frame: &Frame) -> bool {
    let delivery = match *frame {
        Frame::MaxData { .. } => Some(endpoint.receive_credit.delivery),
        Frame::MaxStreamData { stream_id, .. } => {
            endpoint.receiving(stream_id).map(|part| part.credit.delivery)
        }
        Frame::MaxStreams { direction, .. } => Some(endpoint.admits.of(direction).credit.delivery),
        Frame::ResetStream { .. }
        | Frame::StopSending { .. }
        | Frame::Stream { .. }
        | Frame::DataBlocked { .. }
        | Frame::StreamDataBlocked { .. }
        | Frame::StreamsBlocked { .. }
        | Frame::ConnectionClose { .. } => None,
    };
    delivery.is_none_or(Delivery::is_owed)
}

pub(super) fn asked_for(_: &Endpoint, endpoint: &mut Endpoint, frame: &Frame) {
    if let Frame::DataBlocked { .. } = frame {
        endpoint.receive_credit.delivery = Delivery::Due;
    } else if let Frame::StreamsBlocked { direction, .. } = frame {
        endpoint.admits.of_mut(*direction).credit.delivery = Delivery::Due;
    } else if let Some(part) = receiving_part(endpoint, frame, FrameType::StreamDataBlocked) {
        part.credit.delivery = Delivery::Due;
    }
}

pub(super) fn open_streams(endpoint: &Endpoint, direction: Direction) -> u64 {
    let ours = endpoint.streams.iter().filter(|(id, stream)| {
        id.initiator() == endpoint.side && id.direction() == direction && !stream.is_closed()
    });
    ours.count() as u64
}

pub(super) fn lowest_closed(endpoint: &Endpoint, direction: Direction) -> u64 {
    let closed = endpoint.streams.iter().find(|(id, stream)| {
        id.initiator() == endpoint.side && id.direction() == direction && stream.is_closed()
    });
    closed.map_or(endpoint.opens.of(direction).opened, |(id, _)| id.ordinal())
}

// ---- §4.5 ---------------------------------------------------------------------------------------

pub(super) fn fin_is_a_byte(_: &Endpoint, endpoint: &mut Endpoint, frame: &Frame) {
    if let (Frame::Stream { .. }, Some(end)) = (frame, frame.final_size())
        && let Some(part) = receiving_part(endpoint, frame, FrameType::Stream)
    {
        part.received.insert(end..end + 1);
    }
}

pub(super) fn data_moves_the_end(before: &Endpoint, after: &mut Endpoint, frame: &Frame) {
    if let Frame::Stream { stream_id, offset, length, fin: false } = *frame
        && before.receiving(stream_id).is_some_and(|part| part.state == RecvState::SizeKnown)
        && let Some(part) = receiving_part(after, frame, FrameType::Stream)
    {
        part.final_size = Some(offset + length);
    }
}

pub(super) fn stop_empties_the_buffer(_: &Endpoint, endpoint: &mut Endpoint, frame: &Frame) {
    if let Some(part) = sending_part(endpoint, frame, FrameType::StopSending)
        && part.fin == Delivery::Acked
    {
        part.written = part.sent.last().map_or(0, |range| range.start);
    }
}

pub(super) fn repeats_count(before: &Endpoint, after: &mut Endpoint, frame: &Frame) {
    if let Frame::Stream { stream_id, offset, length, .. } = *frame
        && before.receiving(stream_id).is_some_and(|part| part.named >= offset + length)
        && let Some(part) = receiving_part(after, frame, FrameType::Stream)
    {
        part.named += length;
    }
}

// ---- §19 ----------------------------------------------------------------------------------------

/// The right rule, but that the frames of `accepted` go to their streams, there or not.
pub(super) fn accept(frame: FrameType, category: Category, accepted: bool) -> Option<Reception> {
    if accepted { Some(Reception::Reaches) } else { (RFC9000.permitted)(frame, category) }
}

/// The right rule, but that the frames of `broken` are called this violation.
pub(super) fn refuse(
    (frame, category): (FrameType, Category),
    broken: bool,
    violation: Violation,
) -> Option<Reception> {
    if broken { Some(Reception::Breaks(violation)) } else { (RFC9000.permitted)(frame, category) }
}

pub(super) fn outdated_limit(endpoint: &Endpoint, frame: &Frame) -> Option<Violation> {
    let data = matches!(frame, Frame::MaxData { maximum_data }
        if *maximum_data < endpoint.send_credit.limit);
    let streams = matches!(frame, Frame::MaxStreams { direction, maximum_streams }
        if *maximum_streams < endpoint.opens.of(*direction).credit.limit);
    (data || streams).then_some(Violation::MaxStreamsTooLarge)
}
