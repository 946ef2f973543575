//! What is known to deviate, for each system under test: the `deviations.toml` in its folder, which it hands in.
//!
//! An entry names the breach, its section and level, why it is so, and a trace that shows it. A
//! breach that is not listed fails a run, and so does an entry that no run shows any more.

use serde::{Deserialize, Serialize};
use streamproof_model::judging::breach::Breach;

use crate::sut::Sut;

/// A file of known deviations.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Known {
    /// The entries.
    #[serde(default)]
    pub deviation: Vec<Entry>,
}

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
    /// What happens, and why it is left so.
    pub why: String,
    /// The choice of `specs/choices.md` that permits it: it only looks like a deviation, because of what the stack's
    /// interface lets be seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permitted: Option<String>,
    /// Where upstream knows of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream: Option<String>,
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
        toml::from_str(sut.deviations()).map_err(|error| KnownError {
            system: sut.name().to_owned(),
            reason: error.to_string(),
        })
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
