//! A preset against a system under test: tours over every edge, replayed and refereed, and what of
//! the graph the system has really taken.
//!
//! Two tours that are the same to the system under test (they differ in what happens elsewhere) are
//! played once, and so is one that another begins with. An edge counts as taken when a tour came to
//! it with the endpoint that the model predicts there among the explanations of everything seen, and
//! took it. Where the system then does something that the graph does not predict, the tour is astray
//! and nothing behind counts; further tours lead to what is behind on other ways.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use streamproof_model::check::graph::{Graph, StateIndex};
use streamproof_model::rfc::breach::Breach;
use streamproof_model::rfc::endpoint::Endpoint;
use streamproof_model::rfc::identity::Side;
use streamproof_model::rfc::parameters::Parameters;
use streamproof_model::trace::stimulus::Stimulus;
use streamproof_model::trace::tours::{Tour, every_edge, remaining_edges};
use streamproof_model::trace::{NotEnabled, Trace};
use streamproof_model::world::action::Action;
use streamproof_model::world::presets::Preset;
use streamproof_model::world::system::World;

use crate::referee::Deviation;
use crate::replay::{Replay, Went, replay};
use crate::sut::{Setup, Sut};
use crate::world::ArenaError;

/// How long a tour is, in steps, where the way to its first new edge is not longer.
pub const TOUR_LENGTH: usize = 12;

/// The tours of one preset for one side.
pub struct Tours {
    /// The preset, with the choices of the system under test.
    pub preset: Preset,
    /// The side of the system under test.
    pub side: Side,
    graph: Graph,
    tours: Vec<Tour>,
}

/// What the system under test feels of a tour.
struct Script {
    /// What the server advertises, if 0-RTT is answered on the tour.
    server: Option<Parameters>,
    stimuli: Vec<Stimulus>,
    /// The state of the graph after each stimulus.
    predicted: Vec<StateIndex>,
    /// The tour it was made from.
    tour: usize,
}

/// One breach, as often as it was found.
#[derive(Clone, Debug)]
pub struct Finding {
    /// How many steps showed it.
    pub times: usize,
    /// The number of the tour that shows it soonest.
    pub tour: usize,
    /// After how many stimuli it shows; the number of stimuli for the liveness probe.
    pub at: usize,
    /// What was seen there.
    pub deviation: Deviation,
}

/// What a preset has shown for one side.
#[derive(Clone, Debug)]
pub struct RoleReport {
    /// The preset's name.
    pub preset: &'static str,
    /// The side of the system under test.
    pub side: Side,
    /// How many edges the graph has.
    pub edges: usize,
    /// How many of them are felt by the system under test; the others happen elsewhere, to the peer or
    /// in the network, and are taken by going on.
    pub felt: usize,
    /// How many were taken.
    pub taken: usize,
    /// After how many of those the system did something that the graph does not predict.
    pub astray: usize,
    /// How many tours there are.
    pub tours: usize,
    /// How many traces were played: tours that the system under test can tell apart.
    pub traces: usize,
    /// How many stimuli they hold in all.
    pub steps: usize,
    /// What was found.
    pub findings: BTreeMap<Breach, Finding>,
    /// How long replay took, without the making of the tours.
    pub took: Duration,
    /// The first edge that was not taken, for people.
    pub untaken: Option<String>,
    /// The numbers of all edges that were not taken, in order.
    pub missed: Vec<usize>,
}

/// What is known of each edge while a preset is run.
struct Coverage {
    /// It was taken from a state that explains what was seen.
    taken: Vec<bool>,
    /// It was taken, and what followed was not what the graph predicts.
    astray: Vec<bool>,
}

impl Tours {
    /// Makes the tours of `preset` for a system on `side` that goes `sut`'s way.
    pub fn make(preset: Preset, side: Side, sut: &dyn Sut) -> Self {
        let choices = sut.choices();
        // Tours that look alike to the system are played once: what it does must follow from them.
        assert!(choices.is_decided(), "{} must say which way it goes", sut.name());
        let preset = Preset { choices, ..preset };
        let graph = Graph::of_world(&World::new(preset));
        let tours = every_edge(&graph, TOUR_LENGTH);
        Self { preset, side, graph, tours }
    }

    /// The tour with this number as a trace; `None` if there are not so many.
    pub fn trace(&self, tour: usize) -> Option<Trace> {
        let actions =
            self.tours.get(tour)?.iter().map(|edge| self.graph.edges[*edge].action.clone());
        Some(Trace { preset: self.preset, side: self.side, actions: actions.collect() })
    }

    /// The shortest trace that takes the edge with this number; `None` if there are not so many.
    pub fn trace_to_edge(&self, edge: usize) -> Option<Trace> {
        let last = self.graph.edges.get(edge)?;
        let mut way = self.graph.way_to(last.from);
        way.push(edge);
        let actions = way.iter().map(|edge| self.graph.edges[*edge].action.clone()).collect();
        Some(Trace { preset: self.preset, side: self.side, actions })
    }

    /// The traces that are worth playing, each with its number.
    pub fn traces(&self) -> Vec<(usize, Trace)> {
        let (scripts, _) = self.scripts(0);
        let mut numbers: Vec<usize> = scripts.into_iter().map(|script| script.tour).collect();
        numbers.sort_unstable();
        numbers.into_iter().filter_map(|tour| Some((tour, self.trace(tour)?))).collect()
    }

    /// A trace that ends with the stimulus after which `finding` shows.
    pub fn witness(&self, finding: &Finding) -> Option<Trace> {
        let mut trace = self.trace(finding.tour)?;
        let mut felt = 0;
        let end = trace.actions.iter().position(|action| {
            felt += usize::from(self.stimulus(action).is_some());
            felt > finding.at
        });
        if let Some(end) = end {
            trace.actions.truncate(end + 1);
        }
        Some(trace)
    }

    fn stimulus(&self, action: &Action) -> Option<Stimulus> {
        Stimulus::of(action, self.side, self.preset.hostile.is_some())
    }

    /// The tours from number `first` on as scripts, and for each of them the script that plays it.
    fn scripts(&self, first: usize) -> (Vec<Script>, Vec<usize>) {
        let all = self.tours.iter().enumerate().skip(first).map(|(tour, edges)| {
            let felt = edges.iter().filter_map(|edge| {
                let edge = &self.graph.edges[*edge];
                Some((self.stimulus(&edge.action)?, edge.to))
            });
            let (stimuli, predicted) = felt.unzip();
            let server = shaken(edges.iter().map(|edge| &self.graph.edges[*edge].action));
            Script { server, stimuli, predicted, tour }
        });
        longest(all.collect(), first)
    }

    /// Plays one trace.
    fn play(&self, sut: &dyn Sut, script: &Script) -> Result<Replay, ArenaError> {
        let setup = Setup { server: script.server, ..Setup::new(self.preset, self.side) };
        let steps = script.stimuli.iter().zip(&script.predicted).map(|(stimulus, state)| {
            (stimulus.clone(), self.graph.states[*state as usize].endpoint(self.side))
        });
        replay(sut, &setup, steps)
    }

    /// Plays every trace, on `threads` threads, and then tours to the edges that a deviation hid, on
    /// ways that lead around it. `progress` is told now and then how many traces are done.
    ///
    /// # Errors
    ///
    /// When the system under test gives no connection.
    pub fn run(
        &mut self,
        sut: &dyn Sut,
        threads: NonZero<usize>,
        progress: &(dyn Fn(usize) + Sync),
    ) -> Result<RoleReport, ArenaError> {
        let start = Instant::now();
        let edges = self.graph.edges.len();
        let mut coverage = Coverage { taken: vec![false; edges], astray: vec![false; edges] };
        let mut report = RoleReport {
            preset: self.preset.name,
            side: self.side,
            edges,
            felt: self.graph.edges.iter().filter(|e| self.stimulus(&e.action).is_some()).count(),
            taken: 0,
            astray: 0,
            tours: 0,
            traces: 0,
            steps: 0,
            findings: BTreeMap::new(),
            took: Duration::ZERO,
            untaken: None,
            missed: Vec::new(),
        };
        let mut first = 0;
        let mut known = 0;
        while first < self.tours.len() {
            let (scripts, played_by) = self.scripts(first);
            let replays = self.play_all(sut, &scripts, threads, progress)?;
            for (script, replay) in scripts.iter().zip(&replays) {
                report.add(script, replay);
            }
            for (tour, script) in self.tours[first..].iter().zip(played_by) {
                self.cover(&mut coverage, tour, &replays[script]);
            }
            first = self.tours.len();
            let Coverage { taken, astray } = &coverage;
            let marks = taken.iter().chain(astray).filter(|mark| **mark).count();
            if marks == known {
                break; // What is left cannot be applied where it stands.
            }
            known = marks;
            self.tours.extend(remaining_edges(&self.graph, TOUR_LENGTH, taken, astray));
        }
        let all = coverage.taken.iter().enumerate();
        report.missed = all.filter(|(_, taken)| !**taken).map(|(edge, _)| edge).collect();
        report.untaken = report.missed.first().map(|at| self.graph.edges[*at].action.to_string());
        report.taken = edges - report.missed.len();
        let astray = coverage
            .astray
            .iter()
            .zip(&coverage.taken)
            .filter(|(astray, taken)| **astray && **taken);
        report.astray = astray.count();
        report.tours = self.tours.len();
        report.took = start.elapsed();
        Ok(report)
    }

    fn play_all(
        &self,
        sut: &dyn Sut,
        scripts: &[Script],
        threads: NonZero<usize>,
        progress: &(dyn Fn(usize) + Sync),
    ) -> Result<Vec<Replay>, ArenaError> {
        let done = AtomicUsize::new(0);
        let play = |scripts: &[Script]| {
            let mut replays = Vec::with_capacity(scripts.len());
            for script in scripts {
                replays.push(self.play(sut, script)?);
                let done = done.fetch_add(1, Ordering::Relaxed) + 1;
                if done.is_multiple_of(500) {
                    progress(done);
                }
            }
            Ok(replays)
        };
        let chunk = scripts.len().div_ceil(threads.get()).max(1);
        let replays: Result<Vec<Vec<Replay>>, ArenaError> = std::thread::scope(|scope| {
            let chunks = scripts.chunks(chunk);
            let workers: Vec<_> = chunks.map(|chunk| scope.spawn(|| play(chunk))).collect();
            let joined = workers.into_iter().map(|worker| match worker.join() {
                Ok(replays) => replays,
                Err(panic) => std::panic::resume_unwind(panic),
            });
            joined.collect()
        });
        Ok(replays?.into_iter().flatten().collect())
    }

    /// Marks what a replay says of a tour's edges. Where the replay was cut short, nothing is known.
    fn cover(&self, coverage: &mut Coverage, tour: &Tour, replay: &Replay) {
        let mut stimuli = replay.went.iter();
        for edge in tour {
            let action = &self.graph.edges[*edge].action;
            let went = match self.stimulus(action) {
                Some(_) => stimuli.next().copied(),
                None => Some(Went::AsPredicted),
            };
            let Some(went) = went else { return };
            coverage.taken[*edge] |= went != Went::Void;
            if went != Went::AsPredicted {
                coverage.astray[*edge] = true;
                return;
            }
        }
    }
}

impl RoleReport {
    fn add(&mut self, script: &Script, replay: &Replay) {
        self.traces += 1;
        self.steps += replay.went.len();
        for found in &replay.found {
            let finding = Finding {
                times: 0,
                tour: script.tour,
                at: found.at,
                deviation: found.deviation.clone(),
            };
            let breach = found.deviation.breach;
            let known = self.findings.entry(breach).or_insert_with(|| finding.clone());
            if (found.at, script.tour) < (known.at, known.tour) {
                *known = Finding { times: known.times, ..finding };
            }
            known.times += 1;
        }
    }
}

/// Keeps the scripts with which no other one begins, and says for each script, by its tour's number
/// less `first`, which one plays it.
fn longest(mut scripts: Vec<Script>, first: usize) -> (Vec<Script>, Vec<usize>) {
    let mut played_by = vec![0; scripts.len()];
    scripts.sort_by(|a, b| (a.server, &a.stimuli, a.tour).cmp(&(b.server, &b.stimuli, b.tour)));
    let mut kept: Vec<Script> = Vec::new();
    // From the last to the first: a script comes directly before those that begin with it.
    for script in scripts.into_iter().rev() {
        let tour = script.tour;
        let covered = kept.last().is_some_and(|next| {
            next.server == script.server && next.stimuli.starts_with(&script.stimuli)
        });
        if !covered {
            kept.push(script);
        }
        played_by[tour - first] = kept.len() - 1;
    }
    (kept, played_by)
}

/// What the server advertises if 0-RTT is answered among these actions (§7.4.1).
fn shaken<'a>(actions: impl IntoIterator<Item = &'a Action>) -> Option<Parameters> {
    actions.into_iter().find_map(|action| {
        let Action::Handshake { parameters, .. } = action else { return None };
        Some(*parameters)
    })
}

/// Why a trace cannot be replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// It is no path of its world.
    #[error(transparent)]
    Trace(#[from] NotEnabled),
    /// There is no connection to play it on.
    #[error("no connection: {0}")]
    Arena(#[from] ArenaError),
}

/// Plays one trace, with everything that came back.
///
/// # Errors
///
/// When the trace is no path of its world, or the system under test gives no connection.
pub fn replay_trace(sut: &dyn Sut, trace: &Trace) -> Result<Replay, ReplayError> {
    let steps = trace.steps()?;
    let setup =
        Setup { server: shaken(&trace.actions), log: true, ..Setup::new(trace.preset, trace.side) };
    let script = steps.iter().filter_map(|step| {
        let endpoint: &Endpoint = &step.endpoint;
        Some((step.stimulus.clone()?, Some(endpoint)))
    });
    Ok(replay(sut, &setup, script)?)
}
