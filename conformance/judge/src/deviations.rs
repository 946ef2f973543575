//! What is known to deviate, for each system under test: the `deviations.toml` in its folder, which it hands in.
//!
//! An entry names the breach, its section and level, why it is so, and a trace that shows it. A
//! breach that is not listed fails a run, and so does an entry that no run shows any more. So does a listed one in a
//! situation in which it was not known: `situations.toml` beside the list, written by `streamproof judge run
//! --situations`, names those.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use streamproof_model::judging::breach::Breach;

use crate::sut::Sut;

/// A file of known deviations.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Known {
    /// The entries.
    #[serde(default)]
    pub deviation: Vec<Entry>,
    /// For an entry the situations in which it shows ([`situation`](crate::situation)); an entry without any may show
    /// in each.
    #[serde(skip)]
    situations: Situations,
}

/// For each breach's id the situations in which a stack shows it.
pub type Situations = BTreeMap<String, BTreeSet<String>>;

/// One known deviation.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The breach's [`id`](Breach::id).
    pub id: String,
    /// The section whose rule is broken.
    pub section: String,
    /// How strong the rule is.
    pub level: String,
    /// A trace that shows it: the name of a file in the folder `traces` beside the list.
    pub trace: String,
    /// What the stack does, in sentences that need no other entry.
    pub why: String,
    /// Other rules that the same behaviour breaks, each as a section and a level: `4.4 MUST`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// The earliest version that is known to have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// The first version, or the change, without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed: Option<String>,
    /// Where upstream speaks of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream: Option<String>,
    /// Where upstream says that it is meant so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deliberate: Option<String>,
}

impl Entry {
    /// What is known beside the sentence: a word for each fact, and the fact.
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        let also = (!self.also.is_empty()).then(|| {
            self.also.iter().map(|rule| format!("§{rule}")).collect::<Vec<_>>().join(", ")
        });
        let facts = [
            ("also", also),
            ("since", self.since.clone()),
            ("fixed", self.fixed.clone()),
            ("upstream", self.upstream.clone()),
            ("deliberate", self.deliberate.clone()),
        ];
        facts.into_iter().filter_map(|(word, fact)| Some((word, fact?))).collect()
    }
}

/// The text of a `situations.toml`.
pub fn write_situations(situations: &Situations) -> String {
    let mut text = String::from(
        "# In which situations each deviation shows. Written by `streamproof judge run --situations`.\n",
    );
    for (id, situations) in situations {
        text.push_str(&format!("\n{id} = [\n"));
        // A JSON string is a TOML string.
        let line = |situation: &String| format!("    {situation:?},\n");
        text.extend(situations.iter().map(line));
        text.push_str("]\n");
    }
    text
}

/// A file of known deviations that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the known deviations of {system}: {reason}")]
pub struct KnownError {
    /// The system.
    pub system: String,
    /// What is wrong, and where.
    pub reason: String,
}

impl Known {
    /// The known deviations of a system.
    ///
    /// # Errors
    ///
    /// When its list is not of the right form.
    pub fn of(sut: &dyn Sut) -> Result<Self, KnownError> {
        let bad = |error: toml::de::Error| KnownError {
            system: sut.name().to_owned(),
            reason: error.to_string(),
        };
        let known: Self = toml::from_str(sut.deviations()).map_err(bad)?;
        let situations = toml::from_str(sut.situations()).map_err(bad)?;
        Ok(Self { situations, ..known })
    }

    /// Whether a breach that is listed is known to show in a situation. Of one that is not listed nothing is known.
    pub fn shows_in(&self, breach: Breach, situation: &str) -> bool {
        let known = self.situations.get(&breach.id());
        self.entry(breach).is_some() && known.is_none_or(|known| known.contains(situation))
    }

    /// The entry for a breach.
    pub fn entry(&self, breach: Breach) -> Option<&Entry> {
        let id = breach.id();
        self.deviation.iter().find(|entry| entry.id == id)
    }

    /// The entries that none of these breaches shows.
    pub fn stale<'a>(&'a self, shown: &'a [Breach]) -> impl Iterator<Item = &'a Entry> {
        self.deviation.iter().filter(|entry| !shown.iter().any(|breach| breach.id() == entry.id))
    }
}
