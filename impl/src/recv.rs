//! The handle of a receiving part (§3.2): quinn's words, the manager's promises.
//!
//! The handle is the only owner of quinn's stream. It lets go of it at the moment the outcome is
//! latched: a read that meets the end, the reset or the loss, a `stop`, or the drop. From then on every
//! call is answered from the outcome. (quinn, asked again after a reset or a stop, reports a clean end of
//! stream.)
//!
//! Deliberately not here: reassembly and credit, which are quinn's.

mod held;
mod waiting;

use std::{
    fmt, io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use tokio::io::{AsyncRead, ReadBuf};

use crate::{
    admission::Place,
    clock::Patience,
    error::{Ended, ReadError, ReadExactError, ReadToEndError, ResetError},
    events::{Deadline, EventKind, PartOutcome},
    lifecycle::{PartState, RecvState},
    outcome::RecvOutcome,
    quinn::{self, Chunk, Drained, Reader, RecvStream, ResetWatch, StreamId, VarInt},
    recv_part::ReceivingPart,
};

use held::Held;

/// The receiving part of a stream.
///
/// It ends in exactly one [`RecvOutcome`], which [`outcome`](Self::outcome) tells as often as it is
/// asked. After the end every call gets that outcome, never a panic: after a clean end every read says
/// "end", after a reset every read says "reset" with the same code.
///
/// **Dropping** a handle after all data and FIN have arrived sends nothing, read or not; otherwise it
/// sends STOP_SENDING with [`Config::drop_stop_code`](crate::Config::drop_stop_code).
pub struct RecvHandle {
    part: Arc<ReceivingPart>,
    /// quinn's stream, until the outcome is latched.
    stream: Option<Reader>,
    /// Chunks that `read_to_end` has taken from quinn and not handed over yet. Every read serves from
    /// here first. Empty once the outcome is latched.
    held: Held,
    /// How `received_reset` waits.
    resets: ResetWatch,
    /// How long a read has been waiting, if there is a deadline.
    patience: Patience,
    /// Given back when the part has ended.
    place: Place,
}

impl RecvHandle {
    pub(crate) fn new(part: Arc<ReceivingPart>, stream: RecvStream, place: Place) -> Self {
        Self {
            part,
            stream: Some(Reader::new(stream)),
            held: Held::default(),
            resets: ResetWatch::default(),
            patience: Patience::default(),
            place,
        }
    }

    /// The stream's id (§2.1).
    pub fn id(&self) -> StreamId {
        self.part.key().id
    }

    /// The state of the part now, as far as quinn lets it be seen (§3.2): `Recv` while it lives.
    pub fn state(&self) -> RecvState {
        self.part.state()
    }

    /// What became of the part, if it has ended. From then on always the same.
    ///
    /// A lost connection alone does not end a receiving part: what had arrived can still be read, up to
    /// the end if that had arrived too. The next read, a stop or a drop decides.
    pub fn outcome(&self) -> Option<RecvOutcome> {
        self.part.outcome()
    }

    /// Reads some bytes into `buf` and says how many; `None` at the end of the stream. Waits while
    /// nothing has arrived. An empty `buf` on a live part reads `Some(0)`.
    ///
    /// # Errors
    ///
    /// [`ReadError`]: the peer's reset, our own stop, the loss of the connection once everything that had
    /// arrived is read.
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe: nothing is consumed unless it resolves.
    pub async fn read(&mut self, buf: &mut [u8]) -> Result<Option<usize>, ReadError> {
        let mut buf = ReadBuf::new(buf);
        let read = std::future::poll_fn(|cx| self.poll_read_some(cx, &mut buf)).await?;
        Ok(read.map(|()| buf.filled().len()))
    }

    /// Reads until `buf` is full.
    ///
    /// # Errors
    ///
    /// [`ReadExactError::FinishedEarly`] if the stream ends before, otherwise as [`read`](Self::read).
    ///
    /// # Cancel safety
    ///
    /// *Not* cancel-safe: dropped before it resolves, it has consumed bytes into `buf`, and nobody knows
    /// how many.
    pub async fn read_exact(&mut self, buf: &mut [u8]) -> Result<(), ReadExactError> {
        let mut buf = ReadBuf::new(buf);
        while buf.remaining() > 0 {
            let read = std::future::poll_fn(|cx| self.poll_read_some(cx, &mut buf)).await?;
            if read.is_none() {
                return Err(ReadExactError::FinishedEarly(buf.filled().len()));
            }
        }
        Ok(())
    }

    /// Reads the next chunk of at most `max_length` bytes without copying; `None` at the end of the
    /// stream. With `ordered` false chunks come as they arrive, each with its offset.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read), and [`ReadError::IllegalOrderedRead`] for an ordered read after an
    /// unordered one.
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe: nothing is consumed unless it resolves.
    pub async fn read_chunk(
        &mut self,
        max_length: usize,
        ordered: bool,
    ) -> Result<Option<Chunk>, ReadError> {
        std::future::poll_fn(|cx| {
            if let Some(chunk) = self.held.take(max_length) {
                return Poll::Ready(Ok(Some(chunk)));
            }
            let read = |stream: &mut Reader, cx: &mut Context<'_>| match ordered {
                true => stream.poll_read_chunk(cx, max_length),
                false => stream.poll_read_chunk_unordered(cx, max_length),
            };
            self.poll_quinn(cx, read, |chunk| chunk.bytes.len())
        })
        .await
    }

    /// Reads the next chunks into `bufs` without copying and says how many; `None` at the end of the
    /// stream.
    ///
    /// # Errors
    ///
    /// As [`read_chunk`](Self::read_chunk).
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe: nothing is consumed unless it resolves.
    pub async fn read_chunks(&mut self, bufs: &mut [Bytes]) -> Result<Option<usize>, ReadError> {
        std::future::poll_fn(|cx| {
            if let (Some(first), false) = (bufs.first_mut(), self.held.is_empty()) {
                *first = self.held.take(usize::MAX).map_or_else(Bytes::new, |chunk| chunk.bytes);
                return Poll::Ready(Ok(Some(1)));
            }
            let read = self.poll_quinn(cx, |stream, cx| stream.poll_read_chunks(cx, bufs), |_| 0);
            if let Poll::Ready(Ok(Some(count))) = read {
                self.progress(bufs[..count].iter().map(Bytes::len).sum());
            }
            read
        })
        .await
    }

    /// Reads everything that is left, at most `limit` bytes.
    ///
    /// # Errors
    ///
    /// [`ReadToEndError::TooLong`] if more than `limit` bytes are left. The stream stays usable and
    /// nothing is lost: the next read starts where this one did. At most `limit` + 1 bytes are held in
    /// memory. Otherwise as [`read`](Self::read); bytes read before a reset or a loss are discarded.
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe: what it has read stays with the handle, and the next read of any kind starts with it.
    pub async fn read_to_end(&mut self, limit: usize) -> Result<Vec<u8>, ReadToEndError> {
        loop {
            let length = self.held.bytes.len();
            // One byte more than the limit shows that there is more.
            let Some(room) = limit.checked_sub(length) else {
                return Err(ReadToEndError::TooLong { limit });
            };
            let room = room.saturating_add(1);
            let chunk = std::future::poll_fn(|cx| {
                self.heed();
                let Some(stream) = &mut self.stream else {
                    return Poll::Ready(self.after_the_end());
                };
                match stream.poll_read_chunk(cx, room) {
                    Poll::Pending => self.wait(cx),
                    // The end: `held` is the result, and must outlive the latching.
                    Poll::Ready(Ok(None)) => Poll::Ready(Ok(None)),
                    Poll::Ready(other) => {
                        self.progress(other.as_ref().map_or(0, |chunk| {
                            chunk.as_ref().map_or(0, |chunk| chunk.bytes.len())
                        }));
                        Poll::Ready(self.judge(other))
                    }
                }
            })
            .await?;
            match chunk {
                Some(chunk) => self.held.push(&chunk),
                None => {
                    let whole = std::mem::take(&mut self.held).bytes.into();
                    self.end(RecvOutcome::ReadToEnd);
                    return Ok(whole);
                }
            }
        }
    }

    /// Resolves when the peer resets the stream (`Some` with its code), or once that is out of the
    /// question because the application has read everything or stopped reading (`None`). Learning of the
    /// reset here ends the part just as learning of it in a read.
    ///
    /// # Errors
    ///
    /// [`ResetError`] if the connection ended. What had arrived can still be read.
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe: nothing is lost, a new call gets the same answer.
    pub async fn received_reset(&mut self) -> Result<Option<VarInt>, ResetError> {
        std::future::poll_fn(|cx| {
            self.heed();
            let Some(stream) = &mut self.stream else {
                return Poll::Ready(ResetError::check(self.latched()));
            };
            let reset = self.resets.poll(stream, cx);
            if reset.is_pending() && !self.part.remember(cx.waker()) {
                self.heed();
                return Poll::Ready(ResetError::check(self.latched()));
            }
            match ready!(reset) {
                Ok(Some(code)) => {
                    self.end(RecvOutcome::Reset { code });
                    Poll::Ready(Ok(Some(code)))
                }
                // quinn has met the end, inside the read that returned the last bytes.
                Ok(None) => {
                    self.end(RecvOutcome::ReadToEnd);
                    Poll::Ready(Ok(None))
                }
                // Not latched: data that arrived before the loss stays readable.
                Err(quinn::ResetError::ConnectionLost(cause)) => {
                    Poll::Ready(Err(ResetError::ConnectionLost(cause)))
                }
                Err(quinn::ResetError::ZeroRttRejected) => {
                    self.end(RecvOutcome::ZeroRttRejected);
                    Poll::Ready(Err(ResetError::ZeroRttRejected))
                }
            }
        })
        .await
    }

    /// Stops reading: unread data is discarded and, unless all data and FIN have arrived, the peer is
    /// asked with STOP_SENDING and `code` to stop sending (§3.5, §19.5).
    ///
    /// # Errors
    ///
    /// [`Ended`] with the outcome if the part had ended before. A reset or a loss that quinn had received
    /// before the call counts as having come before it.
    pub fn stop(&mut self, code: VarInt) -> Result<(), Ended<RecvOutcome>> {
        if self.stream.is_some() {
            let stopped = RecvOutcome::Stopped { code };
            self.abort_reading(code, None, |_| stopped.clone());
            if self.outcome().as_ref() == Some(&stopped) {
                return Ok(());
            }
        }
        let outcome = self.latched();
        Err(Ended { outcome })
    }

    /// Ends a live part without reading on. `complete` says with which outcome if everything had
    /// arrived, given the number of bytes that were never read.
    /// If it is a deadline's doing, that is told.
    fn abort_reading(
        &mut self,
        code: VarInt,
        deadline: Option<Deadline>,
        complete: impl FnOnce(u64) -> RecvOutcome,
    ) {
        if let Some(deadline) = deadline {
            self.part.tell_event(|| EventKind::RetriesExhausted { deadline });
            self.part.tell_event(|| EventKind::Intent { code });
        }
        let Some(stream) = &mut self.stream else {
            return;
        };
        let outcome = match stream.drain() {
            Drained::Complete { discarded } => complete(discarded + self.held.bytes.len() as u64),
            Drained::Forgotten => RecvOutcome::Stopped { code },
            Drained::Incomplete => {
                self.send_stop_sending(code);
                RecvOutcome::Stopped { code }
            }
            Drained::Reset(code) => RecvOutcome::Reset { code },
            Drained::ConnectionLost(cause) => RecvOutcome::ConnectionLost(cause),
            Drained::ZeroRttRejected => RecvOutcome::ZeroRttRejected,
        };
        if deadline.is_some() && outcome == (RecvOutcome::Stopped { code }) {
            let state = PartState::Receiving(self.state());
            self.part.tell_event(|| EventKind::Validated { state });
            self.part.tell_event(|| EventKind::Executed);
        } else if deadline.is_some() {
            let outcome = PartOutcome::Receiving(outcome.clone());
            self.part.tell_event(|| EventKind::Overtaken { outcome });
        }
        self.end(outcome);
    }

    /// The last access before the release.
    fn send_stop_sending(&mut self, code: VarInt) {
        #[cfg(feature = "faults")]
        if self.part.shared().has(crate::Fault::ReleaseBeforeLastAccess) {
            drop(self.stream.take());
        }
        if let Some(stream) = &mut self.stream {
            // `Err` says that quinn has closed the stream meanwhile: then there is nothing to stop.
            let _ = stream.stop(code);
        }
    }

    fn poll_read_some(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<Result<Option<()>, ReadError>> {
        if self.stream.is_some() && buf.remaining() == 0 {
            return Poll::Ready(Ok(Some(())));
        }
        if let Some(chunk) = self.held.take(buf.remaining()) {
            buf.put_slice(&chunk.bytes);
            return Poll::Ready(Ok(Some(())));
        }
        let before = buf.filled().len();
        let read = self.poll_quinn(cx, |stream, cx| stream.poll_read(cx, buf), |()| 0);
        if matches!(read, Poll::Ready(Ok(Some(())))) {
            self.progress(buf.filled().len() - before);
        }
        read
    }

    /// One poll of one of quinn's reads on a live part; what ended the part on an ended one.
    fn poll_quinn<T>(
        &mut self,
        cx: &mut Context<'_>,
        read: impl FnOnce(&mut Reader, &mut Context<'_>) -> Poll<Result<Option<T>, quinn::ReadError>>,
        bytes: impl FnOnce(&T) -> usize,
    ) -> Poll<Result<Option<T>, ReadError>> {
        self.heed();
        let Some(stream) = &mut self.stream else {
            return Poll::Ready(self.after_the_end());
        };
        match read(stream, cx) {
            Poll::Pending => self.wait(cx),
            Poll::Ready(result) => {
                if let Ok(Some(data)) = &result {
                    self.progress(bytes(data));
                }
                Poll::Ready(self.judge(result))
            }
        }
    }

    /// What a read of quinn's means for the part.
    fn judge<T>(
        &mut self,
        result: Result<Option<T>, quinn::ReadError>,
    ) -> Result<Option<T>, ReadError> {
        match result {
            Ok(Some(data)) => return Ok(Some(data)),
            Ok(None) => {
                self.end(RecvOutcome::ReadToEnd);
                return Ok(None);
            }
            Err(quinn::ReadError::IllegalOrderedRead) => return Err(ReadError::IllegalOrderedRead),
            Err(quinn::ReadError::Reset(code)) => self.end(RecvOutcome::Reset { code }),
            Err(quinn::ReadError::ConnectionLost(cause)) => {
                self.end(RecvOutcome::ConnectionLost(cause));
            }
            Err(quinn::ReadError::ZeroRttRejected) => self.end(RecvOutcome::ZeroRttRejected),
            // quinn closes a stream that lives here only in a read that tells us. Should it ever happen,
            // the stream must not look complete.
            Err(quinn::ReadError::ClosedStream) => {
                let shared = self.part.shared();
                shared.registry.own_fault("quinn closed a live receiving part");
                let code = shared.config.drop_stop_code;
                self.end(RecvOutcome::Stopped { code });
            }
        }
        self.told(self.latched())
    }

    /// What every read after the end is told.
    fn after_the_end<T>(&self) -> Result<Option<T>, ReadError> {
        let outcome = self.latched();
        #[cfg(feature = "faults")]
        if matches!(outcome, RecvOutcome::Reset { .. })
            && self.part.shared().has(crate::Fault::EndAfterReset)
        {
            return Ok(None);
        }
        self.told(outcome)
    }

    fn told<T>(&self, outcome: RecvOutcome) -> Result<Option<T>, ReadError> {
        match outcome {
            RecvOutcome::ReadToEnd => Ok(None),
            RecvOutcome::Reset { code } => Err(ReadError::Reset { code }),
            RecvOutcome::Stopped { code } => Err(ReadError::Stopped { code }),
            RecvOutcome::ConnectionLost(cause) => Err(ReadError::ConnectionLost(cause)),
            RecvOutcome::ZeroRttRejected => Err(ReadError::ZeroRttRejected),
        }
    }

    /// The one end of the part: latch, then release.
    fn end(&mut self, outcome: RecvOutcome) {
        self.part.end(outcome);
        self.place = None;
        self.held = Held::default();
        if let Some(stream) = self.stream.take() {
            self.resets.release(stream);
        }
    }

    /// The outcome of a part whose stream is released.
    fn latched(&self) -> RecvOutcome {
        // `end` latches before it releases.
        self.outcome().expect("a released part has an outcome")
    }
}

impl AsyncRead for RecvHandle {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // Nothing read into a buffer with room is how this trait spells the end.
        ready!(self.poll_read_some(cx, buf))?;
        Poll::Ready(Ok(()))
    }
}

impl Drop for RecvHandle {
    fn drop(&mut self) {
        let code = self.part.shared().config.drop_stop_code;
        self.abort_reading(code, None, |unread| match unread {
            0 => RecvOutcome::ReadToEnd,
            _ => RecvOutcome::Stopped { code },
        });
    }
}

impl fmt::Debug for RecvHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecvHandle")
            .field("id", &self.id())
            .field("state", &self.state())
            .field("outcome", &self.outcome())
            .finish_non_exhaustive()
    }
}
