//! `streamproof traces`.

use streamproof_model::trace::file;

use super::conform::takes_role;
use super::{Bad, TracesArgs, Verdict, files, find_preset};
use crate::conform::Tours;

pub(super) fn run(args: &TracesArgs) -> Result<Verdict, Bad> {
    let preset = find_preset(&args.preset)?;
    if !preset.is_replayed() {
        return Err(Bad(format!("preset {} is checked, not replayed: no tours", preset.name)));
    }
    if let Some(role) = args.role {
        takes_role(&preset, role.role())?;
    }
    let sut = args.sut.sut();
    let mut written = 0;
    for role in preset.roles() {
        if args.role.is_some_and(|only| only.role() != role) {
            continue;
        }
        for (number, trace) in Tours::make(preset, role, &*sut).traces() {
            let text = file::write(&trace).map_err(|error| Bad(error.to_string()))?;
            let name = format!("{}-{role}-{number:06}.ndjson", preset.name);
            files::write(&args.out.join(name), &text)?;
            written += 1;
        }
    }
    println!("{written} traces written to {}", args.out.display());
    Ok(Verdict::Holds)
}
