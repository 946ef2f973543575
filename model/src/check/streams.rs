//! A world of streams, checked: by the project's own engine, or by stateright where the world is too large for
//! packed states; and what must come there in the end.

use stateright::{Expectation, Model, Property};

use crate::worlds::World;
use crate::worlds::streams::StreamsWorld;

use super::engine::{self, Search};
use super::fairness::{self, Verdict as GoalVerdict};
use super::report::{Path, Report, Verdict};
use super::search;

/// Checks a world of streams and its goals; `progress` is told about four times a second.
///
/// # Errors
///
/// As [`search::run`].
pub fn check(
    world: &StreamsWorld,
    options: &search::Options,
    progress: &mut dyn FnMut(search::Progress),
) -> Result<Report, search::Failure> {
    Ok(with_goals(world, check_packed(*world, options, progress)?))
}

/// The report with what a search of states alone does not show: what must come in the end. A report that was
/// cut is left as it is: that is asked of whole graphs.
pub fn with_goals(world: &StreamsWorld, mut report: Report) -> Report {
    if report.cut.is_some() {
        return report;
    }
    for goal in fairness::ways(world) {
        let verdict = match goal.verdict {
            GoalVerdict::Holds => Verdict::Holds,
            GoalVerdict::Refuted { stem, .. } => Verdict::Violated(stem),
            // Nothing is shown here; in some preset of the quick tier it has to be.
            GoalVerdict::Vacuous => continue,
        };
        report.verdicts.push((goal.name, verdict));
    }
    report
}

/// Checks the properties of a world of streams with the project's own [`search`]; `progress` is told about four times a second.
///
/// # Errors
///
/// As [`search::run`].
pub fn check_packed(
    world: StreamsWorld,
    options: &search::Options,
    progress: &mut dyn FnMut(search::Progress),
) -> Result<Report, search::Failure> {
    let outcome = search::run(world, options, progress)?;
    if let Some(search::Cut::Full(why)) = &outcome.cut
        && options.is_unlimited()
    {
        return Ok(check_unpacked(world, options.threads, &why.to_string()));
    }
    let cut = outcome.cut.as_ref().map(ToString::to_string);
    let mut notes = vec![format!("{} bytes a state", bytes_each(&outcome))];
    notes.push(match outcome.exact {
        true => "states compared, so none was taken for another".to_owned(),
        false => format!("{:.1e} states expected to be missed", outcome.expected_collisions()),
    });
    let properties = world.properties();
    let verdict = |(property, hit): (&Property<StreamsWorld>, Option<Path>)| {
        let verdict = match (&property.expectation, hit) {
            (Expectation::Always, Some(path)) => Verdict::Violated(path),
            (Expectation::Sometimes | Expectation::Eventually, Some(_)) => Verdict::Reached,
            (_, None) if cut.is_some() => Verdict::Open,
            (Expectation::Always, None) => Verdict::Holds,
            (Expectation::Sometimes | Expectation::Eventually, None) => Verdict::Unreached,
        };
        (property.name, verdict)
    };
    let verdicts = properties.iter().zip(outcome.hits).map(verdict).collect();
    Ok(Report {
        preset: world.name(),
        states: outcome.states,
        generated: outcome.edges + 1,
        depth: outcome.levels,
        took: outcome.took,
        verdicts,
        cut,
        notes,
    })
}

/// A world that is too large for packed states: stateright checks the readable ones.
fn check_unpacked(world: StreamsWorld, threads: usize, why: &str) -> Report {
    let mut report = engine::check(world, Search::Bfs, threads, &mut |_| {});
    report.notes.push(format!("{why}; checked by stateright on readable states"));
    report
}

fn bytes_each(outcome: &search::Outcome) -> usize {
    outcome.memory.div_ceil(outcome.states.max(1))
}
