//! `streamproof judge report`: one stack's page, as text, JSON or HTML.

use std::fmt::Write as _;
use std::num::NonZero;
use std::path::PathBuf;

use clap::Args;
use streamproof_conformance::picture::replay_diagram;
use streamproof_conformance::suite::{self, Deviant, Report, Skipped};
use streamproof_conformance::sut::Sut;
use streamproof_conformance::table::{count, percent};
use streamproof_conformance::tours::replay_trace;
use streamproof_model::diagram::Diagram;
use streamproof_model::rfc::citation::{Citation, Level};

use super::stacks::play_common;
use super::systems::SutArgs;
use super::verdict_of;
use crate::commands::{UsageError, Verdict, files, of_schema, out, threads};
use crate::html::{escape, page, table};

/// One stack's page.
#[derive(Args, Debug)]
#[command(after_help = "Example:
  streamproof judge report --sut quinn --html quinn.html")]
pub(in crate::commands) struct ReportArgs {
    #[command(flatten)]
    sut: SutArgs,
    /// Write a page with the pictures to this file.
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    html: Option<PathBuf>,
    /// How many threads; as many as there are cores if not given.
    #[arg(long)]
    threads: Option<NonZero<usize>>,
    /// Print JSON instead of text.
    #[arg(long)]
    json: bool,
}

/// The levels, the strongest first; what a stack may do is not among them.
const LEVELS: [(Level, &str); 4] = [
    (Level::Must, "MUST"),
    (Level::Stated, "stated without a keyword"),
    (Level::Should, "SHOULD"),
    (Level::Contract, "the manager's contract, no rule of the RFC"),
];

/// A deviation and its picture.
struct Shown<'a> {
    deviant: &'a Deviant,
    diagram: Diagram,
}

pub(in crate::commands) fn run(args: &ReportArgs) -> Result<Verdict, UsageError> {
    out::give_way(args.html.as_deref(), args.json)?;
    let sut = args.sut.sut()?;
    let report = play_common(&*sut, threads(args.threads)?)?;
    let shown = draw(&report, &*sut)?;
    match (args.json, &args.html) {
        (true, _) => outln!("{:#}", of_schema("judge-report", report.to_json())),
        (false, Some(file)) => {
            files::write(file, &html(&report, &shown))?;
            outln!("page  {}", file.display());
        }
        (false, None) => print(&report, &shown),
    }
    Ok(verdict_of(&report))
}

fn draw<'a>(report: &'a Report, sut: &dyn Sut) -> Result<Vec<Shown<'a>>, UsageError> {
    let draw = |deviant: &'a Deviant| {
        let replay =
            replay_trace(sut, &deviant.trace).map_err(|error| UsageError(error.to_string()))?;
        Ok(Shown { deviant, diagram: replay_diagram(sut, &deviant.trace, &replay) })
    };
    report.deviants.iter().map(draw).collect()
}

fn title(report: &Report) -> String {
    format!("{} {}", report.system, report.version).trim().to_owned()
}

/// What is to be said of the stack, in a sentence.
fn verdict(report: &Report) -> String {
    let broken = |level| report.broken(level);
    let rules = format!(
        "{} MUST, {} stated, {} SHOULD",
        broken(Level::Must),
        broken(Level::Stated),
        broken(Level::Should)
    );
    let (taken, all) = (report.sum(|row| row.taken), report.sum(|row| row.edges));
    let how_far = format!("{} of {} edges taken", count(taken), count(all));
    match report.verdict() {
        suite::Verdict::Conforms => format!("No rule is broken; {how_far}."),
        suite::Verdict::AsListed => {
            format!("Rules broken: {rules}, all of them known; {how_far}.")
        }
        suite::Verdict::Deviates => {
            format!("Rules broken: {rules}, some of them not known before; {how_far}.")
        }
        suite::Verdict::Incomplete => format!("No rule was seen broken; {how_far}: incomplete."),
    }
}

fn of_level<'a>(
    shown: &'a [Shown<'a>],
    level: Level,
) -> impl Iterator<Item = &'a Shown<'a>> + use<'a> {
    shown.iter().filter(move |one| one.deviant.level() == level)
}

fn print(report: &Report, shown: &[Shown<'_>]) {
    outln!("{}", title(report));
    out::paragraph("", &verdict(report));
    outln!("\n{}", report.to_table(out::width()));
    for (level, name) in LEVELS {
        for Shown { deviant, diagram } in of_level(shown, level) {
            let place = match deviant.breach.citation() {
                Citation { section: "", .. } => name.to_owned(),
                citation => format!("{name}, {}", citation.place()),
            };
            out::paragraph("", &format!("{place}: {}", deviant.breach.describe()));
            outln!("  {}", deviant.breach.id());
            if let Some(entry) = &deviant.known {
                out::paragraph("  ", &entry.why);
                for (word, fact) in entry.facts() {
                    out::paragraph(&format!("  {word:<11}"), &fact);
                }
            }
            if let Some(situation) = &deviant.situation {
                out::paragraph("  new in     ", situation);
            }
            out::paragraph("  seen       ", &deviant.deviation.seen);
            out::paragraph("  permitted  ", &deviant.deviation.permitted.join(" | "));
            outln!("  repeat     {}", deviant.repeat);
            outln!("{}", diagram.to_terminal(out::width(), out::has_colour()));
        }
    }
    for Skipped { preset, why, .. } in &report.skipped {
        out::paragraph("skipped  ", &format!("{preset}: {why}"));
    }
}

fn html(report: &Report, shown: &[Shown<'_>]) -> String {
    let title = title(report);
    let mut body = format!(
        "<h1>{}</h1>\n<p>Streams by RFC 9000, played by Streamproof {}. {}</p>\n",
        escape(&title),
        env!("CARGO_PKG_VERSION"),
        escape(&verdict(report))
    );
    body.push_str(&rows(report));
    for (level, name) in LEVELS {
        let those: Vec<&Shown<'_>> = of_level(shown, level).collect();
        if those.is_empty() {
            continue;
        }
        let class = if level == Level::Must { " class=\"bad\"" } else { "" };
        let _ = writeln!(body, "<h2{class}>{name}: {}</h2>", those.len());
        those.into_iter().for_each(|one| deviation(one, &mut body));
    }
    if !report.skipped.is_empty() {
        let _ = writeln!(body, "<h2>Not played</h2>\n<ul>");
        for Skipped { preset, why, .. } in &report.skipped {
            let _ = writeln!(body, "<li>{preset}: {}</li>", escape(why));
        }
        let _ = writeln!(body, "</ul>");
    }
    page(&format!("{title}: streams by RFC 9000"), &body)
}

fn rows(report: &Report) -> String {
    let head = ["preset", "side", "edges", "taken", "traces", "rules broken"];
    let row = |row: &streamproof_conformance::suite::Row| {
        let report = &row.report;
        vec![
            report.preset.to_owned(),
            report.side.to_string(),
            count(report.edges),
            format!("{} %", percent(report.taken, report.edges)),
            count(report.traces),
            report.findings.len().to_string(),
        ]
    };
    table(&head, &report.rows.iter().map(row).collect::<Vec<_>>())
}

fn deviation(one: &Shown<'_>, body: &mut String) {
    let Shown { deviant, diagram } = one;
    let why =
        deviant.known.as_ref().map_or("The cause is not recorded yet.", |entry| entry.why.trim());
    let facts = deviant.known.as_ref().map(|entry| entry.facts()).unwrap_or_default();
    let fact = |(word, fact): &(&str, String)| format!("<br>{word}: {}", escape(fact));
    let facts: String = facts.iter().map(fact).collect();
    let _ = writeln!(
        body,
        "<details><summary><b>{}</b> {}</summary>\n<p>{}{facts}</p>\n<p>seen: <code>{}</code><br>permitted: \
         <code>{}</code></p>\n<pre>{}</pre>\n{}\n</details>",
        escape(&deviant.breach.citation().place()),
        escape(&deviant.breach.describe()),
        escape(why),
        escape(&deviant.deviation.seen),
        escape(&deviant.deviation.permitted.join(" | ")),
        escape(&deviant.repeat),
        diagram.to_svg()
    );
}
