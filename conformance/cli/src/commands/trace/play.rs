//! `streamproof trace play`.

use crate::commands::judge::systems::MANAGER;
use crate::commands::judge::systems::SutArg;
use clap::Args;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::commands::judge::{known, version};
use crate::commands::{UsageError, Verdict, files, of_schema, out};
use streamproof_conformance::deviations::Known;
use streamproof_conformance::picture::replay_diagram;
use streamproof_conformance::replay::{Found, Replay};
use streamproof_conformance::sut::Sut;
use streamproof_conformance::tours::{ReplayError, replay_trace};

/// Play one trace file against a stack.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  streamproof trace play conformance/regressions/stop-after-reset.ndjson --sut quinn
  streamproof trace play trace.ndjson --svg trace.svg")]
pub(in crate::commands) struct PlayArgs {
    /// The trace file; `-` is standard input.
    pub(in crate::commands) file: PathBuf,
    /// The system under test.
    #[arg(long, value_name = "STACK", default_value = MANAGER)]
    pub(in crate::commands) sut: SutArg,
    /// Write the replay as an SVG sequence diagram to this file.
    #[arg(long)]
    pub(in crate::commands) svg: Option<PathBuf>,
    /// Print every packet instead of a diagram.
    #[arg(long)]
    pub(in crate::commands) log: bool,
    /// Print what deviates as JSON instead of a diagram.
    #[arg(long, conflicts_with = "log")]
    pub(in crate::commands) json: bool,
}

fn as_json(sut: &dyn Sut, known: &Known, replay: &Replay) -> serde_json::Value {
    let deviation = |found: &Found| {
        let citation = found.deviation.breach.citation();
        let entry = known.entry(found.deviation.breach);
        let facts: BTreeMap<_, _> = entry.iter().flat_map(|entry| entry.facts()).collect();
        json!({
            "id": found.deviation.breach.id(),
            "section": citation.section,
            "level": citation.level,
            "after_stimulus": found.at + 1,
            "seen": found.deviation.seen,
            "permitted": found.deviation.permitted,
            "situation": found.situation,
            "listed": known.shows_in(found.deviation.breach, &found.situation),
            "why": entry.map(|entry| entry.why.trim()),
            "facts": facts,
        })
    };
    json!({ "sut": sut.name(), "version": sut.version(), "deviations": replay.found.iter().map(deviation).collect::<Vec<_>>() })
}

/// What the stack's list says of each deviation, once.
fn print_known(sut: &dyn Sut, known: &Known, replay: &Replay) {
    let breaches: BTreeSet<_> = replay.found.iter().map(|found| found.deviation.breach).collect();
    for entry in breaches.into_iter().filter_map(|breach| known.entry(breach)) {
        let name = format!("{} {}", sut.name(), sut.version());
        outln!("{}, known of {}", entry.id, name.trim());
        out::paragraph("  ", &entry.why);
        for (word, fact) in entry.facts() {
            out::paragraph(&format!("  {word:<11}"), &fact);
        }
        outln!();
    }
}

pub(in crate::commands) fn run(args: &PlayArgs) -> Result<Verdict, UsageError> {
    out::give_way(args.svg.as_deref(), args.json)?;
    let name = args.file.display();
    if let Some((stack, version)) = args.sut.version() {
        return version::run(stack, version);
    }
    let trace = files::read_trace(&args.file)?;
    let sut = args.sut.sut()?;
    let known = known(&*sut)?;
    let replay = replay_trace(&*sut, &trace)
        .map_err(|error: ReplayError| UsageError(format!("{name}: {error}")))?;
    let diagram = replay_diagram(&*sut, &trace, &replay);
    if args.json {
        outln!("{:#}", of_schema("trace-play", as_json(&*sut, &known, &replay)));
    } else if args.log {
        for line in &replay.log {
            outln!("{line}");
        }
    } else {
        outln!("{}", diagram.to_terminal(out::width(), out::has_colour()));
    }
    if let Some(svg) = &args.svg {
        files::write(svg, &diagram.to_svg())?;
    }
    let is_listed = |found: &&Found| known.shows_in(found.deviation.breach, &found.situation);
    let unlisted: Vec<_> = replay.found.iter().filter(|found| !is_listed(found)).collect();
    if !args.json && !args.log {
        print_known(&*sut, &known, &replay);
    }
    if !args.json {
        let how = match (replay.found.is_empty(), unlisted.is_empty()) {
            (true, _) => format!("{} does as the trace permits", sut.name()),
            (false, true) => format!("only known deviations of {}", sut.name()),
            (false, false) => format!("{} unlisted deviations", unlisted.len()),
        };
        out::paragraph("", &format!("{name}: {how}"));
    }
    Ok(if unlisted.is_empty() { Verdict::Holds } else { Verdict::Fails })
}
