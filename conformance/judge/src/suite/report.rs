//! What a run has shown, and what is to be said of it.

use std::fmt;

use streamproof_model::judging::breach::Breach;
use streamproof_model::packed::Fingerprint;
use streamproof_model::rfc::citation::Level;
use streamproof_model::rfc::identity::Side;
use streamproof_model::trace::{Trace, file};
use streamproof_model::worlds::streams::presets::Preset;

use super::Shown;
use crate::deviations::{Entry, Known, Situations};
use crate::picture::replay_diagram;
use crate::referee::Deviation;
use crate::sut::Sut;
use crate::table::{Column, count, percent, table_within};
use crate::tours::{Criterion, Repeat, ReplayError, RoleReport, Witness, replay_trace};

/// How wide a diagram is, in characters.
const WIDTH: usize = 100;

/// What a run says of the stack.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// Every edge was taken, and no rule was broken.
    Conforms,
    /// Rules were broken, all of them known of this stack.
    AsListed,
    /// A rule was broken that is not known of it, or an entry of its list is shown by nothing any more.
    Deviates,
    /// No rule was seen broken, but not everything was played: the run was cut, there was nothing to play, or the
    /// stack did not go the way it says it goes, so that some edges could not be taken.
    Incomplete,
}

/// One preset with the stack on one side of it.
#[derive(Clone, Debug)]
pub struct Row {
    /// What the tours have shown.
    pub report: RoleReport,
    /// The fingerprints of all edges, and of those that were taken; if they were asked for.
    pub fingerprints: Option<[Fingerprint; 2]>,
}

/// What was not played.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Skipped {
    /// The preset.
    pub preset: &'static str,
    /// The side; `None` for both.
    pub side: Option<Side>,
    /// Why not.
    pub why: String,
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
    /// The shortest trace that shows it, up to the step after which it shows.
    pub trace: Trace,
    /// The command that plays it again.
    pub repeat: String,
    /// The edges that the trace is split off by, each by its fingerprint; none if it is a whole tour.
    pub edges: Vec<Fingerprint>,
    /// What is known of it; nothing if this is a new [`situation`](Self::situation).
    pub known: Option<Entry>,
    /// The situation, if the breach is known in others: the stack has got worse under a known name.
    pub situation: Option<String>,
}

/// What a run has shown.
#[derive(Clone, Debug)]
pub struct Report {
    /// The stack's name.
    pub system: &'static str,
    /// Its version; empty if it is not known.
    pub version: String,
    /// One row for each preset and side: edges, how many were taken, traces, steps, time.
    pub rows: Vec<Row>,
    /// What was broken, in order of section.
    pub deviants: Vec<Deviant>,
    /// What was not played, each with the reason.
    pub skipped: Vec<Skipped>,
    /// How many rows are missing because the run was stopped.
    pub cut: usize,
    known: Known,
    /// Whether all was played that an entry of the list may need to show.
    is_whole: bool,
    /// Whether every edge has to be taken.
    has_contract: bool,
}

impl Report {
    pub(super) fn new(sut: &dyn Sut, known: Known, is_whole: bool) -> Self {
        Self {
            system: sut.name(),
            version: sut.version(),
            rows: Vec::new(),
            deviants: Vec::new(),
            skipped: Vec::new(),
            cut: 0,
            known,
            is_whole,
            has_contract: sut.has_contract(),
        }
    }

    pub(super) fn add(&mut self, row: Row, shown: Vec<Shown>) {
        for mut shown in shown {
            let steps = |trace: &Trace| trace.actions.len();
            let key = (shown.breach, shown.situation.clone());
            let of = |known: &Deviant| (known.breach, known.situation.clone());
            let place = self.deviants.iter().position(|known| of(known) >= key);
            let place = place.unwrap_or(self.deviants.len());
            let earlier = self.deviants.get_mut(place).filter(|known| of(known) == key);
            let Some(earlier) = earlier else {
                let new = self.deviant(&row.report, shown);
                self.deviants.insert(place, new);
                continue;
            };
            shown.times += earlier.times;
            if steps(&shown.witness.trace) < steps(&earlier.trace) {
                self.deviants[place] = self.deviant(&row.report, shown);
            } else {
                earlier.times = shown.times;
            }
        }
        self.rows.push(row);
    }

    fn deviant(&self, row: &RoleReport, shown: Shown) -> Deviant {
        let Shown { breach, situation, witness, times } = shown;
        let Witness { trace, deviation, repeat } = witness;
        let known = self.known.entry(breach).filter(|_| situation.is_none()).cloned();
        let (edges, repeat) = (
            match &repeat {
                Repeat::Edges(edges) => edges.clone(),
                Repeat::Tour(_) => Vec::new(),
            },
            repeat_command(self.system, row, &repeat),
        );
        Deviant { breach, deviation, times, trace, repeat, edges, known, situation }
    }

    /// What is to be said of the stack in a word.
    pub fn verdict(&self) -> Verdict {
        let taken = self.rows.iter().all(|row| row.report.is_covered());
        let played: usize = self.rows.iter().map(|row| row.report.traces).sum();
        let is_short = self.cut > 0 || played == 0 || (self.has_contract && !taken);
        if self.unlisted().next().is_some() || !self.stale().is_empty() {
            return Verdict::Deviates;
        }
        match (is_short, self.deviants.is_empty(), taken) {
            (true, _, _) | (false, true, false) => Verdict::Incomplete,
            (false, true, true) => Verdict::Conforms,
            (false, false, _) => Verdict::AsListed,
        }
    }

    /// What was broken and is not listed, or is listed and has got worse: the shortest trace first.
    pub fn unlisted(&self) -> impl Iterator<Item = &Deviant> {
        let mut unlisted: Vec<_> =
            self.deviants.iter().filter(|deviant| deviant.known.is_none()).collect();
        unlisted.sort_by_key(|deviant| deviant.trace.actions.len());
        unlisted.into_iter()
    }

    /// Every broken rule, once.
    fn broken_rules(&self) -> impl Iterator<Item = &Deviant> {
        self.deviants.iter().filter(|deviant| deviant.situation.is_none())
    }

    /// The ids of what is listed and nothing shows any more; empty if not all was played that may show it.
    pub fn stale(&self) -> Vec<String> {
        if !self.is_whole || self.cut > 0 || !self.skipped.is_empty() {
            return Vec::new();
        }
        let shown: Vec<Breach> = self.deviants.iter().map(|deviant| deviant.breach).collect();
        self.known.stale(&shown).map(|entry| entry.id.clone()).collect()
    }

    /// The names of the broken rules, in order of section; for a test that knows which to expect.
    pub fn breaches(&self) -> Vec<String> {
        self.broken_rules().map(|deviant| deviant.breach.id()).collect()
    }

    /// In which situations each deviation showed: what a `situations.toml` says.
    pub fn situations(&self) -> Situations {
        let mut all = Situations::new();
        for (breach, finding) in self.rows.iter().flat_map(|row| &row.report.findings) {
            all.entry(breach.id()).or_default().extend(finding.situations.keys().cloned());
        }
        all
    }

    /// How many rules of this level the stack has broken.
    pub fn broken(&self, level: Level) -> usize {
        self.broken_rules().filter(|deviant| deviant.level() == level).count()
    }

    /// The sum of a number over all rows.
    pub fn sum(&self, of: impl Fn(&RoleReport) -> usize) -> usize {
        self.rows.iter().map(|row| of(&row.report)).sum()
    }

    /// The first preset of which the stack has taken every edge in a role: as sender, or as receiver.
    pub fn first_whole(&self, role: &str) -> Option<&'static str> {
        let role_of = |report: &RoleReport| {
            Preset::find(report.preset).map_or("", |preset| preset.role_name(report.side))
        };
        let reports = self.rows.iter().map(|row| &row.report);
        let mut whole = reports.filter(|report| report.taken == report.edges);
        whole.find(|report| role_of(report) == role).map(|report| report.preset)
    }

    /// The rows as a table of at most `width` columns of text, and their sums in a line.
    pub fn to_table(&self, width: usize) -> String {
        let rows: Vec<Vec<String>> = self.rows.iter().map(|row| self.cells(&row.report)).collect();
        let sums = format!(
            "{} traces, {} steps; {} of {} edges taken",
            count(self.sum(|row| row.traces)),
            count(self.sum(|row| row.steps)),
            count(self.sum(|row| row.taken)),
            count(self.sum(|row| row.edges)),
        );
        let pairs = self.rows.iter().any(|row| row.report.criterion == Criterion::Pairs);
        let pairs = match pairs {
            true => {
                let (taken, all) = (self.sum(|row| row.pairs_taken), self.sum(|row| row.pairs));
                format!(", {} % of all pairs", percent(taken, all))
            }
            false => String::new(),
        };
        format!("{}{sums}{pairs}\n", table_within(width, &COLUMNS, &rows))
    }

    fn cells(&self, report: &RoleReport) -> Vec<String> {
        let breaches = report.findings.keys();
        let known = breaches.filter(|breach| self.known.entry(**breach).is_some()).count();
        vec![
            report.preset.to_owned(),
            report.side.to_string(),
            count(report.states),
            count(report.edges),
            percent(report.taken, report.edges),
            count(report.visible),
            match report.criterion {
                Criterion::Pairs => percent(report.pairs_taken, report.pairs),
                Criterion::Edges => "-".to_owned(),
            },
            count(report.diverged),
            count(report.traces),
            format!("{:.1}", report.took.as_secs_f64()),
            known.to_string(),
            (report.findings.len() - known).to_string(),
        ]
    }
}

/// The columns of a report's table. What is dropped first where there is no room has the largest number.
const COLUMNS: [Column; 12] = [
    Column::left("preset", 0),
    Column::right("side", 0),
    Column::right("states", 5),
    Column::right("edges", 0),
    Column::right("taken %", 0),
    Column::right("visible", 3),
    Column::right("pairs %", 1),
    Column::right("diverged", 4),
    Column::right("traces", 0),
    Column::right("s", 2),
    Column::right("known", 0),
    Column::right("new", 0),
];

impl Deviant {
    /// How strong the rule is.
    pub fn level(&self) -> Level {
        self.breach.citation().level
    }

    /// Its name for files: the breach's, with a number for a situation.
    pub fn file_name(&self) -> String {
        match &self.situation {
            None => self.breach.id(),
            Some(situation) => {
                let word = |part: &str| part.to_lowercase().replace([',', '.'], "");
                let words: Vec<String> = situation.split_whitespace().map(word).collect();
                format!("{}-{}", self.breach.id(), words.join("-"))
            }
        }
    }

    /// Plays the trace once more and draws it: the stack on the left, its peer on the right. For a terminal.
    ///
    /// # Errors
    ///
    /// When the stack gives no connection.
    pub fn draw(&self, sut: &dyn Sut) -> Result<String, ReplayError> {
        let replay = replay_trace(sut, &self.trace)?;
        Ok(replay_diagram(sut, &self.trace, &replay).to_terminal(WIDTH, false))
    }

    /// The trace as a file that says what it shows (`specs/trace.md`): `streamproof trace play FILE` plays it against the stacks that the
    /// command knows.
    ///
    /// # Errors
    ///
    /// When it is no path of its world, which a trace from a run always is.
    pub fn file(&self) -> Result<String, ReplayError> {
        Ok(file::write_showing(&self.trace, &self.deviation.shows())?)
    }
}

/// The command that plays a trace of a row again.
pub fn repeat_command(system: &str, row: &RoleReport, repeat: &Repeat) -> String {
    let which = match repeat {
        Repeat::Edges(edges) => {
            let edges: Vec<String> = edges.iter().map(|edge| format!("{edge:016x}")).collect();
            format!("--edge {}", edges.join(","))
        }
        Repeat::Tour(number) => format!("--criterion {} --tour {number}", row.criterion.name()),
    };
    format!("streamproof judge run {} --sut {system} --side {} {which}", row.preset, row.side)
}

impl fmt::Display for Deviant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { breach, deviation, times, trace, repeat, .. } = self;
        writeln!(f, "{} ({}), {times} times", breach.id(), breach.citation())?;
        writeln!(f, "  {}", breach.describe())?;
        if let Some(situation) = &self.situation {
            writeln!(f, "  new       {situation}")?;
        }
        writeln!(f, "  in        {} as {}", trace.preset.name, trace.side)?;
        for action in &trace.actions {
            writeln!(f, "  after     {action}")?;
        }
        writeln!(f, "  seen      {}", deviation.seen)?;
        writeln!(f, "  permitted {}", deviation.permitted.join(" | "))?;
        writeln!(f, "  repeat    {repeat}")
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.to_table(WIDTH))?;
        for deviant in &self.deviants {
            writeln!(f, "{deviant}")?;
        }
        for Skipped { preset, side, why } in &self.skipped {
            let side = side.map_or_else(String::new, |side| format!(" as {side}"));
            writeln!(f, "not played: {preset}{side}: {why}")?;
        }
        let verdict = match self.verdict() {
            Verdict::Conforms => "every edge was taken, and no rule was broken",
            Verdict::AsListed => "rules were broken, all of them listed",
            Verdict::Deviates => "rules were broken",
            Verdict::Incomplete => "no rule was seen broken, and not everything was played",
        };
        writeln!(f, "{}: {verdict}", self.system)
    }
}
