//! The model's words to the wire's: total matches, no rule.

use bytes::Bytes;
use streamproof_harness::SideLimits;
use streamproof_harness::wire;
use streamproof_model::rfc::frame::{Frame, content};
use streamproof_model::rfc::identity::{Direction, Side, StreamId};
use streamproof_model::rfc::parameters::Parameters;

/// The bytes of `offset..offset + length` of a stream, as every writer of this suite writes them.
pub fn data(stream_id: StreamId, offset: u64, length: u64) -> Bytes {
    (offset..offset + length).map(|at| content(stream_id, at)).collect()
}

/// A frame of the model with its bytes.
pub fn frame(frame: &Frame) -> wire::Frame {
    match *frame {
        Frame::ResetStream { stream_id, application_protocol_error_code, final_size } => {
            wire::Frame::ResetStream {
                stream_id: stream_id.value(),
                application_protocol_error_code: application_protocol_error_code.0,
                final_size,
            }
        }
        Frame::StopSending { stream_id, application_protocol_error_code } => {
            wire::Frame::StopSending {
                stream_id: stream_id.value(),
                application_protocol_error_code: application_protocol_error_code.0,
            }
        }
        Frame::Stream { stream_id, offset, length, fin } => wire::Frame::Stream {
            stream_id: stream_id.value(),
            offset,
            fin,
            data: data(stream_id, offset, length),
        },
        Frame::MaxData { maximum_data } => wire::Frame::MaxData { maximum_data },
        Frame::MaxStreamData { stream_id, maximum_stream_data } => {
            wire::Frame::MaxStreamData { stream_id: stream_id.value(), maximum_stream_data }
        }
        Frame::MaxStreams { direction, maximum_streams } => {
            wire::Frame::MaxStreams { direction: wire_direction(direction), maximum_streams }
        }
        Frame::DataBlocked { maximum_data } => wire::Frame::DataBlocked { maximum_data },
        Frame::StreamDataBlocked { stream_id, maximum_stream_data } => {
            wire::Frame::StreamDataBlocked { stream_id: stream_id.value(), maximum_stream_data }
        }
        Frame::StreamsBlocked { direction, maximum_streams } => {
            wire::Frame::StreamsBlocked { direction: wire_direction(direction), maximum_streams }
        }
        Frame::ConnectionClose { transport_error } => wire::Frame::ConnectionClose {
            error_code: transport_error.unwrap_or(0),
            frame_type: transport_error.map(|_| 0),
            reason: Bytes::new(),
        },
    }
}

const fn wire_direction(direction: Direction) -> wire::Direction {
    match direction {
        Direction::Bidirectional => wire::Direction::Bidirectional,
        Direction::Unidirectional => wire::Direction::Unidirectional,
    }
}

/// A side, as the puppet has it.
pub const fn side(side: Side) -> streamproof_harness::Side {
    match side {
        Side::Client => streamproof_harness::Side::Client,
        Side::Server => streamproof_harness::Side::Server,
    }
}

/// The limits that one side advertises. quinn has one limit for streams of every kind; a puppet that
/// plays the peer has all three.
pub const fn limits(parameters: &Parameters) -> SideLimits {
    SideLimits {
        max_data: parameters.max_data,
        max_stream_data: parameters.max_stream_data_uni,
        max_stream_data_bidi_local: Some(parameters.max_stream_data_bidi_local),
        max_stream_data_bidi_remote: Some(parameters.max_stream_data_bidi_remote),
        max_stream_data_uni: Some(parameters.max_stream_data_uni),
        max_streams_bidi: parameters.max_streams_bidi,
        max_streams_uni: parameters.max_streams_uni,
    }
}
