//! A small storm holds, is the same twice, and shows the faults that are planted in one of its managers.

use streamproof::{Config, Fault};
use streamproof_stress::storm::{Report, Storm, run, run_with};

/// `streamproof manager storm` goes to a million.
const STORM: Storm = Storm { streams: 20_000, seed: 3, lost_of_thousand: 20, workers: 64 };

fn with(fault: Fault) -> Report {
    let plant = move |config: &mut Config| config.fault = Some(fault);
    let storm = Storm { streams: 2_000, ..STORM };
    run_with(storm, &plant, &mut |_| {}).expect("a connection")
}

#[test]
fn every_part_of_a_storm_has_one_outcome_that_agrees() {
    let report = run(STORM, &mut |_| {}).expect("a connection");
    assert!(report.holds(), "{:#?}", report.failures);
    assert!(report.pairs.values().sum::<u64>() > 25_000, "{:?}", report.pairs);
    assert!(report.pairs.len() >= 6, "every kind of end: {:?}", report.pairs);
    assert!(report.most_live < 1000, "{} parts at once", report.most_live);
}

#[test]
fn storm_is_the_same_twice() {
    let storm = Storm { streams: 1_000, ..STORM };
    let [one, two] = [0, 1].map(|_| run(storm, &mut |_| {}).expect("a connection"));
    assert_eq!((one.pairs, one.time, one.tallies), (two.pairs, two.time, two.tallies));
}

/// Not `LeaveStopUnanswered`: the idle deadline ends what the peer has stopped, and that may be.
#[test]
fn planted_faults_are_seen() {
    for fault in [
        Fault::TellOutcomeTwice,
        Fault::ReleaseBeforeLastAccess,
        Fault::LookThenTouch,
        Fault::DropFinishes,
    ] {
        let report = with(fault);
        println!("{fault:?}: {:?}", report.failures.first());
        assert!(!report.holds(), "{fault:?}");
    }
}
