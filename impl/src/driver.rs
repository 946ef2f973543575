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

use crate::{
    clock::Timer,
    events::Deadline,
    quinn::{Connection, ConnectionError, VarInt},
    send_part::SendingPart,
    shared::Shared,
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
    pub(crate) fn new(connection: Connection, shared: Arc<Shared>) -> Self {
        let task = drive(connection.clone(), shared.clone());
        Self { running: Some(Running { task: Box::pin(task), connection, shared }) }
    }
}

impl Future for Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(running) = &mut self.running
            && running.task.as_mut().poll(cx).is_pending()
        {
            return Poll::Pending;
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
        drop(task);
        // From here on whoever registers a part ends it himself.
        shared.watching.close();
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

/// Ends parts whose fate quinn has learned, and all of them when the connection ends.
async fn drive(connection: Connection, shared: Arc<Shared>) {
    let mut closed = pin!(connection.closed());
    let mut lost = false;
    let mut idle = IdleWatch::new(&shared);
    let mut ready = Vec::new();
    poll_fn(|cx| {
        shared.watching.come_back(cx.waker());
        if !lost && let Poll::Ready(cause) = closed.as_mut().poll(cx) {
            lost = true;
            // A part that registers from here on is refused and ended by whoever registers it; those that
            // came before are in the registry. In its order, since quinn would wake them in the order of
            // its hash map.
            shared.watching.close();
            end_all(&shared, &cause);
        }
        if let Some(idle) = &mut idle {
            idle.poll(&shared, cx);
        }
        loop {
            shared.watching.take_ready(&mut ready);
            if ready.is_empty() {
                break;
            }
            ready.drain(..).for_each(|part: Arc<SendingPart>| part.poll_fate());
        }
        let is_over = lost || shared.watching.is_unmanaged();
        if is_over && shared.registry.sending_count() == 0 {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
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
