//! All rules on one page: rule -> property -> trace -> code. Nothing is loaded from elsewhere and nothing links there, so
//! that the page may be moved.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::places::Place;
use super::report::{Part, Row, State, Total, rows};
use super::{LEVELS, is_draft};
use crate::html::{self, escape};
use streamproof_model::rfc::citation::Level;

/// A section's number as people write it: "§4.5", and a draft's name as it is.
pub fn heading(section: &str) -> String {
    match is_draft(section) {
        true => section.to_owned(),
        false => format!("§{section}"),
    }
}

/// How many of the rules of so many sections are disposed of, in a sentence.
pub fn disposed(total: &Total, sections: usize) -> String {
    let sections = match sections {
        1 => "1 section".to_owned(),
        number => format!("{number} sections"),
    };
    match total.all - total.disposed {
        0 => format!("DISPOSED: all {} rules of {sections}", total.all),
        open => format!("OPEN: {open} of {} rules of {sections}", total.all),
    }
}

/// The page.
pub fn page(parts: &[Part]) -> String {
    let mut body = String::new();
    header(&mut body, parts);
    body.push_str("<main>\n");
    for part in parts {
        section(&mut body, part);
    }
    properties(&mut body, parts);
    body.push_str("</main>\n");
    html::page("Rules about streams", &body)
}

fn header(body: &mut String, parts: &[Part]) {
    let _ = writeln!(
        body,
        "<h1>The rules of RFC 9000 about streams, and what stands for each</h1>\n<p>{}</p>\n\
         <p class=\"soft\">Rule, property, trace, code, as Streamproof {} has them. Rules are in our own words; the RFC is \
         the law. Files and lines are those of Streamproof's source tree. A property is checked in every preset that has a \
         subject for it: <code>streamproof model check --properties</code>.</p>",
        verdict(parts),
        env!("CARGO_PKG_VERSION")
    );
    let head = ["level", "rules", "disposed", "checked", "with trace", "tested", "noted", "broken"];
    body.push_str(&html::table(&head, &totals(parts)));
    filters(body);
    body.push_str("<nav>\n");
    for part in parts {
        let total = Total::of(&part.requirements);
        let class = standing(&total);
        let _ = writeln!(
            body,
            "<a class=\"{class}\" href=\"#s{0}\" title=\"{1}: {2} of {3}\">{0}</a>",
            part.section,
            escape(&part.title),
            total.disposed,
            total.all
        );
    }
    body.push_str("</nav>\n");
}

/// How rules stand: none is green while one of them is open or broken.
const fn standing(total: &Total) -> &'static str {
    match (total.disposed == total.all, total.broken) {
        (false, _) => "bad",
        (true, 0) => "good",
        (true, _) => "warn",
    }
}

/// What is to be said of all rules: gaps, and what the manager breaks.
fn verdict(parts: &[Part]) -> String {
    let total = Total::of(rows(parts));
    let class = standing(&total);
    let mut text = format!("<b class=\"{class}\">{}.</b>", escape(&disposed(&total, parts.len())));
    if total.broken > 0 {
        let musts = rows(parts).filter(|row| row.requirement.level == Level::Must);
        let _ = write!(
            text,
            " <b class=\"bad\">BROKEN: {} of them, {} a MUST.</b> What breaks them is how the manager or quinn below it \
             deviates, as its list says.",
            total.broken,
            Total::of(musts).broken
        );
    }
    text
}

fn totals(parts: &[Part]) -> Vec<Vec<String>> {
    let row = |level: Level| {
        let total = Total::of(rows(parts).filter(|row| row.requirement.level == level));
        let Total { all, disposed, checked, traced, tested, noted, broken } = total;
        let numbers = [all, disposed, checked, traced, tested, noted, broken];
        let numbers = numbers.iter().map(ToString::to_string);
        (all > 0).then(|| std::iter::once(level.to_string()).chain(numbers).collect())
    };
    LEVELS.into_iter().filter_map(row).collect()
}

fn filters(body: &mut String) {
    body.push_str("<fieldset><legend>show</legend>\n");
    let filters = [
        ("all", "all"),
        ("must", "MUST"),
        ("broken", "broken"),
        ("open", "open"),
        ("wire", "noted"),
        ("free", "choices"),
    ];
    for (at, (id, label)) in filters.iter().enumerate() {
        let checked = if at == 0 { " checked" } else { "" };
        let _ = writeln!(
            body,
            "<label><input type=\"radio\" name=\"show\" id=\"{id}\"{checked}> {label}</label>"
        );
    }
    body.push_str("</fieldset>\n");
}

fn section(body: &mut String, part: &Part) {
    let total = Total::of(&part.requirements);
    let _ = writeln!(
        body,
        "<section>\n<h2 id=\"s{}\">{} {} <small class=\"soft\">{} of {}</small></h2>",
        part.section,
        heading(&part.section),
        escape(&part.title),
        total.disposed,
        total.all,
    );
    if let Some(why) = &part.leaves_out {
        let _ = writeln!(body, "<p class=\"soft\">Left out: {}.</p>", escape(why));
    }
    for row in &part.requirements {
        rule(body, row);
    }
    if !part.cited.is_empty() {
        let places = places(&part.cited).join(", ");
        let _ = writeln!(body, "<p class=\"soft\">Cited as a whole: {places}</p>");
    }
    body.push_str("</section>\n");
}

/// How a state looks.
const fn class(state: State) -> &'static str {
    match state {
        State::Covered => "good",
        State::Broken | State::Open => "bad",
        State::Choice => "free",
        State::Noted => "warn",
    }
}

fn rule(body: &mut String, row: &Row) {
    let requirement = &row.requirement;
    let (state, level) = (row.state, requirement.level);
    let word = state.word();
    let _ = writeln!(
        body,
        "<details id=\"r{2}\" class=\"rule {word} {level}\"><summary><a class=\"id\" href=\"#r{2}\">{0}</a>\
         <b class=\"level\">{level}</b><span>{1}</span><b class=\"{3}\">{word}</b></summary>\n<dl>",
        requirement.id,
        escape(&requirement.rule),
        in_link(&requirement.id),
        class(state),
    );
    let mut line = |name: &str, cells: Vec<String>| {
        if !cells.is_empty() {
            let _ = writeln!(body, "<dt>{name}<dd>{}", cells.join("<br>"));
        }
    };
    let code_of = |name: &String| format!("<code>{}</code>", escape(name));
    let repeat = |id: &String| {
        format!("<b class=\"bad\">{0}</b> <code>streamproof judge report</code>", escape(id))
    };
    line("broken by", row.deviations.iter().map(repeat).collect());
    line("enforced by", vec![requirement.enforced_by.to_string()]);
    let property = |name: &String| format!("<a href=\"#{}\">{}</a>", anchor(name), escape(name));
    line("property", requirement.properties.iter().map(property).collect());
    line("breach", requirement.breaches.iter().map(code_of).collect());
    line("violation", requirement.violations.iter().map(code_of).collect());
    let mutant = |name: &String| {
        format!("<code>streamproof model check --mutant \"{}\"</code>", escape(name))
    };
    line("mutant", requirement.mutants.iter().map(mutant).collect());
    let trace = |name: &String| match row.traces.contains(name) {
        true => format!("<code>streamproof trace scenarios {}</code>", escape(name)),
        false => format!("<s>{}</s> no file yet", escape(name)),
    };
    line("trace", requirement.scenarios.iter().map(trace).collect());
    line("code", places(&row.code));
    let choice = |name: &String| match name.starts_with("R-") {
        true => format!("{name} (model/src/worlds/reset_stream_at/mod.rs)"),
        false => format!("{name} (specs/choices.md)"),
    };
    line("choice", requirement.choice.iter().map(choice).collect());
    line("waived", requirement.waived.iter().map(|waived| escape(waived)).collect());
    line("note", requirement.note.iter().map(|note| escape(note)).collect());
    line("gap", row.gaps.iter().map(|gap| escape(gap)).collect());
    body.push_str("</dl></details>\n");
}

/// Places in the source, as text: a page that is moved has no source beside it.
fn places(places: &[Place]) -> Vec<String> {
    let text = |place: &Place| {
        let Place { file, line, test, .. } = place;
        let kind = if *test { " (test)" } else { "" };
        format!("<code>{}:{line}</code>{kind}", escape(file))
    };
    places.iter().map(text).collect()
}

/// Every property that a rule names, and the rules it stands for.
fn properties(body: &mut String, parts: &[Part]) {
    let mut rules: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in rows(parts) {
        for name in &row.requirement.properties {
            rules.entry(name).or_default().push(row);
        }
    }
    let mut named: Vec<_> = rules.into_iter().collect();
    named.sort_by_key(|(name, _)| (super::order(section_of(name)), *name));
    let _ = writeln!(
        body,
        "<section id=\"properties\">\n<h2>Properties <small class=\"soft\">{}</small></h2>\n<ul>",
        named.len()
    );
    for (name, rows) in named {
        let link = |row: &&Row| {
            let open = if row.state == State::Open { " class=\"bad\"" } else { "" };
            let id = &row.requirement.id;
            format!("<a{open} href=\"#r{}\">{id}</a>", in_link(id))
        };
        let links: Vec<String> = rows.iter().map(link).collect();
        let _ = writeln!(
            body,
            "<li id=\"{}\">{} <span class=\"soft\">{}</span>",
            anchor(name),
            escape(name),
            links.join(" ")
        );
    }
    body.push_str("</ul>\n</section>\n");
}

/// An ID without the space of a draft's.
pub fn in_link(id: &str) -> String {
    id.replace(' ', "-")
}

/// The section that a property's name begins with.
fn section_of(property: &str) -> &str {
    property.trim_start_matches('§').split(' ').next().unwrap_or_default()
}

/// A name as an anchor.
fn anchor(name: &str) -> String {
    let mut anchor = String::from("p-");
    for letter in name.chars() {
        match letter {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '.' => anchor.push(letter),
            _ if !anchor.ends_with('-') => anchor.push('-'),
            _ => {}
        }
    }
    anchor
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::requirements::known::Known;
    use crate::requirements::report::report;

    fn now() -> String {
        let sections = crate::requirements::compiled_in().expect("the requirements");
        page(&report(&sections, &Known::now()))
    }

    /// Each value of an attribute, in order.
    fn values<'a>(page: &'a str, attribute: &str) -> Vec<&'a str> {
        let begin = format!(" {attribute}=\"");
        let parts = page.split(&begin).skip(1);
        parts.filter_map(|part| part.split('"').next()).collect::<Vec<_>>()
    }

    #[test]
    fn page_loads_nothing_and_escapes_what_it_shows() {
        let page = now();
        for external in ["src=", "http:", "https:", "@import", "url(", "<script"] {
            assert!(!page.contains(external), "{external}");
        }
        assert!(page.contains("Ready -&gt; Send") && !page.contains("Ready -> Send"));
        assert_eq!(page.matches("<style>").count(), 1);
    }

    #[test]
    fn links_are_to_what_is_on_the_page() {
        let page = now();
        let ids = values(&page, "id");
        let links = values(&page, "href");
        assert!(links.len() > 500);
        for link in links {
            let id = link.strip_prefix('#');
            assert!(id.is_some_and(|id| ids.contains(&id)), "{link} is not on the page");
        }
    }

    #[test]
    fn page_says_its_version_and_what_the_manager_breaks() {
        let page = now();
        assert!(page.contains(concat!("Streamproof ", env!("CARGO_PKG_VERSION"))));
        assert!(page.contains("<b class=\"warn\">DISPOSED"), "all disposed of, and not all kept");
        let broken = "class=\"rule BROKEN MUST\"";
        let at = page.find(broken).expect("a MUST that the manager breaks");
        let rule = &page[at..at + page[at..].find("</details>").expect("its end")];
        assert!(rule.contains("<b class=\"bad\">BROKEN</b>"), "{rule}");
        assert!(rule.contains("<dt>broken by<dd>") && !rule.contains("covered"), "{rule}");
    }
}
