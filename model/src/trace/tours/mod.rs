//! Tours: paths from the initial state that together take every edge of a graph, or every pair of
//! edges one after the other.
//!
//! A tour goes the shortest way to an edge not yet taken and then follows untaken edges until there
//! is none ahead or it is long enough. Edges are taken in the order in which the graph has them, so
//! the same graph gives the same tours.

mod pairs;
mod unobserved;

use crate::check::graph::{Graph, StateIndex};
use crate::worlds::{WorldAction, WorldState};

pub use pairs::{Pairs, every_pair, remaining_pairs};
pub use unobserved::Unobserved;

/// Numbers of edges, one after the other from the initial state.
pub type Tour = Vec<usize>;

/// Tours of about `length` steps (longer where the shortest way is) that take every edge of `graph`.
pub fn every_edge<S: WorldState, A: WorldAction>(graph: &Graph<S, A>, length: usize) -> Vec<Tour> {
    let none = vec![false; graph.edges.len()];
    remaining_edges(graph, length, &none, &none)
}

/// Tours that take every edge that is not `taken`, as far as there is a way to it that uses no edge
/// to `avoid`: such an edge may only be a tour's last. Both lists have an entry for each edge.
pub fn remaining_edges<S: WorldState, A: WorldAction>(
    graph: &Graph<S, A>,
    length: usize,
    taken: &[bool],
    avoid: &[bool],
) -> Vec<Tour> {
    let mut taken = taken.to_vec();
    // Where each state's first untaken edge may be: edges before it are taken.
    let mut next: Vec<usize> =
        (0..graph.states.len()).map(|s| graph.edges_of(s as StateIndex).start).collect();
    let mut tours = Vec::new();
    let (order, reached_by) = reach(graph, avoid);
    for state in order {
        while let Some(edge) = untaken(graph, &taken, &mut next, state) {
            let mut tour = way_to(graph, &reached_by, state);
            for edge in &tour {
                taken[*edge] = true;
            }
            let mut follow = Some(edge);
            while let Some(edge) = follow {
                taken[edge] = true;
                tour.push(edge);
                let at = graph.edges[edge].to;
                let on = tour.len() < length && !avoid[edge];
                follow = if on { untaken(graph, &taken, &mut next, at) } else { None };
            }
            tours.push(tour);
        }
    }
    tours
}

/// The states that can be reached without the edges to avoid, nearest first, and for each state the
/// edge by which it is reached first.
fn reach<S: WorldState, A: WorldAction>(
    graph: &Graph<S, A>,
    avoid: &[bool],
) -> (Vec<StateIndex>, Vec<Option<usize>>) {
    let mut reached_by = vec![None; graph.states.len()];
    let mut order = vec![0];
    let mut at = 0;
    while let Some(state) = order.get(at).copied() {
        at += 1;
        for edge in graph.edges_of(state) {
            let to = graph.edges[edge].to;
            if !avoid[edge] && to != 0 && reached_by[to as usize].is_none() {
                reached_by[to as usize] = Some(edge);
                order.push(to);
            }
        }
    }
    (order, reached_by)
}

fn way_to<S, A>(graph: &Graph<S, A>, reached_by: &[Option<usize>], state: StateIndex) -> Tour {
    let mut way = Vec::new();
    let mut at = state;
    while let Some(edge) = reached_by[at as usize] {
        way.push(edge);
        at = graph.edges[edge].from;
    }
    way.reverse();
    way
}

fn untaken<S: WorldState, A: WorldAction>(
    graph: &Graph<S, A>,
    taken: &[bool],
    next: &mut [usize],
    state: StateIndex,
) -> Option<usize> {
    let edges = graph.edges_of(state);
    let from = &mut next[state as usize];
    while *from < edges.end && taken[*from] {
        *from += 1;
    }
    (*from < edges.end).then_some(*from)
}

#[cfg(test)]
mod tests;
