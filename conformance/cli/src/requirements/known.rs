//! The names that a requirement may use, read from where they are defined.

use std::collections::BTreeSet;

use streamproof_conformance::deviations::{Entry, Known as Deviations};
use streamproof_model::judging::breach::Breach;
use streamproof_model::rfc::citation::Level;
use streamproof_model::rfc::violation::Violation;
use streamproof_model::worlds::reset_stream_at;
use streamproof_model::worlds::streams::properties;
use streamproof_model::worlds::streams::wrong::MUTANTS;
use streamproof_stacks::manager::Manager;

use super::places::{CHOICES, SCENARIOS};

/// Where the choices about RESET_STREAM_AT are.
const RESET_AT: &str = include_str!("../../../../model/src/worlds/reset_stream_at/mod.rs");

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
    /// What the manager's list of deviations owns up to.
    pub deviations: Vec<Entry>,
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
            violations: Violation::ALL.iter().map(|violation| violation.id()).collect(),
            mutants: mutant_names(),
            choices: CHOICES.iter().flat_map(|text| choice_ids(text)).collect(),
            scenarios: SCENARIOS.iter().map(|name| (*name).to_owned()).collect(),
            deviations: deviations(),
        }
    }
}

/// What the manager is known to do otherwise than the rules say. A list that cannot be read has a test of its own.
fn deviations() -> Vec<Entry> {
    Deviations::of(&Manager::default()).unwrap_or_default().deviation
}

/// Every property, those of RESET_STREAM_AT's own world included.
fn property_names() -> BTreeSet<String> {
    let of_reset_at =
        reset_stream_at::presets::PRESETS.iter().flat_map(reset_stream_at::properties::all);
    let of_reset_at = of_reset_at.map(|property| property.name);
    properties::names().into_iter().chain(of_reset_at).map(str::to_owned).collect()
}

fn mutant_names() -> BTreeSet<String> {
    let of_reset_at = reset_stream_at::wrong::MUTANTS.iter().map(|mutant| mutant.name);
    MUTANTS.iter().map(|mutant| mutant.name).chain(of_reset_at).map(str::to_owned).collect()
}

/// The choices that a document has as headings, and those that the model of RESET_STREAM_AT lists.
fn choice_ids(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter_map(|line| line.strip_prefix("## "));
    let headings = headings.filter(|heading| heading.starts_with("C-")).map(str::to_owned);
    let listed = RESET_AT.lines().filter_map(|line| line.strip_prefix("//! - R-"));
    let listed = listed.filter_map(|line| Some(format!("R-{}", line.split_once(',')?.0)));
    headings.chain(listed).collect()
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
        assert!(known.deviations.iter().any(|entry| entry.id == "stop-after-reset"));
        assert!(known.choices.contains("C-11") && !known.choices.contains("D-1"));
        assert!(
            known.choices.contains("R-14")
                && known.mutants.contains("tell a clean end at the Reliable Size")
        );
        assert!(
            known
                .properties
                .contains("§5 the reset is told after everything below the Reliable Size")
        );
    }
}
