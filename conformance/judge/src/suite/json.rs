//! A report for machines.

use serde_json::{Value, json};

use super::report::{Deviant, Report, Row, Skipped, Verdict};
use crate::compare::spans;
use crate::deviations::Entry;
use crate::table::percent;

/// The name and version of the form of [`Report::to_json`]. What is added to it changes nothing; what is changed or
/// taken away gets another version.
pub const SCHEMA: &str = "streamproof.judge-run/2";

impl Report {
    /// The report as JSON, of the form [`SCHEMA`].
    pub fn to_json(&self) -> Value {
        json!({
            "schema": SCHEMA,
            "sut": self.system,
            "version": self.version,
            "verdict": match self.verdict() {
                Verdict::Conforms => "conforms",
                Verdict::AsListed => "as_listed",
                Verdict::Deviates => "deviates",
                Verdict::Incomplete => "incomplete",
            },
            "reports": self.rows.iter().map(row).collect::<Vec<_>>(),
            "deviations": self.deviants.iter().map(deviation).collect::<Vec<_>>(),
            "stale": self.stale(),
            "skipped": self.skipped.iter().map(skipped).collect::<Vec<_>>(),
            "rows_cut": self.cut,
        })
    }
}

fn deviation(deviant: &Deviant) -> Value {
    let Deviant { breach, deviation, times, trace, repeat, edges, known, situation } = deviant;
    let fact = |of: fn(&Entry) -> Option<&str>| known.as_ref().and_then(of);
    json!({
        "id": breach.id(),
        "section": breach.citation().section,
        "level": breach.citation().level,
        "about": breach.describe(),
        "listed": known.is_some(),
        "new_situation": situation,
        "also": known.as_ref().map(|entry| &entry.also),
        "since": fact(|entry| entry.since.as_deref()),
        "fixed": fact(|entry| entry.fixed.as_deref()),
        "upstream": fact(|entry| entry.upstream.as_deref()),
        "deliberate": fact(|entry| entry.deliberate.as_deref()),
        "why": known.as_ref().map(|entry| entry.why.trim()),
        "seen": deviation.seen,
        "permitted": deviation.permitted,
        "preset": trace.preset.name,
        "side": trace.side,
        "steps": trace.actions.len(),
        "times": times,
        "edges": edges.iter().map(|edge| format!("{edge:016x}")).collect::<Vec<_>>(),
        "repeat": repeat,
    })
}

fn row(row: &Row) -> Value {
    let report = &row.report;
    let [all, taken] = row.fingerprints.unwrap_or_default();
    json!({
        "preset": report.preset,
        "side": report.side,
        "criterion": report.criterion.name(),
        "states": report.states,
        "states_taken": report.states_taken,
        "edges": report.edges,
        "visible": report.visible,
        "taken": report.taken,
        "pairs": report.pairs,
        "pairs_taken": report.pairs_taken,
        "percent": {
            "states": percent(report.states_taken, report.states),
            "edges": percent(report.taken, report.edges),
            "pairs": percent(report.pairs_taken, report.pairs),
        },
        "edges_fingerprint": format!("{all:016x}"),
        "taken_fingerprint": format!("{taken:016x}"),
        "diverged": report.diverged,
        "traces": report.traces,
        "steps": report.steps,
        "seconds": report.took.as_secs_f64(),
        "not_taken": spans(&report.missed),
    })
}

fn skipped(skipped: &Skipped) -> Value {
    let Skipped { preset, side, why } = skipped;
    json!({ "preset": preset, "side": side, "why": why })
}
