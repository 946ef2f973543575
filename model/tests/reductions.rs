//! Each reduction's lemma, on every full state of small worlds; and faults planted in them, which the lemmas
//! catch.

use std::collections::{HashMap, HashSet};

use streamproof_model::check::search::{Options, run};
use streamproof_model::packed::reduce::{Lemmas, Reductions};
use streamproof_model::packed::{PackedWorld, Successor};
use streamproof_model::rfc::parameters::Parameters;
use streamproof_model::worlds::streams::StreamsWorld;
use streamproof_model::worlds::streams::presets::{Calls, Preset, Weather};
use streamproof_model::worlds::streams::state::StreamsState;

/// One stream and two, with a connection's limit that binds and one that does not, with resets and without.
fn small() -> Vec<StreamsWorld> {
    let twin = Preset::find("twin-stream").expect("a twin");
    let plain = Calls { reset: false, abort_reading: false, ..twin.calls };
    let one = Preset { length: 1, ..twin };
    let two = Preset { opened: 2, length: 1, calls: plain, ..twin };
    let narrow = Parameters { max_data: 1, ..Parameters::WIDE };
    let binding = Preset { parameters: [narrow; 2], ..two };
    let stopped = Preset { calls: Calls { abort_reading: true, ..plain }, ..one };
    [one, stopped, two, binding]
        .into_iter()
        .map(|p| StreamsWorld::new(p).monotone().staying_reset())
        .collect()
}

type States = HashSet<StreamsState>;

/// What a search under these reductions comes to: its states, and the successors of each but itself.
struct Reached {
    packed: PackedWorld,
    next: HashMap<StreamsState, States>,
    broken: u128,
    shown: u128,
}

fn reach(world: StreamsWorld, reductions: Reductions, lemmas: Lemmas) -> Reached {
    let mut packed = PackedWorld::with_lemmas(world, reductions, lemmas);
    let mut open = vec![packed.initial().expect("packs")];
    let mut known: HashSet<_> = open.iter().copied().collect();
    let (mut next, mut broken, mut shown) = (HashMap::new(), 0, 0);
    while let Some(state) = open.pop() {
        let mut successors: Vec<Successor> = Vec::new();
        packed.expand_or_fill(state, &mut successors).expect("packs");
        let moves = successors.iter().map(|next| next.state).filter(|next| *next != state);
        let moves: Vec<_> = moves.collect();
        let readable = moves.iter().map(|next| packed.unpack(next)).collect();
        next.insert(packed.unpack(&state), readable);
        open.extend(moves.into_iter().filter(|next| known.insert(*next)));
        let class = packed.verdict(&state);
        broken |= packed.verdict_of(class).broken;
        shown |= packed.verdict_of(class).reached;
    }
    Reached { packed, next, broken, shown }
}

impl Reached {
    fn ends(&self) -> States {
        let ends = self.next.iter().filter(|(_, next)| next.is_empty());
        ends.map(|(state, _)| state.clone()).collect()
    }

    /// Each stream by itself, as both ends have it: what a single stream's properties can see.
    fn locals(&self) -> HashSet<String> {
        let local = |state: &StreamsState| {
            let ids: Vec<_> =
                state.endpoints().flat_map(|end| end.streams.keys().copied()).collect();
            let of = |id| state.endpoints().map(|end| end.streams.get(&id)).collect::<Vec<_>>();
            ids.into_iter().map(|id| format!("{id:?} {:?}", of(id))).collect::<Vec<_>>()
        };
        self.next.keys().flat_map(local).collect()
    }
}

const DEAD: Reductions = Reductions { dead: true, ..Reductions::NONE };
const AMPLE: Reductions = Reductions { ample: true, ..Reductions::NONE };
const SYMMETRY: Reductions = Reductions { symmetry: true, ..Reductions::NONE };

/// A bisimulation: what a full state's successors stand for are the successors of what it stands for.
fn dead_values_are_dead(world: StreamsWorld, lemmas: Lemmas) -> bool {
    let full = reach(world, Reductions::NONE, Lemmas::RIGHT);
    let Reached { mut packed, next, broken, shown } = reach(world, DEAD, lemmas);
    let mut normal = |state: &StreamsState| {
        let state = packed.pack(state).and_then(|state| packed.canonical_state(state));
        packed.unpack(&state.expect("packs"))
    };
    let mut met = States::new();
    let same = full.next.iter().all(|(state, successors)| {
        let stands = normal(state);
        let mut expected: States = successors.iter().map(&mut normal).collect();
        expected.remove(&stands);
        let found = next.get(&stands);
        met.insert(stands);
        found == Some(&expected)
    });
    same && met.len() == next.len() && (full.broken, full.shown) == (broken, shown)
}

fn ample_sets_are_enough(world: StreamsWorld, lemmas: Lemmas) -> bool {
    let (full, less) = (reach(world, Reductions::NONE, Lemmas::RIGHT), reach(world, AMPLE, lemmas));
    full.ends() == less.ends()
        && full.locals() == less.locals()
        && (full.broken, full.shown) == (less.broken, less.shown)
}

fn orders_are_alike(world: StreamsWorld, lemmas: Lemmas) -> bool {
    let full = reach(world, Reductions::NONE, Lemmas::RIGHT);
    let Reached { mut packed, next, broken, shown } = reach(world, SYMMETRY, lemmas);
    let mut least = |state: &StreamsState| {
        let state = packed.pack(state).and_then(|state| packed.canonical_state(state));
        packed.unpack(&state.expect("packs"))
    };
    let orbits: States = full.next.keys().map(&mut least).collect();
    let same = full.next.iter().all(|(state, successors)| {
        let stands = least(state);
        let mut expected: States = successors.iter().map(&mut least).collect();
        expected.remove(&stands);
        next.get(&stands) == Some(&expected)
    });
    same && orbits.len() == next.len() && (full.broken, full.shown) == (broken, shown)
}

#[test]
fn dead_values_make_no_difference() {
    for world in small() {
        assert!(dead_values_are_dead(world, Lemmas::RIGHT), "{:?}", world.preset);
    }
}

#[test]
fn ample_sets_lose_nothing() {
    for world in small() {
        assert!(ample_sets_are_enough(world, Lemmas::RIGHT), "{:?}", world.preset);
    }
}

#[test]
fn order_of_streams_makes_no_difference() {
    for world in small() {
        assert!(orders_are_alike(world, Lemmas::RIGHT), "{:?}", world.preset);
    }
}

#[test]
fn planted_faults_are_caught() {
    let caught = |holds: fn(StreamsWorld, Lemmas) -> bool, lemmas: Lemmas| {
        small().into_iter().any(|world| !holds(world, lemmas))
    };
    // A reader's data is not dead before it is read.
    let forgets = Lemmas { forget_received: |part| part.final_size.is_some(), ..Lemmas::RIGHT };
    assert!(caught(dead_values_are_dead, forgets));
    // A step that changes nothing is no move: who waits for it stops.
    let waits = Lemmas { counts_stutters: true, ..Lemmas::RIGHT };
    assert!(caught(ample_sets_are_enough, waits));
    // A stream opens those before it: until all are there they are not alike.
    let early = Lemmas { sorts_early: true, ..Lemmas::RIGHT };
    assert!(caught(orders_are_alike, early));
    // Streams that are opened one after the other never are.
    let opening = Preset::find("twin-limits").expect("a twin");
    assert!(SYMMETRY.fit(&StreamsWorld::new(opening).monotone().preset).is_err());
}

#[test]
fn monotone_network_is_the_lossy_one_with_any_number_in_flight() {
    let ends = |world: StreamsWorld| -> HashSet<_> {
        let states = reach(world, Reductions::NONE, Lemmas::RIGHT).next.into_keys();
        states.map(|state| (state.client, state.server)).collect()
    };
    let twin = Preset::find("twin-stream").expect("a twin");
    let one = Preset { length: 1, ..twin };
    let monotone = ends(StreamsWorld::new(one).monotone());
    // It doubles: where a packet may come once only, the monotone network permits more.
    let weather = Weather { duplicates: true, ..one.weather };
    let mut last = HashSet::new();
    for in_flight in [1, 2, 3, 4, 6] {
        let bounded = ends(StreamsWorld::new(Preset { in_flight, weather, ..one }));
        assert!(last.is_subset(&bounded) && bounded.is_subset(&monotone));
        last = bounded;
    }
    assert_eq!(last.len(), monotone.len());
}

#[test]
fn monotone_worlds_have_no_cycle() {
    for world in small() {
        let next = reach(world, Reductions::NONE, Lemmas::RIGHT).next;
        let mut entries: HashMap<&StreamsState, usize> = HashMap::new();
        next.values().flatten().for_each(|state| *entries.entry(state).or_default() += 1);
        let mut open: Vec<_> = next.keys().filter(|state| !entries.contains_key(state)).collect();
        let mut ranked = 0;
        while let Some(state) = open.pop() {
            ranked += 1;
            for after in &next[state] {
                let left = entries.get_mut(after).expect("counted");
                *left -= 1;
                if *left == 0 {
                    open.push(after);
                }
            }
        }
        assert_eq!(ranked, next.len());
    }
}

/// The table in the README: bounded, monotone, ample sets, symmetry, dead values, all three.
#[test]
fn larger_presets_have_as_many_states_as_the_readme_says() {
    let states = |world: StreamsWorld, reductions: Reductions| {
        let options = Options { reductions, ..Options::default() };
        run(world, &options, &mut |_| {}).expect("a temporary folder").states
    };
    for (name, expected) in [
        ("twin-stream", [173_344, 710_179, 474_139, 474_139, 19_233, 19_233]),
        ("pair-wide-full", [55_316, 24_336, 4_686, 14_040, 14_884, 8_178]),
        ("pair-narrow-full", [291_080, 214_535, 98_391, 118_395, 50_667, 17_332]),
    ] {
        let bounded = StreamsWorld::new(Preset::find(name).expect("a preset"));
        let (monotone, reset) = (bounded.monotone(), bounded.monotone().staying_reset());
        let reduced = [AMPLE, SYMMETRY, DEAD, Reductions::ALL].map(|less| states(reset, less));
        let plain = [bounded, monotone].map(|world| states(world, Reductions::NONE));
        assert_eq!([&plain[..], &reduced[..]].concat(), expected, "{name}");
    }
}
