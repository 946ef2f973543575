//! The names that a requirement may use, read from where they are defined.

use std::collections::BTreeSet;

use streamproof_model::mutants::MUTANTS;
use streamproof_model::rfc::breach::Breach;
use streamproof_model::rfc::citation::Level;
use streamproof_model::rfc::violation::Violation;
use streamproof_model::world::presets::PRESETS;
use streamproof_model::world::properties;

use super::places::SCENARIOS;

const CHOICES: &str = include_str!("../../../specs/choices.md");

/// Every name there is, of each kind.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The properties of the model.
    pub properties: BTreeSet<String>,
    /// The breaches that the judge tells apart, but for unanswered violations.
    pub breaches: BTreeSet<String>,
    /// Those of them that break the RFC, and not only the manager's contract.
    pub breaches_of_the_rfc: BTreeSet<String>,
    /// What a peer can do wrong.
    pub violations: BTreeSet<String>,
    /// The wrong rules.
    pub mutants: BTreeSet<String>,
    /// The choices, as "C-4".
    pub choices: BTreeSet<String>,
    /// The scenarios that have a trace file.
    pub scenarios: BTreeSet<String>,
}

impl Known {
    /// The names of this build.
    pub fn now() -> Self {
        let plain = |of_the_rfc: bool| {
            let wanted =
                move |breach: &&Breach| !of_the_rfc || breach.citation().level != Level::Contract;
            Breach::PLAIN.iter().filter(wanted).map(|breach| breach.id()).collect()
        };
        Self {
            properties: property_names(),
            breaches: plain(false),
            breaches_of_the_rfc: plain(true),
            violations: Violation::ALL.iter().map(|violation| violation_id(*violation)).collect(),
            mutants: MUTANTS.iter().map(|mutant| mutant.name.to_owned()).collect(),
            choices: choice_ids(CHOICES),
            scenarios: SCENARIOS.iter().map(|name| (*name).to_owned()).collect(),
        }
    }
}

/// Every property that has a subject in some preset.
fn property_names() -> BTreeSet<String> {
    let names = PRESETS.iter().flat_map(properties::all).map(|property| property.name.to_owned());
    names.collect()
}

fn violation_id(violation: Violation) -> String {
    let text = serde_json::to_string(&violation).unwrap_or_default();
    text.trim_matches('"').to_owned()
}

fn choice_ids(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter_map(|line| line.strip_prefix("## "));
    headings.filter(|heading| heading.starts_with("C-")).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_names() {
        let known = Known::now();
        assert!(known.properties.contains("§4.5 final size never changes"));
        assert!(known.breaches.contains("stop-unanswered"));
        assert!(!known.breaches_of_the_rfc.contains("wrong-answer"));
        assert!(known.violations.contains("stream-on-send-only"));
        assert!(known.mutants.contains("forget final size"));
        assert!(known.choices.contains("C-11") && !known.choices.contains("D-1"));
    }
}
