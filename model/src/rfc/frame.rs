//! §19.8 STREAM frames, and the eight other frames about streams, their credit and their number.
//!
//! They are those of §19.4, §19.5 and §19.8 to §19.14; CONNECTION_CLOSE (§19.19) ends them all.
//!
//! A STREAM frame carries its length, not its bytes: what stands at an offset of a stream is a
//! function of both (see [`content`]), so that replay compares real bytes with what the model means.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::identity::{Direction, StreamId};

/// An application protocol error code, 0 to 2^62-1 (§20.2).
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct ErrorCode(pub u64);

/// One frame. Names and fields are those of §19; sizes and limits on data are in bytes, limits on
/// streams in streams.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(tag = "frame", rename_all = "snake_case")]
pub enum Frame {
    /// §19.4: the sender abandons the stream.
    ResetStream {
        /// The stream.
        stream_id: StreamId,
        /// Why, in the application's words.
        application_protocol_error_code: ErrorCode,
        /// How many bytes the sender ever sent (§4.5).
        final_size: u64,
    },
    /// §19.5: the receiver asks the sender to cease.
    StopSending {
        /// The stream.
        stream_id: StreamId,
        /// Why, in the application's words.
        application_protocol_error_code: ErrorCode,
    },
    /// §19.8: data, the end of the stream, or both.
    Stream {
        /// The stream.
        stream_id: StreamId,
        /// Where the data begins.
        offset: u64,
        /// How much data the frame carries.
        length: u64,
        /// Whether the frame marks the end of the stream.
        fin: bool,
    },
    /// §19.9: how much may be sent on the connection.
    MaxData {
        /// In all, since the connection began.
        maximum_data: u64,
    },
    /// §19.10: how much may be sent on a stream.
    MaxStreamData {
        /// The stream.
        stream_id: StreamId,
        /// In all.
        maximum_stream_data: u64,
    },
    /// §19.11: how many streams of one direction may be opened.
    MaxStreams {
        /// Which.
        direction: Direction,
        /// In all, since the connection began.
        maximum_streams: u64,
    },
    /// §19.12: the sender would send more, but the connection's limit is reached.
    DataBlocked {
        /// The limit.
        maximum_data: u64,
    },
    /// §19.13: the sender would send more, but the stream's limit is reached.
    StreamDataBlocked {
        /// The stream.
        stream_id: StreamId,
        /// The limit.
        maximum_stream_data: u64,
    },
    /// §19.14: the sender would open a stream, but the limit is reached.
    StreamsBlocked {
        /// Of which direction.
        direction: Direction,
        /// The limit.
        maximum_streams: u64,
    },
    /// §19.19: the connection is over.
    ConnectionClose {
        /// The transport's error code (§20.1), or `None` if the application closed.
        transport_error: Option<u64>,
    },
}

/// The frame types, as far as streams meet them.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[allow(missing_docs)] // §19's names
pub enum FrameType {
    ResetStream,
    StopSending,
    Stream,
    MaxData,
    MaxStreamData,
    MaxStreams,
    DataBlocked,
    StreamDataBlocked,
    StreamsBlocked,
    ConnectionClose,
}

impl FrameType {
    /// The types whose frames name a stream, in §19's order.
    pub const OF_STREAMS: [Self; 5] = [
        Self::ResetStream,
        Self::StopSending,
        Self::Stream,
        Self::MaxStreamData,
        Self::StreamDataBlocked,
    ];
}

impl Frame {
    /// Its type.
    pub const fn frame_type(&self) -> FrameType {
        match self {
            Self::ResetStream { .. } => FrameType::ResetStream,
            Self::StopSending { .. } => FrameType::StopSending,
            Self::Stream { .. } => FrameType::Stream,
            Self::MaxData { .. } => FrameType::MaxData,
            Self::MaxStreamData { .. } => FrameType::MaxStreamData,
            Self::MaxStreams { .. } => FrameType::MaxStreams,
            Self::DataBlocked { .. } => FrameType::DataBlocked,
            Self::StreamDataBlocked { .. } => FrameType::StreamDataBlocked,
            Self::StreamsBlocked { .. } => FrameType::StreamsBlocked,
            Self::ConnectionClose { .. } => FrameType::ConnectionClose,
        }
    }

    /// The stream the frame names, if it names one.
    pub const fn stream_id(&self) -> Option<StreamId> {
        match *self {
            Self::ResetStream { stream_id, .. }
            | Self::StopSending { stream_id, .. }
            | Self::Stream { stream_id, .. }
            | Self::MaxStreamData { stream_id, .. }
            | Self::StreamDataBlocked { stream_id, .. } => Some(stream_id),
            Self::MaxData { .. }
            | Self::MaxStreams { .. }
            | Self::DataBlocked { .. }
            | Self::StreamsBlocked { .. }
            | Self::ConnectionClose { .. } => None,
        }
    }

    /// The limit that the frame raises or restates, if it is one of those: in bytes, or in streams (§19.9 to §19.11).
    pub const fn limit(&self) -> Option<u64> {
        match *self {
            Self::MaxData { maximum_data } => Some(maximum_data),
            Self::MaxStreamData { maximum_stream_data, .. } => Some(maximum_stream_data),
            Self::MaxStreams { maximum_streams, .. } => Some(maximum_streams),
            Self::ResetStream { .. }
            | Self::StopSending { .. }
            | Self::Stream { .. }
            | Self::DataBlocked { .. }
            | Self::StreamDataBlocked { .. }
            | Self::StreamsBlocked { .. }
            | Self::ConnectionClose { .. } => None,
        }
    }

    /// Whether two frames state one limit: of the connection, of one stream, or on streams of one type.
    pub fn is_of_scope(&self, other: &Self) -> bool {
        let of_streams = |frame: &Self| {
            if let Self::MaxStreams { direction, .. } = *frame { Some(direction) } else { None }
        };
        self.limit().is_some()
            && self.frame_type() == other.frame_type()
            && self.stream_id() == other.stream_id()
            && of_streams(self) == of_streams(other)
    }

    /// The final size the frame states, in bytes: of a RESET_STREAM, or of a STREAM with FIN (§4.5).
    pub const fn final_size(&self) -> Option<u64> {
        match *self {
            Self::ResetStream { final_size, .. } => Some(final_size),
            Self::Stream { offset, length, fin: true, .. } => Some(offset + length),
            Self::Stream { fin: false, .. }
            | Self::StopSending { .. }
            | Self::MaxData { .. }
            | Self::MaxStreamData { .. }
            | Self::MaxStreams { .. }
            | Self::DataBlocked { .. }
            | Self::StreamDataBlocked { .. }
            | Self::StreamsBlocked { .. }
            | Self::ConnectionClose { .. } => None,
        }
    }

    /// How far the frame takes its stream, in bytes: to the end of its data, or to the final size it
    /// states; 0 for frames that do neither.
    pub const fn end(&self) -> u64 {
        match *self {
            Self::Stream { offset, length, .. } => offset + length,
            Self::ResetStream { final_size, .. } => final_size,
            Self::StopSending { .. }
            | Self::MaxData { .. }
            | Self::MaxStreamData { .. }
            | Self::MaxStreams { .. }
            | Self::DataBlocked { .. }
            | Self::StreamDataBlocked { .. }
            | Self::StreamsBlocked { .. }
            | Self::ConnectionClose { .. } => 0,
        }
    }
}

impl fmt::Display for FrameType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ResetStream => "RESET_STREAM",
            Self::StopSending => "STOP_SENDING",
            Self::Stream => "STREAM",
            Self::MaxData => "MAX_DATA",
            Self::MaxStreamData => "MAX_STREAM_DATA",
            Self::MaxStreams => "MAX_STREAMS",
            Self::DataBlocked => "DATA_BLOCKED",
            Self::StreamDataBlocked => "STREAM_DATA_BLOCKED",
            Self::StreamsBlocked => "STREAMS_BLOCKED",
            Self::ConnectionClose => "CONNECTION_CLOSE",
        })
    }
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.frame_type();
        match *self {
            Self::ResetStream { stream_id, application_protocol_error_code, final_size } => {
                let code = application_protocol_error_code.0;
                write!(f, "{name} {stream_id} code {code} final size {final_size}")
            }
            Self::StopSending { stream_id, application_protocol_error_code } => {
                write!(f, "{name} {stream_id} code {}", application_protocol_error_code.0)
            }
            Self::Stream { stream_id, offset, length, fin } => {
                let fin = if fin { " FIN" } else { "" };
                let end = u128::from(offset) + u128::from(length);
                write!(f, "{name} {stream_id} {offset}..{end}{fin}")
            }
            Self::MaxData { maximum_data } | Self::DataBlocked { maximum_data } => {
                write!(f, "{name} {maximum_data}")
            }
            Self::MaxStreamData { stream_id, maximum_stream_data }
            | Self::StreamDataBlocked { stream_id, maximum_stream_data } => {
                write!(f, "{name} {stream_id} at {maximum_stream_data}")
            }
            Self::MaxStreams { direction, maximum_streams }
            | Self::StreamsBlocked { direction, maximum_streams } => {
                write!(f, "{name} {direction} {maximum_streams}")
            }
            Self::ConnectionClose { transport_error: Some(code) } => {
                write!(f, "{name} with transport error {code:#04x}")
            }
            Self::ConnectionClose { transport_error: None } => {
                write!(f, "{name} of the application")
            }
        }
    }
}

/// The byte that stands at `offset` of a stream. Neighbouring offsets and neighbouring streams
/// differ, so that a byte from the wrong place is seen.
pub const fn content(stream_id: StreamId, offset: u64) -> u8 {
    let mixed = (stream_id.value() + 1)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .wrapping_add(offset.wrapping_mul(0xd134_2543_de82_ef95));
    (mixed >> 56) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rfc::identity::Side;

    #[test]
    fn content_differs_between_neighbours() {
        let id = |n| StreamId::new(Side::Client, Direction::Unidirectional, n);
        for offset in 0..64 {
            assert_ne!(content(id(0), offset), content(id(0), offset + 1));
            assert_ne!(content(id(0), offset), content(id(1), offset));
        }
    }
}
