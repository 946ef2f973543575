//! What looks odd and is permitted is not reported, of any stack that shows it; its forbidden neighbour is.

use std::collections::BTreeSet;
use std::num::NonZero;

use streamproof_cli::controls::{Control, Played, all};
use streamproof_conformance::sut::Sut;
use streamproof_stacks::toy::zoo::Hunter;

fn controls() -> Vec<Control> {
    all().expect("the list")
}

/// Stacks in processes of their own are played by `make stacks`.
fn is_here(sut: &dyn Sut) -> bool {
    ["toy", "quinn", "manager"].contains(&sut.name())
}

#[test]
fn no_control_is_reported_of_a_stack_that_shows_it() {
    let (mut played, mut shown, mut wrong) = (0, BTreeSet::new(), Vec::new());
    for control in controls() {
        for shown_by in &control.shown_by {
            let sut = control.stack(shown_by).expect("a stack");
            if !is_here(&*sut) {
                continue;
            }
            let outcome = control.play(&*sut);
            played += 1;
            shown.insert(control.id.clone());
            if !matches!(outcome, Ok(Played::Passed)) {
                wrong.push(format!("{} by {shown_by}: {outcome:?}", control.id));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(shown.len() >= 20 && played > shown.len(), "{} controls, {played} plays", shown.len());
}

#[test]
fn forbidden_neighbour_of_every_control_is_reported() {
    let mut hunter = Hunter::default();
    let mut hunted = BTreeSet::new();
    for control in controls() {
        let planted = control.planted().expect("a planted bug");
        if hunted.insert(planted.bug) {
            let two = NonZero::new(2).expect("two");
            let find = hunter.hunt(&planted, two).expect("a connection");
            let find =
                find.unwrap_or_else(|| panic!("{}: {} is missed", control.id, control.opposite));
            assert_eq!(find.caught.deviation.breach.id(), control.reported_as, "{}", control.id);
        }
    }
}

#[test]
fn controls_say_what_permits_them() {
    let choices = include_str!("../../../specs/choices.md");
    let mut ids = BTreeSet::new();
    for control in controls() {
        assert!(ids.insert(control.id.clone()), "{} stands twice", control.id);
        assert!(control.does.ends_with('.') && control.permits.ends_with('.'), "{}", control.id);
        let is_choice = |choice: &String| choices.contains(&format!("\n## {choice}\n"));
        assert!(control.choice.iter().all(is_choice), "{}", control.id);
    }
}
