//! Tours: paths from the initial state that together take every edge of a graph.
//!
//! A tour goes the shortest way to an edge not yet taken and then follows untaken edges until there
//! is none ahead or it is long enough. Edges are taken in the order in which the graph has them, so
//! the same graph gives the same tours.

use crate::check::graph::{Graph, StateIndex};

/// Numbers of edges, one after the other from the initial state.
pub type Tour = Vec<usize>;

/// Tours of about `length` steps (longer where the shortest way is) that take every edge of `graph`.
pub fn every_edge(graph: &Graph, length: usize) -> Vec<Tour> {
    let mut taken = vec![false; graph.edges.len()];
    // Where each state's first untaken edge may be: edges before it are taken.
    let mut next: Vec<usize> =
        (0..graph.states.len()).map(|s| graph.edges_of(s as StateIndex).start).collect();
    let mut tours = Vec::new();
    for state in 0..graph.states.len() as StateIndex {
        while let Some(edge) = untaken(graph, &taken, &mut next, state) {
            let mut tour = graph.way_to(state);
            for edge in &tour {
                taken[*edge] = true;
            }
            let mut follow = Some(edge);
            while let Some(edge) = follow {
                taken[edge] = true;
                tour.push(edge);
                let at = graph.edges[edge].to;
                let room = tour.len() < length;
                follow = if room { untaken(graph, &taken, &mut next, at) } else { None };
            }
            tours.push(tour);
        }
    }
    tours
}

fn untaken(graph: &Graph, taken: &[bool], next: &mut [usize], state: StateIndex) -> Option<usize> {
    let edges = graph.edges_of(state);
    let from = &mut next[state as usize];
    while *from < edges.end && taken[*from] {
        *from += 1;
    }
    (*from < edges.end).then_some(*from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::presets::Preset;
    use crate::world::system::World;

    #[test]
    fn tours_take_every_edge_and_are_paths() {
        let preset = Preset::find("hostile-receiver").expect("a preset");
        let graph = Graph::explore(&World::new(preset));
        let tours = every_edge(&graph, 12);
        let mut taken = vec![false; graph.edges.len()];
        for tour in &tours {
            let mut at = 0;
            for edge in tour {
                assert_eq!(graph.edges[*edge].from, at);
                at = graph.edges[*edge].to;
                taken[*edge] = true;
            }
        }
        assert!(taken.iter().all(|taken| *taken));
        assert_eq!(tours, every_edge(&graph, 12));
    }
}
