//! Everybody who can ask what became of a part, and what each has to be told.
//!
//! Dumber than the manager on purpose: one table from the outcome to each answer, and a list of every
//! call there is.

use std::io;

use bytes::Bytes;
use quinn::VarInt;
use streamproof::{
    Ended, FinishError, ReadError, ReadExactError, ReadToEndError, RecvHandle, RecvOutcome,
    RecvState, ResetError, SendHandle, SendOutcome, SendState, StoppedError, WriteError,
};
use streamproof_simulation::TaskHandle;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{Stage, code, now};

/// Tasks that wait for the end of a sending part, from before it.
pub(crate) struct Waiting {
    closed: [TaskHandle<SendOutcome>; 2],
    stopped: TaskHandle<Result<Option<VarInt>, StoppedError>>,
}

impl Waiting {
    pub(crate) fn on(stage: &mut Stage, send: &SendHandle) -> Self {
        let closed = [stage.spawn(send.closed()), stage.spawn(send.closed())];
        let waiting = Self { closed, stopped: stage.spawn(send.stopped()) };
        waiting.assert_untold();
        waiting
    }

    pub(crate) fn assert_untold(&self) {
        assert_eq!(self.closed.each_ref().map(TaskHandle::take), [None, None]);
        assert_eq!(self.stopped.take(), None);
    }

    pub(crate) fn assert_told(&self, outcome: &SendOutcome) {
        let told = Some(outcome.clone());
        assert_eq!(self.closed.each_ref().map(TaskHandle::take), [told.clone(), told]);
        assert_eq!(self.stopped.take(), Some(stopped_told(outcome)));
    }
}

/// What a write is told after the end.
fn write_told(outcome: &SendOutcome) -> WriteError {
    match outcome.clone() {
        SendOutcome::Delivered => WriteError::Finished,
        SendOutcome::Reset { code } => WriteError::Reset { code },
        SendOutcome::Stopped { code } => WriteError::Stopped { code },
        SendOutcome::ConnectionLost(cause) => WriteError::ConnectionLost(cause),
        SendOutcome::ZeroRttRejected => WriteError::ZeroRttRejected,
    }
}

/// What a finish is told.
pub(crate) fn finish_told(outcome: &SendOutcome) -> Result<(), FinishError> {
    match outcome.clone() {
        SendOutcome::Delivered => Ok(()),
        SendOutcome::Reset { code } => Err(FinishError::Reset { code }),
        SendOutcome::Stopped { code } => Err(FinishError::Stopped { code }),
        SendOutcome::ConnectionLost(cause) => Err(FinishError::ConnectionLost(cause)),
        SendOutcome::ZeroRttRejected => Err(FinishError::ZeroRttRejected),
    }
}

fn stopped_told(outcome: &SendOutcome) -> Result<Option<VarInt>, StoppedError> {
    match outcome.clone() {
        SendOutcome::Delivered => Ok(None),
        SendOutcome::Stopped { code } => Ok(Some(code)),
        SendOutcome::Reset { code } => Err(StoppedError::Reset { code }),
        SendOutcome::ConnectionLost(cause) => Err(StoppedError::ConnectionLost(cause)),
        SendOutcome::ZeroRttRejected => Err(StoppedError::ZeroRttRejected),
    }
}

fn kind<T>(result: io::Result<T>) -> Option<io::ErrorKind> {
    result.err().map(|error| error.kind())
}

/// Makes every call on a sending part that has ended, twice; each is told `outcome`, and nothing is
/// sent.
pub(crate) fn assert_send_ended(stage: &mut Stage, send: &mut SendHandle, outcome: &SendOutcome) {
    let id = VarInt::from(send.id()).into_inner();
    let sent = stage.sent_on(id);
    let refused = Err(write_told(outcome));
    let write_kind = io::Error::from(write_told(outcome)).kind();
    let finish_kind = finish_told(outcome).err().map(|error| io::Error::from(error).kind());
    for _ in 0..2 {
        assert_eq!(send.outcome().as_ref(), Some(outcome));
        assert_eq!(&now(send.closed()), outcome);
        assert_eq!(stage.spawn(send.closed()).take().as_ref(), Some(outcome));
        assert_eq!(now(send.finish()), finish_told(outcome));
        assert_eq!(now(send.stopped()), stopped_told(outcome));
        assert_eq!(now(send.write(b"late")), refused.clone().map(|()| 0));
        assert_eq!(now(send.write(b"")), refused.clone().map(|()| 0));
        assert_eq!(now(send.write_all(b"late")), refused);
        let late = Bytes::from_static(b"late");
        let mut chunks = [late.clone(), late.clone()];
        let written = now(send.write_chunks(&mut chunks)).map(|written| written.bytes);
        assert_eq!(written, refused.clone().map(|()| 0));
        assert_eq!(now(send.write_chunk(late.clone())), refused);
        assert_eq!(now(send.write_all_chunks(&mut chunks)), refused);
        assert_eq!(chunks, [late.clone(), late], "nothing is taken");
        let ended = Ended { outcome: outcome.clone() };
        assert_eq!(send.reset(code(0xbad)), Err(ended.clone()));
        assert_eq!(send.set_priority(1), Err(ended.clone()));
        assert_eq!(send.priority(), Err(ended));
        assert_eq!(kind(now(AsyncWriteExt::write(send, b"late"))), Some(write_kind));
        assert_eq!(kind(now(send.flush())), None);
        assert_eq!(kind(now(send.shutdown())), finish_kind);
        match outcome {
            SendOutcome::Delivered => assert_eq!(send.state(), SendState::DataRecvd),
            SendOutcome::Reset { .. } | SendOutcome::Stopped { .. } => {
                assert_eq!(send.state(), SendState::ResetSent);
            }
            SendOutcome::ConnectionLost(_) | SendOutcome::ZeroRttRejected => {}
        }
        assert!(format!("{send:?}").contains("outcome: Some"));
    }
    assert_eq!(stage.sent_on(id), sent, "no frame after the end");
}

/// What a read is told after the end; `None` is the clean end.
pub(crate) fn read_told(outcome: &RecvOutcome) -> Option<ReadError> {
    match outcome.clone() {
        RecvOutcome::ReadToEnd => None,
        RecvOutcome::Reset { code } => Some(ReadError::Reset { code }),
        RecvOutcome::Stopped { code } => Some(ReadError::Stopped { code }),
        RecvOutcome::ConnectionLost(cause) => Some(ReadError::ConnectionLost(cause)),
        RecvOutcome::ZeroRttRejected => Some(ReadError::ZeroRttRejected),
    }
}

fn reset_told(outcome: &RecvOutcome) -> Result<Option<VarInt>, ResetError> {
    match outcome.clone() {
        RecvOutcome::Reset { code } => Ok(Some(code)),
        RecvOutcome::ReadToEnd | RecvOutcome::Stopped { .. } => Ok(None),
        RecvOutcome::ConnectionLost(cause) => Err(ResetError::ConnectionLost(cause)),
        RecvOutcome::ZeroRttRejected => Err(ResetError::ZeroRttRejected),
    }
}

/// Makes every call on a receiving part that has ended, twice; each is told `outcome`, and nothing is
/// sent.
pub(crate) fn assert_recv_ended(stage: &mut Stage, recv: &mut RecvHandle, outcome: &RecvOutcome) {
    let id = VarInt::from(recv.id()).into_inner();
    let stops = stage.stops_on(id);
    let error = read_told(outcome);
    let io_kind = error.clone().map(|error| io::Error::from(error).kind());
    let end = match &error {
        None => Ok(None),
        Some(error) => Err(error.clone()),
    };
    for _ in 0..2 {
        assert_eq!(recv.outcome().as_ref(), Some(outcome));
        let mut buffer = [0; 8];
        assert_eq!(now(recv.read(&mut buffer)), end);
        assert_eq!(now(recv.read(&mut [])), end);
        let exact = match &error {
            None => ReadExactError::FinishedEarly(0),
            Some(error) => ReadExactError::Read(error.clone()),
        };
        assert_eq!(now(recv.read_exact(&mut buffer)), Err(exact));
        for ordered in [true, false] {
            let chunk = now(recv.read_chunk(8, ordered));
            assert_eq!(chunk.map(|chunk| chunk.map(|_| 0)), end);
        }
        assert_eq!(now(recv.read_chunks(&mut [Bytes::new()])), end);
        let whole = error.clone().map_or(Ok(Vec::new()), |error| Err(ReadToEndError::Read(error)));
        assert_eq!(now(recv.read_to_end(8)), whole);
        assert_eq!(now(recv.received_reset()), reset_told(outcome));
        assert_eq!(recv.stop(code(0xbad)), Err(Ended { outcome: outcome.clone() }));
        let read = now(AsyncReadExt::read(recv, &mut buffer));
        assert_eq!(read.as_ref().ok(), error.is_none().then_some(&0));
        assert_eq!(kind(read), io_kind);
        assert_eq!(kind(now(AsyncReadExt::read_to_end(recv, &mut Vec::new()))), io_kind);
        match outcome {
            RecvOutcome::ReadToEnd => assert_eq!(recv.state(), RecvState::DataRead),
            RecvOutcome::Reset { .. } => assert_eq!(recv.state(), RecvState::ResetRead),
            RecvOutcome::Stopped { .. }
            | RecvOutcome::ConnectionLost(_)
            | RecvOutcome::ZeroRttRejected => {}
        }
        assert!(format!("{recv:?}").contains("outcome: Some"));
    }
    assert_eq!(stage.stops_on(id), stops, "no frame after the end");
}
