//! Futures of a receiving part, and `accept`, dropped while they wait: nothing is lost, nothing
//! doubled.

use std::task::Poll;

use bytes::Bytes;
use quinn::VarInt;
use streamproof::{ReadToEndError, RecvHandle, RecvOutcome};
use tokio::io::AsyncReadExt;

use crate::support::{
    Direction, Receiver, SIDES, Setup, Stage, blocks, code, data, each_receiver, fin, gives, now,
    ok, read, reset,
};

/// A call that waits for something to read; true if it had to wait. It is dropped.
type Wait = fn(&mut RecvHandle) -> bool;

/// Every call that may wait and promises to lose nothing.
const WAITS: [(&str, Wait); 8] = [
    ("read", |recv| blocks(recv.read(&mut [0; 8]))),
    ("read_chunk", |recv| blocks(recv.read_chunk(8, true))),
    ("read_chunks", |recv| blocks(recv.read_chunks(&mut [Bytes::new()]))),
    ("read_exact of nothing that came", |recv| blocks(recv.read_exact(&mut [0; 8]))),
    ("read_to_end", |recv| blocks(recv.read_to_end(64))),
    ("read_to_end of more than it may", |recv| blocks(recv.read_to_end(0))),
    ("received_reset", |recv| blocks(recv.received_reset())),
    ("AsyncRead", |recv| blocks(AsyncReadExt::read(recv, &mut [0; 8]))),
];

#[test]
fn any_wait_dropped_before_data_loses_nothing() {
    for (name, wait) in WAITS {
        each_receiver(Setup::default(), |stage, Receiver { mut recv, other: _other, id }| {
            println!("dropped: {name}");
            assert!(wait(&mut recv));
            stage.deliver(&[data(id, 0, b"hello")]);
            assert_eq!(read(&mut recv, 8), gives(b"hello"));
            assert!(wait(&mut recv));
            stage.deliver(&[fin(id, 5, b" world")]);
            assert_eq!(read(&mut recv, 8), gives(b" world"));
            assert_eq!(read(&mut recv, 8), Poll::Ready(Ok(None)));
        });
    }
}

#[test]
fn any_wait_dropped_before_a_reset_loses_nothing() {
    for (name, wait) in WAITS {
        each_receiver(Setup::default(), |stage, Receiver { mut recv, other: _other, id }| {
            println!("dropped: {name}");
            assert!(wait(&mut recv));
            stage.deliver(&[reset(id, 7, 0)]);
            assert_eq!(now(recv.received_reset()), Ok(Some(code(7))));
            assert_eq!(recv.outcome(), Some(RecvOutcome::Reset { code: code(7) }));
        });
    }
}

#[test]
fn any_wait_dropped_in_one_task_leaves_the_wake_up_to_the_next() {
    for (name, wait) in WAITS {
        each_receiver(Setup::default(), |stage, Receiver { mut recv, other: _other, id }| {
            println!("dropped: {name}");
            assert!(wait(&mut recv));
            let next = stage.spawn(async move { recv.read_to_end(64).await });
            assert_eq!(next.take(), None);
            stage.deliver(&[data(id, 0, b"hello")]);
            stage.deliver(&[fin(id, 5, b" world")]);
            assert_eq!(next.take(), Some(Ok(b"hello world".to_vec())));
        });
    }
}

#[test]
fn received_reset_dropped_on_a_stream_that_has_arrived_loses_nothing() {
    // The trap of quinn's that leaves a waker behind; see the documentation of `streamproof`.
    each_receiver(Setup::default(), |stage, Receiver { mut recv, other: _other, id }| {
        stage.deliver(&[fin(id, 0, b"hello")]);
        assert!(blocks(recv.received_reset()));
        assert_eq!(now(recv.read_to_end(8)), Ok(b"hello".to_vec()));
        assert_eq!(now(recv.received_reset()), Ok(None));
        drop(recv);
        assert_eq!(stage.stops_on(id), []);
    });
}

#[test]
fn received_reset_that_waits_is_woken_by_the_reset() {
    each_receiver(Setup::default(), |stage, Receiver { mut recv, other: _other, id }| {
        let reset_told = stage.spawn(async move { recv.received_reset().await });
        stage.deliver(&[data(id, 0, b"hello")]);
        assert_eq!(reset_told.take(), None);
        stage.deliver(&[reset(id, 7, 5)]);
        assert_eq!(reset_told.take(), Some(Ok(Some(code(7)))));
    });
}

#[test]
fn received_reset_after_everything_was_read_is_none() {
    each_receiver(Setup::default(), |stage, Receiver { mut recv, other: _other, id }| {
        stage.deliver(&[fin(id, 0, b"hello")]);
        assert_eq!(read(&mut recv, 64), gives(b"hello"));
        assert_eq!(now(recv.received_reset()), Ok(None));
        assert_eq!(recv.outcome(), Some(RecvOutcome::ReadToEnd));
    });
}

/// Every call that hands bytes over. Reads all of `expected`, which ends there.
fn read_rest(recv: &mut RecvHandle, how: usize, expected: &[u8]) {
    let mut whole = Vec::new();
    let mut buffer = [0; 3];
    loop {
        let count = match how {
            0 => ok(now(recv.read(&mut buffer))),
            1 => ok(now(recv.read_chunk(3, true))).map(|chunk| {
                assert_eq!(chunk.offset, whole.len() as u64 + 11 - expected.len() as u64);
                buffer[..chunk.bytes.len()].copy_from_slice(&chunk.bytes);
                chunk.bytes.len()
            }),
            2 => {
                let mut bufs = [Bytes::new(), Bytes::new()];
                let count = ok(now(recv.read_chunks(&mut bufs)));
                let before = whole.len();
                bufs.iter().for_each(|bytes| whole.extend_from_slice(bytes));
                assert_eq!(count.is_some(), whole.len() > before);
                match count {
                    Some(_) => continue,
                    None => None,
                }
            }
            3 => match ok(now(AsyncReadExt::read(recv, &mut buffer))) {
                0 => None,
                count => Some(count),
            },
            4 => {
                let length = expected.len();
                whole.resize(length, 0);
                ok(now(recv.read_exact(&mut whole)));
                assert_eq!(now(recv.read(&mut buffer)), Ok(None));
                None
            }
            _ => {
                whole = ok(now(recv.read_to_end(expected.len())));
                None
            }
        };
        match count {
            Some(count) => whole.extend_from_slice(&buffer[..count]),
            None => break,
        }
    }
    assert_eq!(whole, expected);
    assert_eq!(recv.outcome(), Some(RecvOutcome::ReadToEnd));
}

#[test]
fn read_to_end_dropped_half_way_leaves_its_bytes_to_the_next_read_of_any_kind() {
    for how in 0..6 {
        each_receiver(Setup::default(), |stage, Receiver { mut recv, other: _other, id }| {
            println!("then read in way {how}");
            stage.deliver(&[data(id, 0, b"hel")]);
            assert!(blocks(recv.read_to_end(64)));
            stage.deliver(&[data(id, 3, b"lo wo")]);
            assert!(blocks(recv.read_to_end(64)));
            assert_eq!(recv.outcome(), None);
            stage.deliver(&[fin(id, 8, b"rld")]);
            read_rest(&mut recv, how, b"hello world");
        });
    }
}

#[test]
fn read_to_end_that_is_too_long_leaves_its_bytes_to_the_next_read_of_any_kind() {
    for how in 0..6 {
        for limit in 0..11 {
            each_receiver(Setup::default(), |stage, Receiver { mut recv, other: _other, id }| {
                println!("limit {limit}, then read in way {how}");
                stage.deliver(&[data(id, 0, b"hel"), fin(id, 3, b"lo world")]);
                let too_long = Err(ReadToEndError::TooLong { limit });
                assert_eq!(now(recv.read_to_end(limit)), too_long);
                assert_eq!(now(recv.read_to_end(limit)), too_long, "again");
                read_rest(&mut recv, how, b"hello world");
            });
        }
    }
}

#[test]
fn read_to_end_that_is_too_long_and_then_a_reset_tells_the_reset() {
    each_receiver(Setup::default(), |stage, Receiver { mut recv, other: _other, id }| {
        stage.deliver(&[data(id, 0, b"hello")]);
        assert_eq!(now(recv.read_to_end(2)), Err(ReadToEndError::TooLong { limit: 2 }));
        stage.deliver(&[reset(id, 7, 5)]);
        assert_eq!(now(recv.received_reset()), Ok(Some(code(7))));
        assert!(matches!(read(&mut recv, 8), Poll::Ready(Err(_))));
    });
}

#[test]
fn received_reset_between_two_halves_of_a_read_loses_nothing() {
    for how in 0..6 {
        each_receiver(Setup::default(), |stage, Receiver { mut recv, other: _other, id }| {
            stage.deliver(&[fin(id, 0, b"hello world")]);
            assert_eq!(now(recv.read_to_end(2)), Err(ReadToEndError::TooLong { limit: 2 }));
            assert!(blocks(recv.received_reset()), "there is something to read");
            read_rest(&mut recv, how, b"hello world");
        });
    }
}

#[test]
fn read_exact_dropped_has_consumed_bytes_as_documented() {
    each_receiver(Setup::default(), |stage, Receiver { mut recv, other: _other, id }| {
        stage.deliver(&[data(id, 0, b"hel")]);
        assert!(blocks(recv.read_exact(&mut [0; 8])));
        stage.deliver(&[fin(id, 3, b"lo world")]);
        read_rest(&mut recv, 0, b"lo world");
    });
}

#[test]
fn reader_whose_task_is_aborted_between_reads_has_lost_nothing_it_did_not_get() {
    // The task reads in threes and is aborted: what it got is what the peer's credit says was read.
    each_receiver(Setup::default(), |stage, Receiver { mut recv, other: _other, id }| {
        let got = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let seen = got.clone();
        let task = stage.spawn(async move {
            let mut buffer = [0; 3];
            while let Ok(Some(count)) = recv.read(&mut buffer).await {
                seen.lock().expect("not poisoned").extend_from_slice(&buffer[..count]);
            }
        });
        stage.deliver(&[data(id, 0, b"hello")]);
        stage.deliver(&[data(id, 5, b" world")]);
        stage.abort(&task);
        assert_eq!(*got.lock().expect("not poisoned"), b"hello world");
        assert_eq!(stage.stops_on(id).len(), 1, "no end was seen");
    });
}

fn index(recv: &RecvHandle) -> u64 {
    VarInt::from(recv.id()).into_inner() / 4
}

fn accept(stage: &Stage, direction: Direction) -> RecvHandle {
    match direction {
        Direction::Uni => ok(now(stage.manager.accept_uni())),
        Direction::Bi => ok(now(stage.manager.accept_bi())).1,
    }
}

#[test]
fn accept_dropped_while_pending_takes_no_stream() {
    for side in SIDES {
        for direction in [Direction::Uni, Direction::Bi] {
            let mut stage = Stage::new(Setup::default().on(side));
            for n in 0..4 {
                for _ in 0..3 {
                    assert!(blocks(stage.manager.accept_uni()));
                    assert!(blocks(stage.manager.accept_bi()));
                }
                let id = stage.puppet_id(direction, n);
                stage.deliver(&[fin(id, 0, b"hello")]);
                let mut recv = accept(&stage, direction);
                assert_eq!(index(&recv), n, "in order, none skipped");
                assert_eq!(now(recv.read_to_end(8)), Ok(b"hello".to_vec()));
            }
            stage.assert_all_released();
        }
    }
}

#[test]
fn accept_dropped_after_it_was_woken_takes_no_stream() {
    for side in SIDES {
        let mut stage = Stage::new(Setup::default().on(side));
        let manager = stage.manager.clone();
        let mut accepting = Box::pin(manager.accept_uni());
        assert!(blocks(&mut accepting));
        let id = stage.puppet_id(Direction::Uni, 0);
        stage.deliver(&[fin(id, 0, b"hello")]);
        drop(accepting);
        assert_eq!(stage.manager.snapshot(), []);
        let recv = accept(&stage, Direction::Uni);
        assert_eq!(index(&recv), 0);
        drop(recv);
        stage.assert_all_released();
    }
}

#[test]
fn accept_aborted_in_one_task_leaves_the_stream_to_the_next() {
    for side in SIDES {
        let mut stage = Stage::new(Setup::default().on(side));
        let accept = |stage: &mut Stage| {
            let manager = stage.manager.clone();
            stage.spawn(async move { manager.accept_uni().await })
        };
        let tasks: Vec<_> = (0..4).map(|_| accept(&mut stage)).collect();
        stage.abort(&tasks[0]);
        stage.abort(&tasks[2]);
        let ids = [0, 1].map(|n| stage.puppet_id(Direction::Uni, n));
        stage.deliver(&[fin(ids[0], 0, b"one")]);
        stage.deliver(&[fin(ids[1], 0, b"two")]);
        let accepted = [1, 3].map(|task: usize| ok(tasks[task].take().expect("it is woken")));
        let mut indices = accepted.each_ref().map(index);
        indices.sort_unstable();
        assert_eq!(indices, [0, 1]);
        drop(accepted);
        stage.assert_all_released();
    }
}
