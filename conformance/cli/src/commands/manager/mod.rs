//! `streamproof manager`.

mod races;
mod storm;

use clap::Subcommand;

use super::{UsageError, Verdict};

#[derive(Debug, Subcommand)]
pub(in crate::commands) enum ManagerCommand {
    /// Run the races of the manager's tasks on real quinn under every schedule.
    Races(races::RacesArgs),
    /// Run streams by the million between two managers, with cancels, resets, stops,
    /// deadlines and losses.
    Storm(storm::StormArgs),
}

pub(super) fn run(command: &ManagerCommand) -> Result<Verdict, UsageError> {
    match command {
        ManagerCommand::Races(args) => races::run(args),
        ManagerCommand::Storm(args) => storm::run(args),
    }
}
