//! What `streamproof model check` prints of a report: a row, its properties, its counterexamples.

use std::path::Path;

use serde_json::json;
use streamproof_model::check::any::Counterexample;
use streamproof_model::check::report::{Report, Verdict};
use streamproof_model::diagram::{Diagram, Emphasis, Row};

use crate::commands::{files, out};
use streamproof_conformance::table::{Column, count, table_within};

/// What was asked for, as far as a counterexample is to say it.
pub(in crate::commands) struct Asked<'a> {
    /// Whose rules, if not the right ones.
    pub(in crate::commands) mutant: Option<&'a str>,
    /// The flags that repeat the run, after the preset.
    pub(in crate::commands) flags: String,
    /// Where diagrams go.
    pub(in crate::commands) out: &'a Path,
}

pub(in crate::commands) fn as_table(rows: &[Vec<String>]) -> String {
    table_within(out::width(), &COLUMNS, rows)
}

/// The columns of the table; what is dropped first where there is no room has the largest number.
const COLUMNS: [Column; 7] = [
    Column::left("preset", 0),
    Column::right("states", 0),
    Column::right("edges", 2),
    Column::right("depth", 3),
    Column::right("seconds", 1),
    Column::right("properties", 0),
    Column::right("verdict", 0),
];

pub(in crate::commands) fn row<P>(report: &Report<P>) -> Vec<String> {
    let good = report.verdicts.iter().filter(|(_, verdict)| verdict.is_good()).count();
    vec![
        report.preset.to_owned(),
        count(report.states),
        count(report.generated - 1),
        report.depth.to_string(),
        format!("{:.1}", report.took.as_secs_f64()),
        format!("{good}/{}", report.verdicts.len()),
        standing(report).to_owned(),
    ]
}

/// A report in a word.
pub(in crate::commands) fn standing<P>(report: &Report<P>) -> &'static str {
    match (report.is_violated(), report.holds()) {
        (true, _) => "VIOLATED",
        (false, true) => "holds",
        (false, false) => "incomplete",
    }
}

const fn word<P>(verdict: &Verdict<P>) -> &'static str {
    match verdict {
        Verdict::Holds => "holds",
        Verdict::Violated(_) => "VIOLATED",
        Verdict::Reached => "reached",
        Verdict::Unreached => "UNREACHED",
        Verdict::Open => "open",
    }
}

/// Prints the verdict on every property.
pub(in crate::commands) fn properties<P>(report: &Report<P>) {
    outln!("\n{}", report.preset);
    report.notes.iter().for_each(|note| out::paragraph("  ", note));
    for (name, verdict) in &report.verdicts {
        out::paragraph(&format!("  {:<9}  ", word(verdict)), name);
    }
}

pub(in crate::commands) fn as_json(report: &Report<Counterexample>) -> serde_json::Value {
    let verdict = |(name, verdict): &(&str, Verdict<Counterexample>)| {
        let steps = match verdict {
            Verdict::Violated(counterexample) => counterexample.steps.clone(),
            Verdict::Holds | Verdict::Reached | Verdict::Unreached | Verdict::Open => Vec::new(),
        };
        json!({ "property": name, "verdict": word(verdict).to_lowercase(), "counterexample": steps })
    };
    json!({
        "preset": report.preset,
        "states": report.states,
        "edges": report.generated - 1,
        "depth": report.depth,
        "seconds": report.took.as_secs_f64(),
        "holds": report.holds(),
        "incomplete": report.cut,
        "notes": report.notes,
        "properties": report.verdicts.iter().map(verdict).collect::<Vec<_>>(),
    })
}

/// Prints what fails: the shortest counterexample as a diagram, and the command that repeats it. `rules` says whose
/// rules hold if no mutant was asked for.
pub(in crate::commands) fn show_failures(
    rules: &str,
    report: &Report<Counterexample>,
    asked: &Asked<'_>,
    quiet: bool,
) {
    for (name, verdict) in &report.verdicts {
        match verdict {
            Verdict::Holds | Verdict::Reached | Verdict::Open => {}
            Verdict::Unreached => errln!("{}: never reached: {name}", report.preset),
            Verdict::Violated(Counterexample { diagram, .. }) => {
                let mut diagram = diagram.clone();
                broken(&mut diagram, name, asked.mutant, rules);
                let file = format!("{}-{}.svg", report.preset, files::slug(name));
                if !quiet {
                    outln!("\n{}", diagram.to_terminal(out::width(), out::has_colour()));
                }
                files::write_picture(&asked.out.join(&file), &diagram, quiet);
                if !quiet {
                    outln!("repeat   streamproof model check {}{}", report.preset, asked.flags);
                }
            }
        }
    }
}

/// Says in the picture what is broken, and under whose rules.
pub(in crate::commands) fn broken(
    diagram: &mut Diagram,
    name: &str,
    mutant: Option<&str>,
    right: &str,
) {
    let rules = match mutant {
        Some(mutant) => format!("mutant \"{mutant}\""),
        None => right.to_owned(),
    };
    let subtitle = diagram.subtitle.take().unwrap_or_default();
    diagram.title = format!("{} · {rules}", diagram.title);
    diagram.subtitle = Some(format!("shortest counterexample, {subtitle}"));
    let label = format!("broken: {name}");
    diagram.rows.push(Row::Banner { label, emphasis: Emphasis::Bad });
}
