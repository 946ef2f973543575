//! The dataflow engine against the model's own, and under limits. Several processes: `conformance/cli/tests/cluster.rs`.

use stateright::{Expectation, Model};
use streamproof_model::check::search::{Options, run};
use streamproof_model::worlds::Tier;
use streamproof_model::worlds::streams::StreamsWorld;
use streamproof_model::worlds::streams::presets::{PRESETS, Preset};
use streamproof_model::worlds::streams::state::StreamsState;
use streamproof_model::worlds::streams::wrong::Mutant;
use streamproof_scale::dataflow;

#[test]
fn dataflow_counts_what_the_models_engine_counts() {
    for preset in PRESETS.iter().filter(|preset| preset.tier == Tier::Quick) {
        let (name, world) = (preset.name, StreamsWorld::new(*preset));
        let one = run(world, &Options::default(), &mut |_| {}).expect("a temporary folder");
        // One thread only repeats the larger ones slowly: that belongs to the night.
        let alone = one.states < 30_000 || std::env::var_os("STREAMPROOF_NIGHTLY").is_some();
        for threads in if alone { vec![1, 2] } else { vec![2] } {
            let options = dataflow::Options { threads, ..dataflow::Options::default() };
            let flow = dataflow::run(world, &options).expect("nobody else is needed");
            let counts = (flow.states, flow.edges, flow.levels);
            assert_eq!(counts, (one.states, one.edges, one.levels), "{name}");
            assert_eq!(flow.shares.iter().sum::<usize>(), one.states);
            let lengths = |hits: &[Option<Vec<_>>]| -> Vec<Option<usize>> {
                hits.iter().map(|hit| hit.as_ref().map(Vec::len)).collect()
            };
            assert_eq!(lengths(&flow.hits), lengths(&one.hits), "{name}");
        }
    }
}

#[test]
fn limit_cuts_the_run() {
    let uni_free = StreamsWorld::new(Preset::find("uni-free").expect("a preset"));
    let options =
        dataflow::Options { state_limit: Some(1000), threads: 2, ..dataflow::Options::default() };
    let outcome = dataflow::run(uni_free, &options).expect("nobody else is needed");
    assert!(outcome.cut.is_some() && outcome.states < 667_483, "{:?}", outcome.cut);
}

#[test]
fn violation_ends_the_search_with_its_level() {
    let mutant = Mutant::find("keep the credit of discarded data");
    let world = mutant.and_then(Mutant::world).expect("a mutant with a preset");
    let options =
        dataflow::Options { stop_at_violation: true, threads: 2, ..dataflow::Options::default() };
    let flow = dataflow::run(world, &options).expect("nobody else is needed");
    let shortest = |hits: &[Option<Vec<(StreamsState, _)>>]| {
        let broken = hits.iter().zip(world.properties());
        let broken = broken.filter(|(_, property)| property.expectation == Expectation::Always);
        broken.filter_map(|(hit, _)| hit.as_ref().map(Vec::len)).min()
    };
    assert_eq!(shortest(&flow.hits), Some(5));
    assert!(flow.states < 21_835);
}
