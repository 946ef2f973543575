//! What comes in the end, on every fair path: `p` leads to `q`.
//!
//! stateright's `eventually` is wrong on cycles and on joins, so this is another search, on the explicit graph.
//! It looks for a path that comes through `p` and from then on avoids `q`, for ever, fairly: it may end in a
//! state in which nothing is left that has to happen, or go round a cycle that no family of actions can
//! complain of. Where the states that avoid `q` have no cycle, only the ends are left to look for, backwards
//! over their ranks; else the strongly connected components are searched for a fair one.
//!
//! *Families* are what fairness is about. A family is *enabled* in a state if one of its edges leads out of it
//! to another one, and *taken* by such an edge; a step that changes nothing is neither, or a network could
//! please everybody by delivering the same copy for ever.
//!
//! A refutation is a *lasso*: a stem from the initial state, as short as any, and a loop.

use super::Decided;
use super::components;
use super::lasso::{self, Lasso};

/// A family's number; edges without one may be left untaken for ever.
pub type Family = u16;

/// What a family that is never taken may complain of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fairness {
    /// That it is enabled all the time, from some moment on.
    Weak,
    /// That it is enabled again and again. A network that may lose packets needs this: "what is sent again
    /// and again arrives in the end".
    Strong,
}

/// A graph: states from 0, which is the initial one, and edges in the order of the states that they leave.
#[derive(Clone, Debug, Default)]
pub struct LabelledGraph {
    /// Where each state's edges begin, and one entry more.
    pub first: Vec<usize>,
    /// Each edge's family, if fairness is asked of it, and where it ends.
    pub edges: Vec<(Option<Family>, u32)>,
    /// How many families there are.
    pub families: usize,
}

impl LabelledGraph {
    /// The graph with these edges: from, family, to.
    pub fn new(states: usize, families: usize, mut edges: Vec<(u32, Option<Family>, u32)>) -> Self {
        edges.sort_by_key(|(from, _, _)| *from);
        let mut first = vec![0; states + 1];
        for (from, _, _) in &edges {
            first[*from as usize + 1] += 1;
        }
        for state in 0..states {
            first[state + 1] += first[state];
        }
        let edges = edges.into_iter().map(|(_, family, to)| (family, to)).collect();
        Self { first, edges, families }
    }

    /// How many states there are.
    pub fn states(&self) -> usize {
        self.first.len() - 1
    }

    /// The edges of a state that change it: number, family, end.
    pub(crate) fn moves(
        &self,
        state: u32,
    ) -> impl Iterator<Item = (usize, Option<Family>, u32)> + '_ {
        let range = self.first[state as usize]..self.first[state as usize + 1];
        let edge = |number: usize| (number, self.edges[number].0, self.edges[number].1);
        range.map(edge).filter(move |(_, _, to)| *to != state)
    }

    /// Whether a path may end in a state: no family is enabled there.
    pub(crate) fn may_end(&self, state: u32) -> bool {
        self.moves(state).all(|(_, family, _)| family.is_none())
    }

    /// The state that an edge leaves.
    pub(crate) fn from(&self, edge: usize) -> u32 {
        // The last state whose edges begin at or before this one.
        self.first.partition_point(|first| *first <= edge) as u32 - 1
    }
}

/// The answer to a question.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Answer {
    /// On every fair path.
    Holds,
    /// Not on this one.
    Refuted(Lasso),
    /// Nothing is ever asked for.
    Vacuous,
}

/// Whether, on every fair path, each state in `from` is one of `to` or is followed by one. Both have an entry
/// for each state.
pub fn leads_to(
    graph: &LabelledGraph,
    from: &[bool],
    to: &[bool],
    fairness: Fairness,
) -> (Answer, Decided) {
    if !from.contains(&true) {
        return (Answer::Vacuous, Decided::Ranks);
    }
    let avoids: Vec<bool> = to.iter().map(|reached| !reached).collect();
    let ends = |state: u32| avoids[state as usize] && graph.may_end(state);
    let mut core: Vec<bool> = (0..graph.states() as u32).map(ends).collect();
    let acyclic = is_acyclic(graph, &avoids);
    let mut fair = Vec::new();
    if !acyclic {
        fair = components::fair(graph, &avoids, fairness);
        for state in fair.iter().flatten() {
            core[*state as usize] = true;
        }
    }
    let decided = if acyclic { Decided::Ranks } else { Decided::Components };
    let answer = match lasso::shortest(graph, from, &avoids, &core) {
        None => Answer::Holds,
        Some(stem) => {
            let last = stem.last().map_or(0, |edge| graph.edges[*edge].1);
            let cycle = match graph.may_end(last) {
                true => Vec::new(),
                false => {
                    let around = fair.iter().find(|states| states.contains(&last));
                    let around = around.map_or(&[][..], Vec::as_slice);
                    lasso::around(graph, around, last)
                }
            };
            Answer::Refuted(Lasso { stem, cycle })
        }
    };
    (answer, decided)
}

/// Whether `to` comes on every fair path.
pub fn eventually(graph: &LabelledGraph, to: &[bool], fairness: Fairness) -> (Answer, Decided) {
    let mut from = vec![false; graph.states()];
    from[0] = true;
    leads_to(graph, &from, to, fairness)
}

/// Whether the states of a set have no cycle, but for steps that change nothing.
fn is_acyclic(graph: &LabelledGraph, inside: &[bool]) -> bool {
    let mut entries = vec![0_u32; graph.states()];
    let members = || (0..graph.states() as u32).filter(|state| inside[*state as usize]);
    for state in members() {
        for (_, _, to) in graph.moves(state) {
            entries[to as usize] += 1;
        }
    }
    let mut open: Vec<u32> = members().filter(|state| entries[*state as usize] == 0).collect();
    let mut ranked = 0;
    while let Some(state) = open.pop() {
        ranked += 1;
        for (_, _, to) in graph.moves(state) {
            entries[to as usize] -= 1;
            if entries[to as usize] == 0 && inside[to as usize] {
                open.push(to);
            }
        }
    }
    ranked == members().count()
}
