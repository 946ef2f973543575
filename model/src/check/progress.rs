//! What must come in the end, on the exact graph of a preset.
//!
//! A [`Goal`] holds if from every reachable state in which something is awaited a way of helpful actions
//! leads to its coming; one search backwards over the helpful edges answers that for all states at once.
//! Stateright's own `eventually` is not used: it is unsound on cycles and joins. Nor are fairness or
//! schedules modelled here; what a goal's truth is worth is said at [`Goal`].

use crate::check::engine::StatePath;
use crate::check::graph::{Graph, StateIndex};
use crate::world::properties::progress::{GOALS, Goal};
use crate::world::system::{World, WorldState};

/// What a preset's graph says of a goal.
#[derive(Clone, Debug)]
pub enum Outlook {
    /// From every state in which it is awaited there is a way.
    Comes,
    /// It is awaited in a state without a way; a shortest way to the nearest such state.
    Stuck(StatePath),
    /// It is never awaited, so nothing was shown.
    Vacuous,
}

/// One goal in one preset.
#[derive(Clone, Debug)]
pub struct GoalReport {
    /// The goal's name.
    pub name: &'static str,
    /// In how many states it is awaited.
    pub awaited: usize,
    /// What was found.
    pub outlook: Outlook,
}

impl GoalReport {
    /// Whether no state is stuck.
    pub const fn holds(&self) -> bool {
        match self.outlook {
            Outlook::Comes | Outlook::Vacuous => true,
            Outlook::Stuck(_) => false,
        }
    }
}

/// Every goal that has a subject in the world's preset, in RFC order.
pub fn progress(world: &World) -> Vec<GoalReport> {
    let applies = |goal: &&Goal| world.preset.observed && (goal.applies)(&world.preset);
    let goals: Vec<_> = GOALS.iter().filter(applies).collect();
    if goals.is_empty() {
        return Vec::new();
    }
    let graph = Graph::of_world(world);
    let into = Into::of(&graph);
    goals.into_iter().map(|goal| report(&graph, &into, goal)).collect()
}

fn report(graph: &Graph, into: &Into, goal: &Goal) -> GoalReport {
    let comes = can_come(graph, into, goal);
    let awaits = |state: &WorldState| (goal.from)(state);
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
    let outlook = match (awaited, stuck) {
        (0, _) => Outlook::Vacuous,
        (_, None) => Outlook::Comes,
        (_, Some(state)) => Outlook::Stuck(graph.path(&graph.way_to(state))),
    };
    GoalReport { name: goal.name, awaited, outlook }
}

/// For each state whether helpful actions alone lead to one in which the goal has come.
fn can_come(graph: &Graph, into: &Into, goal: &Goal) -> Vec<bool> {
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
struct Into {
    /// Where a state's edges begin in `edges`, and one entry more.
    first: Vec<u32>,
    edges: Vec<u32>,
}

impl Into {
    fn of(graph: &Graph) -> Self {
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
