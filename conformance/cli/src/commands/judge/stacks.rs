//! `streamproof judge stacks`: every stack that is known, one after the other, in one table.

use std::num::NonZero;

use clap::Args;
use serde_json::{Value, json};
use streamproof_conformance::suite::{Report, Suite};
use streamproof_conformance::sut::Sut;
use streamproof_conformance::table::{Column, count, percent, table_within};
use streamproof_conformance::tours::Criterion;
use streamproof_model::rfc::citation::Level;
use streamproof_stacks::STACKS;

use super::run::play;
use super::systems::SutArg;
use super::verdict_of;
use crate::commands::{UsageError, Verdict, of_schema, out, stop, threads};

/// Play every stack that is known.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  streamproof judge stacks
  streamproof judge stacks --sut quinn --sut manager --json")]
pub(in crate::commands) struct StacksArgs {
    /// Only these stacks.
    #[arg(long, value_name = "STACK")]
    sut: Vec<SutArg>,
    /// How many threads; as many as there are cores if not given.
    #[arg(long)]
    threads: Option<NonZero<usize>>,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
}

/// What every stack is played with: small enough for one that makes a handshake with TLS for each trace.
const PRESETS: [&str; 11] = [
    "uni-plain",
    "uni",
    "uni-lossy",
    "bidi",
    "bidi-data",
    "hostile-sender",
    "hostile-receiver",
    "limits-uni",
    "limits-bidi",
    "limits-cancel",
    "close",
];

/// The columns of the table; what is dropped first where there is no room has the largest number.
const COLUMNS: [Column; 12] = [
    Column::left("stack", 0),
    Column::right("version", 0),
    Column::right("rows", 3),
    Column::right("edges", 0),
    Column::right("taken %", 0),
    Column::right("whole as sender", 5),
    Column::right("whole as receiver", 5),
    Column::right("MUST", 0),
    Column::right("SHOULD", 0),
    Column::right("stated", 0),
    Column::right("traces", 2),
    Column::right("s", 1),
];

/// What became of one stack.
struct Played {
    name: &'static str,
    version: String,
    /// What it has shown, or why it was not played.
    run: Result<Report, String>,
}

pub(in crate::commands) fn run(args: &StacksArgs) -> Result<Verdict, UsageError> {
    let chosen: Vec<SutArg> = match args.sut.is_empty() {
        true => STACKS.into_iter().map(SutArg::from).collect(),
        false => args.sut.clone(),
    };
    let threads = threads(args.threads)?;
    let mut all = Vec::new();
    for stack in chosen {
        let sut = stack.sut()?;
        let run = play_common(&*sut, threads).map_err(|UsageError(why)| why);
        all.push(Played { name: sut.name(), version: sut.version(), run });
    }
    match args.json {
        true => {
            let stacks: Vec<Value> = all.iter().map(as_json).collect();
            outln!("{:#}", of_schema("judge-stacks", json!({ "stacks": stacks })));
        }
        false => print(&all),
    }
    let verdicts = all.iter().map(|played| match &played.run {
        Ok(report) => verdict_of(report),
        Err(_) => Verdict::Incomplete,
    });
    Ok(verdicts.fold(Verdict::Holds, |worst, verdict| match (worst, verdict) {
        (Verdict::Fails, _) | (_, Verdict::Fails) => Verdict::Fails,
        (Verdict::Incomplete, _) | (_, Verdict::Incomplete) => Verdict::Incomplete,
        (Verdict::Holds, Verdict::Holds) => Verdict::Holds,
    }))
}

/// Plays what every stack is asked.
pub(super) fn play_common(sut: &dyn Sut, threads: NonZero<usize>) -> Result<Report, UsageError> {
    let suite = Suite::quick().presets(PRESETS).criterion(Criterion::Edges).threads(threads);
    play(&suite.stop_at(stop::asked()?), sut)
}

fn print(all: &[Played]) {
    let rows: Vec<Vec<String>> = all.iter().filter_map(row).collect();
    out!("{}", table_within(out::width(), &COLUMNS, &rows));
    for played in all {
        match &played.run {
            Err(why) => out::paragraph("not played  ", &format!("{}: {why}", played.name)),
            Ok(report) => {
                for skipped in &report.skipped {
                    let what = format!("{}: {}: {}", played.name, skipped.preset, skipped.why);
                    out::paragraph("skipped     ", &what);
                }
            }
        }
    }
    outln!("what each deviates in: streamproof judge report --sut STACK");
}

fn row(played: &Played) -> Option<Vec<String>> {
    let report = played.run.as_ref().ok()?;
    let (taken, all) = (report.sum(|row| row.taken), report.sum(|row| row.edges));
    let seconds: f64 = report.rows.iter().map(|row| row.report.took.as_secs_f64()).sum();
    let whole = |role| report.first_whole(role).unwrap_or("-").to_owned();
    Some(vec![
        played.name.to_owned(),
        played.version.clone(),
        report.rows.len().to_string(),
        count(all),
        percent(taken, all),
        whole("sender"),
        whole("receiver"),
        report.broken(Level::Must).to_string(),
        report.broken(Level::Should).to_string(),
        report.broken(Level::Stated).to_string(),
        count(report.sum(|row| row.traces)),
        format!("{seconds:.1}"),
    ])
}

fn as_json(played: &Played) -> Value {
    let Played { name, version, run } = played;
    match run {
        Err(why) => json!({ "stack": name, "version": version, "not_played": why }),
        Ok(report) => json!({
            "stack": name,
            "version": version,
            "edges": report.sum(|row| row.edges),
            "taken": report.sum(|row| row.taken),
            "whole_as_sender": report.first_whole("sender"),
            "whole_as_receiver": report.first_whole("receiver"),
            "must": report.broken(Level::Must),
            "should": report.broken(Level::Should),
            "stated": report.broken(Level::Stated),
            "skipped": report.skipped.iter().map(|skipped| {
                json!({ "preset": skipped.preset, "side": skipped.side, "why": skipped.why })
            }).collect::<Vec<_>>(),
        }),
    }
}
