//! `streamproof model designs`: what becomes of a stream inside an endpoint, design by design.

use clap::Args;
use serde_json::json;
use std::path::PathBuf;
use streamproof_model::check::designs::{Breach, Judgement, judge};
use streamproof_model::diagram::Diagram;
use streamproof_model::worlds::lifecycle::LifecycleWorld;
use streamproof_model::worlds::lifecycle::design::Design;
use streamproof_model::worlds::lifecycle::picture::path_diagram;
use streamproof_model::worlds::lifecycle::wrong::DESIGNS;

use super::report::broken;
use crate::commands::progress::Progress;
use crate::commands::{UsageError, Verdict, files, names, of_schema, out};
use streamproof_conformance::table::{Column, table_within};

/// Judge every way to end a stream inside an endpoint.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  streamproof model designs
  streamproof model designs \"release and access not atomic\"")]
pub(in crate::commands) struct DesignsArgs {
    /// Draw what breaks this one, too: its name, as in "nil guard without a lock".
    pub(in crate::commands) name: Option<String>,
    /// Print JSON instead of a table: with each design the shortest interleaving of what it breaks.
    #[arg(long)]
    pub(in crate::commands) json: bool,
    /// Where a diagram for each design that fails is written.
    #[arg(long, default_value = "streamproof-out")]
    pub(in crate::commands) out: PathBuf,
}

pub(in crate::commands) fn run(args: &DesignsArgs) -> Result<Verdict, UsageError> {
    let designs = match &args.name {
        Some(name) => vec![find(name)?],
        None => DESIGNS.to_vec(),
    };
    let line = Progress::new("judging designs".to_owned());
    let judge = |(number, design): (usize, &Design)| {
        line.tell(&format!("{} of {}: {}", number + 1, designs.len(), design.name));
        judge(*design)
    };
    let judgements: Vec<_> = designs.iter().enumerate().map(judge).collect();
    drop(line);
    match args.json {
        true => {
            let designs: Vec<_> = judgements.iter().map(as_json).collect();
            outln!("{:#}", of_schema("model-designs", json!({ "designs": designs })));
        }
        false => out!("{}", as_text(&judgements)),
    }
    for judgement in &judgements {
        if let Some(breach) = shown(judgement) {
            let diagram = draw(judgement, breach);
            if args.name.is_some() && !args.json {
                outln!("\n{}", diagram.to_terminal(out::width(), out::has_colour()));
            }
            let file = format!("design-{}.svg", files::slug(judgement.design.name));
            files::write_picture(&args.out.join(file), &diagram, args.json);
        }
    }
    let mut verdict = Verdict::Holds;
    for judgement in judgements.iter().filter(|judgement| !judgement.is_as_said()) {
        verdict = Verdict::Fails;
        let Design { name, breaks, .. } = judgement.design;
        let said =
            breaks.map_or_else(|| "holds".to_owned(), |property| format!("breaks \"{property}\""));
        errln!("\"{name}\" is said to be one that {said}, and is not");
        errln!("repeat   streamproof model designs \"{name}\"");
    }
    Ok(verdict)
}

fn find(name: &str) -> Result<Design, UsageError> {
    Design::find(name).ok_or_else(|| {
        let known = DESIGNS.iter().map(|design| design.name);
        names::unknown("design", name, known, "streamproof model designs")
    })
}

/// The breach that a picture is drawn of: the one that the design names.
fn shown(judgement: &Judgement) -> Option<&Breach> {
    judgement.as_named().or_else(|| judgement.breaches.first())
}

fn draw(judgement: &Judgement, breach: &Breach) -> Diagram {
    let world = LifecycleWorld { preset: breach.preset, design: judgement.design };
    let mut diagram = path_diagram(&world, &breach.path);
    broken(&mut diagram, breach.property, Some(judgement.design.name), "");
    diagram
}

fn as_text(judgements: &[Judgement]) -> String {
    let is_fix = |judgement: &&Judgement| judgement.design.is_fix;
    let fixes: Vec<_> = judgements.iter().filter(is_fix).collect();
    let faults: Vec<_> = judgements.iter().filter(|judgement| !is_fix(judgement)).collect();
    let mut text = String::new();
    for (head, judgements) in [("fault", faults), ("fix", fixes)] {
        if judgements.is_empty() {
            continue;
        }
        let rows: Vec<_> = judgements.iter().map(|judgement| row(judgement)).collect();
        if !text.is_empty() {
            text.push('\n');
        }
        let columns = [
            Column::left(head, 0),
            Column::right("verdict", 0),
            Column::right("steps", 1),
            Column::left("breaks", 0),
        ];
        text.push_str(&table_within(out::width(), &columns, &rows));
    }
    text
}

fn row(judgement: &Judgement) -> Vec<String> {
    let name = judgement.design.name.to_owned();
    match shown(judgement) {
        None => vec![name, "holds".to_owned(), String::new(), String::new()],
        Some(breach) => {
            let others = judgement.breaches.len() - 1;
            let more = if others == 0 { String::new() } else { format!(", and {others} more") };
            let breaks = format!("{}{more}", breach.property);
            vec![name, "FAILS".to_owned(), breach.steps().to_string(), breaks]
        }
    }
}

fn as_json(judgement: &Judgement) -> serde_json::Value {
    let Design { name, about, is_fix, breaks, .. } = judgement.design;
    let breach = |breach: &Breach| {
        let steps: Vec<_> = breach.path.iter().filter_map(|(_, step)| *step).collect();
        json!({ "property": breach.property, "preset": breach.preset.name, "steps": steps })
    };
    json!({
        "name": name,
        "about": about,
        "is_fix": is_fix,
        "said_to_break": breaks,
        "holds": judgement.breaches.is_empty(),
        "breaks": judgement.breaches.iter().map(breach).collect::<Vec<_>>(),
    })
}
