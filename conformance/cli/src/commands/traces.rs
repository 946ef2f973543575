//! `streamproof traces`.

use streamproof_model::trace::file;

use super::args::TracesArgs;
use super::conform::takes_side;
use super::{Bad, Verdict, files, find_preset};
use streamproof_conformance::tours::Tours;

pub(super) fn run(args: &TracesArgs) -> Result<Verdict, Bad> {
    let preset = find_preset(&args.preset)?;
    if !preset.is_replayed() {
        return Err(Bad(format!("preset {} is checked, not replayed: no tours", preset.name)));
    }
    if let Some(side) = args.side {
        takes_side(&preset, side.side())?;
    }
    let sut = args.sut.sut();
    let mut written = 0;
    for side in preset.sides() {
        if args.side.is_some_and(|only| only.side() != side) {
            continue;
        }
        let tours = Tours::with(preset, side, &*sut, args.criterion.criterion());
        if let Some(edge) = args.edge {
            let trace = tours.trace_to_edge(edge);
            let trace = trace.ok_or_else(|| {
                Bad(format!("preset {} has no edge {edge} as {side}", preset.name))
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
