//! Two runs of the suite, against two versions of a stack: what got better, what got worse, what stayed.
//!
//! A deviation that only one of the two runs has shown may have been hidden in the other, behind an earlier
//! one. So its trace is played against the other version as well ([`Comparison::asks`]); if it shows there
//! too, nothing has changed. An edge counts by its number: both runs are of the same suite, so the graphs are
//! the same. How often a deviation shows is told, and not judged.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize, Serializer};

/// What `streamproof judge run --json` says, as far as it is compared.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
pub struct Report {
    /// A row for each preset and side.
    pub reports: Vec<Row>,
    /// One for each breach.
    pub deviations: Vec<Deviation>,
}

/// The edges of one preset for one side.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
pub struct Row {
    /// The preset.
    pub preset: String,
    /// The side of the system under test.
    pub side: String,
    /// How many edges the graph has.
    pub edges: usize,
    /// The first and the last of each run of edges that were not taken.
    pub not_taken: Vec<[usize; 2]>,
}

/// A breach that a run has shown.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
pub struct Deviation {
    /// The breach.
    pub id: String,
    /// The section whose rule is broken.
    pub section: String,
    /// How strong the rule is.
    pub level: String,
    /// How many steps showed it.
    pub times: usize,
}

/// Which way something went from one version to the other.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// There now, and not before.
    Worse,
    /// There before, and not any more.
    Better,
    /// In both.
    Stayed,
}

/// The two versions of a comparison.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Version {
    /// The version compared from.
    From,
    /// The version compared with.
    To,
}

impl Version {
    /// The other one of the two.
    pub const fn other(self) -> Self {
        match self {
            Self::From => Self::To,
            Self::To => Self::From,
        }
    }
}

/// What became of one deviation.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct DeviationChange {
    /// The breach.
    pub id: String,
    /// The section whose rule is broken.
    pub section: String,
    /// How strong the rule is.
    pub level: String,
    /// How many steps showed it: with the version compared from, and with the one compared with.
    pub times: [usize; 2],
    /// Which way it went.
    pub change: Change,
    /// Whether one of the runs did not show it, although that version has it.
    pub hidden: bool,
}

impl DeviationChange {
    /// The version whose run has recorded a trace that shows it; the one compared with, if both have.
    pub const fn shown_by(&self) -> Version {
        match self.times {
            [_, 0] => Version::From,
            _ => Version::To,
        }
    }
}

/// What became of the edges of one preset for one side.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct EdgesChange {
    /// The preset.
    pub preset: String,
    /// The side of the system under test.
    pub side: String,
    /// How many edges the graph has.
    pub edges: usize,
    /// How many were taken: with the version compared from, and with the one compared with.
    pub taken: [usize; 2],
    /// Those taken in the first and not in the second.
    #[serde(serialize_with = "as_spans")]
    pub lost: Vec<usize>,
    /// Those taken in the second and not in the first.
    #[serde(serialize_with = "as_spans")]
    pub won: Vec<usize>,
}

impl EdgesChange {
    /// Which way this goes: worse if a single one is lost, whatever was won.
    pub fn change(&self) -> Change {
        match (self.lost.is_empty(), self.won.is_empty()) {
            (false, _) => Change::Worse,
            (true, false) => Change::Better,
            (true, true) => Change::Stayed,
        }
    }
}

/// Two runs side by side.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Comparison {
    /// Every deviation of either, the worse first, then by name.
    pub deviations: Vec<DeviationChange>,
    /// Every preset and side of both, in the order of the runs.
    pub coverage: Vec<EdgesChange>,
}

/// Two runs that cannot be compared.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the two runs are not of the same suite: {preset} as {side}")]
pub struct NotTheSame {
    /// The first preset that is not in both with as many edges.
    pub preset: String,
    /// The side of the system under test.
    pub side: String,
}

impl Comparison {
    /// Compares the runs against two versions, the older one first.
    ///
    /// # Errors
    ///
    /// When they are not of the same presets, sides and graphs.
    pub fn of(from: &Report, to: &Report) -> Result<Self, NotTheSame> {
        let mut deviations = changes(&from.deviations, &to.deviations);
        deviations.sort_by(|a, b| (a.change, &a.id).cmp(&(b.change, &b.id)));
        Ok(Self { deviations, coverage: coverage(&from.reports, &to.reports)? })
    }

    /// The deviations that one run alone has shown: each has to be asked of the other version, with the
    /// trace of the version given here.
    pub fn asks(&self) -> impl Iterator<Item = (&str, Version)> {
        let changed = self.deviations.iter().filter(|entry| entry.change != Change::Stayed);
        changed.map(|entry| (entry.id.as_str(), entry.shown_by()))
    }

    /// Takes note that the trace of one run shows `id` against the other version, too.
    pub fn is_in_both(&mut self, id: &str) {
        for entry in self.deviations.iter_mut().filter(|entry| entry.id == id) {
            entry.change = Change::Stayed;
            entry.hidden = true;
        }
        self.deviations.sort_by(|a, b| (a.change, &a.id).cmp(&(b.change, &b.id)));
    }

    /// The deviations and the rows of coverage that went this way.
    pub fn count(&self, change: Change) -> (usize, usize) {
        let deviations = self.deviations.iter().filter(|entry| entry.change == change);
        let rows = self.coverage.iter().filter(|row| row.change() == change);
        (deviations.count(), rows.count())
    }

    /// Whether anything got worse.
    pub fn is_worse(&self) -> bool {
        self.count(Change::Worse) != (0, 0)
    }
}

/// Numbers in order, as the first and the last of each run of them: edges are missed in runs.
pub fn spans(numbers: &[usize]) -> Vec<[usize; 2]> {
    let runs = numbers.chunk_by(|one, next| one + 1 == *next);
    runs.filter_map(|run| Some([*run.first()?, *run.last()?])).collect()
}

fn as_spans<S: Serializer>(numbers: &[usize], serializer: S) -> Result<S::Ok, S::Error> {
    spans(numbers).serialize(serializer)
}

fn changes(from: &[Deviation], to: &[Deviation]) -> Vec<DeviationChange> {
    let times = |list: &[Deviation], id: &str| {
        list.iter().find(|entry| entry.id == id).map_or(0, |entry| entry.times)
    };
    let all: BTreeMap<&str, &Deviation> =
        from.iter().chain(to).map(|entry| (entry.id.as_str(), entry)).collect();
    let change = |entry: &Deviation| {
        let times = [times(from, &entry.id), times(to, &entry.id)];
        let change = match times {
            [0, _] => Change::Worse,
            [_, 0] => Change::Better,
            _ => Change::Stayed,
        };
        DeviationChange {
            id: entry.id.clone(),
            section: entry.section.clone(),
            level: entry.level.clone(),
            times,
            change,
            hidden: false,
        }
    };
    all.into_values().map(change).collect()
}

fn coverage(from: &[Row], to: &[Row]) -> Result<Vec<EdgesChange>, NotTheSame> {
    let key = |row: &Row| (row.preset.clone(), row.side.clone(), row.edges);
    let odd = |row: &Row| NotTheSame { preset: row.preset.clone(), side: row.side.clone() };
    let mut others: BTreeMap<_, &Row> = to.iter().map(|row| (key(row), row)).collect();
    let mut changes = Vec::new();
    for row in from {
        let other = others.remove(&key(row)).ok_or_else(|| odd(row))?;
        let (before, after) = (missing(row), missing(other));
        changes.push(EdgesChange {
            preset: row.preset.clone(),
            side: row.side.clone(),
            edges: row.edges,
            taken: [row.edges - before.len(), row.edges - after.len()],
            lost: after.difference(&before).copied().collect(),
            won: before.difference(&after).copied().collect(),
        });
    }
    match others.into_values().next() {
        Some(row) => Err(odd(row)),
        None => Ok(changes),
    }
}

fn missing(row: &Row) -> BTreeSet<usize> {
    let within = |edge: &usize| *edge < row.edges;
    row.not_taken.iter().flat_map(|[first, last]| *first..=*last).filter(within).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deviation(id: &str, times: usize) -> Deviation {
        let (section, level) = ("3.5".to_owned(), "MUST".to_owned());
        Deviation { id: id.to_owned(), section, level, times }
    }

    fn row(preset: &str, not_taken: &[[usize; 2]]) -> Row {
        let (preset, side) = (preset.to_owned(), "client".to_owned());
        Row { preset, side, edges: 100, not_taken: not_taken.to_vec() }
    }

    /// A run with an old deviation, a common one, and edges 10 to 12 not taken in `uni`.
    fn before() -> Report {
        Report {
            reports: vec![row("uni", &[[10, 12]]), row("bidi", &[])],
            deviations: vec![deviation("common", 5), deviation("old", 2)],
        }
    }

    fn change_of(comparison: &Comparison, id: &str) -> Change {
        let mut entries = comparison.deviations.iter();
        entries.find(|entry| entry.id == id).expect("an entry").change
    }

    #[test]
    fn run_compared_with_itself_has_stayed() {
        let same = Comparison::of(&before(), &before()).expect("the same suite");
        assert!(!same.is_worse());
        assert_eq!(same.count(Change::Stayed), (2, 2));
        assert_eq!(same.asks().count(), 0);
        assert_eq!(same.coverage[0].taken, [97, 97]);
    }

    #[test]
    fn planted_deviations_are_better_worse_and_stayed() {
        let after = Report {
            deviations: vec![deviation("common", 7), deviation("planted", 1)],
            ..before()
        };
        let comparison = Comparison::of(&before(), &after).expect("the same suite");
        let ways = ["planted", "old", "common"].map(|id| change_of(&comparison, id));
        assert_eq!(ways, [Change::Worse, Change::Better, Change::Stayed]);
        assert_eq!(comparison.deviations[0].id, "planted", "the worst first");
        assert!(comparison.is_worse());
        let asks: Vec<_> = comparison.asks().collect();
        assert_eq!(asks, [("planted", Version::To), ("old", Version::From)]);
        // The other way round, better is worse.
        let back = Comparison::of(&after, &before()).expect("the same suite");
        assert_eq!(change_of(&back, "old"), Change::Worse);
        assert_eq!(change_of(&back, "planted"), Change::Better);
    }

    #[test]
    fn more_of_the_same_deviation_is_not_worse() {
        let after = Report {
            deviations: vec![deviation("common", 5_000), deviation("old", 1)],
            ..before()
        };
        assert!(!Comparison::of(&before(), &after).expect("the same suite").is_worse());
    }

    #[test]
    fn deviation_that_was_only_hidden_has_stayed() {
        let after = Report { deviations: vec![deviation("found-now", 1)], ..before() };
        let mut comparison = Comparison::of(&before(), &after).expect("the same suite");
        comparison.is_in_both("found-now");
        assert!(!comparison.is_worse());
        let entry = comparison.deviations.iter().find(|entry| entry.id == "found-now");
        assert!(entry.is_some_and(|entry| entry.hidden && entry.change == Change::Stayed));
    }

    #[test]
    fn one_edge_lost_is_worse_whatever_is_won() {
        let after = Report { reports: vec![row("uni", &[[7, 7]]), row("bidi", &[])], ..before() };
        let comparison = Comparison::of(&before(), &after).expect("the same suite");
        let uni = &comparison.coverage[0];
        assert_eq!((uni.lost.clone(), uni.won.clone()), (vec![7], vec![10, 11, 12]));
        assert_eq!((uni.taken, uni.change()), ([97, 99], Change::Worse));
        assert!(comparison.is_worse());
        assert_eq!(comparison.coverage[1].change(), Change::Stayed);
    }

    #[test]
    fn edges_won_alone_are_better() {
        let after = Report { reports: vec![row("uni", &[]), row("bidi", &[])], ..before() };
        let comparison = Comparison::of(&before(), &after).expect("the same suite");
        assert_eq!(comparison.coverage[0].change(), Change::Better);
        assert!(!comparison.is_worse());
    }

    #[test]
    fn numbers_and_spans_say_the_same() {
        assert_eq!(spans(&[1, 2, 3, 7, 9, 10]), [[1, 3], [7, 7], [9, 10]]);
        let row = row("uni", &[[1, 3], [7, 7], [9, 10]]);
        assert_eq!(missing(&row).into_iter().collect::<Vec<_>>(), [1, 2, 3, 7, 9, 10]);
        assert!(spans(&[]).is_empty());
    }

    #[test]
    fn runs_of_different_suites_are_not_compared() {
        let fewer = Report { reports: vec![row("uni", &[])], ..before() };
        let error = Comparison::of(&before(), &fewer).expect_err("bidi is missing").to_string();
        assert_eq!(error, "the two runs are not of the same suite: bidi as client");
        assert!(Comparison::of(&fewer, &before()).is_err());
        let mut larger = before();
        larger.reports[1].edges = 101;
        assert!(Comparison::of(&before(), &larger).is_err());
    }
}
