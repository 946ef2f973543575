//! Names on the command line, and the worlds they stand for.

use streamproof_model::check::engine::Checked;
use streamproof_model::mutants::MUTANTS;
use streamproof_model::world::presets::{PRESETS, Tier};
use streamproof_model::world::system::World;
use streamproof_model::{lifecycle, reset_at};

use super::{Bad, find_preset};

/// What is asked for: worlds of streams, of RESET_STREAM_AT, and of the tasks inside one endpoint.
#[derive(Default)]
pub(super) struct Worlds {
    pub(super) streams: Vec<World>,
    pub(super) reset_at: Vec<reset_at::world::World>,
    pub(super) lifecycle: Vec<lifecycle::World>,
}

pub(super) fn worlds(names: &[String], tier: Tier, mutant: Option<&str>) -> Result<Worlds, Bad> {
    let Some(name) = mutant else { return right_worlds(names, tier) };
    let one = |preset: &str| [preset.to_owned()];
    if let Some(mutant) = MUTANTS.iter().find(|mutant| mutant.name == name) {
        let own = one(mutant.preset);
        let mut worlds = right_worlds(if names.is_empty() { &own } else { names }, tier)?;
        worlds.streams.iter_mut().for_each(|world| world.rules = mutant.rules);
        let others = worlds.reset_at.first().map(Checked::name);
        return foreign(name, others.or(worlds.lifecycle.first().map(Checked::name)))
            .map(|()| worlds);
    }
    if let Some(mutant) = reset_at::mutants::MUTANTS.iter().find(|mutant| mutant.name == name) {
        let own = one(mutant.preset);
        let mut worlds = right_worlds(if names.is_empty() { &own } else { names }, tier)?;
        worlds.reset_at.iter_mut().for_each(|world| world.rules = mutant.rules);
        let others = worlds.streams.first().map(Checked::name);
        return foreign(name, others.or(worlds.lifecycle.first().map(Checked::name)))
            .map(|()| worlds);
    }
    if let Some(design) = lifecycle::Design::find(name) {
        let own = one(design.preset);
        let mut worlds = right_worlds(if names.is_empty() { &own } else { names }, tier)?;
        worlds.lifecycle.iter_mut().for_each(|world| world.design = design);
        let other = worlds.streams.first().map(Checked::name);
        return foreign(name, other.or(worlds.reset_at.first().map(Checked::name)))
            .map(|()| worlds);
    }
    let names = MUTANTS.iter().map(|mutant| mutant.name);
    let names = names.chain(reset_at::mutants::MUTANTS.iter().map(|mutant| mutant.name));
    let names: Vec<_> = names.chain(lifecycle::DESIGNS.iter().map(|design| design.name)).collect();
    Err(Bad(format!("no mutant is called \"{name}\"; there are: {}", names.join("; "))))
}

/// A mutant's rules say nothing of the other kind of preset.
fn foreign(mutant: &str, preset: Option<&str>) -> Result<(), Bad> {
    match preset {
        None => Ok(()),
        Some(preset) => Err(Bad(format!("preset {preset} has no rule for \"{mutant}\""))),
    }
}

/// The presets with these names, each once, all if there is no name, under their own rules.
fn right_worlds(names: &[String], tier: Tier) -> Result<Worlds, Bad> {
    let mut worlds = Worlds::default();
    if names.is_empty() {
        let of_tier = PRESETS.iter().filter(|preset| preset.tier == tier);
        worlds.streams.extend(of_tier.copied().map(World::new));
        if tier == Tier::Quick {
            let presets = reset_at::presets::PRESETS.iter().copied();
            worlds.reset_at.extend(presets.map(reset_at::world::World::new));
            worlds.lifecycle.extend(lifecycle::PRESETS.iter().copied().map(lifecycle::World::new));
        }
    }
    for name in names {
        match name.strip_suffix("...") {
            Some(prefix) => worlds.add_all(prefix)?,
            None => worlds.add(name)?,
        }
    }
    Ok(worlds)
}

impl Worlds {
    /// Adds every preset whose name begins like this.
    fn add_all(&mut self, prefix: &str) -> Result<(), Bad> {
        let all = PRESETS.iter().map(|preset| preset.name);
        let all = all.chain(reset_at::presets::PRESETS.iter().map(|preset| preset.name));
        let all = all.chain(lifecycle::PRESETS.iter().map(|preset| preset.name));
        let mut these = all.filter(|name| name.starts_with(prefix)).peekable();
        if these.peek().is_none() {
            return Err(Bad(format!("no preset's name begins with \"{prefix}\"")));
        }
        these.try_for_each(|name| self.add(name))
    }

    /// Adds the preset of this name, if it is not there yet.
    fn add(&mut self, name: &str) -> Result<(), Bad> {
        if let Some(preset) = reset_at::presets::Preset::find(name) {
            add(&mut self.reset_at, reset_at::world::World::new(preset));
        } else if let Some(preset) = lifecycle::Preset::find(name) {
            add(&mut self.lifecycle, lifecycle::World::new(preset));
        } else {
            add(&mut self.streams, World::new(find_preset(name)?));
        }
        Ok(())
    }
}

fn add<W: Checked>(worlds: &mut Vec<W>, world: W) {
    if worlds.iter().all(|known| known.name() != world.name()) {
        worlds.push(world);
    }
}
