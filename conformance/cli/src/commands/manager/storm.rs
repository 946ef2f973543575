//! `streamproof manager storm`: streams by the million, each judged.

use clap::Args;
use serde_json::json;
use streamproof::Tally;

use crate::commands::progress::Progress;
use crate::commands::{UsageError, Verdict, of_schema, out};
use streamproof_conformance::table::{Column, count, table_within};
use streamproof_stress::storm::{Report, Storm, run as let_pass};

/// Run streams by the million between two managers.
#[derive(Args, Debug)]
#[command(after_help = "Example:
  streamproof manager storm --streams 10000 --lost 50 --seed 7")]
pub(in crate::commands) struct StormArgs {
    /// How many streams, both sides together.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(in crate::commands) streams: u64,
    /// How many of 1,000 datagrams are lost, in either direction.
    #[arg(long, value_name = "DATAGRAMS", default_value_t = 20, value_parser = clap::value_parser!(u64).range(..=500))]
    pub(in crate::commands) lost: u64,
    /// The seed of everything random.
    #[arg(long, default_value_t = 1)]
    pub(in crate::commands) seed: u64,
    /// Print JSON instead of a table.
    #[arg(long)]
    pub(in crate::commands) json: bool,
}

pub(in crate::commands) fn run(args: &StormArgs) -> Result<Verdict, UsageError> {
    let line = Progress::new(format!("a storm of {} streams", number(args.streams)));
    let storm = Storm {
        streams: args.streams,
        seed: args.seed,
        lost_of_thousand: args.lost,
        ..Storm::default()
    };
    let report = let_pass(storm, &mut |passed| {
        let seconds = passed.time.as_secs();
        line.tell(&format!("{} streams, {seconds} s of virtual time", number(passed.streams)));
    })
    .map_err(|error| UsageError(error.to_string()))?;
    drop(line);
    match args.json {
        true => outln!("{:#}", of_schema("manager-storm", as_json(&report))),
        false => print(&report),
    }
    for failure in &report.failures {
        errln!("{failure}");
    }
    if report.holds() {
        return Ok(Verdict::Holds);
    }
    errln!(
        "repeat   streamproof manager storm --streams {} --lost {} --seed {}",
        args.streams,
        args.lost,
        args.seed
    );
    Ok(Verdict::Fails)
}

fn number(count_: u64) -> String {
    count(usize::try_from(count_).unwrap_or(usize::MAX))
}

fn print(report: &Report) {
    let rows: Vec<_> = report
        .pairs
        .iter()
        .map(|((sending, receiving), times)| {
            vec![sending.to_string(), receiving.to_string(), number(*times)]
        })
        .collect();
    let columns = [
        Column::left("sending part", 0),
        Column::left("receiving part", 0),
        Column::right("times", 0),
    ];
    out!("{}", table_within(out::width(), &columns, &rows));
    let parts = report.pairs.values().sum();
    let word = if report.holds() { "HOLDS" } else { "FAILS" };
    let sum = format!(
        "{word}: {} streams, {} sending parts, each with one outcome that agrees with the one opposite; \
         {} parts at once at most; {} s of virtual time in {:.0} s",
        number(report.storm.streams),
        number(parts),
        number(report.most_live),
        report.time.as_secs(),
        report.took.as_secs_f64()
    );
    out::paragraph("", &sum);
}

fn as_json(report: &Report) -> serde_json::Value {
    let tally = |tally: &Tally| {
        json!({
            "sending": {
                "registered": tally.sending.registered,
                "delivered": tally.sending.delivered,
                "reset": tally.sending.reset,
                "stopped": tally.sending.stopped,
                "connection_lost": tally.sending.connection_lost,
            },
            "receiving": {
                "registered": tally.receiving.registered,
                "read_to_end": tally.receiving.read_to_end,
                "reset": tally.receiving.reset,
                "stopped": tally.receiving.stopped,
                "connection_lost": tally.receiving.connection_lost,
            },
            "own_faults": tally.own_faults,
        })
    };
    let pairs = report.pairs.iter().map(|((sending, receiving), times)| {
        json!({ "sending": sending.to_string(), "receiving": receiving.to_string(), "times": times })
    });
    json!({
        "streams": report.storm.streams,
        "seed": report.storm.seed,
        "lost_of_thousand": report.storm.lost_of_thousand,
        "client": tally(&report.tallies[0]),
        "server": tally(&report.tallies[1]),
        "pairs": pairs.collect::<Vec<_>>(),
        "most_live": report.most_live,
        "virtual_seconds": report.time.as_secs_f64(),
        "seconds": report.took.as_secs_f64(),
        "holds": report.holds(),
        "failures": report.failures,
    })
}
