//! The handles as tokio's `AsyncRead` and `AsyncWrite`.

use std::io::{self, ErrorKind};

use quinn::Side;
use streamproof::{FinishError, ReadError, SendOutcome, WriteError};
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};

use crate::death::Death;
use crate::support::{
    DROP_RESET, Direction, Receiver, SIDES, SendWay, Sender, Setup, Stage, blocks, code, data,
    each_receiver, each_sender, fin, now, ok, reset, stop_sending,
};

/// The error of ours inside an `io::Error`.
fn inner<E: std::error::Error + 'static>(error: io::Error) -> E {
    let inner = error.into_inner().expect("it carries ours");
    *inner.downcast().expect("it is of that type")
}

#[test]
fn copy_moves_a_whole_stream_and_shutdown_delivers_it() {
    for side in SIDES {
        let mut stage = Stage::new(Setup::default().on(side));
        let Sender { mut send, other, id } = stage.sender(SendWay::AcceptedBi);
        let mut recv = other.expect("bidirectional");
        let echo = stage.spawn(async move {
            let copied = tokio::io::copy(&mut recv, &mut send).await?;
            send.shutdown().await?;
            Ok::<u64, io::Error>(copied)
        });
        stage.deliver(&[data(id, 0, b"hello")]);
        stage.deliver(&[data(id, 5, b" ")]);
        assert_eq!(stage.arrived(id).0, b"hello ", "what has come is on its way");
        stage.deliver(&[fin(id, 6, b"world")]);
        assert!(echo.take().is_none(), "nothing is acknowledged");
        stage.acknowledge_all();
        assert_eq!(ok(echo.take().expect("it is done")), 11);
        assert_eq!(stage.arrived(id), (b"hello world".to_vec(), Some(11)));
        let tally = stage.manager.tally();
        assert_eq!((tally.sending.delivered, tally.receiving.read_to_end), (1, 1));
        stage.assert_all_released();
    }
}

#[test]
fn copy_of_a_stream_that_is_reset_is_an_error_and_no_complete_message() {
    let mut stage = Stage::new(Setup::default().on(Side::Server));
    let Sender { mut send, other, id } = stage.sender(SendWay::AcceptedBi);
    let mut recv = other.expect("bidirectional");
    let echo = stage.spawn(async move {
        let copied = tokio::io::copy(&mut recv, &mut send).await?;
        send.shutdown().await?;
        Ok::<u64, io::Error>(copied)
    });
    stage.deliver(&[data(id, 0, b"hello")]);
    stage.deliver(&[reset(id, 7, 5)]);
    let error = echo.take().expect("it is done").expect_err("the source was reset");
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert_eq!(inner::<ReadError>(error), ReadError::Reset { code: code(7) });
    assert_eq!(stage.arrived(id).1, None);
    assert_eq!(stage.sent_on(id).last(), Some(&reset(id, DROP_RESET, 5)));
    stage.assert_all_released();
}

#[test]
fn large_message_goes_round_over_narrow_credit() {
    let mut setup = Setup::stream_limit(100);
    setup.arena.limits.sut.max_stream_data = 100;
    let mut stage = Stage::new(setup);
    let message: Vec<u8> = (0..5000u32).map(|n| (n * 7 % 251) as u8).collect();
    let Sender { mut send, other, id } = stage.sender(SendWay::AcceptedBi);
    let mut recv = BufReader::new(other.expect("bidirectional"));
    let echo = stage.spawn(async move {
        let copied = tokio::io::copy_buf(&mut recv, &mut send).await?;
        send.shutdown().await?;
        Ok::<u64, io::Error>(copied)
    });
    let pieces = message.chunks(100);
    let last = pieces.len() - 1;
    for (n, piece) in pieces.enumerate() {
        let offset = 100 * n as u64;
        let data = bytes::Bytes::copy_from_slice(piece);
        let (stream_id, maximum_stream_data) = (id, offset + 100);
        use streamproof_harness::wire::Frame;
        stage.deliver(&[
            Frame::Stream { stream_id, offset, fin: n == last, data },
            Frame::MaxStreamData { stream_id, maximum_stream_data },
        ]);
        assert_eq!(stage.arena.close_reason(), None, "piece {n}");
        assert_eq!(stage.arrived(id).0.len(), 100 * (n + 1));
    }
    stage.acknowledge_all();
    assert_eq!(ok(echo.take().expect("it is done")), 5000);
    assert_eq!(stage.arrived(id), (message, Some(5000)));
    stage.assert_all_released();
}

#[test]
fn shutdown_waits_for_the_acknowledgement_and_is_idempotent() {
    each_sender(Setup::default(), |stage, Sender { mut send, other: _other, id }| {
        ok(now(AsyncWriteExt::write_all(&mut send, b"hello")));
        ok(now(send.flush()));
        stage.settle();
        assert!(blocks(send.shutdown()));
        let packets = stage.outstanding();
        stage.acknowledge(&packets[..1]);
        assert!(blocks(send.shutdown()), "FIN is not acknowledged");
        assert_eq!(stage.sent_on(id), [data(id, 0, b"hello"), fin(id, 5, b"")]);
        stage.acknowledge_all();
        for _ in 0..3 {
            ok(now(send.shutdown()));
        }
        assert_eq!(now(send.finish()), Ok(()));
        assert_eq!(stage.sent_on(id).len(), 2, "one FIN");
        assert_eq!(send.outcome(), Some(SendOutcome::Delivered));
    });
}

#[test]
fn shutdown_wakes_its_task() {
    each_sender(Setup::default(), |stage, Sender { mut send, other: _other, .. }| {
        let task = stage.spawn(async move {
            send.write_all(b"hello").await.expect("there is credit");
            let first = send.shutdown().await.map_err(|error| error.kind());
            (first, send.shutdown().await.map_err(|error| error.kind()))
        });
        assert_eq!(task.take(), None);
        stage.acknowledge_all();
        assert_eq!(task.take(), Some((Ok(()), Ok(()))));
    });
}

#[test]
fn shutdown_after_finish_waits_for_the_same() {
    each_sender(Setup::default(), |stage, Sender { mut send, other: _other, id }| {
        let finish = send.finish();
        assert!(blocks(send.shutdown()));
        assert_eq!(stage.sent_on(id), [fin(id, 0, b"")]);
        stage.acknowledge_all();
        ok(now(send.shutdown()));
        assert_eq!(now(finish), Ok(()));
    });
}

#[test]
fn shutdown_says_why_it_never_will() {
    each_sender(Setup::default(), |stage, Sender { mut send, other: _other, id }| {
        assert!(blocks(send.shutdown()));
        stage.settle();
        stage.deliver(&[stop_sending(id, 8)]);
        for _ in 0..2 {
            let error = now(send.shutdown()).expect_err("stopped");
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
            assert_eq!(inner::<FinishError>(error), FinishError::Stopped { code: code(8) });
        }
    });
    each_sender(Setup::default(), |_, Sender { mut send, other: _other, .. }| {
        assert!(blocks(send.shutdown()));
        ok(send.reset(code(7)));
        let error = now(send.shutdown()).expect_err("reset");
        assert_eq!(error.kind(), ErrorKind::ConnectionAborted);
        assert_eq!(inner::<FinishError>(error), FinishError::Reset { code: code(7) });
    });
}

/// The kind that each death of a connection has. It is quinn's own classification.
fn kind(death: Death) -> ErrorKind {
    match death {
        Death::ClosedByPeer | Death::ClosedByPeersTransport => ErrorKind::ConnectionAborted,
        Death::PeerBrokeARule | Death::ClosedByUs | Death::DriverDropped => ErrorKind::Other,
    }
}

#[test]
fn dead_connection_is_never_a_successful_shutdown() {
    for death in Death::ALL {
        each_sender(Setup::default(), |stage, Sender { mut send, other: _other, .. }| {
            ok(now(AsyncWriteExt::write_all(&mut send, b"hello")));
            assert!(blocks(send.shutdown()));
            let cause = death.strike(stage);
            let error = now(send.shutdown()).expect_err("dead");
            assert_eq!(error.kind(), kind(death));
            assert_eq!(inner::<FinishError>(error), FinishError::ConnectionLost(cause));
        });
    }
}

#[test]
fn write_errors_have_their_kind_and_carry_ours() {
    let told = |send: &mut streamproof::SendHandle| {
        let error = now(AsyncWriteExt::write(send, b"x")).expect_err("it has ended");
        (error.kind(), inner::<WriteError>(error))
    };
    each_sender(Setup::default(), |_, Sender { mut send, other: _other, .. }| {
        drop(send.finish());
        assert_eq!(told(&mut send), (ErrorKind::BrokenPipe, WriteError::Finished));
    });
    each_sender(Setup::default(), |_, Sender { mut send, other: _other, .. }| {
        ok(send.reset(code(7)));
        let reset = WriteError::Reset { code: code(7) };
        assert_eq!(told(&mut send), (ErrorKind::ConnectionAborted, reset));
    });
    each_sender(Setup::default(), |stage, Sender { mut send, other: _other, id }| {
        stage.deliver(&[stop_sending(id, 8)]);
        let stopped = WriteError::Stopped { code: code(8) };
        assert_eq!(told(&mut send), (ErrorKind::ConnectionReset, stopped));
    });
    for death in Death::ALL {
        each_sender(Setup::default(), |stage, Sender { mut send, other: _other, .. }| {
            let lost = WriteError::ConnectionLost(death.strike(stage));
            assert_eq!(told(&mut send), (kind(death), lost));
        });
    }
}

#[test]
fn read_errors_have_their_kind_and_carry_ours() {
    let told = |recv: &mut streamproof::RecvHandle| {
        let error = now(AsyncReadExt::read(recv, &mut [0; 8])).expect_err("it has ended");
        (error.kind(), inner::<ReadError>(error))
    };
    each_receiver(Setup::default(), |stage, Receiver { mut recv, other: _other, id }| {
        stage.deliver(&[reset(id, 7, 0)]);
        for _ in 0..3 {
            let reset = ReadError::Reset { code: code(7) };
            assert_eq!(told(&mut recv), (ErrorKind::ConnectionReset, reset));
        }
    });
    each_receiver(Setup::default(), |_, Receiver { mut recv, other: _other, .. }| {
        ok(recv.stop(code(8)));
        let stopped = ReadError::Stopped { code: code(8) };
        assert_eq!(told(&mut recv), (ErrorKind::ConnectionAborted, stopped));
    });
    each_receiver(Setup::default(), |stage, Receiver { mut recv, other: _other, id }| {
        stage.deliver(&[fin(id, 1, b"x")]);
        assert!(ok(now(recv.read_chunk(8, false))).is_some());
        assert_eq!(told(&mut recv), (ErrorKind::InvalidInput, ReadError::IllegalOrderedRead));
        assert_eq!(recv.outcome(), None, "the caller's fault ends nothing");
    });
    for death in Death::ALL {
        each_receiver(Setup::default(), |stage, Receiver { mut recv, other: _other, .. }| {
            let lost = ReadError::ConnectionLost(death.strike(stage));
            assert_eq!(told(&mut recv), (kind(death), lost));
        });
    }
}

#[test]
fn read_exact_of_tokio_tells_an_early_end_from_a_reset() {
    for (is_reset, expected) in
        [(false, ErrorKind::UnexpectedEof), (true, ErrorKind::ConnectionReset)]
    {
        each_receiver(Setup::default(), |stage, Receiver { mut recv, other: _other, id }| {
            stage.deliver(&[data(id, 0, b"hel")]);
            assert_eq!(ok(now(AsyncReadExt::read(&mut recv, &mut [0; 2]))), 2);
            stage.deliver(&[if is_reset { reset(id, 7, 3) } else { fin(id, 3, b"") }]);
            let error = now(AsyncReadExt::read_exact(&mut recv, &mut [0; 8])).err();
            assert_eq!(error.map(|error| error.kind()), Some(expected));
        });
    }
}

#[test]
fn read_into_a_full_buffer_is_neither_an_end_nor_a_loss() {
    each_receiver(Setup::default(), |stage, Receiver { mut recv, other: _other, id }| {
        assert_eq!(ok(now(AsyncReadExt::read(&mut recv, &mut []))), 0);
        assert_eq!(recv.outcome(), None);
        stage.deliver(&[fin(id, 0, b"hello")]);
        assert_eq!(ok(now(AsyncReadExt::read(&mut recv, &mut []))), 0);
        let mut whole = Vec::new();
        assert_eq!(ok(now(AsyncReadExt::read_to_end(&mut recv, &mut whole))), 5);
        assert_eq!(whole, b"hello");
    });
}

#[test]
fn halves_join_to_one_duplex_stream() {
    for side in SIDES {
        let mut stage = Stage::new(Setup::default().on(side));
        let id = stage.puppet_id(Direction::Bi, 0);
        stage.deliver(&[fin(id, 0, b"question\n")]);
        let (send, recv) = ok(now(stage.manager.accept_bi()));
        let mut both = tokio::io::join(recv, send);
        let talk = stage.spawn(async move {
            let mut question = String::new();
            both.read_to_string(&mut question).await?;
            both.write_all(b"answer\n").await?;
            both.shutdown().await?;
            Ok::<_, io::Error>(question)
        });
        stage.acknowledge_all();
        assert_eq!(ok(talk.take().expect("it is done")), "question\n");
        assert_eq!(stage.arrived(id), (b"answer\n".to_vec(), Some(7)));
        stage.assert_all_released();
    }
}
