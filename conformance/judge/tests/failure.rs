//! A stack that panics, or whose process ends, is a finding with its trace, and the next trace is played all the same.

use std::num::NonZero;

use streamproof_conformance::replay::Replay;
use streamproof_conformance::sut::harness::puppet::ReceivedPacket;
use streamproof_conformance::sut::harness::wire;
use streamproof_conformance::sut::{Observation, Session, Setup, StartError, Sut};
use streamproof_conformance::tours::{Criterion, RoleReport, Tours, minimize, replay_trace};
use streamproof_model::judging::breach::Breach;
use streamproof_model::judging::way::Way;
use streamproof_model::rfc::call::{Answer, Call};
use streamproof_model::rfc::choices::{Choice, Choices};
use streamproof_model::rfc::citation::Level;
use streamproof_model::rfc::identity::Side;
use streamproof_model::rfc::parameters::Parameters;
use streamproof_model::trace::Trace;
use streamproof_model::worlds::streams::action::Action;
use streamproof_model::worlds::streams::presets::Preset;

/// Where the stack fails.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Fails {
    AtStart,
    AtAbort,
    AtArrival,
    AtLook,
    /// It does not panic: what it is asked through has ended.
    Silently,
    Never,
}

/// A stack that does nothing until it fails.
struct Idle(Fails);

struct IdleSession {
    fails: Fails,
    gone: bool,
}

impl Sut for Idle {
    fn name(&self) -> &'static str {
        "idle"
    }

    fn way(&self) -> Way {
        let mut way = Way { name: "idle", ..Way::PERMITTED };
        Choices::ALL.iter().for_each(|choice| (choice.set)(&mut way.choices, Choice::Never));
        way
    }

    /// What fails is told whatever was promised.
    fn has_contract(&self) -> bool {
        false
    }

    fn start(&self, _: &Setup) -> Result<Box<dyn Session>, StartError> {
        assert!(self.0 != Fails::AtStart, "no room");
        Ok(Box::new(IdleSession { fails: self.0, gone: false }))
    }
}

impl Session for IdleSession {
    fn call(&mut self, call: Call) -> Answer {
        if matches!(call, Call::AbortReading { .. }) {
            let number = 7;
            assert!(self.fails != Fails::AtAbort, "stream {number} is not there");
            self.gone = self.fails == Fails::Silently;
        }
        Answer::Closed
    }

    fn settle(&mut self) {}

    fn deliver(&mut self, _: u64, _: &[wire::Frame]) {
        assert!(self.fails != Fails::AtArrival, "no such frame");
    }

    fn finish_handshake(&mut self, _: bool, _: &Parameters) {}

    fn acknowledge(&mut self, _: u64, _: &[u64]) {}

    fn lose_outstanding(&mut self) -> bool {
        false
    }

    fn received(&mut self) -> Vec<ReceivedPacket> {
        Vec::new()
    }

    fn observe(&mut self) -> Vec<Observation> {
        assert!(self.fails != Fails::AtLook, "nobody is at home");
        Vec::new()
    }

    fn failure(&self) -> Option<String> {
        self.gone.then(|| "the process has ended".to_owned())
    }

    fn log(&self) -> &[String] {
        &[]
    }
}

impl Drop for IdleSession {
    fn drop(&mut self) {
        // Nobody is taken along by a stack that fails at its end.
        assert!(self.fails != Fails::AtAbort, "and once more");
    }
}

fn played(fails: Fails) -> (Tours, RoleReport) {
    let preset = Preset::find("uni").expect("a preset");
    let mut tours = Tours::with(preset, Side::Server, &Idle(fails), Criterion::Edges);
    let threads = NonZero::new(2).expect("two");
    let report = tours.run(&Idle(fails), threads, &|_| {}).expect("a run");
    (tours, report)
}

fn witness(fails: Fails) -> (Trace, String) {
    let (tours, report) = played(fails);
    let finding = &report.findings[&Breach::StackFailed];
    assert!(report.traces > 5 && finding.times > 1, "{fails:?}: it was not gone on with");
    let witness = tours.witness(&Idle(fails), finding).expect("replays").expect("a witness");
    assert_eq!(witness.deviation.breach, Breach::StackFailed);
    (witness.trace, witness.deviation.seen)
}

fn shows(fails: Fails, trace: &Trace) -> Replay {
    replay_trace(&Idle(fails), trace).expect("a replay")
}

#[test]
fn panic_in_a_call_is_found_with_its_words_and_the_next_trace_is_played() {
    let (trace, seen) = witness(Fails::AtAbort);
    assert!(seen.starts_with("panicked at ") && seen.contains("failure.rs:"), "{seen}");
    assert!(seen.ends_with(": stream 7 is not there"), "{seen}");
    let last = trace.actions.last().expect("a step");
    assert!(matches!(last, Action::App { call: Call::AbortReading { .. }, .. }), "{last}");
    // It comes again whenever it is played, and nothing is judged behind it.
    let replay = shows(Fails::AtAbort, &trace);
    let breaches: Vec<_> = replay.found.iter().map(|found| found.deviation.breach).collect();
    assert_eq!(breaches.last(), Some(&Breach::StackFailed));
    assert!(replay.probe.is_empty());
    let minimized = minimize(&Idle(Fails::AtAbort), &trace, Breach::StackFailed).expect("replays");
    let minimized = minimized.expect("it shows").trace;
    assert!(
        shows(Fails::AtAbort, &minimized).found.iter().any(|found| found.deviation.seen == seen)
    );
}

#[test]
fn panic_at_any_place_and_an_end_without_one_are_found() {
    for (fails, words) in [
        (Fails::AtArrival, "no such frame"),
        (Fails::AtLook, "nobody is at home"),
        (Fails::Silently, "the process has ended"),
    ] {
        let (trace, seen) = witness(fails);
        assert!(seen.ends_with(words), "{fails:?}: {seen}");
        assert!(!trace.actions.is_empty());
    }
}

#[test]
fn stack_that_panics_before_anything_is_asked_fails_in_every_trace() {
    let (_, report) = played(Fails::AtStart);
    let finding = &report.findings[&Breach::StackFailed];
    assert_eq!((finding.at, report.findings.len()), (0, 1));
    assert!(finding.deviation.seen.ends_with(": no room"));
    assert_eq!(report.taken, 0, "no edge was taken");
}

#[test]
fn stack_that_does_not_fail_is_not_said_to_have() {
    let (_, report) = played(Fails::Never);
    assert!(!report.findings.is_empty(), "it does nothing that is asked of it");
    assert!(!report.findings.contains_key(&Breach::StackFailed));
}

#[test]
fn failing_breaks_no_section() {
    let citation = Breach::StackFailed.citation();
    assert_eq!((citation.section, citation.level), ("", Level::Contract));
    assert_eq!(citation.to_string(), "contract");
    assert_eq!(Breach::StackFailed.id(), "stack-failed");
}
