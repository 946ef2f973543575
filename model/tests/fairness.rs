//! What comes in the end: the goals of every quick preset, and wrong rules under which they do not.

use streamproof_model::check::fairness::{Verdict, every_path};
use streamproof_model::worlds::Tier;
use streamproof_model::worlds::streams::StreamsWorld;
use streamproof_model::worlds::streams::presets::PRESETS;
use streamproof_model::worlds::streams::properties::progress::GOALS;
use streamproof_model::worlds::streams::wrong::MUTANTS;

#[test]
fn every_goal_comes_on_every_fair_path() {
    let mut held = Vec::new();
    for preset in PRESETS.iter().filter(|preset| preset.tier == Tier::Quick) {
        for report in every_path(&StreamsWorld::new(*preset)) {
            match report.verdict {
                Verdict::Holds => held.push(report.name),
                Verdict::Vacuous => assert_eq!(report.awaited, 0),
                Verdict::Refuted { .. } => panic!("{}: {}", preset.name, report.name),
            }
        }
    }
    // What is awaited nowhere shows nothing.
    assert!(GOALS.iter().all(|goal| held.contains(&goal.name)), "{held:?}");
}

/// Every wrong rule that breaks a goal and no invariant.
#[test]
fn wrong_rules_that_break_a_goal_are_refuted_with_a_lasso() {
    let is_goal = |name: &str| GOALS.iter().any(|goal| goal.name == name);
    let (mut refuted, mut loops) = (0, 0);
    for mutant in MUTANTS.iter().filter(|mutant| is_goal(mutant.killed_by)) {
        let reports = every_path(&mutant.world().expect("a preset"));
        let report = reports.iter().find(|report| report.name == mutant.killed_by);
        let report = report.expect("its goal is asked");
        let Verdict::Refuted { stem, cycle } = &report.verdict else {
            panic!("{}: {report:?}", mutant.name)
        };
        assert_eq!(stem.last().map(|(state, _)| state), cycle.first().map(|(state, _)| state));
        assert_eq!(cycle.first().map(|(state, _)| state), cycle.last().map(|(state, _)| state));
        println!("{}: {} + {}", mutant.name, stem.len() - 1, cycle.len() - 1);
        refuted += 1;
        loops += usize::from(cycle.len() > 1);
    }
    assert!(refuted >= 3, "{refuted} refuted, {loops} of them by a loop");
}
