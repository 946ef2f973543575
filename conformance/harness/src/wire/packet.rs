//! Packets (§17): headers to bytes and back, with nothing encrypted.
//!
//! Initial, 0-RTT, Handshake and 1-RTT packets of QUIC version 1. There is no header protection, no AEAD
//! and no tag, so a header can be read where it lies; [`head`] reads what nothing protects in a packet that is. The reserved
//! bits and the key phase are read and reported, not judged. Packet numbers are written with four
//! bytes, which keeps every packet long enough for quinn's header-protection sample.

use std::fmt;

use bytes::Bytes;

use super::ConnectionId;
use super::reader::{Reader, Truncated};
use super::varint;

/// The version of QUIC that is spoken here.
pub const VERSION: u32 = 1;

/// Packet number spaces (§12.3).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Space {
    /// Initial packets (§17.2.2).
    Initial,
    /// Handshake packets (§17.2.4).
    Handshake,
    /// Application data: 1-RTT packets (§17.3.1) and 0-RTT packets (§17.2.3).
    OneRtt,
}

impl fmt::Display for Space {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Initial => "Initial",
            Self::Handshake => "Handshake",
            Self::OneRtt => "1-RTT",
        })
    }
}

/// The types of packets that are played here (§17.2, §17.3).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum PacketType {
    /// §17.2.2
    Initial,
    /// §17.2.3: application data before the handshake is complete.
    ZeroRtt,
    /// §17.2.4
    Handshake,
    /// §17.3.1
    OneRtt,
}

impl PacketType {
    /// The packet number space that packets of this type are numbered in (§12.3).
    pub const fn space(self) -> Space {
        match self {
            Self::Initial => Space::Initial,
            Self::Handshake => Space::Handshake,
            Self::ZeroRtt | Self::OneRtt => Space::OneRtt,
        }
    }
}

impl fmt::Display for PacketType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ZeroRtt => f.write_str("0-RTT"),
            Self::Initial | Self::Handshake | Self::OneRtt => self.space().fmt(f),
        }
    }
}

impl From<Space> for PacketType {
    /// The type of packet that a space has once its keys are there: 1-RTT for application data.
    fn from(space: Space) -> Self {
        match space {
            Space::Initial => Self::Initial,
            Space::Handshake => Self::Handshake,
            Space::OneRtt => Self::OneRtt,
        }
    }
}

/// A packet as it was received.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Packet {
    /// The packet's type.
    pub packet_type: PacketType,
    /// The packet number space.
    pub space: Space,
    /// Whom the packet is for.
    pub destination: ConnectionId,
    /// Who sent it; long headers only.
    pub source: Option<ConnectionId>,
    /// The full packet number.
    pub packet_number: u64,
    /// The frames, still encoded.
    pub payload: Bytes,
}

/// What the receiver has to know to read a packet.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    /// The length of the receiver's own connection IDs in bytes; short headers don't say it.
    pub connection_id_length: usize,
    /// The largest packet number received so far in each space, in the order of [`Space`].
    pub largest_received: [Option<u64>; 3],
}

impl Context {
    /// The full packet number whose low `length` bytes, one to four, are `truncated` (§17.1, appendix A.3).
    pub fn packet_number(&self, space: Space, truncated: u64, length: u64) -> u64 {
        let largest = self.largest_received[space as usize];
        expand(truncated, length, largest.map_or(0, |largest| largest + 1))
    }
}

/// Why a datagram could not be read on.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PacketError {
    /// The datagram ends in the middle of a header or payload.
    #[error("§17: {0}")]
    Truncated(#[from] Truncated),
    /// The fixed bit is zero (§17.2, §17.3.1).
    #[error("§17.2: the fixed bit is zero")]
    FixedBit,
    /// A version other than 1.
    #[error("§17.2: version 0x{version:08x}")]
    Version {
        /// The version that was read.
        version: u32,
    },
    /// It does not decrypt (RFC 9001 §5.3).
    #[error("RFC 9001 §5.3: a packet that does not decrypt")]
    Sealed,
    /// A Retry packet, which is not played here.
    #[error("§17.2: long packet type {packet_type} is not supported")]
    Type {
        /// The two type bits.
        packet_type: u8,
    },
    /// A connection ID is longer than 20 bytes (§17.2).
    #[error("§17.2: a connection ID of {length} bytes")]
    ConnectionIdLength {
        /// The length that was read.
        length: u8,
    },
}

/// The header of a packet to be sent.
#[derive(Clone, Copy, Debug)]
pub struct Header {
    /// The packet's type, and with it the packet number space.
    pub packet_type: PacketType,
    /// Whom the packet is for.
    pub destination: ConnectionId,
    /// Who sends it; written into long headers only.
    pub source: ConnectionId,
    /// The packet number; its low 32 bits are written.
    pub packet_number: u64,
}

/// Appends one packet to a datagram.
pub fn encode_packet(header: &Header, payload: &[u8], datagram: &mut Vec<u8>) {
    // The low two bits are the length of the packet number, minus one (§17.2, §17.3.1).
    match header.packet_type {
        PacketType::Initial => encode_long(0xc3, header, payload.len(), datagram),
        PacketType::ZeroRtt => encode_long(0xd3, header, payload.len(), datagram),
        PacketType::Handshake => encode_long(0xe3, header, payload.len(), datagram),
        PacketType::OneRtt => {
            datagram.push(0x43);
            datagram.extend_from_slice(header.destination.as_bytes());
        }
    }
    datagram.extend_from_slice(&(header.packet_number as u32).to_be_bytes());
    datagram.extend_from_slice(payload);
}

/// A long header up to its packet number (§17.2).
fn encode_long(first: u8, header: &Header, payload: usize, datagram: &mut Vec<u8>) {
    datagram.push(first);
    datagram.extend_from_slice(&VERSION.to_be_bytes());
    for id in [header.destination, header.source] {
        // A `ConnectionId` holds at most 20 bytes.
        datagram.push(id.as_bytes().len() as u8);
        datagram.extend_from_slice(id.as_bytes());
    }
    if header.packet_type == PacketType::Initial {
        // §17.2.2: no token.
        varint::encode(0, datagram);
    }
    varint::encode(4 + payload as u64, datagram);
}

/// Takes the packets of a `datagram` apart, in order (§12.2). The first error ends it, because the
/// length of what cannot be read is unknown.
pub fn decode_datagram(datagram: Bytes, context: &Context) -> Vec<Result<Packet, PacketError>> {
    let mut reader = Reader::new(datagram);
    let mut packets = Vec::with_capacity(1);
    while !reader.is_empty() {
        let packet = decode_packet(&mut reader, context);
        let ends = packet.is_err();
        packets.push(packet);
        if ends {
            break;
        }
    }
    packets
}

fn decode_packet(reader: &mut Reader, context: &Context) -> Result<Packet, PacketError> {
    let first = reader.u8()?;
    if first & 0x80 != 0 {
        return decode_long(first, reader, context);
    }
    if first & 0x40 == 0 {
        return Err(PacketError::FixedBit);
    }
    let destination = connection_id(context.connection_id_length as u64, reader)?;
    let packet_number = packet_number(first, Space::OneRtt, reader, context)?;
    Ok(Packet {
        packet_type: PacketType::OneRtt,
        space: Space::OneRtt,
        destination,
        source: None,
        packet_number,
        // §17.3: a short header has no length, so the packet is the rest of the datagram.
        payload: reader.take_rest(),
    })
}

fn decode_long(first: u8, reader: &mut Reader, context: &Context) -> Result<Packet, PacketError> {
    let head = long_head(first, reader)?;
    let mut body = Reader::new(reader.take(head.length)?);
    let space = head.packet_type.space();
    let packet_number = packet_number(first, space, &mut body, context)?;
    Ok(Packet {
        packet_type: head.packet_type,
        space,
        destination: head.destination,
        source: Some(head.source),
        packet_number,
        payload: body.take_rest(),
    })
}

/// What nothing protects in a packet (RFC 9001 §5.4): its header up to the packet number.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Head {
    /// The packet's type.
    pub packet_type: PacketType,
    /// Whom the packet is for.
    pub destination: ConnectionId,
    /// Who sent it; long headers only.
    pub source: Option<ConnectionId>,
    /// Where the packet number begins, in bytes from the packet's first.
    pub number: usize,
    /// How many bytes the packet number and the payload have together. They are all there.
    pub length: usize,
}

/// Reads the head of the first packet in the `rest` of a datagram, protected or not.
///
/// # Errors
///
/// When it is no packet that is played here, or the datagram ends in it.
pub fn head(rest: &Bytes, context: &Context) -> Result<Head, PacketError> {
    let mut reader = Reader::new(rest.clone());
    let first = reader.u8()?;
    let (packet_type, destination, source, length) = if first & 0x80 != 0 {
        let head = long_head(first, &mut reader)?;
        let length = usize::try_from(head.length).map_err(|_| Truncated)?;
        (head.packet_type, head.destination, Some(head.source), length)
    } else {
        if first & 0x40 == 0 {
            return Err(PacketError::FixedBit);
        }
        let destination = connection_id(context.connection_id_length as u64, &mut reader)?;
        (PacketType::OneRtt, destination, None, reader.remaining())
    };
    if length > reader.remaining() {
        return Err(Truncated.into());
    }
    let number = rest.len() - reader.remaining();
    Ok(Head { packet_type, destination, source, number, length })
}

/// A long header up to its packet number.
struct LongHead {
    packet_type: PacketType,
    destination: ConnectionId,
    source: ConnectionId,
    /// The bytes of packet number and payload.
    length: u64,
}

/// Reads what nothing protects in a long header, behind its `first` byte.
fn long_head(first: u8, reader: &mut Reader) -> Result<LongHead, PacketError> {
    let version = u32::from_be_bytes(reader.array()?);
    if version != VERSION {
        return Err(PacketError::Version { version });
    }
    if first & 0x40 == 0 {
        return Err(PacketError::FixedBit);
    }
    let length = reader.u8()?;
    let destination = connection_id(u64::from(length), reader)?;
    let length = reader.u8()?;
    let source = connection_id(u64::from(length), reader)?;
    let packet_type = match first >> 4 & 0x03 {
        0 => PacketType::Initial,
        1 => PacketType::ZeroRtt,
        2 => PacketType::Handshake,
        packet_type => return Err(PacketError::Type { packet_type }),
    };
    if packet_type == PacketType::Initial {
        let token = reader.varint()?;
        reader.take(token)?;
    }
    let length = reader.varint()?;
    Ok(LongHead { packet_type, destination, source, length })
}

fn connection_id(length: u64, reader: &mut Reader) -> Result<ConnectionId, PacketError> {
    let bytes = reader.take(length)?;
    ConnectionId::new(&bytes).ok_or(PacketError::ConnectionIdLength {
        // More than 20 bytes can only come from a length field of one byte.
        length: u8::try_from(length).unwrap_or(u8::MAX),
    })
}

fn packet_number(
    first: u8,
    space: Space,
    reader: &mut Reader,
    context: &Context,
) -> Result<u64, Truncated> {
    let length = u64::from(first & 0x03) + 1;
    let truncated = reader.uint(length)?;
    Ok(context.packet_number(space, truncated, length))
}

/// The packet number closest to `expected` whose low `length` bytes are `truncated` (§17.1,
/// appendix A.3).
fn expand(truncated: u64, length: u64, expected: u64) -> u64 {
    let window = 1u64 << (8 * length);
    let candidate = (expected & !(window - 1)) | truncated;
    if candidate + window / 2 <= expected && candidate < (1 << 62) - window {
        candidate + window
    } else if candidate > expected + window / 2 && candidate >= window {
        candidate - window
    } else {
        candidate
    }
}

#[cfg(test)]
mod tests {
    use super::expand;

    #[test]
    fn truncated_number_expands_to_the_closest() {
        // The example of appendix A.3.
        assert_eq!(expand(0x9b32, 2, 0xa82f_30eb), 0xa82f_9b32);
        assert_eq!(expand(0, 1, 0), 0);
        assert_eq!(expand(0, 1, 256), 256);
        assert_eq!(expand(0xff, 1, 256), 255);
    }
}
