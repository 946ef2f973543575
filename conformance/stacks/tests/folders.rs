//! A stack is a folder and a line in the list: the folder has what belongs to it, and nobody else names it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use streamproof_conformance::deviations::Known;
use streamproof_conformance::tours::replay_trace;
use streamproof_model::trace::file;
use streamproof_stacks::{STACKS, Stack, departures};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn folder(stack: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(stack)
}

fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// What lies in a folder, by name; nothing if there is none.
fn entries(folder: &Path) -> BTreeSet<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.map(|entry| entry.expect("an entry").path()).collect()
}

/// The stacks that somebody else makes and nobody has to build: those with something to set up.
fn foreign() -> Vec<&'static str> {
    let mut names = STACKS.iter().map(|stack| stack.name).collect::<Vec<_>>();
    names.retain(|name| folder(name).join("setup.sh").exists());
    names
}

#[test]
fn every_folder_with_a_stack_is_in_the_list_once_by_its_name() {
    let folders = entries(Path::new(env!("CARGO_MANIFEST_DIR")));
    let stacks = folders.iter().filter(|folder| folder.join("stack.rs").exists());
    let in_folders: Vec<String> = stacks.map(|folder| name(folder)).collect();
    let mut listed: Vec<String> = STACKS.iter().map(|stack| stack.name.to_owned()).collect();
    listed.sort();
    assert_eq!(listed, in_folders);
    for Stack { name, make, .. } in STACKS {
        assert_eq!(make().name(), name);
    }
}

#[test]
fn every_trace_of_a_folder_is_listed_and_shows_what_it_is_listed_for() {
    for Stack { name: stack, make, .. } in STACKS {
        let known = Known::of(&*make()).expect("a well-formed list").deviation;
        assert_eq!(known.is_empty(), !folder(stack).join("deviations.toml").exists(), "{stack}");
        let listed: BTreeSet<String> = known.iter().map(|entry| entry.trace.clone()).collect();
        assert_eq!(listed.len(), known.len(), "{stack} lists a trace twice");
        let traces = entries(&folder(stack).join("traces"));
        let files: BTreeSet<String> = traces.iter().map(|path| name(path)).collect();
        assert_eq!(files, listed, "{stack}");
        for entry in known {
            let path = folder(stack).join("traces").join(&entry.trace);
            let text = fs::read_to_string(&path).expect("a trace");
            let shows = file::shows(&text).unwrap_or_else(|| panic!("{}", path.display()));
            assert_eq!(entry.trace, format!("{}.ndjson", entry.id));
            assert_eq!(shows.id, entry.id, "{}", path.display());
            assert_eq!(shows.section, entry.section, "{}", path.display());
            assert_eq!(shows.level.to_string(), entry.level, "{}", path.display());
            let trace = file::read(&text, departures()).expect("a trace");
            assert!(trace.probe.is_some(), "{} leaves its probe to the judge", path.display());
        }
    }
}

/// The other stacks' traces are played by `make stacks`.
#[test]
fn what_a_trace_says_that_it_shows_is_what_is_seen() {
    let own = STACKS.into_iter().filter(|stack| !foreign().contains(&stack.name));
    for Stack { name: stack, make, .. } in own {
        let sut = make();
        for path in entries(&folder(stack).join("traces")) {
            let text = fs::read_to_string(&path).expect("a trace");
            let shows = file::shows(&text).expect("what it shows");
            let trace = file::read(&text, departures()).expect("a trace");
            let replay = replay_trace(&*sut, &trace).expect("a connection");
            let seen = replay.found.iter().map(|found| found.deviation.shows());
            let seen: Vec<_> = seen.filter(|seen| seen.id == shows.id).collect();
            assert!(seen.contains(&shows), "{}: {seen:?}", path.display());
        }
    }
}

#[test]
fn every_folder_tells_on_two_screens_what_its_adapter_does() {
    for Stack { name, .. } in STACKS {
        let path = folder(name).join("README.md");
        let text = fs::read_to_string(&path).unwrap_or_default();
        assert!(text.starts_with(&format!("# {name}\n")), "{}", path.display());
        assert!(text.lines().count() <= 70, "{} is longer than two screens", path.display());
        assert!(text.contains("streamproof judge run"), "{}: how is it played?", path.display());
        let setup = format!("conformance/stacks/{name}/setup.sh");
        assert_eq!(text.contains(&setup), foreign().contains(&name), "{}", path.display());
    }
}

/// Every file of the repository that is code or configuration, outside the folders of stacks.
fn code() -> Vec<PathBuf> {
    let mut folders = vec![root()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for path in entries(&folder) {
            let built = ["target", ".git", "streamproof-out"].contains(&name(&path).as_str());
            let stack = path.join("stack.rs").exists();
            match path.is_dir() {
                true if !built && !stack => folders.push(path),
                true => {}
                false => files.push(path),
            }
        }
    }
    let own = ["lib.rs", "tests/folders.rs", "../controls/controls.toml"].map(folder);
    let is_document = |path: &Path| {
        let name = name(path);
        name.ends_with(".md") || name.ends_with(".lock") || name.ends_with(".pcapng")
    };
    files.retain(|path| !is_document(path) && !own.iter().any(|own| same(own, path)));
    files
}

fn same(one: &Path, other: &Path) -> bool {
    let [one, other] = [one, other].map(|path| path.canonicalize().expect("a file"));
    one == other
}

/// A line without what it cites of others' trackers, as in `"quinn #2579"`.
fn without_citations(line: &str) -> String {
    let cites = |part: &&str| {
        let number = part.split_once(" #").map_or("", |(_, number)| number);
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    };
    line.split('"').filter(|part| !cites(part)).collect()
}

#[test]
fn nobody_but_its_folder_and_the_list_names_a_stack_of_others() {
    let foreign = foreign();
    assert!(foreign.len() >= 5, "{foreign:?}");
    let files = code();
    assert!(files.len() > 300, "{}", files.len());
    for path in files {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        for (line, number) in text.lines().zip(1..) {
            let line = without_citations(line);
            let named = foreign
                .iter()
                .find(|name| line.contains(*name) || line.contains(&name.replace('-', "_")));
            assert!(named.is_none(), "{}:{number} names {named:?}: {line}", path.display());
        }
    }
}
