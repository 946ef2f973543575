//! Each bug of the zoo that a stack can have is planted in the toy stack and found by the generated tours, by
//! name, without a scenario; of the toy as it should be they find nothing, and take every edge.

use std::collections::BTreeSet;
use std::num::NonZero;

use streamproof_conformance::suite::{Suite, SuiteError, Verdict};
use streamproof_conformance::sut::{Session, Setup, StartError, Sut};
use streamproof_conformance::tours::{Criterion, Tours, replay_trace};
use streamproof_model::judging::breach::Breach;
use streamproof_model::judging::way::Way;
use streamproof_model::rfc::identity::Side;
use streamproof_model::worlds::Tier;
use streamproof_model::worlds::streams::presets::{PRESETS, Preset};
use streamproof_model::worlds::streams::wrong::ZOO;
use streamproof_stacks::quinn::BareQuinn;
use streamproof_stacks::toy::Bug;
use streamproof_stacks::toy::Toy;
use streamproof_stacks::toy::zoo::{BY_EFFECT, Hunter, NOT_PLANTED, PLANTED};

fn two() -> NonZero<usize> {
    NonZero::new(2).expect("two")
}

#[test]
fn every_planted_bug_is_found_by_its_breach_and_the_right_toy_shows_none() {
    let mut hunter = Hunter::default();
    let mut missed = Vec::new();
    for planted in PLANTED {
        match hunter.hunt(planted, two()).expect("a connection") {
            None => missed.push(planted.bug),
            Some(find) => {
                assert_eq!(find.caught.deviation.breach.id(), planted.breach, "{:?}", planted.bug);
                assert!(find.caught.steps > 0);
                let right = replay_trace(&Toy::default(), &find.caught.trace).expect("a path");
                assert!(right.found.is_empty(), "the right toy too: {:?}", planted.bug);
            }
        }
    }
    assert!(missed.is_empty(), "missed: {missed:?}");
    // Every preset of the catalogue has a test of its own below.
    let outdated = Preset::find("credit-stream-outdated").expect("a preset");
    for side in outdated.sides() {
        let mut tours = Tours::make(outdated, side, &Toy::default());
        let report = tours.run(&Toy::default(), two(), &|_| {}).expect("a connection");
        assert_eq!((report.taken, report.findings.len()), (report.edges, 0));
        let blamed = tours.hunt(&Toy::default(), two(), |_| true).expect("a connection");
        assert!(blamed.is_none(), "the right toy is blamed for {blamed:?}");
    }
}

#[test]
fn every_animal_is_planted_or_has_a_reason() {
    let planted: BTreeSet<_> = PLANTED.iter().map(|planted| planted.seen).collect();
    let excused: BTreeSet<_> = NOT_PLANTED.iter().map(|(animal, _)| *animal).collect();
    for animal in ZOO {
        let ways = [planted.contains(animal.upstream), excused.contains(animal.upstream)];
        assert_eq!(ways.iter().filter(|way| **way).count(), 1, "{}", animal.upstream);
    }
    let known = |name: &str| ZOO.iter().any(|animal| animal.upstream == name);
    assert!(excused.iter().chain(BY_EFFECT).all(|name| known(name)));
    assert!(BY_EFFECT.iter().all(|name| planted.contains(name)));
    let bugs: BTreeSet<_> = PLANTED.iter().map(|planted| planted.bug).collect();
    assert_eq!(bugs.len(), PLANTED.len(), "a bug stands twice");
}

/// The toy is judged by the model, so it must not think with the model's head: it takes the words of calls and
/// limits, and no rule.
#[test]
fn toy_takes_words_from_the_model_and_no_rule() {
    let words = [
        "judging::way",
        "rfc::call",
        "rfc::choices",
        "rfc::frame::ErrorCode",
        "rfc::identity",
        "rfc::parameters",
    ];
    let arithmetic = ["StreamId::new", ".initiator()", ".role(", ".ordinal()", ".on_stream(side"];
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/toy");
    let mut files = 0;
    for entry in std::fs::read_dir(folder).expect("the toy's folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            continue; // The zoo asks the judge, whose words are the model's.
        }
        let text = std::fs::read_to_string(&path).expect("a source file");
        for (_, taken) in text
            .match_indices("streamproof_model::")
            .map(|(at, name)| text[at..].split_at(name.len()))
        {
            assert!(
                words.iter().any(|word| taken.starts_with(word)),
                "{}: {:.40}",
                path.display(),
                taken
            );
        }
        assert!(arithmetic.iter().all(|name| !text.contains(name)), "{}", path.display());
        files += 1;
    }
    assert!(files > 5);
}

/// All but `hostile-frames-bidi`, which is as long as the others together: `streamproof judge run --sut toy` has it.
#[test]
fn right_toy_takes_every_edge_of_every_preset_on_each_side_and_deviates_nowhere() {
    let quick = PRESETS.iter().filter(|p| p.is_replayed() && p.tier == Tier::Quick);
    let names = quick.map(|preset| preset.name).filter(|name| *name != "hostile-frames-bidi");
    let report = Suite::quick().presets(names).run(&Toy::default()).expect("a connection");
    assert_eq!(report.verdict(), Verdict::Conforms, "{report}");
    assert!(report.rows.len() > 40 && report.rows.iter().all(|row| row.report.traces > 0));
}

#[test]
fn bad_suites_are_refused_by_name() {
    let run = |names: &[&str]| Suite::quick().presets(names.iter().copied()).run(&Toy::default());
    assert!(matches!(run(&["nope"]), Err(SuiteError::NoPreset(name)) if name == "nope"));
    assert!(matches!(run(&["uni-free"]), Err(SuiteError::NotReplayed("uni-free"))));
    assert!(matches!(run(&[]), Err(SuiteError::Nothing)));
    let server = Suite::quick().presets(["hostile-zero-rtt"]).side(Side::Server);
    assert!(matches!(server.run(&Toy::default()), Err(SuiteError::NoSide { .. })));
}

/// quinn, of which nothing is known.
struct Unlisted;

impl Sut for Unlisted {
    fn name(&self) -> &'static str {
        "unlisted"
    }

    fn way(&self) -> Way {
        BareQuinn.way()
    }

    fn start(&self, setup: &Setup) -> Result<Box<dyn Session>, StartError> {
        BareQuinn.start(setup)
    }
}

#[test]
fn stack_that_deviates_is_told_where_with_section_and_trace() {
    let suite = Suite::quick().presets(["limits-bidi"]).side(Side::Server);
    let listed = suite.run(&BareQuinn).expect("a connection");
    assert_eq!(listed.verdict(), Verdict::AsListed);
    let report = suite.run(&Unlisted).expect("a connection");
    assert_eq!(report.verdict(), Verdict::Deviates);
    assert_eq!(report.breaches(), listed.breaches());
    let expected = ["streams-blocked-not-sent", "finish-not-idempotent", "outcome-withheld"];
    assert_eq!(report.breaches(), expected);
    let text = report.to_string();
    assert!(text.contains("streams-blocked-not-sent") && text.contains("4.6"), "{text}");
    let deviant = &report.deviants[0];
    assert!(deviant.draw(&BareQuinn).expect("a replay").contains("STREAMS_BLOCKED"));
    assert!(deviant.file().expect("a file").contains("limits-bidi"));
}

/// A tour goes on as predicted where the stack has withheld a limit; the peer must not use what it was never given,
/// or the stack would be blamed for refusing it.
#[test]
fn stack_that_withholds_a_limit_is_not_blamed_for_enforcing_it() {
    let toy = Toy::with(Bug::WaitForStreamsBlocked);
    let preset = Preset::find("limits-bidi").expect("a preset");
    let mut found = Vec::new();
    for side in preset.sides() {
        let mut tours = Tours::with(preset, side, &toy, Criterion::Edges);
        let report = tours.run(&toy, two(), &|_| {}).expect("a connection");
        found.extend(report.findings.into_keys());
    }
    assert!(found.contains(&Breach::StreamsWithheld), "{found:?}");
    assert!(!found.contains(&Breach::ClosedOnLegalPeer), "{found:?}");
}

/// That a lower stream was not opened is said once, and nothing else is said of the one above it.
#[test]
fn stream_above_one_that_was_not_opened_is_judged_as_if_nothing_were_missing() {
    let toy = Toy::with(Bug::LeaveLowerUncreated);
    let mut seen = BTreeSet::new();
    for name in ["credit-connection", "limits-uni", "limits-bidi", "uni-double"] {
        let preset = Preset::find(name).expect("a preset");
        for side in preset.sides() {
            let mut tours = Tours::with(preset, side, &toy, Criterion::Edges);
            let report = tours.run(&toy, two(), &|_| {}).expect("a connection");
            seen.extend(report.findings.keys().copied());
        }
    }
    assert_eq!(Vec::from_iter(seen), [Breach::LowerStreamNotOpened]);
}
