//! What came back, in the model's words: total matches, no rule.

use streamproof_model::rfc::frame::{ErrorCode, Frame, content};
use streamproof_model::rfc::identity::StreamId;

use crate::wire;

/// A frame from the system under test.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Seen {
    /// A frame that the model judges.
    Frame(Frame),
    /// A STREAM frame with a byte that does not belong there.
    Corrupt {
        /// The stream.
        stream_id: StreamId,
        /// The first wrong byte's place.
        offset: u64,
    },
    /// CONNECTION_CLOSE, with the transport error code, or `None` if the application closed.
    Close(Option<u64>),
    /// A stream ID beyond 2^62-1; the decoder does not let one through.
    NoStream,
    /// Flow control (§4, §19.9 to §19.14), which this model does not have yet.
    Credit,
    /// No stream matter: acknowledgements, padding, probes, connection IDs, the handshake.
    Transport,
}

/// A decoded frame in the model's words.
pub fn frame(frame: &wire::Frame) -> Seen {
    match frame {
        wire::Frame::ResetStream { stream_id, application_protocol_error_code, final_size } => {
            on_stream(*stream_id, |stream_id| {
                Seen::Frame(Frame::ResetStream {
                    stream_id,
                    application_protocol_error_code: ErrorCode(*application_protocol_error_code),
                    final_size: *final_size,
                })
            })
        }
        wire::Frame::StopSending { stream_id, application_protocol_error_code } => {
            on_stream(*stream_id, |stream_id| {
                Seen::Frame(Frame::StopSending {
                    stream_id,
                    application_protocol_error_code: ErrorCode(*application_protocol_error_code),
                })
            })
        }
        wire::Frame::Stream { stream_id, offset, fin, data } => {
            on_stream(*stream_id, |stream_id| match first_wrong(stream_id, *offset, data) {
                Some(offset) => Seen::Corrupt { stream_id, offset },
                None => Seen::Frame(Frame::Stream {
                    stream_id,
                    offset: *offset,
                    length: data.len() as u64,
                    fin: *fin,
                }),
            })
        }
        wire::Frame::ConnectionClose { error_code, frame_type, .. } => {
            Seen::Close(frame_type.map(|_| *error_code))
        }
        wire::Frame::MaxData { .. }
        | wire::Frame::MaxStreamData { .. }
        | wire::Frame::MaxStreams { .. }
        | wire::Frame::DataBlocked { .. }
        | wire::Frame::StreamDataBlocked { .. }
        | wire::Frame::StreamsBlocked { .. } => Seen::Credit,
        wire::Frame::Padding
        | wire::Frame::Ping
        | wire::Frame::Ack { .. }
        | wire::Frame::Crypto { .. }
        | wire::Frame::NewToken { .. }
        | wire::Frame::NewConnectionId { .. }
        | wire::Frame::RetireConnectionId { .. }
        | wire::Frame::PathChallenge { .. }
        | wire::Frame::PathResponse { .. }
        | wire::Frame::HandshakeDone => Seen::Transport,
    }
}

fn on_stream(stream_id: u64, seen: impl FnOnce(StreamId) -> Seen) -> Seen {
    StreamId::from_wire(stream_id).map_or(Seen::NoStream, seen)
}

/// Where the first byte stands that is not the stream's own, if there is one.
pub fn first_wrong(stream_id: StreamId, offset: u64, data: &[u8]) -> Option<u64> {
    (offset..).zip(data).find(|(at, byte)| content(stream_id, *at) != **byte).map(|(at, _)| at)
}
