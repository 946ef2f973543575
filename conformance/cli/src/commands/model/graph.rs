//! `streamproof model graph`.

use clap::Args;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use streamproof_model::check::packed_graph::PackedGraph;
use streamproof_model::worlds::streams::StreamsWorld;

use crate::commands::{UsageError, Verdict, files, find_preset, out};
use streamproof_conformance::table::count;

/// Write a preset's whole graph.
#[derive(Args, Debug)]
#[command(after_help = "Example:
  streamproof model graph uni-plain --dot - | dot -Tsvg > uni-plain.svg")]
pub(in crate::commands) struct GraphArgs {
    /// The preset.
    pub(in crate::commands) preset: String,
    /// Write it in the DOT language, for Graphviz, to this file.
    #[arg(long, value_name = "FILE", required_unless_present = "out")]
    pub(in crate::commands) dot: Option<PathBuf>,
    /// Write it to this file in the compact form (`model/README.md`).
    #[arg(long, value_name = "FILE")]
    pub(in crate::commands) out: Option<PathBuf>,
}

pub(in crate::commands) fn run(args: &GraphArgs) -> Result<Verdict, UsageError> {
    out::give_way(args.dot.iter().chain(&args.out).map(PathBuf::as_path), false)?;
    let preset = find_preset(&args.preset)?;
    let world = StreamsWorld::new(preset);
    let graph = PackedGraph::explore(world)
        .map_err(|full| UsageError(format!("preset {}: {full}", args.preset)))?;
    if let Some(path) = &args.dot {
        write(path, |mut out| graph.write_dot(&mut out))?;
    }
    if let Some(path) = &args.out {
        write(path, |mut out| graph.write_compact(&mut out))?;
    }
    let (states, edges) = (count(graph.states.len()), count(graph.edges.len()));
    outln!("{}: {states} states, {edges} edges", args.preset);
    Ok(Verdict::Holds)
}

/// Writes it, and says so.
fn write(
    path: &Path,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), UsageError> {
    files::write_with(path, content)?;
    outln!("written  {}", path.display());
    Ok(())
}
