//! The manager's races under every schedule up to a bound, and the faults that only a schedule shows.

use streamproof::{Config, Fault};
use streamproof_model::worlds::lifecycle::presets::LifecyclePreset;
use streamproof_stress::races::list::{RACES, Race};
use streamproof_stress::races::search::Bound;
use streamproof_stress::races::{Outcome, log, run};

/// `streamproof manager races` goes to 6, `make nightly` further.
const BOUND: Bound = Bound { delays: 5, schedules: 1_000_000 };

fn run_with(race: &'static Race, fault: Option<Fault>) -> Outcome {
    let mut config = Config::default();
    config.fault = fault;
    run(race, config, BOUND).expect("an arena")
}

#[test]
fn every_race_ends_right_in_every_schedule() {
    let mut all = 0;
    for race in RACES {
        let outcome = run_with(race, None);
        println!("{}: {} schedules in {:?}", race.name, outcome.found.schedules, outcome.took);
        assert!(outcome.found.failure.is_none(), "{}: {:?}", race.name, outcome.found.failure);
        assert!(outcome.missing().is_empty(), "{}: {:?}", race.name, outcome.missing());
        assert!(!outcome.found.is_cut && outcome.found.schedules > 500, "{}", race.name);
        all += outcome.found.schedules;
    }
    println!("{all} schedules");
    assert!(all > 20_000, "{all}");
}

/// The failure of the first race that finds `fault`: never in the first schedule, which any test would show.
fn found(fault: Fault) -> (&'static Race, String) {
    for race in RACES {
        let outcome = run_with(race, Some(fault));
        if let Some((schedule, failure)) = outcome.found.failure {
            println!("{fault:?}: race {}, schedule {schedule}: {failure}", race.name);
            let mut config = Config::default();
            config.fault = Some(fault);
            let again = log(race, config, &schedule).expect("an arena");
            assert_eq!(again.verdict.as_ref().err(), Some(&failure), "the schedule repeats it");
            return (race, failure);
        }
    }
    panic!("no schedule shows {fault:?}");
}

#[test]
fn look_then_touch_is_found() {
    let (race, failure) = found(Fault::LookThenTouch);
    assert_eq!(race.name, "incident");
    assert!(failure.contains("caught itself"), "{failure}");
}

#[test]
fn wait_that_registers_without_looking_is_found() {
    let (_, failure) = found(Fault::RegisterWithoutLooking);
    assert!(failure.contains("sleeps for ever"), "{failure}");
}

#[test]
fn second_outcome_is_found() {
    let (_, failure) = found(Fault::TellOutcomeTwice);
    assert!(failure.contains("exactly one outcome") || failure.contains("was told"), "{failure}");
}

#[test]
fn unanswered_stop_and_early_release_are_found() {
    found(Fault::LeaveStopUnanswered);
    found(Fault::ReleaseBeforeLastAccess);
}

#[test]
fn each_race_is_one_of_the_lifecycle_model() {
    for race in RACES {
        assert!(LifecyclePreset::find(race.like).is_some(), "{}", race.name);
    }
}
