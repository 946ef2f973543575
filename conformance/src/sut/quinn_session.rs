//! What every system on quinn shares: the arena, the clock, the wake-ups. What differs, the
//! application's side, is an [`App`].

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use quinn::VarInt;
use streamproof_model::rfc::call::{Answer, Call};
use streamproof_model::rfc::frame::ErrorCode;
use streamproof_model::rfc::identity::StreamId;

use super::{Observation, Session, Setup};
use crate::abstraction::first_wrong;
use crate::concretize;
use crate::puppet::ReceivedPacket;
use crate::wire;
use crate::world::{Arena, ArenaConfig, ArenaError};

/// Enough for every read of this suite.
pub(super) const READ_BUFFER: usize = 64 * 1024;

/// The application's side of a session: it holds the handles.
pub(super) trait App {
    /// Accepts the peer's stream, if it is there and not accepted yet.
    fn accept(&mut self, arena: &mut Arena);

    /// One call; the waker is for a read that has to wait.
    fn call(&mut self, call: Call, waker: &Waker) -> Answer;

    /// A look, without the wake-ups.
    fn observe(&mut self) -> Observation;
}

/// A waker that remembers.
#[derive(Debug, Default)]
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A session on quinn.
pub(super) struct QuinnSession<A> {
    // The handles go before the connection does.
    app: A,
    arena: Arena,
    read: Arc<Flag>,
}

/// The arena for a session.
pub(super) fn arena(setup: &Setup) -> Result<Arena, ArenaError> {
    Arena::new(&ArenaConfig {
        side: concretize::side(setup.side()),
        log: setup.log,
        ..ArenaConfig::default()
    })
}

impl<A: App> QuinnSession<A> {
    /// A session of `app` in `arena`.
    pub(super) fn new(app: A, arena: Arena) -> Self {
        let mut session = Self { app, arena, read: Arc::default() };
        session.after_settling();
        session
    }

    fn after_settling(&mut self) {
        self.app.accept(&mut self.arena);
    }
}

impl<A: App> Session for QuinnSession<A> {
    fn call(&mut self, call: Call) -> Answer {
        if call == Call::Read {
            self.read = Arc::default();
        }
        let answer = self.app.call(call, &Waker::from(self.read.clone()));
        self.arena.note(format_args!("app {call} -> {answer}"));
        answer
    }

    fn settle(&mut self) {
        self.arena.settle();
        self.after_settling();
    }

    fn deliver(&mut self, frame: &wire::Frame) {
        self.arena.deliver(std::slice::from_ref(frame));
        self.after_settling();
    }

    fn acknowledge(&mut self, packet_numbers: &[u64]) {
        // Only packets that were received are named, so there is nothing to refuse.
        let _ = self.arena.acknowledge(packet_numbers);
        self.after_settling();
    }

    fn lose_outstanding(&mut self) -> bool {
        let lost = self.arena.lose_outstanding();
        self.after_settling();
        !lost.is_empty()
    }

    fn received(&mut self) -> Vec<ReceivedPacket> {
        self.arena.received()
    }

    fn observe(&mut self) -> Observation {
        let read_woken = self.read.0.load(Ordering::Relaxed);
        Observation { read_woken, ..self.app.observe() }
    }

    fn log(&self) -> &[String] {
        self.arena.log()
    }
}

/// A stream ID of quinn in the model's words.
pub(super) fn id_of(id: quinn::StreamId) -> StreamId {
    // quinn has no others.
    StreamId::from_wire(VarInt::from(id).into_inner()).unwrap_or_else(|| unreachable!())
}

/// An application error code of quinn in the model's words.
pub(super) fn code(code: VarInt) -> ErrorCode {
    ErrorCode(code.into_inner())
}

/// And back. The model's codes are small.
pub(super) fn to_varint(code: ErrorCode) -> VarInt {
    VarInt::from_u64(code.0).unwrap_or(VarInt::MAX)
}

/// What one poll of a `read` has come to. Bytes are compared with what belongs at `offset`, which moves on
/// behind them; `refused` puts the system's own errors into the model's words.
pub(super) fn read_answer<E>(
    read: Poll<Result<Option<usize>, E>>,
    (id, offset): (quinn::StreamId, &mut u64),
    buffer: &[u8],
    refused: impl FnOnce(E) -> Answer,
) -> Answer {
    match read {
        Poll::Pending => Answer::NoData,
        Poll::Ready(Ok(None)) => Answer::EndOfStream,
        Poll::Ready(Ok(Some(length))) => {
            let wrong = first_wrong(id_of(id), *offset, &buffer[..length]);
            *offset += length as u64;
            match wrong {
                Some(offset) => Answer::Corrupt { offset },
                None => Answer::Data { length: length as u64 },
            }
        }
        Poll::Ready(Err(error)) => refused(error),
    }
}

/// Polls once with this waker.
pub(super) fn poll_with<F: Future>(waker: &Waker, future: F) -> Poll<F::Output> {
    std::pin::pin!(future).poll(&mut Context::from_waker(waker))
}
