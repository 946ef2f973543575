//! Futures of a sending part, and `open`, dropped while they wait: nothing is lost, nothing doubled.

use bytes::Bytes;
use quinn::VarInt;
use streamproof::{SendHandle, SendOutcome};
use streamproof_harness::wire::{self, Frame};
use tokio::io::AsyncWriteExt;

use crate::support::{
    Direction, SIDES, Sender, Setup, Stage, blocks, code, each_sender, now, ok, stop_sending,
};

fn grant(stage: &mut Stage, stream_id: u64, maximum_stream_data: u64) {
    stage.deliver(&[Frame::MaxStreamData { stream_id, maximum_stream_data }]);
}

fn chunks(parts: &[&'static [u8]]) -> Vec<Bytes> {
    parts.iter().map(|part| Bytes::from_static(part)).collect()
}

/// Ends the stream and checks that exactly `expected` has reached the peer.
fn assert_delivers(stage: &mut Stage, send: &mut SendHandle, id: u64, expected: &[u8]) {
    let finish = send.finish();
    stage.acknowledge_all();
    assert_eq!(now(finish), Ok(()));
    assert_eq!(stage.arrived(id), (expected.to_vec(), Some(expected.len() as u64)));
}

#[test]
fn write_dropped_while_blocked_has_written_nothing() {
    each_sender(Setup::stream_limit(5), |stage, Sender { mut send, other: _other, id }| {
        assert_eq!(now(send.write(b"hello world")), Ok(5));
        for _ in 0..10 {
            assert!(blocks(send.write(b" never ")));
            stage.settle();
        }
        grant(stage, id, 64);
        assert_eq!(now(send.write(b" world")), Ok(6));
        assert_delivers(stage, &mut send, id, b"hello world");
    });
}

#[test]
fn write_dropped_after_it_was_woken_has_written_nothing() {
    each_sender(Setup::stream_limit(5), |stage, Sender { mut send, other: _other, id }| {
        assert_eq!(now(send.write(b"hello world")), Ok(5));
        let mut write = Box::pin(send.write(b" never "));
        assert!(blocks(&mut write));
        grant(stage, id, 64);
        drop(write);
        assert_eq!(now(send.write(b" world")), Ok(6));
        assert_delivers(stage, &mut send, id, b"hello world");
    });
}

#[test]
fn write_dropped_in_one_task_leaves_the_wake_up_to_the_next() {
    each_sender(Setup::stream_limit(5), |stage, Sender { mut send, other: _other, id }| {
        assert_eq!(now(send.write(b"hello")), Ok(5));
        let lent = std::sync::Arc::new(std::sync::Mutex::new(Some(send)));
        let borrowed = lent.clone();
        // The first task gives the handle back when it is aborted.
        struct Loan(Option<SendHandle>, std::sync::Arc<std::sync::Mutex<Option<SendHandle>>>);
        impl Drop for Loan {
            fn drop(&mut self) {
                *self.1.lock().expect("not poisoned") = self.0.take();
            }
        }
        let first = stage.spawn(async move {
            let send = borrowed.lock().expect("not poisoned").take();
            let mut loan = Loan(send, borrowed.clone());
            loan.0.as_mut().expect("it is there").write(b" never ").await
        });
        stage.abort(&first);
        let mut send = lent.lock().expect("not poisoned").take().expect("it came back");
        let second = stage.spawn(async move {
            let written = send.write_all(b" world").await;
            (written, send)
        });
        assert!(second.take().is_none());
        grant(stage, id, 64);
        let (written, mut send) = second.take().expect("the second is woken");
        assert_eq!(written, Ok(()));
        assert_delivers(stage, &mut send, id, b"hello world");
    });
}

#[test]
fn write_chunks_dropped_while_blocked_leaves_the_chunks() {
    each_sender(Setup::stream_limit(5), |stage, Sender { mut send, other: _other, id }| {
        let mut bufs = chunks(&[b"hel", b"lo wo", b"rld"]);
        let written = ok(now(send.write_chunks(&mut bufs)));
        assert_eq!((written.bytes, written.chunks), (5, 1), "a whole chunk and a piece of one");
        let mut bufs = bufs.split_off(written.chunks);
        assert!(blocks(send.write_chunks(&mut bufs)));
        assert_eq!(bufs, chunks(&[b" wo", b"rld"]));
        grant(stage, id, 64);
        assert_eq!(now(send.write_all_chunks(&mut bufs)), Ok(()));
        assert_eq!(bufs, chunks(&[b"", b""]));
        assert_delivers(stage, &mut send, id, b"hello world");
    });
}

#[test]
fn write_all_chunks_dropped_leaves_exactly_what_was_not_written() {
    for limit in 0..=11 {
        each_sender(Setup::stream_limit(limit), |stage, Sender { mut send, other: _other, id }| {
            let mut bufs = chunks(&[b"", b"hel", b"lo wo", b"", b"rld", b""]);
            if blocks(send.write_all_chunks(&mut bufs)) {
                let left: Vec<u8> = bufs.iter().flatten().copied().collect();
                assert_eq!(left, b"hello world"[usize::try_from(limit).unwrap_or(0)..]);
                grant(stage, id, 64);
                assert_eq!(now(send.write_all_chunks(&mut bufs)), Ok(()));
            }
            assert_delivers(stage, &mut send, id, b"hello world");
        });
    }
}

#[test]
fn write_all_dropped_has_written_a_prefix_as_documented() {
    each_sender(Setup::stream_limit(5), |stage, Sender { mut send, other: _other, id }| {
        assert!(blocks(send.write_all(b"hello world")));
        assert!(blocks(send.write_chunk(Bytes::from_static(b"never"))));
        grant(stage, id, 64);
        // The caller has lost count; whoever knows better may go on.
        assert_eq!(now(send.write_all(b" world")), Ok(()));
        assert_delivers(stage, &mut send, id, b"hello world");
    });
}

#[test]
fn async_write_dropped_while_blocked_has_written_nothing() {
    each_sender(Setup::stream_limit(5), |stage, Sender { mut send, other: _other, id }| {
        assert_eq!(ok(now(AsyncWriteExt::write(&mut send, b"hello world"))), 5);
        assert!(blocks(AsyncWriteExt::write(&mut send, b" never ")));
        grant(stage, id, 64);
        assert_eq!(ok(now(AsyncWriteExt::write(&mut send, b" world"))), 6);
        assert_delivers(stage, &mut send, id, b"hello world");
    });
}

#[test]
fn finish_dropped_while_pending_gives_its_answer_to_the_next() {
    each_sender(Setup::default(), |stage, Sender { mut send, other: _other, id }| {
        ok(now(send.write_all(b"hello")));
        for _ in 0..10 {
            assert!(blocks(send.finish()));
            let finish = send.finish();
            let finish = stage.spawn(finish);
            stage.abort(&finish);
        }
        let waiting = send.finish();
        let waiting = stage.spawn(waiting);
        assert_eq!(stage.sent_on(id).len(), 1, "one FIN");
        stage.acknowledge_all();
        assert_eq!(waiting.take(), Some(Ok(())));
        assert_eq!(now(send.finish()), Ok(()));
    });
}

#[test]
fn closed_and_stopped_dropped_while_pending_lose_nothing() {
    each_sender(Setup::default(), |stage, Sender { mut send, other: _other, id }| {
        let kept = stage.spawn(send.closed());
        for _ in 0..10 {
            assert!(blocks(send.closed()));
            assert!(blocks(send.stopped()));
            let (closed, stopped) = (stage.spawn(send.closed()), stage.spawn(send.stopped()));
            stage.abort(&closed);
            stage.abort(&stopped);
        }
        stage.deliver(&[stop_sending(id, 8)]);
        let outcome = SendOutcome::Stopped { code: code(8) };
        assert_eq!(kept.take(), Some(outcome.clone()));
        assert_eq!(now(send.closed()), outcome);
        assert_eq!(now(send.stopped()), Ok(Some(code(8))));
        assert!(now(send.finish()).is_err());
    });
}

#[test]
fn shutdown_dropped_while_pending_goes_on() {
    each_sender(Setup::default(), |stage, Sender { mut send, other: _other, id }| {
        ok(now(send.write_all(b"hello")));
        for _ in 0..10 {
            assert!(blocks(send.shutdown()));
        }
        stage.acknowledge_all();
        ok(now(send.shutdown()));
        assert_eq!(stage.arrived(id), (b"hello".to_vec(), Some(5)));
    });
}

/// A stage on which the manager may open nothing yet.
fn at_the_stream_limit(side: quinn::Side) -> Stage {
    let mut setup = Setup::default().on(side);
    setup.arena.limits.puppet.max_streams_bidi = 0;
    setup.arena.limits.puppet.max_streams_uni = 0;
    Stage::new(setup)
}

fn allow(stage: &mut Stage, direction: wire::Direction, maximum_streams: u64) {
    stage.deliver(&[Frame::MaxStreams { direction, maximum_streams }]);
}

fn index(id: streamproof::StreamId) -> u64 {
    VarInt::from(id).into_inner() / 4
}

#[test]
fn open_dropped_at_the_limit_opens_nothing() {
    for side in SIDES {
        let mut stage = at_the_stream_limit(side);
        for _ in 0..10 {
            assert!(blocks(stage.manager.open_uni()));
            assert!(blocks(stage.manager.open_bi()));
        }
        assert_eq!(stage.manager.snapshot(), []);
        assert_eq!(stage.manager.tally(), streamproof::Tally::default());
        allow(&mut stage, wire::Direction::Unidirectional, 2);
        allow(&mut stage, wire::Direction::Bidirectional, 2);
        for expected in 0..2 {
            let uni = ok(now(stage.manager.open_uni()));
            let (send, recv) = ok(now(stage.manager.open_bi()));
            assert_eq!(index(uni.id()), expected, "no id is skipped");
            assert_eq!(index(send.id()), expected, "no id is skipped");
            drop((uni, send, recv));
        }
        assert!(blocks(stage.manager.open_uni()));
        assert!(blocks(stage.manager.open_bi()));
        stage.assert_all_released();
    }
}

#[test]
fn open_aborted_in_one_task_leaves_the_stream_to_the_next() {
    for side in SIDES {
        for uni in [true, false] {
            let mut stage = at_the_stream_limit(side);
            let open = |stage: &mut Stage| {
                let manager = stage.manager.clone();
                stage.spawn(async move {
                    match uni {
                        true => manager.open_uni().await.map(|send| (send, None)),
                        false => manager.open_bi().await.map(|(send, recv)| (send, Some(recv))),
                    }
                })
            };
            let tasks: Vec<_> = (0..4).map(|_| open(&mut stage)).collect();
            stage.abort(&tasks[0]);
            stage.abort(&tasks[2]);
            let direction = match uni {
                true => wire::Direction::Unidirectional,
                false => wire::Direction::Bidirectional,
            };
            allow(&mut stage, direction, 2);
            let opened: Vec<_> = [1, 3]
                .map(|task: usize| tasks[task].take().expect("it is woken"))
                .into_iter()
                .map(ok)
                .collect();
            let mut ids: Vec<u64> = opened.iter().map(|(send, _)| index(send.id())).collect();
            ids.sort_unstable();
            assert_eq!(ids, [0, 1]);
            drop(opened);
            stage.assert_all_released();
        }
    }
}

#[test]
fn open_that_nobody_takes_is_reset_and_leaks_nothing() {
    // The task got its stream and was aborted before it used it: the handle in its output is dropped.
    for side in SIDES {
        let mut stage = at_the_stream_limit(side);
        let manager = stage.manager.clone();
        let task = stage.spawn(async move {
            let (send, recv) = manager.open_bi().await?;
            std::future::pending::<()>().await;
            Ok::<_, streamproof::OpenError>((send, recv))
        });
        allow(&mut stage, wire::Direction::Bidirectional, 1);
        assert_eq!(stage.manager.snapshot().len(), 2);
        stage.abort(&task);
        let id = match side {
            quinn::Side::Client => 0,
            quinn::Side::Server => 1,
        };
        assert_eq!(stage.sent_on(id).len(), 1);
        assert_eq!(stage.stops_on(id).len(), 1);
        stage.assert_all_released();
    }
}

#[test]
fn accepted_send_half_survives_cancelled_accepts() {
    for side in SIDES {
        let mut stage = Stage::new(Setup::default().on(side));
        assert!(blocks(stage.manager.accept_bi()));
        let id = stage.puppet_id(Direction::Bi, 0);
        stage.deliver(&[crate::support::fin(id, 0, b"hello")]);
        let (mut send, mut recv) = ok(now(stage.manager.accept_bi()));
        ok(now(send.write_all(b"answer")));
        assert_delivers(&mut stage, &mut send, id, b"answer");
        assert_eq!(now(recv.read_to_end(8)), Ok(b"hello".to_vec()));
        drop((send, recv));
        stage.assert_all_released();
    }
}
