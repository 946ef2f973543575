//! `streamproof check`.

use std::time::Duration;

use clap::ValueEnum;
use serde_json::json;
use streamproof_model::check::dataflow;
use streamproof_model::check::engine::{
    Checked, Report, ReportOf, Search, Verdict, check, check_packed,
};
use streamproof_model::check::progress::{Outlook, progress};
use streamproof_model::check::search::{Checkpoints, Limits, Options};
use streamproof_model::packed::reduce::Reductions;
use streamproof_model::rfc::coverage;
use streamproof_model::world::presets::Tier;
use streamproof_model::world::properties::progress::GOALS;
use streamproof_model::world::system::World;

use super::args::{CheckArgs, EngineArg, ReduceArg, TierArg};
use super::progress::Progress;
use super::report::{Asked, Drawn, Shown, as_table, show_all_failures};
use super::table::count;
use super::worlds::worlds;
use super::{Bad, Verdict as Result_, cluster, threads};

pub(super) fn run(args: &CheckArgs) -> Result<Result_, Bad> {
    let mutant = args.mutant.as_deref();
    let tier = args.tier.map_or(Tier::Quick, TierArg::tier);
    let names: Vec<_> = args.presets.iter().chain(&args.preset).cloned().collect();
    let mut worlds = worlds(&names, tier, mutant)?;
    // Only the whole quick tier is meant to come to everything.
    let whole = names.is_empty() && mutant.is_none() && tier == Tier::Quick;
    let threads = threads(args.threads)?.get();
    if args.how.monotone {
        worlds.streams.iter_mut().for_each(|world| *world = world.monotone());
    }
    if !args.how.reduce.is_empty() {
        worlds.streams.iter_mut().for_each(|world| *world = world.staying_reset());
    }
    let how = How {
        engine: args.engine,
        options: options(args, threads, &worlds.streams)?,
        dataflow: cluster::options(args, threads)?,
    };
    coverage::clear();
    let mut streams = Vec::new();
    for world in &worlds.streams {
        streams.push(check_streams(world, &how)?);
    }
    let search = args.engine.search();
    let reset_at: Vec<_> =
        worlds.reset_at.iter().map(|world| check_one(world, search, threads)).collect();
    // One thread, so that interleavings are shortest: the worlds are small.
    let lifecycle: Vec<_> =
        worlds.lifecycle.iter().map(|world| check_one(world, search, 1)).collect();
    let shown = streams.iter().map(Shown::of);
    let shown = shown.chain(reset_at.iter().map(Shown::of));
    let shown: Vec<_> = shown.chain(lifecycle.iter().map(Shown::of)).collect();
    if args.json {
        outln!("{:#}", json!(shown.iter().map(|report| &report.json).collect::<Vec<_>>()));
    } else {
        let rows: Vec<_> = shown.iter().map(|report| report.row.clone()).collect();
        out!("{}", as_table(&rows));
        if args.properties {
            out!("{}", shown.iter().map(|report| report.properties.as_str()).collect::<String>());
        }
    }
    let asked = Asked { mutant, flags: flags(args), out: &args.out };
    show_all_failures(&worlds.streams, &streams, &asked, args.json);
    show_all_failures(&worlds.reset_at, &reset_at, &asked, args.json);
    show_all_failures(&worlds.lifecycle, &lifecycle, &asked, args.json);
    let mut missing = if whole { coverage::missing() } else { Vec::new() };
    missing.extend(GOALS.iter().filter(|_| whole).filter_map(|goal| {
        let known = |report: &Report| report.verdicts.iter().any(|(name, _)| *name == goal.name);
        (!streams.iter().any(known)).then(|| format!("awaited: {}", goal.name))
    }));
    for mark in &missing {
        errln!("never taken: {mark}");
    }
    let holds = shown.iter().all(|report| report.holds);
    let violated = shown.iter().any(|report| report.is_violated) || !missing.is_empty();
    for report in &streams {
        if let Some(why) = &report.cut {
            errln!("{}: incomplete: {why}", report.preset);
        }
    }
    let verdict = match (violated, holds) {
        (true, _) => Result_::Fails,
        (false, true) => Result_::Holds,
        (false, false) => Result_::Incomplete,
    };
    if !args.json {
        let states: usize = shown.iter().map(|report| report.states).sum();
        let word = match verdict {
            Result_::Holds => "HOLDS",
            Result_::Fails => "VIOLATED",
            Result_::Incomplete => "INCOMPLETE",
        };
        let all = coverage::total() + GOALS.len();
        let taken = all - missing.len();
        let marks = match whole {
            true => format!(
                "; {taken} of {} actions, guard outcomes and meetings of frame and state taken",
                all
            ),
            false => String::new(),
        };
        outln!("{word}: {} states{marks}", count(states));
    }
    Ok(verdict)
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
    if args.how.monotone {
        flags.push_str(" --monotone");
    }
    if !args.how.reduce.is_empty() {
        let names: Vec<_> = args.how.reduce.iter().map(|reduction| name_of(*reduction)).collect();
        flags.push_str(&format!(" --reduce {}", names.join(",")));
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

impl EngineArg {
    /// The search of stateright's that an engine is, or the nearest to it: what is not packed has no other.
    const fn search(self) -> Search {
        match self {
            Self::Levels | Self::Dataflow | Self::StaterightBfs => Search::Bfs,
            Self::StaterightDfs => Search::Dfs,
        }
    }
}

fn options(args: &CheckArgs, threads: usize, worlds: &[World]) -> Result<Options, Bad> {
    let how = &args.how;
    let has = |reduction| how.reduce.contains(&reduction);
    let reductions = Reductions {
        dead: has(ReduceArg::Dead),
        ample: has(ReduceArg::Ample),
        symmetry: has(ReduceArg::Symmetry),
    };
    worlds.iter().try_for_each(|world| reductions.fit(&world.preset)).map_err(Bad)?;
    if how.checkpoint.is_some() && worlds.len() != 1 {
        return Err(Bad(
            "--checkpoint needs one preset, and one that is not RESET_STREAM_AT's".to_owned()
        ));
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
    Ok(Options { threads, reductions, exact, stop_at_violation, expected, limits, checkpoint })
}

/// Checks one world of streams, and what must come there in the end.
pub(super) fn check_streams(world: &World, how: &How) -> Result<Report, Bad> {
    let mut report = match how.engine {
        EngineArg::Levels => check_levels(world, &how.options)?,
        EngineArg::Dataflow => cluster::check(world, &how.dataflow)?,
        EngineArg::StaterightBfs | EngineArg::StaterightDfs => {
            check_one(world, how.engine.search(), how.options.threads)
        }
    };
    if report.cut.is_some() {
        return Ok(report); // What comes in the end is asked of whole graphs.
    }
    for goal in progress(world) {
        let verdict = match goal.outlook {
            Outlook::Comes => Verdict::Holds,
            Outlook::Stuck(path) => Verdict::Violated(path),
            // Nothing is shown here; in some preset of the quick tier it has to be.
            Outlook::Vacuous => continue,
        };
        report.verdicts.push((goal.name, verdict));
    }
    Ok(report)
}

/// Checks one world with the project's own engine, with progress on stderr.
pub(super) fn check_levels(world: &World, options: &Options) -> Result<Report, Bad> {
    let line = Progress::new(format!("checking {}", world.name()));
    check_packed(*world, options, &mut |progress| {
        let left = progress
            .remaining()
            .map_or_else(String::new, |left| format!(", about {} s left", left.as_secs() + 1));
        let (states, rate) = (count(progress.states), count(progress.rate() as usize / 1000));
        let width = count(progress.width);
        line.tell(&format!(
            "level {} of {width} states, {states} in all, {rate} thousand a second{left}",
            progress.levels
        ));
    })
    .map_err(|failure| Bad(failure.to_string()))
}

/// Checks one world, with progress on stderr.
pub(super) fn check_one<W: Drawn>(world: &W, search: Search, threads: usize) -> ReportOf<W> {
    let line = Progress::new(format!("checking {}", world.name()));
    check(world.clone(), search, threads, &mut |progress| {
        line.tell(&format!("{} states", count(progress.states)));
    })
}
