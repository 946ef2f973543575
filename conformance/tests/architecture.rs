//! The arrows of ARCHITECTURE.md: which package may depend on which. And small rules of the house that
//! a reader relies on.

use std::path::Path;
use std::process::Command;

fn dependencies() -> Vec<(String, String)> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo metadata");
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let name = |value: &serde_json::Value| value["name"].as_str().unwrap_or_default().to_owned();
    let packages = metadata["packages"].as_array().expect("packages");
    let arrows = |package: &serde_json::Value| {
        let from = name(package);
        let to = package["dependencies"].as_array().expect("dependencies").iter().map(name);
        to.map(|to| (from.clone(), to)).collect::<Vec<_>>()
    };
    packages.iter().flat_map(arrows).collect()
}

#[test]
fn no_arrow_between_the_packages_turns() {
    let forbidden = [
        ("streamproof-model", "quinn"),
        ("streamproof-model", "quinn-proto"),
        ("streamproof-model", "streamproof"),
        ("streamproof-model", "streamproof-conformance"),
        ("streamproof", "streamproof-model"),
        ("streamproof", "streamproof-conformance"),
        ("streamproof", "stateright"),
    ];
    let arrows = dependencies();
    assert!(arrows.iter().any(|(from, to)| from == "streamproof" && to == "quinn"));
    for (from, to) in &arrows {
        let turned = forbidden.contains(&(from.as_str(), to.as_str()));
        assert!(!turned, "{from} must not depend on {to}");
    }
}

#[test]
fn files_of_the_rules_open_with_their_sections() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../model/src/rfc");
    for entry in std::fs::read_dir(folder).expect("the rules") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a file");
        let first = text.lines().next().unwrap_or_default();
        assert!(first.starts_with("//!"), "{}: {first}", path.display());
    }
}

/// What `deny.toml` allows, for machines without cargo-deny.
#[test]
fn every_dependency_has_an_allowed_licence_and_comes_from_the_registry() {
    let allowed =
        ["Apache-2.0", "BSD-3-Clause", "BSL-1.0", "ISC", "MIT", "Unicode-3.0", "Unlicense", "Zlib"];
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        .args(["--filter-platform", "x86_64-unknown-linux-gnu"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo metadata");
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    assert!(packages.len() > 50);
    for package in packages {
        let name = &package["name"];
        let licence = package["license"].as_str().unwrap_or_default().replace('/', " OR ");
        // Any of the alternatives, each with all of its parts.
        let fits = licence.split(" OR ").any(|choice| {
            let mut parts = choice.trim_matches(['(', ')']).split(" AND ");
            parts.all(|part| allowed.contains(&part.trim().trim_matches(['(', ')'])))
        });
        assert!(fits, "{name}: {licence}");
        let source = package["source"].as_str();
        assert!(source.is_none_or(|source| source.starts_with("registry+")), "{name}");
    }
}

/// quinn's traps are documented with the tests that show what the manager does instead.
#[test]
fn traps_name_tests_that_exist() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("../impl/doc/traps.md")).expect("the page");
    let named: Vec<_> = page.lines().filter_map(|line| line.strip_prefix("| | `")).collect();
    assert!(named.len() > 10);
    for name in named {
        let (file, test) = name.trim_end_matches("` |").split_once("::").expect("file::test");
        let file = root.join("tests/contract").join(file).with_extension("rs");
        let text = std::fs::read_to_string(&file).expect("a file of the contract");
        assert!(text.contains(&format!("#[test]\nfn {test}()")), "{test}");
    }
}

/// Every file below a folder of the repository, with its first line and its text.
fn files_below(folder: &str) -> Vec<(std::path::PathBuf, String, String)> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder)];
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
        for word in ["quinn", "the manager", "(D-", "aioquic", "ngtcp2", "quiche"] {
            assert!(!text.contains(word), "{path} speaks of \"{word}\"");
        }
    }
}
