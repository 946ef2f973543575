//! A receive handle dropped after all data and FIN arrived sends nothing; otherwise STOP_SENDING with
//! the configured code.

use std::task::Poll;

use streamproof::{Ended, ReadToEndError, RecvHandle, RecvOutcome};
use streamproof_harness::wire::Frame;
use streamproof_simulation::poll_once;

use crate::death::Death;
use crate::support::{
    DROP_STOP, Receiver, RecvWay, Setup, Stage, blocks, code, data, each_receiver, fin, gives, now,
    ok, read, reset, stop_sending,
};

/// Ways in which `hello` and its end can arrive.
fn complete(id: u64) -> Vec<Vec<Frame>> {
    vec![
        vec![fin(id, 0, b"hello")],
        vec![data(id, 0, b"hello"), fin(id, 5, b"")],
        vec![fin(id, 3, b"lo"), data(id, 0, b"hel")],
        vec![fin(id, 5, b""), data(id, 2, b"llo"), data(id, 0, b"hello")],
    ]
}

#[test]
fn dropped_with_everything_arrived_and_unread_sends_nothing() {
    for way in 0..complete(0).len() {
        each_receiver(Setup::default(), |stage, Receiver { recv, other: _other, id }| {
            for frame in &complete(id)[way] {
                stage.deliver(std::slice::from_ref(frame));
            }
            drop(recv);
            assert_eq!(stage.stops_on(id), []);
            assert_eq!(stage.manager.tally().receiving.stopped, 1, "five bytes were not read");
        });
    }
}

#[test]
fn dropped_with_everything_arrived_and_partly_read_sends_nothing() {
    for way in 0..complete(0).len() {
        each_receiver(Setup::default(), |stage, Receiver { mut recv, other: _other, id }| {
            stage.deliver(&complete(id)[way]);
            assert_eq!(read(&mut recv, 2), gives(b"he"));
            drop(recv);
            assert_eq!(stage.stops_on(id), []);
            assert_eq!(stage.manager.tally().receiving.stopped, 1, "three bytes were not read");
        });
    }
}

#[test]
fn dropped_with_everything_read_but_the_end_not_seen_sends_nothing() {
    for size in [5, 64] {
        each_receiver(Setup::default(), |stage, Receiver { mut recv, other: _other, id }| {
            stage.deliver(&[fin(id, 0, b"hello")]);
            assert_eq!(read(&mut recv, size), gives(b"hello"));
            drop(recv);
            assert_eq!(stage.stops_on(id), []);
            assert_eq!(stage.manager.tally().receiving.read_to_end, 1, "nothing was missed");
        });
    }
}

#[test]
fn dropped_after_an_empty_stream_arrived_sends_nothing() {
    each_receiver(Setup::default(), |stage, Receiver { recv, other: _other, id }| {
        stage.deliver(&[fin(id, 0, b"")]);
        drop(recv);
        assert_eq!(stage.stops_on(id), []);
        assert_eq!(stage.manager.tally().receiving.read_to_end, 1);
    });
}

#[test]
fn dropped_after_the_end_sends_nothing() {
    each_receiver(Setup::default(), |stage, Receiver { mut recv, other: _other, id }| {
        stage.deliver(&[fin(id, 0, b"hello")]);
        assert_eq!(now(recv.read_to_end(8)), Ok(b"hello".to_vec()));
        drop(recv);
        assert_eq!(stage.stops_on(id), []);
        assert_eq!(stage.manager.tally().receiving.read_to_end, 1);
    });
}

#[test]
fn dropped_with_something_missing_stops_with_the_configured_code() {
    let incomplete: [fn(u64) -> Vec<Frame>; 5] = [
        |_| vec![],
        |id| vec![data(id, 0, b"hello")],
        |id| vec![data(id, 0, b"he"), fin(id, 4, b"o")],
        |id| vec![fin(id, 5, b"")],
        |id| vec![data(id, 2, b"llo")],
    ];
    for frames in incomplete {
        for size in [0, 64] {
            each_receiver(Setup::default(), |stage, Receiver { mut recv, other: _other, id }| {
                frames(id).iter().for_each(|frame| stage.deliver(std::slice::from_ref(frame)));
                let _ = read(&mut recv, size);
                drop(recv);
                assert_eq!(stage.stops_on(id), [stop_sending(id, DROP_STOP)]);
                assert_eq!(stage.manager.tally().receiving.stopped, 1);
                // The peer answers as it should, and is not punished for what was under way.
                let rest = [data(id, 0, b"hello"), reset(id, DROP_STOP, 5)];
                stage.deliver(&rest);
                stage.acknowledge_all();
                assert_eq!(stage.stops_on(id).len(), 1);
                assert_eq!(stage.arena.close_reason(), None);
            });
        }
    }
}

#[test]
fn dropped_with_any_code_sends_that_code() {
    for drop_code in [0, 1, 0x10c, u32::MAX] {
        let mut setup = Setup::default();
        setup.config.drop_stop_code = code(drop_code);
        each_receiver(setup, |stage, Receiver { recv, other: _other, id }| {
            drop(recv);
            assert_eq!(stage.stops_on(id), [stop_sending(id, drop_code)]);
        });
    }
}

#[test]
fn task_aborted_while_it_reads_stops_the_stream() {
    each_receiver(Setup::default(), |stage, Receiver { mut recv, other: _other, id }| {
        stage.deliver(&[data(id, 0, b"hello")]);
        let task = stage.spawn(async move { recv.read_to_end(64).await });
        assert_eq!(task.take(), None);
        stage.abort(&task);
        assert_eq!(stage.stops_on(id), [stop_sending(id, DROP_STOP)]);
    });
}

#[test]
fn task_aborted_while_it_waits_for_a_reset_stops_the_stream() {
    each_receiver(Setup::default(), |stage, Receiver { mut recv, other: _other, id }| {
        let task = stage.spawn(async move { recv.received_reset().await });
        assert_eq!(task.take(), None);
        stage.abort(&task);
        assert_eq!(stage.stops_on(id), [stop_sending(id, DROP_STOP)]);
    });
}

#[test]
fn dropped_after_a_read_to_end_that_was_too_long_follows_the_same_rule() {
    each_receiver(Setup::default(), |stage, Receiver { mut recv, other: _other, id }| {
        stage.deliver(&[data(id, 0, b"hello")]);
        assert_eq!(now(recv.read_to_end(4)), Err(ReadToEndError::TooLong { limit: 4 }));
        stage.deliver(&[fin(id, 5, b"")]);
        drop(recv);
        assert_eq!(stage.stops_on(id), [], "everything has arrived");
        assert_eq!(stage.manager.tally().receiving.stopped, 1, "but it was never handed over");
    });
    each_receiver(Setup::default(), |stage, Receiver { mut recv, other: _other, id }| {
        stage.deliver(&[data(id, 0, b"hello")]);
        assert_eq!(now(recv.read_to_end(4)), Err(ReadToEndError::TooLong { limit: 4 }));
        drop(recv);
        assert_eq!(stage.stops_on(id), [stop_sending(id, DROP_STOP)]);
    });
}

#[test]
fn dropped_after_an_unordered_read_follows_the_same_rule() {
    for is_complete in [true, false] {
        each_receiver(Setup::default(), |stage, Receiver { mut recv, other: _other, id }| {
            stage.deliver(&[fin(id, 3, b"lo")]);
            let chunk = ok(now(recv.read_chunk(8, false))).expect("a chunk");
            assert_eq!((chunk.offset, &chunk.bytes[..]), (3, &b"lo"[..]));
            if is_complete {
                stage.deliver(&[data(id, 0, b"hel")]);
            }
            drop(recv);
            let stops = [stop_sending(id, DROP_STOP)];
            assert_eq!(stage.stops_on(id), stops[usize::from(is_complete)..]);
        });
    }
}

/// `hello` with bytes that the peer sent twice, read up to two bytes in: quinn keeps the second copy.
fn deliver_twice(stage: &mut Stage, recv: &mut RecvHandle, id: u64, last: Frame) {
    stage.deliver(&[data(id, 0, b"hel")]);
    stage.deliver(&[data(id, 0, b"hel")]);
    stage.deliver(&[last]);
    assert_eq!(read(recv, 2), gives(b"he"));
}

#[test]
fn dropped_after_bytes_came_twice_follows_the_same_rule() {
    let lasts: [fn(u64) -> Frame; 4] = [
        |id| fin(id, 3, b"lo"),
        |id| data(id, 3, b"lo"),
        // Two bytes are missing, and two came twice: their number alone tells nothing.
        |id| fin(id, 5, b""),
        |id| fin(id, 4, b"o"),
    ];
    for (last, stops) in lasts.into_iter().zip([0, 1, 1, 1]) {
        each_receiver(Setup::default(), |stage, Receiver { mut recv, other: _other, id }| {
            deliver_twice(stage, &mut recv, id, last(id));
            drop(recv);
            assert_eq!(stage.stops_on(id).len(), stops);
        });
    }
}

#[test]
fn unordered_read_after_ordered_ones_gives_no_byte_twice() {
    each_receiver(Setup::default(), |stage, Receiver { mut recv, other: _other, id }| {
        deliver_twice(stage, &mut recv, id, fin(id, 4, b"o"));
        let mut chunks = Vec::new();
        while let Poll::Ready(Ok(Some(chunk))) = poll_once(recv.read_chunk(8, false)) {
            chunks.push((chunk.offset, chunk.bytes));
        }
        assert_eq!(chunks, [(2, "l".into()), (4, "o".into())]);
        stage.deliver(&[data(id, 3, b"l")]);
        let chunk = ok(now(recv.read_chunk(8, false))).expect("the gap");
        assert_eq!((chunk.offset, chunk.bytes), (3, "l".into()));
        assert_eq!(now(recv.read_chunk(8, false)).map(|chunk| chunk.is_none()), Ok(true));
    });
}

#[test]
fn dropped_after_the_reset_arrived_sends_nothing() {
    each_receiver(Setup::default(), |stage, Receiver { recv, other: _other, id }| {
        stage.deliver(&[data(id, 0, b"hello"), reset(id, 7, 9)]);
        drop(recv);
        assert_eq!(stage.stops_on(id), []);
        assert_eq!(stage.manager.tally().receiving.reset, 1);
    });
}

#[test]
fn dropped_after_stop_sends_no_second_stop() {
    each_receiver(Setup::default(), |stage, Receiver { mut recv, other: _other, id }| {
        ok(recv.stop(code(8)));
        drop(recv);
        stage.acknowledge_all();
        assert_eq!(stage.stops_on(id), [stop_sending(id, 8)]);
    });
}

#[test]
fn dropped_on_a_dead_connection_sends_nothing() {
    for death in Death::ALL {
        each_receiver(Setup::default(), |stage, Receiver { recv, other: _other, id }| {
            stage.deliver(&[data(id, 0, b"hello")]);
            death.strike(stage);
            drop(recv);
            assert_eq!(stage.stops_on(id), []);
            assert_eq!(stage.manager.tally().receiving.connection_lost, 1);
        });
    }
}

#[test]
fn stop_sends_nothing_when_everything_has_arrived() {
    for size in [0, 2, 5] {
        each_receiver(Setup::default(), |stage, Receiver { mut recv, other: _other, id }| {
            stage.deliver(&[fin(id, 0, b"hello")]);
            let _ = read(&mut recv, size);
            ok(recv.stop(code(8)));
            let outcome = RecvOutcome::Stopped { code: code(8) };
            assert_eq!(recv.stop(code(9)), Err(Ended { outcome }));
            assert_eq!(stage.stops_on(id), []);
        });
    }
}

#[test]
fn stop_while_a_reset_is_awaited_stops_once() {
    each_receiver(Setup::default(), |stage, Receiver { mut recv, other: _other, id }| {
        assert!(blocks(recv.received_reset()));
        ok(recv.stop(code(8)));
        assert_eq!(now(recv.received_reset()), Ok(None));
        drop(recv);
        assert_eq!(stage.stops_on(id), [stop_sending(id, 8)]);
    });
}

#[test]
fn credit_of_a_dropped_stream_comes_back() {
    // The window of the connection is as large as one stream: if unread bytes of dropped handles
    // stayed accounted, the second stream could not arrive.
    let mut setup = Setup::default();
    setup.arena.limits.sut.max_data = 5;
    for is_complete in [true, false] {
        each_receiver(setup, |stage, Receiver { recv, other: _other, id }| {
            stage.deliver(&[if is_complete {
                fin(id, 0, b"hello")
            } else {
                data(id, 0, b"hello")
            }]);
            drop(recv);
            let granted = stage.history().iter().filter_map(|frame| {
                let Frame::MaxData { maximum_data } = frame else { return None };
                Some(*maximum_data)
            });
            assert_eq!(granted.max(), Some(10));
            assert_eq!(stage.arena.close_reason(), None);
        });
    }
}

/// Whoever gives up does not look at more than 16 MiB to find out that everything had arrived.
#[test]
fn dropped_with_more_unread_than_is_worth_looking_at_sends_stop_sending() {
    // The limit is no multiple of it: it is gone beyond, not met.
    static PIECE: [u8; 1000] = [7; 1000];
    const LIMIT: u64 = 16 << 20;
    for (length, stops) in [(LIMIT, false), (LIMIT + 4096, true)] {
        let mut setup = Setup::default();
        setup.arena.log = false;
        setup.arena.limits.sut.max_data = 2 * LIMIT;
        setup.arena.limits.sut.max_stream_data = 2 * LIMIT;
        let mut stage = Stage::new(setup);
        let Receiver { recv, other: _other, id } = stage.receiver(RecvWay::AcceptedUni);
        for offset in (0..length).step_by(PIECE.len()) {
            let left = usize::try_from(length - offset).unwrap_or(usize::MAX);
            stage.deliver(&[data(id, offset, &PIECE[..PIECE.len().min(left)])]);
        }
        stage.deliver(&[fin(id, length, b"")]);
        drop(recv);
        assert_eq!(!stage.stops_on(id).is_empty(), stops, "{length} bytes unread");
    }
}
