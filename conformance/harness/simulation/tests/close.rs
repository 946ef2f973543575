//! The end of a connection of real quinn in the arena: by the application, by the peer, by a violation,
//! and what each call on it answers afterwards.
//!
//! §10.2, §19.19. The ends before the handshake's are in `zero_rtt`.

mod support;

use bytes::Bytes;
use quinn::{ConnectionError, ReadError, ResetError, Side, StoppedError, WriteError};
use streamproof_harness::wire::Frame;
use streamproof_simulation::Arena;
use support::*;

/// How a connection ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum End {
    /// By `close`, and nothing has run since.
    Asked,
    /// By `close`.
    Application,
    /// By the peer's application.
    PeersApplication,
    /// By the peer's QUIC.
    Peer,
    /// By quinn, because the peer broke a rule.
    Violation,
}

const ENDS: [End; 5] =
    [End::Asked, End::Application, End::PeersApplication, End::Peer, End::Violation];

fn connection_close(error_code: u64, frame_type: Option<u64>) -> Frame {
    Frame::ConnectionClose { error_code, frame_type, reason: Bytes::from_static(b"bye") }
}

/// Ends the connection and returns the reason that quinn gives.
fn end(arena: &mut Arena, how: End) -> ConnectionError {
    match how {
        End::Asked => arena.connection.close(code(42), b"bye"),
        End::Application => {
            arena.connection.close(code(42), b"bye");
            arena.settle();
        }
        End::PeersApplication => {
            arena.deliver(&[connection_close(42, None)]);
        }
        End::Peer => {
            arena.deliver(&[connection_close(0x0a, Some(0))]);
        }
        End::Violation => {
            // quinn's own stream, on which only quinn sends (§19.8).
            let id = own(arena.connection.side(), 0);
            arena.deliver(&[stream(id, 0, b"", false)]);
        }
    }
    let reason = arena.close_reason().expect("an end");
    let is_right = match how {
        End::Asked | End::Application => matches!(reason, ConnectionError::LocallyClosed),
        End::PeersApplication => matches!(reason, ConnectionError::ApplicationClosed(_)),
        End::Peer => matches!(reason, ConnectionError::ConnectionClosed(_)),
        End::Violation => matches!(reason, ConnectionError::TransportError(_)),
    };
    assert!(is_right, "{how:?}: {reason}");
    reason
}

#[test]
fn closed_sending_part_answers_with_the_reason() {
    for side in SIDES {
        for how in ENDS {
            let mut arena = arena(side, SMALL, limits(16, 4, 2));
            let (mut open, mut blocked) = (open_uni(&arena), open_uni(&arena));
            assert_eq!(write(&mut open, b"a"), Some(1));
            assert_eq!(write(&mut blocked, b"abcd"), Some(4));
            assert_eq!(write(&mut blocked, b"e"), None);
            arena.settle();
            let reason = end(&mut arena, how);
            for send in [&mut open, &mut blocked] {
                let lost = WriteError::ConnectionLost(reason.clone());
                assert_eq!(now(send.write(b"x")), Err(lost));
                let lost = StoppedError::ConnectionLost(reason.clone());
                assert_eq!(now(send.stopped()), Err(lost));
            }
            // Both are taken and neither goes anywhere.
            ok(open.finish());
            assert!(open.finish().is_err());
            ok(open.reset(code(7)));
            assert!(open.reset(code(7)).is_err());
            ok(blocked.reset(code(7)));
            assert!(blocked.finish().is_err());
            let is_late = |frame: &Frame| {
                matches!(frame, Frame::ResetStream { .. } | Frame::Stream { fin: true, .. })
            };
            assert!(!sent(&mut arena).iter().any(is_late));
        }
    }
}

#[test]
fn closed_receiving_part_gives_its_data_first_and_then_the_reason() {
    for side in SIDES {
        for how in ENDS {
            let mut arena = arena(side, limits(16, 8, 2), SMALL);
            arena.deliver(&[
                stream(theirs(side, 0), 0, b"abcd", false),
                stream(theirs(side, 1), 0, b"", false),
            ]);
            let (mut recv, mut empty) = (accept_uni(&arena), accept_uni(&arena));
            let reason = end(&mut arena, how);
            let lost = ResetError::ConnectionLost(reason.clone());
            assert_eq!(now(recv.received_reset()), Err(lost));
            assert_eq!(read(&mut recv, 9).as_deref(), Some("abcd"));
            for recv in [&mut recv, &mut empty] {
                let lost = ReadError::ConnectionLost(reason.clone());
                assert_eq!(now(recv.read(&mut [0; 9])), Err(lost));
            }
            ok(empty.stop(code(7)));
            assert!(empty.stop(code(7)).is_err());
            assert_eq!(now(empty.read(&mut [0; 9])), Ok(None));
            assert!(!sent(&mut arena).contains(&stop_sending(theirs(side, 1))));
        }
    }
}

#[test]
fn closed_connection_opens_nothing_and_hands_out_what_had_arrived() {
    for side in SIDES {
        for how in ENDS {
            let mut arena = arena(side, SMALL, limits(16, 8, 2));
            arena.deliver(&[stream(theirs(side, 0), 0, b"", false)]);
            let reason = end(&mut arena, how);
            let connection = arena.connection.clone();
            assert_eq!(now(connection.open_uni()).err().as_ref(), Some(&reason));
            assert_eq!(now(connection.open_bi()).err().as_ref(), Some(&reason));
            assert!(now(connection.accept_uni()).is_ok());
            assert_eq!(now(connection.accept_uni()).err().as_ref(), Some(&reason));
            assert_eq!(now(connection.accept_bi()).err().as_ref(), Some(&reason));
        }
    }
}

#[test]
fn closed_parts_keep_what_was_known_of_them() {
    for how in ENDS {
        let mut arena = arena(Side::Client, limits(16, 8, 2), limits(16, 8, 2));
        arena.deliver(&[stream(3, 0, b"abcd", true), reset(7, 3)]);
        let (mut complete, mut was_reset) = (accept_uni(&arena), accept_uni(&arena));
        let (mut delivered, mut stopped) = (open_uni(&arena), open_uni(&arena));
        ok(delivered.finish());
        assert_eq!(write(&mut stopped, b"x"), Some(1));
        acknowledge_all(&mut arena);
        arena.deliver(&[stop_sending(6)]);
        let reason = end(&mut arena, how);
        assert_eq!(read(&mut complete, 4).as_deref(), Some("abcd"));
        assert_eq!(read(&mut complete, 4).as_deref(), Some(""));
        assert_eq!(now(was_reset.read(&mut [0; 4])), Err(ReadError::Reset(code(7))));
        assert_eq!(now(delivered.stopped()), Ok(None));
        assert_eq!(now(stopped.stopped()), Ok(Some(code(7))));
        let lost = WriteError::ConnectionLost(reason);
        assert_eq!(now(stopped.write(b"x")), Err(lost), "not Stopped");
    }
}

#[test]
fn closing_wakes_everyone_who_waits() {
    for side in SIDES {
        for how in ENDS {
            let mut arena = arena(side, SMALL, limits(16, 1, 1));
            arena.deliver(&[stream(theirs(side, 0), 0, b"", false)]);
            let mut recv = accept_uni(&arena);
            let mut send = open_uni(&arena);
            assert_eq!(write(&mut send, b"a"), Some(1));
            arena.settle();
            let connection = arena.connection.clone();
            let waits: [_; 6] = std::array::from_fn(|_| Count::new());
            let wakers = waits.each_ref().map(|(_, waker)| waker);
            let mut stopped = Box::pin(send.stopped());
            let mut opening = Box::pin(connection.open_uni());
            let mut accepting = Box::pin(connection.accept_bi());
            let mut closed = Box::pin(connection.closed());
            assert!(poll_with(wakers[0], send.write(b"b")).is_pending());
            assert!(poll_with(wakers[1], recv.read(&mut [0; 1])).is_pending());
            assert!(poll_with(wakers[2], stopped.as_mut()).is_pending());
            assert!(poll_with(wakers[3], opening.as_mut()).is_pending());
            assert!(poll_with(wakers[4], accepting.as_mut()).is_pending());
            assert!(poll_with(wakers[5], closed.as_mut()).is_pending());
            end(&mut arena, how);
            let woken = waits.each_ref().map(|(count, _)| count.get());
            assert_eq!(woken, [1; 6], "{how:?}");
        }
    }
}

#[test]
fn closing_drops_what_was_not_sent_yet() {
    let mut arena = arena(Side::Client, SMALL, SMALL);
    let mut send = open_uni(&arena);
    assert_eq!(write(&mut send, b"abcd"), Some(4));
    arena.connection.close(code(42), b"bye");
    assert_eq!(sent(&mut arena), [connection_close(42, None)]);
}

#[test]
fn closed_connection_answers_packets_until_the_peer_closes_too() {
    for (how, answer) in [
        (End::Application, Some(42)),
        (End::Violation, Some(0x05)),
        (End::PeersApplication, None),
        (End::Peer, None),
    ] {
        let mut arena = arena(Side::Server, SMALL, SMALL);
        end(&mut arena, how);
        // The peer's close is answered as well, with no error.
        assert_eq!(closed_with(&mut arena), Some(answer.unwrap_or(0)));
        arena.deliver(&[Frame::Ping]);
        assert_eq!(closed_with(&mut arena), answer);
        arena.deliver(&[connection_close(0, None)]);
        arena.deliver(&[Frame::Ping]);
        assert_eq!(closed_with(&mut arena), None);
        assert_eq!(arena.lose_outstanding(), [0u64; 0]);
    }
}

#[test]
fn closed_connection_closed_again_forgets_the_first_reason() {
    for how in ENDS {
        let mut arena = arena(Side::Server, SMALL, SMALL);
        end(&mut arena, how);
        arena.connection.close(code(43), b"");
        assert_eq!(arena.close_reason(), Some(ConnectionError::LocallyClosed));
    }
}
