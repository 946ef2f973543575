//! Bytes to frames (§19), strictly.
//!
//! Each rule that can be checked on a frame alone is checked, and each has its own error. Rules
//! that need the state of a stream or of the connection belong to the model.

use bytes::Bytes;

use super::connection_id::MAX_LENGTH as MAX_CONNECTION_ID;
use super::frame::{AckShape, ranges_of_ack};
use super::reader::{Reader, Truncated};
use super::{AckRange, Direction, EcnCounts, Frame, varint};

/// The largest stream count that MAX_STREAMS or STREAMS_BLOCKED may carry: 2^60 (§19.11, §19.14).
const MAX_STREAM_COUNT: u64 = 1 << 60;

/// Why bytes are not a legal sequence of frames.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum FrameError {
    /// A packet needs at least one frame (§12.4).
    #[error("§12.4: a packet without frames")]
    Empty,
    /// The payload ends in the middle of a frame (§12.4).
    #[error("§12.4: {0}")]
    Truncated(#[from] Truncated),
    /// No frame of RFC 9000 has this type (§12.4).
    #[error("§12.4: unknown frame type 0x{frame_type:x}")]
    UnknownType {
        /// The type that was read.
        frame_type: u64,
    },
    /// A frame type takes its shortest form (§12.4).
    #[error("§12.4: frame type 0x{frame_type:x} is not in its shortest form")]
    LongType {
        /// The type that was read.
        frame_type: u64,
    },
    /// An ACK frame covers packet numbers below zero (§19.3.1).
    #[error("§19.3.1: an ACK range reaches below packet number zero")]
    AckBelowZero,
    /// Data of a CRYPTO or STREAM frame ends beyond 2^62 - 1 (§19.6, §19.8).
    #[error("§19.8: data reaches beyond offset 2^62 - 1")]
    OffsetTooLarge,
    /// The token of a NEW_TOKEN frame is empty (§19.7).
    #[error("§19.7: an empty token")]
    EmptyToken,
    /// A stream count is beyond 2^60 (§19.11, §19.14).
    #[error("§19.11: a stream count of {count} is beyond 2^60")]
    TooManyStreams {
        /// The count that was read.
        count: u64,
    },
    /// The ID of a NEW_CONNECTION_ID frame isn't one to 20 bytes long (§19.15).
    #[error("§19.15: a connection ID of {length} bytes")]
    ConnectionIdLength {
        /// The length that was read.
        length: u8,
    },
    /// A NEW_CONNECTION_ID frame retires IDs beyond its own (§19.15).
    #[error("§19.15: retire prior to is beyond the sequence number")]
    RetireBeyondSequence,
}

/// The frames of a packet's `payload`, in order; runs of PADDING become one frame.
pub fn decode_frames(payload: Bytes) -> Result<Vec<Frame>, FrameError> {
    if payload.is_empty() {
        return Err(FrameError::Empty);
    }
    let mut reader = Reader::new(payload);
    let mut frames = Vec::with_capacity(4);
    while !reader.is_empty() {
        frames.push(decode_frame(&mut reader)?);
    }
    Ok(frames)
}

fn decode_frame(reader: &mut Reader) -> Result<Frame, FrameError> {
    let before = reader.remaining();
    let frame_type = reader.varint()?;
    if before - reader.remaining() != varint::length(frame_type) {
        return Err(FrameError::LongType { frame_type });
    }
    match frame_type {
        0x00 => {
            reader.skip_run(0x00);
            Ok(Frame::Padding)
        }
        0x01 => Ok(Frame::Ping),
        0x02 | 0x03 => decode_ack(frame_type, reader),
        0x06 => decode_crypto(reader),
        0x07 => decode_new_token(reader),
        0x08..=0x0f => decode_stream(frame_type, reader),
        0x04 | 0x05 | 0x10..=0x17 => decode_stream_control(frame_type, reader),
        0x18 => decode_new_connection_id(reader),
        0x19 => Ok(Frame::RetireConnectionId { sequence_number: reader.varint()? }),
        0x1a => Ok(Frame::PathChallenge { data: reader.array()? }),
        0x1b => Ok(Frame::PathResponse { data: reader.array()? }),
        0x1c | 0x1d => decode_connection_close(frame_type, reader),
        0x1e => Ok(Frame::HandshakeDone),
        _ => Err(FrameError::UnknownType { frame_type }),
    }
}

/// RESET_STREAM, STOP_SENDING and the frames of flow control: nothing but integers.
fn decode_stream_control(frame_type: u64, reader: &mut Reader) -> Result<Frame, FrameError> {
    Ok(match frame_type {
        0x04 => Frame::ResetStream {
            stream_id: reader.varint()?,
            application_protocol_error_code: reader.varint()?,
            final_size: reader.varint()?,
        },
        0x05 => Frame::StopSending {
            stream_id: reader.varint()?,
            application_protocol_error_code: reader.varint()?,
        },
        0x10 => Frame::MaxData { maximum_data: reader.varint()? },
        0x11 => Frame::MaxStreamData {
            stream_id: reader.varint()?,
            maximum_stream_data: reader.varint()?,
        },
        0x12 | 0x13 => Frame::MaxStreams {
            direction: direction(frame_type),
            maximum_streams: stream_count(reader)?,
        },
        0x14 => Frame::DataBlocked { maximum_data: reader.varint()? },
        0x15 => Frame::StreamDataBlocked {
            stream_id: reader.varint()?,
            maximum_stream_data: reader.varint()?,
        },
        0x16 | 0x17 => Frame::StreamsBlocked {
            direction: direction(frame_type),
            maximum_streams: stream_count(reader)?,
        },
        _ => return Err(FrameError::UnknownType { frame_type }),
    })
}

const fn direction(frame_type: u64) -> Direction {
    match frame_type & 1 {
        0 => Direction::Bidirectional,
        _ => Direction::Unidirectional,
    }
}

fn stream_count(reader: &mut Reader) -> Result<u64, FrameError> {
    match reader.varint()? {
        count @ 0..=MAX_STREAM_COUNT => Ok(count),
        count => Err(FrameError::TooManyStreams { count }),
    }
}

/// A length, then that many bytes.
fn prefixed(reader: &mut Reader) -> Result<Bytes, Truncated> {
    let length = reader.varint()?;
    reader.take(length)
}

fn check_end(offset: u64, data: &Bytes) -> Result<(), FrameError> {
    match offset.checked_add(data.len() as u64) {
        Some(0..=varint::MAX) => Ok(()),
        Some(_) | None => Err(FrameError::OffsetTooLarge),
    }
}

fn decode_crypto(reader: &mut Reader) -> Result<Frame, FrameError> {
    let offset = reader.varint()?;
    let data = prefixed(reader)?;
    check_end(offset, &data)?;
    Ok(Frame::Crypto { offset, data })
}

fn decode_new_token(reader: &mut Reader) -> Result<Frame, FrameError> {
    let token = prefixed(reader)?;
    if token.is_empty() {
        return Err(FrameError::EmptyToken);
    }
    Ok(Frame::NewToken { token })
}

fn decode_stream(frame_type: u64, reader: &mut Reader) -> Result<Frame, FrameError> {
    let stream_id = reader.varint()?;
    // §19.8: 0x04 is OFF, 0x02 is LEN, 0x01 is FIN.
    let offset = match frame_type & 0x04 {
        0 => 0,
        _ => reader.varint()?,
    };
    let data = match frame_type & 0x02 {
        0 => reader.take_rest(),
        _ => prefixed(reader)?,
    };
    check_end(offset, &data)?;
    Ok(Frame::Stream { stream_id, offset, fin: frame_type & 0x01 != 0, data })
}

fn decode_ack(frame_type: u64, reader: &mut Reader) -> Result<Frame, FrameError> {
    let largest_acknowledged = reader.varint()?;
    let ack_delay = reader.varint()?;
    let count = reader.varint()?;
    let first_ack_range = reader.varint()?;
    // The count is the peer's word: grow as the ranges arrive instead of trusting it.
    let mut ack_ranges = Vec::new();
    for _ in 0..count {
        ack_ranges.push(AckRange { gap: reader.varint()?, length: reader.varint()? });
    }
    let (_, shape) = ranges_of_ack(largest_acknowledged, first_ack_range, &ack_ranges);
    if shape == AckShape::BelowZero {
        return Err(FrameError::AckBelowZero);
    }
    let ecn_counts = match frame_type {
        0x02 => None,
        _ => Some(EcnCounts {
            ect0: reader.varint()?,
            ect1: reader.varint()?,
            ecn_ce: reader.varint()?,
        }),
    };
    Ok(Frame::Ack { largest_acknowledged, ack_delay, first_ack_range, ack_ranges, ecn_counts })
}

fn decode_new_connection_id(reader: &mut Reader) -> Result<Frame, FrameError> {
    let sequence_number = reader.varint()?;
    let retire_prior_to = reader.varint()?;
    if retire_prior_to > sequence_number {
        return Err(FrameError::RetireBeyondSequence);
    }
    let length = reader.u8()?;
    if !(1..=MAX_CONNECTION_ID).contains(&usize::from(length)) {
        return Err(FrameError::ConnectionIdLength { length });
    }
    Ok(Frame::NewConnectionId {
        sequence_number,
        retire_prior_to,
        connection_id: reader.take(u64::from(length))?,
        stateless_reset_token: reader.array()?,
    })
}

fn decode_connection_close(frame_type: u64, reader: &mut Reader) -> Result<Frame, FrameError> {
    let error_code = reader.varint()?;
    let frame_type = match frame_type {
        0x1c => Some(reader.varint()?),
        _ => None,
    };
    Ok(Frame::ConnectionClose { error_code, frame_type, reason: prefixed(reader)? })
}
