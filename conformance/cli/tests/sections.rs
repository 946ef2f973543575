//! Who looks for a section of RFC 9000 finds one file of rules and one of tests, and the rules know nobody else.

use std::path::Path;

use streamproof_stacks::STACKS;

/// Every file below a folder of the repository, with its first line and its text.
fn files_below(folder: &str) -> Vec<(std::path::PathBuf, String, String)> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder)];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).expect("a file");
                files.push((path, text.lines().next().unwrap_or_default().to_owned(), text));
            }
        }
    }
    files
}

/// The sections that a line names.
fn sections_in(line: &str) -> Vec<&str> {
    let is_number = |c: char| c.is_ascii_digit() || c == '.';
    let numbers = line.split('§').skip(1);
    numbers
        .map(|rest| rest.split(|c| !is_number(c)).next().unwrap_or_default().trim_end_matches('.'))
        .collect()
}

/// Whoever looks for one of the main sections finds one file of rules that names it in its first line, and a file of
/// tests that has it in its name.
#[test]
fn each_main_section_has_one_file_of_rules_and_a_file_of_tests() {
    let sections =
        ["2.1", "2.4", "3.1", "3.2", "3.4", "3.5", "4.1", "4.2", "4.5", "4.6", "13.3", "19.8"];
    let rules = files_below("model/src/rfc");
    for (path, first, _) in &rules {
        let named = sections_in(first).len();
        assert!(named <= 3, "{} names {named} sections in its first line", path.display());
    }
    let tests = files_below("model/tests");
    for section in sections {
        let named = rules.iter().filter(|(_, first, _)| sections_in(first).contains(&section));
        let files: Vec<_> = named.map(|(path, _, _)| path.display().to_string()).collect();
        assert_eq!(files.len(), 1, "§{section}: {files:?}");
        let stem = format!("rfc_{}_", section.replace('.', "_"));
        let has_name = |path: &Path| {
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&stem))
        };
        let tested = tests.iter().any(|(path, first, text)| {
            has_name(path) && sections_in(first) == [section] && text.contains("#[test]")
        });
        assert!(tested, "§{section} has no file of tests {stem}*.rs");
    }
}

/// The rules ask nobody: not the judge, not the worlds, and no stack's habits stand in them.
#[test]
fn rules_know_neither_stacks_nor_judges() {
    for (path, _, text) in files_below("model/src/rfc") {
        let path = path.display();
        for (at, _) in text.match_indices("crate::") {
            assert!(text[at..].starts_with("crate::rfc"), "{path}: {:.40}", &text[at..]);
        }
        // "toy" and "manager" are words of their own.
        let stacks = STACKS.iter().map(|stack| stack.name);
        let stacks = stacks.filter(|name| !["toy", "manager"].contains(name));
        for word in stacks.chain(["the manager", "(D-"]) {
            assert!(!text.contains(word), "{path} speaks of \"{word}\"");
        }
    }
}
