//! A stand-in for quinn's sending stream and the connection behind it, made of the seam's locks, so that the
//! tools see every access. It does what the manager rests on, and no more:
//!
//! * the first fate stays, and wakes who waits for it; a stream that we reset wakes nobody;
//! * a write waits for credit and is refused after STOP_SENDING or the loss;
//! * a stream dropped before its end is finished, as quinn finishes it.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use ::quinn::{ConnectionError, StoppedError, StreamId, VarInt, WriteError, Written};
use bytes::Bytes;

use crate::sync::{Mutex, lock};

/// What the peer and the network know of the stream.
#[derive(Clone, Debug)]
pub(crate) struct Wire(Arc<Mutex<State>>);

/// What there is to know.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// What the peer did, or the network.
    pub(crate) fate: Option<Result<Option<VarInt>, StoppedError>>,
    /// How many bytes may be written still.
    pub(crate) credit: usize,
    /// Whether FIN went out.
    pub(crate) is_finished: bool,
    /// The codes of the RESET_STREAM frames that went out.
    pub(crate) resets: Vec<VarInt>,
    waiting: Vec<Waker>,
}

impl Wire {
    /// A stream with so much credit, and what is on its other side.
    pub(crate) fn stream(credit: usize) -> (SendStream, Self) {
        let wire = Self(Arc::new(Mutex::new(State { credit, ..State::default() })));
        (SendStream { wire: wire.clone() }, wire)
    }

    /// The peer acknowledges everything (`Ok(None)`) or stops the stream, or the connection is lost.
    pub(crate) fn comes(&self, fate: Result<Option<VarInt>, StoppedError>) {
        // With the lock held, as quinn does.
        let mut state = lock(&self.0);
        state.fate.get_or_insert(fate);
        std::mem::take(&mut state.waiting).into_iter().for_each(Waker::wake);
    }

    /// The peer grants a byte.
    pub(crate) fn grants(&self) {
        let mut state = lock(&self.0);
        state.credit += 1;
        std::mem::take(&mut state.waiting).into_iter().for_each(Waker::wake);
    }

    /// What went out: the codes of resets, and whether FIN did.
    pub(crate) fn sent(&self) -> (Vec<VarInt>, bool) {
        let state = lock(&self.0);
        (state.resets.clone(), state.is_finished)
    }
}

/// Like quinn's.
#[derive(Debug)]
pub(crate) struct SendStream {
    wire: Wire,
}

/// Like quinn's: the stream is finished or reset.
#[derive(Debug)]
pub(crate) struct Closed;

impl SendStream {
    pub(crate) fn stopped(
        &self,
    ) -> impl Future<Output = Result<Option<VarInt>, StoppedError>> + Send + 'static + use<> {
        let wire = self.wire.clone();
        poll_fn(move |cx| {
            let mut state = lock(&wire.0);
            match &state.fate {
                Some(fate) => Poll::Ready(fate.clone()),
                None => {
                    state.waiting.push(cx.waker().clone());
                    Poll::Pending
                }
            }
        })
    }

    pub(crate) fn finish(&mut self) -> Result<(), Closed> {
        let mut state = lock(&self.wire.0);
        if state.is_finished || !state.resets.is_empty() {
            return Err(Closed);
        }
        // After STOP_SENDING and on a dead connection quinn's does nothing, and says Ok.
        state.is_finished = state.fate.is_none();
        Ok(())
    }

    pub(crate) fn reset(&mut self, code: VarInt) -> Result<(), Closed> {
        let mut state = lock(&self.wire.0);
        if matches!(state.fate, Some(Ok(None))) {
            return Err(Closed);
        }
        state.resets.push(code);
        Ok(())
    }

    pub(crate) fn set_priority(&self, _: i32) -> Result<(), Closed> {
        Ok(())
    }

    pub(crate) fn priority(&self) -> Result<i32, Closed> {
        Ok(0)
    }

    pub(crate) fn id(&self) -> StreamId {
        StreamId::from(VarInt::from_u32(0))
    }

    fn poll_some(
        &mut self,
        cx: &mut Context<'_>,
        length: usize,
    ) -> Poll<Result<usize, WriteError>> {
        let mut state = lock(&self.wire.0);
        match &state.fate {
            Some(Ok(Some(code))) => Poll::Ready(Err(WriteError::Stopped(*code))),
            Some(Ok(None)) => Poll::Ready(Err(WriteError::ClosedStream)),
            Some(Err(_)) => {
                let lost = ConnectionError::TimedOut;
                Poll::Ready(Err(WriteError::ConnectionLost(lost)))
            }
            None if state.credit == 0 => {
                state.waiting.push(cx.waker().clone());
                Poll::Pending
            }
            None => {
                let written = length.min(state.credit);
                state.credit -= written;
                Poll::Ready(Ok(written))
            }
        }
    }

    /// Like quinn's `AsyncWrite`, whose errors are not I/O's.
    pub(crate) fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<Result<usize, WriteError>> {
        self.get_mut().poll_some(cx, buf.len())
    }

    pub(crate) async fn write_chunks(&mut self, bufs: &mut [Bytes]) -> Result<Written, WriteError> {
        let length = bufs.first().map_or(0, Bytes::len);
        let bytes = poll_fn(|cx| self.poll_some(cx, length)).await?;
        Ok(Written { bytes, chunks: 1 })
    }
}

impl Drop for SendStream {
    fn drop(&mut self) {
        let mut state = lock(&self.wire.0);
        if state.fate.is_none() && state.resets.is_empty() {
            state.is_finished = true;
        }
    }
}
