//! The `streamproof` command: what its words mean, and its exit codes.
//!
//! 0: everything holds. 1: something is violated or deviates. 2: bad input, or output that cannot be written; one line
//! on stderr says which. 3: a run was cut short or had nothing to look at, and has found nothing wrong.

// All that is printed goes through `out`.
#![warn(clippy::print_stderr, clippy::print_stdout)]

#[macro_use]
mod out;

mod files;
mod incident;
mod judge;
mod main_job;
mod manager;
mod model;
mod names;
mod progress;
mod rules;
mod shared;
mod stop;
mod trace;
mod usage;

use std::ffi::OsString;
use std::num::NonZero;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use serde_json::{Value, json};
use streamproof_model::check::any::{all, find};
use streamproof_model::worlds::streams::presets::Preset;

/// QUIC streams you can prove: RFC 9000's stream rules as a checked model, and a judge that plays the
/// model's traces against real QUIC stacks.
///
/// Without a command it does the main job: the incident, every quick preset checked, every edge of each played
/// against the stream manager on real quinn; one table, some minutes.
#[derive(Debug, Parser)]
#[command(name = "streamproof", version, max_term_width = 80, after_help = AFTER_HELP,
          args_conflicts_with_subcommands = true, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    main: main_job::MainArgs,
}

const AFTER_HELP: &str = "Examples:
  streamproof                            the main job
  streamproof model check uni            check a preset exhaustively
  streamproof judge run --sut quinn uni  play its tours against bare quinn
  streamproof trace play FILE            play one trace and draw it
  streamproof rules 4.5                  the rules of a section

A file that is `-` is standard output, or standard input where one is read. NO_COLOR, CLICOLOR and \
CLICOLOR_FORCE decide on colours, COLUMNS on the width.

Exit codes: 0 everything holds, 1 something does not, 2 bad input or output that cannot be written, \
3 incomplete: cut short, or nothing to look at.";

#[derive(Debug, Subcommand)]
enum Command {
    /// The model: check its presets, list and draw them, mutation-test it.
    #[command(subcommand)]
    Model(model::ModelCommand),
    /// A stack: play the model's tours against it, compare stacks and versions.
    #[command(subcommand)]
    Judge(judge::JudgeCommand),
    /// A trace: play, list, minimize and export it.
    #[command(subcommand)]
    Trace(trace::TraceCommand),
    /// The stream manager: its races, and a storm of streams.
    #[command(subcommand)]
    Manager(manager::ManagerCommand),
    /// The rules of RFC 9000 about streams, and what checks each.
    Rules(rules::RulesArgs),
    /// Completions for a shell, on standard output.
    #[command(after_help = "Example:\n  streamproof completions bash > streamproof.bash")]
    Completions {
        /// The shell.
        shell: Shell,
    },
}

/// Bad input, or a machine that does not do what is asked: one line, exit 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct UsageError(String);

/// Whether everything is as it should be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Verdict {
    Holds,
    Fails,
    Incomplete,
}

impl From<Verdict> for ExitCode {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Holds => Self::SUCCESS,
            Verdict::Fails => Self::from(1),
            Verdict::Incomplete => Self::from(3),
        }
    }
}

/// Runs the command line of this process.
pub fn run() -> ExitCode {
    run_with(std::env::args_os().collect())
}

fn run_with(line: Vec<OsString>) -> ExitCode {
    let wants_json = line.iter().any(|word| word == "--json");
    let cli = match Cli::try_parse_from(&line) {
        Ok(cli) => cli,
        Err(error) => return refuse(&error, &line, wants_json),
    };
    let result = match cli.command {
        None => main_job::run(&cli.main),
        Some(Command::Model(command)) => model::run(&command),
        Some(Command::Judge(command)) => judge::run(&command),
        Some(Command::Trace(command)) => trace::run(&command),
        Some(Command::Manager(command)) => manager::run(&command),
        Some(Command::Rules(args)) => rules::run(&args),
        Some(Command::Completions { shell }) => {
            completions(shell);
            Ok(Verdict::Holds)
        }
    };
    end(result.map(ExitCode::from), wants_json)
}

fn completions(shell: Shell) {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "streamproof", &mut script);
    out::write(|out| out.write_all(&script));
}

/// Help and version, which were asked for, or what is wrong with the command line.
fn refuse(error: &clap::Error, line: &[OsString], wants_json: bool) -> ExitCode {
    if !error.use_stderr() {
        out::keep(error.print());
        return end(Ok(ExitCode::SUCCESS), false);
    }
    end(Err(usage::line(error, line, &Cli::command())), wants_json)
}

/// The exit code of a finished command, after all its output is written.
fn end(result: Result<ExitCode, UsageError>, wants_json: bool) -> ExitCode {
    // What somebody typed, or what a file holds, may have line breaks in it.
    let result = result.map_err(|UsageError(line)| UsageError(usage::one_line(&line)));
    if let (Err(UsageError(line)), true) = (&result, wants_json) {
        say_as_json(line);
    }
    let printed = out::finish();
    result.and_then(|code| printed.map(|()| code)).unwrap_or_else(|UsageError(line)| {
        errln!("streamproof: {line}");
        ExitCode::from(2)
    })
}

/// An error for machines, on standard output.
fn say_as_json(line: &str) {
    outln!("{:#}", of_schema("error", json!({ "error": line })));
}

/// What a command prints under `--json`: an object that says of which form it is. What is added to a form changes
/// nothing; what is changed or taken away gives it another version.
fn of_schema(name: &str, mut content: Value) -> Value {
    let schema = Value::from(format!("streamproof.{name}/1"));
    match content.as_object_mut() {
        Some(fields) => {
            fields.insert("schema".to_owned(), schema);
            content
        }
        None => json!({ "schema": schema, "content": content }),
    }
}

/// The preset of streams with this name.
fn find_preset(name: &str) -> Result<Preset, UsageError> {
    let Some(world) = find(name) else {
        let worlds = all();
        let streams = worlds.iter().filter_map(|world| Some(world.as_streams()?.preset.name));
        return Err(names::unknown("preset", name, streams, "streamproof model presets"));
    };
    match world.as_streams() {
        Some(world) => Ok(world.preset),
        None => {
            let why = world.about().not_replayed.unwrap_or("checked, not replayed");
            Err(UsageError(format!("preset {name} is {why}")))
        }
    }
}

/// More threads than any machine has a use for.
const MOST_THREADS: usize = 1024;

fn threads(asked: Option<NonZero<usize>>) -> Result<NonZero<usize>, UsageError> {
    if let Some(asked) = asked.filter(|asked| asked.get() > MOST_THREADS) {
        return Err(UsageError(format!("--threads {asked}: no more than {MOST_THREADS}")));
    }
    let all = || std::thread::available_parallelism().ok();
    Ok(asked.or_else(all).unwrap_or(NonZero::<usize>::MIN))
}

/// The whole command, for whoever wants to know its verbs and flags.
pub fn command() -> clap::Command {
    Cli::command()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn what_is_printed_for_machines_says_its_form() {
        let value = of_schema("model-check", json!({ "b": 1, "a": 2 }));
        assert_eq!(
            (&value["schema"], &value["b"]),
            (&json!("streamproof.model-check/1"), &json!(1))
        );
        assert_eq!(of_schema("x", json!([1]))["content"], json!([1]));
    }
}
