//! `streamproof judge run` of one tour, of some edges, or for a list of edges.

use std::fmt::Write as _;
use std::path::Path;

use streamproof_conformance::picture::replay_diagram;
use streamproof_conformance::replay::Found;
use streamproof_conformance::sut::Sut;
use streamproof_conformance::tours::{Criterion, Tours, replay_trace};
use streamproof_model::packed::Fingerprint;
use streamproof_model::rfc::identity::Side;
use streamproof_model::trace::Trace;
use streamproof_model::worlds::Tier;
use streamproof_model::worlds::streams::presets::Preset;

use super::args::RunArgs;
use super::known;
use crate::commands::{UsageError, Verdict, files, find_preset, out, threads};

/// Plays the one tour, or the edges, that were asked for, and draws it.
pub(super) fn run(args: &RunArgs, sut: &dyn Sut) -> Result<Verdict, UsageError> {
    let (preset, side) = one_role(args, sut)?;
    let trace = match args.tour {
        Some(number) => by_number(args, sut, preset, side, number)?,
        None => by_edges(args, sut, preset, side)?,
    };
    let replay = replay_trace(sut, &trace).map_err(|error| UsageError(error.to_string()))?;
    let diagram = replay_diagram(sut, &trace, &replay);
    outln!("{}", diagram.to_terminal(out::width(), out::has_colour()));
    let known = known(sut)?;
    let is_listed = |found: &Found| known.shows_in(found.deviation.breach, &found.situation);
    let listed = replay.found.iter().all(is_listed);
    Ok(if listed { Verdict::Holds } else { Verdict::Fails })
}

/// Plays one row, and writes each of its edges to a file.
pub(super) fn edges(args: &RunArgs, sut: &dyn Sut, file: &Path) -> Result<Verdict, UsageError> {
    let (preset, side) = one_role(args, sut)?;
    let mut tours = Tours::with(preset, side, sut, criterion(args, &preset, sut));
    let report = play(args, sut, &mut tours)?;
    let mut text = String::new();
    for (fingerprint, action, taken) in tours.edges() {
        let taken = if taken { "taken" } else { "untaken" };
        let _ = writeln!(text, "{fingerprint:016x}\t{taken}\t{action}");
    }
    files::write(file, &text)?;
    Ok(if report { Verdict::Holds } else { Verdict::Incomplete })
}

/// Plays tours; whether all was taken.
fn play(args: &RunArgs, sut: &dyn Sut, tours: &mut Tours) -> Result<bool, UsageError> {
    let report = tours.run(sut, threads(args.threads)?, &|_| {});
    let report = report.map_err(|error| UsageError(format!("{}: {error}", sut.name())))?;
    Ok(report.is_covered())
}

/// The one preset and the one side that are asked for, as far as the stack fits.
fn one_role(args: &RunArgs, sut: &dyn Sut) -> Result<(Preset, Side), UsageError> {
    let ([name], Some(side)) = (&args.presets[..], args.side) else {
        return Err(UsageError("--tour, --edge and --edges need one preset and --side".to_owned()));
    };
    let (preset, side) = (find_preset(name)?, side.side());
    if !preset.is_replayed() {
        return Err(UsageError(format!("preset {name} is checked, not replayed: no tours")));
    }
    if !preset.sides().contains(&side) {
        return Err(UsageError(format!("preset {name} has no system under test as {side}")));
    }
    let preset = sut.fit(preset).map_err(|why| UsageError(format!("{name}: {why}")))?;
    Ok((preset, side))
}

fn criterion(args: &RunArgs, preset: &Preset, sut: &dyn Sut) -> Criterion {
    match (args.criterion, preset.tier) {
        (Some(criterion), _) => criterion.criterion(),
        (None, Tier::Quick) if sut.has_contract() => Criterion::Pairs,
        (None, Tier::Quick | Tier::Full | Tier::Named) => Criterion::Edges,
    }
}

fn by_number(
    args: &RunArgs,
    sut: &dyn Sut,
    preset: Preset,
    side: Side,
    number: usize,
) -> Result<Trace, UsageError> {
    let mut tours = Tours::with(preset, side, sut, criterion(args, &preset, sut));
    if tours.trace(number).is_none() {
        // It may be one of those that are made on the way, around a deviation.
        play(args, sut, &mut tours)?;
    }
    let none = || UsageError(format!("preset {} has no tour {number} as {side}", preset.name));
    tours.trace(number).ok_or_else(none)
}

fn by_edges(
    args: &RunArgs,
    sut: &dyn Sut,
    preset: Preset,
    side: Side,
) -> Result<Trace, UsageError> {
    let edges = fingerprints(&args.edge)?;
    let tours = Tours::with(preset, side, sut, Criterion::Edges);
    tours.by_edges(&edges).ok_or_else(|| {
        let named = args.edge.join(",");
        UsageError(format!("preset {} has no edges {named} one after the other", preset.name))
    })
}

/// Edges by what `--edges` and a failing run call them.
pub(in crate::commands) fn fingerprints(texts: &[String]) -> Result<Vec<Fingerprint>, UsageError> {
    let parse = |text: &String| {
        let fingerprint = Fingerprint::from_str_radix(text, 16);
        let why = "a fingerprint has 16 hexadecimal digits";
        fingerprint.map_err(|_| UsageError(format!("\"{text}\" names no edge: {why}")))
    };
    texts.iter().map(parse).collect()
}
