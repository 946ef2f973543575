//! A trace played again and again comes back the same, byte for byte; a system that is not like that is found.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};

use streamproof::Fault;
use streamproof_conformance::sut::{Session, Setup, StartError, Sut};
use streamproof_conformance::tours::{Criterion, Tours, repeat, replay_trace};
use streamproof_model::judging::way::Way;
use streamproof_model::trace::Trace;
use streamproof_model::worlds::streams::presets::Preset;
use streamproof_stacks::manager::Manager;
use streamproof_stacks::quinn::BareQuinn;

const TWO: NonZero<usize> = NonZero::new(2).expect("two");

/// A manager that is another one once in a while.
struct Alternating {
    sound: Manager,
    faulty: Manager,
    started: AtomicUsize,
    every: usize,
}

impl Sut for Alternating {
    fn name(&self) -> &'static str {
        "alternating"
    }

    fn way(&self) -> Way {
        self.sound.way()
    }

    fn start(&self, setup: &Setup) -> Result<Box<dyn Session>, StartError> {
        match (self.started.fetch_add(1, Ordering::Relaxed) + 1).is_multiple_of(self.every) {
            true => self.faulty.start(setup),
            false => self.sound.start(setup),
        }
    }
}

/// The tours of a preset, on each side.
fn traces(preset: &str) -> Vec<Trace> {
    let preset = Preset::find(preset).expect("a preset");
    let of_side = |side| Tours::with(preset, side, &Manager::default(), Criterion::Edges).traces();
    preset.sides().into_iter().flat_map(of_side).map(|(_, trace)| trace).collect()
}

#[test]
fn ten_thousand_plays_are_one() {
    let tours = traces("uni-lossy").into_iter();
    let longest = tours.max_by_key(|trace| trace.actions.len()).expect("a tour");
    for sut in [&Manager::default() as &dyn Sut, &BareQuinn] {
        let difference = repeat(sut, &longest, 10_000, TWO).expect("a connection");
        assert_eq!(difference, None, "{}", sut.name());
    }
}

#[test]
fn one_play_of_a_thousand_that_differs_is_found() {
    let faulty = Manager::with(|config| config.fault = Some(Fault::DropFinishes));
    let sound = Manager::default();
    let replies = |sut: &dyn Sut, trace: &Trace| {
        format!("{:?}", replay_trace(sut, trace).expect("a connection"))
    };
    let differ = |trace: &Trace| replies(&sound, trace) != replies(&faulty, trace);
    let trace = traces("uni-drop").into_iter().find(differ).expect("a trace that shows the fault");
    let alone = repeat(&faulty, &trace, 2, TWO).expect("a connection");
    assert_eq!(alone, None, "the faulty one alone is no difference");
    let every = 1_000;
    let alternating = Alternating { sound, faulty, started: AtomicUsize::new(0), every };
    let difference = repeat(&alternating, &trace, 999, TWO).expect("a connection");
    assert_eq!(difference, None, "not yet");
    let difference =
        repeat(&alternating, &trace, 2_000, TWO).expect("a connection").expect("a difference");
    assert_ne!(difference.first, difference.here);
}
