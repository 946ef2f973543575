//! What an application on s2n-quic holds: the connection, and its streams.
//!
//! Every call is made once and not waited for. An application waits for the end of what it sends, and is told of it
//! while everything settles; what it was told stands, because s2n-quic forgets the stream then.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use s2n_quic::application::Error as Code;
use s2n_quic::client::ConnectionAttempt;
use s2n_quic::connection::{Connection, Handle, StreamAcceptor};
use s2n_quic::stream::{Error, PeerStream, ReceiveStream, SendStream};
use s2n_quic::{Client, Server};
use streamproof_adapter::datagrams::{Read, Stack};
use streamproof_model::rfc::call::{Answer, RecvOutcome, SendOutcome};
use streamproof_model::rfc::frame::ErrorCode;
use streamproof_model::rfc::identity::{Direction, StreamId};

use super::line;
use super::runtime::Runtime;

/// A connection that is being made.
pub(super) enum Attempt {
    Client { client: Client, attempt: ConnectionAttempt },
    Server(Server),
}

impl Attempt {
    pub(super) fn address(&self) -> Result<SocketAddr, String> {
        match self {
            Self::Client { client, .. } => client.local_addr(),
            Self::Server(server) => server.local_addr(),
        }
        .map_err(line)
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Option<Connection> {
        match self {
            Self::Client { attempt, .. } => match Pin::new(attempt).poll(context) {
                Poll::Ready(Ok(connection)) => Some(connection),
                Poll::Ready(Err(_)) | Poll::Pending => None,
            },
            Self::Server(server) => match server.poll_accept(context) {
                Poll::Ready(connection) => connection,
                Poll::Pending => None,
            },
        }
    }
}

/// A sending part.
struct Sending {
    stream: SendStream,
    finished: bool,
    /// What the application was told of its end.
    ended: Option<Answer>,
}

/// The connection, and what an application on it keeps.
pub(super) struct Streams {
    // Dropped first, inside the runtime.
    held: Option<Held>,
    runtime: Runtime,
    /// How many exchanges there were since the handshake.
    exchanges: u32,
    /// The peer's limit has stopped an open since the last exchange.
    blocked: bool,
}

struct Held {
    attempt: Attempt,
    connection: Option<(Handle, StreamAcceptor)>,
    sending: BTreeMap<StreamId, Sending>,
    receiving: BTreeMap<StreamId, ReceiveStream>,
    accepted: Vec<StreamId>,
}

/// How long an exchange takes in the handshake. s2n-quic measures the round trip, and takes a packet for lost by time
/// only after longer than that: the traces say what is lost.
const HANDSHAKE: Duration = Duration::from_millis(250);
/// How long half of one takes in the end: more than the shortest round trip, for which MAX_STREAMS may have to wait,
/// and less than any timer that must not fire.
const STEP: Duration = Duration::from_micros(20);
/// How long it takes at first, so that the shortest round trip is shorter.
const FIRST: Duration = Duration::from_micros(1);
/// How long the connection is given to say by itself that the peer's limit has stopped an open, in so many pieces: less
/// than the idle timeout.
const PATIENCE: Duration = Duration::from_millis(250);
const PATIENCE_PIECES: u32 = 100;
/// How many exchanges are shorter: enough for what the handshake leaves behind to be acknowledged.
const FIRST_EXCHANGES: u32 = 6;
/// More pieces than a stream of any preset has.
const PIECES: usize = 64;

impl Streams {
    pub(super) fn new(runtime: Runtime, attempt: Attempt) -> Self {
        let held = Held {
            attempt,
            connection: None,
            sending: BTreeMap::new(),
            receiving: BTreeMap::new(),
            accepted: Vec::new(),
        };
        Self { held: Some(held), runtime, exchanges: 0, blocked: false }
    }

    /// Does something with what the application holds, with a waker that nobody waits on.
    fn with<O>(&mut self, act: impl FnOnce(&mut Held, &mut Context<'_>) -> O) -> Option<O> {
        let held = self.held.as_mut()?;
        self.runtime.enter(|| Some(act(held, &mut Context::from_waker(Waker::noop()))))
    }

    fn send(&mut self, id: StreamId, act: impl FnOnce(&mut Sending) -> Answer) -> Answer {
        let answer = self.with(|held, _| {
            let sending = held.sending.get_mut(&id)?;
            let answer = act(sending);
            Some(sending.ended.unwrap_or(answer))
        });
        answer.flatten().unwrap_or(Answer::Closed)
    }
}

impl Drop for Streams {
    fn drop(&mut self) {
        let held = self.held.take();
        self.runtime.enter(|| drop(held));
    }
}

impl Held {
    /// What a program does when it is woken: it takes new streams, and looks after what it has ended.
    fn wake(&mut self, context: &mut Context<'_>) {
        if self.connection.is_none() {
            self.connection = self.attempt.poll(context).map(Connection::split);
        }
        let Some((_, acceptor)) = &mut self.connection else { return };
        while let Poll::Ready(Ok(Some(stream))) = acceptor.poll_accept(context) {
            let Some(id) = StreamId::from_wire(stream.id()) else { continue };
            self.accepted.push(id);
            match stream {
                PeerStream::Receive(stream) => {
                    self.receiving.insert(id, stream);
                }
                PeerStream::Bidirectional(stream) => {
                    let (receiving, sending) = stream.split();
                    self.receiving.insert(id, receiving);
                    self.sending.insert(id, Sending::new(sending));
                }
            }
        }
        self.sending.values_mut().for_each(|sending| sending.watch(context));
    }

    fn open(&mut self, direction: Direction, context: &mut Context<'_>) -> Option<Answer> {
        let (handle, _) = self.connection.as_mut()?;
        let opened = match direction {
            Direction::Unidirectional => {
                handle.poll_open_send_stream(context).map_ok(|sending| (sending, None))
            }
            Direction::Bidirectional => {
                handle.poll_open_bidirectional_stream(context).map_ok(|stream| {
                    let (receiving, sending) = stream.split();
                    (sending, Some(receiving))
                })
            }
        };
        let (sending, receiving) = match opened {
            Poll::Pending => return Some(Answer::Blocked),
            Poll::Ready(Err(_)) => return Some(Answer::ConnectionLost),
            Poll::Ready(Ok(opened)) => opened,
        };
        let stream_id = StreamId::from_wire(sending.id())?;
        self.sending.insert(stream_id, Sending::new(sending));
        self.receiving.extend(receiving.map(|receiving| (stream_id, receiving)));
        Some(Answer::Opened { stream_id })
    }
}

impl Sending {
    fn new(stream: SendStream) -> Self {
        Self { stream, finished: false, ended: None }
    }

    /// Asks whether it has come to its end.
    fn watch(&mut self, context: &mut Context<'_>) {
        if self.ended.is_some() {
            return;
        }
        let outcome = match self.finished {
            true => self.stream.poll_close(context),
            false => match self.stream.poll_send_ready(context) {
                Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
                Poll::Ready(Ok(_)) | Poll::Pending => Poll::Pending,
            },
        };
        self.ended = match outcome {
            Poll::Ready(Ok(())) => Some(Answer::Finished),
            Poll::Ready(Err(error)) => Some(send_error(error)),
            Poll::Pending => None,
        };
    }
}

/// What an error says to who sends.
fn send_error(error: Error) -> Answer {
    match error {
        Error::StreamReset { error, .. } => {
            Answer::SendEnded { outcome: SendOutcome::Stopped { code: ErrorCode(error.into()) } }
        }
        Error::ConnectionError { .. } => Answer::SendEnded { outcome: SendOutcome::ConnectionLost },
        Error::SendingBlocked { .. } => Answer::Blocked,
        Error::SendAfterFinish { .. } => Answer::Finished,
        Error::InvalidStream { .. }
        | Error::MaxStreamDataSizeExceeded { .. }
        | Error::NonReadable { .. }
        | Error::NonWritable { .. }
        | Error::NonEmptyOutput { .. }
        | _ => Answer::Closed,
    }
}

fn done(result: Result<(), Error>) -> Answer {
    result.map_or_else(send_error, |()| Answer::Accepted)
}

impl Stack for Streams {
    fn receive(&mut self, datagram: &[u8]) {
        self.runtime.send(datagram);
    }

    fn transmit(&mut self) -> Vec<Vec<u8>> {
        let step = match self.exchanges {
            ..FIRST_EXCHANGES => FIRST,
            FIRST_EXCHANGES.. => STEP,
        };
        self.runtime.settle(step);
        self.with(Held::wake);
        match self.is_established() {
            true => self.exchanges += 1,
            false => self.runtime.settle(HANDSHAKE),
        }
        self.runtime.settle(step);
        let mut sent = self.runtime.received();
        // The frame waits for a timer of the connection's, if nothing else is sent or arrives.
        let pieces = if std::mem::take(&mut self.blocked) { PATIENCE_PIECES } else { 0 };
        for _ in 0..pieces {
            if !sent.is_empty() {
                break;
            }
            self.runtime.settle(PATIENCE);
            sent = self.runtime.received();
        }
        self.runtime.listen();
        sent
    }

    fn is_established(&self) -> bool {
        self.held.as_ref().is_some_and(|held| held.connection.is_some())
    }

    fn open(&mut self, direction: Direction) -> Answer {
        let answer = self.with(|held, context| held.open(direction, context));
        let answer = answer.flatten().unwrap_or(Answer::Blocked);
        self.blocked |= answer == Answer::Blocked;
        answer
    }

    fn write(&mut self, id: StreamId, data: &[u8]) -> Answer {
        self.send(id, |sending| match sending.stream.send_data(Bytes::copy_from_slice(data)) {
            Ok(()) => Answer::Wrote { length: data.len() as u64 },
            Err(error) => send_error(error),
        })
    }

    fn finish(&mut self, id: StreamId) -> Answer {
        self.send(id, |sending| {
            sending.finished = true;
            done(sending.stream.finish())
        })
    }

    fn reset(&mut self, id: StreamId, code: ErrorCode) -> Answer {
        let Ok(code) = Code::new(code.0) else { return Answer::Closed };
        self.send(id, |sending| done(sending.stream.reset(code)))
    }

    fn read(&mut self, id: StreamId, buffer: &mut [u8]) -> Read {
        let mut pieces = vec![Bytes::new(); PIECES];
        let received = self.with(|held, context| {
            let stream = held.receiving.get_mut(&id)?;
            Some(stream.poll_receive_vectored(&mut pieces, context))
        });
        match received.flatten() {
            Some(Poll::Ready(Ok((count, open)))) => {
                let data = pieces[..count].concat();
                buffer[..data.len()].copy_from_slice(&data);
                Read::Data { length: data.len(), fin: !open }
            }
            Some(Poll::Ready(Err(Error::StreamReset { error, .. }))) => {
                Read::Reset(ErrorCode(error.into()))
            }
            Some(Poll::Ready(Err(Error::ConnectionError { .. }))) => {
                Read::Other(Answer::RecvEnded { outcome: RecvOutcome::ConnectionLost })
            }
            Some(Poll::Ready(Err(_))) | None => Read::Other(Answer::Closed),
            Some(Poll::Pending) => Read::Nothing,
        }
    }

    fn stop(&mut self, id: StreamId, code: ErrorCode) -> Answer {
        let Ok(code) = Code::new(code.0) else { return Answer::Closed };
        let stopped = self.with(|held, _| Some(held.receiving.get_mut(&id)?.stop_sending(code)));
        match stopped.flatten() {
            Some(Ok(())) => Answer::Accepted,
            Some(Err(_)) | None => Answer::Closed,
        }
    }

    fn close(&mut self, code: ErrorCode) -> Answer {
        let Ok(code) = Code::new(code.0) else { return Answer::Closed };
        self.with(|held, _| {
            if let Some((handle, _)) = &held.connection {
                handle.close(code);
            }
        });
        Answer::Accepted
    }

    fn accept(&mut self) -> Vec<StreamId> {
        self.held.as_mut().map(|held| std::mem::take(&mut held.accepted)).unwrap_or_default()
    }
}
