//! `streamproof judge run --repeat`: whether replays are deterministic.

use streamproof_conformance::sut::Sut;
use streamproof_conformance::table::count;
use streamproof_conformance::tours::{Criterion, Tours, repeat};
use streamproof_model::worlds::Tier;
use streamproof_model::worlds::streams::presets::{PRESETS, Preset};
use streamproof_simulation::Dice;

use super::args::RunArgs;
use crate::commands::{UsageError, Verdict, find_preset, threads};

/// Plays random traces this many times each, and compares what comes back byte for byte.
pub(super) fn run(args: &RunArgs, sut: &dyn Sut, plays: usize) -> Result<Verdict, UsageError> {
    if args.traces == 0 || plays < 2 || args.traces.checked_mul(plays).is_none() {
        return Err(UsageError(
            "--repeat needs at least one trace, and two plays of it".to_owned(),
        ));
    }
    let presets = replayed(&args.presets)?;
    let threads = threads(args.threads)?;
    let mut dice = Dice::new(args.seed);
    let mut roll = |sides: usize| dice.roll(sides as u64) as usize;
    let mut played = 0;
    outln!("{}, seed {}: each trace {} times", sut.name(), args.seed, count(plays));
    for _ in 0..args.traces {
        let preset = presets[roll(presets.len())];
        let preset =
            sut.fit(preset).map_err(|why| UsageError(format!("{}: {why}", preset.name)))?;
        let sides = preset.sides();
        let side = sides[roll(sides.len())];
        let tours = Tours::with(preset, side, sut, Criterion::Edges);
        let numbers = tours.numbers();
        let number = numbers[roll(numbers.len())];
        let Some(trace) = tours.trace(number) else { continue };
        let here = format!("{} as {side}, tour {number}", preset.name);
        let difference = repeat(sut, &trace, plays, threads);
        match difference.map_err(|error| UsageError(format!("{here}: {error}")))? {
            None => {
                played += plays;
                outln!("same      {here}, {} steps", trace.actions.len());
            }
            Some(difference) => {
                outln!("DIFFERENT {here}, play {}", count(difference.play + 1));
                outln!("  first     {}", difference.first);
                outln!("  here      {}", difference.here);
                outln!("  repeat    {}", repeat_command(args, sut, plays));
                return Ok(Verdict::Fails);
            }
        }
    }
    if played == 0 {
        outln!("INCOMPLETE: there was no trace to play");
        return Ok(Verdict::Incomplete);
    }
    outln!("HOLDS: {} plays without a difference", count(played));
    Ok(Verdict::Holds)
}

fn repeat_command(args: &RunArgs, sut: &dyn Sut, plays: usize) -> String {
    let presets: String = args.presets.iter().map(|preset| format!(" {preset}")).collect();
    let (seed, traces, sut) = (args.seed, args.traces, sut.name());
    format!(
        "streamproof judge run --sut {sut} --repeat {plays} --seed {seed} --traces {traces}{presets}"
    )
}

/// Presets by name, all of them replayed; the quick ones if none is named.
pub(super) fn replayed(names: &[String]) -> Result<Vec<Preset>, UsageError> {
    if names.is_empty() {
        let quick = |preset: &&Preset| preset.is_replayed() && preset.tier == Tier::Quick;
        return Ok(PRESETS.iter().filter(quick).copied().collect());
    }
    let find = |name: &String| match find_preset(name)? {
        preset if preset.is_replayed() => Ok(preset),
        preset => {
            Err(UsageError(format!("preset {} is checked, not replayed: no tours", preset.name)))
        }
    };
    names.iter().map(find).collect()
}
