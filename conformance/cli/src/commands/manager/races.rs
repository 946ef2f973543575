//! `streamproof manager races`: the manager's races under every schedule.

use clap::Args;
use serde_json::json;
use streamproof::Config;

use crate::commands::progress::Progress;
use crate::commands::{UsageError, Verdict, names, of_schema, out};
use streamproof_conformance::table::{Column, count, table_within};
use streamproof_stress::races::list::{RACES, Race};
use streamproof_stress::races::search::{Bound, Schedule};
use streamproof_stress::races::{Outcome, log, run as run_race};

/// Run the races of the manager's tasks under every schedule.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  streamproof manager races --delays 3
  streamproof manager races waiters --schedule 0.1.1")]
pub(in crate::commands) struct RacesArgs {
    /// Which races; all if none is named.
    pub(in crate::commands) races: Vec<String>,
    /// How many delays a schedule may have: how often in all a ready task is passed over.
    #[arg(long, default_value_t = 6)]
    pub(in crate::commands) delays: usize,
    /// End a race's search incomplete after this many schedules.
    #[arg(long, value_name = "SCHEDULES", default_value_t = 10_000_000,
          value_parser = clap::value_parser!(u64).range(1..))]
    pub(in crate::commands) limit: u64,
    /// Run one schedule of one race, as a failure names it, and show what happened.
    #[arg(long, value_name = "PLACES", conflicts_with_all = ["delays", "limit"])]
    pub(in crate::commands) schedule: Option<String>,
    /// Print JSON instead of a table.
    #[arg(long, conflicts_with = "schedule")]
    pub(in crate::commands) json: bool,
}

pub(in crate::commands) fn run(args: &RacesArgs) -> Result<Verdict, UsageError> {
    let races = races(&args.races)?;
    if let Some(schedule) = &args.schedule {
        return show(&races, schedule);
    }
    let bound = Bound { delays: args.delays, schedules: args.limit };
    let mut outcomes = Vec::new();
    for race in races {
        let line = Progress::new(format!("race {}", race.name));
        line.tell(race.about);
        let outcome = run_race(race, Config::default(), bound);
        outcomes.push(outcome.map_err(|error| UsageError(error.to_string()))?);
    }
    match args.json {
        true => {
            let races: Vec<_> = outcomes.iter().map(as_json).collect();
            outln!("{:#}", of_schema("manager-races", json!({ "races": races })));
        }
        false => out!("{}", as_table(&outcomes)),
    }
    for outcome in &outcomes {
        if let Some((schedule, failure)) = &outcome.found.failure {
            let name = outcome.race.name;
            errln!("{name}: {failure}");
            errln!("repeat   streamproof manager races {name} --schedule {schedule}");
        }
        for ends in outcome.missing() {
            errln!("{}: no schedule ends it as \"{ends}\"", outcome.race.name);
        }
    }
    let fails = |outcome: &Outcome| !outcome.holds() && !outcome.found.is_cut;
    Ok(match () {
        () if outcomes.iter().any(|outcome| outcome.found.failure.is_some()) => Verdict::Fails,
        () if outcomes.iter().any(fails) => Verdict::Fails,
        () if outcomes.iter().any(|outcome| outcome.found.is_cut) => Verdict::Incomplete,
        () => Verdict::Holds,
    })
}

fn races(names: &[String]) -> Result<Vec<&'static Race>, UsageError> {
    if names.is_empty() {
        return Ok(RACES.iter().collect());
    }
    let known = || RACES.iter().map(|race| race.name);
    let find = |name: &String| {
        let none = || names::unknown("race", name, known(), "streamproof manager races --delays 0");
        Race::find(name).ok_or_else(none)
    };
    names.iter().map(find).collect()
}

/// One schedule of one race: what went over the network, and who was told what.
fn show(races: &[&'static Race], schedule: &str) -> Result<Verdict, UsageError> {
    let [race] = races else { return Err(UsageError("--schedule needs one race".to_owned())) };
    let schedule: Schedule = schedule.parse().map_err(|error| UsageError(format!("{error}")))?;
    let shown =
        log(race, Config::default(), &schedule).map_err(|error| UsageError(error.to_string()))?;
    shown.lines.iter().for_each(|line| outln!("{line}"));
    Ok(match shown.verdict {
        Ok(ends) => {
            outln!("{ends}");
            Verdict::Holds
        }
        Err(failure) => {
            outln!("FAILS: {failure}");
            Verdict::Fails
        }
    })
}

fn word(outcome: &Outcome) -> &'static str {
    match () {
        () if outcome.holds() => "holds",
        () if outcome.found.is_cut => "incomplete",
        () => "FAILS",
    }
}

fn which(outcome: &Outcome) -> String {
    if outcome.found.are_all { "all".to_owned() } else { format!("≤ {} delays", outcome.delays) }
}

fn ends(outcome: &Outcome) -> Vec<String> {
    outcome.ends.iter().map(ToString::to_string).collect()
}

fn as_table(outcomes: &[Outcome]) -> String {
    let row = |outcome: &Outcome| {
        vec![
            outcome.race.name.to_owned(),
            count(usize::try_from(outcome.found.schedules).unwrap_or(usize::MAX)),
            which(outcome),
            format!("{:.1}", outcome.took.as_secs_f64()),
            word(outcome).to_owned(),
            ends(outcome).join(", "),
        ]
    };
    table_within(out::width(), &COLUMNS, &outcomes.iter().map(row).collect::<Vec<_>>())
}

/// The columns of the table; what is dropped first where there is no room has the largest number.
const COLUMNS: [Column; 6] = [
    Column::left("race", 0),
    Column::right("schedules", 0),
    Column::right("of them", 1),
    Column::right("seconds", 2),
    Column::right("verdict", 0),
    Column::left("ends", 0),
];

fn as_json(outcome: &Outcome) -> serde_json::Value {
    let failure = outcome.found.failure.as_ref();
    json!({
        "race": outcome.race.name,
        "about": outcome.race.about,
        "model": outcome.race.like,
        "delays": outcome.delays,
        "schedules": outcome.found.schedules,
        "all": outcome.found.are_all,
        "incomplete": outcome.found.is_cut,
        "seconds": outcome.took.as_secs_f64(),
        "ends": ends(outcome),
        "holds": outcome.holds(),
        "failure": failure.map(|(schedule, failure)| {
            json!({ "schedule": schedule.to_string(), "what": failure })
        }),
    })
}
