//! Every mutant is killed by the property it names, first of all; RFC 9000's own rules pass the very
//! trace that kills it; every property kills one that no other kills; every animal of the zoo has its
//! place.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use stateright::{Expectation, Model};
use streamproof_model::check::fairness::{Verdict, ways};
use streamproof_model::check::kill::{Kill, kill_table, kill_table_markdown};
use streamproof_model::worlds::Tier;
use streamproof_model::worlds::streams::StreamsWorld;
use streamproof_model::worlds::streams::presets::{PRESETS, Preset};
use streamproof_model::worlds::streams::properties::progress::GOALS;
use streamproof_model::worlds::streams::wrong::{ELSEWHERE, MUTANTS, WITHOUT_MUTANT, ZOO};

static KILLS: LazyLock<Vec<Kill>> = LazyLock::new(kill_table);

#[test]
fn every_mutant_is_killed_by_the_property_it_names() {
    assert!(MUTANTS.len() >= 45, "{}", MUTANTS.len());
    assert_eq!(KILLS.len(), MUTANTS.len());
    for kill in KILLS.iter() {
        let (name, preset) = (kill.mutant.name, kill.mutant.preset);
        assert!(!kill.broken.is_empty(), "\"{name}\" survives {preset}");
        assert!(kill.is_as_named(), "\"{name}\" is killed by {:?}", kill.broken);
        assert!(kill.steps() > 0 || kill.trace.len() == 1, "\"{name}\" has no trace");
    }
}

#[test]
fn rfc9000_passes_every_killing_trace() {
    for kill in KILLS.iter() {
        let world = StreamsWorld::new(Preset::find(kill.mutant.preset).expect("a preset"));
        let invariants = world.properties().into_iter();
        let invariants: Vec<_> =
            invariants.filter(|property| property.expectation == Expectation::Always).collect();
        let mut state = world.init_states().remove(0);
        for (_, action) in &kill.trace {
            // Where the right rules do not permit the mutant's step, the trace ends for them.
            let mut enabled = Vec::new();
            world.actions(&state, &mut enabled);
            let Some(action) = action.clone().filter(|action| enabled.contains(action)) else {
                break;
            };
            state = world.next_state(&state, action).expect("an enabled action has an effect");
            for property in &invariants {
                let holds = (property.condition)(&world, &state);
                assert!(holds, "\"{}\": {} fails without it too", kill.mutant.name, property.name);
            }
        }
    }
}

#[test]
fn every_goal_comes_under_the_right_rules() {
    let goals: BTreeSet<_> = GOALS.iter().map(|goal| goal.name).collect();
    let mut awaited = BTreeSet::new();
    for preset in PRESETS.iter().filter(|preset| preset.tier == Tier::Quick) {
        for report in ways(&StreamsWorld::new(*preset)) {
            match &report.verdict {
                Verdict::Holds => {
                    awaited.insert(report.name);
                }
                Verdict::Vacuous => {}
                Verdict::Refuted { stem: path, .. } => {
                    let way: Vec<_> =
                        path.iter().filter_map(|(_, action)| action.clone()).collect();
                    panic!("{}: {}: {way:#?}", preset.name, report.name)
                }
            }
        }
    }
    assert_eq!(awaited, goals, "a goal that is never awaited shows nothing");
}

#[test]
fn every_property_kills_a_mutant_that_no_other_kills() {
    let alone: BTreeSet<_> =
        KILLS.iter().filter(|kill| kill.is_alone()).map(|kill| kill.mutant.killed_by).collect();
    let mut needed: BTreeSet<_> = GOALS.iter().map(|goal| goal.name).collect();
    for preset in PRESETS.iter().filter(|preset| !preset.twin) {
        let properties = StreamsWorld::new(*preset).properties().into_iter();
        let invariants = properties.filter(|property| property.expectation == Expectation::Always);
        needed.extend(invariants.map(|property| property.name));
    }
    let excused: BTreeSet<_> = WITHOUT_MUTANT.iter().map(|(name, _)| *name).collect();
    let missing: BTreeSet<_> = needed.difference(&alone).copied().collect();
    assert_eq!(missing, excused, "properties without a mutant of their own, and the list of them");
}

#[test]
fn every_animal_is_in_exactly_one_of_the_tables() {
    let numbers: Vec<_> = ZOO.iter().map(|animal| animal.number).filter(|n| *n > 0).collect();
    assert_eq!(numbers, (1..=38).collect::<Vec<_>>());
    let mutants: BTreeSet<_> =
        MUTANTS.iter().flat_map(|mutant| mutant.upstream.iter().copied()).collect();
    let elsewhere: BTreeSet<_> = ELSEWHERE.iter().map(|row| row.upstream).collect();
    for animal in ZOO {
        let (rule, other) =
            (mutants.contains(animal.upstream), elsewhere.contains(animal.upstream));
        assert!(rule != other, "{}: mutant: {rule}, elsewhere: {other}", animal.upstream);
    }
    let known: BTreeSet<_> = ZOO.iter().map(|animal| animal.upstream).collect();
    let named: BTreeSet<_> = mutants.union(&elsewhere).copied().collect();
    assert_eq!(named, known, "both tables name animals of the zoo only");
    assert_eq!(elsewhere.len(), ELSEWHERE.len());
}

#[test]
fn names_are_unique() {
    let mut names = BTreeMap::new();
    for mutant in &MUTANTS {
        assert!(names.insert(mutant.name, mutant.section).is_none(), "\"{}\" twice", mutant.name);
    }
}

#[test]
fn table_of_the_readme_is_the_one_of_this_run() {
    let readme = include_str!("../README.md");
    let (begin, end) = ("<!-- mutants -->\n", "<!-- /mutants -->");
    let from = readme.find(begin).expect("the marker") + begin.len();
    let to = readme.find(end).expect("the closing marker");
    let table = kill_table_markdown(&KILLS);
    assert!(readme[from..to] == table, "the table of model/README.md is another one: make bless");
}
