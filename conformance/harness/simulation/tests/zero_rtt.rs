//! 0-RTT of real quinn in the arena: as the client against a server that holds its answer back, and as
//! the server against a client that holds back its Finished.
//!
//! §7.4.1, §17.2.3 and RFC 9001 §4.6. What quinn gets wrong here is pinned as it is, so that nobody
//! takes it for the harness: the names of those tests say `although`.

mod support;

use std::task::Poll;
use std::time::Duration;

use quinn::{ConnectionError, ReadError, SendStream, Side, StoppedError, WriteError};
use streamproof_harness::puppet::PuppetError;
use streamproof_harness::wire::Frame;
use streamproof_harness::wire::packet::PacketType;
use streamproof_harness::{LimitError, SideLimits};
use streamproof_simulation::{Arena, ArenaConfig, ArenaError, Early};
use support::*;

/// quinn remembers these limits and has just sent its hello.
fn client(remembered: SideLimits) -> Arena {
    let early = Some(Early { remembered, ..Early::default() });
    let config = ArenaConfig { early, ..config(Side::Client, SMALL, SMALL) };
    Arena::new(&config).expect("a connection that may send 0-RTT")
}

/// The puppet has offered 0-RTT and holds back its Finished.
fn server(accepts: bool) -> Arena {
    let early = Some(Early { accepts, ..Early::default() });
    let config = ArenaConfig { early, ..config(Side::Server, SMALL, SMALL) };
    Arena::new(&config).expect("a connection that may receive 0-RTT")
}

/// The types of the packets received, and their frames that streams are about.
fn typed(arena: &mut Arena) -> Vec<(PacketType, Frame)> {
    arena.settle();
    let packets = arena.received().into_iter();
    let frames = packets
        .flat_map(|packet| packet.frames.into_iter().map(move |frame| (packet.packet_type, frame)));
    let is_of_streams = |frame: &Frame| {
        !matches!(frame, Frame::Ack { .. } | Frame::Padding | Frame::NewConnectionId { .. })
    };
    frames.filter(|(_, frame)| is_of_streams(frame)).collect()
}

fn id_of(send: &SendStream) -> u64 {
    quinn::VarInt::from(send.id()).into_inner()
}

#[test]
fn client_before_the_answer_sends_zero_rtt_within_the_remembered_limits() {
    let mut arena = client(SideLimits { max_stream_data_uni: Some(6), ..limits(8, 7, 1) });
    assert!(arena.puppet.is_holding_back());
    assert_eq!(arena.zero_rtt_accepted(), None);
    assert_eq!(arena.received(), []);
    let mut uni = open_uni(&arena);
    assert!(poll_with(&Count::new().1, arena.connection.open_uni()).is_pending());
    assert_eq!(write(&mut uni, b"abcdefgh"), Some(6));
    let (mut bidi, mut recv) = ok(now(arena.connection.open_bi()));
    assert_eq!(write(&mut bidi, b"ijk"), Some(2));
    assert_eq!(write(&mut bidi, b"k"), None);
    ok(recv.stop(code(7)));
    let zero_rtt = |frame| (PacketType::ZeroRtt, frame);
    let expected = [
        zero_rtt(stop_sending(0)),
        zero_rtt(data_blocked(8)),
        zero_rtt(stream(2, 0, b"abcdef", false)),
        zero_rtt(stream(0, 0, b"ij", false)),
    ];
    assert_eq!(typed(&mut arena), expected);
    assert_eq!(arena.lose_outstanding(), [0u64; 0], "the server has no say yet");
    assert_eq!(arena.puppet.complaints(), []);
}

#[test]
fn client_accepted_goes_on_in_one_rtt() {
    let mut arena = client(SMALL);
    let mut send = open_uni(&arena);
    assert_eq!(write(&mut send, b"abcd"), Some(4));
    let zero_rtt = arena.received();
    assert_eq!(zero_rtt, [], "nothing runs behind the caller's back");
    arena.settle();
    let numbers: Vec<u64> = arena.received().iter().map(|packet| packet.packet_number).collect();
    ok(arena.finish_handshake(true, &SMALL));
    assert_eq!(arena.zero_rtt_accepted(), Some(true));
    assert!(arena.puppet.is_handshake_confirmed());
    assert!(numbers.iter().all(|number| arena.puppet.outstanding().contains(number)));
    assert_eq!(write(&mut send, b"ef"), Some(2));
    ok(send.finish());
    assert_eq!(typed(&mut arena), [(PacketType::OneRtt, stream(2, 4, b"ef", true))]);
    // 0-RTT data that was lost comes in 1-RTT packets.
    let again = [stream(2, 0, b"abcdef", true)];
    assert_eq!(sent_after_loss(&mut arena), again);
    acknowledge_all(&mut arena);
    assert_eq!(now(send.stopped()), Ok(None));
    assert_eq!(arena.close_reason(), None);
}

#[test]
fn client_accepted_zero_rtt_packets_acknowledged_are_delivered() {
    let mut arena = client(SMALL);
    let mut send = open_uni(&arena);
    assert_eq!(write(&mut send, b"abcd"), Some(4));
    ok(send.finish());
    arena.settle();
    ok(arena.finish_handshake(true, &SMALL));
    ok(arena.acknowledge(&[0]));
    assert_eq!(now(send.stopped()), Ok(None));
}

#[test]
fn client_accepted_with_higher_limits_uses_them_on_new_streams_and_the_connection() {
    let mut arena = client(limits(4, 8, 1));
    let mut first = open_uni(&arena);
    assert_eq!(write(&mut first, b"abcdef"), Some(4));
    let (woken, waker) = Count::new();
    assert!(poll_with(&waker, first.write(b"ef")).is_pending());
    ok(arena.finish_handshake(true, &limits(99, 12, 2)));
    assert_eq!(woken.get(), 1);
    assert_eq!(write(&mut first, b"ef"), Some(2));
    assert_eq!(write(&mut open_uni(&arena), &[b'x'; 20]), Some(12));
    assert_eq!(arena.close_reason(), None);
}

#[test]
fn client_accepted_stream_keeps_its_limit_although_the_server_has_raised_it() {
    let mut arena = client(limits(99, 8, 1));
    let mut send = open_uni(&arena);
    assert_eq!(write(&mut send, b"abcdefghij"), Some(8));
    ok(arena.finish_handshake(true, &limits(99, 12, 1)));
    assert_eq!(write(&mut send, b"ij"), None);
    arena.deliver(&[max_stream_data(2, 12)]);
    assert_eq!(write(&mut send, b"ij"), Some(2));
}

#[test]
fn client_opener_waiting_is_not_woken_although_the_answer_allows_more_streams() {
    for accepted in [true, false] {
        let mut arena = client(SMALL);
        let _first = open_uni(&arena);
        let connection = arena.connection.clone();
        let (woken, waker) = Count::new();
        let mut opening = Box::pin(connection.open_uni());
        assert!(poll_with(&waker, opening.as_mut()).is_pending());
        ok(arena.finish_handshake(accepted, &limits(16, 8, 2)));
        arena.advance(Duration::from_secs(60));
        assert_eq!(woken.get(), 0);
        assert!(matches!(poll_with(&waker, opening), Poll::Ready(Ok(_))));
    }
}

#[test]
fn client_accepted_with_a_lower_limit_is_a_protocol_violation() {
    let lower = [
        limits(15, 8, 1),
        limits(16, 7, 1),
        limits(16, 8, 0),
        SideLimits { max_stream_data_uni: Some(7), ..SMALL },
        SideLimits { max_stream_data_bidi_local: Some(7), ..SMALL },
        SideLimits { max_stream_data_bidi_remote: Some(7), ..SMALL },
        SideLimits { max_streams_bidi: 0, ..SMALL },
    ];
    for limits in lower {
        let mut arena = client(SMALL);
        ok(arena.finish_handshake(true, &limits));
        let Some(ConnectionError::TransportError(error)) = arena.close_reason() else {
            panic!("{limits:?} taken");
        };
        assert_eq!(u64::from(error.code), 0x0a);
        assert_eq!(arena.zero_rtt_accepted(), Some(false));
        assert_eq!(closed_with(&mut arena), Some(0x0a));
    }
}

#[test]
fn client_rejected_forgets_its_streams_and_starts_again() {
    for after in [SMALL, limits(16, 4, 1), limits(99, 12, 2)] {
        let mut arena = client(SMALL);
        let mut old = open_uni(&arena);
        let (_old_bidi, mut old_recv) = ok(now(arena.connection.open_bi()));
        assert_eq!(write(&mut old, b"abcdefgh"), Some(8));
        let (woken, waker) = Count::new();
        assert!(poll_with(&waker, old.write(b"i")).is_pending());
        assert!(poll_with(&waker, old_recv.read(&mut [0; 1])).is_pending());
        sent(&mut arena);
        ok(arena.finish_handshake(false, &after));
        assert_eq!(arena.zero_rtt_accepted(), Some(false));
        assert_eq!(woken.get(), 2);
        assert_eq!(now(old.write(b"i")), Err(WriteError::ZeroRttRejected));
        assert_eq!(now(old.stopped()), Err(StoppedError::ZeroRttRejected));
        assert_eq!(now(old_recv.read(&mut [0; 1])), Err(ReadError::ZeroRttRejected));
        ok(old.reset(code(7)));
        ok(old_recv.stop(code(7)));
        assert_eq!(sent(&mut arena), [], "nothing is sent for them");
        let error = arena.acknowledge(&[0]);
        assert_eq!(error, Err(PuppetError::NotReceived { packet_number: 0 }));

        let mut new = open_uni(&arena);
        assert_eq!(id_of(&new), 2);
        let room = after.max_stream_data;
        assert_eq!(write(&mut new, &[b'x'; 20]), Some(room as usize));
        drop(old);
        let data = sent(&mut arena);
        assert!(
            matches!(&data[..], [Frame::Stream { stream_id: 2, offset: 0, data, fin: false }]
                if data.len() as u64 == room),
            "{data:?}"
        );
        assert_eq!(arena.close_reason(), None);
    }
}

#[test]
fn client_rejected_finish_of_an_old_handle_ends_the_new_stream_although_it_is_another() {
    let mut arena = client(SMALL);
    let mut old = open_uni(&arena);
    ok(arena.finish_handshake(false, &SMALL));
    let mut new = open_uni(&arena);
    assert_eq!(write(&mut new, b"new"), Some(3));
    ok(old.finish());
    assert_eq!(sent(&mut arena), [stream(2, 0, b"new", true)]);
    assert_eq!(now(new.write(b"er")), Err(WriteError::ClosedStream));
}

#[test]
fn client_rejected_keeps_the_connection_limit_although_the_server_has_lowered_it() {
    let mut arena = client(SMALL);
    ok(arena.finish_handshake(false, &limits(4, 8, 1)));
    let mut send = open_uni(&arena);
    assert_eq!(write(&mut send, b"abcdefgh"), Some(8));
}

#[test]
fn client_refused_ends_everything_with_the_servers_code() {
    let mut arena = client(SMALL);
    let mut send = open_uni(&arena);
    assert_eq!(write(&mut send, b"abcd"), Some(4));
    arena.settle();
    ok(arena.refuse_handshake(0x02));
    assert!(matches!(arena.close_reason(), Some(ConnectionError::ConnectionClosed(_))));
    assert_eq!(arena.zero_rtt_accepted(), Some(false));
    assert!(now(send.write(b"x")).is_err());
    assert!(now(arena.connection.open_uni()).is_err());
}

#[test]
fn client_closing_before_the_answer_says_so_in_an_initial_packet() {
    let mut arena = client(SMALL);
    let mut send = open_uni(&arena);
    assert_eq!(write(&mut send, b"abcd"), Some(4));
    arena.connection.close(code(7), b"bye");
    arena.settle();
    assert_eq!(arena.close_reason(), Some(ConnectionError::LocallyClosed));
    assert_eq!(arena.received(), []);
    let line = arena.log().last().expect("a datagram");
    assert!(line.contains("Initial 1 [CONNECTION_CLOSE transport 0x0c"), "{line}");
    // Not ConnectionLost: quinn takes the 0-RTT for rejected.
    assert_eq!(now(send.write(b"x")), Err(WriteError::ZeroRttRejected));
}

#[test]
fn handshake_held_up_for_a_while_still_finishes() {
    for accepted in [true, false] {
        let mut arena = client(SMALL);
        arena.advance(Duration::from_secs(3));
        ok(arena.finish_handshake(accepted, &SMALL));
        assert_eq!(arena.zero_rtt_accepted(), Some(accepted));
        assert!(arena.puppet.is_handshake_confirmed());
        let mut arena = server(accepted);
        arena.advance(Duration::from_secs(3));
        ok(arena.send_finished());
        assert!(arena.puppet.is_handshake_confirmed());
        assert_eq!(arena.close_reason(), None);
        assert_eq!(arena.puppet.complaints(), []);
    }
}

#[test]
fn server_accepting_reads_and_answers_before_the_finished() {
    let mut arena = server(true);
    arena.deliver(&[stream(2, 0, b"abcd", false)]);
    let mut recv = accept_uni(&arena);
    assert_eq!(read(&mut recv, 9).as_deref(), Some("abcd"));
    let one_rtt = |frame| (PacketType::OneRtt, frame);
    assert_eq!(typed(&mut arena), [one_rtt(max_data(20)), one_rtt(max_stream_data(2, 12))]);
    let mut send = open_uni(&arena);
    assert_eq!(write(&mut send, b"0.5"), Some(3));
    assert_eq!(typed(&mut arena), [one_rtt(stream(3, 0, b"0.5", false))]);
    ok(arena.send_finished());
    assert!(arena.puppet.is_handshake_confirmed());
    arena.deliver(&[stream(2, 4, b"ef", true)]);
    assert_eq!(read(&mut recv, 9).as_deref(), Some("ef"));
    acknowledge_all(&mut arena);
    ok(send.finish());
    acknowledge_all(&mut arena);
    assert_eq!(now(send.stopped()), Ok(None));
    assert_eq!(arena.close_reason(), None);
}

#[test]
fn server_rejecting_drops_zero_rtt_until_it_comes_in_one_rtt() {
    let mut arena = server(false);
    let data = stream(2, 0, b"abcd", true);
    arena.deliver(std::slice::from_ref(&data));
    // Not even what breaks a limit is looked at.
    arena.deliver(&[stream(2, 0, b"abcdefghi", false)]);
    assert!(poll_with(&Count::new().1, arena.connection.accept_uni()).is_pending());
    ok(arena.send_finished());
    arena.deliver(&[data]);
    assert_eq!(read(&mut accept_uni(&arena), 9).as_deref(), Some("abcd"));
    assert_eq!(arena.close_reason(), None);
}

#[test]
fn server_accepting_holds_the_client_to_its_limits_in_zero_rtt() {
    for (frame, error_code) in [
        (stream(6, 0, b"", false), 0x04),
        (stream(2, 0, b"abcdefghi", false), 0x03),
        (stop_sending(3), 0x05),
        (Frame::Crypto { offset: 0, data: b"x"[..].into() }, 0x0a),
    ] {
        let mut arena = server(true);
        arena.deliver(&[frame]);
        assert_eq!(closed_with(&mut arena), Some(error_code));
    }
}

#[test]
fn handshake_not_held_up_cannot_be_finished() {
    for side in SIDES {
        let mut arena = arena(side, SMALL, SMALL);
        assert_eq!(arena.zero_rtt_accepted(), None);
        let results = [
            arena.finish_handshake(true, &SMALL),
            arena.send_finished(),
            arena.refuse_handshake(0),
        ];
        assert!(results.iter().all(|result| matches!(result, Err(ArenaError::NotHeldBack))));
    }
    let results = [client(SMALL).send_finished(), server(true).finish_handshake(true, &SMALL)];
    assert!(results.iter().all(|result| matches!(result, Err(ArenaError::NotHeldBack))));
    let error = client(SMALL).finish_handshake(true, &limits(1 << 62, 0, 0));
    assert!(matches!(error, Err(ArenaError::Limit(LimitError { limit: "max_data", .. }))));
}

#[test]
fn arenas_held_up_and_dropped_leave_nothing_behind() {
    for arena in [client(SMALL), server(true)] {
        let mut send = open_uni(&arena);
        write(&mut send, b"abcd");
        let probe = arena.world.leak_probe();
        drop((send, arena));
        assert!(probe.is_released());
    }
}
