//! The list of worlds: every name in it is unique and leads to what it names.

use std::collections::BTreeSet;

use streamproof_model::check::any::{all, find, wrong};
use streamproof_model::check::report::Verdict;
use streamproof_model::check::search::Options;
use streamproof_model::worlds::Tier;

#[test]
fn every_preset_has_a_name_of_its_own() {
    let names: Vec<_> = all().iter().map(|world| world.about().name).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
    for name in names {
        assert_eq!(find(name).map(|world| world.about().name), Some(name));
    }
    assert!(find("nope").is_none());
}

#[test]
fn every_wrong_rule_is_one_of_the_preset_that_it_names() {
    for wrong in wrong() {
        let world = find(wrong.preset).unwrap_or_else(|| panic!("no preset {}", wrong.preset));
        assert!(world.under(wrong.name).is_some(), "{} has no \"{}\"", wrong.preset, wrong.name);
        assert!(world.under("nope").is_none());
    }
}

#[test]
fn only_streams_have_traces() {
    for world in all() {
        let about = world.about();
        assert_eq!(world.as_streams().is_some(), about.not_replayed.is_none(), "{}", about.name);
    }
}

#[test]
fn counterexample_has_its_steps_and_its_picture_in_every_world() {
    for (preset, mutant, broken, steps) in [
        (
            "uni",
            "leave STOP_SENDING unanswered",
            "§3.5 STOP_SENDING is answered with RESET_STREAM",
            6,
        ),
        ("reset-at-hostile", "accept another code", "§5.2 a changed code closes the connection", 3),
        ("lifecycle-incident", "release and access not atomic", "no access after release", 4),
    ] {
        let world = find(preset).and_then(|world| world.under(mutant)).expect("a wrong world");
        let report = world.check(&Options::default(), &mut |_| {}).expect("a temporary folder");
        let verdict = report.verdicts.iter().find(|(name, _)| *name == broken);
        let Some((_, Verdict::Violated(found))) = verdict else { panic!("{preset}: {verdict:?}") };
        assert_eq!(found.steps.len(), steps, "{preset}");
        assert!(found.diagram.title.contains(preset), "{}", found.diagram.title);
    }
}

/// The zoo's own preset is listed and holds, in no tier.
#[test]
fn preset_of_the_zoo_is_listed_and_holds() {
    let world = find("credit-stream-outdated").expect("listed");
    assert_eq!(world.about().tier, Tier::Named);
    let report = world.check(&Options::default(), &mut |_| {}).expect("a temporary folder");
    let bad: Vec<_> = report.verdicts.iter().filter(|(_, verdict)| !verdict.is_good()).collect();
    assert!(bad.is_empty(), "{bad:?}");
}
