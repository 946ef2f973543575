//! The rules of RFC 9000 about streams, one by one, and what stands for each: `specs/requirements`.
//!
//! A file for each section, an entry for each rule; and one for all of RESET_STREAM_AT's draft, whose rules
//! have the draft's name before their section, as in "reset-stream-at 5.2/8". Reading refuses what is not of the right form
//! ([`Section::read`]); whether the names in an entry exist, and whether enough stands for the rule, is
//! the [`report`]'s.

mod files;
pub mod known;
pub mod page;
pub mod places;
pub mod report;
pub mod scan;

use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};
use streamproof_model::rfc::citation::Level;

/// The levels that a rule may have, the strongest keyword first. A contract is the manager's, and no rule.
pub const LEVELS: [Level; 4] = [Level::Must, Level::Should, Level::May, Level::Stated];

/// Who sees to a rule: quinn owns frames, credit and limits, the manager lifecycle and outcomes.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EnforcedBy {
    /// quinn.
    Quinn,
    /// The manager.
    Manager,
    /// quinn and the manager.
    Both,
    /// Only the other end can.
    Peer,
    /// Whoever uses the manager.
    Application,
    /// Nobody here.
    Nobody,
    /// The model alone: nobody at hand implements it.
    Model,
}

impl fmt::Display for EnforcedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Quinn => "quinn",
            Self::Manager => "manager",
            Self::Both => "both",
            Self::Peer => "peer",
            Self::Application => "application",
            Self::Nobody => "nobody",
            Self::Model => "model",
        })
    }
}

/// One rule.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// Section and ordinal, as in "4.5/2", in a draft with its name before them.
    pub id: String,
    /// How strong it is; of several keywords in a sentence the strongest counts.
    pub level: Level,
    /// Whether it is a sentence with a keyword of RFC 2119.
    pub keyword: bool,
    /// The rule, in our own words.
    pub rule: String,
    /// Who sees to it.
    pub enforced_by: EnforcedBy,
    /// The properties of the model that state it.
    #[serde(default)]
    pub properties: Vec<String>,
    /// What the judge reports when it is broken.
    #[serde(default)]
    pub breaches: Vec<String>,
    /// How a peer can break it.
    #[serde(default)]
    pub violations: Vec<String>,
    /// The wrong rules that show that the properties can fail.
    #[serde(default)]
    pub mutants: Vec<String>,
    /// The traces that show it.
    #[serde(default)]
    pub scenarios: Vec<String>,
    /// The entry in `choices.md`, where the RFC leaves something open.
    #[serde(default)]
    pub choice: Option<String>,
    /// What the RFC itself waives of it, and where it says so.
    #[serde(default)]
    pub waived: Option<String>,
    /// Why nothing else stands for it.
    #[serde(default)]
    pub note: Option<String>,
}

/// The rules of one section.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// Its number.
    pub section: String,
    /// What it is about.
    pub title: String,
    /// How many sentences with a keyword it has.
    pub sentences: usize,
    /// Which of them have no entry, and why.
    #[serde(default)]
    pub leaves_out: Option<String>,
    /// The rules: sentences with a keyword first, in their order; then what is stated.
    #[serde(default)]
    pub requirement: Vec<Requirement>,
}

/// A file that cannot be read, as one line.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
#[error("{file}: {reason}")]
pub struct ReadError {
    /// The file.
    pub file: String,
    /// What is wrong, with its place.
    pub reason: String,
}

/// The sections that are compiled in, in the RFC's order.
///
/// # Errors
///
/// When a file is not of the right form.
pub fn compiled_in() -> Result<Vec<Section>, ReadError> {
    let read = |(section, text): &(&str, &str)| {
        Section::read(&format!("specs/requirements/{section}.toml"), section, text)
    };
    files::FILES.iter().map(read).collect()
}

/// The sections of a folder, in the RFC's order.
///
/// # Errors
///
/// When the folder or a file cannot be read, is not of the right form, or there is none.
pub fn from_folder(folder: &Path) -> Result<Vec<Section>, ReadError> {
    let bad = |path: &Path, reason: String| ReadError { file: path.display().to_string(), reason };
    let entries = std::fs::read_dir(folder).map_err(|error| bad(folder, error.to_string()))?;
    let mut sections = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| bad(folder, error.to_string()))?.path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let text = std::fs::read_to_string(&path).map_err(|error| bad(&path, error.to_string()))?;
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        sections.push(Section::read(
            &path.display().to_string(),
            &stem.unwrap_or_default(),
            &text,
        )?);
    }
    if sections.is_empty() {
        return Err(bad(folder, "no file of requirements".to_owned()));
    }
    sections.sort_by_key(|section| order(&section.section));
    Ok(sections)
}

/// A section's number as one that sorts.
fn order(section: &str) -> Vec<usize> {
    section.split('.').map(|number| number.parse().unwrap_or(usize::MAX)).collect()
}

/// Whether a file's rules are those of a whole draft.
pub fn is_draft(section: &str) -> bool {
    !section.starts_with(|letter: char| letter.is_ascii_digit())
}

impl Section {
    /// Reads the text of one section's file.
    ///
    /// # Errors
    ///
    /// When it is not TOML of the right form, when a field or a level is unknown, or when the IDs are
    /// not those of the section in order.
    pub fn read(file: &str, section: &str, text: &str) -> Result<Self, ReadError> {
        let bad = |reason: String| ReadError { file: file.to_owned(), reason };
        let read: Self = toml::from_str(text).map_err(|error| bad(place(text, &error)))?;
        read.check(section).map_err(bad)?;
        Ok(read)
    }

    fn check(&self, section: &str) -> Result<(), String> {
        if self.section != section {
            return Err(format!("section \"{}\" in the file of {section}", self.section));
        }
        if is_draft(section) {
            return self.check_draft();
        }
        let mut last = 0;
        let mut sentences = 0;
        for requirement in &self.requirement {
            let ordinal = requirement.check(section)?;
            let id = &requirement.id;
            if ordinal <= last {
                return Err(format!("{id}: stands after {section}/{last}"));
            }
            if requirement.keyword && ordinal > self.sentences {
                return Err(format!("{id}: the section has {} sentences", self.sentences));
            }
            if !requirement.keyword && ordinal != last.max(self.sentences) + 1 {
                let next = last.max(self.sentences) + 1;
                return Err(format!("{id}: {section}/{next} belongs here"));
            }
            sentences += usize::from(requirement.keyword);
            last = ordinal;
        }
        self.check_sentences(sentences)
    }

    /// A draft in one file: each of its sections counts from 1, in the order of its text.
    fn check_draft(&self) -> Result<(), String> {
        let mut last: (Vec<usize>, usize) = (Vec::new(), 0);
        for requirement in &self.requirement {
            let id = &requirement.id;
            let own = id.strip_prefix(&self.section).and_then(|rest| rest.strip_prefix(' '));
            let section = own.and_then(|own| own.split_once('/')).map(|(section, _)| section);
            let Some(section) = section else {
                return Err(format!("{id}: not an ID of {}", self.section));
            };
            let ordinal = requirement.check(&format!("{} {section}", self.section))?;
            let at = order(section);
            let next = if at == last.0 { last.1 + 1 } else { 1 };
            if at < last.0 || ordinal != next {
                return Err(format!("{id}: out of order"));
            }
            last = (at, ordinal);
        }
        self.check_sentences(self.requirement.iter().filter(|one| one.keyword).count())
    }

    fn check_sentences(&self, sentences: usize) -> Result<(), String> {
        if sentences < self.sentences && self.leaves_out.is_none() {
            let missing = self.sentences - sentences;
            return Err(format!("{missing} of {} sentences have no entry", self.sentences));
        }
        Ok(())
    }
}

impl Requirement {
    /// Its ordinal, if its form is right.
    fn check(&self, section: &str) -> Result<usize, String> {
        let id = &self.id;
        let ordinal = id.split_once('/').filter(|(of, _)| *of == section);
        let ordinal = ordinal.and_then(|(_, ordinal)| ordinal.parse::<usize>().ok());
        let Some(ordinal) = ordinal.filter(|ordinal| *ordinal > 0) else {
            return Err(format!("{id}: not an ID of section {section}"));
        };
        if !LEVELS.contains(&self.level) {
            return Err(format!("{id}: level {} is no level of a rule", self.level));
        }
        if self.keyword == (self.level == Level::Stated) {
            return Err(format!("{id}: keyword = {} and level {}", self.keyword, self.level));
        }
        if !self.rule.ends_with('.') {
            return Err(format!("{id}: the rule is no sentence"));
        }
        let lists =
            [&self.properties, &self.breaches, &self.violations, &self.mutants, &self.scenarios];
        for list in lists {
            if let Some(twice) =
                list.iter().enumerate().find(|(at, name)| list[..*at].contains(name))
            {
                return Err(format!("{id}: \"{}\" twice", twice.1));
            }
        }
        Ok(ordinal)
    }

    /// Whether anything can find it broken.
    pub fn names_a_check(&self) -> bool {
        !(self.properties.is_empty() && self.breaches.is_empty() && self.violations.is_empty())
    }
}

/// Where in `text` an error is: line, column, the entry it is in, and what it says, as one line.
pub(crate) fn place(text: &str, error: &toml::de::Error) -> String {
    let message = error.message().lines().collect::<Vec<_>>().join(" ");
    let Some(span) = error.span() else {
        return message;
    };
    // A missing field's span is its whole entry: its place is where that begins.
    let before = &text[..span.start];
    let line = before.lines().count() + usize::from(before.is_empty() || before.ends_with('\n'));
    let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1;
    let inside = &text[..span.end.min(text.len())];
    let entry = inside.rfind("[[requirement]]").map_or("", |at| &text[at..]);
    let id = entry.lines().skip(1).take_while(|line| !line.starts_with("[[")).find_map(|line| {
        Some(line.strip_prefix("id = \"")?.trim_end().strip_suffix('"')?.to_owned())
    });
    let id = id.map_or(String::new(), |id| format!("{id}: "));
    format!("line {line}, column {column}: {id}{message}")
}

#[cfg(test)]
mod tests;
