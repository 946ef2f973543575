//! `streamproof trace play`.

use crate::commands::judge::systems::MANAGER;
use crate::commands::judge::systems::SutArg;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

use crate::commands::judge::known;
use crate::commands::{UsageError, Verdict, files, of_schema, out};
use streamproof_conformance::picture::replay_diagram;
use streamproof_conformance::replay::{Found, Replay};
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

fn as_json(sut: &str, replay: &Replay) -> serde_json::Value {
    let deviation = |found: &Found| {
        let citation = found.deviation.breach.citation();
        json!({
            "id": found.deviation.breach.id(),
            "section": citation.section,
            "level": citation.level,
            "after_stimulus": found.at + 1,
            "seen": found.deviation.seen,
            "permitted": found.deviation.permitted,
        })
    };
    json!({ "sut": sut, "deviations": replay.found.iter().map(deviation).collect::<Vec<_>>() })
}

pub(in crate::commands) fn run(args: &PlayArgs) -> Result<Verdict, UsageError> {
    out::give_way(args.svg.as_deref(), args.json)?;
    let name = args.file.display();
    let trace = files::read_trace(&args.file)?;
    let sut = args.sut.sut();
    let known = known(&*sut)?;
    let replay = replay_trace(&*sut, &trace)
        .map_err(|error: ReplayError| UsageError(format!("{name}: {error}")))?;
    let diagram = replay_diagram(&*sut, &trace, &replay);
    if args.json {
        outln!("{:#}", of_schema("trace-play", as_json(sut.name(), &replay)));
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
    let unlisted: Vec<_> =
        replay.found.iter().filter(|f| known.entry(f.deviation.breach).is_none()).collect();
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
