//! `streamproof model`.

mod args;
mod check;
mod cluster;
mod designs;
mod explore;
mod fair;
mod graph;
mod mutants;
mod presets;
pub(in crate::commands) mod report;
mod worlds;

use clap::Subcommand;

use super::{UsageError, Verdict};

#[derive(Debug, Subcommand)]
pub(in crate::commands) enum ModelCommand {
    /// Check presets exhaustively; with --fair, check liveness: every goal on every fair path.
    Check(args::CheckArgs),
    /// List the presets: what each is for, and what it leaves out.
    Presets(presets::PresetsArgs),
    /// Write a preset's whole graph: every state, every edge.
    Graph(graph::GraphArgs),
    /// Walk through a preset in the browser, with a sequence diagram for each path.
    Explore(explore::ExploreArgs),
    /// Mutation-test the model: which property kills which wrong rule.
    Mutants(mutants::MutantsArgs),
    /// Judge every way to end a stream inside an endpoint: the fixes that were
    /// proposed for the incident, and the faults that its report knows.
    Designs(designs::DesignsArgs),
}

pub(super) fn run(command: &ModelCommand) -> Result<Verdict, UsageError> {
    match command {
        ModelCommand::Check(args) => check::run(args),
        ModelCommand::Presets(args) => presets::run(args),
        ModelCommand::Graph(args) => graph::run(args),
        ModelCommand::Explore(args) => explore::run(args),
        ModelCommand::Mutants(args) => mutants::run(args),
        ModelCommand::Designs(args) => designs::run(args),
    }
}
