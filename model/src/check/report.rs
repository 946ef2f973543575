//! What a run has shown of each property, and no more.

use std::time::Duration;

use crate::worlds::StatePath;
use crate::worlds::streams::action::Action;
use crate::worlds::streams::state::StreamsState;

/// A path of a world of streams.
pub type Path = StatePath<StreamsState, Action>;

/// What a run says of one property; `P` is a counterexample.
#[derive(Clone, Debug)]
pub enum Verdict<P = Path> {
    /// An invariant that no state breaks.
    Holds,
    /// An invariant that a state breaks, with a shortest way there.
    Violated(P),
    /// Something reachable that was reached.
    Reached,
    /// Something that should be reachable and is not.
    Unreached,
    /// Not decided: the run was cut before.
    Open,
}

impl<P> Verdict<P> {
    /// Whether this is what the model is meant to show.
    pub const fn is_good(&self) -> bool {
        match self {
            Self::Holds | Self::Reached => true,
            Self::Violated(_) | Self::Unreached | Self::Open => false,
        }
    }

    /// Whether this is known not to be what the model is meant to show.
    pub const fn is_bad(&self) -> bool {
        match self {
            Self::Violated(_) | Self::Unreached => true,
            Self::Holds | Self::Reached | Self::Open => false,
        }
    }
}

/// What a run found; `P` is a counterexample.
#[derive(Clone, Debug)]
pub struct Report<P = Path> {
    /// The preset's name.
    pub preset: &'static str,
    /// How many distinct states.
    pub states: usize,
    /// How many states were generated, repeats included.
    pub generated: usize,
    /// The length of the longest way the search went, in states.
    pub depth: usize,
    /// How long the search took.
    pub took: Duration,
    /// Each property's verdict, in RFC order.
    pub verdicts: Vec<(&'static str, Verdict<P>)>,
    /// Why the run was cut, if it was: then it holds in no case.
    pub cut: Option<String>,
    /// What else is to be known of the run, for people.
    pub notes: Vec<String>,
}

impl<P> Report<P> {
    /// Whether every property is as it should be.
    pub fn holds(&self) -> bool {
        self.cut.is_none() && self.verdicts.iter().all(|(_, verdict)| verdict.is_good())
    }

    /// Whether some property is known not to be as it should be, cut or not.
    pub fn is_violated(&self) -> bool {
        self.verdicts.iter().any(|(_, verdict)| verdict.is_bad())
    }

    /// The same report with other counterexamples: what `change` makes of each.
    pub fn map<Q>(self, mut change: impl FnMut(P) -> Q) -> Report<Q> {
        let verdict = |(name, verdict): (&'static str, Verdict<P>)| {
            let verdict = match verdict {
                Verdict::Holds => Verdict::Holds,
                Verdict::Violated(path) => Verdict::Violated(change(path)),
                Verdict::Reached => Verdict::Reached,
                Verdict::Unreached => Verdict::Unreached,
                Verdict::Open => Verdict::Open,
            };
            (name, verdict)
        };
        let Self { preset, states, generated, depth, took, verdicts, cut, notes } = self;
        let verdicts = verdicts.into_iter().map(verdict).collect();
        Report { preset, states, generated, depth, took, verdicts, cut, notes }
    }
}
