//! Every wrong rule, one row each, and the property that kills it.
//!
//! A mutant shows that a property can fail. Each is checked in one preset, in which RFC 9000's own
//! rules hold, and must break the property it names as soon as any. Most are bugs that QUIC
//! stacks really had; [`zoo`] lists those, and says of each that no rule can have where it is looked for
//! instead.
//!
//! | file | sections |
//! |---|---|
//! | `stream` | §2.2 to §3.5: what is read and told, the states, STOP_SENDING |
//! | `credit` | §4.1, §4.2: limits on data |
//! | `final_size` | §4.5 |
//! | `limits` | §2.1, §4.6: numbers of streams and limits on them |
//! | `frames` | §11.1, §19, §20.1: what may arrive where, and the error that answers it |
//! | `connection` | §7.4.1, §10.2, §13.3: 0-RTT, the connection's end, what is sent again |
//! | `rules` | the wrong rules that are more than one line |
//!
//! A wrong rule that a right one cannot be told from, whatever happens, is no mutant: it is deleted.

mod connection;
mod credit;
mod final_size;
mod frames;
mod limits;
mod rules;
mod stream;
pub mod zoo;

pub use zoo::{ELSEWHERE, Elsewhere, WITHOUT_MUTANT, ZOO};

use crate::rfc::rules::Rules;

use super::StreamsWorld;
use super::presets::Preset;

/// What a bug does to people, in the zoo's letters.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Class {
    /// C: credit is lost, or given twice.
    Credit,
    /// F: the final size.
    FinalSize,
    /// L: a stream lives too long, or is used after its end.
    Lifecycle,
    /// E: data, an error or a notification is lost or wrong.
    Error,
    /// N: a cancelled call.
    Cancellation,
    /// R: a race or a deadlock.
    Race,
    /// X: limits on streams.
    Streams,
}

impl Class {
    /// The zoo's letter.
    pub const fn letter(self) -> char {
        match self {
            Self::Credit => 'C',
            Self::FinalSize => 'F',
            Self::Lifecycle => 'L',
            Self::Error => 'E',
            Self::Cancellation => 'N',
            Self::Race => 'R',
            Self::Streams => 'X',
        }
    }
}

/// A wrong rule.
#[derive(Clone, Copy, Debug)]
pub struct Mutant {
    /// The wrong behaviour, in the imperative.
    pub name: &'static str,
    /// The section it breaks.
    pub section: &'static str,
    /// What kind of bug it is.
    pub class: Class,
    /// The preset in which it is looked for.
    pub preset: &'static str,
    /// The property it breaks: an invariant, or a goal if it breaks no invariant there.
    pub killed_by: &'static str,
    /// The rules with the mistake.
    pub rules: Rules,
    /// Where it was seen: the names of animals in the [`ZOO`]. Empty if it is only thought of.
    pub upstream: &'static [&'static str],
}

const fn mutant(
    name: &'static str,
    section: &'static str,
    class: Class,
    preset: &'static str,
    killed_by: &'static str,
    rules: Rules,
) -> Mutant {
    Mutant { name, section, class, preset, killed_by, rules, upstream: &[] }
}

impl Mutant {
    /// The same, seen in these places.
    const fn seen(self, upstream: &'static [&'static str]) -> Self {
        Self { upstream, ..self }
    }

    /// The preset in which it is looked for, under its rules; `None` if there is no such preset.
    pub fn world(&self) -> Option<StreamsWorld> {
        Some(StreamsWorld { preset: Preset::find(self.preset)?, rules: self.rules })
    }

    /// The mutant with this name.
    pub fn find(name: &str) -> Option<&'static Self> {
        MUTANTS.iter().find(|mutant| mutant.name == name)
    }
}

const TABLES: [&[Mutant]; 6] = [
    stream::MUTANTS,
    credit::MUTANTS,
    final_size::MUTANTS,
    limits::MUTANTS,
    frames::MUTANTS,
    connection::MUTANTS,
];

const COUNT: usize = {
    let mut count = 0;
    let mut table = 0;
    while table < TABLES.len() {
        count += TABLES[table].len();
        table += 1;
    }
    count
};

/// Every mutant, file by file.
pub static MUTANTS: [Mutant; COUNT] = {
    let mut all = [TABLES[0][0]; COUNT];
    let (mut place, mut table) = (0, 0);
    while table < TABLES.len() {
        let mut row = 0;
        while row < TABLES[table].len() {
            all[place] = TABLES[table][row];
            place += 1;
            row += 1;
        }
        table += 1;
    }
    all
};
