//! A send handle dropped without `finish` resets the stream with the configured code: a cancelled task
//! never looks like a complete message.

use std::panic::{AssertUnwindSafe, catch_unwind};

use streamproof::{FinishError, SendHandle, SendOutcome, WriteError};

use crate::death::Death;
use crate::support::{
    DROP_RESET, Sender, Setup, Stage, blocks, code, data, each_sender, fin, now, ok, reset,
    stop_sending,
};

#[test]
fn dropped_unused_resets_with_final_size_zero() {
    each_sender(Setup::default(), |stage, Sender { send, other: _other, id }| {
        drop(send);
        assert_eq!(stage.sent_on(id), [reset(id, DROP_RESET, 0)]);
        assert_eq!(stage.manager.tally().sending.reset, 1);
    });
}

#[test]
fn dropped_after_writing_resets_with_the_final_size() {
    for acknowledged in [true, false] {
        each_sender(Setup::default(), |stage, Sender { mut send, other: _other, id }| {
            ok(now(send.write_all(b"hello")));
            stage.settle();
            if acknowledged {
                stage.acknowledge_all();
            }
            drop(send);
            let frames = [data(id, 0, b"hello"), reset(id, DROP_RESET, 5)];
            assert_eq!(stage.sent_on(id), frames);
        });
    }
}

#[test]
fn dropped_before_anything_was_sent_resets_and_sends_no_data() {
    each_sender(Setup::default(), |stage, Sender { mut send, other: _other, id }| {
        ok(now(send.write_all(b"hello")));
        drop(send);
        // The credit was spent on the bytes, sent or not (§4.5).
        assert_eq!(stage.sent_on(id), [reset(id, DROP_RESET, 5)]);
    });
}

#[test]
fn dropped_with_any_code_sends_that_code() {
    for drop_code in [0, 1, 0x10c, u32::MAX] {
        let mut setup = Setup::default();
        setup.config.drop_reset_code = code(drop_code);
        each_sender(setup, |stage, Sender { send, other: _other, id }| {
            drop(send);
            assert_eq!(stage.sent_on(id), [reset(id, drop_code, 0)]);
        });
    }
}

#[test]
fn dropped_tells_those_who_still_wait() {
    each_sender(Setup::default(), |stage, Sender { send, other: _other, .. }| {
        let (waiting, unpolled) = (stage.spawn(send.closed()), send.closed());
        drop(send);
        stage.settle();
        let outcome = SendOutcome::Reset { code: code(DROP_RESET) };
        assert_eq!(waiting.take().as_ref(), Some(&outcome));
        assert_eq!(now(unpolled), outcome);
    });
}

/// Ten bytes pass, then a write is blocked: by the stream, by the connection, by quinn's own buffer.
fn narrow() -> [Setup; 3] {
    [Setup::stream_limit(10), Setup::connection_limit(10), Setup::send_window(10)]
}

#[test]
fn dropped_with_a_blocked_write_resets_what_was_written() {
    for setup in narrow() {
        each_sender(setup, |stage, Sender { mut send, other: _other, id }| {
            let mut write = Box::pin(send.write_all(b"more than ten bytes"));
            assert!(blocks(&mut write));
            stage.settle();
            drop(write);
            drop(send);
            let prefix = data(id, 0, b"more than ");
            assert_eq!(stage.sent_on(id), [prefix, reset(id, DROP_RESET, 10)]);
        });
    }
}

#[test]
fn task_aborted_in_a_blocked_write_resets_what_was_written() {
    for setup in narrow() {
        each_sender(setup, |stage, Sender { mut send, other: _other, id }| {
            let task = stage.spawn(async move {
                let written = send.write_all(b"more than ten bytes").await;
                drop(send.finish());
                written
            });
            assert_eq!(stage.arrived(id), (b"more than ".to_vec(), None));
            stage.abort(&task);
            assert_eq!(task.take(), None);
            assert_eq!(stage.sent_on(id).last(), Some(&reset(id, DROP_RESET, 10)));
            // Credit that comes too late makes nothing of it complete.
            let more = streamproof_harness::wire::Frame::MaxStreamData {
                stream_id: id,
                maximum_stream_data: 1000,
            };
            stage.deliver(&[more]);
            stage.acknowledge_all();
            assert_eq!(stage.arrived(id), (b"more than ".to_vec(), None));
            assert_eq!(stage.sent_on(id).len(), 2);
        });
    }
}

#[test]
fn task_aborted_before_it_ran_resets_the_stream() {
    each_sender(Setup::default(), |stage, Sender { mut send, other: _other, id }| {
        // Not `Stage::spawn`, which settles.
        let task = stage.arena.world.spawn(async move { send.write_all(b"hello").await });
        stage.abort(&task);
        assert_eq!(stage.sent_on(id), [reset(id, DROP_RESET, 0)]);
    });
}

#[test]
fn task_that_ends_without_finish_resets_the_stream() {
    each_sender(Setup::default(), |stage, Sender { mut send, other: _other, id }| {
        let task = stage.spawn(async move { send.write_all(b"hello").await });
        assert_eq!(task.take(), Some(Ok(())));
        assert_eq!(stage.sent_on(id), [reset(id, DROP_RESET, 5)]);
    });
}

#[test]
fn task_that_panics_resets_the_stream() {
    each_sender(Setup::default(), |stage, Sender { mut send, other: _other, id }| {
        ok(now(send.write_all(b"hello")));
        let panics = |send: SendHandle| -> () {
            let _held = send;
            std::panic::resume_unwind(Box::new("as a task does"));
        };
        assert!(catch_unwind(AssertUnwindSafe(|| panics(send))).is_err());
        assert_eq!(stage.sent_on(id), [reset(id, DROP_RESET, 5)]);
    });
}

#[test]
fn dropped_after_finish_is_delivered() {
    each_sender(Setup::default(), |stage, Sender { mut send, other: _other, id }| {
        ok(now(send.write_all(b"hello")));
        let finish = send.finish();
        drop(send);
        let finish = stage.spawn(finish);
        assert_eq!(finish.take(), None);
        assert_eq!(stage.sent_on(id), [fin(id, 0, b"hello")]);
        assert_eq!(stage.arena.lose_outstanding().len(), 1);
        stage.acknowledge_all();
        assert_eq!(finish.take(), Some(Ok(())), "a future that outlives the handle is told");
        assert_eq!(stage.manager.tally().sending.delivered, 1);
        let resets =
            stage.sent_on(id).into_iter().filter(|frame| *frame == reset(id, DROP_RESET, 5));
        assert_eq!(resets.count(), 0);
    });
}

#[test]
fn task_aborted_while_it_waits_for_finish_is_delivered() {
    each_sender(Setup::default(), |stage, Sender { mut send, other: _other, id }| {
        let task = stage.spawn(async move {
            send.write_all(b"hello").await.expect("there is credit");
            send.finish().await
        });
        stage.abort(&task);
        assert_eq!(stage.sent_on(id), [fin(id, 0, b"hello")]);
        stage.acknowledge_all();
        assert_eq!(stage.manager.tally().sending.delivered, 1);
    });
}

#[test]
fn dropped_after_reset_sends_nothing_more() {
    each_sender(Setup::default(), |stage, Sender { mut send, other: _other, id }| {
        ok(send.reset(code(7)));
        drop(send);
        stage.acknowledge_all();
        assert_eq!(stage.sent_on(id), [reset(id, 7, 0)]);
    });
}

#[test]
fn dropped_after_stop_sends_nothing_more() {
    each_sender(Setup::default(), |stage, Sender { send, other: _other, id }| {
        stage.deliver(&[stop_sending(id, 8)]);
        drop(send);
        stage.acknowledge_all();
        assert_eq!(stage.sent_on(id), [reset(id, 8, 0)]);
    });
}

#[test]
fn dropped_on_a_dead_connection_sends_nothing() {
    for death in Death::ALL {
        each_sender(Setup::default(), |stage, Sender { mut send, other: _other, id }| {
            ok(now(send.write_all(b"hello")));
            stage.settle();
            death.strike(stage);
            drop(send);
            assert_eq!(stage.sent_on(id), [data(id, 0, b"hello")]);
            assert_eq!(stage.manager.tally().sending.connection_lost, 1);
        });
    }
}

#[test]
fn cancelled_request_never_looks_complete_whenever_it_is_cancelled() {
    // A task that sends a message in pieces over narrow credit is aborted after each possible number
    // of credit grants. Unless it got as far as `finish`, no FIN may ever arrive.
    const MESSAGE: &[u8] = b"a message that takes some time";
    for grants in 0..=4u64 {
        each_sender(Setup::stream_limit(8), |stage, Sender { mut send, other: _other, id }| {
            let task = stage.spawn(async move {
                send.write_all(MESSAGE).await?;
                let finished: Result<(), FinishError> = send.finish().await;
                Ok::<_, WriteError>(finished)
            });
            for grant in 1..=grants {
                grant_credit(stage, id, 8 * (grant + 1));
            }
            stage.abort(&task);
            stage.acknowledge_all();
            let (arrived, final_size) = stage.arrived(id);
            let length = usize::try_from(8 * (grants + 1)).unwrap_or(usize::MAX).min(MESSAGE.len());
            assert_eq!(arrived, MESSAGE[..length], "{grants} grants");
            let is_complete = length == MESSAGE.len();
            assert_eq!(final_size.is_some(), is_complete, "{grants} grants");
            let last = stage.sent_on(id).pop();
            let is_reset = last == Some(reset(id, DROP_RESET, length as u64));
            assert_eq!(is_reset, !is_complete, "{grants} grants");
        });
    }
}

fn grant_credit(stage: &mut Stage, stream_id: u64, maximum_stream_data: u64) {
    use streamproof_harness::wire::Frame;
    stage.deliver(&[Frame::MaxStreamData { stream_id, maximum_stream_data }]);
}
