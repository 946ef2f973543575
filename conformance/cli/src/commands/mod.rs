//! The `streamproof` command: what its words mean, and its exit codes.
//!
//! 0: everything holds. 1: something is violated or diverges. 2: bad input; one line on stderr says
//! which. 3: a run was cut short, and has found nothing wrong so far.

// All that is printed goes through `out`.
#![warn(clippy::print_stderr, clippy::print_stdout)]

#[macro_use]
mod out;

mod args;
mod check;
mod cluster;
mod compare;
mod conform;
mod explore;
mod export;
mod fair;
mod files;
mod fixes;
mod flakes;
mod graph;
mod known;
mod mutants;
mod page;
mod progress;
mod prove;
mod replay;
mod report;
mod requirements;
mod scenarios;
mod schedules;
mod shrink;
mod stacks;
mod storm;
mod systems;
mod traces;
mod worlds;
mod zoo;

use std::num::NonZero;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use streamproof_model::check::any::{all, find};
use streamproof_model::worlds::About;
use streamproof_model::worlds::streams::presets::Preset;

use self::args::{
    CheckArgs, ConformArgs, ExploreArgs, FixesArgs, GraphArgs, MutantsArgs, ProveArgs, ReplayArgs,
    ReportArgs, RequirementsArgs, ScenariosArgs, SchedulesArgs, StacksArgs, StormArgs, TracesArgs,
    UpgradeArgs, ZooArgs,
};

/// QUIC streams you can prove: RFC 9000's stream rules as a checked model, and a judge that plays the
/// model's traces against real QUIC stacks.
#[derive(Debug, Parser)]
#[command(name = "streamproof", version, max_term_width = 100, after_help = AFTER_HELP)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "A file that is `-` is standard output, or standard input where one is read. NO_COLOR, \
    CLICOLOR and CLICOLOR_FORCE decide on colours.\n\nExit codes: 0 everything holds, 1 something does not, 2 bad input \
    or output that cannot be written, 3 cut short.";

#[derive(Debug, Subcommand)]
enum Command {
    /// The main job: check every quick preset, then play every tour against the manager; one table.
    Prove(ProveArgs),
    /// List the presets: what each is for, and what it leaves out.
    Presets,
    /// Check presets exhaustively.
    Check(CheckArgs),
    /// Write a preset's whole graph: every state, every edge.
    Graph(GraphArgs),
    /// Walk through a preset in the browser, with a sequence diagram for each path.
    Explore(ExploreArgs),
    /// Play every tour of the presets against a system under test: every state, every edge, pairs of edges.
    Conform(ConformArgs),
    /// Play random tours again and again: whatever comes back must be the same, byte for byte.
    Flakes(flakes::FlakesArgs),
    /// Play every stack that this binary has, one after the other: one table.
    Stacks(StacksArgs),
    /// One stack's page: what was played, which rules it breaks, each with its shortest trace and its picture.
    Report(ReportArgs),
    /// Write a preset's tours as trace files.
    Traces(TracesArgs),
    /// Play one trace file.
    Replay(ReplayArgs),
    /// Take from a failing trace all that its failure does not need.
    Shrink(shrink::ShrinkArgs),
    /// Make a trace into a capture for Wireshark, or into a Rust test that runs without this program.
    Export(export::ExportArgs),
    /// Play the scenarios: a short trace for each story that the rules tell.
    Scenarios(ScenariosArgs),
    /// List the rules of RFC 9000 about streams, and what stands for each.
    Requirements(RequirementsArgs),
    /// Put every wrong rule to the test, and list what kills it.
    Mutants(MutantsArgs),
    /// Put the bugs of real stacks into a toy stack, one at a time, and have the tours find each.
    Zoo(ZooArgs),
    /// Judge every way to end a stream inside an endpoint: the fixes that were proposed for the incident, and
    /// the faults that its report knows.
    Fixes(FixesArgs),
    /// Run the races of the manager's tasks on real quinn under every schedule.
    Schedules(SchedulesArgs),
    /// Run streams by the million between two managers, with cancels, resets, stops, deadlines and losses.
    Storm(StormArgs),
    /// Run the suite against two versions of quinn-proto: what gets better, what gets worse, what stays.
    Upgrade(UpgradeArgs),
}

/// Bad input, or a machine that does not do what is asked: one line, exit 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Bad(String);

/// Whether everything is as it should be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Verdict {
    Holds,
    Fails,
    Incomplete,
}

/// Runs the command line of this process.
pub fn run() -> ExitCode {
    let command = match Cli::try_parse() {
        Ok(cli) => cli.command,
        Err(error) => return usage(&error),
    };
    let result = match command {
        Command::Prove(args) => prove::run(&args),
        Command::Presets => {
            presets();
            Ok(Verdict::Holds)
        }
        Command::Check(args) => check::run(&args),
        Command::Graph(args) => graph::run(&args),
        Command::Explore(args) => explore::run(&args),
        Command::Conform(args) => conform::run(&args),
        Command::Flakes(args) => flakes::run(&args),
        Command::Stacks(args) => stacks::run(&args),
        Command::Report(args) => page::run(&args),
        Command::Traces(args) => traces::run(&args),
        Command::Replay(args) => replay::run(&args),
        Command::Shrink(args) => shrink::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Scenarios(args) => scenarios::run(&args),
        Command::Requirements(args) => requirements::run(&args),
        Command::Mutants(args) => mutants::run(&args),
        Command::Zoo(args) => zoo::run(&args),
        Command::Fixes(args) => fixes::run(&args),
        Command::Schedules(args) => schedules::run(&args),
        Command::Storm(args) => storm::run(&args),
        Command::Upgrade(args) => compare::run(&args),
    };
    end(result.map(|verdict| match verdict {
        Verdict::Holds => ExitCode::SUCCESS,
        Verdict::Fails => ExitCode::from(1),
        Verdict::Incomplete => ExitCode::from(3),
    }))
}

/// Help and version, which were asked for, or what is wrong with the command line.
fn usage(error: &clap::Error) -> ExitCode {
    let printed = error.print();
    match error.use_stderr() {
        true => ExitCode::from(2),
        false => {
            out::keep(printed);
            end(Ok(ExitCode::SUCCESS))
        }
    }
}

/// The exit code of a command that has come to its end, once all is printed.
fn end(result: Result<ExitCode, Bad>) -> ExitCode {
    let printed = out::finish();
    result.and_then(|code| printed.map(|()| code)).unwrap_or_else(|Bad(line)| {
        errln!("streamproof: {line}");
        ExitCode::from(2)
    })
}

fn presets() {
    for world in all() {
        let About { name, about, abstraction, not_replayed, .. } = world.about();
        outln!("{name}\n    {about}");
        if let Some(abstraction) = abstraction {
            outln!("    leaves out: {abstraction}");
        }
        if let Some(why) = not_replayed {
            outln!("    {why}");
        }
    }
}

/// The preset of streams with this name.
fn find_preset(name: &str) -> Result<Preset, Bad> {
    let Some(world) = find(name) else {
        let streams = all();
        let streams = streams.iter().filter_map(|world| Some(world.as_streams()?.preset.name));
        return Err(no_preset(name, streams.collect()));
    };
    match world.as_streams() {
        Some(world) => Ok(world.preset),
        None => {
            let why = world.about().not_replayed.unwrap_or("checked, not replayed");
            Err(Bad(format!("preset {name} is {why}")))
        }
    }
}

fn no_preset(name: &str, known: Vec<&str>) -> Bad {
    Bad(format!("no preset is called \"{name}\"; there are {}", known.join(", ")))
}

/// The presets with these names, each once.
fn find_presets(names: &[String]) -> Result<Vec<Preset>, Bad> {
    let mut presets: Vec<Preset> = Vec::new();
    for name in names {
        let preset = find_preset(name)?;
        if presets.iter().all(|known| known.name != preset.name) {
            presets.push(preset);
        }
    }
    Ok(presets)
}

/// More threads than any machine has a use for.
const MOST_THREADS: usize = 1024;

fn threads(asked: Option<NonZero<usize>>) -> Result<NonZero<usize>, Bad> {
    if let Some(asked) = asked.filter(|asked| asked.get() > MOST_THREADS) {
        return Err(Bad(format!("--threads {asked}: no more than {MOST_THREADS}")));
    }
    let all = || std::thread::available_parallelism().ok();
    Ok(asked.or_else(all).unwrap_or(NonZero::<usize>::MIN))
}
