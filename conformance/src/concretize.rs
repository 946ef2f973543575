//! The model's words to the wire's: total matches, no rule.

use bytes::Bytes;
use streamproof_model::rfc::frame::{Frame, content};
use streamproof_model::rfc::identity::{Side, StreamId};

use crate::wire;

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
    }
}

/// The side of a quinn connection.
pub const fn side(side: Side) -> quinn::Side {
    match side {
        Side::Client => quinn::Side::Client,
        Side::Server => quinn::Side::Server,
    }
}
