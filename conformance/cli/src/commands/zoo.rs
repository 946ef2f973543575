//! `streamproof zoo`.

use serde_json::json;

use super::args::ZooArgs;
use super::progress::Progress;
use super::report::WIDTH;
use super::{Bad, Verdict, out, threads};
use streamproof_conformance::picture::replay_diagram;
use streamproof_conformance::table::table;
use streamproof_conformance::tours::replay_trace;
use streamproof_stacks::toy::Toy;
use streamproof_stacks::toy::zoo::{Find, Hunter, NOT_PLANTED, PLANTED, Planted};

type Row = (&'static Planted, Option<Find>);

pub(super) fn run(args: &ZooArgs) -> Result<Verdict, Bad> {
    let asked = asked(&args.bugs)?;
    let line = Progress::new(format!("hunting {} bugs", asked.len()));
    let threads = threads(args.threads)?;
    let mut hunter = Hunter::default();
    let mut rows: Vec<Row> = Vec::new();
    let bad = |error: streamproof_conformance::sut::StartError| Bad(format!("toy: {error}"));
    for planted in asked {
        line.tell(&planted.bug.id());
        rows.push((planted, hunter.hunt(planted, threads).map_err(bad)?));
    }
    line.tell("the toy as it should be");
    let blamed = hunter.blamed(threads).map_err(bad)?;
    drop(line);
    if args.json {
        outln!("{:#}", as_json(&rows, blamed == 0));
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

fn asked(names: &[String]) -> Result<Vec<&'static Planted>, Bad> {
    if names.is_empty() {
        return Ok(PLANTED.iter().collect());
    }
    let find = |name: &String| {
        let known = PLANTED.iter().find(|planted| planted.bug.id() == *name);
        known.ok_or_else(|| Bad(format!("no bug is called \"{name}\"; streamproof zoo lists them")))
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
    table(&["bug", "seen", "found by", "breach", "section", "steps"], &rows)
}

/// What no stack of this kind can have, and the sum.
fn print_rest(rows: &[Row]) {
    outln!();
    for (animal, why) in NOT_PLANTED {
        outln!("not planted  {animal}: {why}");
    }
    let found = rows.iter().filter(|(_, find)| find.is_some()).count();
    outln!("{} bugs, {found} found, {} not planted", rows.len(), NOT_PLANTED.len());
}

fn draw(rows: &[Row]) -> Result<(), Bad> {
    for (planted, find) in rows {
        let Some(find) = find else { continue };
        let toy = Toy::with(planted.bug);
        let replay =
            replay_trace(&toy, &find.caught.trace).map_err(|error| Bad(error.to_string()))?;
        let diagram = replay_diagram(&toy, &find.caught.trace, &replay);
        outln!("\n{}:\n{}", planted.bug.id(), diagram.to_terminal(WIDTH, out::has_colour()));
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
