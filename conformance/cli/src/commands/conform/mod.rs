//! `streamproof conform`.

mod run;

use std::fmt::Write as _;
use std::num::NonZero;

use streamproof_model::packed::Fingerprint;
use streamproof_model::rfc::identity::Side;
use streamproof_model::trace::Trace;
use streamproof_model::worlds::Tier;
use streamproof_model::worlds::streams::presets::{PRESETS, Preset};

use super::args::{ConformArgs, CriterionArg, TierArg};
use super::known::known;
use super::progress::Progress;
use super::report::WIDTH;
use super::systems::choosing;
use super::{Bad, Verdict, files, find_presets, out, threads};
use streamproof_conformance::picture::replay_diagram;
use streamproof_conformance::sut::Sut;
use streamproof_conformance::table::count;
use streamproof_conformance::tours::{Criterion, RoleReport, Tours, replay_trace};

pub(super) use run::{Run, Shown};

/// A graph with more edges is not kept as a whole: some gigabytes.
const MOST_EDGES: usize = 4_000_000;

pub(super) fn run(args: &ConformArgs) -> Result<Verdict, Bad> {
    out::give_way(args.edges.as_deref())?;
    let sut = choosing(args.sut.sut(), &args.choice)?;
    let presets = match args.presets.is_empty() {
        true => of_tier(args.tier.tier()),
        false => named(&args.presets)?,
    };
    if args.trace.is_some() || !args.edge.is_empty() {
        return one_trace(args, &*sut, &presets);
    }
    let only = args.side.map(|side| side.side());
    if let (Some(only), false) = (only, args.presets.is_empty()) {
        for preset in &presets {
            takes_side(preset, only)?;
        }
    }
    if args.edges.is_some() {
        one_role(args, &presets)?;
    }
    // Some deviations are only shown by a pair of edges: without pairs nothing can be called stale.
    let pairs = args.criterion != Some(CriterionArg::Edges);
    let quick = args.presets.is_empty() && args.tier == TierArg::Quick;
    let whole = quick && only.is_none() && pairs;
    let mut run = Run::new(&*sut, whole)?;
    run.fingerprints = args.json;
    for preset in presets {
        let preset = match sut.fit(preset) {
            Ok(preset) => preset,
            Err(why) => {
                run.skip(&format!("{}: {why}", preset.name));
                continue;
            }
        };
        for side in preset.sides() {
            if only.is_none_or(|only| only == side) {
                play(args, &*sut, &mut run, preset, side)?;
            }
        }
    }
    if args.json {
        outln!("{:#}", run.as_json(&*sut));
    } else {
        out!("{}", run.as_table());
        outln!();
        run.print_deviations(&*sut);
    }
    if let Some(folder) = &args.record {
        run.record(&*sut, folder)?;
    }
    run.draw_unlisted(&*sut, &args.out, args.json)?;
    Ok(run.verdict(&*sut))
}

/// Plays a preset on one side, unless its graph is too large.
fn play(
    args: &ConformArgs,
    sut: &dyn Sut,
    run: &mut Run,
    preset: Preset,
    side: Side,
) -> Result<(), Bad> {
    let criterion = criterion(args, &preset, sut);
    let Some(tours) = Tours::within(preset, side, sut, criterion, MOST_EDGES) else {
        run.skip(&format!(
            "{} as {side}: its graph has more than {} edges, or cannot be packed",
            preset.name,
            count(MOST_EDGES)
        ));
        return Ok(());
    };
    let tours = run.play(sut, tours, threads(args.threads)?)?;
    match &args.edges {
        Some(file) => files::write(file, &edges_of(&tours)),
        None => Ok(()),
    }
}

/// Larger presets, and stacks that make a handshake with TLS for each trace, are toured by their edges alone, unless
/// somebody wants more.
fn criterion(args: &ConformArgs, preset: &Preset, sut: &dyn Sut) -> Criterion {
    match (args.criterion, preset.tier) {
        (Some(criterion), _) => criterion.criterion(),
        (None, Tier::Quick) if sut.has_contract() => Criterion::Pairs,
        (None, Tier::Quick | Tier::Full | Tier::Named) => Criterion::Edges,
    }
}

fn of_tier(tier: Tier) -> Vec<Preset> {
    let meant = |preset: &&Preset| preset.is_replayed() && preset.tier == tier;
    PRESETS.iter().filter(meant).copied().collect()
}

/// Presets by name, all of them replayed.
pub(super) fn named(names: &[String]) -> Result<Vec<Preset>, Bad> {
    let found = match names.is_empty() {
        true => of_tier(Tier::Quick),
        false => find_presets(names)?,
    };
    match found.iter().find(|preset| !preset.is_replayed()) {
        Some(preset) => {
            Err(Bad(format!("preset {} is checked, not replayed: no tours", preset.name)))
        }
        None => Ok(found),
    }
}

/// Refuses a side that nobody can take in a preset.
pub(super) fn takes_side(preset: &Preset, side: Side) -> Result<(), Bad> {
    match preset.sides().contains(&side) {
        true => Ok(()),
        false => Err(Bad(format!("preset {} has no system under test as {side}", preset.name))),
    }
}

/// The one preset and the one side that are asked for.
fn one_role(args: &ConformArgs, presets: &[Preset]) -> Result<(Preset, Side), Bad> {
    let ([preset], Some(side)) = (presets, args.side) else {
        return Err(Bad("--trace, --edge and --edges need one preset and --side".to_owned()));
    };
    takes_side(preset, side.side())?;
    Ok((*preset, side.side()))
}

fn one_trace(args: &ConformArgs, sut: &dyn Sut, presets: &[Preset]) -> Result<Verdict, Bad> {
    let (preset, side) = one_role(args, presets)?;
    let preset = sut.fit(preset).map_err(|why| Bad(format!("{}: {why}", preset.name)))?;
    let trace = match args.trace {
        Some(number) => by_number(args, sut, preset, side, number)?,
        None => by_edges(args, sut, preset, side)?,
    };
    let replay = replay_trace(sut, &trace).map_err(|error| Bad(error.to_string()))?;
    let diagram = replay_diagram(sut, &trace, &replay);
    outln!("{}", diagram.to_terminal(WIDTH, out::has_colour()));
    let known = known(sut)?;
    let listed = replay.found.iter().all(|found| known.entry(found.deviation.breach).is_some());
    Ok(if listed { Verdict::Holds } else { Verdict::Fails })
}

fn by_number(
    args: &ConformArgs,
    sut: &dyn Sut,
    preset: Preset,
    side: Side,
    number: usize,
) -> Result<Trace, Bad> {
    let mut tours = Tours::with(preset, side, sut, criterion(args, &preset, sut));
    if tours.trace(number).is_none() {
        // It may be one of those that are made on the way, around a deviation.
        run_tours(sut, &mut tours, threads(args.threads)?)?;
    }
    let none = || Bad(format!("preset {} has no tour {number} as {side}", preset.name));
    tours.trace(number).ok_or_else(none)
}

fn by_edges(args: &ConformArgs, sut: &dyn Sut, preset: Preset, side: Side) -> Result<Trace, Bad> {
    let mut edges = Vec::new();
    for text in &args.edge {
        let fingerprint = Fingerprint::from_str_radix(text, 16);
        edges.push(fingerprint.map_err(|error| Bad(format!("\"{text}\" names no edge: {error}")))?);
    }
    let tours = Tours::with(preset, side, sut, Criterion::Edges);
    tours.by_edges(&edges).ok_or_else(|| {
        let named = args.edge.join(",");
        Bad(format!("preset {} has no edges {named} one after the other", preset.name))
    })
}

fn edges_of(tours: &Tours) -> String {
    let mut text = String::new();
    for (fingerprint, action, taken) in tours.edges() {
        let taken = if taken { "taken" } else { "untaken" };
        let _ = writeln!(text, "{fingerprint:016x}\t{taken}\t{action}");
    }
    text
}

fn run_tours(sut: &dyn Sut, tours: &mut Tours, threads: NonZero<usize>) -> Result<RoleReport, Bad> {
    let line = Progress::new(format!(
        "playing {} as {} against {}",
        tours.preset.name,
        tours.side,
        sut.name()
    ));
    let progress = |done: usize| line.tell(&format!("{} traces", count(done)));
    tours.run(sut, threads, &progress).map_err(|error| Bad(format!("{}: {error}", sut.name())))
}
