//! The tours take every edge of every replayed preset of the quick tier, on each side, on the manager and
//! on bare quinn, find exactly what is listed, and find each of the five planted faults by name.

use std::collections::BTreeSet;
use std::num::NonZero;

use streamproof::Fault;
use streamproof_conformance::conform::{RoleReport, Tours};
use streamproof_conformance::deviations::Known;
use streamproof_conformance::sut::{BareQuinn, Manager, Sut};
use streamproof_model::rfc::breach::Breach;
use streamproof_model::world::presets::{PRESETS, Preset, Tier};

fn run_all(sut: &dyn Sut) -> Vec<RoleReport> {
    let quick = |preset: &&Preset| preset.is_replayed() && preset.tier == Tier::Quick;
    run(sut, PRESETS.iter().filter(quick))
}

fn run<'a>(sut: &dyn Sut, presets: impl Iterator<Item = &'a Preset>) -> Vec<RoleReport> {
    let threads = NonZero::new(2).expect("two");
    let mut reports = Vec::new();
    for preset in presets {
        for side in preset.sides() {
            let mut tours = Tours::make(*preset, side, sut);
            reports.push(tours.run(sut, threads, &|_| {}).expect("a connection"));
        }
    }
    reports
}

fn breaches(reports: &[RoleReport]) -> BTreeSet<Breach> {
    reports.iter().flat_map(|report| report.findings.keys().copied()).collect()
}

/// Every edge taken, and exactly what is listed shown.
fn takes_every_edge(sut: &dyn Sut) {
    let reports = run_all(sut);
    for report in &reports {
        let name = (report.preset, report.side);
        assert_eq!(report.taken, report.edges, "{name:?}: {:?}", report.untaken);
        assert!(report.traces > 0 && report.steps > 0, "{name:?}");
    }
    let listed: BTreeSet<String> = ids(&Known::of(sut.name()).expect("a list"));
    let shown: BTreeSet<String> = breaches(&reports).iter().map(|breach| breach.id()).collect();
    assert_eq!(shown, listed);
}

#[test]
fn manager_takes_every_edge_on_each_side_and_shows_what_is_listed() {
    takes_every_edge(&Manager::default());
}

#[test]
fn bare_quinn_takes_every_edge_on_each_side_and_shows_what_is_listed() {
    takes_every_edge(&BareQuinn);
}

fn ids(known: &Known) -> BTreeSet<String> {
    known.deviation.iter().map(|entry| entry.id.clone()).collect()
}

/// Which breach names each fault. A fault may show in other ways too.
const FAULTS: [(Fault, Breach); 5] = [
    (Fault::DropFinishes, Breach::DropEndsStream),
    (Fault::EndAfterReset, Breach::EndAfterReset),
    (Fault::LeaveStopUnanswered, Breach::StopUnanswered),
    (Fault::TellOutcomeTwice, Breach::OutcomeWrong),
    (Fault::ReleaseBeforeLastAccess, Breach::ResetNotSent),
];

#[test]
fn every_planted_fault_is_found_by_name() {
    // The faults are about one stream's life.
    let of_life = ["uni", "uni-lossy", "uni-drop", "hostile-receiver"];
    let presets = || PRESETS.iter().filter(|preset| of_life.contains(&preset.name));
    let sound: BTreeSet<_> = breaches(&run(&Manager::default(), presets()));
    for (fault, name) in FAULTS {
        let faulty = Manager::with(|config| config.fault = Some(fault));
        let found = breaches(&run(&faulty, presets()));
        let new: Vec<_> = found.difference(&sound).map(|breach| breach.id()).collect();
        assert!(found.contains(&name), "{fault:?} shows as {new:?}, not as {}", name.id());
        assert!(!sound.contains(&name), "the sound manager shows {} too", name.id());
    }
}
