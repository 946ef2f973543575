use super::*;
use crate::worlds::Tier;
use crate::worlds::streams::StreamsWorld;
use crate::worlds::streams::presets::{PRESETS, Preset};

fn graph(name: &str) -> Graph {
    Graph::explore(&StreamsWorld::new(Preset::find(name).expect("a preset")))
}

/// Every tour is a path from the initial state.
fn are_paths<S, A>(graph: &Graph<S, A>, tours: &[Tour]) {
    for tour in tours {
        let mut at = 0;
        for edge in tour {
            assert_eq!(graph.edges[*edge].from, at);
            at = graph.edges[*edge].to;
        }
    }
}

/// How many pairs of the graph some tours do not take.
fn missing<S: WorldState, A: WorldAction>(graph: &Graph<S, A>, tours: &[Tour]) -> usize {
    let pairs = Pairs::of(graph);
    let mut taken = vec![false; pairs.count()];
    for pair in tours.iter().flat_map(|tour| tour.windows(2)) {
        taken[pairs.number(graph, pair[0], pair[1])] = true;
    }
    taken.iter().filter(|taken| !**taken).count()
}

#[test]
fn tours_take_every_edge_and_are_paths() {
    let graph = graph("hostile-receiver");
    let tours = every_edge(&graph, 12);
    are_paths(&graph, &tours);
    let mut taken = vec![false; graph.edges.len()];
    tours.iter().flatten().for_each(|edge| taken[*edge] = true);
    assert!(taken.iter().all(|taken| *taken));
    assert_eq!(tours, every_edge(&graph, 12));
}

#[test]
fn tours_take_every_pair_and_are_paths_and_few() {
    for name in ["uni-lossy", "limits-bidi", "hostile-receiver", "zero-rtt"] {
        let graph = graph(name);
        let tours = every_pair(&graph, 60);
        are_paths(&graph, &tours);
        assert_eq!(missing(&graph, &tours), 0, "{name}");
        assert!(tours.len() * 3 < Pairs::of(&graph).count(), "{name}: {}", tours.len());
        assert_eq!(tours, every_pair(&graph, 60), "{name}: canonical");
        // A generator that skips a tour is found out: each takes a pair that no other before it takes.
        assert!(missing(&graph, &tours[..tours.len() - 1]) > 0, "{name}");
        assert!(missing(&graph, &tours[1..]) > 0, "{name}");
    }
}

#[test]
fn pairs_are_counted_by_hand() {
    let graph = graph("hostile-zero-rtt");
    let ends = |edge: &crate::check::graph::Edge| (edge.from, edge.to);
    let edges: Vec<_> = graph.edges.iter().map(ends).collect();
    let by_hand = edges.iter().flat_map(|one| edges.iter().filter(move |next| one.1 == next.0));
    assert_eq!(Pairs::of(&graph).count(), by_hand.count());
}

#[test]
fn edge_to_avoid_is_only_a_tours_last() {
    let graph = graph("uni-lossy");
    let pairs = Pairs::of(&graph);
    let avoid: Vec<bool> = (0..graph.edges.len()).map(|edge| edge % 7 == 3).collect();
    let tours = remaining_pairs(&graph, &pairs, 60, &vec![false; pairs.count()], &avoid);
    are_paths(&graph, &tours);
    assert!(!tours.is_empty());
    for tour in &tours {
        assert!(tour[..tour.len() - 1].iter().all(|edge| !avoid[*edge]));
    }
}

/// What makes it sound to count pairs without the notes: what happens does not depend on them.
#[test]
fn notes_decide_nothing() {
    let quick = |preset: &&Preset| preset.is_replayed() && preset.tier == Tier::Quick;
    for preset in PRESETS.iter().filter(quick) {
        let whole = Graph::of_world(&StreamsWorld::new(*preset));
        let unobserved = Unobserved::of(&whole);
        let plain = &unobserved.graph;
        let mut class_of = vec![None; whole.states.len()];
        class_of[0] = Some(0);
        for (edge, here) in whole.edges.iter().zip(&unobserved.edge_of) {
            let here = &plain.edges[*here];
            assert_eq!(class_of[edge.from as usize], Some(here.from), "{}", preset.name);
            assert!(edge.action == whole.edges[here.action].action, "{}", preset.name);
            let to = class_of[edge.to as usize].get_or_insert(here.to);
            assert_eq!(*to, here.to, "{}", preset.name);
        }
        for (state, class) in class_of.iter().enumerate() {
            let class = class.expect("every state is reached by an edge from one before it");
            let (own, all) = (whole.edges_of(state as StateIndex), plain.edges_of(class));
            assert_eq!(own.len(), all.len(), "{}", preset.name);
        }
    }
}

#[test]
fn tours_without_notes_are_tours_with_them() {
    let whole = graph("hostile-sender");
    let unobserved = Unobserved::of(&whole);
    assert!(unobserved.graph.states.len() * 2 < whole.states.len());
    let tours = every_pair(&unobserved.graph, 60);
    let observed: Vec<_> = tours.iter().map(|tour| unobserved.observed(&whole, tour)).collect();
    are_paths(&whole, &observed);
    for (tour, observed) in tours.iter().zip(&observed) {
        let back: Tour = observed.iter().map(|edge| unobserved.edge_of[*edge]).collect();
        assert_eq!(*tour, back);
    }
}
