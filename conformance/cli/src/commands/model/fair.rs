//! `streamproof model check --fair`: what comes in the end, on every fair path.

use serde_json::json;
use streamproof_model::check::any::AnyWorld;
use streamproof_model::check::fairness::{Decided, Fairness, GoalReport, Verdict, every_path};
use streamproof_model::check::report::Path;
use streamproof_model::diagram::{Emphasis, Row};
use streamproof_model::worlds::streams::StreamsWorld;
use streamproof_model::worlds::streams::action::Action;
use streamproof_model::worlds::streams::picture::path_diagram;

use super::args::CheckArgs;
use crate::commands::{UsageError, Verdict as ExitVerdict, files, of_schema, out};
use streamproof_conformance::table::{Column, count, table_within};

/// Asks of each world of streams; if the worlds were `named`, there has to be no other.
pub(in crate::commands) fn run(
    args: &CheckArgs,
    worlds: &[Box<dyn AnyWorld>],
    named: bool,
) -> Result<ExitVerdict, UsageError> {
    let mut reports = Vec::new();
    for world in worlds {
        match world.as_streams() {
            Some(world) => {
                reports.extend(every_path(world).into_iter().map(|report| (world, report)));
            }
            None if named => {
                return Err(UsageError(format!("preset {} has no goals", world.about().name)));
            }
            None => {}
        }
    }
    if args.json {
        let all: Vec<_> = reports.iter().map(|(world, report)| as_json(world, report)).collect();
        outln!("{:#}", of_schema("model-check-fair", json!({ "goals": all })));
    } else {
        let rows: Vec<_> = reports.iter().map(|(world, report)| row(world, report)).collect();
        out!("{}", table_within(out::width(), &COLUMNS, &rows));
    }
    let mut refuted = 0;
    for (world, report) in &reports {
        if let Verdict::Refuted { stem, cycle } = &report.verdict {
            refuted += 1;
            let mut path = stem.clone();
            path.pop();
            path.extend(cycle.iter().cloned());
            let mut diagram = path_diagram(world, &path);
            diagram.title = format!("{} · {}", diagram.title, report.name);
            let label = match cycle.len() {
                0 | 1 => "nothing more happens, and it never comes".to_owned(),
                more => format!("the last {} steps again and again, and it never comes", more - 1),
            };
            diagram.rows.push(Row::Banner { label, emphasis: Emphasis::Bad });
            if !args.json {
                outln!("\n{}", diagram.to_terminal(out::width(), out::has_colour()));
            }
            let name = format!("{}-{}.svg", world.preset.name, files::slug(report.name));
            files::write_picture(&args.out.join(name), &diagram, args.json);
            if !args.json {
                let mutant = args.mutant.as_ref();
                let mutant = mutant.map_or(String::new(), |name| format!(" --mutant \"{name}\""));
                outln!("repeat   streamproof model check {} --fair{mutant}", world.preset.name);
            }
        }
    }
    let all = reports.len();
    let is_vacuous = reports.iter().all(|(_, report)| matches!(report.verdict, Verdict::Vacuous));
    let (word, verdict) = match (refuted, is_vacuous) {
        (0, true) => ("INCOMPLETE, no goal is ever awaited", ExitVerdict::Incomplete),
        (0, false) => ("HOLDS", ExitVerdict::Holds),
        _ => ("REFUTED", ExitVerdict::Fails),
    };
    if !args.json {
        outln!("{word}: {refuted} of {all} refuted");
    }
    Ok(verdict)
}

/// The columns of the table; what is dropped first where there is no room has the largest number.
const COLUMNS: [Column; 6] = [
    Column::left("preset", 0),
    Column::left("goal", 0),
    Column::left("fairness", 2),
    Column::right("awaited in", 3),
    Column::left("decided by", 1),
    Column::right("verdict", 0),
];

const fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Holds => "holds",
        Verdict::Refuted { .. } => "REFUTED",
        Verdict::Vacuous => "vacuous",
    }
}

const fn fairness(report: &GoalReport) -> &'static str {
    match report.fairness {
        Fairness::Weak => "weak",
        Fairness::Strong => "strong",
    }
}

const fn decided(report: &GoalReport) -> &'static str {
    match report.decided {
        Decided::Ways => "ways",
        Decided::Ranks => "ranks",
        Decided::Components => "components",
    }
}

fn row(world: &StreamsWorld, report: &GoalReport) -> Vec<String> {
    vec![
        world.preset.name.to_owned(),
        report.name.to_owned(),
        fairness(report).to_owned(),
        count(report.awaited),
        decided(report).to_owned(),
        word(&report.verdict).to_owned(),
    ]
}

fn as_json(world: &StreamsWorld, report: &GoalReport) -> serde_json::Value {
    let (stem, cycle) = match &report.verdict {
        Verdict::Refuted { stem, cycle } => (steps_of(stem), steps_of(cycle)),
        Verdict::Holds | Verdict::Vacuous => (Vec::new(), Vec::new()),
    };
    json!({
        "preset": world.preset.name,
        "goal": report.name,
        "fairness": fairness(report),
        "decided_by": decided(report),
        "verdict": word(&report.verdict).to_lowercase(),
        "awaited": report.awaited,
        "stem": stem,
        "cycle": cycle,
    })
}

fn steps_of(path: &Path) -> Vec<Action> {
    path.iter().filter_map(|(_, action)| action.clone()).collect()
}
