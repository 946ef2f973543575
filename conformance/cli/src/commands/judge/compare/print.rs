//! What `streamproof judge compare` says: two tables, then each difference with its shortest trace and the command
//! that repeats it.

use std::path::Path;
use std::process::Command;

use serde_json::json;

use super::scratch::Scratch;
use super::{Pair, child};
use crate::commands::{UsageError, files, find_preset, of_schema, out};
use streamproof_conformance::compare::{Change, Comparison, DeviationChange, EdgesChange, Version};
use streamproof_conformance::table::{Column, count, table_within};
use streamproof_conformance::tours::{Criterion, Tours};
use streamproof_model::rfc::identity::Side;
use streamproof_model::trace::file;

/// Something that is not as it was.
struct Difference {
    change: Change,
    what: String,
    /// Drawn by the suite.
    diagram: String,
    repeat: String,
}

pub(super) fn comparison(pair: &Pair, found: &Comparison, as_json: bool) -> Result<(), UsageError> {
    let differences = differences(pair, found)?;
    if as_json {
        let difference = |entry: &Difference| {
            let Difference { change, what, diagram, repeat } = entry;
            json!({ "change": change, "what": what, "diagram": diagram, "repeat": repeat })
        };
        let all = json!({
            "from": versions(&pair.from),
            "to": versions(&pair.to),
            "sut": pair.sut.name(),
            "worse": found.is_worse(),
            "deviations": found.deviations,
            "coverage": found.coverage,
            "differences": differences.iter().map(difference).collect::<Vec<_>>(),
        });
        outln!("{:#}", of_schema("judge-compare", all));
        return Ok(());
    }
    outln!("{} from {} to {}\n", pair.sut.name(), pair.from, pair.to);
    out!("{}", deviations(&found.deviations));
    outln!();
    out!("{}", coverage(&found.coverage));
    for Difference { change, what, diagram, repeat } in &differences {
        outln!("\n{} {what}\n\n{}\nrepeat   {repeat}", word(*change).to_uppercase(), diagram);
    }
    outln!();
    out::paragraph("", &summary(pair, found));
    Ok(())
}

/// For machines: why there is no comparison.
pub(super) fn incomplete(reason: &str) {
    outln!("{:#}", of_schema("judge-compare", json!({ "incomplete": reason })));
}

pub(super) fn does_not_build(pair: &Pair, reason: &str, as_json: bool) {
    if as_json {
        let (from, to) = (versions(&pair.from), versions(&pair.to));
        let all = json!({ "from": from, "to": to, "worse": true, "does_not_build": reason });
        outln!("{:#}", of_schema("judge-compare", all));
    } else {
        outln!("WORSE: {} does not build: {reason}", pair.to);
    }
}

fn versions(scratch: &Scratch) -> serde_json::Value {
    json!({ "quinn-proto": scratch.proto, "quinn": scratch.quinn })
}

const fn word(change: Change) -> &'static str {
    match change {
        Change::Worse => "worse",
        Change::Better => "better",
        Change::Stayed => "stayed",
    }
}

fn deviations(entries: &[DeviationChange]) -> String {
    let row = |entry: &DeviationChange| {
        let change = match entry.hidden {
            true => "stayed, hidden once".to_owned(),
            false => word(entry.change).to_owned(),
        };
        let times = entry.times.map(|times| match times {
            0 => "-".to_owned(),
            times => count(times),
        });
        let [from, to] = times;
        let level = rule(entry);
        vec![entry.id.clone(), level, from, to, change]
    };
    let rows: Vec<_> = entries.iter().map(row).collect();
    let columns = [
        Column::left("deviation", 0),
        Column::left("rule", 1),
        Column::right("from", 0),
        Column::right("to", 0),
        Column::right("change", 0),
    ];
    table_within(out::width(), &columns, &rows)
}

fn coverage(entries: &[EdgesChange]) -> String {
    let row = |entry: &EdgesChange| {
        let percent = entry.taken.map(|taken| {
            // Rounded down: 100 % means all.
            let percent = taken * 10_000 / entry.edges.max(1);
            format!("{}.{:02} %", percent / 100, percent % 100)
        });
        let [from, to] = percent;
        let moved = [(entry.won.len(), "+"), (entry.lost.len(), "-")]
            .into_iter()
            .filter(|(edges, _)| *edges > 0)
            .map(|(edges, sign)| format!("{sign}{} ", count(edges)));
        let change = moved.collect::<String>() + word(entry.change());
        vec![entry.preset.clone(), entry.side.clone(), count(entry.edges), from, to, change]
    };
    let rows: Vec<_> = entries.iter().map(row).collect();
    let columns = [
        Column::left("preset", 0),
        Column::right("side", 0),
        Column::right("edges", 1),
        Column::right("from", 0),
        Column::right("to", 0),
        Column::right("change", 0),
    ];
    table_within(out::width(), &columns, &rows)
}

fn summary(pair: &Pair, found: &Comparison) -> String {
    let part = |change: Change| {
        let (deviations, rows) = found.count(change);
        let (deviations, rows) = (counted(deviations, "deviation"), counted(rows, "row"));
        format!("{}: {deviations}, {rows} of coverage", word(change))
    };
    let parts = [Change::Better, Change::Worse, Change::Stayed].map(part).join("; ");
    match found.is_worse() {
        true => format!("WORSE with {}. {parts}", pair.to),
        false => format!("NOTHING WORSE with {}. {parts}", pair.to),
    }
}

fn counted(number: usize, what: &str) -> String {
    let many = if number == 1 { "" } else { "s" };
    format!("{} {what}{many}", count(number))
}

/// The rule that a deviation breaks: its section, if it has one, and its level.
fn rule(entry: &DeviationChange) -> String {
    match entry.section.as_str() {
        "" => entry.level.clone(),
        section => format!("§{section} {}", entry.level),
    }
}

/// What is worse first, deviations before edges.
fn differences(pair: &Pair, found: &Comparison) -> Result<Vec<Difference>, UsageError> {
    let mut all = Vec::new();
    for change in [Change::Worse, Change::Better] {
        for entry in found.deviations.iter().filter(|entry| entry.change == change) {
            let by = entry.shown_by();
            let what = format!("{} ({}), seen with {}", entry.id, rule(entry), pair.scratch(by));
            all.push(drawn(pair, by, change, what, &pair.trace(by, &entry.id))?);
        }
        for entry in found.coverage.iter().filter(|entry| entry.change() == change) {
            all.extend(edge(pair, change, entry)?);
        }
    }
    Ok(all)
}

/// The nearest edge that one version does not take: the way to it, with that version. Edges are numbered in
/// the order in which their graph was explored, so the first is a nearest one.
fn edge(
    pair: &Pair,
    change: Change,
    entry: &EdgesChange,
) -> Result<Option<Difference>, UsageError> {
    let (edges, not_by) = match change {
        Change::Worse => (&entry.lost, Version::To),
        Change::Better => (&entry.won, Version::From),
        Change::Stayed => return Ok(None),
    };
    let Some(edge) = edges.first() else { return Ok(None) };
    let EdgesChange { preset, side, .. } = entry;
    let trace = pair.run_of(not_by).join(format!("{preset}-{side}-edge-{edge}.ndjson"));
    files::write(&trace, &way_to(pair, preset, side, *edge)?)?;
    let what = format!(
        "{} of {preset} as {side} not taken with {}; the way to the nearest",
        counted(edges.len(), "edge"),
        pair.scratch(not_by)
    );
    Ok(Some(drawn(pair, not_by, change, what, &trace)?))
}

/// The trace that goes to an edge, as a file. The edges of both versions are those of this suite.
fn way_to(pair: &Pair, preset: &str, side: &str, edge: usize) -> Result<String, UsageError> {
    let bad = |why: &str| UsageError(format!("edge {edge} of {preset} as {side}: {why}"));
    let sut = pair.sut.sut()?;
    let fitting = sut.fit(find_preset(preset)?).map_err(bad)?;
    let side = [Side::Client, Side::Server].into_iter().find(|known| known.to_string() == side);
    let side = side.ok_or_else(|| bad("there is no such side"))?;
    let tours = Tours::with(fitting, side, &*sut, Criterion::Edges);
    let trace = tours.trace_to_edge(edge).ok_or_else(|| bad("there is no such edge"))?;
    file::write(&trace).map_err(|error| bad(&error.to_string()))
}

fn drawn(
    pair: &Pair,
    version: Version,
    change: Change,
    what: String,
    trace: &Path,
) -> Result<Difference, UsageError> {
    let suite = pair.scratch(version).suite();
    let mut command = Command::new(&suite);
    command.args(["trace", "play", "--sut", pair.sut.name()]).arg(trace);
    let ended = child::run(&mut command, format!("drawing {}", trace.display()))?;
    let shorter = |path: &Path| {
        let here = std::env::current_dir().unwrap_or_default();
        path.strip_prefix(here).unwrap_or(path).display().to_string()
    };
    let repeat =
        format!("{} trace play --sut {} {}", shorter(&suite), pair.sut.name(), shorter(trace));
    // Without the verdict at the end: it is about what that version's list knows.
    let verdict = format!("{}: ", trace.display());
    let lines = ended.stdout.lines().filter(|line| !line.starts_with(&verdict));
    let diagram = lines.collect::<Vec<_>>().join("\n").trim_end().to_owned();
    Ok(Difference { change, what, diagram, repeat })
}
