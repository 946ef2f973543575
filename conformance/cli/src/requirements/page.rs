//! All rules on one page: rule -> property -> trace -> code, with nothing loaded from elsewhere.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Component, Path};

use super::Level;
use super::places::Place;
use super::report::{Part, Row, State, Total, rows};

const STYLE: &str = include_str!("page.css");

/// Where a scenario's trace is, from the root of the repository.
pub fn trace_file(scenario: &str) -> String {
    format!("conformance/scenarios/{scenario}.ndjson")
}

/// The way from the folder of the file at `path` to the folder that the command runs in, as the
/// beginning of a link: empty or with a slash at its end.
pub fn way_to_the_root(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let whole = here.join(path);
    let folder = whole.parent().unwrap_or(&here);
    let names = |path: &Path| -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for component in path.components() {
            match component {
                Component::CurDir => {}
                Component::ParentDir => drop(names.pop()),
                Component::Normal(_) | Component::RootDir | Component::Prefix(_) => {
                    names.push(component.as_os_str().to_string_lossy().into_owned());
                }
            }
        }
        names
    };
    let (from, to) = (names(folder), names(&here));
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = "../".repeat(from.len() - shared);
    let down: String = to[shared..].iter().map(|name| format!("{name}/")).collect();
    format!("{up}{down}")
}

/// The page. `root` is put before every link into the repository.
pub fn page(parts: &[Part], root: &str) -> String {
    let mut html = String::from("<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n");
    html.push_str("<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n");
    let _ = writeln!(html, "<title>Rules about streams</title>\n<style>\n{STYLE}</style>");
    header(&mut html, parts);
    html.push_str("<main>\n");
    for part in parts {
        section(&mut html, part, root);
    }
    properties(&mut html, parts);
    html.push_str("</main>\n</html>\n");
    html
}

fn header(html: &mut String, parts: &[Part]) {
    html.push_str(
        "<header>\n<h1>The rules of RFC 9000 about streams, and what stands for each</h1>\n",
    );
    html.push_str(
        "<p class=\"chain\">rule → property → trace → code. Rules are put in our own words; the \
        RFC is the law.</p>\n<table class=\"totals\"><tr><th>level<th>rules<th>disposed<th>checked\
        <th>with trace<th>tested<th>noted\n",
    );
    for level in Level::ALL {
        let total = Total::of(rows(parts).filter(|row| row.requirement.level == level));
        if total.all > 0 {
            let Total { all, disposed, checked, traced, tested, noted } = total;
            let _ = writeln!(
                html,
                "<tr><td class=\"level {level}\">{level}<td>{all}<td>{disposed}<td>{checked}<td>{traced}\
                 <td>{tested}<td>{noted}"
            );
        }
    }
    html.push_str("</table>\n<fieldset><legend>show</legend>\n");
    let filters = [
        ("all", "all"),
        ("must", "MUST"),
        ("open", "open"),
        ("wire", "noted"),
        ("free", "choices"),
    ];
    for (at, (id, label)) in filters.iter().enumerate() {
        let checked = if at == 0 { " checked" } else { "" };
        let _ = writeln!(
            html,
            "<label><input type=\"radio\" name=\"show\" id=\"{id}\"{checked}> {label}</label>"
        );
    }
    html.push_str("</fieldset>\n<nav>\n");
    for part in parts {
        let total = Total::of(&part.requirements);
        let class = if total.disposed == total.all { "done" } else { "gap" };
        let _ = writeln!(
            html,
            "<a class=\"{class}\" href=\"#s{0}\" title=\"{1}: {2} of {3}\">{0}</a>",
            part.section,
            escaped(&part.title),
            total.disposed,
            total.all
        );
    }
    html.push_str("</nav>\n</header>\n");
}

fn section(html: &mut String, part: &Part, root: &str) {
    let total = Total::of(&part.requirements);
    let _ = writeln!(
        html,
        "<section>\n<h2 id=\"s{0}\">{4}{0} {1} <small>{2} of {3}</small></h2>",
        part.section,
        escaped(&part.title),
        total.disposed,
        total.all,
        if super::is_draft(&part.section) { "" } else { "§" },
    );
    if let Some(why) = &part.leaves_out {
        let _ = writeln!(html, "<p class=\"quiet\">Left out: {}.</p>", escaped(why));
    }
    for row in &part.requirements {
        rule(html, row, root);
    }
    if !part.cited.is_empty() {
        let _ =
            writeln!(html, "<p class=\"quiet\">Cited as a whole: {}</p>", code(&part.cited, root));
    }
    html.push_str("</section>\n");
}

fn rule(html: &mut String, row: &Row, root: &str) {
    let requirement = &row.requirement;
    let (state, level) = (row.state, requirement.level);
    let word = state.word();
    let _ = writeln!(
        html,
        "<details id=\"r{2}\" class=\"{word} {level}\"><summary><a class=\"id\" href=\"#r{2}\">{0}</a>\
         <b class=\"level {level}\">{level}</b><span>{1}</span><i class=\"state {word}\">{word}</i></summary>\n<dl>",
        requirement.id,
        escaped(&requirement.rule),
        in_link(&requirement.id),
    );
    let mut line = |name: &str, cells: Vec<String>| {
        if !cells.is_empty() {
            let _ = writeln!(html, "<dt>{name}<dd>{}", cells.join("<br>"));
        }
    };
    let code_of = |name: &String| format!("<code>{}</code>", escaped(name));
    line("enforced by", vec![requirement.enforced_by.to_string()]);
    let property = |name: &String| format!("<a href=\"#{}\">{}</a>", anchor(name), escaped(name));
    line("property", requirement.properties.iter().map(property).collect());
    line("breach", requirement.breaches.iter().map(code_of).collect());
    line("violation", requirement.violations.iter().map(code_of).collect());
    let mutant = |name: &String| {
        format!("<code>streamproof model check --mutant \"{}\"</code>", escaped(name))
    };
    line("mutant", requirement.mutants.iter().map(mutant).collect());
    let trace = |name: &String| match row.traces.contains(name) {
        true => {
            let file = escaped(&trace_file(name));
            format!(
                "<a href=\"{root}{file}\">{name}</a> <code>streamproof trace play {file}</code>"
            )
        }
        false => format!("<s>{}</s> no file yet", escaped(name)),
    };
    line("trace", requirement.scenarios.iter().map(trace).collect());
    line("code", if row.code.is_empty() { Vec::new() } else { vec![code(&row.code, root)] });
    let choice = |name: &String| match name.starts_with("R-") {
        true => format!("<a href=\"{root}model/src/worlds/reset_stream_at/mod.rs\">{name}</a>"),
        false => {
            format!("<a href=\"{root}specs/choices.md#{}\">{name}</a>", name.to_lowercase())
        }
    };
    line("choice", requirement.choice.iter().map(choice).collect());
    line("note", requirement.note.iter().map(|note| escaped(note)).collect());
    line("gap", row.gaps.iter().map(|gap| escaped(gap)).collect());
    html.push_str("</dl></details>\n");
}

fn code(places: &[Place], root: &str) -> String {
    let link = |place: &Place| {
        let Place { file, line, test, .. } = place;
        let kind = if *test { " (test)" } else { "" };
        format!("<a href=\"{root}{file}#L{line}\">{file}:{line}</a>{kind}")
    };
    places.iter().map(link).collect::<Vec<_>>().join("<br>")
}

/// Every property that a rule names, and the rules it stands for.
fn properties(html: &mut String, parts: &[Part]) {
    let mut rules: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in rows(parts) {
        for name in &row.requirement.properties {
            rules.entry(name).or_default().push(row);
        }
    }
    let mut named: Vec<_> = rules.into_iter().collect();
    named.sort_by_key(|(name, _)| (super::order(section_of(name)), *name));
    html.push_str("<section id=\"properties\">\n<h2>Properties <small>");
    let _ = writeln!(
        html,
        "{}</small></h2>\n<p class=\"quiet\">Checked in every preset in which they \
        have a subject: <code>streamproof model check --properties</code></p>\n<ul>",
        named.len()
    );
    for (name, rows) in named {
        let link = |row: &&Row| {
            let open = if row.state == State::Open { " class=\"gap\"" } else { "" };
            let id = &row.requirement.id;
            format!("<a{open} href=\"#r{}\">{id}</a>", in_link(id))
        };
        let links: Vec<String> = rows.iter().map(link).collect();
        let _ = writeln!(
            html,
            "<li id=\"{}\">{} <span>{}</span>",
            anchor(name),
            escaped(name),
            links.join(" ")
        );
    }
    html.push_str("</ul>\n</section>\n");
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

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn way_to_the_root_goes_up_as_far_as_the_page_is_down() {
        assert_eq!(way_to_the_root(Path::new("rules.html")), "");
        assert_eq!(way_to_the_root(Path::new("out/a/rules.html")), "../../");
        assert_eq!(way_to_the_root(Path::new("out/../rules.html")), "");
    }

    #[test]
    fn page_loads_nothing_and_escapes_what_it_shows() {
        let sections = crate::requirements::compiled_in().expect("the requirements");
        let parts = crate::requirements::report::report(&sections, &Default::default());
        let page = page(&parts, "");
        for external in ["src=", "http:", "https:", "@import", "url("] {
            assert!(!page.contains(external), "{external}");
        }
        assert!(page.contains("Ready -&gt; Send") && !page.contains("Ready -> Send"));
    }
}
