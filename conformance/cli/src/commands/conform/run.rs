//! What a whole run has shown, as a table, as JSON, as pictures, and its verdict.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::path::Path;

use serde_json::json;
use streamproof_model::diagram::Diagram;
use streamproof_model::judging::breach::Breach;
use streamproof_model::packed::Fingerprint;
use streamproof_model::rfc::citation::Level;
use streamproof_model::trace::{Trace, file};

use super::run_tours;
use crate::commands::known::known;
use crate::commands::report::WIDTH;
use crate::commands::{Bad, Verdict, files, out};
use streamproof_conformance::compare::spans;
use streamproof_conformance::deviations::Known;
use streamproof_conformance::picture::replay_diagram;
use streamproof_conformance::record::record;
use streamproof_conformance::sut::Sut;
use streamproof_conformance::table::{count, percent, table};
use streamproof_conformance::tours::{
    Repeat, ReplayError, RoleReport, Tours, Witness, replay_trace,
};

/// The soonest sight of a breach in all presets.
struct Sight {
    report: usize,
    times: usize,
    witness: Witness,
}

/// One broken rule, as it is shown to people.
pub(in crate::commands) struct Shown {
    pub(in crate::commands) breach: Breach,
    pub(in crate::commands) seen: String,
    pub(in crate::commands) permitted: Vec<String>,
    /// What is known of it.
    pub(in crate::commands) why: Option<String>,
    /// The choice that permits it, if the stack's interface makes it look worse than it is.
    pub(in crate::commands) permitted_by: Option<String>,
    /// The command that plays it again.
    pub(in crate::commands) repeat: String,
    pub(in crate::commands) diagram: Diagram,
}

impl Shown {
    pub(in crate::commands) fn level(&self) -> Level {
        self.breach.citation().level
    }

    /// Its section as in "§3.5", or that there is none.
    pub(in crate::commands) fn section(&self) -> String {
        match self.breach.citation().section {
            "" => "no section".to_owned(),
            section => format!("§{section}"),
        }
    }
}

/// What a whole run has shown.
pub(in crate::commands) struct Run {
    pub(in crate::commands) reports: Vec<RoleReport>,
    /// Whether the edges of each report get a fingerprint, which takes a while.
    pub(super) fingerprints: bool,
    /// For each report the fingerprint of all edges, and of those that were taken; if wanted.
    graphs: Vec<[Fingerprint; 2]>,
    sights: BTreeMap<Breach, Sight>,
    known: Known,
    complete: bool,
    /// Presets that were not played, each with the reason.
    skipped: Vec<String>,
}

impl Run {
    /// A run that is `complete` if every preset is played on every side.
    pub(in crate::commands) fn new(sut: &dyn Sut, complete: bool) -> Result<Self, Bad> {
        let known = known(sut)?;
        let (reports, graphs, skipped) = (Vec::new(), Vec::new(), Vec::new());
        let sights = BTreeMap::new();
        Ok(Self { reports, fingerprints: false, graphs, sights, known, complete, skipped })
    }

    /// A preset is not played, for a reason.
    pub(in crate::commands) fn skip(&mut self, what: &str) {
        self.skipped.push(what.to_owned());
    }

    /// What was not played, each with the reason.
    pub(in crate::commands) fn skipped(&self) -> &[String] {
        &self.skipped
    }

    /// The broken rules, without what only looks so.
    pub(in crate::commands) fn breaches(&self) -> impl Iterator<Item = Breach> {
        let permitted = |breach: &Breach| {
            self.known.entry(*breach).is_some_and(|entry| entry.permitted.is_some())
        };
        self.sights.keys().copied().filter(move |breach| !permitted(breach))
    }

    /// Whether a rule is broken that no entry knows.
    pub(in crate::commands) fn has_unlisted(&self) -> bool {
        self.unlisted().next().is_some()
    }

    /// Plays the tours of one preset and side.
    pub(in crate::commands) fn play(
        &mut self,
        sut: &dyn Sut,
        mut tours: Tours,
        threads: NonZero<usize>,
    ) -> Result<Tours, Bad> {
        let report = run_tours(sut, &mut tours, threads)?;
        for (breach, finding) in &report.findings {
            let witness = tours
                .witness(sut, finding)
                .map_err(|error| Bad(format!("{}: {error}", sut.name())))?;
            let Some(witness) = witness else { continue };
            let steps = |witness: &Witness| witness.trace.actions.len();
            let known = self.sights.get(breach);
            if known.is_none_or(|known| steps(&witness) < steps(&known.witness)) {
                let sight = Sight { report: self.reports.len(), times: finding.times, witness };
                self.sights.insert(*breach, sight);
            }
        }
        self.reports.push(report);
        if self.fingerprints {
            self.graphs.push(tours.fingerprints());
        }
        Ok(tours)
    }

    /// Breaches that no entry knows.
    fn unlisted(&self) -> impl Iterator<Item = (&Breach, &Sight)> {
        self.sights.iter().filter(|(breach, _)| self.known.entry(**breach).is_none())
    }

    fn stale(&self) -> Vec<String> {
        if !self.complete {
            return Vec::new();
        }
        let shown: Vec<Breach> = self.sights.keys().copied().collect();
        self.known.stale(&shown).map(|entry| entry.id.clone()).collect()
    }

    /// Whether the run is as it should be: nothing unlisted, nothing stale; and for the manager all taken
    /// that the criterion asks for.
    pub(in crate::commands) fn verdict(&self, sut: &dyn Sut) -> Verdict {
        let covered = self.reports.iter().all(RoleReport::is_covered);
        let traces: usize = self.reports.iter().map(|report| report.traces).sum();
        let good = self.unlisted().next().is_none() && self.stale().is_empty() && traces > 0;
        let product = sut.name() == "manager";
        match good && (covered || !product) {
            true => Verdict::Holds,
            false => Verdict::Fails,
        }
    }

    /// The reports as one table, and their sums in a line.
    pub(in crate::commands) fn as_table(&self) -> String {
        let rows: Vec<_> = self.reports.iter().map(|report| self.row(report)).collect();
        let head = [
            "preset", "side", "states", "edges", "felt", "pairs", "states %", "edges %", "pairs %",
            "astray", "traces", "seconds", "known", "unlisted",
        ];
        let sum = |of: fn(&RoleReport) -> usize| self.reports.iter().map(of).sum::<usize>();
        let traces = count(sum(|report| report.traces));
        let steps = count(sum(|report| report.steps));
        let pairs = percent(sum(|report| report.pairs_taken), sum(|report| report.pairs));
        let all = format!("{traces} traces, {steps} steps; {pairs} % of all pairs\n");
        table(&head, &rows) + &all
    }

    fn row(&self, report: &RoleReport) -> Vec<String> {
        let breaches = report.findings.keys();
        let known = breaches.filter(|breach| self.known.entry(**breach).is_some()).count();
        let unlisted = report.findings.len() - known;
        vec![
            report.preset.to_owned(),
            report.side.to_string(),
            count(report.states),
            count(report.edges),
            count(report.felt),
            count(report.pairs),
            percent(report.states_taken, report.states),
            percent(report.taken, report.edges),
            percent(report.pairs_taken, report.pairs),
            count(report.astray),
            count(report.traces),
            format!("{:.1}", report.took.as_secs_f64()),
            known.to_string(),
            unlisted.to_string(),
        ]
    }

    /// Prints each deviation: the known ones in a line, the unlisted ones whole.
    pub(in crate::commands) fn print_deviations(&self, sut: &dyn Sut) {
        for (breach, sight) in &self.sights {
            match self.known.entry(*breach) {
                Some(entry) => {
                    outln!("known     {:<42} {}", breach.id(), breach.citation());
                    outln!("          {}", entry.why.trim());
                }
                None => self.print_unlisted(sut, *breach, sight),
            }
        }
        for id in self.stale() {
            outln!("STALE     {id}: listed, and no trace shows it any more");
        }
        for what in &self.skipped {
            outln!("skipped   {what}");
        }
        for report in self.reports.iter().filter(|report| !report.is_covered()) {
            let left = |all: usize, taken: usize| count(all - taken);
            let first = report.untaken.as_ref();
            outln!(
                "not taken {} as {}: {} states, {} edges, {} pairs{}",
                report.preset,
                report.side,
                left(report.states, report.states_taken),
                left(report.edges, report.taken),
                left(report.pairs, report.pairs_taken),
                first.map_or_else(String::new, |edge| format!("; the first edge is {edge}"))
            );
        }
    }

    fn print_unlisted(&self, sut: &dyn Sut, breach: Breach, sight: &Sight) {
        let report = &self.reports[sight.report];
        let Witness { trace, deviation, repeat } = &sight.witness;
        outln!("UNLISTED  {:<42} {}, {} times", breach.id(), breach.citation(), sight.times);
        outln!("          {}", breach.describe());
        if let Some(action) = trace.actions.last() {
            outln!("  after     {action}");
        }
        outln!("  came back {}", deviation.seen);
        outln!("  permitted {}", deviation.permitted.join(" | "));
        outln!("  repeat    {}", repeat_command(sut, report, repeat));
    }

    /// Every broken rule with its picture.
    pub(in crate::commands) fn shown(&self, sut: &dyn Sut) -> Result<Vec<Shown>, Bad> {
        let show = |(breach, sight): (&Breach, &Sight)| {
            let Witness { trace, deviation, repeat } = &sight.witness;
            let replay = replay_trace(sut, trace).map_err(|error| Bad(error.to_string()))?;
            let entry = self.known.entry(*breach);
            Ok(Shown {
                breach: *breach,
                seen: deviation.seen.clone(),
                permitted: deviation.permitted.clone(),
                why: entry.map(|entry| entry.why.trim().to_owned()),
                permitted_by: entry.and_then(|entry| entry.permitted.clone()),
                repeat: repeat_command(sut, &self.reports[sight.report], repeat),
                diagram: replay_diagram(sut, trace, &replay),
            })
        };
        self.sights.iter().map(show).collect()
    }

    /// How many steps showed a breach, in all presets.
    fn times(&self, breach: Breach) -> usize {
        let findings = self.reports.iter().filter_map(|report| report.findings.get(&breach));
        findings.map(|finding| finding.times).sum()
    }

    pub(in crate::commands) fn as_json(&self, sut: &dyn Sut) -> serde_json::Value {
        let deviation = |(breach, sight): (&Breach, &Sight)| {
            let report = &self.reports[sight.report];
            let witness = &sight.witness;
            json!({
                "id": breach.id(),
                "section": breach.citation().section,
                "level": breach.citation().level,
                "listed": self.known.entry(*breach).is_some(),
                "seen": witness.deviation.seen,
                "permitted": witness.deviation.permitted,
                "preset": report.preset,
                "side": report.side,
                "steps": witness.trace.actions.len(),
                "times": self.times(*breach),
                "edges": names(&witness.repeat),
            })
        };
        let report = |(report, graph): (&RoleReport, &[Fingerprint; 2])| {
            json!({
                "preset": report.preset,
                "side": report.side,
                "criterion": report.criterion.name(),
                "states": report.states,
                "states_taken": report.states_taken,
                "edges": report.edges,
                "felt": report.felt,
                "taken": report.taken,
                "pairs": report.pairs,
                "pairs_taken": report.pairs_taken,
                "percent": {
                    "states": percent(report.states_taken, report.states),
                    "edges": percent(report.taken, report.edges),
                    "pairs": percent(report.pairs_taken, report.pairs),
                },
                "edges_fingerprint": name(graph[0]),
                "taken_fingerprint": name(graph[1]),
                "astray": report.astray,
                "traces": report.traces,
                "steps": report.steps,
                "seconds": report.took.as_secs_f64(),
                "not_taken": spans(&report.missed),
            })
        };
        json!({
            "sut": sut.name(),
            "holds": self.verdict(sut) == Verdict::Holds,
            "reports": self.reports.iter().zip(&self.graphs).map(report).collect::<Vec<_>>(),
            "deviations": self.sights.iter().map(deviation).collect::<Vec<_>>(),
            "stale": self.stale(),
            "skipped": self.skipped,
        })
    }

    /// Writes the shortest trace of each deviation.
    pub(super) fn record(&self, sut: &dyn Sut, folder: &Path) -> Result<(), Bad> {
        for (breach, sight) in &self.sights {
            let (_, text) = recorded(sut, *breach, &sight.witness)?;
            files::write(&folder.join(format!("{}.ndjson", breach.id())), &text)?;
        }
        Ok(())
    }

    /// Draws the shortest trace of each unlisted deviation, and writes it, to be replayed.
    pub(in crate::commands) fn draw_unlisted(
        &self,
        sut: &dyn Sut,
        out: &Path,
        quiet: bool,
    ) -> Result<(), Bad> {
        for (breach, sight) in self.unlisted() {
            let (trace, text) = &recorded(sut, *breach, &sight.witness)?;
            let replay = replay_trace(sut, trace).map_err(|error| Bad(error.to_string()))?;
            let diagram = replay_diagram(sut, trace, &replay);
            if !quiet {
                outln!("\n{}", diagram.to_terminal(WIDTH, out::has_colour()));
            }
            let name = format!("{}-{}", sut.name(), breach.id());
            files::write_picture(&out.join(format!("{name}.svg")), &diagram, quiet);
            let file = out.join(format!("{name}.ndjson"));
            files::write(&file, text)?;
            if !quiet {
                outln!("trace    {}", file.display());
            }
        }
        Ok(())
    }
}

/// A witness with nothing in it that the breach does not need, and the text of its file.
fn recorded(sut: &dyn Sut, breach: Breach, witness: &Witness) -> Result<(Trace, String), Bad> {
    let bad = |error: ReplayError| Bad(error.to_string());
    if let Some((shrunk, text)) = record(sut, &witness.trace, breach).map_err(bad)? {
        return Ok((shrunk.trace, text));
    }
    let shows = witness.deviation.shows();
    let text = file::write_showing(&witness.trace, &shows).map_err(|error| bad(error.into()))?;
    Ok((witness.trace.clone(), text))
}

/// The command that plays a witness again.
fn repeat_command(sut: &dyn Sut, report: &RoleReport, repeat: &Repeat) -> String {
    let which = match repeat {
        Repeat::Edges(_) => format!("--edge {}", names(repeat).join(",")),
        Repeat::Tour(number) => {
            format!("--criterion {} --trace {number}", report.criterion.name())
        }
    };
    let (sut, side, preset) = (sut.name(), report.side, report.preset);
    format!("streamproof conform --sut {sut} --side {side} {preset} {which}")
}

/// An edge's name.
fn name(edge: Fingerprint) -> String {
    format!("{edge:016x}")
}

/// The edges that a trace is split off by.
fn names(repeat: &Repeat) -> Vec<String> {
    match repeat {
        Repeat::Edges(edges) => edges.iter().map(|edge| name(*edge)).collect(),
        Repeat::Tour(_) => Vec::new(),
    }
}
