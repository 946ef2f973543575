//! Pairs of consecutive edges, and tours that take them: what a step does may depend on the step before it,
//! although the model says that it does not.
//!
//! A tour begins in the middle, with an edge that has untaken pairs, and grows at both ends. It goes on by an
//! untaken pair if there is one, of several by the one next to which most are left; else one step to where
//! there are some. So it goes round a state's own loops for as long as that is new, and leaves for where
//! nothing comes back from, a closed connection, last. What is then missing at its beginning is the shortest
//! way. (A tour for each pair, each by the shortest way, would be two to nine times as many.)

use std::ops::Range;

use crate::check::graph::{Graph, StateIndex};
use crate::worlds::{WorldAction, WorldState};

use super::{Tour, reach, way_to};

/// Every pair of consecutive edges of one graph, each with a number: first those that begin with edge 0.
#[derive(Clone, Debug)]
pub struct Pairs {
    /// For each edge its first pair, and one entry more.
    first: Vec<usize>,
}

impl Pairs {
    /// The pairs of `graph`.
    pub fn of<S: WorldState, A: WorldAction>(graph: &Graph<S, A>) -> Self {
        let mut first = Vec::with_capacity(graph.edges.len() + 1);
        let mut count = 0;
        first.push(0);
        for edge in &graph.edges {
            count += graph.edges_of(edge.to).len();
            first.push(count);
        }
        Self { first }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.first.last().copied().unwrap_or(0)
    }

    /// The pairs that begin with `edge`, in the order of the edges that follow it.
    pub fn after(&self, edge: usize) -> Range<usize> {
        self.first[edge]..self.first[edge + 1]
    }

    /// The pair of `edge` and `next`, which leaves the state where `edge` ends.
    pub fn number<S: WorldState, A: WorldAction>(
        &self,
        graph: &Graph<S, A>,
        edge: usize,
        next: usize,
    ) -> usize {
        self.first[edge] + next - graph.edges_of(graph.edges[edge].to).start
    }
}

/// Tours that take every pair of `graph`. A tour gathers pairs on its way in both directions, each way for
/// `length` steps at most.
pub fn every_pair<S: WorldState, A: WorldAction>(graph: &Graph<S, A>, length: usize) -> Vec<Tour> {
    let pairs = Pairs::of(graph);
    let (taken, avoid) = (vec![false; pairs.count()], vec![false; graph.edges.len()]);
    remaining_pairs(graph, &pairs, length, &taken, &avoid)
}

/// Tours that take every pair that is not `taken`, as far as there is a way to it that uses no edge to
/// `avoid`: such an edge may only be a tour's last. `taken` has an entry for each pair, `avoid` for each edge.
pub fn remaining_pairs<S: WorldState, A: WorldAction>(
    graph: &Graph<S, A>,
    pairs: &Pairs,
    length: usize,
    taken: &[bool],
    avoid: &[bool],
) -> Vec<Tour> {
    let (order, reached_by) = reach(graph, avoid);
    let mut search = Search::new(graph, pairs, taken, avoid, &order);
    let mut tours = Vec::new();
    // The deepest first: on the way to them most is gathered.
    for state in order.into_iter().rev() {
        for edge in graph.edges_of(state) {
            while search.left[edge] > 0 {
                let before = search.before(edge, length);
                let first = before.last().copied().unwrap_or(edge);
                let mut tour = way_to(graph, &reached_by, graph.edges[first].from);
                tour.extend(before.into_iter().rev().chain([edge]));
                search.take_all(&tour);
                search.extend(&mut tour, length);
                tours.push(tour);
            }
        }
    }
    tours
}

struct Search<'a, S, A> {
    graph: &'a Graph<S, A>,
    pairs: &'a Pairs,
    avoid: &'a [bool],
    taken: Vec<bool>,
    /// For each edge how many untaken pairs begin with it; none where it is to be avoided.
    left: Vec<u32>,
    /// For each edge how many untaken pairs end with it.
    wanting: Vec<u32>,
    /// The edges that may come before another, by the state where they end, and where each state's begin.
    into: Vec<usize>,
    first_into: Vec<usize>,
}

impl<'a, S: WorldState, A: WorldAction> Search<'a, S, A> {
    /// Of the pairs at states that can be `reached`.
    fn new(
        graph: &'a Graph<S, A>,
        pairs: &'a Pairs,
        taken: &[bool],
        avoid: &'a [bool],
        reached: &[StateIndex],
    ) -> Self {
        let mut usable: Vec<bool> = avoid.iter().map(|avoid| !avoid).collect();
        let mut can = vec![false; graph.states.len()];
        reached.iter().for_each(|state| can[*state as usize] = true);
        for (edge, usable) in graph.edges.iter().zip(&mut usable) {
            *usable &= can[edge.from as usize];
        }
        let mut into: Vec<usize> = (0..graph.edges.len()).filter(|edge| usable[*edge]).collect();
        into.sort_by_key(|edge| graph.edges[*edge].to);
        let starts = |state: usize| into.partition_point(|e| (graph.edges[*e].to as usize) < state);
        let first_into = (0..=graph.states.len()).map(starts).collect();
        let mut left = vec![0; graph.edges.len()];
        let mut wanting = vec![0; graph.edges.len()];
        for edge in &into {
            for (next, pair) in graph.edges_of(graph.edges[*edge].to).zip(pairs.after(*edge)) {
                left[*edge] += u32::from(!taken[pair]);
                wanting[next] += u32::from(!taken[pair]);
            }
        }
        Self { graph, pairs, avoid, taken: taken.to_vec(), left, wanting, into, first_into }
    }

    fn is_untaken(&self, edge: usize, next: usize) -> bool {
        !self.taken[self.pairs.number(self.graph, edge, next)]
    }

    fn take(&mut self, edge: usize, next: usize) {
        let pair = self.pairs.number(self.graph, edge, next);
        if !std::mem::replace(&mut self.taken[pair], true) {
            self.left[edge] -= 1;
            self.wanting[next] -= 1;
        }
    }

    fn take_all(&mut self, tour: &[usize]) {
        tour.windows(2).for_each(|pair| self.take(pair[0], pair[1]));
    }

    /// Edges on a way to `edge` on which much is gathered, the last first.
    fn before(&mut self, edge: usize, length: usize) -> Tour {
        let mut way = Vec::new();
        let mut at = edge;
        while way.len() < length {
            let state = self.graph.edges[at].from as usize;
            let into = &self.into[self.first_into[state]..self.first_into[state + 1]];
            let worth = |edge: usize| (self.is_untaken(edge, at), self.wanting[edge]);
            let Some(best) = best(into.iter().copied(), worth) else { break };
            self.take(best, at);
            way.push(best);
            at = best;
        }
        way
    }

    /// Goes on from the end of `tour`, gathering.
    fn extend(&mut self, tour: &mut Tour, length: usize) {
        for _ in 0..length {
            let edge = tour[tour.len() - 1];
            if self.avoid[edge] {
                break;
            }
            let worth = |next: usize| (self.is_untaken(edge, next), self.left[next]);
            let Some(next) = best(self.graph.edges_of(self.graph.edges[edge].to), worth) else {
                break;
            };
            self.take(edge, next);
            tour.push(next);
        }
    }
}

/// The first of the edges that are worth most: an untaken pair before all, then what there is next to it.
fn best(
    edges: impl IntoIterator<Item = usize>,
    worth: impl Fn(usize) -> (bool, u32),
) -> Option<usize> {
    let mut best: Option<((bool, u32), usize)> = None;
    for edge in edges {
        let worth = worth(edge);
        if worth > best.map_or((false, 0), |(worth, _)| worth) {
            best = Some((worth, edge));
        }
    }
    best.map(|(_, edge)| edge)
}
