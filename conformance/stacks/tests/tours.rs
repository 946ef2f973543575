//! The tours take every edge of every replayed preset of the quick tier, on each side, on the manager and
//! on bare quinn, every state too, and where the peer of the manager keeps the rules nearly every pair of edges; they find exactly
//! what is listed, and each of the five planted faults by name, with a short trace.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZero;

use streamproof::Fault;
use streamproof_conformance::deviations::Known;
use streamproof_conformance::replay::Found;
use streamproof_conformance::sut::Sut;
use streamproof_conformance::tours::{Criterion, Finding, Repeat, RoleReport, Tours, replay_trace};
use streamproof_model::judging::breach::Breach;
use streamproof_model::trace::file;
use streamproof_model::worlds::Tier;
use streamproof_model::worlds::streams::presets::{PRESETS, Preset};
use streamproof_stacks::manager::Manager;
use streamproof_stacks::quinn::BareQuinn;

fn run_all(sut: &dyn Sut, criterion: fn(&Preset) -> Criterion) -> Vec<RoleReport> {
    let quick = |preset: &&Preset| preset.is_replayed() && preset.tier == Tier::Quick;
    run(sut, PRESETS.iter().filter(quick), criterion)
}

const TWO: NonZero<usize> = NonZero::new(2).expect("two");

fn run<'a>(
    sut: &dyn Sut,
    presets: impl Iterator<Item = &'a Preset>,
    criterion: fn(&Preset) -> Criterion,
) -> Vec<RoleReport> {
    let mut reports = Vec::new();
    for preset in presets {
        for side in preset.sides() {
            let mut tours = Tours::with(*preset, side, sut, criterion(preset));
            reports.push(tours.run(sut, TWO, &|_| {}).expect("a connection"));
        }
    }
    reports
}

fn breaches(reports: &[RoleReport]) -> BTreeSet<Breach> {
    reports.iter().flat_map(|report| report.findings.keys().copied()).collect()
}

/// Everything taken that the criterion asks for, and exactly what is listed shown.
fn takes_all(sut: &dyn Sut, criterion: fn(&Preset) -> Criterion) {
    let reports = run_all(sut, criterion);
    for report in &reports {
        let name = (report.preset, report.side);
        assert_eq!(report.taken, report.edges, "{name:?}: {:?}", report.untaken);
        assert_eq!(report.states_taken, report.states, "{name:?}");
        let pairs = (report.pairs_taken, report.pairs);
        assert!(
            report.criterion == Criterion::Edges || pairs.0 * 100 >= pairs.1 * 95,
            "{name:?}: {pairs:?}"
        );
        assert!(report.is_covered(), "{name:?}");
        assert!(report.traces > 0 && report.steps > 0, "{name:?}");
    }
    let listed: BTreeSet<String> = ids(&Known::of(sut).expect("a list"));
    let shown: BTreeSet<String> = breaches(&reports).iter().map(|breach| breach.id()).collect();
    assert_eq!(shown, listed);
}

/// Pairs of edges where both ends keep the rules. Those of a hostile peer belong to the night: they show nothing more of
/// what is listed, and take minutes.
const fn pairs_of_the_legal(preset: &Preset) -> Criterion {
    match preset.hostile {
        Some(_) => Criterion::Edges,
        None => Criterion::Pairs,
    }
}

#[test]
fn manager_takes_every_edge_and_the_pairs_of_legal_peers_on_each_side_and_shows_what_is_listed() {
    takes_all(&Manager::default(), pairs_of_the_legal);
}

/// Pairs of edges where credit runs out: there they show what edges do not. The others belong to the night.
fn pairs_of_credit(preset: &Preset) -> Criterion {
    match preset.name.starts_with("credit") {
        true => Criterion::Pairs,
        false => Criterion::Edges,
    }
}

#[test]
fn bare_quinn_takes_every_edge_and_the_pairs_of_credit_on_each_side_and_shows_what_is_listed() {
    match std::env::var_os("STREAMPROOF_NIGHTLY") {
        Some(_) => takes_all(&BareQuinn, pairs_of_the_legal),
        None => takes_all(&BareQuinn, pairs_of_credit),
    }
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
    let sound: BTreeSet<_> = breaches(&run(&Manager::default(), presets(), |_| Criterion::Edges));
    for (fault, name) in FAULTS {
        let faulty = Manager::with(|config| config.fault = Some(fault));
        let found = breaches(&run(&faulty, presets(), |_| Criterion::Edges));
        let new: Vec<_> = found.difference(&sound).map(|breach| breach.id()).collect();
        assert!(found.contains(&name), "{fault:?} shows as {new:?}, not as {}", name.id());
        assert!(!sound.contains(&name), "the sound manager shows {} too", name.id());
    }
}

#[test]
fn tour_that_fails_is_split_and_its_witness_is_short_and_named_by_edges() {
    for (fault, name) in FAULTS {
        let sut = Manager::with(|config| config.fault = Some(fault));
        let preset = Preset::find("uni-drop").expect("a preset");
        for side in preset.sides() {
            let mut tours = Tours::make(preset, side, &sut);
            let report = tours.run(&sut, TWO, &|_| {}).expect("a connection");
            let Some(finding) = report.findings.get(&name) else { continue };
            let witness = tours.witness(&sut, finding).expect("a connection").expect("a witness");
            let tour = tours.trace(finding.tour).expect("the tour").actions.len();
            let steps = witness.trace.actions.len();
            assert!(steps <= tour && steps <= 10, "{fault:?}: {steps} of {tour} steps");
            let replay = replay_trace(&sut, &witness.trace).expect("a connection");
            assert!(replay.found.iter().any(|found| found.deviation.breach == name), "{fault:?}");
            if let Repeat::Edges(edges) = &witness.repeat {
                let again = tours.by_edges(edges).expect("edges of this graph");
                assert!(again.actions.starts_with(&witness.trace.actions), "{fault:?}");
            }
        }
    }
}

#[test]
fn long_tour_that_fails_is_cut_down() {
    // Bare quinn deviates again and again on one tour.
    let preset = Preset::find("uni").expect("a preset");
    let tours = Tours::make(preset, preset.sides()[0], &BareQuinn);
    let length = |tour: &usize| tours.trace(*tour).map_or(0, |trace| trace.actions.len());
    let tour = tours.numbers().into_iter().max_by_key(length).expect("a tour");
    let trace = tours.trace(tour).expect("its number");
    let replay = replay_trace(&BareQuinn, &trace).expect("a connection");
    let Found { at, deviation, .. } = replay.found.last().expect("it deviates").clone();
    let finding = Finding { times: 1, tour, at, deviation, situations: BTreeMap::new() };
    let witness = tours.witness(&BareQuinn, &finding).expect("a connection").expect("a witness");
    let steps = witness.trace.actions.len();
    assert!(steps * 3 < at, "{steps} steps, of {at} stimuli");
    assert!(matches!(witness.repeat, Repeat::Edges(_)), "{:?}", witness.repeat);
    assert_eq!(witness.deviation.breach, finding.deviation.breach);
}

#[test]
fn tours_made_again_are_the_same_to_the_byte() {
    for name in ["limits-cancel", "hostile-receiver"] {
        let preset = Preset::find(name).expect("a preset");
        let side = preset.sides()[0];
        let texts = || {
            let tours = Tours::make(preset, side, &Manager::default());
            let mut text = String::new();
            for (number, trace) in tours.traces() {
                text += &format!("{number}\n{}", file::write(&trace).expect("text"));
            }
            (text, tours.fingerprints())
        };
        assert!(texts() == texts(), "{name}");
    }
}

#[test]
fn graph_that_is_too_large_is_not_toured() {
    let (preset, sut) = (Preset::find("uni").expect("a preset"), Manager::default());
    let within = |most| Tours::within(preset, preset.sides()[0], &sut, Criterion::Edges, most);
    assert!(within(1_000).is_none());
    assert!(within(100_000).is_some());
}
