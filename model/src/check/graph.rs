//! The whole graph of a preset: every state and every edge, breadth first, exact (states are
//! compared, not their fingerprints). What tours, coverage and shortest counterexamples are made of.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use stateright::Model;

use crate::worlds::streams::action::Action;
use crate::worlds::streams::state::StreamsState;
use crate::worlds::{StatePath, WorldAction, WorldState};

/// A state's place in [`Graph::states`].
pub type StateIndex = u32;

/// One edge.
#[derive(Clone, Debug)]
pub struct Edge<A = Action> {
    /// Where it begins.
    pub from: StateIndex,
    /// What happens.
    pub action: A,
    /// Where it ends.
    pub to: StateIndex,
}

/// All states and edges of a world. State 0 is the initial one; states stand in the order of their
/// distance from it, edges in the order of the states they leave.
#[derive(Debug)]
pub struct Graph<S = StreamsState, A = Action> {
    /// Every reachable state.
    pub states: Vec<S>,
    /// Every edge, self-loops included.
    pub edges: Vec<Edge<A>>,
    /// For each state the edge by which it was reached first; `None` for the initial state.
    pub reached_by: Vec<Option<usize>>,
    /// For each state where its own edges begin in [`edges`](Self::edges), and one entry more.
    first_edge: Vec<usize>,
}

impl<S: WorldState, A: WorldAction> Graph<S, A> {
    /// Explores `world` to its end.
    pub fn explore<M: Model<State = S, Action = A>>(world: &M) -> Self {
        Self::explore_until(world, |_| false).0
    }

    /// Explores `world` until a state satisfies `found`, and says which one did. As the search is
    /// breadth first, that state is as near to the initial one as any that does.
    pub fn explore_until<M: Model<State = S, Action = A>>(
        world: &M,
        found: impl Fn(&S) -> bool,
    ) -> (Self, Option<StateIndex>) {
        let mut graph = Self {
            states: Vec::new(),
            edges: Vec::new(),
            reached_by: Vec::new(),
            first_edge: vec![],
        };
        let mut index: HashMap<S, StateIndex> = HashMap::new();
        for state in world.init_states() {
            index.insert(state.clone(), graph.states.len() as StateIndex);
            graph.states.push(state);
            graph.reached_by.push(None);
        }
        let mut hit = graph.states.iter().position(&found).map(|i| i as StateIndex);
        let mut actions = Vec::new();
        let mut from = 0;
        while from < graph.states.len() && hit.is_none() {
            graph.first_edge.push(graph.edges.len());
            let state = graph.states[from].clone();
            world.actions(&state, &mut actions);
            for action in actions.drain(..) {
                let Some(next) = world.next_state(&state, action.clone()) else {
                    continue;
                };
                let fresh = graph.states.len() as StateIndex;
                let to = match index.entry(next) {
                    Entry::Occupied(known) => *known.get(),
                    Entry::Vacant(place) => {
                        if hit.is_none() && found(place.key()) {
                            hit = Some(fresh);
                        }
                        graph.states.push(place.key().clone());
                        graph.reached_by.push(Some(graph.edges.len()));
                        *place.insert(fresh)
                    }
                };
                graph.edges.push(Edge { from: from as StateIndex, action, to });
            }
            from += 1;
        }
        graph.first_edge.push(graph.edges.len());
        (graph, hit)
    }

    /// A graph that was explored elsewhere: states in the order of their distance, edges in that of the states
    /// that they leave, and where each state's begin.
    pub(crate) fn from_parts(states: Vec<S>, edges: Vec<Edge<A>>, first_edge: Vec<usize>) -> Self {
        let mut reached_by = vec![None; states.len()];
        for (number, edge) in edges.iter().enumerate() {
            // The first edge into a state is the one that found it; nothing finds the initial one.
            if edge.to != 0 {
                reached_by[edge.to as usize].get_or_insert(number);
            }
        }
        Self { states, edges, reached_by, first_edge }
    }

    /// The numbers of the edges that leave `state`. Empty for a state that a search cut short did
    /// not come to.
    pub fn edges_of(&self, state: StateIndex) -> std::ops::Range<usize> {
        let at = |index: usize| self.first_edge.get(index).copied().unwrap_or(self.edges.len());
        at(state as usize)..at(state as usize + 1)
    }

    /// The numbers of the edges on a shortest way from the initial state to `state`.
    pub fn way_to(&self, state: StateIndex) -> Vec<usize> {
        let mut way = Vec::new();
        let mut at = state;
        while let Some(edge) = self.reached_by[at as usize] {
            way.push(edge);
            at = self.edges[edge].from;
        }
        way.reverse();
        way
    }

    /// Edges as a path: each state with the action that leaves it, the last one with none.
    pub fn path(&self, edges: &[usize]) -> StatePath<S, A> {
        let mut path: Vec<_> = edges
            .iter()
            .map(|edge| &self.edges[*edge])
            .map(|edge| (self.states[edge.from as usize].clone(), Some(edge.action.clone())))
            .collect();
        let last = edges.last().map_or(0, |edge| self.edges[*edge].to);
        path.push((self.states[last as usize].clone(), None));
        path
    }
}
