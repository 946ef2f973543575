//! `streamproof rules`: the rules, and what stands for each; as a table, in full for a section,
//! as JSON, as a page.

use clap::Args;
use std::fmt::Write as _;
use std::path::PathBuf;

use serde::Serialize;

use super::{Bad, Verdict, files, out};
use crate::requirements::known::Known;
use crate::requirements::report::{Part, Row, State, Total, report, rows};
use crate::requirements::{Level, ReadError, Section, compiled_in, from_folder, is_draft, page};
use streamproof_conformance::table::table;

#[derive(Args, Debug)]
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

pub(super) fn run(args: &RulesArgs) -> Result<Verdict, Bad> {
    out::give_way(args.html.as_deref())?;
    let bad = |error: ReadError| Bad(error.to_string());
    let mut sections = match &args.from {
        Some(folder) => from_folder(folder).map_err(bad)?,
        None => compiled_in().map_err(bad)?,
    };
    if let Some(wanted) = &args.section {
        sections = only(sections, wanted)?;
    }
    let parts = report(&sections, &Known::now());
    if let Some(path) = &args.html {
        files::write(path, &page::page(&parts, &page::way_to_the_root(path)))?;
    }
    if args.json {
        outln!("{}", json(&parts)?);
    } else {
        out!("{}", text(&parts, args.section.is_some()));
        if let Some(path) = &args.html {
            outln!("page  {}", path.display());
        }
    }
    let gaps = rows(&parts).any(|row| row.state == State::Open);
    Ok(if gaps { Verdict::Fails } else { Verdict::Holds })
}

fn only(sections: Vec<Section>, wanted: &str) -> Result<Vec<Section>, Bad> {
    let wanted = wanted.trim_start_matches('§');
    let known: Vec<String> = sections.iter().map(|section| section.section.clone()).collect();
    let found: Vec<Section> =
        sections.into_iter().filter(|section| section.section == wanted).collect();
    if found.is_empty() {
        let known = known.join(", ");
        return Err(Bad(format!("no rules of section \"{wanted}\"; there are {known}")));
    }
    Ok(found)
}

#[derive(Serialize)]
struct Report<'a> {
    sections: &'a [Part],
    totals: Vec<(Level, Total)>,
}

fn json(parts: &[Part]) -> Result<String, Bad> {
    let report = Report { sections: parts, totals: totals(parts) };
    serde_json::to_string_pretty(&report).map_err(|error| Bad(error.to_string()))
}

/// The totals of each level that occurs.
fn totals(parts: &[Part]) -> Vec<(Level, Total)> {
    let of = |level| Total::of(rows(parts).filter(|row| row.requirement.level == level));
    let totals = Level::ALL.into_iter().map(|level| (level, of(level)));
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

/// One line for each rule.
fn list(parts: &[Part]) -> String {
    let mut text = format!(
        "{:<22} {:<6}  {:<RULE$}  {:<11} {:>5} {:>6} {:>6} {:>4}  state\n",
        "id", "level", "rule", "enforced by", "props", "faults", "traces", "code"
    );
    for row in rows(parts) {
        let requirement = &row.requirement;
        let _ = writeln!(
            text,
            "{:<22} {:<6}  {:<RULE$}  {:<11} {:>5} {:>6} {:>6} {:>4}  {}",
            requirement.id,
            requirement.level,
            shortened(&requirement.rule, RULE),
            requirement.enforced_by,
            row.properties,
            row.faults,
            row.traces.len(),
            row.code.len(),
            row.state.word(),
        );
    }
    text
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
    let _ = writeln!(text, "§{} {}", part.section, part.title);
    if let Some(why) = &part.leaves_out {
        wrapped(text, "left out", why);
    }
    for row in &part.requirements {
        row_in_full(text, row);
    }
    for place in &part.cited {
        let _ = writeln!(text, "cited      {}:{}", place.file, place.line);
    }
}

fn row_in_full(text: &mut String, row: &Row) {
    let requirement = &row.requirement;
    let Row { state, gaps, traces, code, .. } = row;
    let (id, level, by) = (&requirement.id, requirement.level, requirement.enforced_by);
    let _ = writeln!(text, "\n{id}  {level}  {}", state.word());
    wrapped(text, "", &requirement.rule);
    let _ = writeln!(text, "    by         {by}");
    let lists = [
        ("property", &requirement.properties),
        ("breach", &requirement.breaches),
        ("violation", &requirement.violations),
        ("mutant", &requirement.mutants),
    ];
    for (kind, names) in lists {
        for name in names {
            let _ = writeln!(text, "    {kind:<9}  {name}");
        }
    }
    for name in &requirement.scenarios {
        let missing = if traces.contains(name) { "" } else { " (no file)" };
        let _ = writeln!(text, "    trace      {}{missing}", page::trace_file(name));
    }
    for place in code {
        let _ = writeln!(text, "    code       {}:{}", place.file, place.line);
    }
    if let Some(choice) = &requirement.choice {
        let _ = writeln!(text, "    choice     {choice}");
    }
    if let Some(note) = &requirement.note {
        wrapped(text, "note", note);
    }
    for gap in gaps {
        let _ = writeln!(text, "    gap        {gap}");
    }
}

/// A sentence in lines of at most 100 characters, with a word in front of the first.
fn wrapped(text: &mut String, head: &str, sentence: &str) {
    let mut front = if head.is_empty() { "    ".to_owned() } else { format!("    {head:<9}  ") };
    let mut line = front.clone();
    front = " ".repeat(front.chars().count());
    for word in sentence.split(' ') {
        if line.chars().count() + word.chars().count() > 100 {
            text.push_str(line.trim_end());
            text.push('\n');
            line.clone_from(&front);
        }
        line.push_str(word);
        line.push(' ');
    }
    text.push_str(line.trim_end());
    text.push('\n');
}

fn by_section(parts: &[Part]) -> String {
    let row = |part: &Part| {
        let all = Total::of(&part.requirements);
        let musts = part.requirements.iter().filter(|row| row.requirement.level == Level::Must);
        let musts = Total::of(musts);
        let of = |some: usize| format!("{some}/{}", musts.all);
        vec![
            match is_draft(&part.section) {
                true => format!("{} {}", part.section, part.title),
                false => format!("§{} {}", part.section, part.title),
            },
            format!("{}/{}", all.disposed, all.all),
            of(musts.disposed),
            of(musts.checked),
            of(musts.traced),
            of(musts.tested),
        ]
    };
    let head = ["section", "disposed", "MUSTs", "checked", "with trace", "tested"];
    table(&head, &parts.iter().map(row).collect::<Vec<_>>())
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
        ]
    };
    let head = ["level", "disposed", "checked", "with trace", "tested", "noted"];
    table(&head, &totals(parts).into_iter().map(row).collect::<Vec<_>>())
}

fn verdict(parts: &[Part]) -> String {
    let total = Total::of(rows(parts));
    let sections = match parts.len() {
        1 => "1 section".to_owned(),
        number => format!("{number} sections"),
    };
    match total.all - total.disposed {
        0 => format!("DISPOSED: all {} rules of {sections}\n", total.all),
        open => format!("OPEN: {open} of {} rules of {sections}\n", total.all),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentence_is_cut_between_words() {
        assert_eq!(shortened("A short rule.", 20), "A short rule.");
        assert_eq!(shortened("A rule that is longer, by far.", 23), "A rule that is longer…");
    }

    #[test]
    fn wrapped_lines_keep_their_column() {
        let mut text = String::new();
        wrapped(&mut text, "note", &"word ".repeat(30));
        let lines: Vec<_> = text.lines().collect();
        assert!(
            lines[0].starts_with("    note       word")
                && lines[1].starts_with("               word")
        );
        assert!(lines.iter().all(|line| line.chars().count() <= 100));
    }
}
