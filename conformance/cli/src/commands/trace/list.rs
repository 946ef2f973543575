//! `streamproof trace list`.

use crate::commands::judge::systems::MANAGER;
use crate::commands::judge::systems::SutArg;
use crate::commands::shared::{CriterionArg, SideArg};
use clap::Args;
use serde_json::{Value, json};
use std::path::PathBuf;
use streamproof_model::trace::{Trace, file};

use crate::commands::judge::fingerprints;
use crate::commands::{UsageError, Verdict, files, find_preset, of_schema, out};
use streamproof_conformance::tours::Tours;

/// Write a preset's tours as trace files.
#[derive(Args, Debug)]
#[command(after_help = "Example:
  streamproof trace list uni-plain --side server --out traces")]
pub(in crate::commands) struct ListArgs {
    /// The preset.
    pub(in crate::commands) preset: String,
    /// The folder to write into. It is made if it does not exist.
    #[arg(long)]
    pub(in crate::commands) out: PathBuf,
    /// What the tours must take. Tours over edges come first and have the same numbers either way.
    #[arg(long, value_enum, default_value_t = CriterionArg::Edges)]
    pub(in crate::commands) criterion: CriterionArg,
    /// The stack whose way the traces go where the RFC leaves a choice.
    #[arg(long, value_name = "STACK", default_value = MANAGER)]
    pub(in crate::commands) sut: SutArg,
    /// Only for the system under test on this side of the connection.
    #[arg(long, value_enum)]
    pub(in crate::commands) side: Option<SideArg>,
    /// Only the shortest way to the first of these edges and then all of them: fingerprints, as `judge run --edges`
    /// writes them, with commas.
    #[arg(long, value_name = "FINGERPRINTS", requires = "side", value_delimiter = ',')]
    pub(in crate::commands) edge: Vec<String>,
    /// Print JSON: every file that was written.
    #[arg(long)]
    pub(in crate::commands) json: bool,
}

pub(in crate::commands) fn run(args: &ListArgs) -> Result<Verdict, UsageError> {
    out::wants_folder(&args.out)?;
    let preset = find_preset(&args.preset)?;
    if !preset.is_replayed() {
        return Err(UsageError(format!(
            "preset {} is checked, not replayed: no tours",
            preset.name
        )));
    }
    if let Some(side) = args.side.map(SideArg::side).filter(|side| !preset.sides().contains(side)) {
        return Err(UsageError(format!(
            "preset {} has no system under test as {side}",
            preset.name
        )));
    }
    let edges = fingerprints(&args.edge)?;
    let sut = args.sut.sut()?;
    let preset = sut.fit(preset).map_err(|why| UsageError(format!("{}: {why}", preset.name)))?;
    let mut written = Vec::new();
    for side in preset.sides() {
        if args.side.is_some_and(|only| only.side() != side) {
            continue;
        }
        let tours = Tours::with(preset, side, &*sut, args.criterion.criterion());
        if !edges.is_empty() {
            let edge = args.edge.join(",");
            let none =
                || UsageError(format!("preset {} has no edges {edge} as {side}", preset.name));
            let trace = tours.by_edges(&edges).ok_or_else(none)?;
            written.push(write(args, &trace, &format!("edge-{edge}"))?);
            continue;
        }
        let [all, _] = tours.fingerprints();
        if !args.json {
            outln!("{} as {side}: edges {all:016x}", preset.name);
        }
        for number in tours.numbers() {
            let Some(trace) = tours.trace(number) else { continue };
            written.push(write(args, &trace, &format!("{number:06}"))?);
        }
    }
    if args.json {
        outln!(
            "{:#}",
            of_schema("trace-list", json!({ "preset": preset.name, "traces": written }))
        );
    } else {
        outln!("{} traces written to {}", written.len(), args.out.display());
    }
    Ok(if written.is_empty() { Verdict::Incomplete } else { Verdict::Holds })
}

/// Writes a trace into the folder; what is said of it for machines.
fn write(args: &ListArgs, trace: &Trace, name: &str) -> Result<Value, UsageError> {
    let text = file::write(trace).map_err(|error| UsageError(error.to_string()))?;
    let path = args.out.join(format!("{}-{}-{name}.ndjson", trace.preset.name, trace.side));
    files::write(&path, &text)?;
    Ok(json!({ "file": path, "side": trace.side, "steps": trace.actions.len() }))
}
