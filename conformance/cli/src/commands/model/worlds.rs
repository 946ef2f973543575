//! Names on the command line, and the worlds they stand for.

use streamproof_model::check::any::{AnyWorld, all, find, wrong};
use streamproof_model::worlds::Tier;

use crate::commands::{UsageError, names as known_names};

/// The presets with these names, each once, a whole tier if there is no name; under a wrong rule if `mutant` names
/// one, in the preset where that is looked for if there is no name.
pub(super) fn worlds(
    names: &[String],
    tier: Tier,
    mutant: Option<&str>,
) -> Result<Vec<Box<dyn AnyWorld>>, UsageError> {
    let Some(name) = mutant else { return right_worlds(names, tier) };
    let Some(known) = wrong().into_iter().find(|wrong| wrong.name == name) else {
        let known = wrong().into_iter().map(|wrong| wrong.name);
        return Err(known_names::unknown("mutant", name, known, "streamproof model mutants"));
    };
    let own = [known.preset.to_owned()];
    let worlds = right_worlds(if names.is_empty() { &own } else { names }, tier)?;
    let under = |world: &dyn AnyWorld| {
        let preset = world.about().name;
        // A wrong rule says nothing of another type of world.
        world
            .under(name)
            .ok_or_else(|| UsageError(format!("preset {preset} has no rule for \"{name}\"")))
    };
    worlds.iter().map(|world| under(world.as_ref())).collect()
}

/// The same under their own rules.
fn right_worlds(names: &[String], tier: Tier) -> Result<Vec<Box<dyn AnyWorld>>, UsageError> {
    if names.is_empty() {
        return Ok(all().into_iter().filter(|world| world.about().tier == tier).collect());
    }
    let mut worlds: Vec<Box<dyn AnyWorld>> = Vec::new();
    for name in names {
        for world in named(name)? {
            if worlds.iter().all(|known| known.about().name != world.about().name) {
                worlds.push(world);
            }
        }
    }
    Ok(worlds)
}

/// The preset of this name; if it ends in "...", all whose names begin so.
fn named(name: &str) -> Result<Vec<Box<dyn AnyWorld>>, UsageError> {
    let Some(prefix) = name.strip_suffix("...") else {
        let known = all().into_iter().map(|world| world.about().name);
        let lists = "streamproof model presets";
        return Ok(vec![
            find(name).ok_or_else(|| known_names::unknown("preset", name, known, lists))?,
        ]);
    };
    let mut these = all();
    these.retain(|world| world.about().name.starts_with(prefix));
    match these.is_empty() {
        true => Err(UsageError(format!(
            "no preset's name begins with \"{prefix}\"; `streamproof model presets` lists them"
        ))),
        false => Ok(these),
    }
}
