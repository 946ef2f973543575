//! The engines against one another, against the readable model, and under limits.

use std::collections::HashMap;
use std::time::Duration;

use stateright::{Checker, Expectation, Model};
use streamproof_model::check::engine::{Search, check};
use streamproof_model::check::packed_model::PackedModel;
use streamproof_model::check::report::Verdict;
use streamproof_model::check::search::{Cut, Limits, Options, Outcome, run};
use streamproof_model::check::streams::check_packed;
use streamproof_model::worlds::Tier;
use streamproof_model::worlds::streams::StreamsWorld;
use streamproof_model::worlds::streams::presets::{PRESETS, Preset};
use streamproof_model::worlds::streams::state::StreamsState;
use streamproof_model::worlds::streams::wrong::MUTANTS;

fn quick() -> impl Iterator<Item = StreamsWorld> {
    PRESETS.iter().filter(|preset| preset.tier == Tier::Quick).copied().map(StreamsWorld::new)
}

fn world(name: &str) -> StreamsWorld {
    StreamsWorld::new(Preset::find(name).expect("a preset"))
}

fn levels(world: StreamsWorld, options: &Options) -> Outcome {
    run(world, options, &mut |_| {}).expect("a temporary folder")
}

fn counts(outcome: &Outcome) -> (usize, usize, usize) {
    (outcome.states, outcome.edges, outcome.levels)
}

#[test]
fn every_engine_counts_the_same() {
    for world in quick() {
        let name = world.preset.name;
        let one = levels(world, &Options::default());
        let two = levels(world, &Options { threads: 2, ..Options::default() });
        let exact = levels(world, &Options { exact: true, ..Options::default() });
        assert_eq!(counts(&one), counts(&two), "{name}");
        assert_eq!(counts(&one), counts(&exact), "{name}");
        assert_eq!(exact.expected_collisions(), 0.0);
        let packed = PackedModel::new(world).expect("a temporary folder");
        let oracle = packed.checker().spawn_dfs().join();
        assert_eq!(oracle.unique_state_count(), one.states, "{name}");
        assert_eq!(oracle.state_count() - 1, one.edges, "{name}");
        // stateright on readable states: the naive model. The largest presets take it half a minute each, larger ones
        // belong to the night.
        let most = if std::env::var_os("STREAMPROOF_NIGHTLY").is_some() { 60_000 } else { 20_000 };
        if one.states < most {
            let naive = check(world, Search::Dfs, 2, &mut |_| {});
            let own = check_packed(world, &Options::default(), &mut |_| {}).expect("no file");
            assert_eq!((naive.states, naive.generated), (own.states, own.generated), "{name}");
            let words = |verdicts: &[(&'static str, Verdict)]| -> Vec<(&str, bool)> {
                verdicts.iter().map(|(name, verdict)| (*name, verdict.is_good())).collect()
            };
            assert_eq!(words(&naive.verdicts), words(&own.verdicts), "{name}");
        }
    }
}

#[test]
fn any_number_of_threads_gives_the_same_ways() {
    let mutant = MUTANTS.iter().find(|mutant| mutant.name == "keep the credit of discarded data");
    let wrong = mutant.and_then(|mutant| mutant.world()).expect("a mutant with a preset");
    for world in [world("uni-double"), world("credit-connection"), wrong] {
        let one = levels(world, &Options::default());
        for threads in [2, 3, 8] {
            let many = levels(world, &Options { threads, ..Options::default() });
            assert_eq!(counts(&one), counts(&many));
            assert!(one.hits == many.hits, "{threads} threads, {}", world.preset.name);
        }
    }
}

/// The length of a shortest way to a state that breaks `name`, by depth-first searches of growing depth.
/// Shares nothing with the engines but the readable model.
fn iterative_deepening(world: &StreamsWorld, name: &str, most: usize) -> Option<usize> {
    let property = world.properties().into_iter().find(|property| property.name == name)?;
    let broken = |state: &StreamsState| !(property.condition)(world, state);
    (0..=most).find(|depth| {
        let mut seen: HashMap<StreamsState, usize> = HashMap::new();
        let mut stack: Vec<_> = world.init_states().into_iter().map(|s| (s, *depth)).collect();
        while let Some((state, left)) = stack.pop() {
            if broken(&state) {
                return true;
            }
            if left == 0 || seen.get(&state).is_some_and(|known| *known >= left) {
                continue;
            }
            let mut actions = Vec::new();
            world.actions(&state, &mut actions);
            let next = |action| world.next_state(&state, action);
            stack.extend(actions.into_iter().filter_map(next).map(|next| (next, left - 1)));
            seen.insert(state, left);
        }
        false
    })
}

#[test]
fn every_counterexample_is_the_shortest() {
    let mut compared = 0;
    for mutant in MUTANTS {
        let world = mutant.world().expect("a preset");
        let place = world.properties().iter().position(|p| p.name == mutant.killed_by);
        let Some(place) = place else { continue }; // a goal: not a state's matter
        let options = Options { stop_at_violation: true, threads: 2, ..Options::default() };
        let outcome = levels(world, &options);
        let way = outcome.hits[place].as_ref().expect("every mutant is killed as named");
        // Deeper ones would take the readable model minutes.
        if way.len() > 9 {
            continue;
        }
        compared += 1;
        let shortest = iterative_deepening(&world, mutant.killed_by, way.len() - 1);
        assert_eq!(shortest, Some(way.len() - 1), "{}", mutant.name);
        for pair in way.windows(2) {
            let (state, Some(action)) = &pair[0] else { panic!("a way has actions") };
            assert_eq!(world.next_state(state, action.clone()).as_ref(), Some(&pair[1].0));
        }
        let last = &way[way.len() - 1].0;
        let property = &world.properties()[place];
        assert!(!(property.condition)(&world, last), "{}", mutant.name);
    }
    assert!(compared >= 80, "only {compared} of {} compared", MUTANTS.len());
}

#[test]
fn cut_runs_never_say_that_something_holds() {
    let uni_free = world("uni-free");
    let limits = [
        Limits { memory: Some(20 << 20), ..Limits::default() },
        Limits { time: Some(Duration::ZERO), ..Limits::default() },
        Limits { states: Some(1000), ..Limits::default() },
    ];
    for limits in limits {
        let options = Options { limits, ..Options::default() };
        let outcome = levels(uni_free, &options);
        match outcome.cut {
            Some(Cut::Memory { limit }) => assert_eq!(Some(limit), limits.memory),
            Some(Cut::Time { limit }) => assert_eq!(Some(limit), limits.time),
            Some(Cut::States { limit }) => assert_eq!(Some(limit), limits.states),
            Some(Cut::Full(_)) | None => panic!("{:?}", outcome.cut),
        }
        assert!(outcome.states < 667_483);
        let report = check_packed(uni_free, &options, &mut |_| {}).expect("no file");
        assert!(!report.holds() && !report.is_violated());
        assert!(report.verdicts.iter().all(|(_, verdict)| !matches!(verdict, Verdict::Holds)));
    }
}

#[test]
fn violation_ends_the_search_with_its_level() {
    let mutant = MUTANTS.iter().find(|mutant| mutant.name == "keep the credit of discarded data");
    let world = mutant.and_then(|mutant| mutant.world()).expect("a mutant with a preset");
    let options = Options { stop_at_violation: true, ..Options::default() };
    let own = levels(world, &options);
    let shortest = |hits: &[Option<Vec<(StreamsState, _)>>]| {
        let broken = hits.iter().zip(world.properties());
        let broken = broken.filter(|(_, property)| property.expectation == Expectation::Always);
        broken.filter_map(|(hit, _)| hit.as_ref().map(Vec::len)).min()
    };
    assert_eq!(shortest(&own.hits), Some(5));
    assert!(own.states < 21_835);
}
