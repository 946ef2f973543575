//! Every mutant is killed by the property it names, first of all, and RFC 9000's own rules pass the
//! very trace that kills it.

use stateright::Model;
use streamproof_model::check::engine::{StatePath, first_violation, shortest_violation};
use streamproof_model::mutants::{MUTANTS, Mutant};
use streamproof_model::world::presets::Preset;
use streamproof_model::world::system::World;

/// A shortest trace on which the mutant breaks the property it names. No other property breaks sooner.
fn killing_trace(mutant: &Mutant) -> StatePath {
    let preset = Preset::find(mutant.preset).expect("mutants name presets that exist");
    let world = World { preset, rules: mutant.rules };
    let path = shortest_violation(&world, mutant.killed_by)
        .unwrap_or_else(|| panic!("\"{}\" survives {}", mutant.name, mutant.killed_by));
    let (sooner, first) = first_violation(&world).expect("something breaks");
    assert_eq!(path.len(), first.len(), "\"{}\" is killed sooner by {sooner:?}", mutant.name);
    path
}

#[test]
fn every_mutant_is_killed_by_the_property_it_names() {
    assert!(MUTANTS.len() >= 10);
    for mutant in MUTANTS {
        killing_trace(mutant);
    }
}

#[test]
fn rfc9000_passes_every_killing_trace() {
    for mutant in MUTANTS {
        let world = World::new(Preset::find(mutant.preset).expect("a preset"));
        let mut state = world.init_states().remove(0);
        for (_, action) in killing_trace(mutant) {
            // Where the right rules do not permit the mutant's step, the trace ends for them.
            let mut enabled = Vec::new();
            world.actions(&state, &mut enabled);
            let Some(action) = action.filter(|action| enabled.contains(action)) else { break };
            state = world.next_state(&state, action).expect("an enabled action has an effect");
            for property in world.properties() {
                let holds = property.expectation != stateright::Expectation::Always
                    || (property.condition)(&world, &state);
                assert!(holds, "\"{}\": {} fails without it too", mutant.name, property.name);
            }
        }
    }
}

#[test]
fn every_invariant_of_a_preset_with_mutants_kills_one() {
    let killers: Vec<_> = MUTANTS.iter().map(|mutant| mutant.killed_by).collect();
    let also: Vec<&str> = MUTANTS
        .iter()
        .flat_map(|mutant| {
            let preset = Preset::find(mutant.preset).expect("a preset");
            let world = World { preset, rules: mutant.rules };
            first_violation(&world).map(|(broken, _)| broken).unwrap_or_default()
        })
        .collect();
    let mut idle = std::collections::BTreeSet::new();
    for preset in streamproof_model::world::presets::PRESETS {
        for property in World::new(*preset).properties() {
            let kills = killers.contains(&property.name) || also.contains(&property.name);
            if property.expectation == stateright::Expectation::Always && !kills {
                idle.insert(property.name);
            }
        }
    }
    assert!(idle.is_empty(), "these kill no mutant: {idle:#?}");
}
