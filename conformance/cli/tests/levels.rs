//! What the judge reports is what a requirement says: the section that a breach cites has a requirement of that level
//! which names it. What is waived stands with the words that waive it, and what the contract wants has no section.

use streamproof_cli::requirements::{Requirement, compiled_in};
use streamproof_conformance::deviations::Known;
use streamproof_model::judging::breach::Breach;
use streamproof_model::rfc::citation::{Citation, Level};
use streamproof_model::rfc::violation::{Standing, Violation};
use streamproof_stacks::STACKS;

/// The requirements of a section.
fn requirements(section: &str) -> Vec<Requirement> {
    let sections = compiled_in().expect("the requirements");
    let mine = sections.into_iter().filter(|one| one.section == section);
    mine.flat_map(|one| one.requirement).collect()
}

/// Whether a requirement speaks of a breach.
fn names(requirement: &Requirement, breach: Breach) -> bool {
    if let Breach::ViolationIgnored(violation, _) = breach {
        return requirement.violations.contains(&violation.id());
    }
    requirement.breaches.contains(&breach.id())
}

fn every_breach() -> Vec<Breach> {
    let ignored = Violation::ALL.into_iter().flat_map(|violation| {
        Standing::ALL.map(|standing| Breach::ViolationIgnored(violation, standing))
    });
    Breach::PLAIN.iter().copied().chain(ignored).collect()
}

#[test]
fn every_breach_cites_a_requirement_of_its_level_that_names_it() {
    let mut wrong = Vec::new();
    for breach in every_breach() {
        let Citation { section, level } = breach.citation();
        if level == Level::May {
            continue; // Nobody can break it: the judge permits both ways (C-11).
        }
        let fits = |one: &Requirement| {
            one.level == level || (level == Level::Waived && one.waived.is_some())
        };
        let is_said = || requirements(section).iter().any(|one| fits(one) && names(one, breach));
        let is_right = if level == Level::Contract { section.is_empty() } else { is_said() };
        if !is_right {
            wrong.push(format!("{} ({})", breach.id(), breach.citation()));
        }
    }
    assert!(wrong.is_empty(), "no requirement says it so:\n{}", wrong.join("\n"));
}

#[test]
fn every_listed_deviation_has_the_level_of_a_requirement_of_its_section() {
    let mut entries = 0;
    for stack in STACKS {
        for entry in Known::of(&*(stack.make)()).expect("a list").deviation {
            entries += 1;
            let also = entry.also.iter().map(String::as_str);
            let own = format!("{} {}", entry.section, entry.level);
            for rule in also.chain([own.as_str()]) {
                let (section, level) = rule.split_once(' ').expect("a section and a level");
                let id = format!("{} {}: {rule}", stack.name, entry.id);
                let levels = requirements(section).into_iter().map(|one| one.level.to_string());
                match level {
                    "contract" => assert!(section.is_empty(), "{id}"),
                    "waived" => panic!("{id} is no deviation"),
                    level => assert!(levels.into_iter().any(|one| one == level), "{id}"),
                }
            }
        }
    }
    assert!(entries > 60, "{entries} entries");
}

/// The rules command says what waives a rule, so that nobody is sent to half a paragraph.
#[test]
fn requirement_is_printed_with_the_sentence_that_waives_it() {
    let rules = std::process::Command::new(env!("CARGO_BIN_EXE_streamproof"))
        .args(["rules", "4.5"])
        .output()
        .expect("the command");
    let text = String::from_utf8(rules.stdout).expect("UTF-8");
    let waived = requirements("4.5").into_iter().find(|one| one.id == "4.5/4");
    let waived = waived.and_then(|one| one.waived).expect("what waives it");
    let words =
        |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>().join(" ");
    assert!(words(&text).contains(&words(&waived)), "{text}");
}
