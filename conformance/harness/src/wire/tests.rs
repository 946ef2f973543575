//! What is written can be read again, and nothing that arrives makes the reader panic.

use bytes::Bytes;
use proptest::prelude::*;
use proptest::sample::select;

use super::packet::{Context, Header, Packet, PacketType, decode_datagram, encode_packet};
use super::*;

fn integer() -> impl Strategy<Value = u64> {
    // Every length of the encoding, and its edges.
    prop_oneof![
        0..=varint::MAX,
        0u64..100,
        select(vec![63, 64, 16383, 16384, (1 << 30) - 1, 1 << 30, varint::MAX]),
    ]
}

fn bytes(range: std::ops::Range<usize>) -> impl Strategy<Value = Bytes> {
    prop::collection::vec(any::<u8>(), range).prop_map(Bytes::from)
}

fn direction() -> impl Strategy<Value = Direction> {
    select(vec![Direction::Bidirectional, Direction::Unidirectional])
}

fn ack() -> impl Strategy<Value = Frame> {
    let ecn = prop::option::of((integer(), integer(), integer()));
    let numbers = prop::collection::vec(0u64..200, 1..40);
    (numbers, integer(), ecn).prop_map(|(numbers, delay, ecn)| {
        let mut frame = Frame::acknowledging(&numbers).expect("at least one number");
        if let Frame::Ack { ack_delay, ecn_counts, .. } = &mut frame {
            *ack_delay = delay;
            *ecn_counts = ecn.map(|(ect0, ect1, ecn_ce)| EcnCounts { ect0, ect1, ecn_ce });
        }
        frame
    })
}

fn data_frame() -> impl Strategy<Value = Frame> {
    let offset = 0..=varint::MAX - 64;
    prop_oneof![
        (offset.clone(), bytes(0..40)).prop_map(|(offset, data)| Frame::Crypto { offset, data }),
        (integer(), offset, any::<bool>(), bytes(0..40)).prop_map(
            |(stream_id, offset, fin, data)| Frame::Stream { stream_id, offset, fin, data }
        ),
        bytes(1..40).prop_map(|token| Frame::NewToken { token }),
    ]
}

fn stream_control() -> impl Strategy<Value = Frame> {
    let count = 0..=1u64 << 60;
    prop_oneof![
        (integer(), integer(), integer()).prop_map(|(stream_id, code, final_size)| {
            Frame::ResetStream { stream_id, application_protocol_error_code: code, final_size }
        }),
        (integer(), integer()).prop_map(|(stream_id, code)| Frame::StopSending {
            stream_id,
            application_protocol_error_code: code,
        }),
        integer().prop_map(|maximum_data| Frame::MaxData { maximum_data }),
        integer().prop_map(|maximum_data| Frame::DataBlocked { maximum_data }),
        (integer(), integer()).prop_map(|(stream_id, limit)| Frame::MaxStreamData {
            stream_id,
            maximum_stream_data: limit,
        }),
        (integer(), integer()).prop_map(|(stream_id, limit)| Frame::StreamDataBlocked {
            stream_id,
            maximum_stream_data: limit,
        }),
        (direction(), count.clone())
            .prop_map(|(direction, limit)| Frame::MaxStreams { direction, maximum_streams: limit }),
        (direction(), count).prop_map(|(direction, limit)| Frame::StreamsBlocked {
            direction,
            maximum_streams: limit,
        }),
    ]
}

fn connection_frame() -> impl Strategy<Value = Frame> {
    prop_oneof![
        Just(Frame::Ping),
        Just(Frame::HandshakeDone),
        ack(),
        (integer(), 0u64..1000, bytes(1..21), any::<[u8; 16]>()).prop_map(
            |(sequence_number, retired, connection_id, stateless_reset_token)| {
                Frame::NewConnectionId {
                    sequence_number,
                    retire_prior_to: retired.min(sequence_number),
                    connection_id,
                    stateless_reset_token,
                }
            }
        ),
        integer().prop_map(|sequence_number| Frame::RetireConnectionId { sequence_number }),
        any::<[u8; 8]>().prop_map(|data| Frame::PathChallenge { data }),
        any::<[u8; 8]>().prop_map(|data| Frame::PathResponse { data }),
        (integer(), prop::option::of(integer()), bytes(0..40)).prop_map(
            |(error_code, frame_type, reason)| Frame::ConnectionClose {
                error_code,
                frame_type,
                reason,
            }
        ),
    ]
}

fn frame() -> impl Strategy<Value = Frame> {
    prop_oneof![data_frame(), stream_control(), connection_frame()]
}

fn encoded(frames: &[Frame]) -> Bytes {
    let mut out = Vec::new();
    encode_frames(frames, &mut out);
    out.into()
}

proptest! {
    #[test]
    fn legal_frames_encoded_and_decoded_are_the_same(
        mut frames in prop::collection::vec(frame(), 1..8),
        padding_at in any::<prop::sample::Index>(),
    ) {
        frames.insert(padding_at.index(frames.len()), Frame::Padding);
        prop_assert_eq!(decode_frames(encoded(&frames)), Ok(frames));
    }

    #[test]
    fn arbitrary_bytes_decoded_never_panic(payload in bytes(0..80)) {
        if let Ok(frames) = decode_frames(payload) {
            prop_assert_eq!(decode_frames(encoded(&frames)), Ok(frames));
        }
    }

    #[test]
    fn shortened_frames_decoded_never_panic(frame in frame(), keep in any::<prop::sample::Index>()) {
        let whole = encoded(&[frame]);
        let _ = decode_frames(whole.slice(..keep.index(whole.len())));
    }

    #[test]
    fn arbitrary_datagrams_decoded_never_panic(datagram in bytes(0..80)) {
        let context = Context { connection_id_length: 8, largest_received: [None, Some(7), None] };
        let _ = decode_datagram(datagram, &context);
    }

    #[test]
    fn acknowledged_numbers_are_the_ones_named(numbers in prop::collection::btree_set(0u64..300, 1..60)) {
        let named: Vec<u64> = numbers.iter().copied().collect();
        let ack = Frame::acknowledging(&named).expect("at least one number");
        let mut covered: Vec<u64> = ack.acknowledged().into_iter().flatten().collect();
        covered.sort_unstable();
        prop_assert_eq!(covered, named);
    }
}

#[test]
fn coalesced_packets_encoded_and_decoded_are_the_same() {
    let ids = (ConnectionId::from_u64(1), ConnectionId::from_u64(2));
    let types =
        [PacketType::Initial, PacketType::ZeroRtt, PacketType::Handshake, PacketType::OneRtt];
    let mut datagram = Vec::new();
    for (number, packet_type) in types.into_iter().enumerate() {
        let packet_number = number as u64;
        let header = Header { packet_type, destination: ids.0, source: ids.1, packet_number };
        encode_packet(&header, &[0x01], &mut datagram);
    }
    let context = Context { connection_id_length: 8, largest_received: [None; 3] };
    let expected = types.into_iter().enumerate().map(|(number, packet_type)| {
        Ok(Packet {
            packet_type,
            space: packet_type.space(),
            destination: ids.0,
            source: (packet_type != PacketType::OneRtt).then_some(ids.1),
            packet_number: number as u64,
            payload: Bytes::from_static(&[0x01]),
        })
    });
    let packets = decode_datagram(datagram.into(), &context);
    assert_eq!(packets, expected.collect::<Vec<_>>());
}

#[test]
fn illegal_frames_decoded_name_the_broken_rule() {
    let cases: [(&[u8], FrameError); 9] = [
        (&[], FrameError::Empty),
        (&[0x04, 0x00], FrameError::Truncated(Truncated)),
        (&[0x1f], FrameError::UnknownType { frame_type: 0x1f }),
        (&[0x40, 0x01], FrameError::LongType { frame_type: 1 }),
        (&[0x02, 0, 0, 0, 1], FrameError::AckBelowZero),
        (&[0x07, 0], FrameError::EmptyToken),
        (
            &[0x0e, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 7],
            FrameError::OffsetTooLarge,
        ),
        (&[0x18, 0, 1, 8], FrameError::RetireBeyondSequence),
        (&[0x18, 1, 0, 21], FrameError::ConnectionIdLength { length: 21 }),
    ];
    for (payload, error) in cases {
        assert_eq!(decode_frames(Bytes::copy_from_slice(payload)), Err(error));
    }
    let mut streams = vec![0x12];
    varint::encode((1 << 60) + 1, &mut streams);
    let error = FrameError::TooManyStreams { count: (1 << 60) + 1 };
    assert_eq!(decode_frames(streams.into()), Err(error));
}

#[test]
fn frames_displayed_are_one_line_in_capitals() {
    let stream =
        Frame::Stream { stream_id: 2, offset: 0, fin: true, data: Bytes::from_static(b"hello") };
    let reset =
        Frame::ResetStream { stream_id: 2, application_protocol_error_code: 7, final_size: 5 };
    let close = Frame::ConnectionClose {
        error_code: 6,
        frame_type: Some(4),
        reason: Bytes::from_static(b"late\n"),
    };
    let ack = Frame::acknowledging(&[0, 1, 2, 5]).expect("four numbers");
    assert_eq!(stream.to_string(), "STREAM 2 0..5 FIN");
    assert_eq!(reset.to_string(), "RESET_STREAM 2 code 7 final size 5");
    assert_eq!(close.to_string(), "CONNECTION_CLOSE transport 0x06 frame 0x04 \"late\\n\"");
    assert_eq!(ack.to_string(), "ACK 5 0-2");
}
