//! How a manager comes to its end in good order.
//!
//! Deliberately not here: HTTP/3's GOAWAY or whatever tells the peer's application; that is the caller's, before
//! it drains.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
    time::Duration,
};

use bytes::Bytes;

use crate::{
    events::{Deadline, PartOutcome},
    lifecycle::Part,
    quinn::{Connection, StreamId, VarInt},
    registry::Live,
    shared::Shared,
};

/// How to drain.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Drain {
    /// How long running streams may take to finish.
    pub deadline: Duration,
    /// How long a reader who was asked to stop at the deadline may take to do it.
    pub grace: Duration,
    /// Application error code of the RESET_STREAM and STOP_SENDING frames at the deadline. Default 0.
    pub reset_code: VarInt,
    /// Application error code of the CONNECTION_CLOSE at the end (§10.2). Default 0.
    pub close_code: VarInt,
    /// Its reason. Default empty.
    pub reason: Bytes,
}

impl Drain {
    /// With so long for running streams, and a tenth of it for readers after that.
    pub fn within(deadline: Duration) -> Self {
        Self {
            deadline,
            grace: deadline / 10,
            reset_code: VarInt::default(),
            close_code: VarInt::default(),
            reason: Bytes::new(),
        }
    }
}

/// What became of a part that lived when the drain began.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct DrainedPart {
    /// Its stream.
    pub id: StreamId,
    /// Which part.
    pub part: Part,
    /// What became of it; `None` for a receiving part whose handle somebody holds and does not use.
    pub outcome: Option<PartOutcome>,
    /// Whether it ended before the deadline.
    pub in_time: bool,
}

/// What became of a drain.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct DrainReport {
    /// Every part that lived when the drain began, by stream id, the sending part first.
    pub parts: Vec<DrainedPart>,
    /// How long it took.
    pub took: Duration,
}

impl DrainReport {
    /// Whether every part ended before the deadline.
    pub fn is_clean(&self) -> bool {
        self.parts.iter().all(|part| part.in_time)
    }
}

pub(crate) async fn drain(connection: &Connection, shared: &Shared, drain: Drain) -> DrainReport {
    assert!(shared.clock.has_timers(), "a drain needs a runtime to take its timer from");
    let began = shared.clock.now();
    shared.admission.close();
    let parts = shared.registry.parts();
    let emptied = until_empty(shared, began + drain.deadline).await;
    let in_time: Vec<bool> = parts.iter().map(|part| part.outcome().is_some()).collect();
    if !emptied {
        for part in shared.registry.parts() {
            part.expire(Deadline::Drain, drain.reset_code);
        }
        let _ = until_empty(shared, shared.clock.now() + drain.grace).await;
    }
    connection.close(drain.close_code, &drain.reason);
    let took = shared.clock.now().saturating_duration_since(began);
    let report = |(part, in_time): (&Live, bool)| {
        let key = part.key();
        DrainedPart { id: key.id, part: key.part, outcome: part.outcome(), in_time }
    };
    DrainReport { parts: parts.iter().zip(in_time).map(report).collect(), took }
}

/// Waits until no part lives; `false` if `at` comes before.
async fn until_empty(shared: &Shared, at: std::time::Instant) -> bool {
    let mut timer = pin!(shared.clock.sleep_until(at));
    loop {
        // Listened to before looked at: no end is missed in between.
        let mut emptied = pin!(shared.registry.emptied.notified());
        emptied.as_mut().enable();
        if shared.registry.count() == 0 {
            return true;
        }
        let is_empty = poll_fn(|cx| match emptied.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(true),
            Poll::Pending => timer.as_mut().poll(cx).map(|()| false),
        })
        .await;
        if !is_empty {
            return false;
        }
    }
}
