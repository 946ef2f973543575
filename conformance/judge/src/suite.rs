//! The suite as a library: what the maintainer of a stack calls from one `#[test]`.
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

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZero;

use streamproof_model::judging::breach::Breach;
use streamproof_model::rfc::identity::Side;
use streamproof_model::trace::{Trace, file};
use streamproof_model::worlds::Tier;
use streamproof_model::worlds::streams::presets::{PRESETS, Preset};

pub use streamproof_model as model;

use crate::picture::replay_diagram;
use crate::referee::Deviation;
use crate::sut::{StartError, Sut};
use crate::table::{count, table};
use crate::tours::{Criterion, ReplayError, RoleReport, Tours, Witness, replay_trace};

/// How wide a diagram is, in characters.
const WIDTH: usize = 100;

/// Which presets are played, on which side, on how many threads.
#[derive(Clone, Debug)]
pub struct Suite {
    presets: Vec<String>,
    sides: Vec<Side>,
    threads: NonZero<usize>,
}

/// Why a suite could not be run.
#[derive(Debug, thiserror::Error)]
pub enum SuiteError {
    /// There is no such preset.
    #[error("no preset is called \"{0}\"")]
    NoPreset(String),
    /// Endpoints of the preset send whenever they like, so that no stack can follow it edge by edge.
    #[error("preset {0} is checked, not replayed")]
    NotReplayed(&'static str),
    /// None of the presets has a place for a stack on the side that was asked for.
    #[error("none of the presets has a system under test on that side")]
    NoSide,
    /// [`Sut::way`] leaves something open: what the stack does has to follow from what is done to it.
    #[error("{system} must say which way it goes: it leaves open {}", open.join(", "))]
    Undecided {
        /// The stack.
        system: &'static str,
        /// The choices that it leaves open.
        open: Vec<&'static str>,
    },
    /// The stack gives no connection.
    #[error("no connection: {0}")]
    Connection(#[from] StartError),
    /// A trace cannot be played again.
    #[error(transparent)]
    Replay(#[from] ReplayError),
}

/// What a run says of the stack.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// Every edge was taken, and no rule was broken.
    Conforms,
    /// A rule was broken.
    Deviates,
    /// No rule was seen broken, but the stack did not go the way it says it goes, so that some edges could
    /// not be taken.
    Incomplete,
}

/// A rule that the stack broke.
#[derive(Clone, Debug)]
pub struct Deviant {
    /// Which: its section and level are [`Breach::citation`], its name is [`Breach::id`].
    pub breach: Breach,
    /// What was seen, and what was permitted.
    pub deviation: Deviation,
    /// In how many steps of the whole run it showed.
    pub times: usize,
    /// The soonest trace that shows it, up to the step after which it shows.
    pub trace: Trace,
}

/// What a run has shown.
#[derive(Clone, Debug)]
pub struct Report {
    /// The stack's name.
    pub system: &'static str,
    /// One row for each preset and side: edges, how many were taken, traces, steps, time.
    pub rows: Vec<RoleReport>,
    /// What was broken, in order of section.
    pub deviants: Vec<Deviant>,
}

impl Suite {
    /// Every preset of the quick tier that can be replayed: seconds to minutes, as the stack is fast. Both
    /// sides, two threads.
    pub fn quick() -> Self {
        let quick = PRESETS.iter().filter(|p| p.is_replayed() && p.tier == Tier::Quick);
        Self {
            presets: quick.map(|preset| preset.name.to_owned()).collect(),
            sides: Side::ALL.to_vec(),
            threads: NonZero::new(2).unwrap_or(NonZero::<usize>::MIN),
        }
    }

    /// Only these presets, by name; `streamproof presets` lists them with their subjects.
    #[must_use]
    pub fn presets<N: Into<String>>(self, names: impl IntoIterator<Item = N>) -> Self {
        Self { presets: names.into_iter().map(Into::into).collect(), ..self }
    }

    /// Only with the stack on this side of the connection. Of presets with unidirectional streams one side sends
    /// and the other receives, so this is also how to play a stack that does one of the two.
    #[must_use]
    pub fn side(self, side: Side) -> Self {
        Self { sides: vec![side], ..self }
    }

    /// On so many threads.
    #[must_use]
    pub fn threads(self, threads: NonZero<usize>) -> Self {
        Self { threads, ..self }
    }

    /// Plays every edge of the presets against a stack.
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
        let mut rows = Vec::new();
        let mut deviants: BTreeMap<Breach, (usize, Deviant)> = BTreeMap::new();
        for (preset, side) in self.roles()? {
            let mut tours = Tours::with(preset, side, sut, Criterion::Edges);
            let row = tours.run(sut, self.threads, &|_| {})?;
            for (breach, finding) in &row.findings {
                let Some(witness) = tours.witness(sut, finding)? else { continue };
                let Witness { trace, deviation, .. } = witness;
                let new = Deviant { breach: *breach, deviation, times: 0, trace };
                let known = deviants.entry(*breach).or_insert_with(|| (finding.at, new.clone()));
                let times = known.1.times + finding.times;
                if finding.at < known.0 {
                    *known = (finding.at, new);
                }
                known.1.times = times;
            }
            rows.push(row);
        }
        let deviants = deviants.into_values().map(|(_, deviant)| deviant).collect();
        Ok(Report { system: sut.name(), rows, deviants })
    }

    fn roles(&self) -> Result<Vec<(Preset, Side)>, SuiteError> {
        let mut roles = Vec::new();
        for name in &self.presets {
            let preset = Preset::find(name).ok_or_else(|| SuiteError::NoPreset(name.clone()))?;
            if !preset.is_replayed() {
                return Err(SuiteError::NotReplayed(preset.name));
            }
            let sides = preset.sides().into_iter().filter(|side| self.sides.contains(side));
            roles.extend(sides.map(|side| (preset, side)));
        }
        if roles.is_empty() { Err(SuiteError::NoSide) } else { Ok(roles) }
    }
}

impl Report {
    /// What is to be said of the stack in a word.
    pub fn verdict(&self) -> Verdict {
        let complete = self.rows.iter().all(|row| row.taken == row.edges);
        match (self.deviants.is_empty(), complete) {
            (false, _) => Verdict::Deviates,
            (true, true) => Verdict::Conforms,
            (true, false) => Verdict::Incomplete,
        }
    }

    /// The names of the broken rules, in order of section; for a test that knows which to expect.
    pub fn breaches(&self) -> Vec<String> {
        self.deviants.iter().map(|deviant| deviant.breach.id()).collect()
    }
}

impl Deviant {
    /// Plays the trace once more and draws it: the stack on the left, its peer on the right. For a terminal.
    ///
    /// # Errors
    ///
    /// When the stack gives no connection.
    pub fn draw(&self, sut: &dyn Sut) -> Result<String, SuiteError> {
        let replay = replay_trace(sut, &self.trace)?;
        Ok(replay_diagram(sut, &self.trace, &replay).to_terminal(WIDTH, false))
    }

    /// The trace as a file (`specs/trace.md`): `streamproof replay FILE` plays it against the stacks that the
    /// command knows.
    ///
    /// # Errors
    ///
    /// When it is no path of its world, which a trace from a run always is.
    pub fn file(&self) -> Result<String, SuiteError> {
        Ok(file::write(&self.trace).map_err(ReplayError::from)?)
    }
}

impl fmt::Display for Deviant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { breach, deviation, times, trace } = self;
        writeln!(f, "{} ({}), {times} times", breach.id(), breach.citation())?;
        writeln!(f, "  {}", breach.describe())?;
        writeln!(f, "  in        {} as {}", trace.preset.name, trace.side)?;
        for action in &trace.actions {
            writeln!(f, "  after     {action}")?;
        }
        writeln!(f, "  came back {}", deviation.seen)?;
        writeln!(f, "  permitted {}", deviation.permitted.join(" | "))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows: Vec<_> = self.rows.iter().map(row).collect();
        let head = ["preset", "side", "edges", "taken", "traces", "steps", "seconds", "deviations"];
        writeln!(f, "{}", table(&head, &rows))?;
        for deviant in &self.deviants {
            writeln!(f, "{deviant}")?;
        }
        let verdict = match self.verdict() {
            Verdict::Conforms => "every edge was taken, and no rule was broken",
            Verdict::Deviates => "rules were broken",
            Verdict::Incomplete => "no rule was seen broken, and not every edge could be taken",
        };
        writeln!(f, "{}: {verdict}", self.system)
    }
}

fn row(report: &RoleReport) -> Vec<String> {
    // Rounded down: 100 % means all.
    let percent = report.taken * 1000 / report.edges.max(1);
    vec![
        report.preset.to_owned(),
        report.side.to_string(),
        count(report.edges),
        format!("{}.{} %", percent / 10, percent % 10),
        count(report.traces),
        count(report.steps),
        format!("{:.1}", report.took.as_secs_f64()),
        report.findings.len().to_string(),
    ]
}
