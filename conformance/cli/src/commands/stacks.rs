//! `streamproof stacks`: every stack that this binary has, one after the other, in one table.

use std::num::NonZero;

use serde_json::{Value, json};
use streamproof_model::rfc::citation::Level;
use streamproof_model::rfc::identity::Side;
use streamproof_model::worlds::streams::presets::Preset;

use super::args::StacksArgs;
use super::conform::Run;
use super::systems::SutArg;
use super::{Bad, Verdict, find_preset, threads};
use streamproof_conformance::sut::Sut;
use streamproof_conformance::table::{count, percent, table};
use streamproof_conformance::tours::{Criterion, RoleReport, Tours};
use streamproof_stacks::STACKS;

/// What every stack is played with: small enough for one that makes a handshake with TLS for each trace.
pub(super) const PRESETS: [&str; 11] = [
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

/// What became of one stack.
struct Played {
    name: &'static str,
    version: String,
    /// What it has shown, or why it was not played.
    run: Result<Run, String>,
}

pub(super) fn run(args: &StacksArgs) -> Result<Verdict, Bad> {
    let chosen: Vec<SutArg> = match args.sut.is_empty() {
        true => STACKS.into_iter().map(SutArg::from).collect(),
        false => args.sut.clone(),
    };
    let mut all = Vec::new();
    for stack in chosen {
        let sut = stack.sut();
        let run = play(&*sut, threads(args.threads)?).map_err(|Bad(why)| why);
        all.push(Played { name: sut.name(), version: sut.version(), run });
    }
    match args.json {
        true => outln!("{:#}", Value::from_iter(all.iter().map(as_json))),
        false => print(&all),
    }
    let fails = |played: &Played| matches!(&played.run, Ok(run) if run.has_unlisted());
    match (all.iter().any(fails), all.iter().all(|played| played.run.is_ok())) {
        (true, _) => Ok(Verdict::Fails),
        (false, false) => Ok(Verdict::Incomplete),
        (false, true) => Ok(Verdict::Holds),
    }
}

/// Plays all that a stack can be asked.
pub(super) fn play(sut: &dyn Sut, threads: NonZero<usize>) -> Result<Run, Bad> {
    let mut run = Run::new(sut, false)?;
    for name in PRESETS {
        match sut.fit(find_preset(name)?) {
            Err(why) => run.skip(&format!("{name}: {why}")),
            Ok(preset) => {
                for side in preset.sides() {
                    let tours = Tours::with(preset, side, sut, Criterion::Edges);
                    run.play(sut, tours, threads)?;
                }
            }
        }
    }
    Ok(run)
}

/// The first preset of which a stack has taken every edge in a role.
pub(super) fn whole(run: &Run, role: &str) -> Option<&'static str> {
    let mut whole = run.reports.iter().filter(|report| report.taken == report.edges);
    whole.find(|report| role_of(report) == role).map(|report| report.preset)
}

fn role_of(report: &RoleReport) -> &'static str {
    let preset = Preset::find(report.preset);
    let side: Side = report.side;
    preset.map_or("", |preset| preset.role_name(side))
}

/// How many rules of this strength a stack has broken.
pub(super) fn broken(run: &Run, level: Level) -> usize {
    run.breaches().filter(|breach| breach.citation().level == level).count()
}

fn edges(run: &Run) -> (usize, usize) {
    let sum = |of: fn(&RoleReport) -> usize| run.reports.iter().map(of).sum::<usize>();
    (sum(|report| report.taken), sum(|report| report.edges))
}

fn print(all: &[Played]) {
    let head = [
        "stack",
        "version",
        "presets",
        "edges",
        "edges %",
        "all as sender",
        "all as receiver",
        "MUST",
        "SHOULD",
        "stated",
        "traces",
        "seconds",
    ];
    let rows: Vec<Vec<String>> = all.iter().filter_map(row).collect();
    out!("{}", table(&head, &rows));
    for played in all {
        match &played.run {
            Err(why) => outln!("not played  {}: {why}", played.name),
            Ok(run) => {
                for what in run.skipped() {
                    outln!("skipped     {}: {what}", played.name);
                }
            }
        }
    }
    outln!("what each deviates in: streamproof report --sut STACK");
}

fn row(played: &Played) -> Option<Vec<String>> {
    let run = played.run.as_ref().ok()?;
    let (taken, all) = edges(run);
    let sum = |of: fn(&RoleReport) -> usize| run.reports.iter().map(of).sum::<usize>();
    let seconds: f64 = run.reports.iter().map(|report| report.took.as_secs_f64()).sum();
    let broken = |level| broken(run, level).to_string();
    let whole = |role| whole(run, role).unwrap_or("-").to_owned();
    Some(vec![
        played.name.to_owned(),
        played.version.clone(),
        run.reports.len().to_string(),
        count(all),
        percent(taken, all),
        whole("sender"),
        whole("receiver"),
        broken(Level::Must),
        broken(Level::Should),
        broken(Level::Stated),
        count(sum(|report| report.traces)),
        format!("{seconds:.1}"),
    ])
}

fn as_json(played: &Played) -> Value {
    let Played { name, version, run } = played;
    match run {
        Err(why) => json!({ "stack": name, "version": version, "not_played": why }),
        Ok(run) => {
            let (taken, all) = edges(run);
            json!({
                "stack": name,
                "version": version,
                "edges": all,
                "taken": taken,
                "all_as_sender": whole(run, "sender"),
                "all_as_receiver": whole(run, "receiver"),
                "must": broken(run, Level::Must),
                "should": broken(run, Level::Should),
                "stated": broken(run, Level::Stated),
                "skipped": run.skipped(),
            })
        }
    }
}
