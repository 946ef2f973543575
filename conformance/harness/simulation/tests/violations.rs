//! A puppet that breaks the rules, and what it refuses to do, in both roles.
//!
//! Which code quinn closes a connection with is pinned in one example; the conformance runs judge the rest.

mod support;

use std::time::Duration;

use bytes::Bytes;
use quinn::{ConnectionError, Side};
use streamproof_harness::puppet::PuppetError;
use streamproof_harness::wire::{Direction, Frame};
use support::plain::*;
use support::{SIDES, ok, stream};

#[test]
fn final_size_violated_closes_the_connection_with_its_code() {
    for side in SIDES {
        let mut arena = arena(side);
        let id = puppet_uni(side);
        arena.deliver(&[stream(id, 0, b"hello", true)]);
        arena.deliver(&[Frame::ResetStream {
            stream_id: id,
            application_protocol_error_code: 0,
            final_size: 4,
        }]);
        let Some(ConnectionError::TransportError(error)) = arena.close_reason() else {
            panic!("open, or closed for another reason");
        };
        assert_eq!(u64::from(error.code), 0x06);
        let close = sent(&mut arena).pop();
        assert!(
            matches!(
                close,
                Some(Frame::ConnectionClose { error_code: 0x06, frame_type: Some(_), .. })
            ),
            "{close:?}"
        );
        assert_eq!(arena.lose_outstanding(), [0u64; 0]);
    }
}

#[test]
fn any_number_can_be_delivered() {
    let largest = (1 << 62) - 1;
    let frames = [
        stream(largest, largest, b"beyond", true),
        Frame::ResetStream {
            stream_id: largest,
            application_protocol_error_code: largest,
            final_size: largest,
        },
        Frame::MaxStreamData { stream_id: largest, maximum_stream_data: largest },
        Frame::MaxStreams { direction: Direction::Bidirectional, maximum_streams: largest },
    ];
    for side in SIDES {
        for frame in &frames {
            let mut arena = arena(side);
            arena.deliver(std::slice::from_ref(frame));
            assert!(arena.close_reason().is_some(), "{frame} is legal for quinn");
        }
    }
}

#[test]
fn malformed_packets_never_panic() {
    let payloads: [&[u8]; 5] = [b"", b"\x1f", b"\x04\xff", b"\x40\x01", b"\x02\x00\x00\x00\x09"];
    for side in SIDES {
        for payload in payloads {
            let mut arena = arena(side);
            arena.deliver_payload(payload);
            arena.advance(Duration::from_secs(10));
            assert_eq!(arena.puppet.complaints(), []);
        }
        let mut arena = arena(side);
        for datagram in [&b""[..], b"\x00", b"\x43", b"\xc3\x00\x00\x00\x01\xff", &[0x43; 40]] {
            arena.deliver_datagram(Bytes::from_static(datagram));
        }
        assert_eq!(arena.close_reason(), None);
    }
}

#[test]
fn packets_never_received_cannot_be_acknowledged() {
    let mut arena = arena(Side::Server);
    let error = arena.acknowledge(&[5000]);
    assert_eq!(error, Err(PuppetError::NotReceived { packet_number: 5000 }));
    ok(arena.acknowledge(&[]));
    assert_eq!(arena.log(), [""; 0]);
}
