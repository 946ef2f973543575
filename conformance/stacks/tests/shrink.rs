//! A trace that fails is made small, and nothing can be taken from what is left.

use streamproof_conformance::tours::{Criterion, Tours, minimize, replay_trace};
use streamproof_model::judging::breach::Breach;
use streamproof_model::rfc::identity::Side;
use streamproof_model::trace::Trace;
use streamproof_model::worlds::streams::presets::Preset;
use streamproof_stacks::quinn::BareQuinn;

/// The longest of the first tours that shows a breach.
fn long_trace(preset: &str, side: Side, breach: Breach) -> Trace {
    let preset = Preset::find(preset).expect("a preset");
    let tours = Tours::with(preset, side, &BareQuinn, Criterion::Edges);
    let traces = tours.traces().into_iter().map(|(_, trace)| trace).take(3000);
    let shows = |trace: &Trace| {
        let found = replay_trace(&BareQuinn, trace).expect("a replay").found;
        found.iter().any(|found| found.deviation.breach == breach)
    };
    traces.filter(shows).max_by_key(|trace| trace.actions.len()).expect("a tour that shows it")
}

fn shows(trace: &Trace, breach: Breach) -> bool {
    let replay = replay_trace(&BareQuinn, trace);
    replay.is_ok_and(|replay| replay.found.iter().any(|found| found.deviation.breach == breach))
}

#[test]
fn long_tour_shrinks_to_the_steps_that_it_takes() {
    let long = long_trace("hostile-sender", Side::Server, Breach::StopAfterReset);
    let small = minimize(&BareQuinn, &long, Breach::StopAfterReset).expect("replays");
    let small = small.expect("it shows").trace;
    assert!(long.actions.len() > 3, "{}", long.actions.len());
    // A stream that exists, a call, the reset that arrives before the call's frame is sent.
    assert_eq!(small.actions.len(), 3, "{:?}", small.actions);
    assert!(shows(&small, Breach::StopAfterReset));
    for left_out in 0..small.actions.len() {
        let mut less = small.clone();
        less.actions.remove(left_out);
        assert!(!shows(&less, Breach::StopAfterReset), "without step {}", left_out + 1);
    }
    // What is small already stays as it is, and so does what is made twice.
    let again = minimize(&BareQuinn, &small, Breach::StopAfterReset).expect("replays");
    assert_eq!(again.expect("it shows").trace.actions, small.actions);
}

#[test]
fn trace_that_does_not_show_the_breach_is_not_shrunk() {
    let long = long_trace("hostile-sender", Side::Server, Breach::StopAfterReset);
    let none = minimize(&BareQuinn, &long, Breach::ResetChanged).expect("a replay");
    assert!(none.is_none());
}
