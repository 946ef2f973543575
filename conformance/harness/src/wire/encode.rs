//! Frames to bytes (§19), permissively.
//!
//! Nothing is checked but what has no encoding at all. STREAM frames always carry their length and
//! leave a zero offset out; every other frame has one form.

use super::varint::encode as varint;
use super::{Direction, Frame};

/// Appends `frames` to `out`, one after the other.
///
/// # Panics
///
/// If a field is 2^62 or above, or the ID of a NEW_CONNECTION_ID frame longer than 255 bytes:
/// those have no encoding.
pub fn encode_frames(frames: &[Frame], out: &mut Vec<u8>) {
    frames.iter().for_each(|frame| frame.encode(out));
}

impl Frame {
    /// Appends this frame to `out`. Panics as [`encode_frames`] does.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Padding => out.push(0x00),
            Self::Ping => out.push(0x01),
            Self::Ack { .. } => encode_ack(self, out),
            Self::ResetStream { stream_id, application_protocol_error_code: code, final_size } => {
                integers(0x04, &[*stream_id, *code, *final_size], out)
            }
            Self::StopSending { stream_id, application_protocol_error_code: code } => {
                integers(0x05, &[*stream_id, *code], out)
            }
            Self::Crypto { offset, data } => {
                integers(0x06, &[*offset], out);
                prefixed(data, out);
            }
            Self::NewToken { token } => {
                out.push(0x07);
                prefixed(token, out);
            }
            Self::Stream { .. } => encode_stream(self, out),
            Self::MaxData { maximum_data } => integers(0x10, &[*maximum_data], out),
            Self::MaxStreamData { stream_id, maximum_stream_data } => {
                integers(0x11, &[*stream_id, *maximum_stream_data], out)
            }
            Self::MaxStreams { direction, maximum_streams } => {
                integers(0x12 + direction_bit(*direction), &[*maximum_streams], out)
            }
            Self::DataBlocked { maximum_data } => integers(0x14, &[*maximum_data], out),
            Self::StreamDataBlocked { stream_id, maximum_stream_data } => {
                integers(0x15, &[*stream_id, *maximum_stream_data], out)
            }
            Self::StreamsBlocked { direction, maximum_streams } => {
                integers(0x16 + direction_bit(*direction), &[*maximum_streams], out)
            }
            Self::NewConnectionId { .. } => encode_new_connection_id(self, out),
            Self::RetireConnectionId { sequence_number } => {
                integers(0x19, &[*sequence_number], out);
            }
            Self::PathChallenge { data } => {
                out.push(0x1a);
                out.extend_from_slice(data);
            }
            Self::PathResponse { data } => {
                out.push(0x1b);
                out.extend_from_slice(data);
            }
            Self::ConnectionClose { error_code, frame_type, reason } => {
                match frame_type {
                    Some(frame_type) => integers(0x1c, &[*error_code, *frame_type], out),
                    None => integers(0x1d, &[*error_code], out),
                }
                prefixed(reason, out);
            }
            Self::HandshakeDone => out.push(0x1e),
        }
    }
}

/// A frame type of one byte, followed by integers.
fn integers(frame_type: u8, fields: &[u64], out: &mut Vec<u8>) {
    out.push(frame_type);
    fields.iter().for_each(|field| varint(*field, out));
}

/// A length, followed by that many bytes.
fn prefixed(bytes: &[u8], out: &mut Vec<u8>) {
    varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

/// The bit that tells the two types of MAX_STREAMS and STREAMS_BLOCKED apart.
const fn direction_bit(direction: Direction) -> u8 {
    match direction {
        Direction::Bidirectional => 0,
        Direction::Unidirectional => 1,
    }
}

fn encode_ack(frame: &Frame, out: &mut Vec<u8>) {
    let Frame::Ack { largest_acknowledged, ack_delay, first_ack_range, ack_ranges, ecn_counts } =
        frame
    else {
        return;
    };
    let count = ack_ranges.len() as u64;
    let frame_type = 0x02 + u8::from(ecn_counts.is_some());
    let head = [*largest_acknowledged, *ack_delay, count, *first_ack_range];
    integers(frame_type, &head, out);
    for range in ack_ranges {
        varint(range.gap, out);
        varint(range.length, out);
    }
    if let Some(counts) = ecn_counts {
        varint(counts.ect0, out);
        varint(counts.ect1, out);
        varint(counts.ecn_ce, out);
    }
}

fn encode_stream(frame: &Frame, out: &mut Vec<u8>) {
    let Frame::Stream { stream_id, offset, fin, data } = frame else {
        return;
    };
    let has_offset = *offset != 0;
    // §19.8: 0x04 is OFF, 0x02 is LEN, 0x01 is FIN.
    let frame_type = 0x08 | u8::from(has_offset) << 2 | 0x02 | u8::from(*fin);
    integers(frame_type, &[*stream_id], out);
    if has_offset {
        varint(*offset, out);
    }
    prefixed(data, out);
}

fn encode_new_connection_id(frame: &Frame, out: &mut Vec<u8>) {
    let Frame::NewConnectionId {
        sequence_number,
        retire_prior_to,
        connection_id,
        stateless_reset_token,
    } = frame
    else {
        return;
    };
    integers(0x18, &[*sequence_number, *retire_prior_to], out);
    let length = u8::try_from(connection_id.len());
    // The length field is one byte: a longer ID is a mistake of the caller, not of a peer.
    out.push(length.expect("a connection ID of at most 255 bytes"));
    out.extend_from_slice(connection_id);
    out.extend_from_slice(stateless_reset_token);
}
