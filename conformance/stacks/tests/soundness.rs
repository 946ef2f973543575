//! No innocent stack is blamed: the right toy goes every way that the RFC leaves open, one choice at a time and two
//! together, over the whole quick tier. It takes every edge, and nothing is held against it.

use std::num::NonZero;

use streamproof_conformance::sut::Sut;
use streamproof_conformance::tours::{Criterion, Tours};
use streamproof_model::rfc::choices::{Choice, Choices, Named};
use streamproof_model::worlds::Tier;
use streamproof_model::worlds::streams::presets::{PRESETS, Preset};
use streamproof_stacks::quinn::BareQuinn;
use streamproof_stacks::toy::Toy;
use streamproof_stacks::toy::zoo::PERMITTED;

const TWO: NonZero<usize> = NonZero::new(2).expect("two");

/// Every preset of the quick tier.
const EVERY_PRESET: fn(&str) -> bool = |_| true;
/// Those in which a choice has most to say.
const TELLING_PRESETS: fn(&str) -> bool =
    |name| ["uni", "hostile-sender", "hostile-frames-bidi-ours"].contains(&name);

fn presets(wanted: fn(&str) -> bool) -> impl Iterator<Item = &'static Preset> {
    let quick = PRESETS.iter().filter(|preset| preset.is_replayed() && preset.tier == Tier::Quick);
    quick.filter(move |preset| wanted(preset.name))
}

/// The toy's choices with these turned round.
fn turned(names: &[&Named]) -> Choices {
    let mut choices = Toy::CHOICES;
    for choice in names {
        let other = match (choice.get)(&choices) {
            Choice::Always => Choice::Never,
            Choice::Never | Choice::Either => Choice::Always,
        };
        (choice.set)(&mut choices, other);
    }
    choices
}

/// How many traces were played, and what is wrong.
fn play(toy: Toy, wanted: fn(&str) -> bool) -> (usize, Vec<String>) {
    let (mut traces, mut wrong) = (0, Vec::new());
    for preset in presets(wanted) {
        for side in preset.sides() {
            let mut tours = Tours::with(*preset, side, &toy, Criterion::Edges);
            let report = tours.run(&toy, TWO, &|_| {}).expect("a connection");
            traces += report.traces;
            let blamed: Vec<_> = report.findings.keys().map(|breach| breach.id()).collect();
            if !blamed.is_empty() || report.taken < report.edges {
                let (name, untaken) = (preset.name, report.edges - report.taken);
                wrong.push(format!(
                    "{name} as {side}: blamed for {blamed:?}, {untaken} edges not taken"
                ));
            }
        }
    }
    (traces, wrong)
}

fn all_are_sound(sets: &[Vec<&Named>], wanted: fn(&str) -> bool) {
    let (mut traces, mut wrong) = (0, Vec::new());
    for names in sets {
        let (played, found) = play(Toy::choosing(turned(names)), wanted);
        let names: Vec<_> = names.iter().map(|choice| choice.name).collect();
        traces += played;
        wrong.extend(found.into_iter().map(|line| format!("{names:?}: {line}")));
    }
    println!("{} ways, {traces} traces, {} wrong", sets.len(), wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(traces > 100 * sets.len(), "{traces} traces");
}

/// With quinn's choices all at once, which are the most that a stack in the field turns round.
#[test]
fn toy_that_goes_the_way_of_quinn_is_blamed_for_nothing() {
    let (traces, wrong) = play(Toy::choosing(BareQuinn.way().choices), EVERY_PRESET);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(traces > 1000, "{traces} traces");
}

/// What the RFC takes back, or leaves free without a name.
#[test]
fn toy_that_does_what_is_waived_is_blamed_for_nothing() {
    let (mut traces, mut wrong) = (0, Vec::new());
    for bug in PERMITTED {
        let presets: fn(&str) -> bool = |name| {
            let blocked = ["credit-connection-lossy", "credit-stream-lossy"];
            TELLING_PRESETS(name) || blocked.contains(&name) || name == "uni-lossy"
        };
        let (played, found) = play(Toy::with(*bug), presets);
        traces += played;
        let blamed = found.into_iter().filter(|line| !line.contains("blamed for []"));
        wrong.extend(blamed.map(|line| format!("{bug:?}: {line}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(traces > 1000, "{traces} traces");
}

/// Whether a judge who leaves only `permitted` free blames the toy that goes the way of `choices`.
fn is_blamed(choices: Choices, permitted: Choices) -> bool {
    let toy = Toy::choosing(choices);
    presets(TELLING_PRESETS).any(|preset| {
        preset.sides().into_iter().any(|side| {
            let mut tours = Tours::with(*preset, side, &toy, Criterion::Edges);
            tours.permitted = permitted;
            let report = tours.run(&toy, TWO, &|_| {}).expect("a connection");
            !report.findings.is_empty()
        })
    })
}

/// The test can fail: a judge who takes one way of a choice for the only one blames the toy that goes the other. One
/// choice cannot be taken away so: frames are judged by the state of their stream, whatever their order.
#[test]
fn judge_who_knows_one_way_only_blames_the_other() {
    let mut innocent = Vec::new();
    for choice in Choices::ALL {
        let blames = |way: Choice, other: Choice| {
            let (mut choices, mut permitted) = (Toy::CHOICES, Choices::PERMITTED);
            (choice.set)(&mut choices, way);
            (choice.set)(&mut permitted, other);
            is_blamed(choices, permitted)
        };
        if !blames(Choice::Always, Choice::Never) && !blames(Choice::Never, Choice::Always) {
            innocent.push(choice.name);
        }
    }
    assert_eq!(innocent, ["data_before_answer"]);
}

fn singles() -> Vec<Vec<&'static Named>> {
    Choices::ALL.iter().map(|choice| vec![choice]).collect()
}

#[test]
fn toy_that_turns_a_choice_round_is_blamed_for_nothing_where_it_says_most() {
    all_are_sound(&singles(), TELLING_PRESETS);
}

#[test]
#[ignore = "minutes: make nightly"]
fn toy_that_turns_a_choice_round_is_blamed_for_nothing_anywhere() {
    all_are_sound(&singles(), EVERY_PRESET);
}

#[test]
#[ignore = "most of an hour: make nightly"]
fn toy_that_turns_two_choices_round_is_blamed_for_nothing() {
    let all = Choices::ALL;
    let rest = |at: usize| all[at + 1..].iter();
    let pairs =
        all.iter().enumerate().flat_map(|(at, one)| rest(at).map(move |two| vec![one, two]));
    all_are_sound(&pairs.collect::<Vec<_>>(), EVERY_PRESET);
}
