//! Every receiving part ends in exactly one outcome, and a reset is never followed by a clean end.

use std::task::Poll;

use bytes::Bytes;
use streamproof::{Ended, ReadError, ReadExactError, ReadToEndError, RecvHandle, RecvOutcome};
use tokio::io::AsyncReadExt;

use crate::askers::assert_recv_ended;
use crate::death::Death;
use crate::support::{
    Direction, Receiver, RecvWay, Setup, Stage, blocks, code, data, each_receiver, fin, gives, now,
    ok, read, reset, stop_sending,
};

/// One call that meets whatever is next on the stream. `None` is the end, `Some` the error.
type Meet = fn(&mut RecvHandle) -> Option<ReadError>;

/// Every call by which an application can meet the end or the reset.
const MEETINGS: [(&str, Meet); 7] = [
    ("read", |recv| now(recv.read(&mut [0; 8])).map(|read| assert_eq!(read, None)).err()),
    ("read_chunk", |recv| now(recv.read_chunk(8, true)).map(|read| assert_eq!(read, None)).err()),
    ("read_chunk unordered", |recv| {
        now(recv.read_chunk(8, false)).map(|read| assert_eq!(read, None)).err()
    }),
    ("read_chunks", |recv| {
        now(recv.read_chunks(&mut [Bytes::new()])).map(|read| assert_eq!(read, None)).err()
    }),
    ("read_exact", |recv| match now(recv.read_exact(&mut [0; 8])) {
        Err(ReadExactError::FinishedEarly(0)) => None,
        Err(ReadExactError::Read(error)) => Some(error),
        other => panic!("{other:?}"),
    }),
    ("read_to_end", |recv| match now(recv.read_to_end(8)) {
        Ok(bytes) if bytes.is_empty() => None,
        Err(ReadToEndError::Read(error)) => Some(error),
        other => panic!("{other:?}"),
    }),
    ("AsyncRead", |recv| match now(AsyncReadExt::read(recv, &mut [0; 8])) {
        Ok(0) => None,
        Ok(count) => panic!("{count} bytes"),
        Err(error) => {
            let inner = error.into_inner().and_then(|inner| inner.downcast().ok());
            inner.map(|error: Box<ReadError>| *error)
        }
    }),
];

#[test]
fn read_to_the_end_is_told_again_and_again() {
    for (name, meet) in MEETINGS {
        each_receiver(Setup::default(), |stage, Receiver { mut recv, other: _other, id }| {
            println!("met by {name}");
            stage.deliver(&[fin(id, 0, b"hello")]);
            assert_eq!(read(&mut recv, 5), gives(b"hello"));
            assert_eq!(recv.outcome(), None, "nobody has met the end yet");
            assert_eq!(meet(&mut recv), None);
            assert_recv_ended(stage, &mut recv, &RecvOutcome::ReadToEnd);
            assert_eq!(stage.manager.tally().receiving.read_to_end, 1);
            assert_eq!(stage.stops_on(id), []);
        });
    }
}

#[test]
fn reset_by_the_peer_is_never_followed_by_an_end() {
    for (name, meet) in MEETINGS {
        each_receiver(Setup::default(), |stage, Receiver { mut recv, other: _other, id }| {
            println!("met by {name}");
            stage.deliver(&[data(id, 0, b"hello")]);
            assert_eq!(read(&mut recv, 2), gives(b"he"));
            stage.deliver(&[reset(id, 7, 9)]);
            assert_eq!(meet(&mut recv), Some(ReadError::Reset { code: code(7) }));
            for (name, meet) in MEETINGS {
                let told = meet(&mut recv);
                assert_eq!(told, Some(ReadError::Reset { code: code(7) }), "{name}");
            }
            assert_recv_ended(stage, &mut recv, &RecvOutcome::Reset { code: code(7) });
            assert_eq!(stage.manager.tally().receiving.reset, 1);
            assert_eq!(stage.stops_on(id), []);
        });
    }
}

#[test]
fn reset_is_learned_from_received_reset_and_then_told_by_every_read() {
    each_receiver(Setup::default(), |stage, Receiver { mut recv, other: _other, id }| {
        stage.deliver(&[data(id, 0, b"hello")]);
        assert!(blocks(recv.received_reset()));
        stage.deliver(&[reset(id, 7, 5)]);
        assert_eq!(now(recv.received_reset()), Ok(Some(code(7))));
        assert_recv_ended(stage, &mut recv, &RecvOutcome::Reset { code: code(7) });
    });
}

#[test]
fn reset_of_a_stream_whose_size_is_known_is_told_for_ever() {
    each_receiver(Setup::default(), |stage, Receiver { mut recv, other: _other, id }| {
        stage.deliver(&[data(id, 0, b"he"), fin(id, 4, b"o")]);
        assert_eq!(read(&mut recv, 8), gives(b"he"));
        assert!(read(&mut recv, 8).is_pending(), "a gap");
        stage.deliver(&[reset(id, 7, 5)]);
        stage.deliver(&[data(id, 2, b"ll")]);
        assert_eq!(read(&mut recv, 8), Poll::Ready(Err(ReadError::Reset { code: code(7) })));
        assert_recv_ended(stage, &mut recv, &RecvOutcome::Reset { code: code(7) });
    });
}

#[test]
fn reset_of_a_stream_that_has_arrived_has_one_outcome() {
    // §3.2 leaves it free which of the two the application is told; it must stay with that one.
    each_receiver(Setup::default(), |stage, Receiver { mut recv, other: _other, id }| {
        stage.deliver(&[fin(id, 0, b"hello")]);
        stage.deliver(&[reset(id, 7, 5)]);
        let outcome = if let Poll::Ready(Ok(Some(bytes))) = read(&mut recv, 8) {
            assert_eq!(bytes, b"hello");
            assert_eq!(read(&mut recv, 8), Poll::Ready(Ok(None)));
            RecvOutcome::ReadToEnd
        } else {
            RecvOutcome::Reset { code: code(7) }
        };
        assert_recv_ended(stage, &mut recv, &outcome);
    });
}

#[test]
fn waiting_reader_is_woken_by_data_end_reset_and_loss() {
    type Happening = fn(&mut Stage, u64);
    let happenings: [Happening; 4] = [
        |stage, id| stage.deliver(&[data(id, 0, b"x")]),
        |stage, id| stage.deliver(&[fin(id, 0, b"")]),
        |stage, id| stage.deliver(&[reset(id, 7, 0)]),
        |stage, _| drop(Death::ClosedByPeer.strike(stage)),
    ];
    for happening in happenings {
        each_receiver(Setup::default(), |stage, Receiver { mut recv, other: _other, id }| {
            let reading = stage.spawn(async move {
                let read = recv.read(&mut [0; 8]).await;
                (read, recv)
            });
            assert!(reading.take().is_none());
            happening(stage, id);
            let (read, recv) = reading.take().expect("the reader is woken");
            assert_eq!(recv.outcome().is_none(), read == Ok(Some(1)));
        });
    }
}

#[test]
fn stopped_by_us_is_told_to_every_asker() {
    each_receiver(Setup::default(), |stage, Receiver { mut recv, other: _other, id }| {
        stage.deliver(&[data(id, 0, b"hello")]);
        assert_eq!(read(&mut recv, 2), gives(b"he"));
        ok(recv.stop(code(8)));
        let outcome = RecvOutcome::Stopped { code: code(8) };
        assert_recv_ended(stage, &mut recv, &outcome);
        assert_eq!(stage.stops_on(id), [stop_sending(id, 8)]);
        // Whatever the peer makes of it.
        stage.deliver(&[data(id, 5, b" world")]);
        stage.deliver(&[reset(id, 7, 11)]);
        assert_recv_ended(stage, &mut recv, &outcome);
        assert_eq!(stage.manager.tally().receiving.stopped, 1);
    });
}

#[test]
fn stop_after_the_reset_has_arrived_tells_the_reset() {
    each_receiver(Setup::default(), |stage, Receiver { mut recv, other: _other, id }| {
        stage.deliver(&[data(id, 0, b"hello"), reset(id, 7, 5)]);
        let outcome = RecvOutcome::Reset { code: code(7) };
        assert_eq!(recv.stop(code(8)), Err(Ended { outcome: outcome.clone() }));
        assert_recv_ended(stage, &mut recv, &outcome);
        assert_eq!(stage.stops_on(id), []);
    });
}

#[test]
fn connection_lost_is_told_with_its_cause_once_everything_is_read() {
    for death in Death::ALL {
        for (name, meet) in MEETINGS {
            each_receiver(Setup::default(), |stage, Receiver { mut recv, other: _other, id }| {
                println!("met by {name}");
                stage.deliver(&[data(id, 0, b"hello")]);
                let cause = death.strike(stage);
                assert!(now(recv.received_reset()).is_err());
                assert_eq!(recv.outcome(), None, "there is something to read");
                assert_eq!(read(&mut recv, 5), gives(b"hello"));
                assert_eq!(meet(&mut recv), Some(ReadError::ConnectionLost(cause.clone())));
                assert_recv_ended(stage, &mut recv, &RecvOutcome::ConnectionLost(cause));
                assert_eq!(stage.manager.tally().receiving.connection_lost, 1);
            });
        }
    }
}

#[test]
fn stream_that_has_arrived_is_read_to_its_end_on_a_dead_connection() {
    for death in Death::ALL {
        each_receiver(Setup::default(), |stage, Receiver { mut recv, other: _other, id }| {
            stage.deliver(&[fin(id, 0, b"hello")]);
            death.strike(stage);
            assert_eq!(now(recv.read_to_end(8)), Ok(b"hello".to_vec()));
            assert_recv_ended(stage, &mut recv, &RecvOutcome::ReadToEnd);
        });
    }
}

#[test]
fn first_end_stands_against_every_later_one() {
    for death in Death::ALL {
        for frame in [fin, |id, offset, _: &'static [u8]| reset(id, 7, offset + 5)] {
            each_receiver(Setup::default(), |stage, Receiver { mut recv, other: _other, id }| {
                stage.deliver(&[frame(id, 0, b"hello")]);
                while let Poll::Ready(Ok(Some(_))) = read(&mut recv, 8) {}
                let outcome = recv.outcome().expect("it has ended");
                let tally = stage.manager.tally().receiving;
                // Late and legal.
                stage.deliver(&[frame(id, 0, b"hello"), reset(id, 9, 5)]);
                assert!(recv.stop(code(98)).is_err());
                death.strike(stage);
                assert_recv_ended(stage, &mut recv, &outcome);
                assert_eq!(stage.manager.tally().receiving, tally, "counted once");
            });
        }
    }
}

#[test]
fn tally_counts_each_outcome_once() {
    let mut stage = Stage::new(Setup::default());
    let ids: Vec<u64> = (0..6).map(|n| stage.puppet_id(Direction::Uni, n)).collect();
    let frames: Vec<_> = ids.iter().map(|id| data(*id, 0, b"hello")).collect();
    stage.deliver(&frames);
    let parts: Vec<_> = ids.iter().map(|_| ok(now(stage.manager.accept_uni()))).collect();
    let parts: [RecvHandle; 6] = parts.try_into().expect("six parts");
    let [mut stopped, mut was_reset, mut whole, unread, dropped, mut lost] = parts;
    ok(stopped.stop(code(8)));
    stage.deliver(&[reset(ids[1], 7, 5), fin(ids[2], 5, b""), fin(ids[3], 5, b"")]);
    assert!(matches!(read(&mut was_reset, 8), Poll::Ready(Err(_))));
    assert_eq!(now(whole.read_to_end(8)), Ok(b"hello".to_vec()));
    drop((dropped, unread));
    stage.settle();
    let cause = Death::ClosedByPeer.strike(&mut stage);
    assert_eq!(read(&mut lost, 8), gives(b"hello"));
    assert_eq!(read(&mut lost, 8), Poll::Ready(Err(ReadError::ConnectionLost(cause))));
    let tally = stage.manager.tally().receiving;
    assert_eq!((tally.registered, tally.ended()), (6, 6));
    assert_eq!((tally.read_to_end, tally.reset), (1, 1));
    assert_eq!(tally.stopped, 3, "stopped, dropped, dropped unread");
    assert_eq!((tally.connection_lost, tally.zero_rtt_rejected), (1, 0));
    drop((stopped, was_reset, whole, lost));
    assert_eq!(stage.manager.tally().receiving, tally, "a drop after the end counts nothing");
    stage.assert_all_released();
}

#[test]
fn ordered_read_after_an_unordered_one_is_refused_and_ends_nothing() {
    each_receiver(Setup::default(), |stage, Receiver { mut recv, other: _other, id }| {
        stage.deliver(&[data(id, 2, b"llo")]);
        let chunk = ok(now(recv.read_chunk(8, false))).expect("behind the gap");
        assert_eq!((chunk.offset, &chunk.bytes[..]), (2, &b"llo"[..]));
        for (name, meet) in MEETINGS.into_iter().filter(|(name, _)| !name.contains("unordered")) {
            for _ in 0..2 {
                assert_eq!(meet(&mut recv), Some(ReadError::IllegalOrderedRead), "{name}");
            }
        }
        assert_eq!(recv.outcome(), None);
        stage.deliver(&[data(id, 0, b"he"), fin(id, 5, b"")]);
        let chunk = ok(now(recv.read_chunk(8, false))).expect("the gap");
        assert_eq!((chunk.offset, &chunk.bytes[..]), (0, &b"he"[..]));
        assert_eq!(now(recv.read_chunk(8, false)).map(|chunk| chunk.is_none()), Ok(true));
        assert_recv_ended(stage, &mut recv, &RecvOutcome::ReadToEnd);
        assert_eq!(stage.stops_on(id), []);
    });
}

#[test]
fn both_parts_of_a_stream_end_apart() {
    for way in [RecvWay::AcceptedBi, RecvWay::OpenedBi] {
        let mut stage = Stage::new(Setup::default());
        let Receiver { mut recv, other, id } = stage.receiver(way);
        let mut send = other.expect("bidirectional");
        ok(send.reset(code(7)));
        assert_eq!(recv.outcome(), None);
        stage.deliver(&[fin(id, 0, b"hello")]);
        assert_eq!(now(recv.read_to_end(8)), Ok(b"hello".to_vec()));
        assert_eq!(send.outcome(), Some(streamproof::SendOutcome::Reset { code: code(7) }));
        drop((send, recv));
        stage.assert_all_released();
    }
}
