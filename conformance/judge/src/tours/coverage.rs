//! What of the graph the system under test has really taken, and the report that says so.

use std::collections::BTreeMap;
use std::time::Duration;

use streamproof_model::check::graph::Graph;
use streamproof_model::judging::breach::Breach;
use streamproof_model::rfc::identity::Side;
use streamproof_model::trace::tours::{Pairs, Tour, Unobserved, remaining_edges, remaining_pairs};

use super::script::Visible;
use crate::referee::Deviation;
use crate::replay::{Found, Replay, StepResult};

/// What the tours are to take.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Criterion {
    /// Every edge, and so every state.
    Edges,
    /// Every pair of consecutive edges too: what a step does must not depend on the step before it.
    Pairs,
}

impl Criterion {
    /// How many of 100 pairs of a quick preset must be taken at least. Of states and edges, all.
    pub const ENOUGH_PAIRS: usize = 95;

    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Edges => "edges",
            Self::Pairs => "pairs",
        }
    }
}

/// One breach, as often as it was found.
#[derive(Clone, Debug)]
pub struct Finding {
    /// How many steps showed it.
    pub times: usize,
    /// The number of the tour that shows it soonest.
    pub tour: usize,
    /// After how many stimuli it shows; the number of stimuli for the liveness probe.
    pub at: usize,
    /// What was seen there.
    pub deviation: Deviation,
    /// The same for each situation in which it shows ([`situation`](crate::situation)).
    pub situations: BTreeMap<String, Sighting>,
}

/// A breach in one situation, as often as it was found there.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Sighting {
    /// After how many stimuli it shows soonest.
    pub at: usize,
    /// The number of the tour that shows it so.
    pub tour: usize,
    /// How many steps showed it.
    pub times: usize,
}

impl Sighting {
    /// Both: the sooner one, and all steps.
    pub(super) fn and(self, other: Self) -> Self {
        Self { times: self.times + other.times, ..self.min(other) }
    }
}

/// What a preset has shown for one side.
#[derive(Clone, Debug)]
pub struct RoleReport {
    /// The preset's name.
    pub preset: &'static str,
    /// The side of the system under test.
    pub side: Side,
    /// What the tours were to take.
    pub criterion: Criterion,
    /// How many states those edges lead to, and the first one.
    pub states: usize,
    /// How many of them the system reached: an edge into them was taken.
    pub states_taken: usize,
    /// How many edges the graph has. Those after which the connection is closed, and which differ in the observer's
    /// notes alone, are one.
    pub edges: usize,
    /// How many of them are visible to the system under test; the others happen elsewhere, to the peer or
    /// in the network, and are taken by going on.
    pub visible: usize,
    /// How many were taken.
    pub taken: usize,
    /// How many pairs of consecutive edges there are, the observer's notes left out.
    pub pairs: usize,
    /// How many of them were taken, one edge directly after the other.
    pub pairs_taken: usize,
    /// After how many of the edges taken the system did something that the graph does not predict.
    pub diverged: usize,
    /// How many tours there are.
    pub tours: usize,
    /// How many traces were played: tours that the system under test can tell apart.
    pub traces: usize,
    /// How many stimuli they hold in all.
    pub steps: usize,
    /// What was found.
    pub findings: BTreeMap<Breach, Finding>,
    /// How long replay took, without the making of the first tours.
    pub took: Duration,
    /// The first edge that was not taken, for people.
    pub untaken: Option<String>,
    /// The numbers of all edges that were not taken, in order.
    pub missed: Vec<usize>,
}

impl RoleReport {
    /// Whether what the criterion asks of a quick preset was taken.
    pub fn is_covered(&self) -> bool {
        let pairs = match self.criterion {
            Criterion::Edges => true,
            Criterion::Pairs => self.pairs_taken * 100 >= self.pairs * Criterion::ENOUGH_PAIRS,
        };
        pairs && self.taken == self.edges && self.states_taken == self.states
    }
}

/// What is known of the graph while a preset is run.
#[derive(Clone, Debug)]
pub(super) struct Coverage {
    /// An edge into the state was taken.
    pub(super) states: Vec<bool>,
    /// The edge, or a twin of it, was taken from a state that explains what was seen. Marked at the first of the twins.
    pub(super) taken: Vec<bool>,
    /// It was taken, and what followed was not what the graph predicts.
    pub(super) diverged: Vec<bool>,
    /// The pair was taken, one edge directly after the other.
    pub(super) pairs: Vec<bool>,
}

/// How far a replay went as predicted: all that coverage needs of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walked {
    /// Whether there was a session: nothing that happens elsewhere counts without one.
    begun: bool,
    /// How many stimuli.
    good: usize,
    /// How the next one went; `None` if none was played.
    then: Option<StepResult>,
}

impl Walked {
    pub(super) fn of(replay: &Replay) -> Self {
        let good = replay.results.iter().take_while(|went| **went == StepResult::Predicted).count();
        let failed = |found: &Found| found.deviation.breach == Breach::StackFailed;
        let begun = !replay.results.is_empty() || !replay.found.iter().any(failed);
        Self { begun, good, then: replay.results.get(good).copied() }
    }
}

/// The graph as coverage sees it.
pub(super) struct Ground {
    pub(super) graph: Graph,
    pub(super) unobserved: Unobserved,
    pub(super) pairs: Pairs,
    pub(super) visible: Visible,
    pub(super) twins: Twins,
}

/// Edges after which the connection of the system under test is closed, and which differ in the observer's notes alone.
/// The notes are not visible, and a frame that closes the connection ends its trace, so each of them would cost a trace of
/// its own and show what the first of them shows: they count as one.
pub(super) struct Twins {
    /// For each edge the one that it counts as: itself, or the first of its twins.
    first: Vec<usize>,
    /// For each state whether an edge that counts leads to it, or the world begins there.
    counts: Vec<bool>,
}

impl Twins {
    pub(super) fn of(graph: &Graph, unobserved: &Unobserved, side: Side) -> Self {
        let is_open = |state: u32| {
            let endpoint = graph.states[state as usize].endpoint(side);
            endpoint.is_some_and(|endpoint| endpoint.closed.is_none())
        };
        let mut firsts = vec![None; unobserved.graph.edges.len()];
        let mut first: Vec<usize> = (0..graph.edges.len()).collect();
        for (number, edge) in graph.edges.iter().enumerate() {
            if !is_open(edge.to) {
                first[number] = *firsts[unobserved.edge_of[number]].get_or_insert(number);
            }
        }
        let mut counts = vec![false; graph.states.len()];
        counts[0] = true;
        for (number, edge) in graph.edges.iter().enumerate() {
            counts[edge.to as usize] |= first[number] == number;
        }
        Self { first, counts }
    }

    /// Whether the edge is the first of its twins, or has none.
    pub(super) fn counts(&self, edge: usize) -> bool {
        self.first[edge] == edge
    }
}

impl Ground {
    /// How many states count.
    pub(super) fn states(&self) -> usize {
        count(&self.twins.counts)
    }

    /// How many of the edges that count are visible to the system under test.
    pub(super) fn visible_edges(&self) -> usize {
        let counts = |edge: &usize| self.twins.counts(*edge) && self.visible.is_visible(*edge);
        (0..self.graph.edges.len()).filter(counts).count()
    }

    /// How many edges count.
    pub(super) fn edges(&self) -> usize {
        (0..self.graph.edges.len()).filter(|edge| self.twins.counts(*edge)).count()
    }

    pub(super) fn nothing_taken(&self) -> Coverage {
        let edges = self.graph.edges.len();
        let mut states = vec![false; self.graph.states.len()];
        states[0] = true;
        let pairs = vec![false; self.pairs.count()];
        Coverage { states, taken: vec![false; edges], diverged: vec![false; edges], pairs }
    }

    /// Tours to every edge that counts.
    pub(super) fn first_tours(&self) -> Vec<Tour> {
        let left_out: Vec<bool> =
            (0..self.graph.edges.len()).map(|edge| !self.twins.counts(edge)).collect();
        let nothing = vec![false; self.graph.edges.len()];
        remaining_edges(&self.graph, TOUR_LENGTH, &left_out, &nothing)
    }

    /// Tours to edges not yet taken, around what diverges: to any of the twins, where none was taken.
    pub(super) fn tours_to_edges(&self, coverage: &Coverage) -> Vec<Tour> {
        let taken: Vec<bool> = self.twins.first.iter().map(|edge| coverage.taken[*edge]).collect();
        remaining_edges(&self.graph, TOUR_LENGTH, &taken, &coverage.diverged)
    }

    /// Tours to pairs not yet taken, around what diverges.
    pub(super) fn tours_to_pairs(&self, coverage: &Coverage) -> Vec<Tour> {
        let Unobserved { graph, edge_of } = &self.unobserved;
        let mut avoid = vec![false; graph.edges.len()];
        let diverged = edge_of.iter().zip(&coverage.diverged).filter(|(_, diverged)| **diverged);
        diverged.for_each(|(edge, _)| avoid[*edge] = true);
        let tours = remaining_pairs(graph, &self.pairs, GATHERING, &coverage.pairs, &avoid);
        tours.iter().map(|tour| self.unobserved.observed(&self.graph, tour)).collect()
    }

    /// What is taken if nothing diverges on these tours.
    pub(super) fn planned(&self, tours: &[Tour]) -> Coverage {
        let mut coverage = self.nothing_taken();
        let walked = Walked { begun: true, good: usize::MAX, then: None };
        tours.iter().for_each(|tour| self.cover(&mut coverage, tour, walked));
        coverage
    }

    /// Marks what a replay says of a tour's edges. Where the replay was cut short, nothing is known.
    pub(super) fn cover(&self, coverage: &mut Coverage, tour: &Tour, walked: Walked) {
        if !walked.begun {
            return;
        }
        let mut visible = 0;
        let mut before = None;
        for edge in tour {
            visible += usize::from(self.visible.is_visible(*edge));
            let went = match visible <= walked.good {
                true => Some(StepResult::Predicted),
                false => walked.then,
            };
            let Some(went) = went else { return };
            if went != StepResult::NotApplicable {
                coverage.taken[self.twins.first[*edge]] = true;
                coverage.states[self.graph.edges[*edge].to as usize] = true;
                let here = self.unobserved.edge_of[*edge];
                if let Some(before) = before.replace(here) {
                    coverage.pairs[self.pairs.number(&self.unobserved.graph, before, here)] = true;
                }
            }
            if went != StepResult::Predicted {
                coverage.diverged[*edge] = true;
                return;
            }
        }
    }
}

/// How long a tour to an edge is, in steps, where the way to its first new edge is not longer.
pub const TOUR_LENGTH: usize = 12;
/// How many steps a tour goes on gathering pairs, in each direction.
const GATHERING: usize = 60;

impl Coverage {
    /// How much is marked; it grows for as long as anything new is found out.
    pub(super) fn marks(&self) -> usize {
        let marks = self.taken.iter().chain(&self.diverged).chain(&self.pairs);
        count(marks)
    }

    pub(super) fn tell(&self, ground: &Ground, report: &mut RoleReport) {
        let all = self.taken.iter().enumerate().filter(|(edge, _)| ground.twins.counts(*edge));
        report.missed = all.filter(|(_, taken)| !**taken).map(|(edge, _)| edge).collect();
        let first = report.missed.first();
        report.untaken = first.map(|edge| ground.graph.edges[*edge].action.to_string());
        let states = self.states.iter().zip(&ground.twins.counts);
        report.states_taken = states.filter(|(taken, counts)| **taken && **counts).count();
        report.taken = count(&self.taken);
        report.pairs_taken = count(&self.pairs);
        let both =
            self.diverged.iter().zip(&self.taken).filter(|(diverged, taken)| **diverged && **taken);
        report.diverged = both.count();
    }
}

fn count<'a>(marks: impl IntoIterator<Item = &'a bool>) -> usize {
    marks.into_iter().filter(|mark| **mark).count()
}

#[cfg(test)]
mod tests;
