//! `streamproof trace`.

mod export;
mod list;
mod minimize;
mod play;
mod scenarios;

use clap::Subcommand;

use super::{UsageError, Verdict};

#[derive(Debug, Subcommand)]
pub(in crate::commands) enum TraceCommand {
    /// Play one trace file against a stack, and draw it.
    Play(play::PlayArgs),
    /// Write a preset's tours as trace files.
    List(list::ListArgs),
    /// Minimize a failing trace: leave out all that its failure does not need.
    Minimize(minimize::MinimizeArgs),
    /// Make a trace into a capture for Wireshark, or into a test in the stack's own
    /// style that runs without this program.
    Export(export::ExportArgs),
    /// Play the scenarios: a short trace for each story that the rules tell.
    Scenarios(scenarios::ScenariosArgs),
}

pub(super) fn run(command: &TraceCommand) -> Result<Verdict, UsageError> {
    match command {
        TraceCommand::Play(args) => play::run(args),
        TraceCommand::List(args) => list::run(args),
        TraceCommand::Minimize(args) => minimize::run(args),
        TraceCommand::Export(args) => export::run(args),
        TraceCommand::Scenarios(args) => scenarios::run(args),
    }
}
