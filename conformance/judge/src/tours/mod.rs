//! A preset against a system under test: tours over every edge and every pair of edges, replayed and
//! refereed, and what of the graph the system has really taken.
//!
//! Two tours that are the same to the system under test (they differ in what happens elsewhere) are
//! played once, and so is one that another begins with. An edge counts as taken when a tour reached
//! it with the endpoint that the model predicts there among the explanations of everything seen, and
//! took it; a pair, when both were taken so, one directly after the other. Where the system then does
//! something that the graph does not predict, the tour has diverged and nothing behind counts; further
//! tours lead to what is behind on other ways.

mod coverage;
mod hunt;
mod minimize;
mod repeat;
mod script;
mod single;
mod witness;

use std::collections::BTreeMap;
use std::num::NonZero;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use streamproof_model::check::graph::Graph;
use streamproof_model::judging::breach::Breach;
use streamproof_model::packed::Fingerprint;
use streamproof_model::rfc::choices::Choices;
use streamproof_model::rfc::identity::Side;
use streamproof_model::trace::Trace;
use streamproof_model::trace::numbering::{Numbering, PacketFate};
use streamproof_model::trace::tours::{Pairs, Tour, Unobserved};
use streamproof_model::worlds::streams::StreamsWorld;
use streamproof_model::worlds::streams::presets::Preset;

pub use self::coverage::{Criterion, Finding, RoleReport, Sighting, TOUR_LENGTH};
pub use self::hunt::Caught;
pub use self::minimize::{Minimized, minimize};
pub use self::repeat::{Difference, repeat};
pub use self::single::{ReplayError, replay_tapped, replay_trace};
pub use self::witness::{Repeat, Witness};

use self::coverage::{Coverage, Ground, Twins, Walked};
use self::script::{Script, Visible, shaken};
use crate::replay::{Replay, ScriptStep, replay};
use crate::sut::{Setup, StartError, Sut};

/// The tours of one preset for one side.
pub struct Tours {
    /// The preset, with the way of the system under test.
    pub preset: Preset,
    /// The side of the system under test.
    pub side: Side,
    /// What they are to take.
    pub criterion: Criterion,
    /// What the judge leaves free ([`Setup::permitted`]).
    pub permitted: Choices,
    ground: Ground,
    tours: Vec<Tour>,
    /// How many of them are there for the edges. They are played first, and by themselves: a tour that goes on
    /// over others is no probe of the places where they end.
    to_edges: usize,
    coverage: Coverage,
}

/// What some replays have shown.
#[derive(Default)]
struct Played {
    walked: Vec<Walked>,
    steps: usize,
    findings: BTreeMap<Breach, Finding>,
}

/// How many scripts a thread takes at a time.
const PIECE: usize = 500;

impl Tours {
    /// Makes the tours of `preset` for a system on `side` that goes `sut`'s way: every pair of edges.
    pub fn make(preset: Preset, side: Side, sut: &dyn Sut) -> Self {
        Self::of(
            Graph::of_world(&StreamsWorld::new(chosen(preset, sut))),
            preset,
            side,
            sut,
            Criterion::Pairs,
        )
    }

    /// Makes tours that take what the criterion says.
    pub fn with(preset: Preset, side: Side, sut: &dyn Sut, criterion: Criterion) -> Self {
        Self::of(
            Graph::of_world(&StreamsWorld::new(chosen(preset, sut))),
            preset,
            side,
            sut,
            criterion,
        )
    }

    /// The same, unless the preset's graph has more than `most` edges or cannot be packed: then `None`.
    pub fn within(
        preset: Preset,
        side: Side,
        sut: &dyn Sut,
        criterion: Criterion,
        most: usize,
    ) -> Option<Self> {
        let graph = Graph::of_world_within(&StreamsWorld::new(chosen(preset, sut)), most)?;
        Some(Self::of(graph, preset, side, sut, criterion))
    }

    fn of(graph: Graph, preset: Preset, side: Side, sut: &dyn Sut, criterion: Criterion) -> Self {
        let preset = chosen(preset, sut);
        let unobserved = Unobserved::of(&graph);
        let pairs = Pairs::of(&unobserved.graph);
        let visible = Visible::of(&graph, side, preset.hostile.is_some());
        let twins = Twins::of(&graph, &unobserved, side);
        let ground = Ground { graph, unobserved, pairs, visible, twins };
        let coverage = ground.nothing_taken();
        let mut tours = ground.first_tours();
        let to_edges = tours.len();
        if criterion == Criterion::Pairs {
            tours.extend(ground.tours_to_pairs(&ground.planned(&tours)));
        }
        let permitted = Choices::PERMITTED;
        Self { preset, side, criterion, permitted, ground, tours, to_edges, coverage }
    }

    /// The tour with this number as a trace; `None` if there are fewer.
    pub fn trace(&self, tour: usize) -> Option<Trace> {
        self.tours.get(tour).map(|edges| self.trace_of(edges))
    }

    /// The shortest trace that takes the edge with this number; `None` if there are fewer.
    pub fn trace_to_edge(&self, edge: usize) -> Option<Trace> {
        let last = self.ground.graph.edges.get(edge)?;
        let mut way = self.ground.graph.way_to(last.from);
        way.push(edge);
        Some(self.trace_of(&way))
    }

    fn trace_of(&self, edges: &[usize]) -> Trace {
        let actions = edges.iter().map(|edge| self.ground.graph.edges[*edge].action.clone());
        Trace { preset: self.preset, side: self.side, actions: actions.collect(), probe: None }
    }

    /// The numbers of the tours that are worth playing, in order.
    pub fn numbers(&self) -> Vec<usize> {
        let parts = [0..self.to_edges, self.to_edges..self.tours.len()];
        let scripts = parts.into_iter().flat_map(|part| self.scripts(part).0);
        let mut numbers: Vec<usize> = scripts.map(|script| script.tour).collect();
        numbers.sort_unstable();
        numbers
    }

    /// The traces that are worth playing, each with its number.
    pub fn traces(&self) -> Vec<(usize, Trace)> {
        self.numbers().into_iter().filter_map(|tour| Some((tour, self.trace(tour)?))).collect()
    }

    /// Each edge of the graph: its fingerprint, what happens there, and whether it was taken so far.
    pub fn edges(&self) -> impl Iterator<Item = (Fingerprint, String, bool)> {
        let fingerprints = self.ground.graph.fingerprints().into_iter();
        let edges = self.ground.graph.edges.iter().zip(&self.coverage.taken).enumerate();
        fingerprints
            .zip(edges)
            .filter(|(_, (number, _))| self.ground.twins.counts(*number))
            .map(|(fingerprint, (_, (edge, taken)))| (fingerprint, edge.action.to_string(), *taken))
    }

    /// Of all edges, and of those taken so far, what two runs have in common if they have the same edges: the
    /// sum of their fingerprints.
    pub fn fingerprints(&self) -> [Fingerprint; 2] {
        let all = self.ground.graph.fingerprints();
        let sum = |taken: &dyn Fn(usize) -> bool| {
            let counts = |edge: usize| self.ground.twins.counts(edge) && taken(edge);
            let edges = all.iter().enumerate().filter(|(edge, _)| counts(*edge));
            edges.fold(0, |sum: Fingerprint, (_, edge)| sum.wrapping_add(*edge))
        };
        [sum(&|_| true), sum(&|edge| self.coverage.taken[edge])]
    }

    fn scripts(&self, tours: Range<usize>) -> (Vec<Script>, Vec<usize>) {
        self.ground.visible.scripts(&self.ground.graph, &self.tours, tours)
    }

    /// Plays one tour.
    fn play(&self, sut: &dyn Sut, tour: &Tour) -> Result<Replay, StartError> {
        let Ground { graph, visible, .. } = &self.ground;
        let server = shaken(tour.iter().map(|edge| &graph.edges[*edge].action));
        let permitted = self.permitted;
        let setup = Setup { server, permitted, ..Setup::new(self.preset, self.side) };
        let mut numbering = Numbering::new(self.side);
        let steps = tour.iter().filter_map(|number| {
            let edge = &graph.edges[*number];
            let [before, after] = [edge.from, edge.to].map(|state| &graph.states[state as usize]);
            let peer_sent = numbering.sent();
            let fate = numbering.follow(before, &edge.action, after);
            let packet = fate.and_then(PacketFate::arriving);
            let stimulus = visible.stimulus(*number)?;
            Some(ScriptStep { stimulus, peer_sent, packet, predicted: after.endpoint(self.side) })
        });
        replay(sut, &setup, steps, None)
    }

    /// Plays every trace, on `threads` threads, and then tours to what a deviation hid, on ways that lead
    /// around it. `progress` is told now and then how many traces are done.
    ///
    /// # Errors
    ///
    /// When the system under test gives no connection.
    pub fn run(
        &mut self,
        sut: &dyn Sut,
        threads: NonZero<usize>,
        progress: &(dyn Fn(usize) + Sync),
    ) -> Result<RoleReport, StartError> {
        let never = AtomicBool::new(false);
        let report = self.run_until(sut, threads, progress, Some(&never))?;
        // Nobody stops it.
        Ok(report.unwrap_or_else(|| self.blank()))
    }

    /// The same, unless `stop` becomes true: then `None`, and what was found is forgotten.
    ///
    /// # Errors
    ///
    /// When the system under test gives no connection.
    pub fn run_until(
        &mut self,
        sut: &dyn Sut,
        threads: NonZero<usize>,
        progress: &(dyn Fn(usize) + Sync),
        stop: Option<&AtomicBool>,
    ) -> Result<Option<RoleReport>, StartError> {
        let is_stopped = || stop.is_some_and(|stop| stop.load(Ordering::Relaxed));
        let start = Instant::now();
        let mut report = self.blank();
        let mut coverage = self.ground.nothing_taken();
        let (mut first, mut known) = (0, 0);
        while first < self.tours.len() {
            let end = if first < self.to_edges { self.to_edges } else { self.tours.len() };
            let (scripts, played_by) = self.scripts(first..end);
            let played =
                self.play_all(sut, &self.tours, &scripts, threads, progress, &is_stopped)?;
            if is_stopped() {
                return Ok(None);
            }
            for (tour, script) in self.tours[first..end].iter().zip(played_by) {
                self.ground.cover(&mut coverage, tour, played.walked[script]);
            }
            report.traces += scripts.len();
            report.steps += played.steps;
            merge(&mut report.findings, played.findings);
            first = end;
            if first < self.tours.len() {
                continue;
            }
            let marks = coverage.marks();
            if marks == known {
                break; // What is left cannot be applied where it stands.
            }
            known = marks;
            self.tours.extend(self.ground.tours_to_edges(&coverage));
            if self.criterion == Criterion::Pairs {
                self.tours.extend(self.ground.tours_to_pairs(&coverage));
            }
        }
        coverage.tell(&self.ground, &mut report);
        self.coverage = coverage;
        report.tours = self.tours.len();
        report.took = start.elapsed();
        Ok(Some(report))
    }

    fn blank(&self) -> RoleReport {
        RoleReport {
            preset: self.preset.name,
            side: self.side,
            criterion: self.criterion,
            states: self.ground.states(),
            states_taken: 0,
            edges: self.ground.edges(),
            visible: self.ground.visible_edges(),
            taken: 0,
            pairs: self.ground.pairs.count(),
            pairs_taken: 0,
            diverged: 0,
            tours: 0,
            traces: 0,
            steps: 0,
            findings: BTreeMap::new(),
            took: Duration::ZERO,
            untaken: None,
            missed: Vec::new(),
        }
    }

    fn play_all(
        &self,
        sut: &dyn Sut,
        tours: &[Tour],
        scripts: &[Script],
        threads: NonZero<usize>,
        progress: &(dyn Fn(usize) + Sync),
        is_stopped: &(dyn Fn() -> bool + Sync),
    ) -> Result<Played, StartError> {
        let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let pieces: Mutex<BTreeMap<usize, Played>> = Mutex::default();
        let work = || {
            loop {
                let piece = next.fetch_add(1, Ordering::Relaxed);
                let left = scripts.chunks(PIECE).nth(piece).filter(|_| !is_stopped());
                let Some(scripts) = left else {
                    return Ok::<(), StartError>(());
                };
                let played = self.play_piece(sut, tours, scripts)?;
                pieces.lock().unwrap_or_else(|broken| broken.into_inner()).insert(piece, played);
                progress(done.fetch_add(scripts.len(), Ordering::Relaxed) + scripts.len());
            }
        };
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..threads.get()).map(|_| scope.spawn(work)).collect();
            workers.into_iter().try_for_each(|worker| {
                worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
        })?;
        let mut all = Played::default();
        for (_, piece) in pieces.into_inner().unwrap_or_else(|broken| broken.into_inner()) {
            all.walked.extend(piece.walked);
            all.steps += piece.steps;
            merge(&mut all.findings, piece.findings);
        }
        Ok(all)
    }

    fn play_piece(
        &self,
        sut: &dyn Sut,
        tours: &[Tour],
        scripts: &[Script],
    ) -> Result<Played, StartError> {
        let mut played = Played::default();
        for script in scripts {
            let replay = self.play(sut, &tours[script.tour])?;
            played.walked.push(Walked::of(&replay));
            played.steps += replay.results.len();
            for found in replay.found {
                let breach = found.deviation.breach;
                let (tour, at, deviation) = (script.tour, found.at, found.deviation);
                let sighting = Sighting { at, tour, times: 1 };
                let situations = BTreeMap::from([(found.situation, sighting)]);
                let finding = Finding { times: 1, tour, at, deviation, situations };
                merge(&mut played.findings, BTreeMap::from([(breach, finding)]));
            }
        }
        Ok(played)
    }
}

/// A preset in which endpoints go the way of a system under test.
fn chosen(preset: Preset, sut: &dyn Sut) -> Preset {
    let way = sut.way();
    // Tours that look alike to the system are played once: what it does must follow from them.
    let open: Vec<_> = way.open_choices().collect();
    assert!(open.is_empty(), "{} must say which way it goes: {}", sut.name(), open.join(", "));
    Preset { way, ..preset }
}

/// Adds findings to those known: the soonest counts, whatever the order.
fn merge(known: &mut BTreeMap<Breach, Finding>, more: BTreeMap<Breach, Finding>) {
    for (breach, finding) in more {
        match known.get_mut(&breach) {
            None => drop(known.insert(breach, finding)),
            Some(known) => {
                let times = known.times + finding.times;
                let mut situations = std::mem::take(&mut known.situations);
                for (situation, sighting) in &finding.situations {
                    let both = situations.get(situation).map_or(*sighting, |s| s.and(*sighting));
                    situations.insert(situation.clone(), both);
                }
                if (finding.at, finding.tour) < (known.at, known.tour) {
                    *known = finding;
                }
                (known.times, known.situations) = (times, situations);
            }
        }
    }
}
