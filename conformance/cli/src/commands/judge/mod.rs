//! `streamproof judge`.

mod args;
mod compare;
mod controls;
mod junit;
mod known;
mod one;
mod print;
mod repeat;
mod report;
mod run;
mod sarif;
mod stacks;
pub(in crate::commands) mod systems;
mod zoo;

use clap::Subcommand;

use super::{UsageError, Verdict};

pub(in crate::commands) use self::compare::version;
pub(in crate::commands) use self::known::known;
pub(in crate::commands) use self::one::fingerprints;
pub(in crate::commands) use self::print::{draw_unlisted, print_deviations, verdict_of};
pub(in crate::commands) use self::run::play;

#[derive(Debug, Subcommand)]
pub(in crate::commands) enum JudgeCommand {
    /// Play the tours of presets against a stack: every edge, pairs of edges.
    Run(args::RunArgs),
    /// Play every stack that is known, one after the other: one table.
    Stacks(stacks::StacksArgs),
    /// One stack's page: what was played, which rules it breaks, each with its
    /// shortest trace and its picture.
    Report(report::ReportArgs),
    /// Compare two versions of quinn-proto: what gets better, what gets worse, what
    /// stays.
    Compare(compare::CompareArgs),
    /// Check that the judge blames nobody: behaviour that looks odd and is
    /// permitted, played against the stacks that show it.
    Controls(controls::ControlsArgs),
    /// Check that the judge finds: bugs of real stacks, one at a time, in a toy stack.
    Zoo(zoo::ZooArgs),
}

pub(super) fn run(command: &JudgeCommand) -> Result<Verdict, UsageError> {
    match command {
        JudgeCommand::Run(args) => run::run(args),
        JudgeCommand::Stacks(args) => stacks::run(args),
        JudgeCommand::Report(args) => report::run(args),
        JudgeCommand::Compare(args) => compare::run(args),
        JudgeCommand::Controls(args) => controls::run(args),
        JudgeCommand::Zoo(args) => zoo::run(args),
    }
}
