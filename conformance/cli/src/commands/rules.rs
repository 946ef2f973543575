//! `streamproof rules`: the rules, and what stands for each; as a table, in full for a section,
//! as JSON, as a page.

use clap::Args;
use std::fmt::Write as _;
use std::path::PathBuf;

use serde::Serialize;

use super::{UsageError, Verdict, files, names, of_schema, out};
use crate::requirements::known::Known;
use crate::requirements::report::{Part, Row, State, Total, report, rows};
use crate::requirements::{LEVELS, ReadError, Section, compiled_in, from_folder, page};
use streamproof_conformance::table::{Column, table_within};
use streamproof_model::rfc::citation::Level;

/// The rules of RFC 9000 about streams, and what checks each.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  streamproof rules               all, a line each
  streamproof rules 4.5           one section in full
  streamproof rules --html rules.html")]
pub(in crate::commands) struct RulesArgs {
    /// Only this section, in full: 4.5.
    #[arg(value_name = "SECTION")]
    pub(in crate::commands) section: Option<String>,
    /// Print JSON instead of a table.
    #[arg(long)]
    pub(in crate::commands) json: bool,
    /// Write a page with everything to this file.
    #[arg(long)]
    pub(in crate::commands) html: Option<PathBuf>,
    /// Read the rules from this folder instead of those compiled in.
    #[arg(long)]
    pub(in crate::commands) from: Option<PathBuf>,
}

/// How wide a rule is in the table, in characters.
const RULE: usize = 54;

pub(super) fn run(args: &RulesArgs) -> Result<Verdict, UsageError> {
    out::give_way(args.html.as_deref(), args.json)?;
    let bad = |error: ReadError| UsageError(error.to_string());
    let mut sections = match &args.from {
        Some(folder) => from_folder(folder).map_err(bad)?,
        None => compiled_in().map_err(bad)?,
    };
    if let Some(wanted) = &args.section {
        sections = only(sections, wanted)?;
    }
    let parts = report(&sections, &Known::now());
    if let Some(path) = &args.html {
        files::write(path, &page::page(&parts))?;
    }
    if args.json {
        outln!("{:#}", of_schema("rules", json(&parts)?));
    } else {
        out!("{}", text(&parts, args.section.is_some()));
        if let Some(path) = &args.html {
            outln!("page  {}", path.display());
        }
    }
    let gaps = rows(&parts).any(|row| row.state == State::Open);
    Ok(if gaps { Verdict::Fails } else { Verdict::Holds })
}

fn only(sections: Vec<Section>, wanted: &str) -> Result<Vec<Section>, UsageError> {
    let wanted = wanted.trim_start_matches('§');
    let known: Vec<String> = sections.iter().map(|section| section.section.clone()).collect();
    let found: Vec<Section> =
        sections.into_iter().filter(|section| section.section == wanted).collect();
    if found.is_empty() {
        let known = known.iter().map(String::as_str);
        return Err(names::unknown("section with rules", wanted, known, "streamproof rules"));
    }
    Ok(found)
}

#[derive(Serialize)]
struct Report<'a> {
    sections: &'a [Part],
    totals: Vec<(Level, Total)>,
}

fn json(parts: &[Part]) -> Result<serde_json::Value, UsageError> {
    let report = Report { sections: parts, totals: totals(parts) };
    serde_json::to_value(&report).map_err(|error| UsageError(error.to_string()))
}

/// The totals of each level that occurs.
fn totals(parts: &[Part]) -> Vec<(Level, Total)> {
    let of = |level| Total::of(rows(parts).filter(|row| row.requirement.level == level));
    let totals = LEVELS.into_iter().map(|level| (level, of(level)));
    totals.filter(|(_, total)| total.all > 0).collect()
}

fn text(parts: &[Part], in_full: bool) -> String {
    let mut text = String::new();
    if in_full {
        parts.iter().for_each(|part| in_full_text(&mut text, part));
    } else {
        text.push_str(&list(parts));
        text.push('\n');
        text.push_str(&by_section(parts));
    }
    text.push('\n');
    text.push_str(&by_level(parts));
    text.push('\n');
    text.push_str(&verdict(parts));
    text
}

/// The columns of the list; what is dropped first where there is no room has the largest number.
const COLUMNS: [Column; 9] = [
    Column::left("id", 0),
    Column::left("level", 0),
    Column::left("rule", 0),
    Column::left("enforced by", 1),
    Column::right("props", 3),
    Column::right("faults", 4),
    Column::right("traces", 2),
    Column::right("code", 5),
    Column::left("state", 0),
];

/// One line for each rule.
fn list(parts: &[Part]) -> String {
    let row = |row: &Row| {
        let requirement = &row.requirement;
        vec![
            requirement.id.clone(),
            requirement.level.to_string(),
            shortened(&requirement.rule, RULE),
            requirement.enforced_by.to_string(),
            row.properties.to_string(),
            row.faults.to_string(),
            row.traces.len().to_string(),
            row.code.len().to_string(),
            row.state.word().to_owned(),
        ]
    };
    let rows: Vec<_> = rows(parts).map(row).collect();
    table_within(out::width(), &COLUMNS, &rows)
}

/// The beginning of a sentence, cut between words.
fn shortened(sentence: &str, width: usize) -> String {
    if sentence.chars().count() <= width {
        return sentence.to_owned();
    }
    let cut: String = sentence.chars().take(width).collect();
    let words = cut.rsplit_once(' ').map_or(cut.as_str(), |(words, _)| words);
    format!("{}…", words.trim_end_matches([',', ':', ';']))
}

fn in_full_text(text: &mut String, part: &Part) {
    wrapped(text, None, &format!("{} {}", page::heading(&part.section), part.title));
    if let Some(why) = &part.leaves_out {
        wrapped(text, Some("left out"), why);
    }
    for row in &part.requirements {
        row_in_full(text, row);
    }
    for place in &part.cited {
        wrapped(text, Some("cited"), &format!("{}:{}", place.file, place.line));
    }
}

fn row_in_full(text: &mut String, row: &Row) {
    let requirement = &row.requirement;
    let Row { state, gaps, traces, code, deviations, .. } = row;
    let (id, level) = (&requirement.id, requirement.level);
    let _ = writeln!(text, "\n{id}  {level}  {}", state.word());
    wrapped(text, Some(""), &requirement.rule);
    wrapped(text, Some("by"), &requirement.enforced_by.to_string());
    let mut lines = |kind: &str, names: &[String]| {
        names.iter().for_each(|name| wrapped(text, Some(kind), name));
    };
    lines("BROKEN BY", deviations);
    lines("property", &requirement.properties);
    lines("breach", &requirement.breaches);
    lines("violation", &requirement.violations);
    lines("mutant", &requirement.mutants);
    let trace = |name: &String| match traces.contains(name) {
        true => name.clone(),
        false => format!("{name} (no file)"),
    };
    lines("trace", &requirement.scenarios.iter().map(trace).collect::<Vec<_>>());
    let code: Vec<_> = code.iter().map(|place| format!("{}:{}", place.file, place.line)).collect();
    lines("code", &code);
    lines("choice", requirement.choice.as_slice());
    lines("waived", requirement.waived.as_slice());
    lines("note", requirement.note.as_slice());
    lines("gap", gaps);
}

/// A sentence in lines that fit the terminal, in the column behind a word; in the first column if there is none.
fn wrapped(text: &mut String, head: Option<&str>, sentence: &str) {
    let front = match head {
        None => String::new(),
        Some("") => "    ".to_owned(),
        Some(head) => format!("    {head:<9}  "),
    };
    for line in out::folded(&front, sentence, out::width()) {
        text.push_str(&line);
        text.push('\n');
    }
}

fn by_section(parts: &[Part]) -> String {
    let row = |part: &Part| {
        let all = Total::of(&part.requirements);
        let musts = part.requirements.iter().filter(|row| row.requirement.level == Level::Must);
        let musts = Total::of(musts);
        let of = |some: usize| format!("{some}/{}", musts.all);
        vec![
            format!("{} {}", page::heading(&part.section), part.title),
            format!("{}/{}", all.disposed, all.all),
            of(musts.disposed),
            of(musts.checked),
            of(musts.traced),
            of(musts.tested),
        ]
    };
    let columns = [
        Column::left("section", 0),
        Column::right("disposed", 0),
        Column::right("MUSTs", 1),
        Column::right("checked", 0),
        Column::right("with trace", 2),
        Column::right("tested", 3),
    ];
    table_within(out::width(), &columns, &parts.iter().map(row).collect::<Vec<_>>())
}

fn by_level(parts: &[Part]) -> String {
    let row = |(level, total): (Level, Total)| {
        let of = |some: usize| format!("{some}/{}", total.all);
        vec![
            level.to_string(),
            of(total.disposed),
            of(total.checked),
            of(total.traced),
            of(total.tested),
            total.noted.to_string(),
            total.broken.to_string(),
        ]
    };
    let columns = [
        Column::left("level", 0),
        Column::right("disposed", 0),
        Column::right("checked", 0),
        Column::right("with trace", 0),
        Column::right("tested", 0),
        Column::right("noted", 0),
        Column::right("broken", 0),
    ];
    table_within(out::width(), &columns, &totals(parts).into_iter().map(row).collect::<Vec<_>>())
}

/// The last line, and before it how many rules the manager is known to break.
fn verdict(parts: &[Part]) -> String {
    let total = Total::of(rows(parts));
    let mut text = String::new();
    if total.broken > 0 {
        let line = format!(
            "BROKEN: {} of {} rules by the manager, each as its list of deviations says",
            total.broken, total.all
        );
        wrapped(&mut text, None, &line);
    }
    text.push_str(&page::disposed(&total, parts.len()));
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentence_is_cut_between_words() {
        assert_eq!(shortened("A short rule.", 20), "A short rule.");
        assert_eq!(shortened("A rule that is longer, by far.", 23), "A rule that is longer…");
    }
}
