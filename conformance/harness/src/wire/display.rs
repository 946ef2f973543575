//! One compact line for a frame, in the RFC's capitals: `STREAM 2 0..5 FIN`.
//!
//! For people and for event logs that two processes compare byte by byte. Payload bytes are not
//! shown, only where they lie. It is not a format to parse.

use std::fmt;

use super::{Direction, Frame};

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bidirectional => "bidirectional",
            Self::Unidirectional => "unidirectional",
        })
    }
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Padding => f.write_str("PADDING"),
            Self::Ping => f.write_str("PING"),
            Self::Ack { .. } => {
                f.write_str("ACK")?;
                write_acknowledged(self, f)
            }
            Self::ResetStream { stream_id, application_protocol_error_code: code, final_size } => {
                write!(f, "RESET_STREAM {stream_id} code {code} final size {final_size}")
            }
            Self::StopSending { stream_id, application_protocol_error_code: code } => {
                write!(f, "STOP_SENDING {stream_id} code {code}")
            }
            Self::Crypto { offset, data } => {
                write!(f, "CRYPTO {offset}..{}", end(*offset, data.len()))
            }
            Self::NewToken { token } => write!(f, "NEW_TOKEN {} bytes", token.len()),
            Self::Stream { stream_id, offset, fin, data } => {
                let end = end(*offset, data.len());
                let fin = if *fin { " FIN" } else { "" };
                write!(f, "STREAM {stream_id} {offset}..{end}{fin}")
            }
            Self::MaxData { maximum_data } => write!(f, "MAX_DATA {maximum_data}"),
            Self::MaxStreamData { stream_id, maximum_stream_data: limit } => {
                write!(f, "MAX_STREAM_DATA {stream_id} {limit}")
            }
            Self::MaxStreams { direction, maximum_streams: limit } => {
                write!(f, "MAX_STREAMS {direction} {limit}")
            }
            Self::DataBlocked { maximum_data } => write!(f, "DATA_BLOCKED {maximum_data}"),
            Self::StreamDataBlocked { stream_id, maximum_stream_data: limit } => {
                write!(f, "STREAM_DATA_BLOCKED {stream_id} {limit}")
            }
            Self::StreamsBlocked { direction, maximum_streams: limit } => {
                write!(f, "STREAMS_BLOCKED {direction} {limit}")
            }
            Self::NewConnectionId { sequence_number, retire_prior_to, .. } => {
                write!(f, "NEW_CONNECTION_ID {sequence_number} retire prior to {retire_prior_to}")
            }
            Self::RetireConnectionId { sequence_number } => {
                write!(f, "RETIRE_CONNECTION_ID {sequence_number}")
            }
            Self::PathChallenge { data } => {
                write!(f, "PATH_CHALLENGE {:016x}", u64::from_be_bytes(*data))
            }
            Self::PathResponse { data } => {
                write!(f, "PATH_RESPONSE {:016x}", u64::from_be_bytes(*data))
            }
            Self::ConnectionClose { error_code, frame_type, reason } => {
                write_close(*error_code, *frame_type, reason, f)
            }
            Self::HandshakeDone => f.write_str("HANDSHAKE_DONE"),
        }
    }
}

/// The end of a run of bytes. Saturating, because a puppet may write any offset.
fn end(offset: u64, length: usize) -> u64 {
    offset.saturating_add(length as u64)
}

fn write_acknowledged(ack: &Frame, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    ack.acknowledged().iter().try_for_each(|range| {
        if range.start() == range.end() {
            write!(f, " {}", range.start())
        } else {
            write!(f, " {}-{}", range.start(), range.end())
        }
    })
}

fn write_close(
    error_code: u64,
    frame_type: Option<u64>,
    reason: &[u8],
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    match frame_type {
        Some(frame_type) => {
            write!(f, "CONNECTION_CLOSE transport 0x{error_code:02x} frame 0x{frame_type:02x}")?
        }
        None => write!(f, "CONNECTION_CLOSE application {error_code}")?,
    }
    if reason.is_empty() { Ok(()) } else { write!(f, " \"{}\"", reason.escape_ascii()) }
}
