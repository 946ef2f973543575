//! Checking any world with stateright, on readable states, to its end.
//!
//! Three of stateright 0.31's habits shape this file. Its breadth-first search keeps the *last*
//! discovery of a property, not the first, so a counterexample is searched for again, breadth first
//! ([`Graph::explore_until`]). A cut run calls itself done, so nothing here cuts a run. And its
//! `eventually` is unsound on cycles and joins, so no property here is one.

use std::time::{Duration, Instant};

use stateright::{Checker, Expectation};

use crate::worlds::{PathOf, World};

use super::graph::Graph;
use super::report::{Report, Verdict};

/// Which of stateright's searches.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Search {
    /// Breadth first.
    Bfs,
    /// Depth first: less memory.
    Dfs,
}

/// How far a run has come.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Distinct states so far.
    pub states: usize,
    /// Since the start.
    pub elapsed: Duration,
}

/// Checks `world` to its end with `threads` threads; `progress` is told about four times a second.
pub fn check<M: World>(
    world: M,
    search: Search,
    threads: usize,
    progress: &mut dyn FnMut(Progress),
) -> Report<PathOf<M>> {
    let start = Instant::now();
    let builder = world.clone().checker().threads(threads);
    let (states, generated, depth, found) = match search {
        Search::Bfs => watch(builder.spawn_bfs(), start, progress),
        Search::Dfs => watch(builder.spawn_dfs(), start, progress),
    };
    let took = start.elapsed();
    let verdicts = world
        .properties()
        .into_iter()
        .map(|property| {
            let discovered = found.contains(&property.name);
            let verdict = match (property.expectation, discovered) {
                (Expectation::Always, false) => Verdict::Holds,
                (Expectation::Always, true) => match shortest_violation(&world, property.name) {
                    Some(path) => Verdict::Violated(path),
                    // Two searches over the same model cannot disagree.
                    None => unreachable!("{} was violated and then was not", property.name),
                },
                (Expectation::Sometimes | Expectation::Eventually, true) => Verdict::Reached,
                (Expectation::Sometimes | Expectation::Eventually, false) => Verdict::Unreached,
            };
            (property.name, verdict)
        })
        .collect();
    let (cut, notes) = (None, Vec::new());
    Report { preset: world.name(), states, generated, depth, took, verdicts, cut, notes }
}

fn watch<M: World, C: Checker<M>>(
    checker: C,
    start: Instant,
    progress: &mut dyn FnMut(Progress),
) -> (usize, usize, usize, Vec<&'static str>) {
    let mut told = Instant::now();
    while !checker.is_done() {
        std::thread::sleep(Duration::from_millis(2));
        if told.elapsed() > Duration::from_millis(250) {
            told = Instant::now();
            progress(Progress { states: checker.unique_state_count(), elapsed: start.elapsed() });
        }
    }
    let found = checker.discoveries().into_keys().collect();
    (checker.unique_state_count(), checker.state_count(), checker.max_depth(), found)
}

/// A shortest way to a state that breaks the invariant `name`; `None` if no state does or there is no
/// such invariant.
pub fn shortest_violation<M: World>(world: &M, name: &str) -> Option<PathOf<M>> {
    let property = world.properties().into_iter().find(|property| property.name == name)?;
    let broken = |state: &M::State| !(property.condition)(world, state);
    let (graph, hit) = Graph::explore_until(world, broken);
    Some(graph.path(&graph.way_to(hit?)))
}

/// The first invariants that break in `world`, breadth first: all that the nearest bad state breaks,
/// with a shortest way there.
pub fn first_violation<M: World>(world: &M) -> Option<(Vec<&'static str>, PathOf<M>)> {
    let invariants: Vec<_> = world
        .properties()
        .into_iter()
        .filter(|property| property.expectation == Expectation::Always)
        .collect();
    let breaks = |state: &M::State| invariants.iter().any(|p| !(p.condition)(world, state));
    let (graph, hit) = Graph::explore_until(world, breaks);
    let state = &graph.states[hit? as usize];
    let names =
        invariants.iter().filter(|p| !(p.condition)(world, state)).map(|p| p.name).collect();
    Some((names, graph.path(&graph.way_to(hit?))))
}
