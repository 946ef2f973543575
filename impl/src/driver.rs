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
use tokio::sync::mpsc::UnboundedReceiver;

use crate::{
    clock::Timer,
    events::Deadline,
    quinn::{self, Connection, ConnectionError, VarInt},
    registry::Shared,
    send::Closed,
    send_part::SendingPart,
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
                Some(part) => watches.push(watch(part)),
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

/// Waits until quinn knows the fate of a sending part, unless somebody else ends the part before.
async fn watch(part: Arc<SendingPart>) {
    // Nothing but the fate is taken out of the lock.
    let fate = part.lock().stream.as_ref().map(quinn::fate);
    let Some(fate) = fate else {
        return;
    };
    let mut fate = pin!(fate);
    let mut ended = Closed::new(part.clone());
    let fate = poll_fn(|cx| {
        // quinn does not wake this future when a reset is acknowledged: a part that ended must be
        // noticed here, or it would be watched for as long as the connection lives.
        if is_watched_to_its_end(&part) && Pin::new(&mut ended).poll(cx).is_ready() {
            return Poll::Ready(None);
        }
        fate.as_mut().poll(cx).map(Some)
    })
    .await;
    if let Some(fate) = fate {
        #[cfg(feature = "faults")]
        if part.has(crate::Fault::LookThenTouch) {
            let mut looked = false;
            poll_fn(|cx| {
                if std::mem::replace(&mut looked, true) {
                    return Poll::Ready(());
                }
                cx.waker().wake_by_ref();
                Poll::Pending
            })
            .await;
            part.touch();
        }
        part.on_fate(fate);
    }
}

/// Always, except with `Fault::TellOutcomeTwice`, which goes on
/// listening for a second outcome.
#[cfg_attr(not(feature = "faults"), allow(unused_variables))]
fn is_watched_to_its_end(part: &SendingPart) -> bool {
    #[cfg(feature = "faults")]
    if part.has(crate::Fault::TellOutcomeTwice) {
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
