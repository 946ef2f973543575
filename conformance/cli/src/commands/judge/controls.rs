//! `streamproof judge controls`.

use clap::Args;
use serde_json::json;

use super::systems::SutArg;
use crate::commands::{UsageError, Verdict, of_schema, out};
use crate::controls::{self, Control, ControlError, Played};
use streamproof_conformance::table::{Column, table_within};

/// Play what looks odd and is permitted.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  streamproof judge controls
  streamproof judge controls --sut quinn")]
pub(in crate::commands) struct ControlsArgs {
    /// Only with this stack.
    #[arg(long, value_name = "STACK")]
    sut: Option<SutArg>,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
}

/// One control with one stack.
struct Row {
    control: Control,
    shown_by: String,
    played: Result<Played, ControlError>,
}

impl Row {
    fn verdict(&self) -> String {
        match &self.played {
            Ok(Played::Passed) => "not reported".to_owned(),
            Ok(Played::NotShown(seen)) => format!("NOT SHOWN: {seen}"),
            Ok(Played::Blamed(ids)) => format!("REPORTED: {}", ids.join(", ")),
            Err(error) => format!("not played: {error}"),
        }
    }
}

pub(in crate::commands) fn run(args: &ControlsArgs) -> Result<Verdict, UsageError> {
    let bad = |error: ControlError| UsageError(error.to_string());
    args.sut.as_ref().map(SutArg::sut).transpose()?;
    let mut rows = Vec::new();
    for control in controls::all().map_err(bad)? {
        for shown_by in &control.shown_by {
            let name = shown_by.split(' ').next().unwrap_or_default();
            if args.sut.as_ref().is_some_and(|wanted| wanted.name() != name) {
                continue;
            }
            let sut = control.stack(shown_by).map_err(bad)?;
            let played = control.play(&*sut);
            rows.push(Row { control: control.clone(), shown_by: shown_by.clone(), played });
        }
    }
    match args.json {
        true => outln!("{:#}", of_schema("judge-controls", as_json(&rows))),
        false => print(&rows),
    }
    Ok(verdict(&rows))
}

fn verdict(rows: &[Row]) -> Verdict {
    let is_wrong = |row: &Row| matches!(row.played, Ok(Played::NotShown(_) | Played::Blamed(_)));
    match (rows.iter().any(is_wrong), rows.iter().all(|row| row.played.is_ok()) && !rows.is_empty())
    {
        (true, _) => Verdict::Fails,
        (false, true) => Verdict::Holds,
        (false, false) => Verdict::Incomplete,
    }
}

fn print(rows: &[Row]) {
    let cells = |row: &Row| {
        let choice = row.control.choice.clone().unwrap_or_default();
        vec![row.control.id.clone(), choice, row.shown_by.clone(), row.verdict()]
    };
    let columns = [
        Column::left("control", 0),
        Column::left("choice", 1),
        Column::left("shown by", 0),
        Column::left("verdict", 0),
    ];
    out!("{}", table_within(out::width(), &columns, &rows.iter().map(cells).collect::<Vec<_>>()));
    let count = |wanted: fn(&Row) -> bool| rows.iter().filter(|row| wanted(row)).count();
    let passed = count(|row| matches!(row.played, Ok(Played::Passed)));
    let skipped = count(|row| row.played.is_err());
    let word = match verdict(rows) {
        Verdict::Holds => "HOLDS",
        Verdict::Fails => "FAILS",
        Verdict::Incomplete => "INCOMPLETE",
    };
    outln!(
        "\n{word}: {} played, {passed} shown and not reported, {skipped} not played",
        rows.len() - skipped
    );
}

fn as_json(rows: &[Row]) -> serde_json::Value {
    let row = |row: &Row| {
        let Control { id, does, permits, choice, opposite, reported_as, .. } = &row.control;
        json!({
            "control": id, "does": does, "permits": permits, "choice": choice,
            "shown_by": row.shown_by, "passed": matches!(row.played, Ok(Played::Passed)),
            "verdict": row.verdict(), "opposite": opposite, "reported_as": reported_as,
        })
    };
    json!({ "controls": rows.iter().map(row).collect::<Vec<_>>() })
}
