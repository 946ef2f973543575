//! The seam to quinn: the only file that knows the names of quinn's stream types, their errors and
//! their poll functions.
//!
//! What quinn says about a part is turned here into the two words the manager decides with: the
//! [`Fate`] of a sending part and what [`Reader::drain`] found in a receiving part. Everything is one poll:
//! nothing here waits, and nothing here decides.
//!
//! Deliberately not here: latching, locking, outcomes. They are the manager's, not quinn's.

use std::{
    future::Future,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
};

use bytes::Bytes;
use futures_util::FutureExt as _;
use tokio::io::ReadBuf;

use crate::sync::{Mutex, lock};

#[cfg(feature = "threads")]
pub(crate) use crate::threads::stream::SendStream;
#[cfg(not(feature = "threads"))]
pub(crate) use ::quinn::SendStream;
pub(crate) use ::quinn::{AsyncTimer, Runtime, default_runtime};
pub use ::quinn::{Chunk, Connection, ConnectionError, StreamId, VarInt, Written};
pub(crate) use ::quinn::{ReadError, RecvStream, ResetError, WriteError};

/// A stream that quinn has opened or accepted, as the manager's sending parts take it.
#[cfg(not(feature = "threads"))]
pub(crate) fn own(stream: ::quinn::SendStream) -> SendStream {
    stream
}

/// Threads are tested on a stand-in for quinn's stream, without a connection.
#[cfg(feature = "threads")]
pub(crate) fn own(_: ::quinn::SendStream) -> SendStream {
    unreachable!("there is no connection in a test of threads")
}

/// What quinn knows to have become of a sending part.
#[derive(Clone, Debug)]
pub(crate) enum Fate {
    /// Everything that was sent, FIN included, is acknowledged.
    Acknowledged,
    /// The peer sent STOP_SENDING with this code and awaits a RESET_STREAM (§3.5).
    Stopped(VarInt),
    /// The connection ended first.
    ConnectionLost(ConnectionError),
    /// The stream was opened in 0-RTT and the server refused 0-RTT.
    ZeroRttRejected,
}

/// Resolves as soon as quinn knows the fate of `stream`. Borrows nothing.
///
/// Must not be asked of a stream that we reset ourselves: quinn does not wake this future when the
/// peer acknowledges a reset.
pub(crate) fn fate(stream: &SendStream) -> impl Future<Output = Fate> + Send + 'static + use<> {
    // Not an async block: it would hold quinn's future twice.
    stream.stopped().map(|stopped| match stopped {
        Ok(None) => Fate::Acknowledged,
        Ok(Some(code)) => Fate::Stopped(code),
        Err(::quinn::StoppedError::ConnectionLost(cause)) => Fate::ConnectionLost(cause),
        Err(::quinn::StoppedError::ZeroRttRejected) => Fate::ZeroRttRejected,
    })
}

/// The fate of `stream` if quinn knows it already.
pub(crate) fn fate_now(stream: &SendStream) -> Option<Fate> {
    match pin!(fate(stream)).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(fate) => Some(fate),
        Poll::Pending => None,
    }
}

/// One poll of quinn's `write`.
pub(crate) fn poll_write(
    stream: &mut SendStream,
    cx: &mut Context<'_>,
    buf: &[u8],
) -> Poll<Result<usize, WriteError>> {
    Pin::new(stream).poll_write(cx, buf)
}

/// One poll of quinn's `write_chunks`, which writes nothing unless it is ready.
pub(crate) fn poll_write_chunks(
    stream: &mut SendStream,
    cx: &mut Context<'_>,
    bufs: &mut [Bytes],
) -> Poll<Result<Written, WriteError>> {
    pin!(stream.write_chunks(bufs)).poll(cx)
}

/// quinn's stream to read from, and whether it was read out of order.
///
/// quinn 0.11 has two defects where the orders meet, and this keeps away from both. An ordered read after
/// an unordered one is refused, but the refusal also throws the stream away, silently. And when a stream
/// goes from ordered to unordered reading, bytes that were read already and that the peer had sent twice
/// are handed out and counted again: a complete stream looks incomplete or the other way round, and
/// `stop` computes credit below zero.
#[derive(Debug)]
pub(crate) struct Reader {
    stream: RecvStream,
    order: Order,
}

/// How a stream was read so far.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Order {
    Ordered,
    Unordered,
}

impl Reader {
    pub(crate) fn new(stream: RecvStream) -> Self {
        Self { stream, order: Order::Ordered }
    }

    /// One poll of quinn's `read`: `Some` if it put bytes into `buf` (which must have room), `None` at
    /// the end of the stream.
    pub(crate) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<Result<Option<()>, ReadError>> {
        self.ordered()?;
        let before = buf.filled().len();
        self.stream.poll_read_buf(cx, buf).map_ok(|()| (buf.filled().len() > before).then_some(()))
    }

    /// One poll of quinn's `read_chunk`, ordered.
    pub(crate) fn poll_read_chunk(
        &mut self,
        cx: &mut Context<'_>,
        max_length: usize,
    ) -> Poll<Result<Option<Chunk>, ReadError>> {
        self.ordered()?;
        pin!(self.stream.read_chunk(max_length, true)).poll(cx)
    }

    /// One poll of quinn's `read_chunk`, unordered: what comes next in order as long as it is there,
    /// and only then what has arrived behind a gap. (An ordered read that has to wait has thrown away
    /// what came twice.)
    pub(crate) fn poll_read_chunk_unordered(
        &mut self,
        cx: &mut Context<'_>,
        max_length: usize,
    ) -> Poll<Result<Option<Chunk>, ReadError>> {
        if self.order == Order::Ordered {
            let next = self.poll_read_chunk(cx, max_length);
            if next.is_ready() {
                return next;
            }
            self.order = Order::Unordered;
        }
        pin!(self.stream.read_chunk(max_length, false)).poll(cx)
    }

    /// One poll of quinn's `read_chunks`.
    pub(crate) fn poll_read_chunks(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &mut [Bytes],
    ) -> Poll<Result<Option<usize>, ReadError>> {
        self.ordered()?;
        pin!(self.stream.read_chunks(bufs)).poll(cx)
    }

    /// quinn's `stop`. `Err` says that quinn has closed the stream meanwhile.
    pub(crate) fn stop(&mut self, code: VarInt) -> Result<(), ::quinn::ClosedStream> {
        self.stream.stop(code)
    }

    /// Refuses an ordered read after an unordered one, before quinn does.
    fn ordered(&self) -> Result<(), ReadError> {
        match self.order {
            Order::Ordered => Ok(()),
            Order::Unordered => Err(ReadError::IllegalOrderedRead),
        }
    }

    /// Reads and throws away everything that has arrived, without waiting, up to [`DRAIN_LIMIT`].
    ///
    /// quinn's `stop` and `Drop` send STOP_SENDING even when everything has arrived, because quinn does
    /// not look. This looks. Nobody wants the bytes, so their order does not matter; the only thing that
    /// may follow is to stop or drop the stream.
    pub(crate) fn drain(&mut self) -> Drained {
        let mut cx = Context::from_waker(Waker::noop());
        let mut discarded = 0;
        loop {
            match self.poll_read_chunk_unordered(&mut cx, usize::MAX) {
                Poll::Ready(Ok(Some(_))) if discarded > DRAIN_LIMIT => return Drained::Incomplete,
                Poll::Ready(Ok(Some(chunk))) => discarded += chunk.bytes.len() as u64,
                Poll::Ready(Ok(None)) => return Drained::Complete { discarded },
                Poll::Pending => return Drained::Incomplete,
                Poll::Ready(Err(error)) => match error {
                    ReadError::Reset(code) => return Drained::Reset(code),
                    ReadError::ConnectionLost(cause) => return Drained::ConnectionLost(cause),
                    ReadError::ZeroRttRejected => return Drained::ZeroRttRejected,
                    // (An unordered read is never illegal.)
                    ReadError::ClosedStream | ReadError::IllegalOrderedRead => {
                        return Drained::Forgotten;
                    }
                },
            }
        }
    }
}

/// How much a part that is given up may have unread, in bytes, before it is stopped without looking
/// further. A peer that sends while we look could otherwise keep us at it.
const DRAIN_LIMIT: u64 = 16 << 20;

/// Waits for the peer's reset through quinn's `received_reset`, and releases quinn's stream afterwards.
///
/// Its reason is a defect of quinn 0.11: asked about a stream that has arrived completely but is not
/// read, `received_reset` leaves a waker in the connection that nothing ever takes out again. The waker
/// would keep the caller's task in memory for as long as the connection lives, and a debug build of
/// quinn panics when the stream is read to its end and dropped. So quinn is given a waker of ours, which
/// forgets the caller's at the release and which shows whether quinn still holds it.
#[derive(Debug, Default)]
pub(crate) struct ResetWatch {
    relay: Option<Arc<Relay>>,
}

impl ResetWatch {
    /// One poll of quinn's `received_reset`.
    pub(crate) fn poll(
        &mut self,
        reader: &mut Reader,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<VarInt>, ResetError>> {
        let relay = self.relay.get_or_insert_default();
        let replaced = lock(&relay.to).replace(cx.waker().clone());
        drop(replaced);
        let waker = Waker::from(relay.clone());
        pin!(reader.stream.received_reset()).poll(&mut Context::from_waker(&waker))
    }

    /// Drops quinn's stream.
    pub(crate) fn release(&mut self, reader: Reader) {
        let left_behind = self.relay.take().is_some_and(|relay| {
            let forgotten = lock(&relay.to).take();
            drop(forgotten);
            Arc::strong_count(&relay) > 1
        });
        if left_behind && cfg!(debug_assertions) {
            // Dropping it would panic (see above). It holds a reference to the connection, which a
            // debug build then has to close explicitly. A release build is not concerned.
            std::mem::forget(reader);
        }
    }
}

/// Passes a wake-up of quinn's on to whoever waits now.
#[derive(Debug, Default)]
struct Relay {
    to: Mutex<Option<Waker>>,
}

impl Wake for Relay {
    fn wake(self: Arc<Self>) {
        let waker = lock(&self.to).take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// What was in a receiving part when it was given up.
#[derive(Debug)]
pub(crate) enum Drained {
    /// All data and FIN had arrived: there is nothing to stop. `discarded` bytes were never read.
    Complete { discarded: u64 },
    /// Something is still to come, or more had arrived than is worth looking at.
    Incomplete,
    /// quinn has forgotten the stream, so there is nothing to stop. Whether it was complete is unknown.
    Forgotten,
    /// The peer's RESET_STREAM had arrived, unread.
    Reset(VarInt),
    /// The connection had ended before everything arrived.
    ConnectionLost(ConnectionError),
    /// The stream was opened in 0-RTT and the server refused 0-RTT.
    ZeroRttRejected,
}
