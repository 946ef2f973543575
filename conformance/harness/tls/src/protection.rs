//! Packet protection (RFC 9001 §5): the harness's packets, sealed and opened with rustls' keys.
//!
//! A keyring says which keys belong to a packet; what is not sealed is the harness's business (`wire::packet`). Zero bytes behind the
//! last packet of a datagram are padding that some stacks send outside of packets; they are ignored.

use bytes::Bytes;
use rustls::quic::{DirectionalKeys, HeaderProtectionKey, PacketKey};

use streamproof_harness::puppet::protection::TAG;
use streamproof_harness::wire::packet::{
    Context, Head, Header, Packet, PacketError, PacketType, encode_packet, head,
};
use streamproof_harness::wire::{ConnectionId, Truncated};

/// Where header protection takes its sample: behind a packet number of four bytes (RFC 9001 §5.4.2).
const LONGEST_NUMBER: usize = 4;
/// The key phase in the first byte of a short header (§17.3.1).
const KEY_PHASE: u8 = 0x04;

/// The keys for what the peer sends.
pub(crate) trait Keyring {
    /// The keys for packets of this type to this connection ID; `None` before there are any.
    fn opening(
        &mut self,
        packet: PacketType,
        destination: ConnectionId,
    ) -> Option<&DirectionalKeys>;

    /// The key for 1-RTT packets of this key phase, if it is the next one's (RFC 9001 §6).
    fn opening_next(&self, phase: bool) -> Option<&dyn PacketKey>;

    /// The peer has updated its keys: the next phase is the current one from here on.
    fn update(&mut self);
}

/// Appends one sealed packet to a datagram. The packet number has four bytes, so that every packet is long enough
/// for the sample.
pub(crate) fn seal_packet(
    header: &Header,
    payload: &[u8],
    (keys, packet_key, phase): (&dyn HeaderProtectionKey, &dyn PacketKey, bool),
    datagram: &mut Vec<u8>,
) -> Result<(), rustls::Error> {
    let start = datagram.len();
    let mut body = payload.to_vec();
    body.resize(payload.len() + TAG, 0);
    encode_packet(header, &body, datagram);
    let sealed = datagram.len() - body.len();
    let number = sealed - LONGEST_NUMBER;
    if phase && header.packet_type == PacketType::OneRtt {
        datagram[start] |= KEY_PHASE;
    }
    let (head, rest) = datagram.split_at_mut(sealed);
    let (text, tag_place) = rest.split_at_mut(payload.len());
    let tag = packet_key.encrypt_in_place(header.packet_number, &head[start..], text)?;
    tag_place.copy_from_slice(tag.as_ref());
    let (head, sample) = datagram.split_at_mut(sealed);
    let (first, numbers) = head[start..].split_at_mut(number - start);
    keys.encrypt_in_place(&sample[..keys.sample_len()], &mut first[0], numbers)
}

/// Takes the first packet off the `rest` of a datagram and opens it (§12.2); `None` at the end. Packets for which
/// there are no keys are left out; an error ends the datagram. One packet at a time, because the keys of the next may
/// be in it.
pub(crate) fn open_next(
    rest: &mut Bytes,
    context: &Context,
    keyring: &mut dyn Keyring,
) -> Option<Result<Packet, PacketError>> {
    while rest.iter().any(|byte| *byte != 0) {
        match open_first(rest, context, keyring) {
            Ok(Some(packet)) => return Some(Ok(packet)),
            Ok(None) => {}
            Err(error) => {
                rest.clear();
                return Some(Err(error));
            }
        }
    }
    None
}

fn open_first(
    rest: &mut Bytes,
    context: &Context,
    keyring: &mut dyn Keyring,
) -> Result<Option<Packet>, PacketError> {
    let Head { packet_type, destination, source, number, length } = head(rest, context)?;
    if length < LONGEST_NUMBER + TAG {
        return Err(Truncated.into());
    }
    let mut packet = rest.split_to(number + length).to_vec();
    let Some(keys) = keyring.opening(packet_type, destination) else { return Ok(None) };
    let number_length = unmask(&*keys.header, &mut packet, number)?;
    let truncated =
        packet[number..number + number_length].iter().fold(0, |n, byte| n << 8 | u64::from(*byte));
    let space = packet_type.space();
    let packet_number = context.packet_number(space, truncated, number_length as u64);
    let phase = packet[0] & KEY_PHASE != 0;
    let (head, sealed) = packet.split_at_mut(number + number_length);
    let is_short = packet_type == PacketType::OneRtt;
    let next = is_short.then(|| keyring.opening_next(phase)).flatten();
    let updates = next.is_some();
    let payload = match next {
        Some(next) => next.decrypt_in_place(packet_number, head, sealed),
        None => match keyring.opening(packet_type, destination) {
            Some(keys) => keys.packet.decrypt_in_place(packet_number, head, sealed),
            None => return Ok(None),
        },
    };
    let payload = Bytes::copy_from_slice(payload.map_err(|_| PacketError::Sealed)?);
    if updates {
        keyring.update();
    }
    Ok(Some(Packet { packet_type, space, destination, source, packet_number, payload }))
}

/// Takes the mask off a header whose packet number is at `number`, and says how long the number is.
fn unmask(
    key: &dyn HeaderProtectionKey,
    packet: &mut [u8],
    number: usize,
) -> Result<usize, PacketError> {
    let (head, sample) = packet.split_at_mut(number + LONGEST_NUMBER);
    let (first, numbers) = head.split_at_mut(number);
    let sample = sample.get(..key.sample_len()).ok_or(PacketError::Sealed)?;
    key.decrypt_in_place(sample, &mut first[0], numbers).map_err(|_| PacketError::Sealed)?;
    Ok(usize::from(first[0] & 0x03) + 1)
}
