//! Every preset holds, with exactly the pinned number of states, whichever search counts them.
//!
//! A count that moves says that the model has changed. If that is meant, pin the new one in the same
//! commit and say there why it moved.

use stateright::{Expectation, Model};
use streamproof_model::check::engine::{Search, check};
use streamproof_model::check::graph::Graph;
use streamproof_model::world::presets::{PRESETS, Preset};
use streamproof_model::world::system::World;

/// Preset, distinct states, edges.
const PINNED: &[(&str, usize, usize)] = &[
    ("uni", 5_911, 40_024),
    ("uni-lossy", 9_033, 38_260),
    ("uni-double", 44_256, 331_904),
    ("uni-drop", 6_777, 25_919),
    ("uni-free", 667_483, 3_613_371),
    ("hostile-sender", 17_947, 65_153),
    ("hostile-receiver", 5_762, 21_829),
];

#[test]
fn every_preset_is_pinned() {
    let pinned: Vec<_> = PINNED.iter().map(|(name, ..)| *name).collect();
    let presets: Vec<_> = PRESETS.iter().map(|preset| preset.name).collect();
    assert_eq!(pinned, presets);
}

#[test]
fn every_preset_holds_with_its_pinned_counts() {
    for (name, states, edges) in PINNED {
        let preset = Preset::find(name).expect("pinned presets exist");
        let report = check(World::new(preset), Search::Bfs, 2, &mut |_| {});
        for (property, verdict) in &report.verdicts {
            assert!(verdict.is_good(), "{name}: {property}: {verdict:?}");
        }
        // Stateright counts the initial state as generated.
        assert_eq!((report.states, report.generated - 1), (*states, *edges), "{name}");
    }
}

#[test]
fn depth_first_and_the_exact_graph_count_the_same() {
    for (name, states, edges) in PINNED {
        let world = World::new(Preset::find(name).expect("pinned presets exist"));
        let report = check(world, Search::Dfs, 1, &mut |_| {});
        assert!(report.holds(), "{name}");
        assert_eq!((report.states, report.generated - 1), (*states, *edges), "{name}");
        let graph = Graph::explore(&world);
        assert_eq!((graph.states.len(), graph.edges.len()), (*states, *edges), "{name}");
    }
}

#[test]
fn property_names_are_unique_and_in_rfc_order() {
    for preset in PRESETS {
        let properties = World::new(*preset).properties();
        let names: Vec<_> = properties
            .iter()
            .filter(|property| property.expectation == Expectation::Always)
            .map(|property| section(property.name))
            .collect();
        assert!(names.is_sorted(), "{}: {names:?}", preset.name);
        let mut unique: Vec<_> = properties.iter().map(|property| property.name).collect();
        unique.sort_unstable();
        unique.dedup();
        // Stateright gives two properties of one name one slot.
        assert_eq!(unique.len(), properties.len(), "{}", preset.name);
    }
}

fn section(name: &str) -> Vec<u32> {
    let number = name.trim_start_matches('§').split(' ').next().unwrap_or_default();
    number.split('.').map(|part| part.parse().expect("a section number")).collect()
}
