//! §19.4, §19.5, §19.8: the frames that change a stream, and §13.2's acknowledgement of one.
//!
//! A STREAM frame carries its length, not its bytes: what stands at an offset of a stream is a
//! function of both (see [`content`]), so that replay compares real bytes with what the model means.
//! Flow-control frames (§19.9 to §19.14) are not here.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::identity::StreamId;

/// An application protocol error code, 0 to 2^62-1 (§20.2).
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct ErrorCode(pub u64);

/// One frame about one stream. Names and fields are those of §19.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(tag = "frame", rename_all = "snake_case")]
pub enum Frame {
    /// §19.4: the sender abandons the stream.
    ResetStream {
        /// The stream.
        stream_id: StreamId,
        /// Why, in the application's words.
        application_protocol_error_code: ErrorCode,
        /// How many bytes the sender ever sent, in bytes (§4.5).
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
        /// Where the data begins, in bytes.
        offset: u64,
        /// How many bytes of data the frame carries.
        length: u64,
        /// Whether the frame marks the end of the stream.
        fin: bool,
    },
}

impl Frame {
    /// The stream the frame is about.
    pub const fn stream_id(&self) -> StreamId {
        match *self {
            Self::ResetStream { stream_id, .. }
            | Self::StopSending { stream_id, .. }
            | Self::Stream { stream_id, .. } => stream_id,
        }
    }

    /// The final size the frame states, in bytes: of a RESET_STREAM, or of a STREAM with FIN (§4.5).
    pub const fn final_size(&self) -> Option<u64> {
        match *self {
            Self::ResetStream { final_size, .. } => Some(final_size),
            Self::Stream { offset, length, fin: true, .. } => Some(offset + length),
            Self::Stream { fin: false, .. } | Self::StopSending { .. } => None,
        }
    }
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::ResetStream { stream_id, application_protocol_error_code, final_size } => write!(
                f,
                "RESET_STREAM {stream_id} code {} final size {final_size}",
                application_protocol_error_code.0
            ),
            Self::StopSending { stream_id, application_protocol_error_code } => {
                write!(f, "STOP_SENDING {stream_id} code {}", application_protocol_error_code.0)
            }
            Self::Stream { stream_id, offset, length, fin } => {
                let fin = if fin { " FIN" } else { "" };
                write!(f, "STREAM {stream_id} {offset}..{}{fin}", offset + length)
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
    use crate::rfc::identity::{Direction, Side};

    #[test]
    fn content_differs_between_neighbours() {
        let id = |n| StreamId::new(Side::Client, Direction::Unidirectional, n);
        for offset in 0..64 {
            assert_ne!(content(id(0), offset), content(id(0), offset + 1));
            assert_ne!(content(id(0), offset), content(id(1), offset));
        }
    }
}
