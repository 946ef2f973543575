//! The suite: plays presets against a stack, and says which rules of RFC 9000 it breaks. The one runner: what the
//! maintainer of a stack calls from one `#[test]`, and what the command calls.
//!
//! A stack takes part by one file: [`Sut`] makes sessions, a [`Session`](crate::sut::Session) is one connection
//! with the streams that its preset begins with. It gets an application's calls and the peer's frames, already
//! decoded, and gives the answers and the packets it sends, decoded too; what QUIC is below streams is its own
//! affair. It knows no rule and compares nothing. The suite plays every edge of the presets against it, and says
//! which rule of RFC 9000 (§2 to §4, §7.4.1, §10.2, §13.3, §19, §20.1) was broken, how strong it is, what was seen,
//! what was permitted instead, and the trace that shows it.
//!
//! ```
//! use streamproof_conformance::suite::{Suite, SuiteError, Verdict};
//! use streamproof_conformance::sut::Sut;
//!
//! fn my_stack_conforms(my_stack: &dyn Sut) -> Result<(), SuiteError> {
//!     let report = Suite::quick().presets(["limits-uni", "zero-rtt"]).run(my_stack)?;
//!     assert_eq!(report.verdict(), Verdict::Conforms, "{report}");
//!     Ok(())
//! }
//! ```
//!
//! `examples/own-stack` is a whole stack with its test. The words of calls, answers, outcomes and presets are
//! the model's, here as [`model`].

mod json;
mod report;

use std::num::NonZero;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use streamproof_model::judging::breach::Breach;
use streamproof_model::rfc::identity::Side;
use streamproof_model::worlds::Tier;
use streamproof_model::worlds::streams::presets::{PRESETS, Preset};

pub use streamproof_model as model;

pub use self::json::SCHEMA;
pub use self::report::{Deviant, Report, Row, Skipped, Verdict, repeat_command};

use crate::deviations::{Known, KnownError};
use crate::sut::{StartError, Sut};
use crate::tours::{Criterion, Finding, ReplayError, RoleReport, Sighting, Tours, Witness};

/// A graph with more edges is not kept as a whole: some gigabytes.
const MOST_EDGES: usize = 4_000_000;
/// Of how many new situations of one breach a row gives the trace.
const MOST_NEWS: usize = 4;

/// The progress of a run.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// The preset that was just played, or is being played.
    pub preset: &'a str,
    /// The stack's side in it.
    pub side: Side,
    /// How many traces of it were played so far.
    pub traces: usize,
    /// How many rows of the report are done.
    pub done: usize,
    /// How many there will be.
    pub rows: usize,
    /// Which share of the work is done, from 0 to 1, as far as it can be known beforehand.
    pub share: f64,
}

/// Which presets are played, on which side, over what, on how many threads.
#[derive(Clone)]
pub struct Suite<'a> {
    presets: Vec<String>,
    side: Option<Side>,
    criterion: Option<Criterion>,
    threads: NonZero<usize>,
    fingerprints: bool,
    stop: Option<&'a AtomicBool>,
    progress: &'a (dyn Fn(&Progress<'_>) + Sync),
    /// Whether every quick preset is played.
    is_quick: bool,
}

/// Why a suite could not be run.
#[derive(Debug, thiserror::Error)]
pub enum SuiteError {
    /// There is no such preset.
    #[error("no preset is called \"{0}\"")]
    NoPreset(String),
    /// Endpoints of the preset send whenever they like, so that no stack can follow it edge by edge.
    #[error("preset {0} is checked, not replayed: no tours")]
    NotReplayed(&'static str),
    /// No preset was named.
    #[error("no preset is named, so there is nothing to play")]
    Nothing,
    /// The preset has no place for a stack on the side that was asked for.
    #[error("preset {preset} has no system under test as {side}")]
    NoSide {
        /// The preset.
        preset: &'static str,
        /// The side.
        side: Side,
    },
    /// [`Sut::way`] leaves something open: what the stack does has to follow from what is done to it.
    #[error(
        "{system} must say which way it goes; left open: {}. Play it with each choice both ways, on the presets whose \
         edges it decides, and keep the way on which no edge diverges",
        open.join(", ")
    )]
    Undecided {
        /// The stack.
        system: &'static str,
        /// The names of the choices that it leaves open.
        open: Vec<&'static str>,
    },
    /// The stack gives no connection.
    #[error("{system}: no connection: {error}")]
    Connection {
        /// The stack.
        system: &'static str,
        /// Why not.
        error: StartError,
    },
    /// A trace cannot be played again.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// The stack's list of known deviations cannot be read.
    #[error(transparent)]
    Known(#[from] KnownError),
}

/// One row of a report that is still to be played.
struct Role {
    preset: Preset,
    side: Side,
    criterion: Criterion,
}

/// A breach that a row has shown, or a new situation of one that is known.
pub(in crate::suite) struct Shown {
    pub(in crate::suite) breach: Breach,
    pub(in crate::suite) situation: Option<String>,
    pub(in crate::suite) witness: Witness,
    pub(in crate::suite) times: usize,
}

/// What became of it.
enum Played {
    Row(Box<Row>, Vec<Shown>),
    Skipped(String),
    /// The run was stopped.
    Cut,
}

impl<'a> Suite<'a> {
    /// Every preset of the quick tier that can be replayed: seconds to minutes, as the stack is fast. Both
    /// sides, two threads.
    pub fn quick() -> Self {
        let mut suite = Self::of_tier(Tier::Quick);
        suite.is_quick = true;
        suite
    }

    /// Every preset of a tier that can be replayed.
    pub fn of_tier(tier: Tier) -> Self {
        let those = PRESETS.iter().filter(|preset| preset.is_replayed() && preset.tier == tier);
        Self {
            presets: those.map(|preset| preset.name.to_owned()).collect(),
            side: None,
            criterion: None,
            threads: NonZero::new(2).unwrap_or(NonZero::<usize>::MIN),
            fingerprints: false,
            stop: None,
            progress: &|_| {},
            is_quick: false,
        }
    }

    /// Only these presets, by name; `streamproof model presets` lists them with their subjects.
    #[must_use]
    pub fn presets<N: Into<String>>(self, names: impl IntoIterator<Item = N>) -> Self {
        let presets = names.into_iter().map(Into::into).collect();
        Self { presets, is_quick: false, ..self }
    }

    /// Only with the stack on this side of the connection. Of presets with unidirectional streams one side sends
    /// and the other receives, so this is also how to play a stack that does one of the two.
    #[must_use]
    pub fn side(self, side: Side) -> Self {
        Self { side: Some(side), ..self }
    }

    /// What the tours are to take. If this is not said: pairs of edges of the quick tier where the stack promises
    /// the manager's contract, and so runs in process; edges elsewhere.
    #[must_use]
    pub fn criterion(self, criterion: Criterion) -> Self {
        Self { criterion: Some(criterion), ..self }
    }

    /// On this many threads.
    #[must_use]
    pub fn threads(self, threads: NonZero<usize>) -> Self {
        Self { threads, ..self }
    }

    /// With a fingerprint of the edges of each row, and of those taken, so that two runs can be compared. It takes
    /// a while.
    #[must_use]
    pub fn fingerprints(self) -> Self {
        Self { fingerprints: true, ..self }
    }

    /// Ends when this becomes true: what is done by then is reported, and the report says that it was cut.
    #[must_use]
    pub fn stop_at(self, stop: &'a AtomicBool) -> Self {
        Self { stop: Some(stop), ..self }
    }

    /// Is told the progress, some times a second, from any thread.
    #[must_use]
    pub fn progress(self, progress: &'a (dyn Fn(&Progress<'_>) + Sync)) -> Self {
        Self { progress, ..self }
    }

    /// Plays the presets against a stack.
    ///
    /// # Errors
    ///
    /// When a preset's name is wrong, nothing is left to play, the stack leaves a choice open, or it gives no
    /// connection. A broken rule is no error: it is in the report.
    pub fn run(&self, sut: &dyn Sut) -> Result<Report, SuiteError> {
        let open: Vec<_> = sut.way().open_choices().collect();
        if !open.is_empty() {
            return Err(SuiteError::Undecided { system: sut.name(), open });
        }
        let known = Known::of(sut)?;
        let (roles, skipped) = self.roles(sut)?;
        let played = self.play_all(sut, &known, &roles)?;
        // Some deviations are only shown by a pair of edges: without pairs nothing can be called stale.
        let pairs = roles.iter().all(|role| role.criterion == Criterion::Pairs);
        let is_whole = self.is_quick && self.side.is_none() && pairs;
        let mut report = Report::new(sut, known, is_whole);
        report.skipped = skipped;
        for (role, played) in roles.iter().zip(played) {
            match played {
                Some(Played::Row(row, shown)) => report.add(*row, shown),
                Some(Played::Skipped(why)) => {
                    report.skipped.push(Skipped {
                        preset: role.preset.name,
                        side: Some(role.side),
                        why,
                    });
                }
                Some(Played::Cut) | None => report.cut += 1,
            }
        }
        Ok(report)
    }

    /// What is to be played, and what is not, with the reason.
    fn roles(&self, sut: &dyn Sut) -> Result<(Vec<Role>, Vec<Skipped>), SuiteError> {
        let (mut roles, mut skipped) = (Vec::new(), Vec::new());
        let mut seen: Vec<&str> = Vec::new();
        for name in &self.presets {
            let preset = Preset::find(name).ok_or_else(|| SuiteError::NoPreset(name.clone()))?;
            if !preset.is_replayed() {
                return Err(SuiteError::NotReplayed(preset.name));
            }
            if seen.contains(&preset.name) {
                continue;
            }
            seen.push(preset.name);
            let sides = preset.sides();
            if let Some(side) = self.side.filter(|side| !sides.contains(side)) {
                match self.is_quick {
                    true => continue,
                    false => return Err(SuiteError::NoSide { preset: preset.name, side }),
                }
            }
            match sut.fit(preset) {
                Err(why) => {
                    let why = why.to_owned();
                    skipped.push(Skipped { preset: preset.name, side: None, why });
                }
                Ok(preset) => {
                    let criterion = self.criterion_of(&preset, sut);
                    let sides = sides.into_iter().filter(|one| self.side.is_none_or(|s| s == *one));
                    roles.extend(sides.map(|side| Role { preset, side, criterion }));
                }
            }
        }
        match roles.is_empty() && skipped.is_empty() {
            true => Err(SuiteError::Nothing),
            false => Ok((roles, skipped)),
        }
    }

    /// Larger presets, and stacks that make a handshake with TLS for each trace, are toured by their edges alone,
    /// unless somebody wants more.
    fn criterion_of(&self, preset: &Preset, sut: &dyn Sut) -> Criterion {
        self.criterion.unwrap_or(match preset.tier {
            Tier::Quick if sut.has_contract() => Criterion::Pairs,
            Tier::Quick | Tier::Full | Tier::Named => Criterion::Edges,
        })
    }

    /// Plays the rows: side by side where there are as many as threads, which wait for nobody; one after the other,
    /// each on every thread, where there are not.
    fn play_all(
        &self,
        sut: &dyn Sut,
        known: &Known,
        roles: &[Role],
    ) -> Result<Vec<Option<Played>>, SuiteError> {
        let side_by_side = roles.len() >= self.threads.get();
        let (workers, inside) = match side_by_side {
            true => (self.threads.get(), NonZero::<usize>::MIN),
            false => (1, self.threads),
        };
        let (next, done, spent) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
        let whole: usize = roles.iter().map(cost).sum();
        let order = dearest_first(roles);
        let all: Mutex<Vec<Option<Result<Played, SuiteError>>>> =
            Mutex::new(roles.iter().map(|_| None).collect());
        let work = || {
            while let Some(number) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
                let role = &roles[*number];
                let tell = |traces: usize| {
                    let done = done.load(Ordering::Relaxed);
                    let Role { preset, side, .. } = role;
                    let (preset, rows) = (preset.name, roles.len());
                    let share = spent.load(Ordering::Relaxed) as f64 / whole.max(1) as f64;
                    (self.progress)(&Progress { preset, side: *side, traces, done, rows, share });
                };
                let played = self.play(sut, known, role, inside, &tell);
                let failed = played.is_err();
                all.lock().unwrap_or_else(PoisonError::into_inner)[*number] = Some(played);
                done.fetch_add(1, Ordering::Relaxed);
                spent.fetch_add(cost(role), Ordering::Relaxed);
                tell(0);
                if failed {
                    next.store(order.len(), Ordering::Relaxed);
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(work);
            }
        });
        let all = all.into_inner().unwrap_or_else(PoisonError::into_inner);
        all.into_iter().map(Option::transpose).collect()
    }

    fn is_stopped(&self) -> bool {
        self.stop.is_some_and(|stop| stop.load(Ordering::Relaxed))
    }

    /// Plays one row, and finds the shortest trace of everything that it showed.
    fn play(
        &self,
        sut: &dyn Sut,
        known: &Known,
        role: &Role,
        threads: NonZero<usize>,
        tell: &(dyn Fn(usize) + Sync),
    ) -> Result<Played, SuiteError> {
        let Role { preset, side, criterion } = *role;
        if self.is_stopped() {
            return Ok(Played::Cut);
        }
        tell(0);
        let Some(mut tours) = Tours::within(preset, side, sut, criterion, MOST_EDGES) else {
            let why = format!("its graph has more than {MOST_EDGES} edges, or cannot be packed");
            return Ok(Played::Skipped(why));
        };
        let failed = |error| SuiteError::Connection { system: sut.name(), error };
        let report = tours.run_until(sut, threads, tell, self.stop).map_err(failed)?;
        let Some(report): Option<RoleReport> = report else { return Ok(Played::Cut) };
        let mut shown = Vec::new();
        for (breach, finding) in &report.findings {
            let witness = tours.witness(sut, finding).map_err(failed)?;
            let situation = None;
            let (breach, times) = (*breach, finding.times);
            shown.extend(witness.map(|witness| Shown { breach, situation, witness, times }));
            if known.entry(breach).is_none() {
                continue;
            }
            for (situation, sighting) in news(known, breach, finding) {
                let witness = tours.witness_in(sut, finding, situation).map_err(failed)?;
                let (situation, times) = (Some(situation.clone()), sighting.times);
                shown.extend(witness.map(|witness| Shown { breach, situation, witness, times }));
            }
        }
        let fingerprints = self.fingerprints.then(|| tours.fingerprints());
        Ok(Played::Row(Box::new(Row { report, fingerprints }), shown))
    }
}

/// The situations of a listed breach in which it is not known: those that show soonest.
fn news<'a>(
    known: &Known,
    breach: Breach,
    finding: &'a Finding,
) -> impl Iterator<Item = (&'a String, &'a Sighting)> {
    let is_new = |(situation, _): &(&String, &Sighting)| !known.shows_in(breach, situation);
    let mut news: Vec<_> = finding.situations.iter().filter(is_new).collect();
    news.sort_by_key(|(_, sighting)| **sighting);
    news.into_iter().take(MOST_NEWS)
}

/// What a row costs beside others: a hostile peer's frames mostly end their trace, so that a trace takes few of them,
/// and those that stand around a limit are many.
fn cost(role: &Role) -> usize {
    match role.preset.hostile {
        Some(_) => 12,
        None => 1,
    }
}

/// The numbers of the rows, the dearest first, so that none of them is left alone at the end.
fn dearest_first(roles: &[Role]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..roles.len()).collect();
    order.sort_by_key(|number| (std::cmp::Reverse(cost(&roles[*number])), *number));
    order
}
