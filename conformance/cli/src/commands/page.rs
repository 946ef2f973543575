//! `streamproof report`: one stack's page, as text, JSON or HTML.

use std::fmt::Write as _;

use streamproof_model::rfc::citation::Level;

use super::args::ReportArgs;
use super::conform::{Run, Shown};
use super::report::WIDTH;
use super::systems::choosing;
use super::{Bad, Verdict, files, out, stacks, threads};
use streamproof_conformance::sut::Sut;
use streamproof_conformance::table::percent;

/// The levels, the strongest first; what a stack may do is not among them.
const LEVELS: [(Level, &str); 4] = [
    (Level::Must, "MUST"),
    (Level::Stated, "stated without a keyword"),
    (Level::Should, "SHOULD"),
    (Level::Contract, "the manager's contract"),
];

pub(super) fn run(args: &ReportArgs) -> Result<Verdict, Bad> {
    out::give_way(args.html.as_deref())?;
    let sut = choosing(args.sut.sut(), &args.choice)?;
    let run = stacks::play(&*sut, threads(args.threads)?)?;
    let shown = run.shown(&*sut)?;
    match (args.json, &args.html) {
        (true, _) => outln!("{:#}", run.as_json(&*sut)),
        (false, Some(file)) => {
            files::write(file, &html(&*sut, &run, &shown))?;
            outln!("page  {}", file.display());
        }
        (false, None) => print(&*sut, &run, &shown),
    }
    Ok(run.verdict(&*sut))
}

fn title(sut: &dyn Sut) -> String {
    format!("{} {}", sut.name(), sut.version()).trim().to_owned()
}

fn print(sut: &dyn Sut, run: &Run, shown: &[Shown]) {
    outln!("{}\n", title(sut));
    outln!("{}", run.as_table());
    for (level, name) in LEVELS {
        for one in shown.iter().filter(|one| one.level() == level && one.permitted_by.is_none()) {
            outln!("{name}, {}: {}", one.section(), one.breach.describe());
            outln!("  {}", one.breach.id());
            if let Some(why) = &one.why {
                outln!("  {why}");
            }
            outln!("  came back  {}", one.seen);
            outln!("  permitted  {}", one.permitted.join(" | "));
            outln!("  repeat     {}", one.repeat);
            outln!("{}", one.diagram.to_terminal(WIDTH, out::has_colour()));
        }
    }
    for one in shown {
        if let Some(choice) = &one.permitted_by {
            outln!("permitted by {choice}: {}", one.breach.id());
            outln!("  {}", one.why.as_deref().unwrap_or_default());
        }
    }
    for what in run.skipped() {
        outln!("skipped  {what}");
    }
}

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;\
    color:#1a1a1a}table{border-collapse:collapse;font-size:.9rem}td,th{padding:.2rem .8rem .2rem 0;\
    text-align:left}td.n,th.n{text-align:right}code,pre{font:13px/1.4 ui-monospace,monospace;background:#f4f4f4;\
    padding:.1rem .3rem}details{margin:.6rem 0}summary{cursor:pointer}svg{max-width:100%;height:auto}\
    .must{color:#b00020}.level{font-variant:small-caps}";

fn html(sut: &dyn Sut, run: &Run, shown: &[Shown]) -> String {
    let title = escape(&title(sut));
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>{title}: streams by RFC 9000</title>\n\
         <style>{STYLE}</style>\n<h1>{title}</h1>\n<p>Streams by RFC 9000, played by Streamproof.</p>\n"
    );
    rows(run, &mut page);
    for (level, name) in LEVELS {
        let those: Vec<&Shown> =
            shown.iter().filter(|one| one.level() == level && one.permitted_by.is_none()).collect();
        if those.is_empty() {
            continue;
        }
        let class = if level == Level::Must { " class=\"must\"" } else { "" };
        let _ = writeln!(page, "<h2{class}>{name}: {}</h2>", those.len());
        those.into_iter().for_each(|one| deviation(one, &mut page));
    }
    controls(shown, &mut page);
    if !run.skipped().is_empty() {
        let _ = writeln!(page, "<h2>Not played</h2>\n<ul>");
        for what in run.skipped() {
            let _ = writeln!(page, "<li>{}</li>", escape(what));
        }
        let _ = writeln!(page, "</ul>");
    }
    page.push_str("</html>\n");
    page
}

fn rows(run: &Run, page: &mut String) {
    page.push_str(
        "<table><tr><th>preset</th><th>side</th><th class=\"n\">edges</th><th class=\"n\">taken</th>\
         <th class=\"n\">traces</th><th class=\"n\">rules broken</th></tr>\n",
    );
    for report in &run.reports {
        let _ = writeln!(
            page,
            "<tr><td>{}</td><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{} %</td><td class=\"n\">{}</td>\
             <td class=\"n\">{}</td></tr>",
            report.preset,
            report.side,
            report.edges,
            percent(report.taken, report.edges),
            report.traces,
            report.findings.len()
        );
    }
    page.push_str("</table>\n");
}

fn deviation(one: &Shown, page: &mut String) {
    let _ = writeln!(
        page,
        "<details><summary><b>{}</b> {}</summary>\n<p>{}</p>\n<p>came back: <code>{}</code><br>permitted: \
         <code>{}</code></p>\n<pre>{}</pre>\n{}\n</details>",
        escape(&one.section()),
        escape(&one.breach.describe()),
        escape(one.why.as_deref().unwrap_or("Nobody has said yet why.")),
        escape(&one.seen),
        escape(&one.permitted.join(" | ")),
        escape(&one.repeat),
        one.diagram.to_svg()
    );
}

fn controls(shown: &[Shown], page: &mut String) {
    let permitted: Vec<&Shown> = shown.iter().filter(|one| one.permitted_by.is_some()).collect();
    if permitted.is_empty() {
        return;
    }
    let _ = writeln!(page, "<h2>Looks odd, and is permitted</h2>\n<ul>");
    for one in permitted {
        let _ = writeln!(
            page,
            "<li><code>{}</code> ({}): {}</li>",
            one.breach.id(),
            one.permitted_by.as_deref().unwrap_or_default(),
            escape(one.why.as_deref().unwrap_or_default())
        );
    }
    let _ = writeln!(page, "</ul>");
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
