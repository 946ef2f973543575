//! The twins' side of the second opinion: what `specs/streams.pml` is compared with.
//!
//! `twin_counts` prints a line for each preset that has a twin in Promela: its name, its states, its
//! transitions, the seconds it took, and the switches with which SPIN builds the same world.
//! `twin_counts mutants` prints a line for each mutant that both models have: its switch, its preset,
//! `found` or `missed`, and the switches of the preset. Names as further arguments choose some of them.
//!
//! `specs/second-opinion.sh` reads these lines; the test `second_opinion` takes the functions.

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Instant;

use stateright::Model;
use streamproof_model::check::search::{Options, Outcome, run};
use streamproof_model::rfc::endpoint::Endpoint;
use streamproof_model::rfc::frame::FrameType;
use streamproof_model::rfc::identity::{Direction, Side, StreamId};
use streamproof_model::rfc::rules::{RFC9000, Rules};
use streamproof_model::worlds::Tier;
use streamproof_model::worlds::streams::StreamsWorld;
use streamproof_model::worlds::streams::action::Action;
use streamproof_model::worlds::streams::presets::{PRESETS, Preset, Sends};
use streamproof_model::worlds::streams::state::StreamsState;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mutants = arguments.first().is_some_and(|first| first == "mutants");
    let names = &arguments[usize::from(mutants)..];
    let is_wanted = |name: &str| names.is_empty() || names.iter().any(|wanted| wanted == name);
    if mutants {
        for mutant in MUTANTS.iter().filter(|mutant| is_wanted(mutant.switch)) {
            let preset = Preset::find(mutant.preset).expect("a mutant's preset exists");
            let verdict = if mutant.is_found() { "found" } else { "missed" };
            let switches = switches(&preset).join(" ");
            println!("{} {} {verdict} {switches}", mutant.switch, preset.name);
        }
        return;
    }
    for preset in twins().filter(|preset| is_wanted(preset.name)) {
        let start = Instant::now();
        let Counts { states, transitions } = match preset.tier {
            Tier::Quick | Tier::Named => Counts::of_twin(preset),
            Tier::Full => Counts::of_large_twin(preset),
        };
        let seconds = start.elapsed().as_secs_f64();
        let switches = switches(&preset).join(" ");
        println!("{} {states} {transitions} {seconds:.1} {switches}", preset.name);
    }
}

/// The presets that have a twin in Promela.
pub(crate) fn twins() -> impl Iterator<Item = Preset> {
    PRESETS.iter().copied().filter(|preset| preset.name.starts_with("twin-"))
}

/// The switches with which `specs/streams.pml` describes the world of `preset`.
pub(crate) fn switches(preset: &Preset) -> Vec<String> {
    let receiver = preset.parameters_of(preset.opener.peer());
    let streams = preset.opened.max(preset.calls.open);
    let freely = preset.sends == Sends::Freely;
    let mut switches = vec![
        format!("-DSTREAMS={streams}"),
        format!("-DOPENED={}", preset.opened),
        format!("-DLENGTH={}", preset.length),
        format!("-DIN_FLIGHT={}", preset.in_flight),
        format!("-DSLOTS={}", if freely { slots(preset.in_flight) } else { 8 }),
        format!("-DFREELY={}", u8::from(freely)),
        format!("-DLOSES={}", u8::from(preset.network_faults.loses)),
        format!("-DRESETS={}", u8::from(preset.calls.reset)),
        format!("-DABORTS={}", u8::from(preset.calls.abort_reading)),
    ];
    let limits = [
        ("MAX_DATA", receiver.max_data),
        ("MAX_STREAM_DATA", receiver.max_stream_data_uni),
        ("MAX_STREAMS", receiver.max_streams_uni),
    ];
    // Wide limits keep their default there.
    let narrow = limits.into_iter().filter(|(_, limit)| *limit < 8);
    switches.extend(narrow.map(|(name, limit)| format!("-D{name}={limit}")));
    switches
}

/// Room for so many packets, as Promela has it.
fn slots(in_flight: usize) -> usize {
    [2, 4, 8].into_iter().find(|slots| *slots >= in_flight).expect("at most 8 in flight")
}

/// What is counted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Counts {
    /// Distinct states.
    pub(crate) states: usize,
    /// What can happen in each of them, self-loops included. Two actions that are equal are one.
    pub(crate) transitions: usize,
}

impl Counts {
    /// Explores a twin.
    ///
    /// # Panics
    ///
    /// If RFC 9000's own rules come to the fault of a mutant.
    pub(crate) fn of_twin(preset: Preset) -> Self {
        let mutants = || MUTANTS.iter().filter(|mutant| mutant.preset == preset.name);
        let is_fault = |last: &_, action: &_, next: &_| {
            mutants().any(|mutant| (mutant.fault)(last, action, next))
        };
        explore(&StreamsWorld::new(preset), is_fault).expect("no fault under the RFC's rules")
    }

    /// The same by the engine: minutes become seconds. Actions that are equal count each, and these twins
    /// have none.
    pub(crate) fn of_large_twin(preset: Preset) -> Self {
        let outcome = run(StreamsWorld::new(preset), &Options::default(), &mut |_| {});
        let Outcome { states, edges, cut, .. } = outcome.expect("a temporary folder");
        assert_eq!(cut, None);
        Self { states, transitions: edges }
    }
}

/// Explores `world` to its end; `None` if `is_fault` holds of a transition. Remembers fingerprints, as the
/// states of the largest twin fill gigabytes.
fn explore(
    world: &StreamsWorld,
    is_fault: impl Fn(&StreamsState, &Action, &StreamsState) -> bool,
) -> Option<Counts> {
    let mut queue: VecDeque<StreamsState> = world.init_states().into();
    let mut seen: HashSet<u64> = queue.iter().map(fingerprint).collect();
    let mut transitions = 0;
    while let Some(state) = queue.pop_front() {
        let mut actions = Vec::new();
        world.actions(&state, &mut actions);
        for action in actions.into_iter().collect::<BTreeSet<_>>() {
            let Some(next) = world.next_state(&state, action.clone()) else { continue };
            if is_fault(&state, &action, &next) {
                return None;
            }
            transitions += 1;
            if seen.insert(fingerprint(&next)) {
                queue.push_back(next);
            }
        }
    }
    Some(Counts { states: seen.len(), transitions })
}

fn fingerprint(state: &StreamsState) -> u64 {
    let mut hasher = DefaultHasher::new();
    state.hash(&mut hasher);
    hasher.finish()
}

/// A mistake that both models can be made to make.
pub(crate) struct Mutant {
    /// The switch in Promela.
    pub(crate) switch: &'static str,
    /// Where it is looked for.
    pub(crate) preset: &'static str,
    rules: Rules,
    /// What gives it away.
    fault: fn(&StreamsState, &Action, &StreamsState) -> bool,
}

impl Mutant {
    /// Whether the model finds it.
    pub(crate) fn is_found(&self) -> bool {
        let preset = Preset::find(self.preset).expect("a mutant's preset exists");
        explore(&StreamsWorld { preset, rules: self.rules }, self.fault).is_none()
    }
}

/// The mutants of both models.
pub(crate) const MUTANTS: &[Mutant] = &[
    Mutant {
        switch: "MUTANT_FINAL_SIZE_0",
        preset: "twin-stream",
        rules: Rules { reset_final_size: |_| 0, ..RFC9000 },
        fault: peer_is_refused,
    },
    Mutant {
        switch: "MUTANT_STREAM_AFTER_RESET",
        preset: "twin-stream",
        rules: Rules { may_send_stream: |_| true, ..RFC9000 },
        fault: peer_is_refused,
    },
    Mutant {
        switch: "MUTANT_BEYOND_CONNECTION",
        preset: "twin-credit",
        rules: Rules { room_of_both: |stream, _| stream, ..RFC9000 },
        fault: peer_is_refused,
    },
    Mutant {
        switch: "MUTANT_LOST_LIMIT",
        preset: "twin-limits",
        rules: Rules { is_sent_again: |frame| !is_limit(frame), ..RFC9000 },
        fault: loss_is_not_repaired,
    },
    Mutant {
        switch: "MUTANT_LOWER_UNCREATED",
        preset: "twin-limits",
        rules: Rules { first_opened: |_, ordinal| ordinal, ..RFC9000 },
        fault: lower_numbered_is_missing,
    },
];

fn is_limit(frame: FrameType) -> bool {
    [FrameType::MaxData, FrameType::MaxStreamData, FrameType::MaxStreams].contains(&frame)
}

/// An endpoint closes the connection on its peer.
fn peer_is_refused(_: &StreamsState, _: &Action, next: &StreamsState) -> bool {
    next.endpoints().any(|endpoint| endpoint.closed.is_some())
}

/// A loss is detected, and nothing follows.
fn loss_is_not_repaired(last: &StreamsState, action: &Action, next: &StreamsState) -> bool {
    matches!(action, Action::DetectLoss { side: Side::Server }) && last == next
}

/// A stream is not there although one with a higher number is (§2.1).
fn lower_numbered_is_missing(_: &StreamsState, _: &Action, next: &StreamsState) -> bool {
    let direction = Direction::Unidirectional;
    let is_missing = |endpoint: &Endpoint| {
        let id = |ordinal| StreamId::new(endpoint.side.peer(), direction, ordinal);
        (0..endpoint.admits.of(direction).opened)
            .any(|ordinal| endpoint.receiving(id(ordinal)).is_none())
    };
    next.endpoints().any(is_missing)
}
