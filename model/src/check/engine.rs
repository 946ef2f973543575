//! Checking a preset with stateright, and saying no more than the run has shown.
//!
//! Three of stateright 0.31's habits shape this file. Its breadth-first search keeps the *last*
//! discovery of a property, not the first, so a counterexample is searched for again, breadth first
//! ([`Graph::explore_until`]). A cut run calls itself done, so nothing here cuts a run. And its
//! `eventually` is unsound on cycles and joins, so no property here is one.

use std::fmt::Debug;
use std::hash::Hash;
use std::time::{Duration, Instant};

use stateright::{Checker, Expectation, Model, Property};

use crate::check::graph::Graph;
use crate::check::search;
use crate::world::action::Action;
use crate::world::system::{World, WorldState};

/// A model that can be checked: its states are compared, its actions copied, and it has a name.
pub trait Checked:
    Model<State: CheckedState, Action: CheckedAction> + Send + Sync + 'static
{
    /// The preset's name.
    fn name(&self) -> &'static str;
}

/// What a state has to be.
pub trait CheckedState: Clone + Debug + Eq + Hash + Send + Sync {}
impl<S: Clone + Debug + Eq + Hash + Send + Sync> CheckedState for S {}

/// What an action has to be.
pub trait CheckedAction: Clone + Debug + Eq + Send + Sync {}
impl<A: Clone + Debug + Eq + Send + Sync> CheckedAction for A {}

impl Checked for World {
    fn name(&self) -> &'static str {
        self.preset.name
    }
}

/// A sequence of states, each with the action that leaves it.
pub type StatePath<S = WorldState, A = Action> = Vec<(S, Option<A>)>;

/// The path of a model.
pub type PathOf<M> = StatePath<<M as Model>::State, <M as Model>::Action>;

/// The report on a model.
pub type ReportOf<M> = Report<<M as Model>::State, <M as Model>::Action>;

/// Which of stateright's searches.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Search {
    /// Breadth first.
    Bfs,
    /// Depth first: less memory.
    Dfs,
}

/// What a complete run says of one property.
#[derive(Clone, Debug)]
pub enum Verdict<S = WorldState, A = Action> {
    /// An invariant that no state breaks.
    Holds,
    /// An invariant that a state breaks, with a shortest way there.
    Violated(StatePath<S, A>),
    /// Something reachable that was reached.
    Reached,
    /// Something that should be reachable and is not.
    Unreached,
    /// Not decided: the run was cut before.
    Open,
}

impl<S, A> Verdict<S, A> {
    /// Whether this is what the model is meant to show.
    pub const fn is_good(&self) -> bool {
        match self {
            Self::Holds | Self::Reached => true,
            Self::Violated(_) | Self::Unreached | Self::Open => false,
        }
    }

    /// Whether this is known not to be what the model is meant to show.
    pub const fn is_bad(&self) -> bool {
        match self {
            Self::Violated(_) | Self::Unreached => true,
            Self::Holds | Self::Reached | Self::Open => false,
        }
    }
}

/// What a run found.
#[derive(Clone, Debug)]
pub struct Report<S = WorldState, A = Action> {
    /// The preset's name.
    pub preset: &'static str,
    /// How many distinct states.
    pub states: usize,
    /// How many states were generated, repeats included.
    pub generated: usize,
    /// The length of the longest way the search went, in states.
    pub depth: usize,
    /// How long the search took.
    pub took: Duration,
    /// Each property's verdict, in RFC order.
    pub verdicts: Vec<(&'static str, Verdict<S, A>)>,
    /// Why the run was cut, if it was: then it holds in no case.
    pub cut: Option<String>,
    /// What else is to be known of the run, for people.
    pub notes: Vec<String>,
}

impl<S, A> Report<S, A> {
    /// Whether every property is as it should be.
    pub fn holds(&self) -> bool {
        self.cut.is_none() && self.verdicts.iter().all(|(_, verdict)| verdict.is_good())
    }

    /// Whether some property is known not to be as it should be, cut or not.
    pub fn is_violated(&self) -> bool {
        self.verdicts.iter().any(|(_, verdict)| verdict.is_bad())
    }
}

/// How far a run has come.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Distinct states so far.
    pub states: usize,
    /// Since the start.
    pub elapsed: Duration,
}

/// Checks a world of streams with the project's own [`search`]; `progress` is told about four times a second.
///
/// # Errors
///
/// As [`search::run`].
pub fn check_packed(
    world: World,
    options: &search::Options,
    progress: &mut dyn FnMut(search::Progress),
) -> Result<Report, search::Failure> {
    let outcome = search::run(world, options, progress)?;
    if let Some(search::Cut::Full(why)) = &outcome.cut
        && options.is_unlimited()
    {
        return Ok(check_unpacked(world, options.threads, &why.to_string()));
    }
    let cut = outcome.cut.as_ref().map(ToString::to_string);
    let mut notes = vec![format!("{} bytes a state", bytes_each(&outcome))];
    notes.push(match outcome.exact {
        true => "states compared, so none was taken for another".to_owned(),
        false => format!("{:.1e} states expected to be missed", outcome.expected_collisions()),
    });
    let properties = world.properties();
    let verdict = |(property, hit): (&Property<World>, Option<StatePath>)| {
        let verdict = match (&property.expectation, hit) {
            (Expectation::Always, Some(path)) => Verdict::Violated(path),
            (Expectation::Sometimes | Expectation::Eventually, Some(_)) => Verdict::Reached,
            (_, None) if cut.is_some() => Verdict::Open,
            (Expectation::Always, None) => Verdict::Holds,
            (Expectation::Sometimes | Expectation::Eventually, None) => Verdict::Unreached,
        };
        (property.name, verdict)
    };
    let verdicts = properties.iter().zip(outcome.hits).map(verdict).collect();
    Ok(Report {
        preset: world.name(),
        states: outcome.states,
        generated: outcome.edges + 1,
        depth: outcome.levels,
        took: outcome.took,
        verdicts,
        cut,
        notes,
    })
}

/// A world that is too large for packed states: stateright checks the readable ones.
fn check_unpacked(world: World, threads: usize, why: &str) -> Report {
    let mut report = check(world, Search::Bfs, threads, &mut |_| {});
    report.notes.push(format!("{why}; checked by stateright on readable states"));
    report
}

fn bytes_each(outcome: &search::Outcome) -> usize {
    outcome.memory.div_ceil(outcome.states.max(1))
}

/// Checks `world` to its end with `threads` threads; `progress` is told about four times a second.
pub fn check<M: Checked + Clone>(
    world: M,
    search: Search,
    threads: usize,
    progress: &mut dyn FnMut(Progress),
) -> ReportOf<M> {
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

fn watch<M: Checked, C: Checker<M>>(
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
pub fn shortest_violation<M: Checked>(world: &M, name: &str) -> Option<PathOf<M>> {
    let property = world.properties().into_iter().find(|property| property.name == name)?;
    let broken = |state: &M::State| !(property.condition)(world, state);
    let (graph, hit) = Graph::explore_until(world, broken);
    Some(graph.path(&graph.way_to(hit?)))
}

/// The first invariants that break in `world`, breadth first: all that the nearest bad state breaks,
/// with a shortest way there.
pub fn first_violation<M: Checked>(world: &M) -> Option<(Vec<&'static str>, PathOf<M>)> {
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
