//! The receiving part of one stream, as far as others may see it: its cell and its place in the
//! registry.
//!
//! quinn's stream itself is not here: it has a single owner, the [`RecvHandle`](crate::RecvHandle),
//! who alone reads, stops and ends the part through `&mut`. So there is nothing to lock; the registry
//! and a snapshot only ever read the cell.

use std::{sync::Arc, task::Waker};

use crate::{
    events::{Deadline, EventKind, PartOutcome},
    lifecycle::{
        PartState, RecvState,
        cell::{Cell, Conclusion},
    },
    outcome::RecvOutcome,
    quinn::VarInt,
    registry::{Ending, Key, Released},
    shared::{Progress, Shared},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
        lock,
    },
};

/// No application error code is that large (§16).
const NOT_ASKED: u64 = u64::MAX;

/// One receiving part, shared by its handle and the registry.
#[derive(Debug)]
pub(crate) struct ReceivingPart {
    key: Key,
    shared: Arc<Shared>,
    cell: Cell<RecvState>,
    progress: Progress,
    /// When it was registered, in nanoseconds of the manager.
    since: u64,
    /// The code with which others want it stopped; only the handle can.
    asked: AtomicU64,
    /// Who waits in a read, and which deadline asked.
    reader: Mutex<Waiting>,
}

/// Who waits in a read, and which deadline asked.
#[derive(Debug, Default)]
struct Waiting {
    waker: Option<Waker>,
    deadline: Option<Deadline>,
}

impl ReceivingPart {
    /// A live part; `since` in nanoseconds of the manager.
    pub(crate) fn new(key: Key, shared: Arc<Shared>, since: u64) -> Self {
        Self {
            key,
            since,
            shared,
            cell: Cell::new(),
            progress: Progress::default(),
            asked: AtomicU64::new(NOT_ASKED),
            reader: Mutex::default(),
        }
    }

    /// How far it has come.
    pub(crate) fn progress(&self) -> &Progress {
        &self.progress
    }

    /// When it was registered, in nanoseconds of the manager.
    pub(crate) fn since(&self) -> u64 {
        self.since
    }

    /// Asks the handle to stop reading with `code` when it is next used, and wakes a read that waits. Who asks
    /// first decides the code.
    pub(crate) fn ask_to_stop(&self, deadline: Deadline, code: VarInt) {
        let waker = {
            let mut reader = lock(&self.reader);
            if reader.deadline.is_some() {
                return;
            }
            reader.deadline = Some(deadline);
            self.asked.store(code.into_inner(), Ordering::Release);
            reader.waker.take()
        };
        waker.into_iter().for_each(Waker::wake);
    }

    /// The code with which others want it stopped, and on account of which deadline.
    pub(crate) fn asked(&self) -> Option<(VarInt, Deadline)> {
        let code = VarInt::from_u64(self.asked.load(Ordering::Acquire)).ok()?;
        let deadline = lock(&self.reader).deadline?;
        Some((code, deadline))
    }

    /// A read waits: whoever [asks](Self::ask_to_stop) wakes it. `false` if somebody has asked already.
    pub(crate) fn remember(&self, waker: &Waker) -> bool {
        let mut reader = lock(&self.reader);
        let old = match &reader.waker {
            Some(old) if old.will_wake(waker) => None,
            _ => reader.waker.replace(waker.clone()),
        };
        let is_asked = reader.deadline.is_some();
        drop(reader);
        drop(old);
        !is_asked
    }

    /// Tells whoever listens.
    pub(crate) fn tell_event(&self, kind: impl FnOnce() -> EventKind) {
        self.shared.tell(self.key, kind).into_iter().for_each(Waker::wake);
    }

    /// Its name in the registry.
    pub(crate) fn key(&self) -> Key {
        self.key
    }

    /// What all parts of the connection share.
    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// The state now.
    pub(crate) fn state(&self) -> RecvState {
        self.cell.state()
    }

    /// What became of the part, if it has ended.
    pub(crate) fn outcome(&self) -> Option<RecvOutcome> {
        self.cell.outcome()
    }

    /// The one end of a part: latch, strike off. Only the first call does anything.
    pub(crate) fn end(&self, outcome: RecvOutcome) {
        let from = self.state();
        match self.cell.conclude(outcome.clone()) {
            Conclusion::Won => {}
            Conclusion::Late => return,
        }
        let released = self.shared.registry.release(self.key, Ending::Receiving(&outcome));
        debug_assert_eq!(released, Released::Now);
        let to = self.state();
        tracing::debug!(parent: &self.shared.span, stream = %self.key.id, part = %self.key.part, %outcome, "part ended");
        if from != to {
            self.tell_event(|| EventKind::Moved {
                from: PartState::Receiving(from),
                to: PartState::Receiving(to),
            });
        }
        self.tell_event(|| EventKind::Ended { outcome: PartOutcome::Receiving(outcome) });
        let waker = lock(&self.reader).waker.take();
        drop(waker);
    }
}
