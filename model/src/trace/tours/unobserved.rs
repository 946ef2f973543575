//! A graph without the observer: states that differ in nothing but the notes are one.
//!
//! Nothing that happens depends on the notes, so each state has the steps of those that it is one with. What
//! the pairs of edges are counted on: two steps are no other pair because of what somebody wrote down before
//! whom nobody asks. (With the notes `hostile-frames-bidi` has nine times as many pairs.)

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::check::graph::{Edge, Graph, StateIndex};

use super::Tour;

/// A graph without the observer, and where the edges of the whole one are in it.
#[derive(Debug)]
pub struct Unobserved {
    /// The graph. A state is the number of the first state of the whole graph that it stands for, an action the
    /// number of that state's edge.
    pub graph: Graph<StateIndex, usize>,
    /// For each edge of the whole graph its edge here.
    pub edge_of: Vec<usize>,
}

impl Unobserved {
    /// Takes the observer out of `whole`.
    pub fn of(whole: &Graph) -> Self {
        let mut known = HashMap::new();
        let (mut class_of, mut firsts) = (Vec::with_capacity(whole.states.len()), Vec::new());
        for (number, state) in whole.states.iter().enumerate() {
            let class = match known.entry((&state.client, &state.server, &state.network)) {
                Entry::Occupied(class) => *class.get(),
                Entry::Vacant(place) => {
                    firsts.push(number as StateIndex);
                    *place.insert(firsts.len() as StateIndex - 1)
                }
            };
            class_of.push(class);
        }
        let (mut edges, mut first_edge) = (Vec::new(), vec![0]);
        for (class, first) in firsts.iter().enumerate() {
            for edge in whole.edges_of(*first) {
                let to = class_of[whole.edges[edge].to as usize];
                edges.push(Edge { from: class as StateIndex, action: edge, to });
            }
            first_edge.push(edges.len());
        }
        let edge_of = |(number, edge): (usize, &Edge)| {
            let place = number - whole.edges_of(edge.from).start;
            first_edge[class_of[edge.from as usize] as usize] + place
        };
        let edge_of = whole.edges.iter().enumerate().map(edge_of).collect();
        Self { graph: Graph::from_parts(firsts, edges, first_edge), edge_of }
    }

    /// A tour of this graph as one of the whole graph, which has its steps in the same order.
    pub fn observed(&self, whole: &Graph, tour: &[usize]) -> Tour {
        let mut at = 0;
        let step = |edge: &usize| {
            let place = edge - self.graph.edges_of(self.graph.edges[*edge].from).start;
            let edge = whole.edges_of(at).start + place;
            at = whole.edges[edge].to;
            edge
        };
        tour.iter().map(step).collect()
    }
}
