//! Flow control and stream limits of real quinn in the arena: every limit frame in both directions,
//! lost, repeated and changed at run time.
//!
//! §4.1, §4.2, §4.6, §19.9 to §19.14. The numbers are quinn's own thresholds and orders, pinned so that
//! the model's description of quinn has something to stand on. What is right is not judged here.

mod support;

use std::task::Poll;
use std::time::Duration;

use quinn::{ReadError, Side};
use streamproof_harness::SideLimits;
use streamproof_harness::wire::Frame;
use streamproof_simulation::ArenaConfig;
use support::*;

#[test]
fn recv_read_raises_both_limits() {
    for side in SIDES {
        let mut arena = arena(side, SMALL, SMALL);
        let id = theirs(side, 0);
        arena.deliver(&[stream(id, 0, b"abcd", false)]);
        let mut recv = accept_uni(&arena);
        assert_eq!(sent(&mut arena), []);
        assert_eq!(read(&mut recv, 9).as_deref(), Some("abcd"));
        assert_eq!(sent(&mut arena), [max_data(20), max_stream_data(id, 12)]);
    }
}

#[test]
fn recv_read_of_an_eighth_is_what_raises_a_limit() {
    let mut arena = arena(Side::Server, SMALL, SMALL);
    arena.deliver(&[stream(2, 0, b"abcd", false)]);
    let mut recv = accept_uni(&arena);
    for expected in [
        vec![max_stream_data(2, 9)],
        vec![max_data(18), max_stream_data(2, 10)],
        vec![max_stream_data(2, 11)],
        vec![max_data(20), max_stream_data(2, 12)],
    ] {
        read(&mut recv, 1);
        assert_eq!(sent(&mut arena), expected);
    }
}

#[test]
fn size_known_read_raises_the_connection_and_the_end_the_streams() {
    let mut arena = arena(Side::Server, SMALL, SMALL);
    arena.deliver(&[stream(2, 0, b"abcd", true)]);
    let mut recv = accept_uni(&arena);
    read(&mut recv, 4);
    assert_eq!(sent(&mut arena), [max_data(20)]);
    assert_eq!(read(&mut recv, 4).as_deref(), Some(""));
    assert_eq!(sent(&mut arena), [max_streams(UNI, 2)]);
}

#[test]
fn recv_stop_raises_the_connection_as_data_comes_and_the_streams_with_fin() {
    let mut arena = arena(Side::Server, SMALL, SMALL);
    arena.deliver(&[stream(2, 0, b"abcd", false)]);
    let mut recv = accept_uni(&arena);
    ok(recv.stop(code(7)));
    assert_eq!(sent(&mut arena), [stop_sending(2), max_data(20)]);
    arena.deliver(&[stream(2, 6, b"gh", false)]);
    assert_eq!(sent(&mut arena), [max_data(24)]);
    arena.deliver(&[stream(2, 0, b"abcdef", false)]);
    assert_eq!(sent(&mut arena), []);
    arena.deliver(&[stream(2, 8, b"", true)]);
    assert_eq!(sent(&mut arena), [max_streams(UNI, 2)]);
    // The stream's own limit is not raised after the stop.
    let mut arena = support::arena(Side::Server, SMALL, SMALL);
    arena.deliver(&[stream(2, 0, b"abcd", false)]);
    ok(accept_uni(&arena).stop(code(7)));
    arena.settle();
    arena.deliver(&[stream(2, 4, b"efghi", false)]);
    assert_eq!(closed_with(&mut arena), Some(0x03));
}

#[test]
fn size_known_stop_raises_the_streams_with_the_next_packet_received() {
    for (frame, expected) in [
        (stream(2, 0, b"ab", true), vec![stop_sending(2), max_data(18)]),
        // The reset has raised the connection already.
        (reset(2, 2), vec![]),
    ] {
        let mut arena = arena(Side::Server, SMALL, SMALL);
        arena.deliver(&[frame]);
        let mut recv = accept_uni(&arena);
        acknowledge_all(&mut arena);
        sent(&mut arena);
        ok(recv.stop(code(7)));
        assert_eq!(sent(&mut arena), expected);
        acknowledge_all(&mut arena);
        if expected.is_empty() {
            arena.advance(Duration::from_secs(60));
            assert_eq!(sent(&mut arena), [], "not with time alone");
            arena.deliver(&[Frame::Ping]);
        }
        assert_eq!(sent(&mut arena), [max_streams(UNI, 2)]);
    }
}

#[test]
fn recv_reset_with_a_gap_raises_the_connection_at_once_and_the_streams_when_seen() {
    for look in ["read", "received_reset"] {
        let mut arena = arena(Side::Server, SMALL, SMALL);
        arena.deliver(&[stream(2, 0, b"ab", false)]);
        let mut recv = accept_uni(&arena);
        for expected in [vec![max_data(22)], vec![]] {
            arena.deliver(&[reset(2, 6)]);
            assert_eq!(sent(&mut arena), expected);
        }
        match look {
            "read" => assert_eq!(now(recv.read(&mut [0; 4])), Err(ReadError::Reset(code(7)))),
            _ => assert_eq!(now(recv.received_reset()), Ok(Some(code(7)))),
        }
        assert_eq!(sent(&mut arena), [max_streams(UNI, 2)]);
    }
}

#[test]
fn bidi_closed_on_both_sides_raises_the_streams() {
    let mut arena = arena(Side::Server, SMALL, SMALL);
    arena.deliver(&[stream(0, 0, b"ab", true)]);
    let (mut send, mut recv) = ok(now(arena.connection.accept_bi()));
    assert_eq!(read(&mut recv, 9).as_deref(), Some("ab"));
    ok(send.finish());
    assert_eq!(sent(&mut arena), [max_data(18), stream(0, 0, b"", true)]);
    acknowledge_all(&mut arena);
    assert_eq!(sent(&mut arena), [max_streams(BIDI, 2)]);
}

#[test]
fn limits_lost_are_sent_again_with_the_value_of_the_day() {
    let mut arena = arena(Side::Server, SMALL, SMALL);
    arena.deliver(&[stream(2, 0, b"abcd", false)]);
    let mut recv = accept_uni(&arena);
    read(&mut recv, 2);
    arena.settle();
    read(&mut recv, 2);
    assert_eq!(sent_after_loss(&mut arena), [max_data(20), max_stream_data(2, 12)]);
    arena.deliver(&[stream(2, 4, b"", true)]);
    assert_eq!(sent_after_loss(&mut arena), [max_data(20)], "the stream needs no more");
    assert_eq!(read(&mut recv, 9).as_deref(), Some(""));
    assert_eq!(sent_after_loss(&mut arena), [max_data(20), max_streams(UNI, 2)]);
    arena.deliver(&[stream(6, 0, b"", false)]);
    assert_eq!(sent_after_loss(&mut arena), [max_data(20), max_streams(UNI, 2)]);
    acknowledge_all(&mut arena);
    assert_eq!(sent(&mut arena), []);
}

#[test]
fn limits_released_but_not_advertised_hold_for_the_connection_and_the_streams_only() {
    let sut = SideLimits { max_data: 4, ..SMALL };
    let mut connection = arena(Side::Server, sut, SMALL);
    connection.deliver(&[stream(2, 0, b"abcd", false)]);
    let mut recv = accept_uni(&connection);
    read(&mut recv, 4);
    connection.deliver(&[stream(2, 4, b"ef", false)]);
    assert_eq!(connection.close_reason(), None);

    let mut streams = arena(Side::Server, SMALL, SMALL);
    streams.deliver(&[stream(2, 0, b"", true)]);
    read(&mut accept_uni(&streams), 4);
    streams.deliver(&[stream(6, 0, b"", false)]);
    assert_eq!(streams.close_reason(), None);

    let mut of_stream = arena(Side::Server, limits(99, 8, 1), SMALL);
    of_stream.deliver(&[stream(2, 0, b"abcd", false)]);
    read(&mut accept_uni(&of_stream), 4);
    of_stream.deliver(&[stream(2, 4, b"efghi", false)]);
    assert_eq!(closed_with(&mut of_stream), Some(0x03));
}

#[test]
fn receive_window_changed_at_run_time_is_paid_back_or_told() {
    let mut arena = arena(Side::Server, SMALL, SMALL);
    arena.connection.set_receive_window(code(24));
    assert_eq!(sent(&mut arena), [max_data(24)]);
    assert_eq!(sent_after_loss(&mut arena), [max_data(24)]);
    acknowledge_all(&mut arena);
    arena.connection.set_receive_window(code(20));
    assert_eq!(sent(&mut arena), []);
    arena.deliver(&[stream(2, 0, b"abcdefgh", false)]);
    let mut recv = accept_uni(&arena);
    read(&mut recv, 4);
    assert_eq!(sent(&mut arena), [max_stream_data(2, 12)], "four bytes were owed");
    read(&mut recv, 4);
    assert_eq!(sent(&mut arena), [max_data(28), max_stream_data(2, 16)]);
}

#[test]
fn stream_limits_changed_at_run_time_are_told_and_never_taken_back() {
    for direction in [UNI, BIDI] {
        let mut arena = arena(Side::Server, SMALL, SMALL);
        let connection = arena.connection.clone();
        let set = |count| match direction {
            UNI => connection.set_max_concurrent_uni_streams(code(count)),
            BIDI => connection.set_max_concurrent_bi_streams(code(count)),
        };
        set(2);
        assert_eq!(sent(&mut arena), [max_streams(direction, 2)]);
        assert_eq!(sent_after_loss(&mut arena), [max_streams(direction, 2)]);
        acknowledge_all(&mut arena);
        for count in [1, 0, 2] {
            set(count);
            assert_eq!(sent(&mut arena), []);
        }
        set(3);
        assert_eq!(sent(&mut arena), [max_streams(direction, 3)]);
    }
    // Of a larger limit more than an eighth has to be new.
    let mut arena = arena(Side::Server, limits(16, 8, 16), SMALL);
    arena.connection.set_max_concurrent_uni_streams(code(18));
    assert_eq!(sent(&mut arena), []);
    arena.connection.set_max_concurrent_uni_streams(code(19));
    assert_eq!(sent(&mut arena), [max_streams(UNI, 19)]);
}

#[test]
fn send_blocked_by_the_stream_tells_once_and_wakes_when_raised() {
    for side in SIDES {
        let mut arena = arena(side, SMALL, SMALL);
        let id = own(side, 0);
        let mut send = open_uni(&arena);
        assert_eq!(write(&mut send, b"abcd"), Some(4));
        assert_eq!(write(&mut send, b"efghi"), Some(4));
        let (woken, waker) = Count::new();
        assert!(poll_with(&waker, send.write(b"i")).is_pending());
        let both = [stream_data_blocked(id, 8), stream(id, 0, b"abcdefgh", false)];
        assert_eq!(sent(&mut arena), both);
        assert_eq!(sent_after_loss(&mut arena), both);
        acknowledge_all(&mut arena);
        for (frame, wakes) in [
            (max_stream_data(id, 8), 0),
            (max_stream_data(id, 7), 0),
            (max_data(99), 0),
            (max_stream_data(id, 9), 1),
        ] {
            arena.deliver(&[frame]);
            assert_eq!(woken.get(), wakes);
        }
        assert_eq!(write(&mut send, b"ij"), Some(1));
        assert_eq!(write(&mut send, b"j"), None);
        assert_eq!(sent(&mut arena), [stream_data_blocked(id, 9), stream(id, 8, b"i", false)]);
    }
}

#[test]
fn send_blocked_by_the_connection_tells_once_and_wakes_everyone_when_raised() {
    for side in SIDES {
        let mut arena = arena(side, SMALL, limits(8, 8, 2));
        let (mut first, mut second) = (open_uni(&arena), open_uni(&arena));
        assert_eq!(write(&mut first, b"abcd"), Some(4));
        assert_eq!(write(&mut second, b"efghi"), Some(4));
        let (first_woken, first_waker) = Count::new();
        let (second_woken, second_waker) = Count::new();
        assert!(poll_with(&first_waker, first.write(b"x")).is_pending());
        assert!(poll_with(&second_waker, second.write(b"x")).is_pending());
        let expected = [
            data_blocked(8),
            stream(own(side, 0), 0, b"abcd", false),
            stream(own(side, 1), 0, b"efgh", false),
        ];
        assert_eq!(sent(&mut arena), expected);
        assert_eq!(sent_after_loss(&mut arena), expected);
        acknowledge_all(&mut arena);
        for (limit, wakes) in [(8, 0), (7, 0), (9, 1)] {
            arena.deliver(&[max_data(limit)]);
            assert_eq!((first_woken.get(), second_woken.get()), (wakes, wakes));
        }
        assert_eq!(write(&mut first, b"xy"), Some(1));
        assert_eq!(write(&mut second, b"xy"), None);
    }
}

#[test]
fn send_blocked_alone_tells_only_when_something_else_happens() {
    let mut arena = arena(Side::Client, SMALL, SMALL);
    let mut send = open_uni(&arena);
    assert_eq!(write(&mut send, b"abcdefgh"), Some(8));
    acknowledge_all(&mut arena);
    sent(&mut arena);
    assert_eq!(write(&mut send, b"i"), None);
    assert_eq!(sent(&mut arena), []);
    arena.deliver(&[Frame::Ping]);
    arena.advance(Duration::from_millis(30));
    assert!(sent(&mut arena).contains(&stream_data_blocked(2, 8)));
}

#[test]
fn send_blocked_frames_overtaken_are_not_sent() {
    let mut arena = arena(Side::Client, SMALL, SMALL);
    let mut send = open_uni(&arena);
    write(&mut send, b"abcdefgh");
    write(&mut send, b"i");
    arena.settle();
    arena.deliver(&[max_stream_data(2, 9)]);
    assert_eq!(sent_after_loss(&mut arena), [stream(2, 0, b"abcdefgh", false)]);
    assert_eq!(write(&mut send, b"ij"), Some(1));
    assert_eq!(write(&mut send, b"j"), None);
    ok(send.finish());
    assert_eq!(sent(&mut arena), [stream(2, 8, b"i", true)]);
}

#[test]
fn streams_blocked_opener_waits_in_silence_for_max_streams() {
    for side in SIDES {
        let mut arena = arena(side, SMALL, SMALL);
        let _first = open_uni(&arena);
        let connection = arena.connection.clone();
        let (woken, waker) = Count::new();
        let mut opening = Box::pin(connection.open_uni());
        assert!(poll_with(&waker, opening.as_mut()).is_pending());
        for (limit, wakes) in [(1, 0), (0, 0), (2, 1)] {
            arena.deliver(&[max_streams(UNI, limit)]);
            assert_eq!(woken.get(), wakes);
        }
        assert_eq!(sent(&mut arena), []);
        assert!(matches!(poll_with(&waker, opening), Poll::Ready(Ok(_))));
    }
}

#[test]
fn control_frames_due_leave_before_stream_frames() {
    let mut arena = arena(Side::Client, limits(16, 8, 2), limits(8, 8, 2));
    arena.deliver(&[stream(3, 0, b"abcd", false), stream(7, 0, b"", true)]);
    let (mut open, mut ended) = (accept_uni(&arena), accept_uni(&arena));
    let (mut given_up, mut send) = (open_uni(&arena), open_uni(&arena));
    write(&mut given_up, b"z");
    write(&mut send, b"abcdefgh");
    write(&mut send, b"h");
    ok(given_up.reset(code(7)));
    read(&mut open, 2);
    read(&mut ended, 2);
    let expected = [
        reset(2, 1),
        max_data(18),
        max_stream_data(3, 10),
        max_streams(UNI, 3),
        data_blocked(8),
        stream(6, 0, b"abcdefg", false),
    ];
    assert_eq!(sent(&mut arena), expected);
}

#[test]
fn blocked_frames_of_the_puppet_arrive_and_change_nothing() {
    let mut arena = arena(Side::Server, SMALL, SMALL);
    let streams_blocked = |direction| Frame::StreamsBlocked { direction, maximum_streams: 1 };
    arena.deliver(&[data_blocked(16), stream_data_blocked(2, 8)]);
    arena.deliver(&[streams_blocked(UNI), streams_blocked(BIDI)]);
    let seen = arena.connection.stats().frame_rx;
    assert_eq!((seen.data_blocked, seen.stream_data_blocked), (1, 1));
    assert_eq!((seen.streams_blocked_uni, seen.streams_blocked_bidi), (1, 1));
    assert_eq!(sent(&mut arena), []);
    assert!(poll_with(&Count::new().1, arena.connection.accept_uni()).is_pending());
}

#[test]
fn limits_of_each_kind_of_stream_are_told_apart() {
    for side in SIDES {
        let puppet = SideLimits {
            max_stream_data_bidi_local: Some(1),
            max_stream_data_bidi_remote: Some(2),
            max_stream_data_uni: Some(3),
            ..SMALL
        };
        let mut arena = arena(side, SMALL, puppet);
        assert_eq!(write(&mut open_uni(&arena), b"abcd"), Some(3));
        let (mut own, _) = ok(now(arena.connection.open_bi()));
        assert_eq!(write(&mut own, b"abcd"), Some(2));
        arena.deliver(&[stream(u64::from(side.is_client()), 0, b"", false)]);
        let (mut theirs, _) = ok(now(arena.connection.accept_bi()));
        assert_eq!(write(&mut theirs, b"abcd"), Some(1));
    }
}

#[test]
fn send_window_full_blocks_without_a_word() {
    let config = ArenaConfig { send_window: 4, ..config(Side::Client, SMALL, SMALL) };
    let mut arena = ok(streamproof_simulation::Arena::new(&config));
    let mut send = open_uni(&arena);
    assert_eq!(write(&mut send, b"abcde"), Some(4));
    let (woken, waker) = Count::new();
    assert!(poll_with(&waker, send.write(b"e")).is_pending());
    assert_eq!(sent(&mut arena), [stream(2, 0, b"abcd", false)]);
    acknowledge_all(&mut arena);
    assert_eq!(woken.get(), 1);
}
