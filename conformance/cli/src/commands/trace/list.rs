//! `streamproof trace list`.

use crate::commands::judge::systems::MANAGER;
use crate::commands::judge::systems::SutArg;
use crate::commands::shared::{CriterionArg, SideArg};
use clap::Args;
use std::path::PathBuf;
use streamproof_model::trace::file;

use crate::commands::judge::fingerprints;
use crate::commands::{Bad, Verdict, files, find_preset};
use streamproof_conformance::tours::Tours;

#[derive(Args, Debug)]
pub(in crate::commands) struct ListArgs {
    /// The preset.
    pub(in crate::commands) preset: String,
    /// The folder to write into. It is made if it does not exist.
    #[arg(long)]
    pub(in crate::commands) out: PathBuf,
    /// What the tours are to take. Those over edges come first, with the same numbers either way.
    #[arg(long, value_enum, default_value_t = CriterionArg::Edges)]
    pub(in crate::commands) criterion: CriterionArg,
    /// Whose way the traces go where the RFC leaves a choice.
    #[arg(long, value_name = "STACK", default_value = MANAGER)]
    pub(in crate::commands) sut: SutArg,
    /// Only for the system under test on this side of the connection.
    #[arg(long, value_enum)]
    pub(in crate::commands) side: Option<SideArg>,
    /// Only the shortest way to the first of these edges and then all of them: fingerprints, as `judge run --edges`
    /// writes them, with commas.
    #[arg(long, value_name = "FINGERPRINTS", requires = "side", value_delimiter = ',')]
    pub(in crate::commands) edge: Vec<String>,
}

pub(in crate::commands) fn run(args: &ListArgs) -> Result<Verdict, Bad> {
    let preset = find_preset(&args.preset)?;
    if !preset.is_replayed() {
        return Err(Bad(format!("preset {} is checked, not replayed: no tours", preset.name)));
    }
    if let Some(side) = args.side {
        let side = side.side();
        if !preset.sides().contains(&side) {
            return Err(Bad(format!("preset {} has no system under test as {side}", preset.name)));
        }
    }
    let sut = args.sut.sut();
    let mut written = 0;
    for side in preset.sides() {
        if args.side.is_some_and(|only| only.side() != side) {
            continue;
        }
        let tours = Tours::with(preset, side, &*sut, args.criterion.criterion());
        if !args.edge.is_empty() {
            let edge = args.edge.join(",");
            let trace = tours.by_edges(&fingerprints(&args.edge)?).ok_or_else(|| {
                Bad(format!("preset {} has no edges {edge} as {side}", preset.name))
            })?;
            let text = file::write(&trace).map_err(|error| Bad(error.to_string()))?;
            let name = format!("{}-{side}-edge-{edge}.ndjson", preset.name);
            files::write(&args.out.join(name), &text)?;
            written += 1;
            continue;
        }
        let [edges, _] = tours.fingerprints();
        outln!("{} as {side}: edges {edges:016x}", preset.name);
        for number in tours.numbers() {
            let Some(trace) = tours.trace(number) else { continue };
            let text = file::write(&trace).map_err(|error| Bad(error.to_string()))?;
            let name = format!("{}-{side}-{number:06}.ndjson", preset.name);
            files::write(&args.out.join(name), &text)?;
            written += 1;
        }
    }
    outln!("{written} traces written to {}", args.out.display());
    Ok(Verdict::Holds)
}
