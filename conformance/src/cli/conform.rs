//! `streamproof conform`.

use std::collections::BTreeMap;
use std::io::{IsTerminal, stdout};
use std::num::NonZero;
use std::path::Path;

use serde_json::json;
use streamproof_model::rfc::breach::Breach;
use streamproof_model::rfc::identity::Side;
use streamproof_model::trace::{Trace, file};
use streamproof_model::world::presets::{PRESETS, Preset, Tier};

use super::args::ConformArgs;
use super::known::known;
use super::progress::Progress;
use super::report::WIDTH;
use super::table::{count, table};
use super::{Bad, Verdict, files, find_presets, threads};
use crate::conform::{Finding, RoleReport, Tours, replay_trace};
use crate::deviations::Known;
use crate::picture::replay_diagram;
use crate::sut::Sut;
use crate::upgrade::spans;

/// The soonest sight of a breach in all presets.
pub(super) struct Witness {
    report: usize,
    finding: Finding,
    trace: Option<Trace>,
}

/// What a whole run has shown.
pub(super) struct Run {
    pub(super) reports: Vec<RoleReport>,
    witnesses: BTreeMap<Breach, Witness>,
    known: Known,
    complete: bool,
}

pub(super) fn run(args: &ConformArgs) -> Result<Verdict, Bad> {
    let sut = args.sut.sut();
    let presets = presets(&args.presets)?;
    if let Some(number) = args.trace {
        return one_tour(args, &*sut, &presets, number);
    }
    let only = args.side.map(|side| side.side());
    if let (Some(only), false) = (only, args.presets.is_empty()) {
        for preset in &presets {
            takes_side(preset, only)?;
        }
    }
    let mut run = Run::new(&*sut, args.presets.is_empty() && only.is_none())?;
    for preset in presets {
        for side in preset.sides() {
            if only.is_none_or(|only| only == side) {
                run.play(&*sut, Tours::make(preset, side, &*sut), threads(args.threads))?;
            }
        }
    }
    if args.json {
        println!("{:#}", run.as_json(&*sut));
    } else {
        print!("{}", run.as_table());
        println!();
        run.print_deviations(&*sut);
    }
    if let Some(folder) = &args.record {
        run.record(folder)?;
    }
    run.draw_unlisted(&*sut, &args.out, args.json)?;
    Ok(run.verdict(&*sut))
}

pub(super) fn presets(names: &[String]) -> Result<Vec<Preset>, Bad> {
    if names.is_empty() {
        let quick = |preset: &&Preset| preset.is_replayed() && preset.tier == Tier::Quick;
        return Ok(PRESETS.iter().filter(quick).copied().collect());
    }
    let found = find_presets(names)?;
    match found.iter().find(|preset| !preset.is_replayed()) {
        Some(preset) => {
            Err(Bad(format!("preset {} is checked, not replayed: no tours", preset.name)))
        }
        None => Ok(found),
    }
}

/// Refuses a side that nobody can take in a preset.
pub(super) fn takes_side(preset: &Preset, side: Side) -> Result<(), Bad> {
    match preset.sides().contains(&side) {
        true => Ok(()),
        false => Err(Bad(format!("preset {} has no system under test as {side}", preset.name))),
    }
}

fn one_tour(
    args: &ConformArgs,
    sut: &dyn Sut,
    presets: &[Preset],
    number: usize,
) -> Result<Verdict, Bad> {
    let ([preset], Some(side)) = (presets, args.side) else {
        return Err(Bad("--trace needs one preset and --side".to_owned()));
    };
    let side = side.side();
    takes_side(preset, side)?;
    let mut tours = Tours::make(*preset, side, sut);
    if tours.trace(number).is_none() {
        // It may be one of those that are made on the way, around a deviation.
        run_tours(sut, &mut tours, threads(args.threads))?;
    }
    let Some(trace) = tours.trace(number) else {
        return Err(Bad(format!("preset {} has no tour {number} as {side}", preset.name)));
    };
    let replay = replay_trace(sut, &trace).map_err(|error| Bad(error.to_string()))?;
    let diagram = replay_diagram(sut, &trace, &replay);
    println!("{}", diagram.to_terminal(WIDTH, stdout().is_terminal()));
    let known = known(sut)?;
    let listed = replay.found.iter().all(|found| known.entry(found.deviation.breach).is_some());
    Ok(if listed { Verdict::Holds } else { Verdict::Fails })
}

fn run_tours(sut: &dyn Sut, tours: &mut Tours, threads: NonZero<usize>) -> Result<RoleReport, Bad> {
    let line = Progress::new(format!(
        "playing {} as {} against {}",
        tours.preset.name,
        tours.side,
        sut.name()
    ));
    let progress = |done: usize| line.tell(&format!("{} traces", count(done)));
    tours.run(sut, threads, &progress).map_err(|error| Bad(format!("{}: {error}", sut.name())))
}

impl Run {
    /// A run that is `complete` if every preset is played on every side.
    pub(super) fn new(sut: &dyn Sut, complete: bool) -> Result<Self, Bad> {
        let known = known(sut)?;
        Ok(Self { reports: Vec::new(), witnesses: BTreeMap::new(), known, complete })
    }

    /// Plays the tours of one preset and side.
    pub(super) fn play(
        &mut self,
        sut: &dyn Sut,
        mut tours: Tours,
        threads: NonZero<usize>,
    ) -> Result<(), Bad> {
        let report = run_tours(sut, &mut tours, threads)?;
        for (breach, finding) in &report.findings {
            let sooner =
                self.witnesses.get(breach).is_none_or(|known| finding.at < known.finding.at);
            if sooner {
                let witness = Witness {
                    report: self.reports.len(),
                    finding: finding.clone(),
                    trace: tours.witness(finding),
                };
                self.witnesses.insert(*breach, witness);
            }
        }
        self.reports.push(report);
        Ok(())
    }

    /// Breaches that no entry knows.
    fn unlisted(&self) -> impl Iterator<Item = (&Breach, &Witness)> {
        self.witnesses.iter().filter(|(breach, _)| self.known.entry(**breach).is_none())
    }

    fn stale(&self) -> Vec<String> {
        if !self.complete {
            return Vec::new();
        }
        let shown: Vec<Breach> = self.witnesses.keys().copied().collect();
        self.known.stale(&shown).map(|entry| entry.id.clone()).collect()
    }

    /// Whether the run is as it should be: nothing unlisted, nothing stale; and for the manager every
    /// edge taken.
    pub(super) fn verdict(&self, sut: &dyn Sut) -> Verdict {
        let covered = self.reports.iter().all(|report| report.taken == report.edges);
        let traces: usize = self.reports.iter().map(|report| report.traces).sum();
        let good = self.unlisted().next().is_none() && self.stale().is_empty() && traces > 0;
        let product = sut.name() == "manager";
        match good && (covered || !product) {
            true => Verdict::Holds,
            false => Verdict::Fails,
        }
    }

    /// The reports as one table.
    pub(super) fn as_table(&self) -> String {
        let rows: Vec<_> = self.reports.iter().map(|report| self.row(report)).collect();
        let head = [
            "preset", "side", "edges", "felt", "taken", "astray", "traces", "seconds", "known",
            "unlisted",
        ];
        table(&head, &rows)
    }

    fn row(&self, report: &RoleReport) -> Vec<String> {
        let breaches = report.findings.keys();
        let known = breaches.filter(|breach| self.known.entry(**breach).is_some()).count();
        let unlisted = report.findings.len() - known;
        // Rounded down: 100 % means all.
        let percent = report.taken * 1000 / report.edges.max(1);
        vec![
            report.preset.to_owned(),
            report.side.to_string(),
            count(report.edges),
            count(report.felt),
            format!("{}.{} %", percent / 10, percent % 10),
            count(report.astray),
            count(report.traces),
            format!("{:.1}", report.took.as_secs_f64()),
            known.to_string(),
            unlisted.to_string(),
        ]
    }

    /// Prints each deviation: the known ones in a line, the unlisted ones whole.
    pub(super) fn print_deviations(&self, sut: &dyn Sut) {
        for (breach, witness) in &self.witnesses {
            match self.known.entry(*breach) {
                Some(entry) => {
                    println!("known     {:<42} {}", breach.id(), breach.citation());
                    println!("          {}", entry.why.trim());
                }
                None => self.print_unlisted(sut, *breach, witness),
            }
        }
        for id in self.stale() {
            println!("STALE     {id}: listed, and no trace shows it any more");
        }
        for report in &self.reports {
            if let Some(untaken) = &report.untaken {
                let missing = report.edges - report.taken;
                println!(
                    "not taken {} as {}: {} edges, the first is {untaken}",
                    report.preset,
                    report.side,
                    count(missing)
                );
            }
        }
    }

    fn print_unlisted(&self, sut: &dyn Sut, breach: Breach, witness: &Witness) {
        let report = &self.reports[witness.report];
        let Finding { tour, deviation, times, .. } = &witness.finding;
        println!("UNLISTED  {:<42} {}, {times} times", breach.id(), breach.citation());
        println!("          {}", breach.describe());
        if let Some(action) = witness.trace.as_ref().and_then(|trace| trace.actions.last()) {
            println!("  after     {action}");
        }
        println!("  came back {}", deviation.seen);
        println!("  permitted {}", deviation.permitted.join(" | "));
        println!(
            "  repeat    streamproof conform --sut {} --side {} {} --trace {tour}",
            sut.name(),
            report.side,
            report.preset
        );
    }

    /// How many steps showed a breach, in all presets.
    fn times(&self, breach: Breach) -> usize {
        let findings = self.reports.iter().filter_map(|report| report.findings.get(&breach));
        findings.map(|finding| finding.times).sum()
    }

    fn as_json(&self, sut: &dyn Sut) -> serde_json::Value {
        let deviation = |(breach, witness): (&Breach, &Witness)| {
            let report = &self.reports[witness.report];
            json!({
                "id": breach.id(),
                "section": breach.citation().section,
                "level": breach.citation().level,
                "listed": self.known.entry(*breach).is_some(),
                "seen": witness.finding.deviation.seen,
                "permitted": witness.finding.deviation.permitted,
                "preset": report.preset,
                "side": report.side,
                "tour": witness.finding.tour,
                "times": self.times(*breach),
            })
        };
        let report = |report: &RoleReport| {
            json!({
                "preset": report.preset,
                "side": report.side,
                "edges": report.edges,
                "felt": report.felt,
                "taken": report.taken,
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
            "reports": self.reports.iter().map(report).collect::<Vec<_>>(),
            "deviations": self.witnesses.iter().map(deviation).collect::<Vec<_>>(),
            "stale": self.stale(),
        })
    }

    fn record(&self, folder: &Path) -> Result<(), Bad> {
        for (breach, witness) in &self.witnesses {
            let Some(trace) = &witness.trace else { continue };
            let text = file::write(trace).map_err(|error| Bad(error.to_string()))?;
            files::write(&folder.join(format!("{}.ndjson", breach.id())), &text)?;
        }
        Ok(())
    }

    /// Draws the soonest trace of each unlisted deviation.
    pub(super) fn draw_unlisted(&self, sut: &dyn Sut, out: &Path, quiet: bool) -> Result<(), Bad> {
        for (breach, witness) in self.unlisted() {
            let Some(trace) = &witness.trace else { continue };
            let replay = replay_trace(sut, trace).map_err(|error| Bad(error.to_string()))?;
            let diagram = replay_diagram(sut, trace, &replay);
            if !quiet {
                println!("\n{}", diagram.to_terminal(WIDTH, stdout().is_terminal()));
            }
            let file = out.join(format!("{}-{}.svg", sut.name(), breach.id()));
            files::write_picture(&file, &diagram, quiet);
        }
        Ok(())
    }
}
