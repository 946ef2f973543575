//! The whole graph of a preset, packed: 28 bytes a state, 8 bytes an edge. Written as DOT for people and as a
//! compact file for programs; [`readable`](PackedGraph::readable) turns it into the [`Graph`] that tours,
//! coverage and liveness work on.

use std::collections::HashMap;
use std::io::{self, BufRead, Write};

use serde::{Deserialize, Serialize};

use crate::packed::reduce::Reductions;
use crate::packed::{
    Fingerprint, Fingerprints, Full, PackedState, PackedWorld, StepCode, Successor, Table,
};
use crate::worlds::streams::StreamsWorld;

use super::graph::{Edge, Graph, StateIndex};

/// All states and edges of a world, in the order of [`Graph`].
#[derive(Debug)]
pub struct PackedGraph {
    /// What the numbers in the states mean.
    pub world: PackedWorld,
    /// Every reachable state; the initial one is the first.
    pub states: Vec<PackedState>,
    /// Every edge: its step and where it ends.
    pub edges: Vec<(StepCode, StateIndex)>,
    /// Where each state's edges begin in `edges`, and one entry more.
    pub first_edge: Vec<usize>,
}

impl PackedGraph {
    /// Explores `world` to its end, breadth first.
    ///
    /// # Errors
    ///
    /// [`Full`] if the world is too large to be packed.
    pub fn explore(world: StreamsWorld) -> Result<Self, Full> {
        let graph = Self::explore_within(world, usize::MAX)?;
        Ok(graph.unwrap_or_else(|| unreachable!("no graph has so many edges")))
    }

    /// The same, unless the graph has more than `most` edges: then `None`.
    ///
    /// # Errors
    ///
    /// As [`explore`](Self::explore).
    pub fn explore_within(world: StreamsWorld, most: usize) -> Result<Option<Self>, Full> {
        let mut world = PackedWorld::new(world, Reductions::NONE);
        let mut states = vec![world.initial()?];
        let mut index = HashMap::from([(states[0], 0)]);
        let (mut edges, mut first_edge) = (Vec::new(), vec![0]);
        let (mut ranks, mut successors): (Vec<u32>, Vec<Successor>) = (Vec::new(), Vec::new());
        let mut from = 0;
        while let Some(state) = states.get(from).copied() {
            successors.clear();
            world.expand_or_fill(state, &mut successors)?;
            if ranks.len() < world.table_len(Table::Packet) {
                ranks = world.ranks();
            }
            successors.sort_by_key(|next| world.order_of(next.code, &ranks));
            for next in &successors {
                let to = *index.entry(next.state).or_insert_with(|| {
                    states.push(next.state);
                    states.len() as StateIndex - 1
                });
                edges.push((next.code, to));
            }
            first_edge.push(edges.len());
            if edges.len() > most {
                return Ok(None);
            }
            from += 1;
        }
        Ok(Some(Self { world, states, edges, first_edge }))
    }

    /// The same with readable states and actions.
    pub fn readable(&self) -> Graph {
        let states = self.states.iter().map(|state| self.world.unpack(state)).collect();
        let mut edges = Vec::with_capacity(self.edges.len());
        for (from, state) in self.states.iter().enumerate() {
            for (code, to) in &self.edges[self.first_edge[from]..self.first_edge[from + 1]] {
                let Some(action) = self.world.action(state, *code) else {
                    unreachable!("a step of this very state")
                };
                edges.push(Edge { from: from as StateIndex, action, to: *to });
            }
        }
        Graph::from_parts(states, edges, self.first_edge.clone())
    }

    /// Writes the graph in the DOT language: a node for each state, with what the endpoints are, and an edge
    /// for each step.
    ///
    /// # Errors
    ///
    /// If `out` fails.
    pub fn write_dot(&self, out: &mut impl Write) -> io::Result<()> {
        let name = self.world.world().preset.name;
        writeln!(out, "digraph \"{name}\" {{\n  node [shape=box, fontname=monospace];")?;
        for (number, state) in self.states.iter().enumerate() {
            let state = self.world.unpack(state);
            let ends: Vec<_> = state
                .endpoints()
                .map(|end| {
                    let text = crate::worlds::streams::picture::state_text(end);
                    format!("{}: {}", end.side, text.as_deref().unwrap_or("not created"))
                })
                .collect();
            let packets = state.network.iter().map(|packet| format!("to {}: {packet}", packet.to));
            let lines: Vec<_> = ends.into_iter().chain(packets).map(|line| escape(&line)).collect();
            writeln!(out, "  {number} [label=\"{}\"];", lines.join("\\n"))?;
        }
        for (from, state) in self.states.iter().enumerate() {
            for (code, to) in &self.edges[self.first_edge[from]..self.first_edge[from + 1]] {
                let action = self.world.action(state, *code);
                let label = action.map_or_else(String::new, |action| escape(&action.to_string()));
                writeln!(out, "  {from} -> {to} [label=\"{label}\"];")?;
            }
        }
        writeln!(out, "}}")
    }

    /// Writes the compact file: a line of JSON ([`Header`]), then, least significant byte first, seven words
    /// of four bytes for each state, and for each edge two: where it ends and its kind of action.
    ///
    /// # Errors
    ///
    /// If `out` fails.
    pub fn write_compact(&self, out: &mut impl Write) -> io::Result<()> {
        let header = Header {
            format: FORMAT.to_owned(),
            preset: self.world.world().preset.name.to_owned(),
            states: self.states.len(),
            edges: self.edges.len(),
        };
        serde_json::to_writer(&mut *out, &header)?;
        out.write_all(b"\n")?;
        for (from, state) in self.states.iter().enumerate() {
            for word in state.words() {
                out.write_all(&word.to_le_bytes())?;
            }
            let edges = self.first_edge[from + 1] - self.first_edge[from];
            out.write_all(&(edges as u32).to_le_bytes())?;
        }
        for (from, state) in self.states.iter().enumerate() {
            for (code, to) in &self.edges[self.first_edge[from]..self.first_edge[from + 1]] {
                let kind = self.world.action(state, *code).map_or(0, |action| action.kind());
                out.write_all(&to.to_le_bytes())?;
                out.write_all(&(kind as u32).to_le_bytes())?;
            }
        }
        Ok(())
    }
}

impl Graph {
    /// Explores a world to its end by its packed form, which is quicker; the same graph as
    /// [`explore`](Self::explore) has.
    pub fn of_world(world: &StreamsWorld) -> Self {
        match PackedGraph::explore(*world) {
            Ok(graph) => graph.readable(),
            // Too many kinds of packets for a packed state.
            Err(_) => Self::explore(world),
        }
    }

    /// The same, unless it has more than `edges` edges or cannot be packed: then `None`, soon.
    pub fn of_world_within(world: &StreamsWorld, edges: usize) -> Option<Self> {
        let graph = PackedGraph::explore_within(*world, edges).ok()??;
        Some(graph.readable())
    }

    /// A fingerprint for each edge, of what its states and its action are: the same in every run, whichever way
    /// the graph was explored.
    pub fn fingerprints(&self) -> Vec<Fingerprint> {
        let mut of = Fingerprints::default();
        let states: Vec<_> = self.states.iter().map(|state| of.state(state)).collect();
        let ends = |edge: &Edge| [edge.from, edge.to].map(|state| states[state as usize]);
        let fingerprint = |edge: &Edge| {
            let [from, to] = ends(edge);
            of.edge(from, &edge.action, to)
        };
        self.edges.iter().map(fingerprint).collect()
    }
}

const FORMAT: &str = "streamproof-graph-1";

/// What a compact file begins with.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Header {
    /// `streamproof-graph-1`.
    pub format: String,
    /// The preset.
    pub preset: String,
    /// How many states.
    pub states: usize,
    /// How many edges.
    pub edges: usize,
}

/// A compact file, read: who needs to know what the states are has the preset explored again.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Compact {
    /// Its first line.
    pub header: Header,
    /// Each state's words.
    pub states: Vec<[u32; 7]>,
    /// For each edge where it begins, where it ends, and its [kind](crate::worlds::streams::action::Action::kind).
    pub edges: Vec<(u32, u32, u32)>,
}

impl Compact {
    /// Reads a compact file.
    ///
    /// # Errors
    ///
    /// One line on what is wrong: another format, or an early end.
    pub fn read(input: &mut impl BufRead) -> Result<Self, String> {
        let mut line = String::new();
        input.read_line(&mut line).map_err(|error| error.to_string())?;
        let header: Header = serde_json::from_str(&line)
            .map_err(|error| format!("line 1 is no header of a graph: {error}"))?;
        if header.format != FORMAT {
            return Err(format!("format \"{}\" is not \"{FORMAT}\"", header.format));
        }
        let mut word = |what: &str| {
            let mut bytes = [0; 4];
            input.read_exact(&mut bytes).map_err(|error| format!("{what}: {error}"))?;
            Ok::<_, String>(u32::from_le_bytes(bytes))
        };
        let (mut states, mut counts) = (Vec::new(), Vec::new());
        for number in 0..header.states {
            let mut words = [0; 7];
            for slot in &mut words {
                *slot = word(&format!("state {number}"))?;
            }
            states.push(words);
            counts.push(word(&format!("state {number}"))?);
        }
        let mut edges = Vec::new();
        for (from, count) in counts.into_iter().enumerate() {
            for _ in 0..count {
                let what = format!("edge {}", edges.len());
                edges.push((from as u32, word(&what)?, word(&what)?));
            }
        }
        let inside = |(from, to, _): &(u32, u32, u32)| (*from).max(*to) < header.states as u32;
        match edges.len() == header.edges && edges.iter().all(inside) {
            true => Ok(Self { header, states, edges }),
            false => Err("its edges are not those that line 1 counts".to_owned()),
        }
    }
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worlds::streams::presets::Preset;

    #[test]
    fn packed_graph_is_the_readable_one_in_the_same_order() {
        for name in
            ["uni", "bidi", "uni-double", "zero-rtt", "hostile-receiver", "credit-connection"]
        {
            let world = StreamsWorld::new(Preset::find(name).expect("a preset"));
            let (packed, plain) =
                (PackedGraph::explore(world).expect("packs"), Graph::explore(&world));
            let readable = packed.readable();
            assert_eq!(readable.states, plain.states, "{name}");
            assert_eq!(readable.reached_by, plain.reached_by, "{name}");
            let parts = |graph: &Graph| {
                let part = |edge: &Edge| (edge.from, edge.action.clone(), edge.to);
                graph.edges.iter().map(part).collect::<Vec<_>>()
            };
            assert!(parts(&readable) == parts(&plain), "{name}");
        }
    }

    #[test]
    fn compact_file_is_read_back_and_a_damaged_one_refused() {
        let world = StreamsWorld::new(Preset::find("limits-bidi").expect("a preset"));
        let graph = PackedGraph::explore(world).expect("packs");
        let mut file = Vec::new();
        graph.write_compact(&mut file).expect("memory");
        let read = Compact::read(&mut file.as_slice()).expect("just written");
        assert_eq!((read.states.len(), read.edges.len()), (graph.states.len(), graph.edges.len()));
        let ends: Vec<_> = read.edges.iter().map(|(_, to, _)| *to).collect();
        assert_eq!(ends, graph.edges.iter().map(|(_, to)| *to).collect::<Vec<_>>());
        let error = Compact::read(&mut &file[..file.len() - 3]).expect_err("cut");
        assert!(error.starts_with("edge 702"), "{error}");
        let foreign = String::from_utf8_lossy(&file).replacen("graph-1", "graph-9", 1);
        assert!(Compact::read(&mut foreign.as_bytes()).expect_err("foreign").contains("graph-9"));
        assert!(Compact::read(&mut &b"P6 640\n"[..]).expect_err("foreign").contains("line 1"));
    }

    #[test]
    fn dot_has_every_state_and_edge() {
        let world = StreamsWorld::new(Preset::find("hostile-zero-rtt").expect("a preset"));
        let graph = PackedGraph::explore(world).expect("packs");
        let mut text = Vec::new();
        graph.write_dot(&mut text).expect("memory");
        let text = String::from_utf8(text).expect("text");
        assert_eq!(text.lines().filter(|line| line.contains("[label=")).count(), 22 + 39);
    }
}
