//! How often RESET_STREAM and STOP_SENDING stand on the wire: once, unless something is lost.
//!
//! The manager hands each to quinn once; a second one can only be quinn's retransmission (§13.3).
//! Under real load more of them have been seen; here is where they come from.

use std::time::Duration;

use quinn::VarInt;
use streamproof::SendHandle;

use crate::support::{
    DROP_STOP, Receiver, SIDES, Sender, Setup, Stage, code, each_receiver, each_sender, now, ok,
    reset, stop_sending,
};

const LONG: Duration = Duration::from_secs(60);

/// Everything by which a sending part can be given up.
type GiveUp = fn(&mut Stage, SendHandle, u64) -> Option<SendHandle>;

const GIVE_UPS: [(&str, GiveUp); 4] = [
    ("reset", |_, mut send, _| {
        ok(send.reset(code(7)));
        Some(send)
    }),
    ("drop", |_, send, _| {
        drop(send);
        None
    }),
    ("stop", |stage, send, id| {
        stage.deliver(&[stop_sending(id, 8)]);
        Some(send)
    }),
    ("reset, then stop, then drop", |stage, mut send, id| {
        ok(send.reset(code(7)));
        stage.deliver(&[stop_sending(id, 8)]);
        let _ = send.reset(code(9));
        drop(send);
        None
    }),
];

fn resets(stage: &mut Stage, id: u64) -> usize {
    let frames = stage.sent_on(id);
    let is_reset = |frame: &&streamproof_harness::wire::Frame| {
        [7, 8, crate::support::DROP_RESET].iter().any(|code| **frame == reset(id, *code, 5))
    };
    frames.iter().filter(is_reset).count()
}

#[test]
fn reset_stream_that_is_acknowledged_is_sent_once() {
    for (name, give_up) in GIVE_UPS {
        each_sender(Setup::default(), |stage, Sender { mut send, other: _other, id }| {
            println!("given up by {name}");
            ok(now(send.write_all(b"hello")));
            stage.acknowledge_all();
            let _held = give_up(stage, send, id);
            assert_eq!(resets(stage, id), 1);
            stage.acknowledge_all();
            stage.arena.advance(LONG);
            stage.acknowledge_all();
            assert_eq!(resets(stage, id), 1, "a minute later too");
        });
    }
}

#[test]
fn reset_stream_that_waits_for_its_acknowledgement_is_sent_once_until_the_probe() {
    each_sender(Setup::default(), |stage, Sender { mut send, other: _other, id }| {
        ok(now(send.write_all(b"hello")));
        stage.acknowledge_all();
        ok(send.reset(code(7)));
        stage.settle();
        assert_eq!(resets(stage, id), 1);
        // Nothing is lost, the peer is only slow. Each probe timeout repeats the frame twice, in the two
        // packets that RFC 9002 §6.2.4 allows it; the application has no part in it.
        let mut sent = 1;
        for _ in 0..8 {
            assert!(stage.arena.advance_to_next_timer().is_some(), "a probe timeout is set");
            let so_far = resets(stage, id);
            assert!([sent, sent + 2].contains(&so_far), "{sent}, then {so_far}");
            sent = so_far;
        }
        assert!(sent > 1, "the first timeout is among the timers");
        let tally = stage.manager.tally();
        stage.acknowledge_all();
        assert_eq!(stage.manager.tally(), tally);
        stage.arena.advance(LONG);
        assert_eq!(resets(stage, id), sent, "and it ends with the acknowledgement");
    });
}

#[test]
fn many_reset_streams_acknowledged_in_time_are_each_sent_once() {
    // Load without loss: 50 streams at a time, given up in all ways, with time passing in between.
    for side in SIDES {
        let mut stage = Stage::new(Setup::default().on(side));
        let mut ids = Vec::new();
        for round in 0..50 {
            let (_, give_up) = GIVE_UPS[round % GIVE_UPS.len()];
            let mut send = ok(now(stage.manager.open_uni()));
            let id = VarInt::from(send.id()).into_inner();
            ok(now(send.write_all(b"hello")));
            stage.settle();
            drop(give_up(&mut stage, send, id));
            stage.settle();
            ids.push(id);
            if round % 4 == 3 {
                stage.arena.advance(Duration::from_micros(500));
                stage.acknowledge_all();
            }
        }
        stage.acknowledge_all();
        stage.arena.advance(LONG);
        for id in ids {
            assert_eq!(resets(&mut stage, id), 1, "{side:?}, stream {id}");
        }
        stage.assert_all_released();
    }
}

#[test]
fn reset_stream_that_is_lost_is_sent_again_and_only_then() {
    each_sender(Setup::default(), |stage, Sender { mut send, other: _other, id }| {
        ok(now(send.write_all(b"hello")));
        stage.acknowledge_all();
        ok(send.reset(code(7)));
        for lost in 1..4 {
            assert_eq!(resets(stage, id), lost);
            assert_eq!(stage.arena.lose_outstanding().len(), 1);
        }
        stage.acknowledge_all();
        stage.arena.advance(LONG);
        assert_eq!(resets(stage, id), 4);
    });
}

#[test]
fn stop_sending_is_sent_once_and_again_when_it_is_lost() {
    for losses in 0..3 {
        each_receiver(Setup::default(), |stage, Receiver { recv, other: _other, id }| {
            drop(recv);
            stage.settle();
            for _ in 0..losses {
                assert_eq!(stage.arena.lose_outstanding().len(), 1);
            }
            stage.acknowledge_all();
            stage.arena.advance(LONG);
            assert_eq!(stage.stops_on(id), vec![stop_sending(id, DROP_STOP); losses + 1]);
        });
    }
}
