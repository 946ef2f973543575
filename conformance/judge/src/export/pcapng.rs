//! A capture as a pcapng file, with the secrets in it, so that Wireshark decrypts it by itself.
//!
//! Four kinds of block (draft-ietf-opsawg-pcapng): the section's header, the interface, the secrets of TLS, and one
//! for each packet. A packet begins with an IPv4 header: addresses and ports are made up, because the datagrams were
//! handed over without a network.

use etherparse::PacketBuilder;

use streamproof_harness::puppet::{Capture, Datagram};

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const PACKET: u32 = 6;
const SECRETS: u32 = 0x0a;

const BYTE_ORDER: u32 = 0x1a2b_3c4d;
/// Packets that begin with an IP header.
const LINKTYPE_RAW: u16 = 101;
/// "TLSK": a key log in the format of NSS.
const TLS_KEY_LOG: u32 = 0x544c_534b;
/// A comment, for people.
const COMMENT: u16 = 1;

/// Address, port.
const PUPPET: ([u8; 4], u16) = ([127, 0, 0, 1], 4433);
const SUT: ([u8; 4], u16) = ([127, 0, 0, 2], 4434);
const HOPS: u8 = 64;

/// The file, with a comment that says what it shows. No time has passed between the datagrams; each is written a
/// millisecond after the one before, so that readers keep their order.
pub(super) fn write(capture: &Capture, comment: &str) -> Vec<u8> {
    let mut file = Vec::new();
    let mut section = BYTE_ORDER.to_le_bytes().to_vec();
    section.extend(1u16.to_le_bytes()); // Version 1.0.
    section.extend(0u16.to_le_bytes());
    section.extend(u64::MAX.to_le_bytes()); // The section's length is not given.
    option(COMMENT, comment.as_bytes(), &mut section);
    option(0, &[], &mut section);
    block(SECTION_HEADER, &section, &mut file);

    let mut interface = LINKTYPE_RAW.to_le_bytes().to_vec();
    interface.extend([0; 6]); // Reserved; no limit to a packet's length.
    block(INTERFACE, &interface, &mut file);

    let mut secrets = TLS_KEY_LOG.to_le_bytes().to_vec();
    secrets.extend(length(&capture.secrets).to_le_bytes());
    padded(capture.secrets.as_bytes(), &mut secrets);
    block(SECRETS, &secrets, &mut file);

    for (millisecond, datagram) in (0u64..).zip(&capture.datagrams) {
        block(PACKET, &packet(millisecond * 1000, datagram), &mut file);
    }
    file
}

fn packet(microsecond: u64, datagram: &Datagram) -> Vec<u8> {
    let (from, to) = if datagram.from_puppet { (PUPPET, SUT) } else { (SUT, PUPPET) };
    let builder = PacketBuilder::ipv4(from.0, to.0, HOPS).udp(from.1, to.1);
    let mut ip = Vec::with_capacity(builder.size(datagram.bytes.len()));
    // Into memory; and no datagram is as long as IPv4 forbids.
    let _ = builder.write(&mut ip, &datagram.bytes);
    let mut packet = 0u32.to_le_bytes().to_vec(); // The interface.
    packet.extend(((microsecond >> 32) as u32).to_le_bytes());
    packet.extend((microsecond as u32).to_le_bytes());
    packet.extend(length(&ip).to_le_bytes()); // As captured,
    packet.extend(length(&ip).to_le_bytes()); // and as it was.
    padded(&ip, &mut packet);
    packet
}

fn length(bytes: impl AsRef<[u8]>) -> u32 {
    u32::try_from(bytes.as_ref().len()).unwrap_or(u32::MAX)
}

fn block(kind: u32, body: &[u8], file: &mut Vec<u8>) {
    let length = length(body) + 12;
    file.extend(kind.to_le_bytes());
    file.extend(length.to_le_bytes());
    file.extend(body);
    file.extend(length.to_le_bytes());
}

fn option(code: u16, value: &[u8], body: &mut Vec<u8>) {
    let value = &value[..value.len().min(usize::from(u16::MAX))];
    body.extend(code.to_le_bytes());
    body.extend((value.len() as u16).to_le_bytes());
    padded(value, body);
}

/// With zeros up to the next four bytes.
fn padded(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend(bytes);
    out.resize(out.len().next_multiple_of(4), 0);
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn every_block_says_its_length_twice_and_ends_where_the_next_begins() {
        let datagram =
            |from_puppet| Datagram { from_puppet, bytes: Bytes::from_static(&[1, 2, 3, 4, 5]) };
        let capture = Capture {
            datagrams: vec![datagram(true), datagram(false)],
            secrets: "CLIENT_TRAFFIC_SECRET_0 00 01\n".to_owned(),
        };
        let file = write(&capture, "odd");
        let word =
            |at: usize| u32::from_le_bytes([file[at], file[at + 1], file[at + 2], file[at + 3]]);
        let (mut at, mut kinds) = (0, Vec::new());
        while at < file.len() {
            let length = word(at + 4) as usize;
            assert_eq!(length % 4, 0);
            assert_eq!(word(at + length - 4) as usize, length);
            kinds.push(word(at));
            at += length;
        }
        assert_eq!(at, file.len());
        assert_eq!(kinds, [SECTION_HEADER, INTERFACE, SECRETS, PACKET, PACKET]);
    }
}
