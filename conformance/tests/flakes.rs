//! A trace played again and again comes back the same, byte for byte; a system that is not like that is found.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};

use streamproof::Fault;
use streamproof_conformance::conform::{Criterion, Tours, flakes};
use streamproof_conformance::sut::{BareQuinn, Manager, Session, Setup, Sut};
use streamproof_conformance::world::ArenaError;
use streamproof_model::rfc::choices::Choices;
use streamproof_model::trace::Trace;
use streamproof_model::world::presets::Preset;

const TWO: NonZero<usize> = NonZero::new(2).expect("two");

/// A manager that is another one once in a while.
struct Flaky {
    sound: Manager,
    faulty: Manager,
    started: AtomicUsize,
    every: usize,
}

impl Sut for Flaky {
    fn name(&self) -> &'static str {
        "flaky"
    }

    fn choices(&self) -> Choices {
        self.sound.choices()
    }

    fn start(&self, setup: &Setup) -> Result<Box<dyn Session>, ArenaError> {
        match (self.started.fetch_add(1, Ordering::Relaxed) + 1).is_multiple_of(self.every) {
            true => self.faulty.start(setup),
            false => self.sound.start(setup),
        }
    }
}

/// The longest tour of a preset.
fn trace(preset: &str) -> Trace {
    let preset = Preset::find(preset).expect("a preset");
    let tours = Tours::with(preset, preset.sides()[0], &Manager::default(), Criterion::Edges);
    let traces = tours.traces().into_iter().map(|(_, trace)| trace);
    traces.max_by_key(|trace| trace.actions.len()).expect("a tour")
}

#[test]
fn ten_thousand_plays_are_one() {
    for sut in [&Manager::default() as &dyn Sut, &BareQuinn] {
        let flake = flakes(sut, &trace("uni-lossy"), 10_000, TWO).expect("a connection");
        assert_eq!(flake, None, "{}", sut.name());
    }
}

#[test]
fn one_play_of_a_thousand_that_differs_is_found() {
    let faulty = Manager::with(|config| config.fault = Some(Fault::DropFinishes));
    let differs = |trace: &Trace| flakes(&faulty, trace, 2, TWO).expect("a connection").is_none();
    let trace = trace("uni-drop");
    assert!(differs(&trace), "the faulty one alone is no flake");
    let every = 1_000;
    let flaky = Flaky { sound: Manager::default(), faulty, started: AtomicUsize::new(0), every };
    let flake = flakes(&flaky, &trace, 999, TWO).expect("a connection");
    assert_eq!(flake, None, "not yet");
    let flake = flakes(&flaky, &trace, 2_000, TWO).expect("a connection").expect("a flake");
    assert_ne!(flake.first, flake.here);
}
