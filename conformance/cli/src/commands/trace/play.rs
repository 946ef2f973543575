//! `streamproof trace play`.

use crate::commands::judge::systems::MANAGER;
use crate::commands::judge::systems::SutArg;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

use crate::commands::judge::known;
use crate::commands::out::WIDTH;
use crate::commands::{Bad, Verdict, files, out};
use streamproof_conformance::picture::replay_diagram;
use streamproof_conformance::replay::{Found, Replay};
use streamproof_conformance::tours::{ReplayError, replay_trace};

#[derive(Args, Debug)]
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

fn as_json(replay: &Replay) -> serde_json::Value {
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
    json!({ "deviations": replay.found.iter().map(deviation).collect::<Vec<_>>() })
}

pub(in crate::commands) fn run(args: &PlayArgs) -> Result<Verdict, Bad> {
    out::give_way(args.svg.as_deref())?;
    let name = args.file.display();
    let trace = files::read_trace(&args.file)?;
    let sut = args.sut.sut();
    let known = known(&*sut)?;
    let replay = replay_trace(&*sut, &trace)
        .map_err(|error: ReplayError| Bad(format!("{name}: {error}")))?;
    let diagram = replay_diagram(&*sut, &trace, &replay);
    if args.json {
        outln!("{:#}", as_json(&replay));
    } else if args.log {
        for line in &replay.log {
            outln!("{line}");
        }
    } else {
        outln!("{}", diagram.to_terminal(WIDTH, out::has_colour()));
    }
    if let Some(svg) = &args.svg {
        files::write(svg, &diagram.to_svg())?;
    }
    let unlisted: Vec<_> =
        replay.found.iter().filter(|f| known.entry(f.deviation.breach).is_none()).collect();
    match (replay.found.is_empty(), unlisted.is_empty()) {
        _ if args.json => {}
        (true, _) => outln!("{name}: {} does as the trace permits", sut.name()),
        (false, true) => outln!("{name}: only known deviations of {}", sut.name()),
        (false, false) => outln!("{name}: {} unlisted deviations", unlisted.len()),
    }
    Ok(if unlisted.is_empty() { Verdict::Holds } else { Verdict::Fails })
}
