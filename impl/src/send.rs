//! The handle of a sending part (§3.1): quinn's words, the manager's promises.
//!
//! Everything that decides is in [`send_part`](crate::send_part); here are the futures, the tokio
//! traits and the drop.

use std::{
    fmt,
    future::Future,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use tokio::io::AsyncWrite;

use crate::{
    clock::Patience,
    error::{Ended, FinishError, StoppedError, WriteError},
    events::Deadline,
    lifecycle::SendState,
    outcome::SendOutcome,
    quinn::{self, StreamId, VarInt, Written},
    send_part::SendingPart,
    waiters::Slot,
};

/// The sending part of a stream.
///
/// It ends in exactly one [`SendOutcome`], which [`outcome`](Self::outcome) and
/// [`closed`](Self::closed) tell as often as they are asked. After the end every call gets that outcome,
/// never a panic.
///
/// **Dropping** an unfinished handle *resets* the stream with
/// [`Config::drop_reset_code`](crate::Config::drop_reset_code): a cancelled task never looks like a
/// complete message. Dropping a finished handle does nothing: the driver goes on watching until the
/// peer has acknowledged everything.
///
/// **STOP_SENDING** from the peer is answered with RESET_STREAM and its code by the driver, whatever
/// the holder of the handle is doing (§3.5).
pub struct SendHandle {
    part: Arc<SendingPart>,
    /// Where a blocked write waits for the end of the part.
    writer: Slot,
    /// What a `poll_shutdown` under way waits for.
    shutdown: Option<Finish>,
    /// How long a write has been waiting, if there is a deadline.
    patience: Patience,
}

impl SendHandle {
    pub(crate) fn new(part: Arc<SendingPart>) -> Self {
        Self { part, writer: Slot::default(), shutdown: None, patience: Patience::default() }
    }

    /// The stream's id (§2.1).
    pub fn id(&self) -> StreamId {
        self.part.id()
    }

    /// The state of the part now (§3.1).
    pub fn state(&self) -> SendState {
        self.part.state()
    }

    /// What became of the part, if it has ended. From then on always the same.
    pub fn outcome(&self) -> Option<SendOutcome> {
        self.part.outcome()
    }

    /// Resolves with the outcome when the part ends, however it ends. Borrows nothing, may be called
    /// often and at any time, also after the end.
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe: nothing is lost, a new call gets the same answer.
    pub fn closed(&self) -> Closed {
        Closed::new(self.part.clone())
    }

    /// Writes some prefix of `buf` and says how many bytes it was. Waits for credit while there is none
    /// (§4.1), at most as long as [`Deadlines::write`](crate::Deadlines::write) says; a write that waits is
    /// woken when the part ends.
    ///
    /// # Errors
    ///
    /// [`WriteError::Finished`] after [`finish`](Self::finish), otherwise what ended the part.
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe: nothing is written unless it resolves.
    pub async fn write(&mut self, buf: &[u8]) -> Result<usize, WriteError> {
        std::future::poll_fn(|cx| self.poll_write_some(cx, buf)).await
    }

    /// Writes all of `buf`.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write). Some prefix may have been written.
    ///
    /// # Cancel safety
    ///
    /// *Not* cancel-safe: if it is dropped before it resolves, some prefix of `buf` is written and
    /// nobody knows how much. Dropping the handle then resets the stream, so the peer cannot take the
    /// prefix for the whole.
    pub async fn write_all(&mut self, mut buf: &[u8]) -> Result<(), WriteError> {
        while !buf.is_empty() {
            let written = self.write(buf).await?;
            buf = &buf[written..];
        }
        Ok(())
    }

    /// Writes some prefix of `bufs` without copying. What was written is taken out of `bufs`: whole
    /// chunks are left empty, the last may be shortened at its front.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe: nothing is written unless it resolves.
    pub async fn write_chunks(&mut self, bufs: &mut [Bytes]) -> Result<Written, WriteError> {
        std::future::poll_fn(|cx| {
            let write = |stream: &mut quinn::SendStream, cx: &mut Context<'_>| {
                quinn::poll_write_chunks(stream, cx, bufs)
            };
            let bytes = |written: &Written| written.bytes;
            let written = self.part.poll_write(&mut self.writer, cx, write, bytes);
            self.in_time(cx, written)
        })
        .await
    }

    /// Writes all of `buf` without copying.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write). Some prefix may have been written.
    ///
    /// # Cancel safety
    ///
    /// *Not* cancel-safe, as [`write_all`](Self::write_all).
    pub async fn write_chunk(&mut self, buf: Bytes) -> Result<(), WriteError> {
        self.write_all_chunks(&mut [buf]).await
    }

    /// Writes all of `bufs` without copying; all are left empty.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write). Some prefix may have been written.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it resolves, it leaves in `bufs` exactly what was not written.
    pub async fn write_all_chunks(&mut self, mut bufs: &mut [Bytes]) -> Result<(), WriteError> {
        while !bufs.is_empty() {
            let written = self.write_chunks(bufs).await?;
            bufs = &mut bufs[written.chunks..];
        }
        Ok(())
    }

    /// Ends the stream: no more data will follow. The end is queued by this call, before the future is
    /// polled; the future only waits for the peer. A second call waits for the same. Who does not want to
    /// wait writes `drop(send.finish())`.
    ///
    /// The future resolves with `Ok` when the peer has acknowledged all data and the end, and with an
    /// error that says why it never will: reset, stopped, connection lost. It is never `Ok` on a dead
    /// connection. That the peer's *application* has read the data only the application can say.
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe: dropping the future loses nothing but the answer, and [`closed`](Self::closed),
    /// [`outcome`](Self::outcome) or a second `finish` give it again.
    pub fn finish(&mut self) -> Finish {
        self.part.finish();
        Finish(self.closed())
    }

    /// Gives up sending: data not yet delivered is discarded and the peer is told `code` (§3.5, §19.4).
    /// Possible also after [`finish`](Self::finish), while the peer has not acknowledged everything.
    ///
    /// # Errors
    ///
    /// [`Ended`] with the outcome if the part had ended before. A STOP_SENDING, a loss of the connection
    /// or a full acknowledgement that quinn had received before the call counts as having come before
    /// it.
    pub fn reset(&mut self, code: VarInt) -> Result<(), Ended<SendOutcome>> {
        self.part.reset(code)
    }

    /// Resolves when the peer stops the stream (`Some` with its code) or has acknowledged everything
    /// (`None`). Borrows nothing. By the time it resolves, the STOP_SENDING is answered already.
    ///
    /// # Errors
    ///
    /// [`StoppedError`] if neither can happen any more: we reset the stream, or the connection ended.
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe: nothing is lost, a new call gets the same answer.
    pub fn stopped(
        &self,
    ) -> impl Future<Output = Result<Option<VarInt>, StoppedError>> + Send + Sync + 'static + use<>
    {
        let closed = self.closed();
        async move { StoppedError::check(closed.await) }
    }

    /// Sets the priority against other streams of the connection; higher goes first, 0 is the default.
    ///
    /// # Errors
    ///
    /// [`Ended`] with the outcome if the part has ended.
    pub fn set_priority(&self, priority: i32) -> Result<(), Ended<SendOutcome>> {
        self.part.set_priority(priority)
    }

    /// The priority against other streams of the connection.
    ///
    /// # Errors
    ///
    /// [`Ended`] with the outcome if the part has ended.
    pub fn priority(&self) -> Result<i32, Ended<SendOutcome>> {
        self.part.priority()
    }

    fn poll_write_some(
        &mut self,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<Result<usize, WriteError>> {
        let write = |stream: &mut quinn::SendStream, cx: &mut Context<'_>| {
            quinn::poll_write(stream, cx, buf)
        };
        let written = self.part.poll_write(&mut self.writer, cx, write, |&written| written);
        self.in_time(cx, written)
    }

    /// The answer to a write, unless it has been waiting for longer than the deadline lets it.
    fn in_time<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<Result<T, WriteError>>,
    ) -> Poll<Result<T, WriteError>> {
        let config = &self.part.shared().config;
        let Some(deadline) = config.deadlines.write else { return written };
        if written.is_ready() {
            self.patience.rest();
            return written;
        }
        loop {
            let clock = &self.part.shared().clock;
            let attempt = ready!(self.patience.poll(clock, deadline.after, cx));
            self.part.timed_out(Deadline::Write, attempt);
            if attempt > deadline.retries {
                self.part.expire(Deadline::Write, config.deadline_code);
                return Poll::Ready(Err(WriteError::after(self.part.latched())));
            }
        }
    }
}

/// Flushing is immediate, because quinn sends by itself. Shutting down is `finish` *and* waiting for the
/// peer's acknowledgement; repeating it is harmless.
impl AsyncWrite for SendHandle {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_some(cx, buf).map_err(io::Error::from)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let mut finish = match this.shutdown.take() {
            Some(under_way) => under_way,
            None => this.finish(),
        };
        match Pin::new(&mut finish).poll(cx) {
            Poll::Ready(done) => Poll::Ready(done.map_err(io::Error::from)),
            Poll::Pending => {
                this.shutdown = Some(finish);
                Poll::Pending
            }
        }
    }
}

impl Drop for SendHandle {
    fn drop(&mut self) {
        self.part.abandon(&mut self.writer);
    }
}

impl fmt::Debug for SendHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendHandle")
            .field("id", &self.id())
            .field("state", &self.state())
            .field("outcome", &self.outcome())
            .finish_non_exhaustive()
    }
}

/// Resolves with the outcome of a sending part. From [`SendHandle::closed`].
///
/// # Cancel safety
///
/// Cancel-safe: it only watches.
#[must_use = "futures do nothing unless polled"]
pub struct Closed {
    part: Arc<SendingPart>,
    slot: Slot,
}

impl Closed {
    pub(crate) fn new(part: Arc<SendingPart>) -> Self {
        Self { part, slot: Slot::default() }
    }
}

impl Future for Closed {
    type Output = SendOutcome;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<SendOutcome> {
        let this = self.get_mut();
        this.part.poll_ended(&mut this.slot, cx)
    }
}

impl Drop for Closed {
    fn drop(&mut self) {
        self.part.leave(&mut self.slot);
    }
}

impl fmt::Debug for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Closed").field(&self.part).finish()
    }
}

/// Resolves when the peer has acknowledged everything, or says why it never will. From
/// [`SendHandle::finish`], which has queued the end of the stream already.
///
/// # Cancel safety
///
/// Cancel-safe: it only watches.
#[derive(Debug)]
#[must_use = "whether the peer has everything is only known when this resolves"]
pub struct Finish(Closed);

impl Future for Finish {
    type Output = Result<(), FinishError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let outcome = ready!(Pin::new(&mut self.0).poll(cx));
        Poll::Ready(FinishError::check(outcome))
    }
}
