//! Streams of real quinn in the arena: data, loss, duplication, resets and limits, in both roles.
//!
//! What quinn does right or wrong is not judged here; the conformance runs do that.

mod support;

use std::task::Poll;
use std::time::Duration;

use quinn::{ReadError, Side, VarInt, WriteError};
use streamproof_harness::SideLimits;
use streamproof_harness::puppet::PuppetError;
use streamproof_harness::wire::{Direction, Frame};
use streamproof_simulation::{Arena, ArenaConfig, Limits, poll_once};
use support::plain::*;
use support::{SIDES, now, ok, stream};

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
