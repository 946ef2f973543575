//! The harness itself: a real quinn connection and the puppet, alone in a virtual world.
//!
//! Handshake, data, loss, duplication, violations, determinism and teardown, in both roles. What
//! quinn does right or wrong is not judged here; the conformance runs do that.

use std::fmt::Debug;
use std::future::Future;
use std::process::Command;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use quinn::{ConnectionError, ReadError, RecvStream, SendStream, Side, VarInt, WriteError};
use streamproof_conformance::puppet::PuppetError;
use streamproof_conformance::wire::{Direction, Frame};
use streamproof_conformance::world::{
    Arena, ArenaConfig, ArenaError, Limits, SideLimits, poll_once,
};

const SIDES: [Side; 2] = [Side::Client, Side::Server];

fn config(side: Side) -> ArenaConfig {
    ArenaConfig { side, log: true, ..ArenaConfig::default() }
}

fn arena(side: Side) -> Arena {
    Arena::new(&config(side)).expect("a handshake")
}

/// The output of a call that doesn't block.
fn now<F: Future>(future: F) -> F::Output {
    match poll_once(future) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the call would block"),
    }
}

fn ok<T, E: Debug>(result: Result<T, E>) -> T {
    result.expect("the call succeeds")
}

/// The first unidirectional stream that the system under test opens, and its number.
fn open_uni(arena: &Arena) -> (SendStream, u64) {
    let send = ok(now(arena.connection.open_uni()));
    let id = u64::from(VarInt::from(send.id()));
    (send, id)
}

/// The number of the puppet's first unidirectional stream (§2.1).
fn puppet_uni(side: Side) -> u64 {
    match side {
        Side::Client => 3,
        Side::Server => 2,
    }
}

fn stream(stream_id: u64, offset: u64, data: &'static [u8], fin: bool) -> Frame {
    Frame::Stream { stream_id, offset, fin, data: Bytes::from_static(data) }
}

/// What the system under test has sent since the last call, without acknowledgements.
fn sent(arena: &mut Arena) -> Vec<Frame> {
    let frames = arena.received().into_iter().flat_map(|packet| packet.frames);
    frames.filter(|frame| !matches!(frame, Frame::Ack { .. } | Frame::Padding)).collect()
}

fn read(stream: &mut RecvStream, size: usize) -> Poll<Result<Option<Vec<u8>>, ReadError>> {
    let mut buffer = vec![0; size];
    let read = poll_once(stream.read(&mut buffer));
    read.map_ok(|count| count.map(|count| buffer[..count].to_vec()))
}

#[test]
fn handshake_in_either_role_is_confirmed_in_no_time() {
    for side in SIDES {
        let mut arena = arena(side);
        assert!(arena.puppet.is_handshake_confirmed());
        assert_eq!(arena.puppet.complaints(), []);
        assert_eq!(arena.connection.side(), side);
        assert_eq!(arena.world.now(), Duration::ZERO);
        assert_eq!(arena.puppet.outstanding(), [0u64; 0]);
        assert_eq!(arena.received(), []);
        assert_eq!(arena.log(), [""; 0]);
    }
}

#[test]
fn transport_parameters_of_both_sides_are_known() {
    for side in SIDES {
        let advertised = SideLimits {
            max_data: 100,
            max_stream_data: 50,
            max_streams_bidi: 2,
            max_streams_uni: 1,
            ..SideLimits::default()
        };
        let limits =
            Limits { sut: SideLimits { max_streams_uni: 3, ..advertised }, puppet: advertised };
        let mut arena = ok(Arena::new(&ArenaConfig { limits, ..config(side) }));
        let of_sut = arena.puppet.peer_parameters().expect("parameters");
        assert_eq!(of_sut.initial_max_data, 100);
        assert_eq!(of_sut.initial_max_stream_data_uni, 50);
        assert_eq!(of_sut.initial_max_streams_bidi, 2);
        assert_eq!(of_sut.initial_max_streams_uni, 3);

        let (mut send, id) = open_uni(&arena);
        assert!(poll_once(arena.connection.open_uni()).is_pending());
        assert_eq!(ok(now(send.write(&[7; 80]))), 50);
        arena.settle();
        let data = Bytes::from_static(&[7; 50]);
        let expected = Frame::Stream { stream_id: id, offset: 0, fin: false, data };
        assert!(sent(&mut arena).contains(&expected));
    }
}

#[test]
fn illegal_limits_are_refused() {
    let too_large = SideLimits { max_data: 1 << 62, ..SideLimits::default() };
    let many_streams = SideLimits { max_streams_uni: (1 << 60) + 1, ..SideLimits::default() };
    let refused = |limits| {
        Arena::new(&ArenaConfig { limits, ..ArenaConfig::default() }).expect_err("no arena")
    };
    let default = SideLimits::default();
    for limits in
        [Limits { sut: too_large, puppet: default }, Limits { sut: default, puppet: too_large }]
    {
        let error = refused(limits);
        assert_eq!(error.to_string(), format!("max_data = {} is 2^62 or more", 1u64 << 62));
    }
    // §4.6: quinn closes the connection on such a parameter.
    let error = refused(Limits { sut: default, puppet: many_streams });
    assert!(matches!(error, ArenaError::Handshake(_)), "{error}");
}

#[test]
fn data_written_by_quinn_reaches_the_puppet_when_settled() {
    for side in SIDES {
        let mut arena = arena(side);
        let (mut send, id) = open_uni(&arena);
        assert_eq!(ok(now(send.write(b"hello"))), 5);
        assert_eq!(arena.received(), [], "nothing runs behind the caller's back");
        arena.settle();
        assert_eq!(sent(&mut arena), [stream(id, 0, b"hello", false)]);
        ok(send.finish());
        arena.settle();
        assert_eq!(sent(&mut arena), [stream(id, 5, b"", true)]);
    }
}

#[test]
fn data_delivered_by_the_puppet_is_read() {
    for side in SIDES {
        let mut arena = arena(side);
        let id = puppet_uni(side);
        arena.deliver(&[stream(id, 0, b"hel", false)]);
        let mut recv = ok(now(arena.connection.accept_uni()));
        assert_eq!(read(&mut recv, 9), Poll::Ready(Ok(Some(b"hel".to_vec()))));
        assert!(read(&mut recv, 9).is_pending());
        arena.deliver(&[stream(id, 3, b"lo", true)]);
        assert_eq!(read(&mut recv, 9), Poll::Ready(Ok(Some(b"lo".to_vec()))));
        assert_eq!(read(&mut recv, 9), Poll::Ready(Ok(None)));
    }
}

#[test]
fn data_acknowledged_resolves_stopped() {
    for side in SIDES {
        let mut arena = arena(side);
        let (mut send, _) = open_uni(&arena);
        ok(now(send.write(b"hello")));
        ok(send.finish());
        arena.settle();
        assert!(poll_once(send.stopped()).is_pending());
        let numbers: Vec<u64> = arena.received().iter().map(|p| p.packet_number).collect();
        ok(arena.acknowledge(&numbers));
        assert_eq!(now(send.stopped()), Ok(None));
        assert_eq!(arena.puppet.outstanding(), [0u64; 0]);
    }
}

#[test]
fn data_lost_is_sent_again() {
    for side in SIDES {
        let mut arena = arena(side);
        let (mut send, id) = open_uni(&arena);
        ok(now(send.write(b"hello")));
        ok(send.finish());
        arena.settle();
        for _ in 0..100 {
            assert_eq!(sent(&mut arena), [stream(id, 0, b"hello", true)]);
            assert_eq!(arena.lose_outstanding().len(), 1);
        }
        assert_eq!(sent(&mut arena), [stream(id, 0, b"hello", true)]);
        assert_eq!(arena.world.now(), Duration::ZERO);
        assert!(poll_once(send.stopped()).is_pending());
        let outstanding = arena.puppet.outstanding();
        ok(arena.acknowledge(&outstanding));
        assert_eq!(now(send.stopped()), Ok(None));
        assert_eq!(arena.close_reason(), None);
    }
}

#[test]
fn data_written_but_not_settled_is_lost_too() {
    let mut arena = arena(Side::Server);
    let (mut send, id) = open_uni(&arena);
    ok(now(send.write(b"hello")));
    assert_eq!(arena.lose_outstanding().len(), 1);
    let hello = stream(id, 0, b"hello", false);
    assert_eq!(sent(&mut arena), [hello.clone(), hello]);
}

#[test]
fn several_packets_lost_are_all_sent_again() {
    let mut arena = arena(Side::Client);
    let (mut first, first_id) = open_uni(&arena);
    let (mut second, second_id) = open_uni(&arena);
    for part in [b"one", b"two"] {
        ok(now(first.write(part)));
        arena.settle();
    }
    ok(now(second.write(b"three")));
    arena.settle();
    ok(second.reset(VarInt::from_u32(9)));
    arena.settle();
    sent(&mut arena);
    assert_eq!(arena.lose_outstanding().len(), 4);
    let reset = Frame::ResetStream {
        stream_id: second_id,
        application_protocol_error_code: 9,
        final_size: 5,
    };
    let data = stream(first_id, 0, b"onetwo", false);
    assert_eq!(sent(&mut arena), [reset, data]);
}

#[test]
fn nothing_in_flight_cannot_be_lost() {
    let mut arena = arena(Side::Client);
    assert_eq!(arena.lose_outstanding(), [0u64; 0]);
    assert_eq!(arena.log(), [""; 0]);
}

#[test]
fn packet_delivered_twice_counts_once() {
    for side in SIDES {
        let mut arena = arena(side);
        let id = puppet_uni(side);
        let number = arena.deliver(&[stream(id, 0, b"hello", true)]);
        ok(arena.deliver_again(number));
        let mut recv = ok(now(arena.connection.accept_uni()));
        assert_eq!(read(&mut recv, 9), Poll::Ready(Ok(Some(b"hello".to_vec()))));
        assert_eq!(read(&mut recv, 9), Poll::Ready(Ok(None)));
        ok(arena.deliver_again(number));
        // The same frame in a packet of its own is a retransmission, and harmless too (§2.2).
        arena.deliver(&[stream(id, 0, b"hello", true)]);
        assert_eq!(arena.close_reason(), None);
        let error = arena.deliver_again(1000);
        assert_eq!(error, Err(PuppetError::NotSent { packet_number: 1000 }));
    }
}

#[test]
fn packets_delivered_out_of_order_are_put_in_order() {
    let mut arena = arena(Side::Server);
    arena.puppet.skip_packet_number();
    let number = arena.deliver(&[stream(2, 3, b"lo", true)]);
    arena.puppet.send_numbered(number - 1, &[stream(2, 0, b"hel", false)]);
    arena.settle();
    let mut recv = ok(now(arena.connection.accept_uni()));
    assert_eq!(read(&mut recv, 9), Poll::Ready(Ok(Some(b"hello".to_vec()))));
}

#[test]
fn reset_by_quinn_is_seen_on_the_wire() {
    for side in SIDES {
        let mut arena = arena(side);
        let (mut send, id) = open_uni(&arena);
        ok(now(send.write(b"hello")));
        arena.settle();
        ok(send.reset(VarInt::from_u32(7)));
        arena.settle();
        let reset =
            Frame::ResetStream { stream_id: id, application_protocol_error_code: 7, final_size: 5 };
        assert_eq!(sent(&mut arena), [stream(id, 0, b"hello", false), reset]);
    }
}

#[test]
fn reset_by_the_puppet_is_read() {
    for side in SIDES {
        let mut arena = arena(side);
        let id = puppet_uni(side);
        arena.deliver(&[stream(id, 0, b"hello", false)]);
        let mut recv = ok(now(arena.connection.accept_uni()));
        arena.deliver(&[Frame::ResetStream {
            stream_id: id,
            application_protocol_error_code: 7,
            final_size: 5,
        }]);
        let reset = ReadError::Reset(VarInt::from_u32(7));
        assert_eq!(read(&mut recv, 9), Poll::Ready(Err(reset)));
    }
}

#[test]
fn stop_sending_by_quinn_is_seen_on_the_wire() {
    for side in SIDES {
        let mut arena = arena(side);
        let id = puppet_uni(side);
        arena.deliver(&[stream(id, 0, b"hello", false)]);
        let mut recv = ok(now(arena.connection.accept_uni()));
        ok(recv.stop(VarInt::from_u32(7)));
        arena.settle();
        let stop = Frame::StopSending { stream_id: id, application_protocol_error_code: 7 };
        assert!(sent(&mut arena).contains(&stop));
    }
}

#[test]
fn stop_sending_by_the_puppet_stops_the_writer() {
    for side in SIDES {
        let mut arena = arena(side);
        let (mut send, id) = open_uni(&arena);
        ok(now(send.write(b"hello")));
        arena.settle();
        arena.deliver(&[Frame::StopSending { stream_id: id, application_protocol_error_code: 7 }]);
        let code = VarInt::from_u32(7);
        assert_eq!(now(send.stopped()), Ok(Some(code)));
        assert_eq!(now(send.write(b"x")), Err(WriteError::Stopped(code)));
    }
}

#[test]
fn limits_raised_by_the_puppet_unblock_quinn() {
    let mut arena = ok(Arena::new(&ArenaConfig {
        limits: Limits {
            puppet: SideLimits { max_streams_uni: 0, ..SideLimits::default() },
            ..Limits::default()
        },
        ..config(Side::Client)
    }));
    let connection = arena.connection.clone();
    let opened = arena.world.spawn(async move { connection.open_uni().await.is_ok() });
    arena.settle();
    assert_eq!(opened.take(), None);
    arena
        .deliver(&[Frame::MaxStreams { direction: Direction::Unidirectional, maximum_streams: 1 }]);
    assert_eq!(opened.take(), Some(true));
}

#[test]
fn task_aborted_drops_its_stream() {
    let mut arena = arena(Side::Client);
    let (mut send, id) = open_uni(&arena);
    let task = arena.world.spawn(async move {
        send.write_all(b"hello").await.expect("data fits the window");
        send.stopped().await.ok()
    });
    arena.settle();
    assert_eq!(sent(&mut arena), [stream(id, 0, b"hello", false)]);
    arena.world.abort(&task);
    arena.settle();
    // quinn finishes a stream that is dropped.
    assert_eq!(sent(&mut arena), [stream(id, 5, b"", true)]);
    assert_eq!(task.take(), None);
}

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

#[test]
fn timers_fire_when_time_passes_and_only_then() {
    for side in SIDES {
        let mut arena = arena(side);
        let (mut send, _) = open_uni(&arena);
        ok(now(send.write(b"hello")));
        arena.settle();
        assert_eq!(arena.received().len(), 1);
        // A probe timeout (RFC 9002 §6.2) repeats what was never acknowledged.
        let at = arena.advance_to_next_timer().expect("a timer");
        assert!(at > Duration::ZERO);
        assert_eq!(arena.world.now(), at);
        arena.advance(Duration::from_secs(1));
        assert_eq!(arena.world.now(), at + Duration::from_secs(1));
        assert!(!arena.received().is_empty());
        assert!(!arena.world.is_stuck());
    }
}

#[test]
fn connection_survives_quinns_key_update() {
    // quinn updates its keys after 10 to 1000 packets; the puppet doesn't follow.
    for side in SIDES {
        let mut arena = arena(side);
        let id = puppet_uni(side);
        let first = arena.deliver(&[stream(id, 0, b"hello", false)]);
        let (mut send, _) = open_uni(&arena);
        for _ in 0..1100 {
            ok(now(send.write(b"x")));
            arena.settle();
            let outstanding = arena.puppet.outstanding();
            ok(arena.acknowledge(&outstanding));
        }
        arena.advance(Duration::from_secs(10));
        ok(arena.deliver_again(first));
        assert_eq!(arena.close_reason(), None);
    }
}

/// A run with a bit of everything, and its log.
fn log_of_a_run(side: Side, seed: u64) -> Vec<String> {
    let mut arena = ok(Arena::new(&ArenaConfig { seed, ..config(side) }));
    let (mut send, _) = open_uni(&arena);
    let (mut both, _recv) = ok(now(arena.connection.open_bi()));
    for round in 0..80 {
        let written = now(send.write(b"some data"));
        arena.note(format_args!("write {written:?}"));
        ok(now(both.write(b"more")));
        arena.settle();
        if round % 3 == 0 {
            arena.lose_outstanding();
        }
        let outstanding = arena.puppet.outstanding();
        ok(arena.acknowledge(&outstanding));
    }
    let id = puppet_uni(side);
    let number = arena.deliver(&[stream(id, 0, b"hello", false)]);
    ok(arena.deliver_again(number));
    arena.advance(Duration::from_millis(30));
    ok(both.reset(VarInt::from_u32(3)));
    arena.advance_to_next_timer();
    arena.deliver(&[stream(id, 0, b"hello", true), stream(id, 5, b"!", false)]);
    arena.advance(Duration::from_secs(5));
    arena.log().to_vec()
}

#[test]
fn same_run_in_one_process_writes_equal_logs() {
    for side in SIDES {
        let log = log_of_a_run(side, 1);
        assert!(log.len() > 250, "{}", log.len());
        assert_eq!(log, log_of_a_run(side, 1));
        assert_ne!(log, log_of_a_run(side, 2), "the seed changes which numbers are skipped");
    }
}

#[test]
fn same_run_in_two_processes_writes_equal_logs() {
    const NAME: &str = "same_run_in_two_processes_writes_equal_logs";
    if std::env::var_os(NAME).is_some() {
        for line in SIDES.into_iter().flat_map(|side| log_of_a_run(side, 1)) {
            println!("\nLOG {line}");
        }
        return;
    }
    let run = || {
        let exe = std::env::current_exe().expect("this test has a file");
        let mut command = Command::new(exe);
        command.args(["--exact", NAME, "--nocapture"]).env(NAME, "1");
        let output = command.output().expect("the child runs");
        assert!(output.status.success());
        let text = String::from_utf8(output.stdout).expect("text");
        let log: Vec<String> =
            text.lines().filter(|line| line.starts_with("LOG ")).map(str::to_owned).collect();
        log
    };
    let (first, second) = (run(), run());
    assert!(first.len() > 500, "{}", first.len());
    assert_eq!(first, second);
}

#[test]
fn log_switched_off_stays_empty_and_changes_nothing() {
    let quiet = ArenaConfig { log: false, ..config(Side::Client) };
    let mut frames = Vec::new();
    for config in [quiet, config(Side::Client)] {
        let mut arena = ok(Arena::new(&config));
        let (mut send, _) = open_uni(&arena);
        ok(now(send.write(b"hello")));
        arena.lose_outstanding();
        assert_eq!(arena.log().is_empty(), !config.log);
        frames.push(arena.received());
    }
    assert_eq!(frames[0], frames[1]);
}

#[test]
fn arenas_dropped_leave_nothing_behind() {
    for round in 0..200 {
        let side = SIDES[round % 2];
        let mut arena = arena(side);
        let (mut send, _) = open_uni(&arena);
        ok(now(send.write(b"hello")));
        let connection = arena.connection.clone();
        let _running = arena.world.spawn(async move { connection.closed().await });
        arena.deliver(&[stream(puppet_uni(side), 0, b"hello", false)]);
        if round % 3 == 0 {
            arena.deliver_payload(b"\x1f");
        }
        let connection = arena.connection.clone();
        let _never_polled = arena.world.spawn(async move { connection.closed().await });
        let probe = arena.world.leak_probe();
        assert!(!probe.is_released());
        drop((send, arena));
        assert!(probe.is_released(), "round {round}");
    }
}

#[test]
fn handles_that_outlive_the_arena_keep_nothing_but_themselves() {
    let arena = arena(Side::Client);
    let (mut send, _) = open_uni(&arena);
    let probe = arena.world.leak_probe();
    drop(arena);
    assert!(!probe.is_released());
    let _ = poll_once(send.write(b"hello"));
    drop(send);
    assert!(probe.is_released());
}
