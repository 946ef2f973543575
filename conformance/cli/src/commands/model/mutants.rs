//! `streamproof model mutants`: every wrong rule, and what kills it.

use clap::Args;
use std::path::{Path, PathBuf};

use serde_json::json;
use streamproof_model::check::kill::{Kill, kill_table, kill_table_markdown};
use streamproof_model::worlds::streams::wrong::{ELSEWHERE, MUTANTS, ZOO};

use crate::commands::progress::Progress;
use crate::commands::{UsageError, Verdict, files, of_schema, out};
use streamproof_conformance::table::{Column, table_within};

/// Mutation-test the model.
#[derive(Args, Debug)]
#[command(after_help = "Example:
  streamproof model mutants --json > mutants.json")]
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

pub(in crate::commands) fn run(args: &MutantsArgs) -> Result<Verdict, UsageError> {
    out::give_way(args.update.as_deref(), args.json)?;
    let document = args.update.as_deref().map(Document::read).transpose()?;
    let line = Progress::new(format!("killing {} mutants", MUTANTS.len()));
    line.tell("breadth first, each in its preset");
    let kills = kill_table();
    let survivors: Vec<_> = kills.iter().filter(|kill| !kill.is_as_named()).collect();
    match (&document, args.json) {
        (Some(document), _) => document.write(&kill_table_markdown(&kills))?,
        (None, true) => outln!("{:#}", as_json(&kills)),
        (None, false) => out!("{}", as_table(&kills, out::width())),
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
        let sum = format!(
            "{} mutants, {} survivors; {named} of {} upstream bugs are among them, {} are looked for elsewhere",
            kills.len(),
            survivors.len(),
            ZOO.len(),
            ELSEWHERE.len()
        );
        out::paragraph("", &sum);
    }
    Ok(if survivors.is_empty() { Verdict::Holds } else { Verdict::Fails })
}

/// The columns of the table; what is dropped first where there is no room has the largest number.
const COLUMNS: [Column; 5] = [
    Column::left("mutant", 0),
    Column::left("upstream", 2),
    Column::left("class", 1),
    Column::right("steps", 0),
    Column::left("killed by", 0),
];

fn as_table(kills: &[Kill], width: usize) -> String {
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
    table_within(width, &COLUMNS, &rows)
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
    let all = json!({
        "mutants": kills.iter().map(kill).collect::<Vec<_>>(),
        "elsewhere": elsewhere.collect::<Vec<_>>(),
    });
    of_schema("model-mutants", all)
}

/// A document with a place for the table.
struct Document<'a> {
    path: &'a Path,
    before: String,
    after: String,
}

impl<'a> Document<'a> {
    /// What stands before and behind its marks.
    fn read(path: &'a Path) -> Result<Self, UsageError> {
        let text = files::read(path)?;
        let [begin, end] = MARKS;
        let parts = text.split_once(begin).and_then(|(before, rest)| {
            rest.split_once(end).map(|(_, after)| (before.to_owned(), after.to_owned()))
        });
        let missing =
            || UsageError(format!("{}: the marks {begin} and {end} are missing", path.display()));
        let (before, after) = parts.ok_or_else(missing)?;
        Ok(Self { path, before, after })
    }

    fn write(&self, table: &str) -> Result<(), UsageError> {
        let ([begin, end], Self { path, before, after }) = (MARKS, self);
        files::write(path, &format!("{before}{begin}\n{table}{end}{after}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use streamproof_model::worlds::streams::wrong::Mutant;

    /// A mutant that is killed as it is said to be.
    fn named(mutant: &'static Mutant) -> Kill {
        Kill { mutant, broken: vec![mutant.killed_by], trace: Vec::new() }
    }

    #[test]
    fn json_says_its_form_and_names_each_mutant() {
        let json = as_json(&MUTANTS[..2].iter().map(named).collect::<Vec<_>>());
        assert_eq!(json["schema"], "streamproof.model-mutants/1");
        assert_eq!(json["mutants"][1]["mutant"], MUTANTS[1].name);
        assert_eq!(json["mutants"][1]["broken"][0], MUTANTS[1].killed_by);
    }

    /// Every mutant with the longest name that kills it: what the table has to hold, without the search for it.
    #[test]
    fn table_fits_the_terminal() {
        let kills: Vec<Kill> = MUTANTS.iter().map(named).collect();
        for width in [80, 120] {
            let table = as_table(&kills, width);
            assert!(table.lines().all(|line| line.chars().count() <= width), "{table}");
            assert_eq!(table.lines().count(), kills.len() + 1);
        }
    }
}
