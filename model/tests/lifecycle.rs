//! The lifecycle of a stream inside an endpoint: the manager's design holds, each fault breaks what it says,
//! and no interleaving is longer than it has to be.

use std::collections::BTreeSet;

use stateright::{Expectation, Model};
use streamproof_model::check::designs::judge;
use streamproof_model::check::engine::{Search, check};
use streamproof_model::worlds::lifecycle::LifecycleWorld;
use streamproof_model::worlds::lifecycle::design::MANAGER;
use streamproof_model::worlds::lifecycle::presets::PRESETS;
use streamproof_model::worlds::lifecycle::wrong::DESIGNS;

/// How many steps the shortest way takes to a moment that breaks `property`, if at most `bound`: by trying every
/// sequence of steps, with no memory of where it has been.
fn deepening(world: &LifecycleWorld, property: &str, bound: usize) -> Option<usize> {
    let properties = world.properties();
    let property = properties.iter().find(|one| one.name == property).expect("a property");
    assert!(matches!(property.expectation, Expectation::Always));
    let breaks = |moment: &_| !(property.condition)(world, moment);
    fn within(
        world: &LifecycleWorld,
        moment: &<LifecycleWorld as Model>::State,
        left: usize,
        breaks: &dyn Fn(&<LifecycleWorld as Model>::State) -> bool,
    ) -> bool {
        if breaks(moment) {
            return true;
        }
        let mut steps = Vec::new();
        world.actions(moment, &mut steps);
        left > 0
            && steps
                .into_iter()
                .filter_map(|step| world.next_state(moment, step))
                .any(|next| within(world, &next, left - 1, breaks))
    }
    let start = world.init_states()[0];
    (0..=bound).find(|depth| within(world, &start, *depth, &breaks))
}

#[test]
fn managers_design_holds_and_reaches_every_end() {
    for preset in PRESETS {
        let report = check(LifecycleWorld::new(*preset), Search::Bfs, 1, &mut |_| {});
        assert!(report.holds(), "{}: {:?}", preset.name, report.verdicts);
    }
}

#[test]
fn each_design_is_what_it_says_of_itself() {
    for design in DESIGNS {
        let judgement = judge(*design);
        let broken = judgement.breaches.iter().map(|breach| (breach.property, breach.steps()));
        let broken: Vec<_> = broken.collect();
        assert!(judgement.is_as_said(), "{}: {broken:?}", design.name);
    }
}

#[test]
fn each_property_is_broken_by_a_fault() {
    let broken: BTreeSet<_> = DESIGNS
        .iter()
        .flat_map(|design| judge(*design).breaches)
        .map(|breach| breach.property)
        .collect();
    for property in LifecycleWorld::new(PRESETS[0]).properties() {
        let is_invariant = matches!(property.expectation, Expectation::Always);
        assert!(!is_invariant || broken.contains(property.name), "{}", property.name);
    }
}

#[test]
fn interleavings_are_shortest() {
    for design in DESIGNS.iter().filter(|design| design.breaks.is_some()) {
        let judgement = judge(*design);
        let breach = judgement.as_named().expect("broken as named");
        for preset in PRESETS {
            let world = LifecycleWorld { preset: *preset, design: *design };
            let shorter = deepening(&world, breach.property, breach.steps() - 1);
            assert_eq!(shorter, None, "{} in {}", design.name, preset.name);
        }
        let world = LifecycleWorld { preset: breach.preset, design: *design };
        let found = deepening(&world, breach.property, breach.steps());
        assert_eq!(found, Some(breach.steps()), "{}", design.name);
    }
}

#[test]
fn one_atomic_transition_is_the_only_fix_of_the_incident() {
    let fixes = DESIGNS.iter().filter(|design| design.is_fix && **design != MANAGER);
    let good: Vec<_> =
        fixes.filter(|fix| judge(**fix).breaches.is_empty()).map(|fix| fix.name).collect();
    assert_eq!(good, ["one atomic transition"]);
}
