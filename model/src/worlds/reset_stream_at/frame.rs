//! §4: the RESET_STREAM_AT frame, type 0x24, beside the frames of RFC 9000 that it meets; and §3's transport
//! parameter.
//!
//! There is one stream, so no frame names it. Acknowledgements are packets; MAX_DATA and MAX_STREAM_DATA are
//! steps of the world.

use std::fmt;

use serde::Serialize;

use crate::rfc::frame::ErrorCode;

use super::bytes::{Bytes, Size};

/// One frame about the stream. Sizes in bytes.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(tag = "frame", rename_all = "snake_case")]
pub enum Frame {
    /// RFC 9000 §19.4: the sender abandons the stream.
    ResetStream {
        /// Why, in the application's words.
        application_protocol_error_code: ErrorCode,
        /// How much credit the stream takes.
        final_size: Size,
    },
    /// RFC 9000 §19.5: the receiver asks the sender to cease.
    StopSending {
        /// Why, in the application's words.
        application_protocol_error_code: ErrorCode,
    },
    /// RFC 9000 §19.8: data, the end of the stream, or both.
    Stream {
        /// Where the data begins.
        offset: Size,
        /// How much it is.
        length: Size,
        /// Whether the stream ends here.
        fin: bool,
    },
    /// §4: the sender abandons the stream beyond the Reliable Size.
    ResetStreamAt {
        /// Why, in the application's words.
        application_protocol_error_code: ErrorCode,
        /// How much credit the stream takes.
        final_size: Size,
        /// How much of the stream is delivered all the same.
        reliable_size: Size,
    },
}

impl Frame {
    /// The final size the frame states.
    pub const fn final_size(&self) -> Option<Size> {
        match *self {
            Self::ResetStream { final_size, .. } | Self::ResetStreamAt { final_size, .. } => {
                Some(final_size)
            }
            Self::Stream { offset, length, fin: true } => Some(offset + length),
            Self::Stream { fin: false, .. } | Self::StopSending { .. } => None,
        }
    }

    /// The code with which the sender resets.
    pub const fn reset_code(&self) -> Option<ErrorCode> {
        match *self {
            Self::ResetStream { application_protocol_error_code, .. }
            | Self::ResetStreamAt { application_protocol_error_code, .. } => {
                Some(application_protocol_error_code)
            }
            Self::Stream { .. } | Self::StopSending { .. } => None,
        }
    }

    /// How much a reset promises to deliver.
    // reset-stream-at 5.2/2: RESET_STREAM counts as a Reliable Size of zero.
    pub const fn reliable_size(&self) -> Option<Size> {
        match *self {
            Self::ResetStream { .. } => Some(0),
            Self::ResetStreamAt { reliable_size, .. } => Some(reliable_size),
            Self::Stream { .. } | Self::StopSending { .. } => None,
        }
    }

    /// The bytes it carries.
    pub const fn bytes(&self) -> Bytes {
        match *self {
            Self::Stream { offset, length, .. } => Bytes::range(offset, offset + length),
            Self::ResetStream { .. } | Self::StopSending { .. } | Self::ResetStreamAt { .. } => {
                Bytes::NONE
            }
        }
    }
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::ResetStream { application_protocol_error_code: code, final_size } => {
                write!(f, "RESET_STREAM code {} final size {final_size}", code.0)
            }
            Self::StopSending { application_protocol_error_code: code } => {
                write!(f, "STOP_SENDING code {}", code.0)
            }
            Self::Stream { offset, length, fin } => {
                let fin = if fin { " FIN" } else { "" };
                write!(f, "STREAM {offset}..{}{fin}", offset + length)
            }
            Self::ResetStreamAt {
                application_protocol_error_code: code,
                final_size,
                reliable_size,
            } => write!(
                f,
                "RESET_STREAM_AT code {} final size {final_size} reliable size {reliable_size}",
                code.0
            ),
        }
    }
}

/// A packet in flight. STOP_SENDING and acknowledgements go to the sender of the stream, everything else
/// to its receiver.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Packet {
    /// A frame.
    Frame(Frame),
    /// The acknowledgement of a packet with this frame.
    Ack(Frame),
}

impl Packet {
    /// Whether it goes to the sender of the stream.
    pub const fn goes_to_sender(&self) -> bool {
        match self {
            Self::Frame(Frame::StopSending { .. }) | Self::Ack(_) => true,
            Self::Frame(
                Frame::ResetStream { .. } | Frame::Stream { .. } | Frame::ResetStreamAt { .. },
            ) => false,
        }
    }
}

impl fmt::Display for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Frame(frame) => frame.fmt(f),
            Self::Ack(frame) => write!(f, "ACK of {frame}"),
        }
    }
}

/// §3: the transport parameter reset_stream_at (0x1d), as an endpoint may send it.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Parameter {
    /// Not at all.
    Absent,
    /// With an empty value: it receives RESET_STREAM_AT.
    Empty,
    /// With a value.
    NonEmpty,
}

/// Where a piece of information stands on its way to the peer (RFC 9000 §13.3).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Delivery {
    /// To be sent for the first time.
    Due,
    /// Sent, neither acknowledged nor declared lost.
    InFlight,
    /// Declared lost and not sent again since.
    Lost,
    /// Acknowledged.
    Acked,
}

impl Delivery {
    /// Whether it has to be sent (again).
    pub const fn is_owed(self) -> bool {
        match self {
            Self::Due | Self::Lost => true,
            Self::InFlight | Self::Acked => false,
        }
    }

    /// Whether it was sent at least once.
    pub const fn was_sent(self) -> bool {
        match self {
            Self::InFlight | Self::Lost | Self::Acked => true,
            Self::Due => false,
        }
    }

    /// After a frame that carries it was sent.
    #[must_use]
    pub const fn sent(self) -> Self {
        match self {
            Self::Due | Self::InFlight | Self::Lost => Self::InFlight,
            Self::Acked => Self::Acked,
        }
    }

    /// After a packet that carried it was declared lost.
    #[must_use]
    pub const fn declared_lost(self) -> Self {
        match self {
            Self::InFlight => Self::Lost,
            Self::Due | Self::Lost | Self::Acked => self,
        }
    }
}
