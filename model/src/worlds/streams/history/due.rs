//! What a hostile peer's frame calls for (§4.1, §4.5, §4.6, §19), worked out from the observer's notes.
//!
//! This is the second opinion on [`permitted`](crate::rfc::permitted) and the checks behind it, written
//! as sentences rather than as a table, from the other end: which errors would be right.

use serde::{Deserialize, Serialize};

use crate::rfc::endpoint::{Endpoint, Errors};
use crate::rfc::frame::Frame;
use crate::rfc::identity::{Direction, MAX_VARINT, StreamId};
use crate::rfc::limits::MAX_STREAM_LIMIT;
use crate::rfc::violation::TransportError as E;

use super::{FlowNotes, History};

/// What a violation calls for.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct Due {
    /// The errors that are right.
    pub errors: Errors,
    /// Whether the endpoint may let it pass, because the stream is closed (§4.5) or the RFC does not
    /// say.
    pub optional: bool,
}

const fn must(error: E) -> Option<Due> {
    Some(Due { errors: Errors::none().and(error), optional: false })
}

pub(super) fn of(history: &History, frame: &Frame, victim: &Endpoint) -> Option<Due> {
    match *frame {
        Frame::MaxStreams { maximum_streams, .. } if maximum_streams > MAX_STREAM_LIMIT => {
            must(E::FrameEncodingError)
        }
        Frame::StreamsBlocked { maximum_streams, .. } if maximum_streams > MAX_STREAM_LIMIT => {
            let errors = Errors::none().and(E::StreamLimitError).and(E::FrameEncodingError);
            Some(Due { errors, optional: false })
        }
        Frame::MaxData { .. }
        | Frame::MaxStreams { .. }
        | Frame::DataBlocked { .. }
        | Frame::StreamsBlocked { .. }
        | Frame::ConnectionClose { .. } => None,
        Frame::ResetStream { stream_id, .. }
        | Frame::StopSending { stream_id, .. }
        | Frame::Stream { stream_id, .. }
        | Frame::MaxStreamData { stream_id, .. }
        | Frame::StreamDataBlocked { stream_id, .. } => {
            of_stream(history, frame, stream_id, victim)
        }
    }
}

fn of_stream(history: &History, frame: &Frame, id: StreamId, victim: &Endpoint) -> Option<Due> {
    let ours = id.initiator() == victim.side;
    let uni = id.direction() == Direction::Unidirectional;
    let from_sender = matches!(
        frame,
        Frame::ResetStream { .. } | Frame::Stream { .. } | Frame::StreamDataBlocked { .. }
    );
    let ledger = history.ledger(victim.side);
    let beyond = {
        let limit = (*victim.local.streams().of(id.direction()))
            .max(*ledger.advertised_streams.of(id.direction()));
        !ours && id.ordinal() >= limit
    };
    // Only one side sends on a unidirectional stream.
    if uni && from_sender == ours {
        let errors = Errors::none().and(E::StreamStateError);
        let errors = if beyond { errors.and(E::StreamLimitError) } else { errors };
        return Some(Due { errors, optional: false });
    }
    if beyond {
        return must(E::StreamLimitError);
    }
    if ours && !victim.streams.contains_key(&id) {
        let unclear = matches!(frame, Frame::ResetStream { .. } | Frame::StreamDataBlocked { .. });
        return Some(Due { errors: Errors::none().and(E::StreamStateError), optional: unclear });
    }
    match frame {
        Frame::ResetStream { .. } | Frame::Stream { .. } => of_data(history, frame, id, victim),
        Frame::StopSending { .. }
        | Frame::MaxStreamData { .. }
        | Frame::StreamDataBlocked { .. }
        | Frame::MaxData { .. }
        | Frame::MaxStreams { .. }
        | Frame::DataBlocked { .. }
        | Frame::StreamsBlocked { .. }
        | Frame::ConnectionClose { .. } => None,
    }
}

/// §4.1 and §4.5.
fn of_data(history: &History, frame: &Frame, id: StreamId, victim: &Endpoint) -> Option<Due> {
    let none = FlowNotes::default();
    let notes = history.flow(id, victim.side.peer()).unwrap_or(&none);
    let closed = victim.receiving(id).is_some_and(|part| part.state.is_terminal());
    let mut errors = Errors::none();
    let mut optional = closed;
    let end = frame.end();
    match contradiction(notes, frame) {
        Contradiction::None => {}
        Contradiction::OfEmptyFrame => {
            errors = errors.and(E::FinalSizeError);
            optional = true;
        }
        Contradiction::OfData => errors = errors.and(E::FinalSizeError),
    }
    if end > MAX_VARINT {
        errors = errors.and(E::FlowControlError).and(E::FrameEncodingError);
        optional = closed;
    }
    let ledger = history.ledger(victim.side);
    let stream_limit = victim.local.on_stream(victim.side, id).max(notes.advertised);
    let limit = victim.local.max_data.max(ledger.advertised);
    let of_others: u64 = history
        .flows
        .iter()
        .filter(|(flow, _)| flow.sender != victim.side && flow.stream_id != id)
        .map(|(_, notes)| notes.consumed())
        .sum();
    if end > stream_limit || of_others + notes.consumed().max(end) > limit {
        errors = errors.and(E::FlowControlError);
        optional = closed;
    }
    (errors != Errors::none()).then_some(Due { errors, optional })
}

enum Contradiction {
    None,
    /// Of the final size and an offset that only an empty frame named: the RFC speaks of data.
    OfEmptyFrame,
    OfData,
}

fn contradiction(notes: &FlowNotes, frame: &Frame) -> Contradiction {
    let (stated, known) = (frame.final_size(), notes.arrived_final_size);
    let of_data = match (stated, known) {
        (Some(stated), Some(known)) => stated != known,
        (Some(stated), None) => stated < notes.highest,
        (None, _) => false,
    };
    let (end, empty) = match *frame {
        Frame::Stream { offset, length, .. } => (offset + length, length == 0),
        Frame::ResetStream { .. }
        | Frame::StopSending { .. }
        | Frame::MaxData { .. }
        | Frame::MaxStreamData { .. }
        | Frame::MaxStreams { .. }
        | Frame::DataBlocked { .. }
        | Frame::StreamDataBlocked { .. }
        | Frame::StreamsBlocked { .. }
        | Frame::ConnectionClose { .. } => (0, true),
    };
    let beyond = known.is_some_and(|known| end > known);
    let below_named = known.is_none() && stated.is_some_and(|stated| stated < notes.named);
    match (of_data || beyond && !empty, beyond || below_named) {
        (true, _) => Contradiction::OfData,
        (false, true) => Contradiction::OfEmptyFrame,
        (false, false) => Contradiction::None,
    }
}

impl Due {
    /// §7.4.1: 0-RTT was accepted and a remembered limit lowered.
    pub const fn of_lowered_limits() -> Self {
        Self { errors: Errors::none().and(E::ProtocolViolation), optional: false }
    }
}
