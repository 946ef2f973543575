//! The receiving part of one stream, as far as others may see it: its cell and its place in the
//! registry.
//!
//! quinn's stream itself is not here: it has a single owner, the [`RecvHandle`](crate::RecvHandle),
//! who alone reads, stops and ends the part through `&mut`. So there is nothing to lock; the registry
//! and a snapshot only ever read the cell.

use std::sync::Arc;

use crate::{
    lifecycle::{
        RecvState,
        cell::{Cell, Conclusion},
    },
    outcome::RecvOutcome,
    registry::{Ending, Key, Released, Shared},
};

/// One receiving part, shared by its handle and the registry.
#[derive(Debug)]
pub(crate) struct ReceivingPart {
    key: Key,
    shared: Arc<Shared>,
    cell: Cell<RecvState>,
}

impl ReceivingPart {
    /// A live part.
    pub(crate) fn new(key: Key, shared: Arc<Shared>) -> Self {
        Self { key, shared, cell: Cell::new() }
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
        match self.cell.conclude(outcome.clone()) {
            Conclusion::Won => {}
            Conclusion::Late => return,
        }
        let released = self.shared.registry.release(self.key, Ending::Receiving(&outcome));
        debug_assert_eq!(released, Released::Now);
        tracing::debug!(stream = %self.key.id, part = %self.key.part, %outcome, "part ended");
    }
}
