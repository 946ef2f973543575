//! What a report of the suite is in the terminal.

use std::path::Path;

use streamproof_conformance::picture::replay_diagram;
use streamproof_conformance::record;
use streamproof_conformance::suite::{self, Deviant, Report, Skipped};
use streamproof_conformance::sut::Sut;
use streamproof_conformance::table::count;
use streamproof_conformance::tours::{ReplayError, replay_trace};
use streamproof_model::trace::Trace;

use crate::commands::{UsageError, Verdict, files, out};

/// The exit that a report stands for.
pub(in crate::commands) fn verdict_of(report: &Report) -> Verdict {
    match report.verdict() {
        suite::Verdict::Conforms | suite::Verdict::AsListed => Verdict::Holds,
        suite::Verdict::Deviates => Verdict::Fails,
        suite::Verdict::Incomplete => Verdict::Incomplete,
    }
}

/// Prints each deviation: the known ones in a line, the new ones whole; and what was not played, or not taken.
pub(in crate::commands) fn print_deviations(report: &Report) {
    for deviant in &report.deviants {
        let Some(entry) = &deviant.known else { continue };
        outln!("known     {:<42} {}", deviant.breach.id(), deviant.breach.citation());
        out::paragraph("          ", &entry.why);
        for (word, fact) in entry.facts() {
            out::paragraph(&format!("            {word:<11}"), &fact);
        }
    }
    report.unlisted().for_each(print_new);
    for id in report.stale() {
        outln!("STALE     {id}: listed, and no trace shows it any more");
    }
    for Skipped { preset, side, why } in &report.skipped {
        let side = side.map_or_else(String::new, |side| format!(" as {side}"));
        out::paragraph("skipped   ", &format!("{preset}{side}: {why}"));
    }
    if report.cut > 0 {
        outln!("cut       {} rows were not played to their end", report.cut);
    }
    for row in report.rows.iter().map(|row| &row.report).filter(|row| !row.is_covered()) {
        let left = |all: usize, taken: usize| count(all - taken);
        let first = row.untaken.as_ref();
        let text = format!(
            "{} as {}: {} states, {} edges, {} pairs{}",
            row.preset,
            row.side,
            left(row.states, row.states_taken),
            left(row.edges, row.taken),
            left(row.pairs, row.pairs_taken),
            first.map_or_else(String::new, |edge| format!("; the first edge is {edge}"))
        );
        out::paragraph("not taken ", &text);
    }
}

fn print_new(deviant: &Deviant) {
    let Deviant { breach, deviation, times, trace, repeat, .. } = deviant;
    match &deviant.situation {
        None => outln!("UNLISTED  {:<42} {}, {times} times", breach.id(), breach.citation()),
        Some(situation) => {
            outln!("WORSE     {:<42} {}, {times} times", breach.id(), breach.citation());
            out::paragraph("  new in    ", situation);
        }
    }
    out::paragraph("          ", &breach.describe());
    if let Some(action) = trace.actions.last() {
        out::paragraph("  after     ", &action.to_string());
    }
    out::paragraph("  seen      ", &deviation.seen);
    out::paragraph("  permitted ", &deviation.permitted.join(" | "));
    outln!("  repeat    {repeat}");
}

/// Writes the shortest trace of each deviation, minimized, into a folder.
pub(super) fn record_all(report: &Report, sut: &dyn Sut, folder: &Path) -> Result<(), UsageError> {
    for deviant in report.deviants.iter().filter(|deviant| deviant.situation.is_none()) {
        let (_, text) = recorded(sut, deviant)?;
        files::write(&folder.join(format!("{}.ndjson", deviant.breach.id())), &text)?;
    }
    Ok(())
}

/// Draws the shortest trace of each unlisted deviation, and writes it, to be played again.
pub(in crate::commands) fn draw_unlisted(
    report: &Report,
    sut: &dyn Sut,
    folder: &Path,
    quiet: bool,
) -> Result<(), UsageError> {
    for deviant in report.unlisted() {
        let (trace, text) = &recorded(sut, deviant)?;
        let replay = replay_trace(sut, trace).map_err(|error| UsageError(error.to_string()))?;
        let diagram = replay_diagram(sut, trace, &replay);
        if !quiet {
            outln!("\n{}", diagram.to_terminal(out::width(), out::has_colour()));
        }
        let name = format!("{}-{}", sut.name(), deviant.file_name());
        files::write_picture(&folder.join(format!("{name}.svg")), &diagram, quiet);
        let file = folder.join(format!("{name}.ndjson"));
        files::write(&file, text)?;
        if !quiet {
            outln!("trace    {}", file.display());
            let sut = sut.name();
            outln!("repeat   streamproof trace play --sut {sut} {}", file.display());
        }
    }
    Ok(())
}

/// A witness with nothing in it that the breach does not need, and its file.
fn recorded(sut: &dyn Sut, deviant: &Deviant) -> Result<(Trace, String), UsageError> {
    let bad = |error: ReplayError| UsageError(error.to_string());
    match record::record(sut, &deviant.trace, deviant.breach).map_err(bad)? {
        Some((minimized, text)) => Ok((minimized.trace, text)),
        None => Ok((deviant.trace.clone(), deviant.file().map_err(bad)?)),
    }
}
