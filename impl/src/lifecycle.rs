//! The states of both parts of a stream as total transition tables (§3.1, §3.2), and the one atomic
//! [cell] a part lives in.
//!
//! A table says for each state and each event what becomes of the part, and there is no wildcard arm:
//! a pair that nobody thought about does not compile. The tables are plain functions: no lock, no
//! clock, no quinn.
//!
//! Deliberately not here: sizes, offsets and credit (quinn's), and what the application is told
//! ([`outcome`](crate::outcome)).

use std::fmt;

pub(crate) mod cell;
mod receiving;
mod sending;

pub use receiving::{RecvEvent, RecvState};
pub use sending::{SendEvent, SendState};

/// What an event does to a part in a given state.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[must_use = "a step that is not taken is a transition forgotten"]
pub enum Step<S> {
    /// An edge of the figure: the part is in this state now.
    Goto(S),
    /// Legal and without effect, such as a retransmission or a frame that arrives twice.
    Stay,
    /// Cannot happen unless this crate is wrong.
    Never,
}

/// Either of the two machines, for the [cell] that is the same for both.
pub(crate) trait Machine: Copy + Eq + fmt::Debug + 'static {
    /// The edges of the figure.
    type Event: Copy + fmt::Debug + 'static;
    /// What the application is told once the part has ended.
    type Outcome: Clone + fmt::Debug;

    /// The state in which a part begins.
    const INITIAL: Self;

    /// The table.
    fn on(self, event: Self::Event) -> Step<Self>;

    /// The edges by which a part that ended so reached its last state; none if it ended from outside,
    /// with its connection.
    fn edges_to(outcome: &Self::Outcome) -> &'static [Self::Event];

    /// The state as a number, for the atomic.
    fn to_index(self) -> u8;

    /// The state of a number that [`to_index`](Self::to_index) gave.
    fn from_index(index: u8) -> Self;
}

/// Which part of a stream (§3): a bidirectional stream has both, a unidirectional one has one of them
/// at each end.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Part {
    /// The sending part (§3.1).
    Sending,
    /// The receiving part (§3.2).
    Receiving,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sending => "sending",
            Self::Receiving => "receiving",
        })
    }
}

/// The state of a part, whichever it is.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum PartState {
    /// A sending part is in this state.
    Sending(SendState),
    /// A receiving part is in this state.
    Receiving(RecvState),
}

impl PartState {
    /// Which part it is the state of.
    pub const fn part(self) -> Part {
        match self {
            Self::Sending(_) => Part::Sending,
            Self::Receiving(_) => Part::Receiving,
        }
    }
}

impl fmt::Display for PartState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sending(state) => state.fmt(f),
            Self::Receiving(state) => state.fmt(f),
        }
    }
}

/// Shared by the tests of both tables.
#[cfg(test)]
pub(crate) fn edges_of_figure(tsv: &str) -> std::collections::BTreeSet<String> {
    let mut lines = tsv.lines();
    assert_eq!(lines.next(), Some("from\tevent\tto"), "header of the figure");
    let edges: Vec<_> = lines.filter(|line| !line.is_empty()).map(str::to_owned).collect();
    let count = edges.len();
    let set = std::collections::BTreeSet::from_iter(edges);
    assert_eq!(set.len(), count, "an edge stands twice in the figure");
    set
}
