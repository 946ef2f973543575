//! How many streams may live, how many may wait to be opened, and whether any may come at all.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::Arc,
    task::Poll,
};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use crate::{
    config::Config,
    error::OpenError,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
};

/// A stream's place among those that live; its parts share it, and the last to end gives it back.
pub(crate) type Place = Option<Arc<OwnedSemaphorePermit>>;

/// The door for streams, both ways.
#[derive(Debug, Default)]
pub(crate) struct Admission {
    live: Option<Arc<Semaphore>>,
    waiting: AtomicUsize,
    max_waiting: Option<usize>,
    is_closed: AtomicBool,
    closing: Notify,
}

impl Admission {
    pub(crate) fn new(config: &Config) -> Self {
        // More than a semaphore holds is no bound.
        let live = config.max_live_streams.filter(|live| *live <= Semaphore::MAX_PERMITS);
        Self {
            live: live.map(|live| Arc::new(Semaphore::new(live))),
            max_waiting: config.max_waiting_opens,
            ..Self::default()
        }
    }

    /// From here on nothing is admitted, and who waits is told.
    pub(crate) fn close(&self) {
        self.is_closed.store(true, Ordering::Release);
        self.closing.notify_waiters();
    }

    /// Runs `open` with a place for its stream; waits for both, as one of so many.
    pub(crate) async fn open<T>(
        &self,
        open: impl Future<Output = Result<T, crate::ConnectionError>>,
    ) -> Result<(T, Place), OpenError> {
        if self.is_closed.load(Ordering::Acquire) {
            return Err(OpenError::Draining);
        }
        let mut opened = pin!(async {
            let place = self.place().await;
            let stream = open.await?;
            Ok((stream, place))
        });
        // Most need not wait.
        let first = poll_fn(|cx| Poll::Ready(opened.as_mut().poll(cx))).await;
        if let Poll::Ready(done) = first {
            return done;
        }
        let _waiting = self.wait_in_line()?;
        self.unless_closed(opened).await
    }

    /// Runs `accept`, which is asked only while there is a place for a stream.
    pub(crate) async fn accept<T>(
        &self,
        accept: impl Future<Output = Result<T, crate::ConnectionError>>,
    ) -> Result<(T, Place), OpenError> {
        let mut accept = pin!(accept);
        let accepted = async {
            loop {
                let place = self.place().await;
                // The place is given back while there is nothing to accept: others may open.
                let polled = poll_fn(|cx| Poll::Ready(accept.as_mut().poll(cx))).await;
                if let Poll::Ready(stream) = polled {
                    return Ok((stream?, place));
                }
                drop(place);
                let mut asked = false;
                poll_fn(|_| match std::mem::replace(&mut asked, true) {
                    // Woken by what `accept` waits for.
                    true => Poll::Ready(()),
                    false => Poll::Pending,
                })
                .await;
            }
        };
        self.unless_closed(accepted).await
    }

    async fn place(&self) -> Place {
        let live = self.live.as_ref()?.clone();
        // The semaphore is never closed.
        live.acquire_owned().await.ok().map(Arc::new)
    }

    async fn unless_closed<T>(
        &self,
        admitted: impl Future<Output = Result<T, OpenError>>,
    ) -> Result<T, OpenError> {
        let mut closing = pin!(self.closing.notified());
        closing.as_mut().enable();
        if self.is_closed.load(Ordering::Acquire) {
            return Err(OpenError::Draining);
        }
        let mut admitted = pin!(admitted);
        poll_fn(|cx| match admitted.as_mut().poll(cx) {
            Poll::Pending => closing.as_mut().poll(cx).map(|()| Err(OpenError::Draining)),
            done => done,
        })
        .await
    }

    /// A place among those who wait to open, unless there are too many.
    fn wait_in_line(&self) -> Result<Line<'_>, OpenError> {
        let before = self.waiting.fetch_add(1, Ordering::AcqRel);
        let line = Line(&self.waiting);
        match self.max_waiting {
            Some(limit) if before >= limit => Err(OpenError::TooManyWaiting { limit }),
            _ => Ok(line),
        }
    }
}

/// Whoever waits to open; leaves the line when dropped.
struct Line<'a>(&'a AtomicUsize);

impl Drop for Line<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}
