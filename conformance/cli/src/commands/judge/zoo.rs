//! `streamproof judge zoo`.

use clap::Args;
use serde_json::json;
use std::num::NonZero;

use crate::commands::progress::Progress;
use crate::commands::{UsageError, Verdict, names, of_schema, out, threads};
use streamproof_conformance::picture::replay_diagram;
use streamproof_conformance::table::{Column, table_within};
use streamproof_conformance::tours::replay_trace;
use streamproof_stacks::toy::Toy;
use streamproof_stacks::toy::zoo::{Find, Hunter, NOT_PLANTED, PLANTED, Planted};

/// Check that the judge finds.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  streamproof judge zoo
  streamproof judge zoo keep-credit-after-stop")]
pub(in crate::commands) struct ZooArgs {
    /// Only these bugs, by name, as in "keep-credit-after-stop": each with a diagram of what finds it.
    pub(in crate::commands) bugs: Vec<String>,
    /// How many threads; as many as there are cores if not given.
    #[arg(long)]
    pub(in crate::commands) threads: Option<NonZero<usize>>,
    /// Print JSON instead of a table: with each bug its trace.
    #[arg(long)]
    pub(in crate::commands) json: bool,
}

type Row = (&'static Planted, Option<Find>);

pub(in crate::commands) fn run(args: &ZooArgs) -> Result<Verdict, UsageError> {
    let asked = asked(&args.bugs)?;
    let line = Progress::new(format!("hunting {} bugs", asked.len()));
    let threads = threads(args.threads)?;
    let mut hunter = Hunter::default();
    let mut rows: Vec<Row> = Vec::new();
    let bad = |error: streamproof_conformance::sut::StartError| UsageError(format!("toy: {error}"));
    for planted in asked {
        line.tell(&planted.bug.id());
        rows.push((planted, hunter.hunt(planted, threads).map_err(bad)?));
    }
    line.tell("the toy as it should be");
    let blamed = hunter.blamed(threads).map_err(bad)?;
    drop(line);
    if args.json {
        outln!("{:#}", of_schema("judge-zoo", as_json(&rows, blamed == 0)));
    } else {
        out!("{}", as_table(&rows));
        if args.bugs.is_empty() {
            print_rest(&rows);
        } else {
            draw(&rows)?;
        }
        outln!("the toy without a bug: {blamed} breaches in the same presets");
    }
    let all = rows.iter().all(|(_, find)| find.is_some());
    Ok(if all && blamed == 0 { Verdict::Holds } else { Verdict::Fails })
}

fn asked(names: &[String]) -> Result<Vec<&'static Planted>, UsageError> {
    if names.is_empty() {
        return Ok(PLANTED.iter().collect());
    }
    let find = |name: &String| {
        let known = PLANTED.iter().find(|planted| planted.bug.id() == *name);
        known.ok_or_else(|| {
            let ids: Vec<String> = PLANTED.iter().map(|planted| planted.bug.id()).collect();
            names::unknown("bug", name, ids.iter().map(String::as_str), "streamproof judge zoo")
        })
    };
    names.iter().map(find).collect()
}

fn as_table(rows: &[Row]) -> String {
    let row = |(planted, find): &Row| {
        let seen = planted.seen.to_owned();
        let [by, breach, section, steps] = match find {
            None => ["MISSED".to_owned(), planted.breach.to_owned(), String::new(), String::new()],
            Some(find) => [
                format!("{} as {}", find.preset, find.side),
                planted.breach.to_owned(),
                find.caught.deviation.breach.citation().to_string(),
                find.caught.steps.to_string(),
            ],
        };
        vec![planted.bug.id(), seen, by, breach, section, steps]
    };
    let rows: Vec<_> = rows.iter().map(row).collect();
    let columns = [
        Column::left("bug", 0),
        Column::left("seen", 2),
        Column::left("found by", 0),
        Column::left("breach", 1),
        Column::right("section", 0),
        Column::right("steps", 0),
    ];
    table_within(out::width(), &columns, &rows)
}

/// What no stack of this kind can have, and the sum.
fn print_rest(rows: &[Row]) {
    outln!();
    for (animal, why) in NOT_PLANTED {
        out::paragraph("not planted  ", &format!("{animal}: {why}"));
    }
    let found = rows.iter().filter(|(_, find)| find.is_some()).count();
    outln!("{} bugs, {found} found, {} not planted", rows.len(), NOT_PLANTED.len());
}

fn draw(rows: &[Row]) -> Result<(), UsageError> {
    for (planted, find) in rows {
        let Some(find) = find else { continue };
        let toy = Toy::with(planted.bug);
        let replay = replay_trace(&toy, &find.caught.trace)
            .map_err(|error| UsageError(error.to_string()))?;
        let diagram = replay_diagram(&toy, &find.caught.trace, &replay);
        outln!("\n{}:\n{}", planted.bug.id(), diagram.to_terminal(out::width(), out::has_colour()));
    }
    Ok(())
}

fn as_json(rows: &[Row], innocent: bool) -> serde_json::Value {
    let row = |(planted, find): &Row| {
        let found = find.as_ref().map(|find| {
            json!({
                "preset": find.preset,
                "side": find.side,
                "section": find.caught.deviation.breach.citation().section,
                "level": find.caught.deviation.breach.citation().level,
                "steps": find.caught.steps,
                "seen": find.caught.deviation.seen,
                "permitted": find.caught.deviation.permitted,
                "trace": find.caught.trace.actions,
            })
        });
        json!({
            "bug": planted.bug.id(),
            "upstream": planted.seen,
            "presets": planted.presets,
            "breach": planted.breach,
            "found": found,
        })
    };
    let rest = NOT_PLANTED.iter().map(|(animal, why)| json!({ "upstream": animal, "why": why }));
    json!({
        "bugs": rows.iter().map(row).collect::<Vec<_>>(),
        "not_planted": rest.collect::<Vec<_>>(),
        "toy_without_a_bug_is_clean": innocent,
    })
}
