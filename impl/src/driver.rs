//! The one task of a manager: it watches what the peer does to live sending parts, so that
//! STOP_SENDING is answered and acknowledgements are noticed while nobody holds or polls a handle.
//!
//! It is a plain future for the caller to spawn, on any runtime; it spawns nothing, has no timer but that of
//! the idle deadline, and polls in a fixed order, so it is as deterministic as quinn under it.
//!
//! Deliberately not here: what follows from a fate ([`send_part`](crate::send_part)). Receiving parts
//! need no driver; quinn wakes their reader.

use std::{
    fmt,
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::stream::{FuturesUnordered, StreamExt};
use pin_project_lite::pin_project;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::{
    clock::Timer,
    events::Deadline,
    quinn::{self, Connection, ConnectionError, Fate, VarInt},
    registry::Shared,
    send_part::SendingPart,
    waiters::Slot,
};

/// The task of a [`StreamManager`](crate::StreamManager). Spawn it, or nothing is watched.
///
/// It ends by itself when the connection has ended, or when every clone of the manager is dropped, and
/// all sending parts have ended. Until then it keeps the connection open: a stream that was finished is
/// delivered even if every handle is dropped meanwhile.
///
/// **Dropping it before** closes the connection with code 0, as quinn does when its endpoint driver is
/// dropped, and ends every sending part with what is known of it: an outcome that nobody would ever
/// tell is worse than a lost connection.
///
/// # Cancel safety
///
/// Not a future to cancel, see above.
#[must_use = "a manager whose driver is not spawned neither answers STOP_SENDING nor sees acknowledgements"]
pub struct Driver {
    /// The task and what it takes to end it early; `None` once it has ended.
    running: Option<Running>,
}

struct Running {
    task: Pin<Box<dyn Future<Output = ()> + Send>>,
    connection: Connection,
    shared: Arc<Shared>,
}

impl Driver {
    pub(crate) fn new(
        connection: Connection,
        shared: Arc<Shared>,
        arriving: UnboundedReceiver<Arc<SendingPart>>,
    ) -> Self {
        let task = drive(connection.clone(), shared.clone(), arriving);
        Self { running: Some(Running { task: Box::pin(task), connection, shared }) }
    }
}

impl Future for Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(running) = &mut self.running {
            if running.task.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
        self.running = None;
        Poll::Ready(())
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let Some(Running { task, connection, shared }) = self.running.take() else {
            return;
        };
        connection.close(VarInt::from_u32(0), b"stream manager driver dropped");
        // Closes the channel: from here on whoever registers a part ends it himself.
        drop(task);
        let cause = connection.close_reason().unwrap_or(ConnectionError::LocallyClosed);
        end_all(&shared, &cause);
    }
}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let running = self.running.is_some();
        f.debug_struct("Driver").field("running", &running).finish_non_exhaustive()
    }
}

/// Takes parts in, watches each until it ends, and ends them all when the connection ends.
async fn drive(
    connection: Connection,
    shared: Arc<Shared>,
    mut arriving: UnboundedReceiver<Arc<SendingPart>>,
) {
    let mut watches = FuturesUnordered::new();
    let mut closed = pin!(connection.closed());
    let mut lost = false;
    let mut idle = IdleWatch::new(&shared);
    poll_fn(|cx| {
        let mut managed = true;
        while let Poll::Ready(next) = arriving.poll_recv(cx) {
            match next {
                Some(part) => watches.extend(watch(part)),
                None => {
                    managed = false;
                    break;
                }
            }
        }
        if !lost {
            if let Poll::Ready(cause) = closed.as_mut().poll(cx) {
                lost = true;
                // A part that registers from here on is refused by the channel and ended by whoever
                // registers it; those that came before are in the registry. In its order, since quinn
                // would wake them in the order of its hash map.
                arriving.close();
                end_all(&shared, &cause);
            }
        }
        if let Some(idle) = &mut idle {
            idle.poll(&shared, cx);
        }
        while let Poll::Ready(Some(())) = watches.poll_next_unpin(cx) {}
        if watches.is_empty() && (lost || !managed) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

pin_project! {
    /// Waits until quinn knows the fate of a sending part, unless somebody else ends the part before.
    ///
    /// There is one for each live sending part, so its size counts: written by hand, it holds quinn's future
    /// once.
    struct Watch<F> {
        part: Arc<SendingPart>,
        ended: Slot,
        #[pin]
        fate: F,
    }

    impl<F> PinnedDrop for Watch<F> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            this.part.leave(this.ended);
        }
    }
}

/// Watches `part`; `None` if it has ended already.
fn watch(part: Arc<SendingPart>) -> Option<Watch<impl Future<Output = Fate> + Send + use<>>> {
    // Nothing but the fate is taken out of the lock.
    let fate = part.lock().stream.as_ref().map(quinn::fate)?;
    #[cfg(feature = "faults")]
    let fate = a_moment_late(fate, part.has(crate::Fault::LookThenTouch));
    Some(Watch { part, ended: Slot::default(), fate })
}

impl<F: Future<Output = Fate>> Future for Watch<F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        // quinn does not wake this future when a reset is acknowledged: a part that ended must be
        // noticed here, or it would be watched for as long as the connection lives.
        if is_watched_to_its_end(this.part) && this.part.poll_ended(this.ended, cx).is_ready() {
            return Poll::Ready(());
        }
        let Poll::Ready(fate) = this.fate.poll(cx) else { return Poll::Pending };
        #[cfg(feature = "faults")]
        if this.part.has(crate::Fault::LookThenTouch) {
            this.part.touch();
        }
        this.part.on_fate(fate);
        Poll::Ready(())
    }
}

/// `Fault::LookThenTouch`: others run between the look and what follows from it.
#[cfg(feature = "faults")]
async fn a_moment_late(fate: impl Future<Output = Fate>, is_late: bool) -> Fate {
    let fate = fate.await;
    let mut waited = !is_late;
    poll_fn(|cx| {
        if std::mem::replace(&mut waited, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
    fate
}

/// Always, except with faults that go on listening after the end.
#[cfg_attr(not(feature = "faults"), allow(unused_variables))]
fn is_watched_to_its_end(part: &SendingPart) -> bool {
    #[cfg(feature = "faults")]
    if part.has(crate::Fault::TellOutcomeTwice) || part.has(crate::Fault::LookThenTouch) {
        return false;
    }
    true
}

/// Ends parts that have made no progress for as long as [`Deadlines::idle`](crate::Deadlines::idle) says.
struct IdleWatch {
    after: u64,
    timer: Timer,
}

impl IdleWatch {
    /// `None` if there is no such deadline, or no timer.
    fn new(shared: &Shared) -> Option<Self> {
        let after = shared.config.deadlines.idle?;
        let timer = shared.clock.timer(shared.clock.now() + after)?;
        Some(Self { after: u64::try_from(after.as_nanos()).unwrap_or(u64::MAX), timer })
    }

    /// Looks at every live part when the earliest can be due, but not more often than eight times in the time
    /// that a part may be idle: with many parts the looking must not become the work.
    fn poll(&mut self, shared: &Shared, cx: &mut Context<'_>) {
        while self.timer.poll(cx).is_ready() {
            let now = shared.nanos();
            let mut soonest = self.after;
            for part in shared.registry.parts() {
                let idle = now.saturating_sub(part.moved());
                match self.after.saturating_sub(idle) {
                    0 => part.expire(Deadline::Idle, shared.config.deadline_code),
                    left => soonest = soonest.min(left),
                }
            }
            let wait = Duration::from_nanos(soonest.max(self.after / 8).max(1));
            self.timer.reset(shared.clock.now() + wait);
        }
    }
}

/// Ends every live sending part of a connection that has ended, in the order of the registry.
fn end_all(shared: &Shared, cause: &ConnectionError) {
    for part in shared.registry.sending_parts() {
        part.on_connection_lost(cause);
    }
}
