//! `streamproof graph`.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use streamproof_model::check::packed_graph::PackedGraph;
use streamproof_model::worlds::streams::StreamsWorld;

use super::args::GraphArgs;
use super::{Bad, Verdict, find_preset};
use streamproof_conformance::table::count;

pub(super) fn run(args: &GraphArgs) -> Result<Verdict, Bad> {
    let preset = find_preset(&args.preset)?;
    let world = StreamsWorld::new(preset);
    let graph = PackedGraph::explore(world)
        .map_err(|full| Bad(format!("preset {}: {full}", args.preset)))?;
    if let Some(path) = &args.dot {
        write(path, |out| graph.write_dot(out))?;
    }
    if let Some(path) = &args.out {
        write(path, |out| graph.write_compact(out))?;
    }
    let (states, edges) = (count(graph.states.len()), count(graph.edges.len()));
    println!("{}: {states} states, {edges} edges", args.preset);
    Ok(Verdict::Holds)
}

/// Writes beside the file and renames, so that no half of it is ever there.
fn write(
    path: &Path,
    content: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> Result<(), Bad> {
    let fresh = path.with_extension("part");
    let write = || {
        let mut out = BufWriter::new(File::create(&fresh)?);
        content(&mut out)?;
        out.flush()?;
        fs::rename(&fresh, path)
    };
    write().map_err(|error| Bad(format!("{}: {error}", path.display())))?;
    println!("written  {}", path.display());
    Ok(())
}
