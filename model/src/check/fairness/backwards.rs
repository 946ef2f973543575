//! The quick answer, by one search backwards.
//!
//! A [`Goal`] holds if from every reachable state in which something is awaited a way of helpful actions
//! leads to its coming; one search backwards over the helpful edges answers that for all states at once.
//! Neither fairness nor schedules are modelled here; what the answer is worth is said at
//! [`progress`](crate::worlds::streams::properties::progress).

use crate::check::graph::{Graph, StateIndex};
use crate::worlds::streams::properties::progress::Goal;
use crate::worlds::streams::state::StreamsState;

use super::{Decided, Fairness, GoalReport, Verdict};

/// What the states without a way say of a goal.
pub(super) fn report(graph: &Graph, into: &Predecessors, goal: &Goal) -> GoalReport {
    let comes = can_come(graph, into, goal);
    let awaits = |state: &StreamsState| (goal.from)(state);
    let mut awaited = 0;
    let mut stuck = None;
    for (index, state) in graph.states.iter().enumerate() {
        if awaits(state) {
            awaited += 1;
            // The states stand in the order of their distance.
            if !comes[index] && stuck.is_none() {
                stuck = Some(index as StateIndex);
            }
        }
    }
    let verdict = match (awaited, stuck) {
        (0, _) => Verdict::Vacuous,
        (_, None) => Verdict::Holds,
        (_, Some(state)) => {
            let stem = graph.path(&graph.way_to(state));
            let cycle = stem.last().cloned().into_iter().collect();
            Verdict::Refuted { stem, cycle }
        }
    };
    // A way that stays open for ever is taken: that is strong fairness.
    let (fairness, decided) = (Fairness::Strong, Decided::Ways);
    GoalReport { name: goal.name, awaited, fairness, decided, verdict }
}

/// For each state whether helpful actions alone lead to one in which the goal has come.
fn can_come(graph: &Graph, into: &Predecessors, goal: &Goal) -> Vec<bool> {
    let mut comes: Vec<bool> = graph.states.iter().map(goal.to).collect();
    let mut fresh: Vec<usize> = (0..comes.len()).filter(|state| comes[*state]).collect();
    while let Some(state) = fresh.pop() {
        for edge in into.edges(state) {
            let edge = &graph.edges[*edge as usize];
            let from = edge.from as usize;
            if !comes[from] && (goal.helps)(&edge.action) {
                comes[from] = true;
                fresh.push(from);
            }
        }
    }
    comes
}

/// For each state the edges that end there: the graph read backwards.
pub(super) struct Predecessors {
    /// Where a state's edges begin in `edges`, and one entry more.
    first: Vec<u32>,
    edges: Vec<u32>,
}

impl Predecessors {
    pub(super) fn of(graph: &Graph) -> Self {
        let mut first = vec![0_u32; graph.states.len() + 1];
        for edge in &graph.edges {
            first[edge.to as usize + 1] += 1;
        }
        for state in 1..first.len() {
            first[state] += first[state - 1];
        }
        let mut next = first.clone();
        let mut edges = vec![0; graph.edges.len()];
        for (number, edge) in (0..).zip(&graph.edges) {
            let place = &mut next[edge.to as usize];
            edges[*place as usize] = number;
            *place += 1;
        }
        Self { first, edges }
    }

    fn edges(&self, state: usize) -> &[u32] {
        &self.edges[self.first[state] as usize..self.first[state + 1] as usize]
    }
}
