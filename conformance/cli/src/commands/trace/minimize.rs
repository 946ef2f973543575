//! `streamproof trace minimize`: a failing trace with nothing in it that the failure does not need. Its file says what it
//! shows.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;
use streamproof_model::trace::Trace;

use crate::commands::judge::systems::SutArgs;
use crate::commands::progress::Progress;
use crate::commands::{UsageError, Verdict, files, of_schema, out};
use streamproof_conformance::export::pick;
use streamproof_conformance::picture::replay_diagram;
use streamproof_conformance::record::record;
use streamproof_conformance::sut::Sut;
use streamproof_conformance::tours::replay_trace;

/// Minimize a failing trace.
#[derive(Args, Debug)]
#[command(after_help = "Example:
  streamproof trace minimize trace.ndjson --sut quinn --breach stop-after-reset")]
pub(in crate::commands) struct MinimizeArgs {
    /// The trace file; `-` is standard input.
    file: PathBuf,
    #[command(flatten)]
    sut: SutArgs,
    /// Keep this deviation, by its id; the first that the trace shows if none is named. With `--in-place`, the
    /// one that the file is named after.
    #[arg(long, value_name = "ID")]
    breach: Option<String>,
    /// Where the minimized trace is written; NAME-minimized.ndjson beside the original if not given.
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write the minimized trace into the file itself.
    #[arg(long, conflicts_with = "out")]
    in_place: bool,
    /// Print JSON instead of a diagram.
    #[arg(long)]
    json: bool,
}

impl MinimizeArgs {
    /// The id of the deviation that is to be kept; the first one if none is said.
    fn wanted(&self) -> Option<String> {
        let stem = || Some(self.file.file_stem()?.to_string_lossy().into_owned());
        self.breach.clone().or_else(|| self.in_place.then(stem).flatten())
    }
}

pub(in crate::commands) fn run(args: &MinimizeArgs) -> Result<Verdict, UsageError> {
    let out = match args.in_place {
        true => args.file.clone(),
        false => args.out.clone().unwrap_or_else(|| beside(&args.file)),
    };
    out::give_way([out.as_path()], args.json)?;
    let name = args.file.display();
    let bad = |error: &dyn std::fmt::Display| UsageError(format!("{name}: {error}"));
    let trace = files::read_trace(&args.file)?;
    let sut = args.sut.sut()?;
    let replay = replay_trace(&*sut, &trace).map_err(|error| bad(&error))?;
    let wanted = args.wanted();
    let found = pick(&*sut, &replay.found, wanted.as_deref()).map_err(|error| {
        let named = match args.in_place && args.breach.is_none() {
            true => ", the deviation that the file is named after; --breach ID names another",
            false => "",
        };
        bad(&format!("{error}{named}"))
    })?;
    let breach = found.deviation.breach;
    let line = Progress::new(format!("minimizing {name}"));
    let recorded = record(&*sut, &trace, breach).map_err(|error| bad(&error))?;
    drop(line);
    let (minimized, text) = recorded.ok_or_else(|| bad(&"does not show it a second time"))?;
    files::write(&out, &text)?;
    if args.json {
        let (steps, before) = (minimized.trace.actions.len(), trace.actions.len());
        let content = json!({
            "sut": sut.name(),
            "breach": breach.id(),
            "file": out,
            "steps": steps,
            "steps_before": before,
            "replays": minimized.plays,
        });
        outln!("{:#}", of_schema("trace-minimize", content));
        return Ok(Verdict::Holds);
    }
    draw(&*sut, &minimized.trace)?;
    outln!(
        "{}: {} steps where {name} has {}, found by {} replays",
        out.display(),
        minimized.trace.actions.len(),
        trace.actions.len(),
        minimized.plays,
    );
    outln!("repeat   streamproof trace play --sut {} {}", sut.name(), out.display());
    Ok(Verdict::Holds)
}

fn draw(sut: &dyn Sut, trace: &Trace) -> Result<(), UsageError> {
    let replay = replay_trace(sut, trace).map_err(|error| UsageError(error.to_string()))?;
    let diagram = replay_diagram(sut, trace, &replay);
    outln!("{}", diagram.to_terminal(out::width(), out::has_colour()));
    Ok(())
}

/// `trace.ndjson` becomes `trace-minimized.ndjson`; what comes from standard input goes to standard output.
fn beside(file: &Path) -> PathBuf {
    if files::is_stdin(file) {
        return file.to_owned();
    }
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    file.with_file_name(format!("{stem}-minimized.ndjson"))
}
