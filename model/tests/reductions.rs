//! Each reduction's lemma, on every full state of small worlds; and faults planted in them, which the lemmas
//! catch.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use streamproof_model::check::search::{Options, run};
use streamproof_model::packed::reduce::{Lemmas, Reductions};
use streamproof_model::packed::{PackedState, PackedWorld, Successor};
use streamproof_model::rfc::endpoint::Endpoint;
use streamproof_model::rfc::identity::StreamId;
use streamproof_model::rfc::parameters::Parameters;
use streamproof_model::rfc::stream::Stream;
use streamproof_model::worlds::streams::StreamsWorld;
use streamproof_model::worlds::streams::presets::{Calls, NetworkFaults, Preset};
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

type States = HashSet<PackedState>;
/// A client and a server, whatever is under way between them.
type Ends = (Option<Endpoint>, Option<Endpoint>);

/// What a search under these reductions comes to: its states, and the successors of each but itself.
struct Reached {
    packed: PackedWorld,
    next: HashMap<PackedState, States>,
    broken: u128,
    shown: u128,
}

fn reach(world: StreamsWorld, reductions: Reductions, lemmas: Lemmas) -> Reached {
    let mut packed = PackedWorld::with_lemmas(world, reductions, lemmas);
    let mut open = vec![packed.initial().expect("packs")];
    let mut known: States = open.iter().copied().collect();
    let (mut next, mut broken, mut shown) = (HashMap::new(), 0, 0);
    while let Some(state) = open.pop() {
        let mut successors: Vec<Successor> = Vec::new();
        packed.expand_or_fill(state, &mut successors).expect("packs");
        let moves = successors.iter().map(|next| next.state).filter(|next| *next != state);
        let moves: States = moves.collect();
        open.extend(moves.iter().copied().filter(|next| known.insert(*next)));
        next.insert(state, moves);
        let class = packed.verdict(&state);
        broken |= packed.verdict_of(class).broken;
        shown |= packed.verdict_of(class).reached;
    }
    Reached { packed, next, broken, shown }
}

impl Reached {
    /// The readable states in which nothing moves any more.
    fn ends(&self) -> HashSet<StreamsState> {
        let ends = self.next.iter().filter(|(_, next)| next.is_empty());
        ends.map(|(state, _)| self.packed.unpack(state)).collect()
    }

    /// Every client and server that are there together in some state.
    fn pairs(&self) -> HashSet<Ends> {
        let one_of_each: HashMap<_, _> =
            self.next.keys().map(|state| (state.ends, state)).collect();
        let readable = one_of_each.into_values().map(|state| self.packed.unpack(state));
        readable.map(|state| (state.client, state.server)).collect()
    }

    /// Each stream by itself, as both ends have it: what a single stream's properties can see.
    fn locals(&self) -> HashSet<(StreamId, [Option<Arc<Stream>>; 2])> {
        let local = |(client, server): Ends| {
            let ends = [client, server];
            let streams = |end: &Option<Endpoint>| {
                end.iter().flat_map(|end| end.streams.keys().copied()).collect()
            };
            let ids: Vec<Vec<StreamId>> = ends.iter().map(streams).collect();
            let of = |id| ends.each_ref().map(|end| end.as_ref()?.streams.get(&id).cloned());
            ids.concat().into_iter().map(|id| (id, of(id))).collect::<Vec<_>>()
        };
        self.pairs().into_iter().flat_map(local).collect()
    }

    /// For each state the one that stands for it in another world.
    fn stands_in(&self, other: &mut PackedWorld) -> HashMap<PackedState, PackedState> {
        let mut stands = |state: &PackedState| {
            let state = other
                .pack(&self.packed.unpack(state))
                .and_then(|state| other.canonical_state(state));
            state.expect("packs")
        };
        self.next.keys().map(|state| (*state, stands(state))).collect()
    }
}

const DEAD: Reductions = Reductions { dead: true, ..Reductions::NONE };
const AMPLE: Reductions = Reductions { ample: true, ..Reductions::NONE };
const SYMMETRY: Reductions = Reductions { symmetry: true, ..Reductions::NONE };

/// A bisimulation: what a full state's successors stand for are the successors of what it stands for.
fn reduced_is_the_same(world: StreamsWorld, reductions: Reductions, lemmas: Lemmas) -> bool {
    let full = reach(world, Reductions::NONE, Lemmas::RIGHT);
    let Reached { mut packed, next, broken, shown } = reach(world, reductions, lemmas);
    let stands = full.stands_in(&mut packed);
    let same = full.next.iter().all(|(state, successors)| {
        let mut expected: States = successors.iter().map(|next| stands[next]).collect();
        expected.remove(&stands[state]);
        next.get(&stands[state]) == Some(&expected)
    });
    let met: States = stands.into_values().collect();
    same && met.len() == next.len() && (full.broken, full.shown) == (broken, shown)
}

fn dead_values_are_dead(world: StreamsWorld, lemmas: Lemmas) -> bool {
    reduced_is_the_same(world, DEAD, lemmas)
}

fn orders_are_alike(world: StreamsWorld, lemmas: Lemmas) -> bool {
    reduced_is_the_same(world, SYMMETRY, lemmas)
}

fn ample_sets_are_enough(world: StreamsWorld, lemmas: Lemmas) -> bool {
    let (full, less) = (reach(world, Reductions::NONE, Lemmas::RIGHT), reach(world, AMPLE, lemmas));
    full.ends() == less.ends()
        && full.locals() == less.locals()
        && (full.broken, full.shown) == (less.broken, less.shown)
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
    let ends = |world: StreamsWorld| reach(world, Reductions::NONE, Lemmas::RIGHT).pairs();
    let twin = Preset::find("twin-stream").expect("a twin");
    let one = Preset { length: 1, ..twin };
    let monotone = ends(StreamsWorld::new(one).monotone());
    // It doubles: where a packet may come once only, the monotone network permits more.
    let network_faults = NetworkFaults { duplicates: true, ..one.network_faults };
    let mut last = HashSet::new();
    for in_flight in [1, 2, 3, 4, 6] {
        let bounded = ends(StreamsWorld::new(Preset { in_flight, network_faults, ..one }));
        assert!(last.is_subset(&bounded) && bounded.is_subset(&monotone));
        last = bounded;
    }
    assert_eq!(last.len(), monotone.len());
}

#[test]
fn monotone_worlds_have_no_cycle() {
    for world in small() {
        let next = reach(world, Reductions::NONE, Lemmas::RIGHT).next;
        let mut entries: HashMap<&PackedState, usize> = HashMap::new();
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

/// The table in the README: bounded, monotone, ample sets, symmetry, dead values, all three. Of alike states the one
/// with the least fingerprint stays, and with ample sets it decides which others are met: so the last number follows the
/// contents of states (not their names), and a few more or less mean nothing.
#[test]
fn larger_presets_have_as_many_states_as_the_readme_says() {
    let states = |world: StreamsWorld, reductions: Reductions| {
        let options = Options { reductions, ..Options::default() };
        run(world, &options, &mut |_| {}).expect("a temporary folder").states
    };
    for (name, expected) in [
        ("twin-stream", [173_344, 710_179, 474_139, 474_139, 19_233, 19_233]),
        ("pair-wide-full", [55_316, 24_336, 4_686, 14_040, 14_884, 8_188]),
        ("pair-narrow-full", [291_080, 214_535, 98_391, 118_395, 50_667, 17_332]),
    ] {
        let bounded = StreamsWorld::new(Preset::find(name).expect("a preset"));
        let (monotone, reset) = (bounded.monotone(), bounded.monotone().staying_reset());
        let reduced = [AMPLE, SYMMETRY, DEAD, Reductions::ALL].map(|less| states(reset, less));
        let plain = [bounded, monotone].map(|world| states(world, Reductions::NONE));
        assert_eq!([&plain[..], &reduced[..]].concat(), expected, "{name}");
    }
}
