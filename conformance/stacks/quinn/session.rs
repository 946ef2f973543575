//! What every system on quinn shares: the arena, the clock, the wake-ups. What differs, the
//! application's side, is an [`App`].

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use quinn::VarInt;
use quinn_proto::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use streamproof_harness::puppet::{ReceivedPacket, Tap};
use streamproof_harness::wire;
use streamproof_harness_tls::{PROTOCOL, TlsConfig};
use streamproof_model::rfc::call::{Answer, Call};
use streamproof_model::rfc::frame::ErrorCode;
use streamproof_model::rfc::identity::{Direction, Side, StreamId};
use streamproof_model::rfc::parameters::Parameters;
use streamproof_simulation::{Arena, ArenaConfig, ArenaError, Early, Limits, Secured};

use streamproof_conformance::abstraction::first_wrong;
use streamproof_conformance::concretize;
use streamproof_conformance::sut::{Observation, Session, Setup, StartError};

/// The application's side of a session: it holds the handles.
pub(crate) trait App {
    /// Accepts the peer's streams, those that are there and not accepted yet; whether there were any.
    fn accept(&mut self, arena: &mut Arena) -> bool;

    /// One call; the waker is for a read or a write that has to wait.
    fn call(&mut self, arena: &mut Arena, call: Call, waker: &Waker) -> Answer;

    /// A look, without the wake-ups.
    fn observe(&mut self) -> Vec<Observation>;

    /// 0-RTT was rejected: the streams it had are no more.
    fn forget(&mut self);
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
pub(crate) struct QuinnSession<A> {
    // The handles go before the connection does.
    app: A,
    arena: Arena,
    reads: BTreeMap<StreamId, Arc<Flag>>,
    writes: BTreeMap<StreamId, Arc<Flag>>,
}

/// The arena for a session. Where the network loses nothing, however late a packet comes, quinn is not
/// to think so.
pub(crate) fn arena(setup: &Setup) -> Result<Arena, StartError> {
    let limits = |side| concretize::limits(&setup.parameters_of(side));
    let remembered = concretize::limits(&setup.preset.parameters_of(Side::Server));
    let config = ArenaConfig {
        side: match setup.side {
            Side::Client => quinn::Side::Client,
            Side::Server => quinn::Side::Server,
        },
        limits: Limits { sut: limits(setup.side), puppet: limits(setup.side.peer()) },
        packet_threshold: if setup.preset.network_faults.loses { 3 } else { u32::MAX },
        early: setup.is_early().then_some(Early { remembered, accepts: true }),
        log: setup.log,
        ..ArenaConfig::default()
    };
    Ok(match &setup.tap {
        Some(tap) => Arena::secured(&config, secured(setup.side, tap)?).map_err(no_connection)?,
        None => Arena::new(&config).map_err(no_connection)?,
    })
}

/// TLS for both ends, with its secrets in the tap. `side` is quinn's.
fn secured(side: Side, tap: &Tap) -> Result<Secured, StartError> {
    let other = |error: &dyn ToString| StartError::Other(error.to_string());
    let tls = TlsConfig::new(&[PROTOCOL]).map_err(|error| other(&error))?.tapped(tap);
    let client = QuicClientConfig::try_from(tls.client()).map_err(|error| other(&error))?;
    let server = QuicServerConfig::try_from(tls.server()).map_err(|error| other(&error))?;
    Ok(Secured {
        client: Arc::new(client),
        server: Arc::new(server),
        puppet: tls.protection(concretize::side(side.peer())),
        tap: Some(tap.clone()),
    })
}

/// quinn and the puppet came to no connection.
fn no_connection(error: ArenaError) -> StartError {
    match error {
        ArenaError::Limit(limit) => StartError::Limit(limit),
        ArenaError::Unfinished => StartError::Unfinished,
        error @ (ArenaError::Remembered
        | ArenaError::EarlySecured
        | ArenaError::Endpoint(_)
        | ArenaError::Connect(_)
        | ArenaError::Handshake(_)
        | ArenaError::NotHeldBack) => StartError::Other(error.to_string()),
    }
}

impl<A: App> QuinnSession<A> {
    /// A session of `app` in `arena`, with the streams open that the preset begins with.
    pub(crate) fn new(app: A, arena: Arena, setup: &Setup) -> Self {
        let mut session = Self { app, arena, reads: BTreeMap::new(), writes: BTreeMap::new() };
        if setup.side == setup.preset.opener {
            for direction in setup.preset.directions {
                for _ in 0..setup.preset.opened {
                    let call = Call::Open { direction: *direction };
                    session.app.call(&mut session.arena, call, Waker::noop());
                }
            }
        }
        session.arena.settle();
        session.after_settling();
        session
    }

    /// An application that accepts at once, and whoever works for it behind the handle.
    fn after_settling(&mut self) {
        while self.app.accept(&mut self.arena) {
            self.arena.settle();
        }
    }

    fn waker(&mut self, call: Call) -> Waker {
        let flag = Arc::<Flag>::default();
        if let Call::Read { stream_id } = call {
            self.reads.insert(stream_id, flag.clone());
        }
        if let Call::Write { stream_id, .. } = call {
            self.writes.insert(stream_id, flag.clone());
        }
        Waker::from(flag)
    }
}

impl<A: App> Session for QuinnSession<A> {
    fn call(&mut self, call: Call) -> Answer {
        let waker = self.waker(call);
        let answer = self.app.call(&mut self.arena, call, &waker);
        self.arena.note(format_args!("app {call} -> {answer}"));
        answer
    }

    fn settle(&mut self) {
        self.arena.settle();
        self.after_settling();
    }

    fn peer_has_sent(&mut self, packets: u64) {
        self.arena.puppet.has_sent(packets);
    }

    fn deliver(&mut self, packet: u64, frames: &[wire::Frame]) {
        self.arena.deliver_at(packet, frames);
        self.after_settling();
    }

    fn finish_handshake(&mut self, accepted: bool, server: &Parameters) {
        if !accepted {
            self.app.forget();
            self.reads.clear();
            self.writes.clear();
        }
        // A preset's limits can be written down, and its handshake waits.
        let _ = self.arena.finish_handshake(accepted, &concretize::limits(server));
        self.after_settling();
    }

    fn acknowledge(&mut self, packet: u64, packet_numbers: &[u64]) {
        // Only packets that were received are named, so there is nothing to refuse.
        let _ = self.arena.acknowledge_at(packet, packet_numbers);
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

    fn observe(&mut self) -> Vec<Observation> {
        let woken = |flags: &BTreeMap<StreamId, Arc<Flag>>, id| {
            flags.get(&id).is_some_and(|flag| flag.0.load(Ordering::Relaxed))
        };
        let mut seen = self.app.observe();
        for stream in &mut seen {
            stream.read_woken = woken(&self.reads, stream.stream_id);
            stream.write_woken = woken(&self.writes, stream.stream_id);
        }
        seen
    }

    fn note(&mut self, line: std::fmt::Arguments<'_>) {
        self.arena.note(line);
    }

    fn log(&self) -> &[String] {
        self.arena.log()
    }
}

/// A window at run time.
pub(crate) fn resize(connection: &quinn::Connection, call: Call) {
    let varint = |value| VarInt::from_u64(value).unwrap_or(VarInt::MAX);
    if let Call::ResizeWindow { window } = call {
        connection.set_receive_window(varint(window));
    }
    if let Call::ResizeStreams { direction, window } = call {
        match direction {
            Direction::Bidirectional => connection.set_max_concurrent_bi_streams(varint(window)),
            Direction::Unidirectional => connection.set_max_concurrent_uni_streams(varint(window)),
        }
    }
}

/// A stream ID of quinn in the model's words.
pub(crate) fn id_of(id: quinn::StreamId) -> StreamId {
    // quinn has no others.
    StreamId::from_wire(VarInt::from(id).into_inner()).unwrap_or_else(|| unreachable!())
}

/// An application error code of quinn in the model's words.
pub(crate) fn code(code: VarInt) -> ErrorCode {
    ErrorCode(code.into_inner())
}

/// And back. The model's codes are small.
pub(crate) fn to_varint(code: ErrorCode) -> VarInt {
    VarInt::from_u64(code.0).unwrap_or(VarInt::MAX)
}

/// What one poll of a `read` has come to. Bytes are compared with what belongs at `offset`, which moves on
/// behind them; `refused` puts the system's own errors into the model's words.
pub(crate) fn read_answer<E>(
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
pub(crate) fn poll_with<F: Future>(waker: &Waker, future: F) -> Poll<F::Output> {
    std::pin::pin!(future).poll(&mut Context::from_waker(waker))
}
