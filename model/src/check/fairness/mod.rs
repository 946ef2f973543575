//! What comes in the end: the goals of [`progress`](crate::worlds::streams::properties::progress), on the whole
//! graph of a preset.
//!
//! The question can be put in two strengths, and is answered in the same words:
//!
//! - [`ways`], quickly: does a way of helpful actions lead on from *every* reachable state in which the goal is
//!   awaited? One search backwards for each goal. `check` and the mutants ask this.
//! - [`every_path`], in full: does the goal come on every fair path? The ends and the strongly connected
//!   components of the states that avoid it are searched, and a refutation has a loop. `check --fair` asks this.
//!
//! Stateright's own `eventually` is not used: it is unsound on cycles and joins.

mod backwards;
mod components;
mod goals;
mod lasso;
mod paths;

use crate::check::graph::Graph;
use crate::check::report::Path;
use crate::worlds::streams::StreamsWorld;
use crate::worlds::streams::presets::Preset;
use crate::worlds::streams::properties::progress::{GOALS, Goal};

pub use lasso::{Lasso, is_fair_lasso};
pub use paths::{Answer, Fairness, Family, LabelledGraph, eventually, leads_to};

/// What a preset's graph says of a goal.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// It comes.
    Holds,
    /// It need not come: not on this path.
    Refuted {
        /// From the initial state on, as short as any.
        stem: Path,
        /// What follows again and again, from the last state of the stem to itself. That state alone if nothing
        /// more happens, or if no way leads on from it.
        cycle: Path,
    },
    /// It is never awaited, so nothing is shown.
    Vacuous,
}

/// How a question was decided.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Decided {
    /// Backwards over helpful actions.
    Ways,
    /// Backwards over ranks: the states that avoid the goal have no cycle.
    Ranks,
    /// By the strongly connected components.
    Components,
}

/// One goal in one preset.
#[derive(Clone, Debug)]
pub struct GoalReport {
    /// The goal's name.
    pub name: &'static str,
    /// In how many states it is awaited.
    pub awaited: usize,
    /// What may be complained of.
    pub fairness: Fairness,
    /// How it was decided.
    pub decided: Decided,
    /// What was found.
    pub verdict: Verdict,
}

/// Whether from every state in which a goal is awaited a way of helpful actions leads to it: for every goal that
/// has a subject in the world's preset, in RFC order.
pub fn ways(world: &StreamsWorld) -> Vec<GoalReport> {
    let goals = goals_of(&world.preset);
    if goals.is_empty() {
        return Vec::new();
    }
    let graph = Graph::of_world(world);
    let into = backwards::Predecessors::of(&graph);
    goals.into_iter().map(|goal| backwards::report(&graph, &into, goal)).collect()
}

/// Whether a goal comes on every fair path: for every goal that has a subject in the world's preset, in RFC order.
pub fn every_path(world: &StreamsWorld) -> Vec<GoalReport> {
    let goals = goals_of(&world.preset);
    if goals.is_empty() {
        return Vec::new();
    }
    let graph = Graph::of_world(world);
    let fairness = goals::fairness(&world.preset);
    goals.into_iter().map(|goal| goals::report(&graph, goal, fairness)).collect()
}

fn goals_of(preset: &Preset) -> Vec<&'static Goal> {
    GOALS.iter().filter(|goal| !preset.twin && (goal.applies)(preset)).collect()
}

#[cfg(test)]
mod tests;
