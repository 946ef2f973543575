//! The rules of `specs/requirements` and what stands for them: counts, names, gaps, and the command.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use streamproof_cli::requirements::known::Known;
use streamproof_cli::requirements::page::in_link;
use streamproof_cli::requirements::places::PLACES;
use streamproof_cli::requirements::report::{State, report, rows, unknown};
use streamproof_cli::requirements::{
    EnforcedBy, Requirement, Section, compiled_in, from_folder, is_draft,
};
use streamproof_model::rfc::citation::Level;

fn sections() -> Vec<Section> {
    compiled_in().expect("the requirements")
}

fn requirements() -> Vec<Requirement> {
    sections().into_iter().flat_map(|section| section.requirement).collect()
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Whether a section is one of those that are about streams and nothing else.
fn is_about_streams(section: &str) -> bool {
    if is_draft(section) {
        return false;
    }
    let numbers: Vec<u32> =
        section.split('.').map(|number| number.parse().expect("a number")).collect();
    match numbers[..] {
        [2..=4, ..] => true,
        [19, frame] => matches!(frame, 4 | 5 | 8..=14),
        _ => false,
    }
}

/// Sections 2 to 4 and the nine stream frames of section 19, counted by the strongest keyword of each
/// sentence.
#[test]
fn stream_sections_have_58_sentences_with_a_keyword() {
    let about_streams =
        || sections().into_iter().filter(|section| is_about_streams(&section.section));
    let announced: usize = about_streams().map(|section| section.sentences).sum();
    let keyword: Vec<_> = about_streams()
        .flat_map(|section| section.requirement)
        .filter(|requirement| requirement.keyword)
        .collect();
    let of = |level| keyword.iter().filter(|requirement| requirement.level == level).count();
    assert_eq!(announced, 58);
    assert_eq!(keyword.len(), 58);
    assert_eq!([of(Level::Must), of(Level::Should), of(Level::May)], [37, 14, 7]);
}

#[test]
fn every_edge_of_the_figures_has_a_rule() {
    let rules: Vec<String> =
        requirements().into_iter().map(|requirement| requirement.rule).collect();
    for (figure, edges) in [("sending", 7), ("receiving", 8)] {
        let file = repository().join(format!("specs/figures/{figure}.tsv"));
        let text = fs::read_to_string(file).expect("the figure");
        let mut found = 0;
        for line in text.lines().skip(1) {
            let mut cells = line.split('\t').map(words);
            let (from, to) = (cells.next().expect("from"), cells.next_back().expect("to"));
            let edge = format!("{from} -> {to}");
            assert!(rules.iter().any(|rule| rule.starts_with(&edge)), "{edge}");
            found += 1;
        }
        assert_eq!(found, edges);
    }
}

/// "DataSent" as "Data Sent".
fn words(state: &str) -> String {
    let mut words = String::new();
    for letter in state.chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(letter);
    }
    words
}

#[test]
fn what_is_compiled_in_is_what_the_folder_holds() {
    let folder = from_folder(&repository().join("specs/requirements")).expect("the folder");
    let text = |sections: &[Section]| serde_json::to_string(sections).expect("JSON");
    assert_eq!(text(&folder), text(&sections()));
}

#[test]
fn ids_in_the_code_exist() {
    let ids: BTreeSet<String> =
        requirements().into_iter().map(|requirement| requirement.id).collect();
    for place in PLACES {
        for id in place.ids.iter().filter(|id| id.contains('/')) {
            assert!(ids.contains(*id), "{}:{}: no requirement {id}", place.file, place.line);
        }
    }
}

/// The scan comes to the source at all.
#[test]
fn sections_are_cited_in_the_code() {
    assert!(PLACES.iter().any(|place| place.file.starts_with("model/src/rfc/")));
}

#[test]
fn optional_rules_have_a_choice_and_few_rules_a_note() {
    let mut noted = BTreeSet::new();
    for requirement in requirements() {
        let optional = matches!(requirement.level, Level::Should | Level::May);
        // What the model alone has is replayed against nobody, and goes every way that is open.
        let alone = requirement.enforced_by == EnforcedBy::Model;
        let chosen = alone || requirement.choice.is_some();
        assert!(!optional || chosen, "{} has no choice", requirement.id);
        let checked = requirement.names_a_check();
        let needs = matches!(requirement.level, Level::Must | Level::Stated);
        let why = requirement.note.is_some();
        assert!(!needs || checked || why, "{} has neither a check nor a note", requirement.id);
        let shown = alone || !requirement.scenarios.is_empty();
        assert!(!needs || shown || why, "{} has neither a scenario nor a note", requirement.id);
        if why && is_about_streams(requirement.id.split('/').next().expect("a section")) {
            noted.insert(requirement.id);
        }
    }
    // Two holes, in which there is no rule to check, and a rule that no preset has a trace of.
    assert_eq!(noted.into_iter().collect::<Vec<_>>(), ["19.13/4", "19.4/4", "4.1/10"]);
}

#[test]
fn scenarios_are_named_by_section_and_story() {
    for name in requirements().iter().flat_map(|requirement| &requirement.scenarios) {
        let (section, story) = name.split_once('-').expect("a section and a story");
        assert!(section.split('.').all(|number| number.parse::<u32>().is_ok()), "{name}");
        let plain =
            |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
        assert!(story.chars().all(plain) && !story.contains("--"), "{name}");
    }
}

#[test]
fn names_exist() {
    let known = Known::now();
    let mut wrong = Vec::new();
    for requirement in requirements() {
        for name in unknown(&requirement, &known) {
            wrong.push(format!("{}: {name}", requirement.id));
        }
        let missing = requirement.scenarios.iter().filter(|name| !known.scenarios.contains(*name));
        wrong.extend(missing.map(|name| format!("{}: no trace file \"{name}\"", requirement.id)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A property, a breach of the RFC, a violation, a mutant, a choice or a scenario for which there is no
/// rule is one that nobody needs, or a rule is missing.
#[test]
fn every_name_stands_for_a_rule() {
    let known = Known::now();
    let all = requirements();
    let named = |of: fn(&Requirement) -> &Vec<String>| -> BTreeSet<String> {
        all.iter().flat_map(of).cloned().collect()
    };
    let choices = all.iter().filter_map(|requirement| requirement.choice.clone()).collect();
    let kinds = [
        ("property", &known.properties, named(|requirement| &requirement.properties)),
        ("breach", &known.breaches_of_the_rfc, named(|requirement| &requirement.breaches)),
        ("violation", &known.violations, named(|requirement| &requirement.violations)),
        ("mutant", &known.mutants, named(|requirement| &requirement.mutants)),
        ("scenario", &known.scenarios, named(|requirement| &requirement.scenarios)),
        ("choice", &known.choices, choices),
    ];
    let mut unused = Vec::new();
    for (kind, known, named) in &kinds {
        unused.extend(known.difference(named).map(|name| format!("{kind} \"{name}\"")));
    }
    assert!(unused.is_empty(), "no rule for\n{}", unused.join("\n"));
}

#[test]
fn nothing_is_open() {
    let parts = report(&sections(), &Known::now());
    let open = rows(&parts).filter(|row| row.state == State::Open);
    let open: Vec<_> =
        open.map(|row| format!("{}: {}", row.requirement.id, row.gaps.join(", "))).collect();
    assert!(open.is_empty(), "{}", open.join("\n"));
}

// ---- the command ----------------------------------------------------------------------------------

/// A folder of this test's own, empty.
fn folder(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("requirements").join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).expect("a folder");
    path
}

fn streamproof(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_streamproof"));
    command.arg("rules").args(args).current_dir(folder).output().expect("the command")
}

/// Exit 2, one line on stderr with `culprit` in it, nothing on stdout.
fn refused(output: &Output, culprit: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.contains(culprit), "no \"{culprit}\" in: {stderr}");
    assert!(output.stdout.is_empty());
}

const ONE: &str = r#"section = "19.14"
title = "STREAMS_BLOCKED"
sentences = 2
leaves_out = "the second sentence, because this is a test"

[[requirement]]
id = "19.14/1"
level = "should"
keyword = true
rule = "A rule."
enforced_by = "quinn"
choice = "C-4"
"#;

#[test]
fn exit_code_says_whether_there_are_gaps() {
    let folder = folder("gaps");
    fs::write(folder.join("19.14.toml"), ONE).expect("a file");
    let fine = streamproof(&folder, &["--from", "."]);
    let stdout = String::from_utf8_lossy(&fine.stdout);
    assert_eq!(fine.status.code(), Some(0), "{stdout}");
    assert!(stdout.ends_with("DISPOSED: all 1 rules of 1 section\n"), "{stdout}");

    fs::write(folder.join("19.14.toml"), ONE.replace("C-4", "C-400")).expect("a file");
    let gap = streamproof(&folder, &["--from", ".", "19.14"]);
    let stdout = String::from_utf8_lossy(&gap.stdout);
    assert_eq!(gap.status.code(), Some(1), "{stdout}");
    assert!(stdout.contains("gap        no choice \"C-400\""), "{stdout}");
    assert!(stdout.ends_with("OPEN: 1 of 1 rules of 1 section\n"), "{stdout}");
}

#[test]
fn bad_input_is_refused_with_file_id_and_place() {
    let folder = folder("bad");
    let file = folder.join("19.14.toml");
    fs::write(&file, ONE.replace("\"should\"", "\"ought\"")).expect("a file");
    let output = streamproof(&folder, &["--from", "."]);
    refused(&output, "./19.14.toml: line 8, column 9: 19.14/1: unknown variant `ought`");
    fs::write(&file, format!("{ONE}colour = 1\n")).expect("a file");
    refused(
        &streamproof(&folder, &["--from", "."]),
        "line 13, column 1: 19.14/1: unknown field `colour`",
    );
    fs::write(&file, &ONE[..40]).expect("a file");
    refused(&streamproof(&folder, &["--from", "."]), "./19.14.toml: line 2");
    refused(&streamproof(&folder, &["--from", "nowhere"]), "nowhere: ");
    refused(&streamproof(&folder, &["9.9"]), "no section with rules is called \"9.9\"");
}

#[test]
fn json_and_page_hold_every_rule() {
    let folder = folder("page");
    let output = streamproof(&folder, &["--json", "--html", "out/rules.html"]);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let sections = json["sections"].as_array().expect("sections");
    let rules =
        sections.iter().map(|section| section["requirements"].as_array().expect("rules").len());
    assert_eq!(rules.sum::<usize>(), requirements().len());
    let page = fs::read_to_string(folder.join("out/rules.html")).expect("the page");
    for requirement in requirements() {
        assert!(
            page.contains(&format!("id=\"r{}\"", in_link(&requirement.id))),
            "{}",
            requirement.id
        );
    }
}
