//! Every preset holds, with exactly the pinned number of states, whichever search counts them.
//!
//! A count that moves says that the model has changed. If that is meant, pin the new one in the same
//! commit and say there why it moved.

use stateright::{Expectation, Model};
use streamproof_model::check::engine::{Search, check};
use streamproof_model::check::graph::Graph;
use streamproof_model::check::search::{Options, run};
use streamproof_model::worlds::Tier;
use streamproof_model::worlds::streams::StreamsWorld;
use streamproof_model::worlds::streams::presets::{PRESETS, Preset};

/// Preset of the quick tier, distinct states, edges.
const PINNED: &[(&str, usize, usize)] = &[
    ("uni-plain", 227, 541),
    ("uni", 4_662, 30_356),
    ("uni-lossy", 9_033, 37_887),
    ("uni-double", 23_316, 157_832),
    ("uni-drop", 6_801, 25_893),
    ("uni-free", 667_483, 3_607_818),
    ("bidi", 2_242, 8_656),
    ("bidi-data", 645, 2_289),
    ("credit-stream", 43_789, 140_561),
    ("credit-stream-lossy", 13_513, 70_764),
    ("credit-connection", 23_168, 97_542),
    ("credit-connection-lossy", 15_398, 85_296),
    ("credit-bidi", 2_160, 7_665),
    ("credit-resize", 19_837, 70_472),
    ("limits-uni", 282, 953),
    ("limits-bidi", 165, 703),
    ("limits-lossy", 992, 5_480),
    ("limits-cancel", 2_282, 7_748),
    ("limits-resize", 823, 3_095),
    ("close", 1_236, 6_389),
    ("zero-rtt", 678, 1_601),
    ("hostile-sender", 13_804, 52_143),
    ("hostile-receiver", 12_312, 40_337),
    ("hostile-credit", 86_535, 613_964),
    ("hostile-credit-connection", 85_645, 610_709),
    ("hostile-slack-uni", 134, 353),
    ("hostile-slack-bidi", 89, 199),
    ("hostile-frames-uni", 32_391, 111_189),
    ("hostile-frames-bidi", 135_849, 491_937),
    ("hostile-frames-bidi-ours", 10_920, 28_760),
    ("hostile-zero-rtt", 22, 39),
    ("twin-stream", 173_344, 896_116),
    ("twin-credit", 331_142, 2_675_492),
    ("twin-window", 50_524, 198_215),
    ("twin-limits", 40_887, 358_820),
];

#[test]
fn every_preset_is_pinned() {
    let pinned: Vec<_> = PINNED.iter().map(|(name, ..)| *name).collect();
    let quick = PRESETS.iter().filter(|preset| preset.tier == Tier::Quick);
    let presets: Vec<_> = quick.map(|preset| preset.name).collect();
    assert_eq!(pinned, presets);
}

#[test]
fn every_preset_holds_with_its_pinned_counts() {
    for (name, states, edges) in PINNED {
        let preset = Preset::find(name).expect("pinned presets exist");
        let report = check(StreamsWorld::new(preset), Search::Bfs, 2, &mut |_| {});
        for (property, verdict) in &report.verdicts {
            assert!(verdict.is_good(), "{name}: {property}: {verdict:?}");
        }
        // Stateright counts the initial state as generated.
        assert_eq!((report.states, report.generated - 1), (*states, *edges), "{name}");
    }
}

#[test]
fn engine_of_our_own_counts_the_same() {
    for (name, states, edges) in PINNED {
        let world = StreamsWorld::new(Preset::find(name).expect("pinned presets exist"));
        let outcome = run(world, &Options::default(), &mut |_| {}).expect("a temporary folder");
        assert_eq!((outcome.states, outcome.edges), (*states, *edges), "{name}");
    }
}

#[test]
fn depth_first_and_the_exact_graph_count_the_same() {
    // The larger ones only repeat it slowly: they belong to the night.
    let most = if std::env::var_os("STREAMPROOF_NIGHTLY").is_some() { 100_000 } else { 30_000 };
    for (name, states, edges) in PINNED.iter().filter(|(_, states, _)| *states < most) {
        let world = StreamsWorld::new(Preset::find(name).expect("pinned presets exist"));
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
        let properties = StreamsWorld::new(*preset).properties();
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
