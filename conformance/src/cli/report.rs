//! What `streamproof check` prints of a report: a row, its properties, its counterexamples.

use std::path::Path;

use serde::Serialize;
use serde_json::json;
use streamproof_model::check::engine::{Checked, PathOf, Report, ReportOf, Verdict};
use streamproof_model::diagram::{Diagram, Emphasis, Row};
use streamproof_model::explore::path_diagram;
use streamproof_model::world::system::World;
use streamproof_model::{lifecycle, reset_at};

use super::table::{count, table};
use super::{files, out};

/// Columns of a diagram in the terminal.
pub(super) const WIDTH: usize = 100;

/// A world whose paths can be drawn.
pub(super) trait Drawn: Checked + Clone {
    /// Whose rules it has, if not a mutant's.
    const RULES: &str;
    fn draw(&self, path: &PathOf<Self>) -> Diagram;
}

impl Drawn for World {
    const RULES: &str = "RFC 9000's rules";
    fn draw(&self, path: &PathOf<Self>) -> Diagram {
        path_diagram(self, path)
    }
}

impl Drawn for reset_at::world::World {
    const RULES: &str = "the draft's rules";
    fn draw(&self, path: &PathOf<Self>) -> Diagram {
        reset_at::picture::path_diagram(self, path)
    }
}

impl Drawn for lifecycle::World {
    const RULES: &str = "the manager's design";
    fn draw(&self, path: &PathOf<Self>) -> Diagram {
        lifecycle::picture::path_diagram(self, path)
    }
}

/// A report of any kind of world, as it is printed.
pub(super) struct Shown {
    pub(super) row: Vec<String>,
    pub(super) properties: String,
    pub(super) json: serde_json::Value,
    pub(super) states: usize,
    pub(super) holds: bool,
    pub(super) is_violated: bool,
}

impl Shown {
    pub(super) fn of<S, A: Clone + Serialize>(report: &Report<S, A>) -> Self {
        Self {
            row: row(report),
            properties: properties(report),
            json: as_json(report),
            states: report.states,
            holds: report.holds(),
            is_violated: report.is_violated(),
        }
    }
}

/// What was asked for, as far as a counterexample is to say it.
pub(super) struct Asked<'a> {
    /// Whose rules, if not the right ones.
    pub(super) mutant: Option<&'a str>,
    /// The flags that repeat the run, after the preset.
    pub(super) flags: String,
    /// Where diagrams go.
    pub(super) out: &'a Path,
}

pub(super) fn as_table(rows: &[Vec<String>]) -> String {
    let head = ["preset", "states", "edges", "depth", "seconds", "properties", "verdict"];
    table(&head, rows)
}

pub(super) fn row<S, A>(report: &Report<S, A>) -> Vec<String> {
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
pub(super) fn standing<S, A>(report: &Report<S, A>) -> &'static str {
    match (report.is_violated(), report.holds()) {
        (true, _) => "VIOLATED",
        (false, true) => "holds",
        (false, false) => "incomplete",
    }
}

const fn word<S, A>(verdict: &Verdict<S, A>) -> &'static str {
    match verdict {
        Verdict::Holds => "holds",
        Verdict::Violated(_) => "VIOLATED",
        Verdict::Reached => "reached",
        Verdict::Unreached => "UNREACHED",
        Verdict::Open => "open",
    }
}

pub(super) fn properties<S, A>(report: &Report<S, A>) -> String {
    let mut text = format!("\n{}\n", report.preset);
    report.notes.iter().for_each(|note| text.push_str(&format!("  {note}\n")));
    for (name, verdict) in &report.verdicts {
        text.push_str(&format!("  {:<9}  {name}\n", word(verdict)));
    }
    text
}

pub(super) fn as_json<S, A: Clone + Serialize>(report: &Report<S, A>) -> serde_json::Value {
    let verdict = |(name, verdict): &(&str, Verdict<S, A>)| {
        let steps = match verdict {
            Verdict::Violated(path) => {
                path.iter().filter_map(|(_, action)| action.clone()).collect()
            }
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

/// Prints what fails in any of `worlds`, each with its report.
pub(super) fn show_all_failures<W: Drawn>(
    worlds: &[W],
    reports: &[ReportOf<W>],
    asked: &Asked<'_>,
    quiet: bool,
) {
    for (world, report) in worlds.iter().zip(reports) {
        show_failures(world, report, asked, quiet);
    }
}

/// Prints what fails: the shortest counterexample as a diagram, and the command that repeats it.
pub(super) fn show_failures<W: Drawn>(
    world: &W,
    report: &ReportOf<W>,
    asked: &Asked<'_>,
    quiet: bool,
) {
    for (name, verdict) in &report.verdicts {
        match verdict {
            Verdict::Holds | Verdict::Reached | Verdict::Open => {}
            Verdict::Unreached => errln!("{}: never reached: {name}", report.preset),
            Verdict::Violated(path) => {
                let mut diagram = world.draw(path);
                broken(&mut diagram, name, asked.mutant, W::RULES);
                let file = format!("{}-{}.svg", report.preset, files::slug(name));
                if !quiet {
                    outln!("\n{}", diagram.to_terminal(WIDTH, out::has_colour()));
                }
                files::write_picture(&asked.out.join(&file), &diagram, quiet);
                if !quiet {
                    outln!("repeat   streamproof check {}{}", report.preset, asked.flags);
                }
            }
        }
    }
}

/// Says in the picture what is broken, and under whose rules.
pub(super) fn broken(diagram: &mut Diagram, name: &str, mutant: Option<&str>, right: &str) {
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
