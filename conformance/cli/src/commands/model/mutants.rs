//! `streamproof model mutants`: every wrong rule, and what kills it.

use clap::Args;
use std::path::{Path, PathBuf};

use serde_json::json;
use streamproof_model::check::kill::{Kill, kill_table, kill_table_markdown};
use streamproof_model::worlds::streams::wrong::{ELSEWHERE, MUTANTS, ZOO};

use crate::commands::progress::Progress;
use crate::commands::{Bad, Verdict, files, out};
use streamproof_conformance::table::table;

#[derive(Args, Debug)]
pub(in crate::commands) struct MutantsArgs {
    /// Print JSON instead of a table: with each mutant its shortest trace.
    #[arg(long)]
    pub(in crate::commands) json: bool,
    /// Write the table into this document, between its marks, instead.
    #[arg(long, value_name = "DOCUMENT", conflicts_with = "json")]
    pub(in crate::commands) update: Option<PathBuf>,
}

/// Where the table stands in a document.
const MARKS: [&str; 2] = ["<!-- mutants -->", "<!-- /mutants -->"];

pub(in crate::commands) fn run(args: &MutantsArgs) -> Result<Verdict, Bad> {
    out::give_way(args.update.as_deref())?;
    let line = Progress::new(format!("killing {} mutants", MUTANTS.len()));
    line.tell("breadth first, each in its preset");
    let kills = kill_table();
    let survivors: Vec<_> = kills.iter().filter(|kill| !kill.is_as_named()).collect();
    match (&args.update, args.json) {
        (Some(document), _) => update(document, &kills)?,
        (None, true) => outln!("{:#}", as_json(&kills)),
        (None, false) => out!("{}", as_table(&kills)),
    }
    for kill in &survivors {
        let broken = match kill.broken.is_empty() {
            true => "survives".to_owned(),
            false => format!("is not killed as named, but by {}", kill.broken.join("; ")),
        };
        errln!("\"{}\" {broken}", kill.mutant.name);
        let Kill { mutant, .. } = kill;
        errln!("repeat   streamproof model check {} --mutant \"{}\"", mutant.preset, mutant.name);
    }
    if !args.json {
        let named = ZOO.len() - ELSEWHERE.len();
        outln!(
            "{} mutants, {} survivors; {named} of {} upstream bugs are among them, {} are looked for elsewhere",
            kills.len(),
            survivors.len(),
            ZOO.len(),
            ELSEWHERE.len()
        );
    }
    Ok(if survivors.is_empty() { Verdict::Holds } else { Verdict::Fails })
}

fn as_table(kills: &[Kill]) -> String {
    let rows: Vec<_> = kills
        .iter()
        .map(|kill| {
            let mutant = kill.mutant;
            let by = if kill.broken.is_empty() { "SURVIVES" } else { mutant.killed_by };
            vec![
                mutant.name.to_owned(),
                mutant.upstream.join(", "),
                mutant.class.letter().to_string(),
                kill.steps().to_string(),
                by.to_owned(),
            ]
        })
        .collect();
    table(&["mutant", "upstream", "class", "steps", "killed by"], &rows)
}

fn as_json(kills: &[Kill]) -> serde_json::Value {
    let kill = |kill: &Kill| {
        let mutant = kill.mutant;
        let trace: Vec<_> = kill.trace.iter().filter_map(|(_, action)| action.clone()).collect();
        json!({
            "mutant": mutant.name,
            "section": mutant.section,
            "class": mutant.class.letter().to_string(),
            "upstream": mutant.upstream,
            "preset": mutant.preset,
            "names": mutant.killed_by,
            "broken": kill.broken,
            "steps": kill.steps(),
            "trace": trace,
        })
    };
    let elsewhere = ELSEWHERE.iter().map(|row| {
        json!({
            "upstream": row.upstream,
            "class": row.class.letter().to_string(),
            "why": row.why,
            "covered_by": row.covered_by,
        })
    });
    json!({
        "mutants": kills.iter().map(kill).collect::<Vec<_>>(),
        "elsewhere": elsewhere.collect::<Vec<_>>(),
    })
}

/// Writes the table into a document, between its marks.
fn update(document: &Path, kills: &[Kill]) -> Result<(), Bad> {
    let name = document.display();
    let text = files::read(document)?;
    let missing = || Bad(format!("{name}: the marks {} and {} are missing", MARKS[0], MARKS[1]));
    let (before, rest) = text.split_once(MARKS[0]).ok_or_else(missing)?;
    let (_, after) = rest.split_once(MARKS[1]).ok_or_else(missing)?;
    let table = kill_table_markdown(kills);
    let text = format!("{before}{}\n{table}{}{after}", MARKS[0], MARKS[1]);
    files::write(document, &text)
}
