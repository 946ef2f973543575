//! The tours take every edge of every replayed preset in both roles on the manager, find nothing that
//! is not listed, and find each of the five planted faults by name.

use std::collections::BTreeSet;
use std::num::NonZero;

use streamproof::Fault;
use streamproof_conformance::conform::{RoleReport, Tours};
use streamproof_conformance::deviations::Known;
use streamproof_conformance::sut::{BareQuinn, Manager, Sut};
use streamproof_model::rfc::breach::Breach;
use streamproof_model::world::presets::PRESETS;

fn run_all(sut: &dyn Sut) -> Vec<RoleReport> {
    let threads = NonZero::new(2).expect("two");
    let mut reports = Vec::new();
    for preset in PRESETS.iter().filter(|preset| preset.is_replayed()) {
        for role in preset.roles() {
            let mut tours = Tours::make(*preset, role, sut);
            reports.push(tours.run(sut, threads, &|_| {}).expect("a connection"));
        }
    }
    reports
}

fn breaches(reports: &[RoleReport]) -> BTreeSet<Breach> {
    reports.iter().flat_map(|report| report.findings.keys().copied()).collect()
}

#[test]
fn manager_takes_every_edge_in_both_roles_and_shows_nothing_unlisted() {
    let sut = Manager::default();
    let reports = run_all(&sut);
    for report in &reports {
        let name = (report.preset, report.role);
        assert_eq!(report.taken, report.edges, "{name:?}: {:?}", report.untaken);
        assert!(report.traces > 0 && report.steps > 0, "{name:?}");
    }
    let listed: BTreeSet<String> = ids(&Known::of("manager").expect("a list"));
    let shown: BTreeSet<String> = breaches(&reports).iter().map(|breach| breach.id()).collect();
    assert_eq!(shown, listed);
}

#[test]
fn bare_quinn_shows_exactly_what_is_listed() {
    let listed = ids(&Known::of("quinn").expect("a list"));
    let shown: BTreeSet<String> =
        breaches(&run_all(&BareQuinn)).iter().map(|breach| breach.id()).collect();
    assert_eq!(shown, listed);
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
    let sound: BTreeSet<_> = breaches(&run_all(&Manager::default()));
    for (fault, name) in FAULTS {
        let found = breaches(&run_all(&Manager::with(|config| config.fault = Some(fault))));
        let new: Vec<_> = found.difference(&sound).map(|breach| breach.id()).collect();
        assert!(found.contains(&name), "{fault:?} shows as {new:?}, not as {}", name.id());
        assert!(!sound.contains(&name), "the sound manager shows {} too", name.id());
    }
}
