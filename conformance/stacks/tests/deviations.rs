//! The lists of known deviations are true: each entry is a breach with that section and level, each
//! trace shows it, the manager has only what quinn leaves it, and a list with a missing or a stale
//! entry would fail a run.

use std::path::Path;

use streamproof_conformance::deviations::Known;
use streamproof_conformance::sut::Sut;
use streamproof_conformance::tours::replay_trace;
use streamproof_model::judging::breach::Breach;
use streamproof_model::rfc::violation::{Standing, Violation};
use streamproof_model::trace::file;
use streamproof_stacks::manager::Manager;
use streamproof_stacks::quinn::BareQuinn;
use streamproof_stacks::{STACKS, departures};

fn systems() -> [Box<dyn Sut>; 2] {
    [Box::new(BareQuinn), Box::new(Manager::default())]
}

fn breach(id: &str) -> Option<Breach> {
    let ignored = Violation::ALL.into_iter().flat_map(|violation| {
        Standing::ALL.map(|standing| Breach::ViolationIgnored(violation, standing))
    });
    Breach::PLAIN.iter().copied().chain(ignored).find(|breach| breach.id() == id)
}

#[test]
fn every_entry_is_a_breach_with_its_section_and_level() {
    for stack in STACKS {
        for entry in Known::of(&*(stack.make)()).expect("a well-formed list").deviation {
            let breach = breach(&entry.id).unwrap_or_else(|| panic!("no breach {}", entry.id));
            let citation = breach.citation();
            assert_eq!(entry.section, citation.section, "{}", entry.id);
            assert_eq!(entry.level, citation.level.to_string(), "{}", entry.id);
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(stack.name).join("traces");
            let text = std::fs::read_to_string(folder.join(&entry.trace)).expect("its trace");
            file::read(&text, departures())
                .unwrap_or_else(|error| panic!("{}: {error}", entry.trace));
        }
    }
}

/// Who reads one entry need not read another, a list of numbers, or another stack's list.
#[test]
fn every_entry_says_in_a_sentence_of_its_own_what_the_stack_does() {
    let others = ["the same", "as for ", "what follows from", "judge's doing"];
    for stack in STACKS {
        for entry in Known::of(&*(stack.make)()).expect("a well-formed list").deviation {
            let (id, why) = (format!("{} {}", stack.name, entry.id), entry.why.to_lowercase());
            let names = STACKS.iter().map(|other| other.name).filter(|name| *name != stack.name);
            // quinn decides below the manager; "toy" and "manager" are words, too.
            let of_others = names.filter(|name| !["manager", "quinn", "toy"].contains(name));
            let named =
                of_others.filter(|name| why.split_whitespace().any(|word| word == *name)).count();
            let refers = others.iter().any(|words| why.contains(words));
            let labels = why.split(|c: char| !c.is_alphanumeric() && c != '-');
            let is_label = |word: &str| {
                let number = word.strip_prefix("c-").or(word.strip_prefix("d-"));
                number.is_some_and(|number| number.parse::<u32>().is_ok())
            };
            assert!(named == 0 && !refers && !labels.into_iter().any(is_label), "{id}: {why}");
        }
    }
}

#[test]
fn every_recorded_trace_shows_its_deviation() {
    for sut in systems() {
        for entry in Known::of(&*sut).expect("a well-formed list").deviation {
            let path = Path::new(env!("CARGO_MANIFEST_DIR"))
                .join(sut.name())
                .join("traces")
                .join(&entry.trace);
            let text = std::fs::read_to_string(&path).expect("the trace of an entry");
            let trace = file::read(&text, departures()).expect("a trace");
            let replay = replay_trace(&*sut, &trace).expect("a connection");
            let shown = replay.found.iter().any(|found| found.deviation.breach.id() == entry.id);
            assert!(shown, "{} does not show {}", path.display(), entry.id);
        }
    }
}

/// What the manager's contract promises, and quinn decides without it.
const DECIDED_BELOW: [&str; 1] = ["streams-withheld"];

#[test]
fn manager_deviates_only_where_quinn_does() {
    let quinn = Known::of(&BareQuinn).expect("a well-formed list");
    for entry in Known::of(&Manager::default()).expect("a well-formed list").deviation {
        let known = quinn.deviation.iter().any(|quinn| quinn.id == entry.id);
        assert!(known, "{} is the manager's own", entry.id);
        let own = entry.level == "contract" && !DECIDED_BELOW.contains(&entry.id.as_str());
        assert!(!own, "{}: the manager breaks its contract", entry.id);
    }
}

#[test]
fn entry_that_nothing_shows_is_stale() {
    let known = Known::of(&BareQuinn).expect("a well-formed list");
    assert_eq!(known.stale(&[]).count(), known.deviation.len());
    assert_eq!(known.stale(&[Breach::StopUnanswered]).count(), known.deviation.len() - 1);
}
