//! The arguments that commands share, each with one meaning.

use clap::ValueEnum;
use streamproof_conformance::tours::Criterion;
use streamproof_model::rfc::identity::Side;
use streamproof_model::worlds::Tier;

/// What tours are to take.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(in crate::commands) enum CriterionArg {
    /// Every edge.
    Edges,
    /// Every pair of consecutive edges too.
    Pairs,
}

impl CriterionArg {
    pub(in crate::commands) const fn criterion(self) -> Criterion {
        match self {
            Self::Edges => Criterion::Edges,
            Self::Pairs => Criterion::Pairs,
        }
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(in crate::commands) enum TierArg {
    /// Seconds.
    Quick,
    /// Minutes.
    Full,
}

impl TierArg {
    pub(in crate::commands) const fn tier(self) -> Tier {
        match self {
            Self::Quick => Tier::Quick,
            Self::Full => Tier::Full,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(in crate::commands) enum SideArg {
    /// The client.
    Client,
    /// The server.
    Server,
}

impl SideArg {
    pub(in crate::commands) const fn side(self) -> Side {
        match self {
            Self::Client => Side::Client,
            Self::Server => Side::Server,
        }
    }
}
