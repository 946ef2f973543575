//! `streamproof model check`.

use std::time::Duration;

use clap::ValueEnum;

use serde_json::json;
use streamproof_model::check::any::{self, AnyWorld, Counterexample};
use streamproof_model::check::report::Report;
use streamproof_model::check::search::{self, Checkpoints, Limits, Options};
use streamproof_model::check::streams::with_goals;
use streamproof_model::packed::reduce::Reductions;
use streamproof_model::rfc::coverage;
use streamproof_model::worlds::Tier;
use streamproof_model::worlds::streams::properties::progress::GOALS;
use streamproof_scale::dataflow;

use super::args::{CheckArgs, EngineArg};
use super::report::{Asked, as_json, as_table, properties, row, show_failures};
use super::worlds::worlds;
use super::{cluster, fair};
use crate::commands::progress::Progress;
use crate::commands::shared::TierArg;
use crate::commands::{UsageError, Verdict as ExitVerdict, of_schema, out, threads};
use streamproof_conformance::table::count;

pub(in crate::commands) fn run(args: &CheckArgs) -> Result<ExitVerdict, UsageError> {
    let mutant = args.mutant.as_deref();
    let tier = args.tier.map_or(Tier::Quick, TierArg::tier);
    let names: Vec<_> = args.presets.iter().chain(&args.preset).cloned().collect();
    let worlds = worlds(&names, tier, mutant)?;
    if !names.is_empty() {
        worlds.iter().try_for_each(|world| fits(args, world.as_ref()))?;
    }
    if args.fair {
        return fair::run(args, &worlds, !names.is_empty());
    }
    // Only the whole quick tier is meant to come to everything.
    let whole = names.is_empty() && mutant.is_none() && tier == Tier::Quick;
    let threads = threads(args.threads)?.get();
    let how = How {
        engine: args.engine,
        options: options(args, threads, &worlds)?,
        dataflow: cluster::options(args, threads)?,
    };
    coverage::clear();
    let mut reports = Vec::new();
    for world in &worlds {
        let mut report = check(world.as_ref(), &how)?;
        if mutant.is_some() && report.holds() && !is_visible(&report, &how)? {
            report.cut =
                Some("the mutant changes nothing in this preset: all is as without it".to_owned());
        }
        reports.push(report);
    }
    if args.json {
        let reports: Vec<_> = reports.iter().map(as_json).collect();
        outln!("{:#}", of_schema("model-check", json!({ "reports": reports })));
    } else {
        out!("{}", as_table(&reports.iter().map(row).collect::<Vec<_>>()));
        if args.properties {
            reports.iter().for_each(properties);
        }
    }
    let asked = Asked { mutant, flags: flags(args), out: &args.out };
    for (world, report) in worlds.iter().zip(&reports) {
        show_failures(world.rules(), report, &asked, args.json);
    }
    let missing = if whole { never_taken(&reports) } else { Vec::new() };
    for mark in &missing {
        errln!("never taken: {mark}");
    }
    for report in &reports {
        if let Some(why) = &report.cut {
            errln!("{}: incomplete: {why}", report.preset);
        }
    }
    let violated = reports.iter().any(Report::is_violated) || !missing.is_empty();
    let verdict = match (violated, reports.iter().all(Report::holds)) {
        (true, _) => ExitVerdict::Fails,
        (false, true) => ExitVerdict::Holds,
        (false, false) => ExitVerdict::Incomplete,
    };
    if !args.json {
        out::paragraph("", &summary(verdict, &reports, whole.then_some(missing.len())));
    }
    Ok(verdict)
}

/// Refuses what is said of the engine of streams where a preset is of another type, whose engine knows none of it.
fn fits(args: &CheckArgs, world: &dyn AnyWorld) -> Result<(), UsageError> {
    let how = &args.how;
    let flags = [
        ("--engine dataflow", args.engine == EngineArg::Dataflow),
        ("--exact", how.exact),
        ("--expect", how.expect > 0),
        ("--memory-limit", how.memory_limit.is_some()),
        ("--time-limit", how.time_limit.is_some()),
        ("--state-limit", how.state_limit.is_some()),
    ];
    let flag = flags.into_iter().find(|(_, is_given)| *is_given);
    match (world.as_streams(), flag) {
        (None, Some((flag, _))) => {
            Err(UsageError(format!("{flag}: preset {} is not of streams", world.about().name)))
        }
        (Some(_), _) | (None, None) => Ok(()),
    }
}

/// Whether a preset that holds under a wrong rule is another one under it: where all is the same, that it holds says
/// nothing of the rule.
fn is_visible(report: &Report<Counterexample>, how: &How) -> Result<bool, UsageError> {
    let Some(right) = any::find(report.preset) else { return Ok(true) };
    let right = check(right.as_ref(), how)?;
    let size = |report: &Report<Counterexample>| (report.states, report.generated, report.depth);
    Ok(size(&right) != size(report))
}

/// What the whole quick tier should have come to, and has not.
fn never_taken(reports: &[Report<Counterexample>]) -> Vec<String> {
    let mut missing = coverage::missing();
    missing.extend(GOALS.iter().filter_map(|goal| {
        let known = |report: &Report<Counterexample>| {
            report.verdicts.iter().any(|(name, _)| *name == goal.name)
        };
        (!reports.iter().any(known)).then(|| format!("awaited: {}", goal.name))
    }));
    missing
}

/// The last line; `missing` is how much the whole quick tier has not come to.
fn summary(
    verdict: ExitVerdict,
    reports: &[Report<Counterexample>],
    missing: Option<usize>,
) -> String {
    let states: usize = reports.iter().map(|report| report.states).sum();
    let word = match verdict {
        ExitVerdict::Holds => "HOLDS",
        ExitVerdict::Fails => "VIOLATED",
        ExitVerdict::Incomplete => "INCOMPLETE",
    };
    let marks = missing.map_or_else(String::new, |missing| {
        let all = coverage::total() + GOALS.len();
        let taken = all - missing;
        format!("; {taken} of {all} actions, guard outcomes and meetings of frame and state taken")
    });
    format!("{word}: {} states{marks}", count(states))
}

/// The flags that repeat a run on one preset: all that decide what is found.
fn flags(args: &CheckArgs) -> String {
    let mut flags = String::new();
    if let Some(name) = &args.mutant {
        flags.push_str(&format!(" --mutant \"{name}\""));
    }
    if args.engine != EngineArg::Levels {
        flags.push_str(&format!(" --engine {}", name_of(args.engine)));
    }
    if args.how.exact {
        flags.push_str(" --exact");
    }
    flags
}

/// A value of a flag as it is typed.
fn name_of(value: impl ValueEnum) -> String {
    value.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}

/// An engine and how it is to go about it.
pub(super) struct How {
    engine: EngineArg,
    options: Options,
    dataflow: dataflow::Options,
}

fn options(
    args: &CheckArgs,
    threads: usize,
    worlds: &[Box<dyn AnyWorld>],
) -> Result<Options, UsageError> {
    let how = &args.how;
    let streams = worlds.iter().filter(|world| world.as_streams().is_some());
    if how.checkpoint.is_some() && streams.count() != 1 {
        return Err(UsageError("--checkpoint needs one preset, and one of streams".to_owned()));
    }
    let limits = Limits {
        memory: how.memory_limit.and_then(|size| usize::try_from(size.as_u64()).ok()),
        time: how.time_limit.map(Duration::from_secs),
        states: how.state_limit,
    };
    let checkpoint = how.checkpoint.clone().map(|folder| Checkpoints {
        folder,
        every: Duration::from_secs(how.checkpoint_every),
        resume: !how.restart,
    });
    let (exact, expected) = (how.exact, how.expect);
    let stop_at_violation = false;
    let reductions = Reductions::NONE;
    Ok(Options { threads, reductions, exact, stop_at_violation, expected, limits, checkpoint })
}

/// Checks one world, with progress on stderr.
fn check(world: &dyn AnyWorld, how: &How) -> Result<Report<Counterexample>, UsageError> {
    if let (EngineArg::Dataflow, Some(world)) = (how.engine, world.as_streams()) {
        let report = with_goals(world, cluster::check(world, &how.dataflow)?);
        return Ok(report.map(|path| Counterexample::of(world, &path)));
    }
    let line = Progress::new(format!("checking {}", world.about().name));
    let checked = world.check(&how.options, &mut |progress| match progress {
        any::Progress::Levels(progress) => tell_levels(&line, progress),
        any::Progress::States(progress) => line.tell(&format!("{} states", count(progress.states))),
    });
    checked.map_err(|failure| UsageError(failure.to_string()))
}

/// Tells how far the project's own engine has come.
pub(super) fn tell_levels(line: &Progress, progress: search::Progress) {
    let left = progress
        .remaining()
        .map_or_else(String::new, |left| format!(", about {} s left", left.as_secs() + 1));
    let (states, rate) = (count(progress.states), count(progress.rate() as usize / 1000));
    let width = count(progress.width);
    line.tell(&format!(
        "level {} of {width} states, {states} in all, {rate} thousand a second{left}",
        progress.levels
    ));
}
