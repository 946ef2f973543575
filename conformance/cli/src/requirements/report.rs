//! What stands for each rule: covered, left open by choice, noted, or a gap.

use serde::Serialize;
use streamproof_conformance::deviations::Entry;
use streamproof_model::rfc::citation::Level;

use super::known::Known;
use super::places::{PLACES, Place};
use super::{EnforcedBy, Requirement, Section};

/// How a rule is disposed of.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Something checks it, a trace shows it, a test runs it.
    Covered,
    /// The same, and what checks it finds it broken: by the manager, whose list says why.
    Broken,
    /// The RFC leaves it open, and `choices.md` says how it is used.
    Choice,
    /// Its note says why nothing else stands for it.
    Noted,
    /// A gap.
    Open,
}

impl State {
    /// The word for it; a gap stands out.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Covered => "covered",
            Self::Broken => "BROKEN",
            Self::Choice => "choice",
            Self::Noted => "noted",
            Self::Open => "OPEN",
        }
    }
}

/// One rule and what stands for it.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// The rule.
    #[serde(flatten)]
    pub requirement: Requirement,
    /// How it is disposed of.
    pub state: State,
    /// What is missing, as far as anything is.
    pub gaps: Vec<String>,
    /// How many of its properties there are in the model.
    #[serde(rename = "properties_found")]
    pub properties: usize,
    /// How many of its breaches and violations there are.
    #[serde(rename = "faults_found")]
    pub faults: usize,
    /// Its scenarios that have a trace file.
    pub traces: Vec<String>,
    /// Where the source names it.
    pub code: Vec<Place>,
    /// The deviations of the manager that break it: their ids in its list.
    pub deviations: Vec<String>,
    /// Whether a test runs it: by name, or through a property, a breach, a violation or a mutant.
    pub tested: bool,
}

impl Row {
    /// Whether anything can find the rule broken.
    pub const fn is_checked(&self) -> bool {
        self.properties + self.faults > 0
    }
}

/// A section and its rows.
#[derive(Clone, Debug, Serialize)]
pub struct Part {
    /// Its number.
    pub section: String,
    /// What it is about.
    pub title: String,
    /// Which of its sentences have no entry, and why.
    pub leaves_out: Option<String>,
    /// Its rules.
    pub requirements: Vec<Row>,
    /// Where the source cites the section as a whole.
    pub cited: Vec<Place>,
}

/// How many of a level there are, and how they are disposed of.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Total {
    /// How many.
    pub all: usize,
    /// Not open.
    pub disposed: usize,
    /// Something checks them.
    pub checked: usize,
    /// A trace shows them.
    pub traced: usize,
    /// A test runs them.
    pub tested: usize,
    /// Noted.
    pub noted: usize,
    /// Broken by the manager, as its list of deviations says.
    pub broken: usize,
}

impl Total {
    /// Counts rows.
    pub fn of<'a>(rows: impl IntoIterator<Item = &'a Row>) -> Self {
        let mut total = Self::default();
        for row in rows {
            total.all += 1;
            total.disposed += usize::from(row.state != State::Open);
            total.checked += usize::from(row.is_checked());
            total.traced += usize::from(!row.traces.is_empty());
            total.tested += usize::from(row.tested);
            total.noted += usize::from(row.state == State::Noted);
            total.broken += usize::from(!row.deviations.is_empty());
        }
        total
    }
}

/// All sections with what stands for their rules.
pub fn report(sections: &[Section], known: &Known) -> Vec<Part> {
    report_with(sections, known, PLACES)
}

/// The same with other places in the source.
pub fn report_with(sections: &[Section], known: &Known, places: &[Place]) -> Vec<Part> {
    let named = |id: &str| places.iter().filter(|place| place.ids.contains(&id)).copied().collect();
    let part = |section: &Section| Part {
        section: section.section.clone(),
        title: section.title.clone(),
        leaves_out: section.leaves_out.clone(),
        requirements: section
            .requirement
            .iter()
            .map(|requirement| row(requirement, known, named(&requirement.id)))
            .collect(),
        cited: named(&section.section),
    };
    sections.iter().map(part).collect()
}

/// The rows of all parts.
pub fn rows(parts: &[Part]) -> impl Iterator<Item = &Row> {
    parts.iter().flat_map(|part| &part.requirements)
}

fn row(requirement: &Requirement, known: &Known, code: Vec<Place>) -> Row {
    let mut gaps = unknown(requirement, known);
    // What the model alone has is replayed against nobody, and goes every way that is open.
    let on_the_wire = requirement.enforced_by != EnforcedBy::Model;
    let is = |names: &[String], set: &std::collections::BTreeSet<String>| {
        names.iter().filter(|name| set.contains(*name)).count()
    };
    let properties = is(&requirement.properties, &known.properties);
    let faults =
        is(&requirement.breaches, &known.breaches) + is(&requirement.violations, &known.violations);
    let traces: Vec<String> = requirement
        .scenarios
        .iter()
        .filter(|name| known.scenarios.contains(*name))
        .cloned()
        .collect();
    let mutants = is(&requirement.mutants, &known.mutants);
    let checks = properties + faults;
    let tested = checks + mutants > 0 || code.iter().any(|place| place.test);
    let missing = [
        (checks == 0, "no property, breach or violation"),
        (traces.is_empty() && on_the_wire, "no trace"),
        (!tested, "no test"),
    ];
    let missing =
        missing.iter().filter(|(missing, _)| *missing).map(|(_, what)| (*what).to_owned());
    let missing: Vec<String> = missing.collect();
    let optional = matches!(requirement.level, Level::Should | Level::May);
    if optional && on_the_wire && requirement.choice.is_none() {
        gaps.push("no choice".to_owned());
    }
    let deviations = broken_by(requirement, known);
    let state = match (gaps.is_empty(), missing.is_empty()) {
        (false, _) => State::Open,
        (true, _) if !deviations.is_empty() => State::Broken,
        (true, _) if requirement.note.is_some() => State::Noted,
        (true, true) => State::Covered,
        (true, false) if optional => State::Choice,
        (true, false) => State::Open,
    };
    if state == State::Open {
        gaps.extend(missing);
    }
    let requirement = requirement.clone();
    Row { requirement, state, gaps, properties, faults, traces, code, deviations, tested }
}

/// The manager's deviations that break a rule: those that are as strong as it is and show as a breach that it names, or
/// as a violation of the peer's that it names and the manager lets pass. A rule without a keyword has to be of the same
/// section as well: its breaches often stand for another one, such as a connection that is closed on a legal peer.
fn broken_by(requirement: &Requirement, known: &Known) -> Vec<String> {
    let section = requirement.id.split('/').next();
    let is_of = |entry: &&Entry| {
        let passes = |violation: &String| {
            let rest = entry.id.strip_prefix("violation-ignored-");
            let rest = rest.and_then(|rest| rest.strip_prefix(violation.as_str()));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("-when-"))
        };
        let shows =
            requirement.breaches.contains(&entry.id) || requirement.violations.iter().any(passes);
        let level = requirement.level;
        let is_near = level != Level::Stated || section == Some(entry.section.as_str());
        shows && is_near && entry.level == level.to_string()
    };
    known.deviations.iter().filter(is_of).map(|entry| entry.id.clone()).collect()
}

/// The names in an entry that do not exist. A scenario without a trace file is no such name: it is a
/// trace that is missing.
pub fn unknown(requirement: &Requirement, known: &Known) -> Vec<String> {
    let choices: Vec<String> = requirement.choice.iter().cloned().collect();
    let kinds = [
        ("property", &requirement.properties, &known.properties),
        ("breach", &requirement.breaches, &known.breaches),
        ("violation", &requirement.violations, &known.violations),
        ("mutant", &requirement.mutants, &known.mutants),
        ("choice", &choices, &known.choices),
    ];
    let mut unknown = Vec::new();
    for (kind, names, set) in kinds {
        for name in names.iter().filter(|name| !set.contains(*name)) {
            unknown.push(format!("no {kind} \"{name}\""));
        }
    }
    unknown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requirement(level: Level) -> Requirement {
        Requirement {
            id: "4.5/1".to_owned(),
            level,
            keyword: level != Level::Stated,
            rule: "A rule.".to_owned(),
            enforced_by: EnforcedBy::Quinn,
            properties: Vec::new(),
            breaches: Vec::new(),
            violations: Vec::new(),
            mutants: Vec::new(),
            scenarios: Vec::new(),
            choice: None,
            waived: None,
            note: None,
        }
    }

    fn known() -> Known {
        let one = |name: &str| [name.to_owned()].into();
        Known {
            properties: one("§4.5 p"),
            scenarios: one("4.5-s"),
            choices: one("C-4"),
            ..Known::default()
        }
    }

    fn state(requirement: &Requirement) -> (State, Vec<String>) {
        let row = row(requirement, &known(), Vec::new());
        (row.state, row.gaps)
    }

    #[test]
    fn must_needs_a_check_and_a_trace() {
        let mut must = requirement(Level::Must);
        assert_eq!(state(&must).0, State::Open);
        must.properties = vec!["§4.5 p".to_owned()];
        assert_eq!(state(&must), (State::Open, vec!["no trace".to_owned()]));
        must.scenarios = vec!["4.5-not-yet".to_owned()];
        assert_eq!(state(&must), (State::Open, vec!["no trace".to_owned()]));
        must.scenarios.push("4.5-s".to_owned());
        assert_eq!(state(&must).0, State::Covered);
    }

    #[test]
    fn name_that_does_not_exist_is_a_gap_whatever_else_stands() {
        let mut must = requirement(Level::Must);
        must.properties = vec!["§4.5 p".to_owned()];
        must.scenarios = vec!["4.5-s".to_owned()];
        must.mutants = vec!["wrong".to_owned()];
        must.note = Some("Why.".to_owned());
        assert_eq!(state(&must), (State::Open, vec!["no mutant \"wrong\"".to_owned()]));
    }

    #[test]
    fn should_needs_a_choice_and_may_be_no_more() {
        let mut should = requirement(Level::Should);
        assert!(state(&should).1.contains(&"no choice".to_owned()));
        should.choice = Some("C-4".to_owned());
        assert_eq!(state(&should).0, State::Choice);
    }

    #[test]
    fn what_the_model_alone_has_needs_a_check_and_nothing_else() {
        let mut may = requirement(Level::May);
        may.enforced_by = EnforcedBy::Model;
        assert_eq!(state(&may).0, State::Choice);
        may.properties = vec!["§4.5 p".to_owned()];
        assert_eq!(state(&may).0, State::Covered);
        may.level = Level::Must;
        assert_eq!(state(&may).0, State::Covered);
        may.properties.clear();
        assert_eq!(state(&may).0, State::Open);
    }

    #[test]
    fn rule_that_the_manager_is_known_to_break_is_not_covered() {
        let mut rule = requirement(Level::Must);
        rule.properties = vec!["§4.5 p".to_owned()];
        rule.scenarios = vec!["4.5-s".to_owned()];
        rule.violations = vec!["beyond".to_owned()];
        let with = |rule: &Requirement, deviation: &str, section: &str, level: &str| {
            let mut known = known();
            known.violations = ["beyond".to_owned()].into();
            known.deviations = vec![Entry {
                id: deviation.to_owned(),
                section: section.to_owned(),
                level: level.to_owned(),
                trace: String::new(),
                why: String::new(),
                also: Vec::new(),
                since: None,
                fixed: None,
                deliberate: None,
                upstream: None,
            }];
            row(rule, &known, Vec::new()).state
        };
        for id in ["violation-ignored-beyond", "violation-ignored-beyond-when-stopped"] {
            assert_eq!(with(&rule, id, "4.1", "MUST"), State::Broken);
            assert_eq!(with(&rule, id, "4.5", "SHOULD"), State::Covered, "it is weaker");
        }
        assert_eq!(with(&rule, "violation-ignored-beyond-all", "4.5", "MUST"), State::Covered);
        assert_eq!(with(&rule, "another-breach", "4.5", "MUST"), State::Covered);
        rule.level = Level::Stated;
        rule.keyword = false;
        let stated = |section| with(&rule, "violation-ignored-beyond", section, "stated");
        assert_eq!([stated("4.5"), stated("4.1")], [State::Broken, State::Covered]);
    }

    #[test]
    fn note_stands_for_a_must() {
        let mut must = requirement(Level::Must);
        must.note = Some("Asked of authors.".to_owned());
        assert_eq!(state(&must).0, State::Noted);
    }
}
