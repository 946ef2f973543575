//! Fingerprints of readable states and of edges: hashes of their contents, the same whichever engine explored
//! the graph, in whichever order, in whichever process.

use std::collections::HashMap;
use std::hash::Hash;

use crate::rfc::endpoint::Endpoint;
use crate::worlds::streams::action::{Action, Packet};
use crate::worlds::streams::history::History;
use crate::worlds::streams::state::StreamsState;

use super::state::{Fingerprint, hash, spread};
use super::store::contents;

/// Takes fingerprints, and remembers the hashes of parts.
#[derive(Debug, Default)]
pub struct Fingerprints {
    clients: Part<Option<Endpoint>>,
    servers: Part<Option<Endpoint>>,
    notes: Part<History>,
    packets: Part<Packet>,
    actions: Part<Action>,
}

/// Which part a hash is of, so that a client is no server: the numbers of the packed world's tables.
pub(super) const CLIENT: u64 = 1;
pub(super) const SERVER: u64 = 2;
pub(super) const NOTES: u64 = 3;
pub(super) const PACKET: u64 = 4;
const ACTION: u64 = 5;
const EDGE: u64 = 6;

impl Fingerprints {
    /// The fingerprint of a state, as [`PackedWorld::fingerprint`](super::PackedWorld::fingerprint) has it.
    pub fn state(&mut self, state: &StreamsState) -> Fingerprint {
        let ends = self.clients.hash(CLIENT, &state.client);
        let ends = ends.wrapping_add(self.servers.hash(SERVER, &state.server));
        let parts = ends.wrapping_add(self.notes.hash(NOTES, &state.history));
        let packets = state.network.iter().map(|packet| self.packets.hash(PACKET, packet));
        spread(packets.fold(parts, u64::wrapping_add))
    }

    /// The fingerprint of the edge by which `action` leads from one state to another; both by their
    /// fingerprints.
    pub fn edge(&mut self, from: Fingerprint, action: &Action, to: Fingerprint) -> Fingerprint {
        let words = [from, self.actions.hash(ACTION, action), to];
        let bytes: Vec<u8> = words.into_iter().flat_map(u64::to_le_bytes).collect();
        hash(EDGE, &bytes)
    }
}

#[derive(Debug)]
struct Part<T>(HashMap<T, u64>);

impl<T> Default for Part<T> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<T: Clone + Eq + Hash> Part<T> {
    fn hash(&mut self, seed: u64, value: &T) -> u64 {
        if let Some(known) = self.0.get(value) {
            return *known;
        }
        let fresh = hash(seed, &contents(value));
        self.0.insert(value.clone(), fresh);
        fresh
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use stateright::Model;

    use super::*;
    use crate::check::graph::Graph;
    use crate::check::packed_graph::PackedGraph;
    use crate::worlds::streams::StreamsWorld;
    use crate::worlds::streams::presets::Preset;

    fn of_graph(graph: &Graph) -> BTreeSet<Fingerprint> {
        graph.fingerprints().into_iter().collect()
    }

    /// The edges' fingerprints, explored depth first, the last action first.
    fn depth_first(world: &StreamsWorld) -> BTreeSet<Fingerprint> {
        let mut fingerprints = Fingerprints::default();
        let mut todo = world.init_states();
        let mut known: std::collections::HashSet<_> = todo.iter().cloned().collect();
        let mut edges = BTreeSet::new();
        while let Some(state) = todo.pop() {
            let mut actions = Vec::new();
            world.actions(&state, &mut actions);
            for action in actions.into_iter().rev() {
                let next = world.next_state(&state, action.clone()).expect("enabled");
                let ends = [&state, &next].map(|state| fingerprints.state(state));
                edges.insert(fingerprints.edge(ends[0], &action, ends[1]));
                if known.insert(next.clone()) {
                    todo.push(next);
                }
            }
        }
        edges
    }

    #[test]
    fn edges_keep_their_fingerprints_whoever_explores() {
        for name in ["uni", "bidi", "zero-rtt", "hostile-receiver", "limits-lossy"] {
            let world = StreamsWorld::new(Preset::find(name).expect("a preset"));
            let graph = Graph::explore(&world);
            let readable = of_graph(&graph);
            assert_eq!(readable.len(), graph.edges.len(), "{name}: no two edges have the same");
            assert!(readable == depth_first(&world), "{name}: depth first");
            let packed = PackedGraph::explore(world).expect("packs");
            assert!(readable == of_graph(&packed.readable()), "{name}: packed");
            let mut fingerprints = Fingerprints::default();
            for (state, readable) in packed.states.iter().zip(&graph.states) {
                assert_eq!(packed.world.fingerprint(state), fingerprints.state(readable), "{name}");
            }
        }
    }

    #[test]
    fn fingerprint_is_of_both_ends_and_of_the_action() {
        let world = StreamsWorld::new(Preset::find("limits-bidi").expect("a preset"));
        let action = &Graph::explore(&world).edges[0].action;
        let mut of = Fingerprints::default();
        let edges = [of.edge(1, action, 2), of.edge(2, action, 1), of.edge(1, action, 3)];
        assert!(edges[0] != edges[1] && edges[0] != edges[2] && edges[1] != edges[2]);
    }

    #[test]
    fn fingerprints_of_a_graph_are_pinned() {
        // Another value says that the contents of states or actions have changed: a run from before cannot be
        // compared edge by edge with one from after.
        let world = StreamsWorld::new(Preset::find("limits-bidi").expect("a preset"));
        let sum = Graph::explore(&world).fingerprints().into_iter().fold(0, u64::wrapping_add);
        assert_eq!(format!("{sum:016x}"), "da475453ba2ac8b8");
    }
}
