//! The packed world is the readable one: the same states, and from each the same steps to the same states.

use std::collections::{HashMap, HashSet};

use stateright::Model;
use streamproof_model::packed::reduce::Reductions;
use streamproof_model::packed::{PackedState, PackedWorld, Successor};
use streamproof_model::worlds::Tier;
use streamproof_model::worlds::streams::StreamsWorld;
use streamproof_model::worlds::streams::presets::{PRESETS, Preset};
use streamproof_model::worlds::streams::state::StreamsState;

/// Compares a world, state by state; how many states and edges it has.
fn compare(world: StreamsWorld) -> (usize, usize) {
    let name = world.preset.name;
    let mut packed = PackedWorld::new(world, Reductions::NONE);
    let mut known: HashSet<PackedState> = HashSet::new();
    let mut fingerprints: HashMap<u64, PackedState> = HashMap::new();
    let mut open = vec![packed.initial().expect("packs")];
    known.insert(open[0]);
    let (mut edges, mut actions, mut successors) = (0, Vec::new(), Vec::new());
    while let Some(state) = open.pop() {
        let readable: StreamsState = packed.unpack(&state);
        assert_eq!(packed.pack(&readable), Ok(state), "{name}");
        successors.clear();
        packed.expand_or_fill(state, &mut successors).expect("packs");
        world.actions(&readable, &mut actions);
        let mut expected: Vec<_> = actions
            .drain(..)
            .filter_map(|action| Some((world.next_state(&readable, action.clone())?, action)))
            .map(|(next, action)| (action, packed.pack(&next).expect("packs")))
            .collect();
        let found =
            |next: &Successor| (packed.action(&state, next.code).expect("a step"), next.state);
        let mut found: Vec<_> = successors.iter().map(found).collect();
        expected.sort();
        found.sort();
        assert_eq!(found, expected, "{name}: {readable:#?}");
        for next in &successors {
            assert_eq!(next.fingerprint, packed.fingerprint(&next.state), "{name}");
            if known.insert(next.state) {
                open.push(next.state);
            }
        }
        edges += successors.len();
        assert!(
            fingerprints.insert(packed.fingerprint(&state), state).is_none(),
            "{name}: a collision"
        );
        let class = packed.verdict(&state);
        let verdict = packed.verdict_of(class);
        for (place, property) in world.properties().iter().enumerate() {
            let holds = (property.condition)(&world, &readable);
            let bit = 1 << place;
            let told = match property.expectation {
                stateright::Expectation::Always => verdict.broken & bit == 0,
                stateright::Expectation::Sometimes | stateright::Expectation::Eventually => {
                    verdict.reached & bit != 0
                }
            };
            assert_eq!(told, holds, "{name}: {}", property.name);
        }
    }
    (known.len(), edges)
}

#[test]
fn packed_worlds_are_the_readable_ones() {
    for preset in PRESETS.iter().filter(|preset| preset.tier == Tier::Quick) {
        // The large ones are compared by their counts, in `engine.rs`.
        let large = [
            "uni-free",
            "twin-stream",
            "twin-credit",
            "hostile-frames-bidi",
            "hostile-credit",
            "hostile-credit-connection",
        ];
        if !large.contains(&preset.name) {
            let start = std::time::Instant::now();
            let counts = compare(StreamsWorld::new(*preset));
            println!("{} {counts:?} {:?}", preset.name, start.elapsed());
        }
    }
}

#[test]
fn monotone_worlds_are_packed_as_well() {
    let small = Preset { length: 1, ..Preset::find("twin-stream").expect("a twin") };
    compare(StreamsWorld::new(small).monotone());
}

#[test]
fn contents_are_the_same_in_another_order() {
    use streamproof_model::packed::Table;
    let world = StreamsWorld::new(Preset::find("limits-uni").expect("a preset"));
    let (mut one, mut other) =
        (PackedWorld::new(world, Reductions::NONE), PackedWorld::new(world, Reductions::NONE));
    let mut states = vec![one.initial().expect("packs")];
    let mut at = 0;
    while let Some(state) = states.get(at).copied() {
        at += 1;
        let mut next = Vec::new();
        one.expand_or_fill(state, &mut next).expect("packs");
        next.retain(|next| !states.contains(&next.state));
        states.extend(next.iter().map(|next| next.state));
    }
    // Backwards, so that the numbers differ.
    for state in states.iter().rev() {
        let mut numbers = HashMap::new();
        for (table, number) in one.numbers(state) {
            numbers.insert(
                (table, number),
                other.define(&one.definition(table, number)).expect("known"),
            );
        }
        let here = PackedWorld::translate(state, |table, number| numbers[&(table, number)]);
        assert_eq!(other.unpack(&here), one.unpack(state));
        assert_eq!(other.fingerprint(&here), one.fingerprint(state));
    }
    let damaged = streamproof_model::packed::Definition {
        table: Table::Client,
        number: 7,
        content: vec![9; 3],
    };
    assert!(other.define(&damaged).is_err_and(|error| error.to_string().contains("Client 7")));
}
