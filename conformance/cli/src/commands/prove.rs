//! `streamproof prove`: the main job.

use std::num::NonZero;

use streamproof_model::check::any::Counterexample;
use streamproof_model::check::report::Report;
use streamproof_model::check::search::Options;
use streamproof_model::check::streams::check_packed;
use streamproof_model::worlds::streams::StreamsWorld;
use streamproof_model::worlds::streams::presets::{PRESETS, Preset};
use streamproof_model::worlds::{Tier, World};

use super::args::ProveArgs;
use super::conform::Run;
use super::progress::Progress;
use super::{Bad, Verdict, check, report, threads};
use streamproof_conformance::sut::Sut;
use streamproof_conformance::table::{count, percent, table};
use streamproof_conformance::tours::{RoleReport, Tours};
use streamproof_stacks::manager::Manager;

pub(super) fn run(args: &ProveArgs) -> Result<Verdict, Bad> {
    let threads = threads(args.threads)?;
    let sut = Manager::default();
    let mut run = Run::new(&sut, true)?;
    let options = Options { threads: threads.get(), ..Options::default() };
    let mut checked = Vec::new();
    for preset in PRESETS.iter().filter(|preset| preset.tier == Tier::Quick) {
        let world = StreamsWorld::new(*preset);
        checked.push(check(&world, &options)?);
        play(&mut run, &sut, preset, threads)?;
    }
    out!("{}", as_table(&checked, &run.reports));
    outln!();
    run.print_deviations(&sut);
    let asked = report::Asked { mutant: None, flags: String::new(), out: &args.out };
    for report in &checked {
        report::show_failures(StreamsWorld::RULES, report, &asked, false);
    }
    run.draw_unlisted(&sut, &args.out, false)?;
    let holds = checked.iter().all(Report::holds);
    let verdict = if holds { run.verdict(&sut) } else { Verdict::Fails };
    outln!("{}", summary(verdict, &checked, &run.reports));
    Ok(verdict)
}

/// Checks the properties of one world, with progress on stderr.
fn check(world: &StreamsWorld, options: &Options) -> Result<Report<Counterexample>, Bad> {
    let line = Progress::new(format!("checking {}", world.preset.name));
    let report = check_packed(*world, options, &mut |progress| check::tell_levels(&line, progress))
        .map_err(|failure| Bad(failure.to_string()))?;
    Ok(report.map(|path| Counterexample::of(world, &path)))
}

fn play(run: &mut Run, sut: &dyn Sut, preset: &Preset, threads: NonZero<usize>) -> Result<(), Bad> {
    if preset.is_replayed() {
        for side in preset.sides() {
            run.play(sut, Tours::make(*preset, side, sut), threads)?;
        }
    }
    Ok(())
}

fn as_table(checked: &[Report<Counterexample>], played: &[RoleReport]) -> String {
    let mut rows = Vec::new();
    for report in checked {
        let good = report.verdicts.iter().filter(|(_, verdict)| verdict.is_good()).count();
        let model = [
            report.preset.to_owned(),
            count(report.states),
            format!("{good}/{}", report.verdicts.len()),
            report::standing(report).to_owned(),
        ];
        let mut played = played.iter().filter(|played| played.preset == report.preset).peekable();
        if played.peek().is_none() {
            rows.push([&model[..], &["-", "-", "-", "-", "-", "-"].map(str::to_owned)].concat());
        }
        let mut left = model;
        for role in played {
            let replay = [
                role.side.to_string(),
                format!("{}/{}", count(role.taken), count(role.edges)),
                percent(role.pairs_taken, role.pairs),
                count(role.felt),
                count(role.traces),
                role.findings.len().to_string(),
            ];
            rows.push([&left[..], &replay[..]].concat());
            left = Default::default();
        }
    }
    let head = [
        "preset",
        "states",
        "properties",
        "model",
        "manager as",
        "edges taken",
        "pairs %",
        "felt",
        "traces",
        "deviations",
    ];
    table(&head, &rows)
}

fn summary(verdict: Verdict, checked: &[Report<Counterexample>], played: &[RoleReport]) -> String {
    let states: usize = checked.iter().map(|report| report.states).sum();
    let traces: usize = played.iter().map(|report| report.traces).sum();
    let steps: usize = played.iter().map(|report| report.steps).sum();
    let edges = played.iter().map(|report| report.edges).sum::<usize>();
    let taken = played.iter().map(|report| report.taken).sum::<usize>();
    let felt = played.iter().map(|report| report.felt).sum::<usize>();
    let pairs = played.iter().map(|report| report.pairs).sum::<usize>();
    let both = played.iter().map(|report| report.pairs_taken).sum::<usize>();
    format!(
        "{}: {} states checked; {} of {} edges taken ({} felt by the manager) and {} % of {} pairs in {} traces, {} steps on real quinn",
        match verdict {
            Verdict::Holds => "HOLDS",
            Verdict::Fails => "FAILS",
            Verdict::Incomplete => "INCOMPLETE",
        },
        count(states),
        count(taken),
        count(edges),
        count(felt),
        percent(both, pairs),
        count(pairs),
        count(traces),
        count(steps)
    )
}
