//! STOP_SENDING from the peer is answered with RESET_STREAM and its code at once, whatever the
//! application does (§3.5).

use std::time::Duration;

use streamproof::{FinishError, SendHandle, SendOutcome, SendState, WriteError};

use crate::support::{
    Direction, SIDES, Sender, Setup, Stage, blocks, code, data, each_sender, fin, now, ok, reset,
    stop_sending,
};

/// Delivers STOP_SENDING and checks that the answer is the next thing on the stream, in no time.
fn assert_answered(stage: &mut Stage, id: u64, final_size: u64) {
    let mut frames = stage.sent_on(id);
    stage.deliver(&[stop_sending(id, 8)]);
    frames.push(reset(id, 8, final_size));
    assert_eq!(stage.sent_on(id), frames);
    assert_eq!(stage.arena.world.now(), Duration::ZERO);
    assert_eq!(stage.manager.tally().sending.stopped, 1);
}

fn assert_stopped(send: &mut SendHandle) {
    assert_eq!(send.outcome(), Some(SendOutcome::Stopped { code: code(8) }));
    assert_eq!(send.state(), SendState::ResetSent);
    assert_eq!(now(send.write(b"x")), Err(WriteError::Stopped { code: code(8) }));
    assert_eq!(now(send.finish()), Err(FinishError::Stopped { code: code(8) }));
}

#[test]
fn answered_while_the_application_is_idle() {
    each_sender(Setup::default(), |stage, Sender { mut send, other: _other, id }| {
        assert_answered(stage, id, 0);
        assert_stopped(&mut send);
    });
}

#[test]
fn answered_after_data() {
    for acknowledged in [true, false] {
        each_sender(Setup::default(), |stage, Sender { mut send, other: _other, id }| {
            ok(now(send.write_all(b"hello")));
            stage.settle();
            if acknowledged {
                stage.acknowledge_all();
            }
            assert_answered(stage, id, 5);
            assert_stopped(&mut send);
        });
    }
}

#[test]
fn answered_while_a_write_is_blocked_and_the_write_says_so() {
    for setup in [Setup::stream_limit(3), Setup::connection_limit(3), Setup::send_window(3)] {
        each_sender(setup, |stage, Sender { mut send, other: _other, id }| {
            let writing = stage.spawn(async move {
                let written = send.write_all(b"hello").await;
                (written, send)
            });
            assert!(writing.take().is_none());
            assert_answered(stage, id, 3);
            let (written, mut send) = writing.take().expect("the writer is woken");
            assert_eq!(written, Err(WriteError::Stopped { code: code(8) }));
            assert_stopped(&mut send);
        });
    }
}

#[test]
fn answered_while_a_blocked_write_is_not_polled() {
    each_sender(Setup::stream_limit(3), |stage, Sender { mut send, other: _other, id }| {
        let mut write = Box::pin(send.write_all(b"hello"));
        assert!(blocks(&mut write));
        assert_answered(stage, id, 3);
        assert_eq!(now(&mut write), Err(WriteError::Stopped { code: code(8) }));
        drop(write);
        assert_stopped(&mut send);
    });
}

#[test]
fn answered_while_a_finish_is_held_and_never_polled() {
    each_sender(Setup::default(), |stage, Sender { mut send, other: _other, id }| {
        ok(now(send.write_all(b"hello")));
        let finish = send.finish();
        assert_answered(stage, id, 5);
        assert_eq!(now(finish), Err(FinishError::Stopped { code: code(8) }));
        assert_stopped(&mut send);
    });
}

#[test]
fn answered_after_finish() {
    each_sender(Setup::default(), |stage, Sender { mut send, other: _other, id }| {
        ok(now(send.write_all(b"hello")));
        let finish = send.finish();
        let finish = stage.spawn(finish);
        assert_answered(stage, id, 5);
        assert_eq!(finish.take(), Some(Err(FinishError::Stopped { code: code(8) })));
        assert_stopped(&mut send);
    });
}

#[test]
fn answered_after_finish_when_only_a_half_is_acknowledged() {
    for half in 0..2 {
        each_sender(Setup::default(), |stage, Sender { mut send, other: _other, id }| {
            ok(now(send.write_all(b"hello")));
            stage.settle();
            let finish = send.finish();
            let packets = stage.outstanding();
            stage.acknowledge(&packets[half..=half]);
            assert_answered(stage, id, 5);
            assert_eq!(now(finish), Err(FinishError::Stopped { code: code(8) }));
        });
    }
}

#[test]
fn answered_after_a_finished_handle_is_dropped() {
    each_sender(Setup::default(), |stage, Sender { mut send, other: _other, id }| {
        ok(now(send.write_all(b"hello")));
        let closed = send.closed();
        drop(send.finish());
        drop(send);
        assert_answered(stage, id, 5);
        assert_eq!(now(closed), SendOutcome::Stopped { code: code(8) });
    });
}

#[test]
fn answered_while_the_holder_never_polls_anything() {
    each_sender(Setup::default(), |stage, Sender { send, other: _other, id }| {
        let holder = stage.spawn(async move {
            let _held = send;
            std::future::pending::<()>().await;
        });
        assert_answered(stage, id, 0);
        stage.abort(&holder);
        assert_eq!(stage.sent_on(id), [reset(id, 8, 0)]);
    });
}

#[test]
fn answered_after_every_clone_of_the_manager_is_dropped() {
    for side in SIDES {
        let mut stage = Stage::new(Setup::default().on(side));
        let (manager, driver) = streamproof::StreamManager::new(
            stage.arena.connection.clone(),
            Setup::default().config,
        );
        stage.spawn(driver);
        let mut send = ok(now(manager.open_uni()));
        let id = quinn::VarInt::from(send.id()).into_inner();
        drop(manager);
        stage.settle();
        stage.deliver(&[stop_sending(id, 8)]);
        assert_eq!(stage.sent_on(id), [reset(id, 8, 0)]);
        assert_stopped(&mut send);
    }
}

#[test]
fn answered_when_it_came_before_the_stream_was_accepted() {
    for side in SIDES {
        let mut stage = Stage::new(Setup::default().on(side));
        let id = stage.puppet_id(Direction::Bi, 0);
        stage.deliver(&[data(id, 0, b"hello"), stop_sending(id, 8)]);
        let (mut send, recv) = ok(now(stage.manager.accept_bi()));
        assert_eq!(stage.sent_on(id), [reset(id, 8, 0)], "nobody has touched the handle");
        assert_stopped(&mut send);
        drop((send, recv));
        stage.assert_all_released();
    }
}

#[test]
fn answered_by_the_first_call_if_the_driver_has_not_run() {
    // Several calls between the frame and the driver: whoever comes first answers, and only once.
    type Call = fn(&mut SendHandle);
    let calls: [Call; 3] = [
        |send| assert!(now(send.write(b"x")).is_err()),
        |send| assert!(now(send.finish()).is_err()),
        |send| assert!(send.reset(code(99)).is_err()),
    ];
    for call in calls {
        for side in SIDES {
            let mut stage = Stage::new(Setup::default().on(side));
            let id = stage.puppet_id(Direction::Bi, 0);
            stage.deliver(&[data(id, 0, b"hello"), stop_sending(id, 8)]);
            let (mut send, recv) = ok(now(stage.manager.accept_bi()));
            call(&mut send);
            assert_eq!(send.outcome(), Some(SendOutcome::Stopped { code: code(8) }));
            assert_eq!(stage.sent_on(id), [reset(id, 8, 0)]);
            drop((send, recv));
            stage.assert_all_released();
        }
    }
}

#[test]
fn answered_with_the_peers_code_also_by_the_drop() {
    for side in SIDES {
        let mut stage = Stage::new(Setup::default().on(side));
        let id = stage.puppet_id(Direction::Bi, 0);
        stage.deliver(&[data(id, 0, b"hello"), stop_sending(id, 8)]);
        drop(ok(now(stage.manager.accept_bi())));
        assert_eq!(stage.sent_on(id), [reset(id, 8, 0)]);
        assert_eq!(stage.manager.tally().sending.stopped, 1);
        stage.assert_all_released();
    }
}

#[test]
fn answered_once_with_the_first_code() {
    each_sender(Setup::default(), |stage, Sender { mut send, other: _other, id }| {
        assert_answered(stage, id, 0);
        stage.deliver(&[stop_sending(id, 8), stop_sending(id, 99)]);
        stage.deliver(&[stop_sending(id, 99)]);
        stage.acknowledge_all();
        stage.deliver(&[stop_sending(id, 99)]);
        assert_eq!(stage.sent_on(id), [reset(id, 8, 0)]);
        assert_stopped(&mut send);
        assert_eq!(stage.arena.close_reason(), None);
    });
}

#[test]
fn answer_that_is_lost_is_sent_again() {
    each_sender(Setup::default(), |stage, Sender { send: _send, other: _other, id }| {
        assert_answered(stage, id, 0);
        assert_eq!(stage.arena.lose_outstanding().len(), 1);
        assert_eq!(stage.sent_on(id), [reset(id, 8, 0), reset(id, 8, 0)]);
    });
}

#[test]
fn not_answered_after_everything_is_acknowledged() {
    each_sender(Setup::default(), |stage, Sender { mut send, other: _other, id }| {
        ok(now(send.write_all(b"hello")));
        drop(send.finish());
        stage.acknowledge_all();
        stage.deliver(&[stop_sending(id, 8)]);
        assert_eq!(stage.sent_on(id), [fin(id, 0, b"hello")]);
        assert_eq!(send.outcome(), Some(SendOutcome::Delivered));
    });
}

#[test]
fn not_answered_twice_after_our_own_reset() {
    each_sender(Setup::default(), |stage, Sender { mut send, other: _other, id }| {
        ok(send.reset(code(7)));
        stage.settle();
        stage.deliver(&[stop_sending(id, 8)]);
        assert_eq!(stage.sent_on(id), [reset(id, 7, 0)]);
        assert_eq!(send.outcome(), Some(SendOutcome::Reset { code: code(7) }));
    });
}

#[test]
fn many_at_once_are_all_answered() {
    for side in SIDES {
        let mut stage = Stage::new(Setup::default().on(side));
        let sends: Vec<SendHandle> = (0..64).map(|_| ok(now(stage.manager.open_uni()))).collect();
        let ids: Vec<u64> =
            sends.iter().map(|send| quinn::VarInt::from(send.id()).into_inner()).collect();
        stage.settle();
        let stops: Vec<_> = ids.iter().map(|id| stop_sending(*id, 8)).collect();
        stage.deliver(&stops);
        for id in ids {
            assert_eq!(stage.sent_on(id), [reset(id, 8, 0)]);
        }
        drop(sends);
        stage.assert_all_released();
    }
}
