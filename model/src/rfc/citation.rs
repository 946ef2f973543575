//! Where a rule comes from and how strong it is: RFC 2119's levels, and two of our own below them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How strong a rule is, weakest first, so that the most charitable reading is the smallest.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// A promise of the interface to its users; the RFC says nothing against breaking it.
    Contract,
    /// The RFC asks for it, and the same paragraph calls it not mandatory here: never counted as a rule broken.
    Waived,
    /// RFC 2119 MAY.
    May,
    /// RFC 2119 SHOULD.
    Should,
    /// The RFC states it without a keyword.
    Stated,
    /// RFC 2119 MUST.
    Must,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Contract => "contract",
            Self::Waived => "waived",
            Self::May => "MAY",
            Self::Should => "SHOULD",
            Self::Stated => "stated",
            Self::Must => "MUST",
        })
    }
}

/// A rule's place and strength.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub struct Citation {
    /// The section of RFC 9000, as in "3.5"; empty for a contract, which no section states.
    pub section: &'static str,
    /// Its level.
    pub level: Level,
}

impl Citation {
    /// A rule of `section` with `level`.
    pub const fn new(section: &'static str, level: Level) -> Self {
        Self { section, level }
    }

    /// The section as in "§3.5"; "contract" where none says it.
    pub fn place(self) -> String {
        match self.section {
            "" => "contract".to_owned(),
            section => format!("§{section}"),
        }
    }
}

impl fmt::Display for Citation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.section {
            "" => write!(f, "{}", self.level),
            section => write!(f, "§{section} {}", self.level),
        }
    }
}
