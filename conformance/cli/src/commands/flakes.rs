//! `streamproof flakes`.

use std::num::NonZero;

use clap::Args;

use streamproof_simulation::Dice;

use super::conform::named;
use super::systems::{MANAGER, SutArg};
use super::{Bad, Verdict, threads};
use streamproof_conformance::sut::Sut;
use streamproof_conformance::table::count;
use streamproof_conformance::tours::{Criterion, Tours, flakes};

#[derive(Args, Debug)]
pub(super) struct FlakesArgs {
    /// From which presets the traces are taken; from all quick ones that can be replayed if none is named.
    presets: Vec<String>,
    /// The system under test.
    #[arg(long, value_name = "STACK", default_value = MANAGER)]
    sut: SutArg,
    /// How many traces.
    #[arg(long, default_value_t = 3)]
    traces: usize,
    /// How often each is played.
    #[arg(long, default_value_t = 10_000)]
    plays: usize,
    /// Which traces: what is random comes from here.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many threads; as many as there are cores if not given.
    #[arg(long)]
    threads: Option<NonZero<usize>>,
}

pub(super) fn run(args: &FlakesArgs) -> Result<Verdict, Bad> {
    if args.traces == 0 || args.plays < 2 {
        return Err(Bad("flakes wants at least one trace, and two plays of it".to_owned()));
    }
    let presets = named(&args.presets)?;
    let threads = threads(args.threads)?;
    let sut = &*args.sut.sut();
    let mut dice = Dice::new(args.seed);
    let mut roll = |sides: usize| dice.roll(sides as u64) as usize;
    outln!("{}, seed {}: each trace {} times", sut.name(), args.seed, count(args.plays));
    for _ in 0..args.traces {
        let preset = presets[roll(presets.len())];
        let sides = preset.sides();
        let side = sides[roll(sides.len())];
        let tours = Tours::with(preset, side, sut, Criterion::Edges);
        let numbers = tours.numbers();
        let number = numbers[roll(numbers.len())];
        let Some(trace) = tours.trace(number) else { continue };
        let here = format!("{} as {side}, tour {number}", preset.name);
        let flake = flakes(sut, &trace, args.plays, threads);
        match flake.map_err(|error| Bad(format!("{here}: {error}")))? {
            None => outln!("same      {here}, {} steps", trace.actions.len()),
            Some(flake) => {
                outln!("DIFFERENT {here}, play {}", count(flake.play + 1));
                outln!("  first     {}", flake.first);
                outln!("  here      {}", flake.here);
                outln!("  repeat    {}", repeat(args, sut));
                return Ok(Verdict::Fails);
            }
        }
    }
    outln!("HOLDS: {} plays without a difference", count(args.traces * args.plays));
    Ok(Verdict::Holds)
}

fn repeat(args: &FlakesArgs, sut: &dyn Sut) -> String {
    let presets: String = args.presets.iter().map(|preset| format!(" {preset}")).collect();
    let (seed, traces, plays) = (args.seed, args.traces, args.plays);
    format!(
        "streamproof flakes --sut {} --seed {seed} --traces {traces} --plays {plays}{presets}",
        sut.name()
    )
}
