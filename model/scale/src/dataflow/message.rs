//! What workers tell one another: on the way, and at the end.

use serde::{Deserialize, Serialize};
use streamproof_model::packed::{Definition, Fingerprint};

/// What workers send one another.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) enum Message {
    /// A state, in the numbers of worker `from`.
    State { fingerprint: Fingerprint, parent: Fingerprint, words: [u32; 7], from: u32 },
    /// What a number of worker `from` is.
    Define { to: u32, from: u32, definition: Box<Definition> },
    /// The search ends with this level.
    Stop { to: u32, why: Box<Stop> },
}

/// Why the search ends early.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) enum Stop {
    Violation,
    Limit(String),
}

impl Message {
    /// The worker that it goes to, or a number that is the same modulo their count.
    pub(super) fn to(&self) -> u64 {
        match self {
            Self::State { fingerprint, .. } => owner(*fingerprint),
            Self::Define { to, .. } | Self::Stop { to, .. } => u64::from(*to),
        }
    }
}

/// Whose a fingerprint is, modulo the number of workers. Tables look at the uppermost bits.
pub(super) const fn owner(fingerprint: Fingerprint) -> u64 {
    fingerprint & 0xffff_ffff
}

/// What a worker has found.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct Share {
    pub(super) states: usize,
    pub(super) edges: usize,
    pub(super) levels: u32,
    /// Property, level, fingerprint: the first hits.
    pub(super) hits: Vec<Option<(u32, Fingerprint)>>,
    pub(super) cut: Option<String>,
    pub(super) sent: (usize, usize),
    pub(super) worker: usize,
}
