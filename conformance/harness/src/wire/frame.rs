//! The frames of §19 as one enum, with the RFC's names for the fields.
//!
//! A value here need not be legal: a STREAM frame may reach beyond 2^62 - 1, a RESET_STREAM may
//! contradict an earlier one. Extension frames (DATAGRAM, ACK_FREQUENCY) are left out: no puppet
//! offers them.

use std::ops::RangeInclusive;

use bytes::Bytes;

/// Which way data flows on a stream (§2.1).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Direction {
    /// Both endpoints send.
    Bidirectional,
    /// Only the initiator sends.
    Unidirectional,
}

/// One further range of an ACK frame, going downwards (§19.3.1).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct AckRange {
    /// Unacknowledged packets between this range and the one above it, minus one.
    pub gap: u64,
    /// Acknowledged packets in this range, minus one.
    pub length: u64,
}

/// The ECN counts of an ACK frame of type 0x03, in packets (§19.3.2).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct EcnCounts {
    /// Packets received with ECT(0).
    pub ect0: u64,
    /// Packets received with ECT(1).
    pub ect1: u64,
    /// Packets received with ECN-CE.
    pub ecn_ce: u64,
}

/// A frame (§19). Stream offsets, sizes and limits are in bytes, stream limits in streams.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Frame {
    /// §19.1: a run of one or more padding bytes. Encoding writes one byte.
    Padding,
    /// §19.2
    Ping,
    /// §19.3; see [`Frame::acknowledging`] and [`Frame::acknowledged`].
    Ack {
        /// The largest packet number acknowledged.
        largest_acknowledged: u64,
        /// The delay, in units of 2^`ack_delay_exponent` microseconds.
        ack_delay: u64,
        /// Packets acknowledged directly below the largest.
        first_ack_range: u64,
        /// The ranges below the first one, from high to low.
        ack_ranges: Vec<AckRange>,
        /// Present in type 0x03 only.
        ecn_counts: Option<EcnCounts>,
    },
    /// §19.4
    ResetStream {
        /// The stream that is reset.
        stream_id: u64,
        /// The application's reason.
        application_protocol_error_code: u64,
        /// The final size of the stream.
        final_size: u64,
    },
    /// §19.5
    StopSending {
        /// The stream on which reading was aborted.
        stream_id: u64,
        /// The application's reason.
        application_protocol_error_code: u64,
    },
    /// §19.6
    Crypto {
        /// The offset of the first byte in the space's CRYPTO stream.
        offset: u64,
        /// Handshake bytes.
        data: Bytes,
    },
    /// §19.7
    NewToken {
        /// An address validation token.
        token: Bytes,
    },
    /// §19.8
    Stream {
        /// The stream that the data belongs to.
        stream_id: u64,
        /// The offset of the first byte of `data`.
        offset: u64,
        /// Whether the stream ends with the last byte of `data`.
        fin: bool,
        /// The data; may be empty.
        data: Bytes,
    },
    /// §19.9
    MaxData {
        /// The limit on the connection.
        maximum_data: u64,
    },
    /// §19.10
    MaxStreamData {
        /// The stream that the limit belongs to.
        stream_id: u64,
        /// The limit on the stream.
        maximum_stream_data: u64,
    },
    /// §19.11
    MaxStreams {
        /// The kind of stream that is limited.
        direction: Direction,
        /// How many streams may be opened over the life of the connection.
        maximum_streams: u64,
    },
    /// §19.12
    DataBlocked {
        /// The connection limit at which the sender is blocked.
        maximum_data: u64,
    },
    /// §19.13
    StreamDataBlocked {
        /// The stream that is blocked.
        stream_id: u64,
        /// The stream limit at which the sender is blocked.
        maximum_stream_data: u64,
    },
    /// §19.14
    StreamsBlocked {
        /// The kind of stream that is blocked.
        direction: Direction,
        /// The stream count at which the sender is blocked.
        maximum_streams: u64,
    },
    /// §19.15
    NewConnectionId {
        /// The number of this connection ID.
        sequence_number: u64,
        /// IDs numbered below this are to be retired.
        retire_prior_to: u64,
        /// One to 20 bytes when legal; encoding takes up to 255.
        connection_id: Bytes,
        /// The token of a stateless reset for this ID.
        stateless_reset_token: [u8; 16],
    },
    /// §19.16
    RetireConnectionId {
        /// The number of the connection ID that is retired.
        sequence_number: u64,
    },
    /// §19.17
    PathChallenge {
        /// Arbitrary data.
        data: [u8; 8],
    },
    /// §19.18
    PathResponse {
        /// The data of the PATH_CHALLENGE that is answered.
        data: [u8; 8],
    },
    /// §19.19: type 0x1c (from QUIC itself) or 0x1d (from the application).
    ConnectionClose {
        /// A transport error code, or the application's.
        error_code: u64,
        /// `Some` makes it type 0x1c and names the frame that triggered it (0 if unknown);
        /// `None` makes it type 0x1d.
        frame_type: Option<u64>,
        /// For people; UTF-8 when legal.
        reason: Bytes,
    },
    /// §19.20
    HandshakeDone,
}

impl Frame {
    /// The ACK frame with zero delay that acknowledges exactly `packet_numbers` (any order,
    /// repeats allowed), or `None` if there are none.
    pub fn acknowledging(packet_numbers: &[u64]) -> Option<Self> {
        let mut numbers = packet_numbers.to_vec();
        numbers.sort_unstable_by(|a, b| b.cmp(a));
        let largest = *numbers.first()?;
        let mut ranges: Vec<(u64, u64)> = Vec::new();
        for number in numbers {
            match ranges.last_mut() {
                Some((_, low)) if *low == number => {}
                Some((_, low)) if number.checked_add(1) == Some(*low) => *low = number,
                Some(_) | None => ranges.push((number, number)),
            }
        }
        let ack_ranges = ranges
            .windows(2)
            .map(|pair| AckRange { gap: pair[0].1 - pair[1].0 - 2, length: pair[1].0 - pair[1].1 });
        Some(Self::Ack {
            largest_acknowledged: largest,
            ack_delay: 0,
            first_ack_range: largest - ranges[0].1,
            ack_ranges: ack_ranges.collect(),
            ecn_counts: None,
        })
    }

    /// The packet numbers that an ACK frame covers, as ranges from high to low; empty for any
    /// other frame. Ranges that would fall below zero, which only a puppet can write, are left
    /// out.
    pub fn acknowledged(&self) -> Vec<RangeInclusive<u64>> {
        match self {
            Self::Ack { largest_acknowledged, first_ack_range, ack_ranges, .. } => {
                ranges_of_ack(*largest_acknowledged, *first_ack_range, ack_ranges).0
            }
            Self::Padding
            | Self::Ping
            | Self::ResetStream { .. }
            | Self::StopSending { .. }
            | Self::Crypto { .. }
            | Self::NewToken { .. }
            | Self::Stream { .. }
            | Self::MaxData { .. }
            | Self::MaxStreamData { .. }
            | Self::MaxStreams { .. }
            | Self::DataBlocked { .. }
            | Self::StreamDataBlocked { .. }
            | Self::StreamsBlocked { .. }
            | Self::NewConnectionId { .. }
            | Self::RetireConnectionId { .. }
            | Self::PathChallenge { .. }
            | Self::PathResponse { .. }
            | Self::ConnectionClose { .. }
            | Self::HandshakeDone => Vec::new(),
        }
    }

    /// Whether a packet with this frame asks for an acknowledgement (§13.2): every frame but ACK,
    /// PADDING and CONNECTION_CLOSE.
    pub const fn is_ack_eliciting(&self) -> bool {
        !matches!(self, Self::Padding | Self::Ack { .. } | Self::ConnectionClose { .. })
    }
}

/// Whether the ranges of an ACK frame stay at or above packet number zero (§19.3.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum AckShape {
    Sound,
    BelowZero,
}

/// The ranges of an ACK frame, from high to low, up to the first one that falls below zero.
pub(crate) fn ranges_of_ack(
    largest: u64,
    first: u64,
    further: &[AckRange],
) -> (Vec<RangeInclusive<u64>>, AckShape) {
    let mut ranges = Vec::with_capacity(1 + further.len());
    let Some(mut low) = largest.checked_sub(first) else {
        return (ranges, AckShape::BelowZero);
    };
    ranges.push(low..=largest);
    for range in further {
        let high = low.checked_sub(range.gap).and_then(|high| high.checked_sub(2));
        let bounds = high.and_then(|high| Some((high.checked_sub(range.length)?, high)));
        let Some((next_low, high)) = bounds else {
            return (ranges, AckShape::BelowZero);
        };
        ranges.push(next_low..=high);
        low = next_low;
    }
    (ranges, AckShape::Sound)
}
