//! `streamproof trace scenarios`.

use crate::commands::judge::systems::MANAGER;
use crate::commands::judge::systems::SutArg;
use clap::Args;
use serde_json::json;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use streamproof_model::judging::breach::Breach;
use streamproof_model::trace::file;

use crate::commands::judge::known;
use crate::commands::{UsageError, Verdict, files, names, of_schema, out};
use crate::scenarios::{LIST, Scenario, read};
use streamproof_conformance::table::{Column, table_within};
use streamproof_conformance::tours::replay_trace;
use streamproof_stacks::departures;

/// Play the scenarios.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  streamproof trace scenarios
  streamproof trace scenarios --sut quinn 3.1-reset-is-the-first-frame")]
pub(in crate::commands) struct ScenariosArgs {
    /// Which scenarios; all if none is named.
    pub(in crate::commands) ids: Vec<String>,
    /// The system under test.
    #[arg(long, value_name = "STACK", default_value = MANAGER)]
    pub(in crate::commands) sut: SutArg,
    /// Find the shortest traces again and write them, instead of playing those that are there.
    #[arg(long, conflicts_with = "sut")]
    pub(in crate::commands) write: bool,
    /// The folder with the list and the traces.
    #[arg(long, default_value = crate::scenarios::FOLDER)]
    pub(in crate::commands) from: PathBuf,
    /// Print JSON instead of a table.
    #[arg(long)]
    pub(in crate::commands) json: bool,
}

pub(in crate::commands) fn run(args: &ScenariosArgs) -> Result<Verdict, UsageError> {
    let list = args.from.join(LIST);
    let text = files::read(&list)?;
    let mut scenarios =
        read(&text).map_err(|error| UsageError(format!("{}: {error}", list.display())))?;
    for id in &args.ids {
        if !scenarios.iter().any(|scenario| scenario.id == *id) {
            let known = scenarios.iter().map(|scenario| scenario.id.as_str());
            let meant = names::nearest(id, known);
            let meant = meant.map_or_else(String::new, |id| format!("; did you mean \"{id}\"?"));
            return Err(UsageError(format!("{}: no scenario \"{id}\"{meant}", list.display())));
        }
    }
    scenarios.retain(|scenario| args.ids.is_empty() || args.ids.contains(&scenario.id));
    match args.write {
        true => write(args, &scenarios),
        false => play(args, &scenarios),
    }
}

/// Writes every trace anew; a scenario that does not happen in its world keeps none of the others.
fn write(args: &ScenariosArgs, scenarios: &[Scenario]) -> Result<Verdict, UsageError> {
    let mut verdict = Verdict::Holds;
    let (mut written, mut failed) = (0, Vec::new());
    for scenario in scenarios {
        match scenario.file() {
            Ok(text) => {
                files::write(&args.from.join(format!("{}.ndjson", scenario.id)), &text)?;
                written += 1;
            }
            Err(error) => {
                if !args.json {
                    outln!("{error}");
                }
                failed.push(error.to_string());
                verdict = Verdict::Fails;
            }
        }
    }
    if !args.json {
        outln!("{written} of {} traces written to {}", scenarios.len(), args.from.display());
    }
    if args.ids.is_empty() {
        remove_others(args, scenarios)?;
    }
    if args.json {
        let content = json!({ "written": written, "failed": failed, "folder": args.from });
        outln!("{:#}", of_schema("trace-scenarios", content));
    }
    Ok(verdict)
}

/// Traces of scenarios that are not in the list any more.
fn remove_others(args: &ScenariosArgs, scenarios: &[Scenario]) -> Result<(), UsageError> {
    let bad = |error: std::io::Error| UsageError(format!("{}: {error}", args.from.display()));
    for entry in fs::read_dir(&args.from).map_err(bad)? {
        let path = entry.map_err(bad)?.path();
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let listed = scenarios.iter().any(|scenario| Some(&scenario.id) == stem.as_ref());
        if path.extension().is_some_and(|extension| extension == "ndjson") && !listed {
            fs::remove_file(&path).map_err(bad)?;
            if !args.json {
                outln!("removed {}", path.display());
            }
        }
    }
    Ok(())
}

fn play(args: &ScenariosArgs, scenarios: &[Scenario]) -> Result<Verdict, UsageError> {
    let sut = args.sut.sut()?;
    let known = known(&*sut)?;
    let mut rows = Vec::new();
    let mut unlisted = Vec::new();
    for scenario in scenarios {
        let path = args.from.join(format!("{}.ndjson", scenario.id));
        let bad = |error: String| UsageError(format!("{}: {error}", path.display()));
        let trace = file::read(&files::read(&path)?, departures())
            .map_err(|error| bad(error.to_string()))?;
        let replay = replay_trace(&*sut, &trace).map_err(|error| bad(error.to_string()))?;
        let breaches: BTreeSet<_> =
            replay.found.iter().map(|found| found.deviation.breach).collect();
        let (listed, new): (Vec<Breach>, Vec<Breach>) =
            breaches.into_iter().partition(|breach| known.entry(*breach).is_some());
        unlisted.extend(new.iter().map(|breach| format!("{}: {}", scenario.id, breach.id())));
        let ids: Vec<_> = listed.iter().map(|breach| breach.id()).collect();
        let verdict = match (new.is_empty(), listed.is_empty()) {
            (true, true) => "as the trace permits",
            (true, false) => "known deviations",
            (false, _) => "UNLISTED",
        };
        let ids = ids.join(" ");
        rows.push(vec![
            scenario.id.clone(),
            trace.actions.len().to_string(),
            ids,
            verdict.to_owned(),
        ]);
    }
    let verdict = match (unlisted.is_empty(), rows.is_empty()) {
        (false, _) => Verdict::Fails,
        (true, true) => Verdict::Incomplete,
        (true, false) => Verdict::Holds,
    };
    if args.json {
        let row =
            |row: &Vec<String>| json!({ "scenario": row[0], "known": row[2], "verdict": row[3] });
        let rows: Vec<_> = rows.iter().map(row).collect();
        let content = json!({ "sut": sut.name(), "scenarios": rows, "unlisted": unlisted });
        outln!("{:#}", of_schema("trace-scenarios", content));
        return Ok(verdict);
    }
    out!("{}", table_within(out::width(), &COLUMNS, &rows));
    outln!();
    for line in &unlisted {
        outln!("unlisted  {line}");
    }
    match (verdict, rows.len()) {
        (Verdict::Holds, 1) => outln!("HOLDS: 1 scenario with {}", sut.name()),
        (Verdict::Holds, number) => outln!("HOLDS: {number} scenarios with {}", sut.name()),
        (Verdict::Incomplete, _) => outln!("INCOMPLETE: there is no scenario"),
        (Verdict::Fails, _) => {
            outln!("FAILS: {} unlisted deviations of {}", unlisted.len(), sut.name());
        }
    }
    Ok(verdict)
}

/// The columns of the table; what is dropped first where there is no room has the largest number.
const COLUMNS: [Column; 4] = [
    Column::left("scenario", 0),
    Column::right("steps", 1),
    Column::left("known deviations", 2),
    Column::left("verdict", 0),
];
