//! A stack's replies in the model's words: total matches, no rule.

use streamproof_harness::wire;
use streamproof_model::rfc::frame::{ErrorCode, Frame, content};
use streamproof_model::rfc::identity::{Direction, StreamId};

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
    /// A stream ID beyond 2^62-1; the decoder does not let one through.
    NoStream,
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
            let transport_error = frame_type.map(|_| *error_code);
            Seen::Frame(Frame::ConnectionClose { transport_error })
        }
        wire::Frame::MaxData { maximum_data } => {
            Seen::Frame(Frame::MaxData { maximum_data: *maximum_data })
        }
        wire::Frame::MaxStreamData { stream_id, maximum_stream_data } => {
            on_stream(*stream_id, |stream_id| {
                let maximum_stream_data = *maximum_stream_data;
                Seen::Frame(Frame::MaxStreamData { stream_id, maximum_stream_data })
            })
        }
        wire::Frame::MaxStreams { direction: of, maximum_streams } => {
            let maximum_streams = *maximum_streams;
            Seen::Frame(Frame::MaxStreams { direction: direction(*of), maximum_streams })
        }
        wire::Frame::DataBlocked { maximum_data } => {
            Seen::Frame(Frame::DataBlocked { maximum_data: *maximum_data })
        }
        wire::Frame::StreamDataBlocked { stream_id, maximum_stream_data } => {
            on_stream(*stream_id, |stream_id| {
                let maximum_stream_data = *maximum_stream_data;
                Seen::Frame(Frame::StreamDataBlocked { stream_id, maximum_stream_data })
            })
        }
        wire::Frame::StreamsBlocked { direction: of, maximum_streams } => {
            let maximum_streams = *maximum_streams;
            Seen::Frame(Frame::StreamsBlocked { direction: direction(*of), maximum_streams })
        }
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

const fn direction(direction: wire::Direction) -> Direction {
    match direction {
        wire::Direction::Bidirectional => Direction::Bidirectional,
        wire::Direction::Unidirectional => Direction::Unidirectional,
    }
}

fn on_stream(stream_id: u64, seen: impl FnOnce(StreamId) -> Seen) -> Seen {
    StreamId::from_wire(stream_id).map_or(Seen::NoStream, seen)
}

/// Where the first byte stands that is not the stream's own, if there is one.
pub fn first_wrong(stream_id: StreamId, offset: u64, data: &[u8]) -> Option<u64> {
    (offset..).zip(data).find(|(at, byte)| content(stream_id, *at) != **byte).map(|(at, _)| at)
}
