//! What happens to parts, one event after another, for whoever listens: state changes, outcomes, and why a
//! deadline ended a part.
//!
//! Events are numbered under the lock of the part they are about, so those of one part are in order. Nobody
//! listens: nothing is kept, and it costs one load of an atomic. A listener who does not come loses the oldest,
//! and is told how many.

use std::{
    collections::VecDeque,
    fmt,
    future::poll_fn,
    sync::{Arc, Weak},
    task::{Poll, Waker},
    time::Instant,
};

use crate::{
    lifecycle::{Part, PartState},
    outcome::{RecvOutcome, SendOutcome},
    quinn::{StreamId, VarInt},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
        lock,
    },
};

/// What became of a part.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum PartOutcome {
    /// Of a sending part.
    Sending(SendOutcome),
    /// Of a receiving part.
    Receiving(RecvOutcome),
}

impl fmt::Display for PartOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sending(outcome) => outcome.fmt(f),
            Self::Receiving(outcome) => outcome.fmt(f),
        }
    }
}

/// Which deadline.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Deadline {
    /// [`Deadlines::write`](crate::Deadlines::write).
    Write,
    /// [`Deadlines::read`](crate::Deadlines::read).
    Read,
    /// [`Deadlines::idle`](crate::Deadlines::idle).
    Idle,
    /// That of [`StreamManager::drain`](crate::StreamManager::drain).
    Drain,
}

/// What happened to a part.
///
/// A deadline that ends a part tells a chain: [`TimedOut`](Self::TimedOut) once for each attempt,
/// [`RetriesExhausted`](Self::RetriesExhausted), [`Intent`](Self::Intent), and then either
/// [`Validated`](Self::Validated) and [`Executed`](Self::Executed), or [`Overtaken`](Self::Overtaken).
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum EventKind {
    /// The part is there: opened or accepted.
    Registered,
    /// The part took an edge of its figure (§3.1, §3.2).
    Moved {
        /// From this state.
        from: PartState,
        /// To this.
        to: PartState,
    },
    /// Nothing has moved for as long as the deadline allows.
    TimedOut {
        /// Which.
        deadline: Deadline,
        /// For which time in a row, from 1.
        attempt: u32,
    },
    /// It was the last attempt.
    RetriesExhausted {
        /// Which deadline.
        deadline: Deadline,
    },
    /// The part is to be reset (a sending one) or stopped (a receiving one) with this code.
    Intent {
        /// The application error code.
        code: VarInt,
    },
    /// The part lives and may be ended from this state.
    Validated {
        /// The state.
        state: PartState,
    },
    /// RESET_STREAM or STOP_SENDING is handed to quinn.
    Executed,
    /// It had ended before.
    Overtaken {
        /// What had become of it.
        outcome: PartOutcome,
    },
    /// The part has ended.
    Ended {
        /// What became of it.
        outcome: PartOutcome,
    },
}

/// Something that happened to a part.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Event {
    /// When, on the clock of quinn's runtime.
    pub at: Instant,
    /// The stream.
    pub id: StreamId,
    /// Which of its parts.
    pub part: Part,
    /// What.
    pub kind: EventKind,
}

/// What a listener gets.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Heard {
    /// The next event.
    Event(Event),
    /// So many events were lost here, because the listener did not come for them.
    Lost(u64),
}

/// Whoever listens to a manager. From [`StreamManager::events`](crate::StreamManager::events).
///
/// It hears what happens from its making on, and holds at most as many events as it was made for: then the
/// oldest are lost, and [`Heard::Lost`] says how many. Dropping it ends the listening.
#[derive(Debug)]
pub struct Events {
    inbox: Arc<Mutex<Inbox>>,
}

#[derive(Debug)]
struct Inbox {
    events: VecDeque<Event>,
    limit: usize,
    lost: u64,
    waker: Option<Waker>,
    is_over: bool,
}

impl Events {
    /// The next thing heard; `None` once the manager, its driver and all handles are gone and everything is
    /// heard.
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe: nothing is taken unless it resolves.
    pub async fn next(&mut self) -> Option<Heard> {
        poll_fn(|cx| {
            let mut inbox = lock(&self.inbox);
            if inbox.lost > 0 {
                return Poll::Ready(Some(Heard::Lost(std::mem::take(&mut inbox.lost))));
            }
            if let Some(event) = inbox.events.pop_front() {
                return Poll::Ready(Some(Heard::Event(event)));
            }
            if inbox.is_over {
                return Poll::Ready(None);
            }
            let old = inbox.waker.replace(cx.waker().clone());
            drop(inbox);
            drop(old);
            Poll::Pending
        })
        .await
    }
}

/// Everybody who listens to a connection.
#[derive(Debug, Default)]
pub(crate) struct Listeners {
    count: AtomicUsize,
    inboxes: Mutex<Vec<Weak<Mutex<Inbox>>>>,
}

impl Listeners {
    /// A new listener, who holds at most `limit` events.
    pub(crate) fn listen(&self, limit: usize) -> Events {
        let inbox = Inbox {
            events: VecDeque::new(),
            limit: limit.max(1),
            lost: 0,
            waker: None,
            is_over: false,
        };
        let inbox = Arc::new(Mutex::new(inbox));
        let mut inboxes = lock(&self.inboxes);
        inboxes.retain(|inbox| inbox.strong_count() > 0);
        inboxes.push(Arc::downgrade(&inbox));
        self.count.store(inboxes.len(), Ordering::Release);
        Events { inbox }
    }

    /// Whether anybody listens, or did a moment ago.
    pub(crate) fn is_heard(&self) -> bool {
        self.count.load(Ordering::Acquire) > 0
    }

    /// Gives `event` to everybody. The wakers are to be woken outside of any lock.
    #[must_use = "to be woken outside of any lock"]
    pub(crate) fn tell(&self, event: &Event) -> Vec<Waker> {
        let mut woken = Vec::new();
        let mut inboxes = lock(&self.inboxes);
        inboxes.retain(|inbox| {
            let Some(inbox) = inbox.upgrade() else { return false };
            let mut inbox = lock(&inbox);
            if inbox.events.len() == inbox.limit {
                inbox.events.pop_front();
                inbox.lost += 1;
            }
            inbox.events.push_back(event.clone());
            woken.extend(inbox.waker.take());
            true
        });
        self.count.store(inboxes.len(), Ordering::Release);
        woken
    }
}

impl Drop for Listeners {
    fn drop(&mut self) {
        for inbox in lock(&self.inboxes).drain(..).filter_map(|inbox| inbox.upgrade()) {
            let waker = {
                let mut inbox = lock(&inbox);
                inbox.is_over = true;
                inbox.waker.take()
            };
            waker.into_iter().for_each(Waker::wake);
        }
    }
}
