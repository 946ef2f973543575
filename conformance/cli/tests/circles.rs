//! No module imports one that imports it: in each folder of each package outside `impl`, which is rebuilt soon. Tests may
//! look upwards, and what a comment names is no import.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The sources of every package but the manager's, from the root of the tree.
const SOURCES: [&str; 10] = [
    "conformance/adapter/src",
    "conformance/cli/src",
    "conformance/harness/simulation/src",
    "conformance/harness/src",
    "conformance/harness/tls/src",
    "conformance/judge/src",
    "conformance/stacks",
    "conformance/stress/src",
    "model/scale/src",
    "model/src",
];

/// Modules that are one thing in several files, with the reason. Nothing else may be in a circle, and none of these may
/// be out of it.
const ONE_THING: [(&str, &[&str], &str); 5] = [
    (
        "model/src/packed",
        &["expand", "reduce", "verdict", "world"],
        "the methods of one type, PackedWorld",
    ),
    (
        "model/src/rfc",
        &[
            "coverage",
            "credit",
            "endpoint",
            "final_size",
            "limits",
            "permitted",
            "receiving",
            "rules",
            "sending",
            "stop_sending",
            "stream",
        ],
        "`Rules` is a table of the rules' functions, and the functions ask the table, so that one can be changed",
    ),
    (
        "model/src/worlds/lifecycle",
        &["picture", "properties", "world", "wrong"],
        "stateright's trait: a model lists its properties, which are functions of the model",
    ),
    ("model/src/worlds/reset_stream_at", &["picture", "properties", "world"], "the same"),
    (
        "model/src/worlds/reset_stream_at",
        &["receiver", "rules", "sender"],
        "a table of rules, as in rfc",
    ),
];

#[test]
fn no_circle_of_modules() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = BTreeSet::new();
    let mut folders = 0;
    for source in SOURCES {
        for folder in folders_of(&root.join(source)) {
            folders += 1;
            let imports = imports_among(&root.join(source), &folder);
            let place =
                folder.strip_prefix(&root).expect("a folder of the tree").display().to_string();
            found.extend(circles(&imports).into_iter().map(|circle| (place.clone(), circle)));
        }
    }
    let known = ONE_THING.map(|(folder, modules, _)| {
        (folder.to_owned(), modules.iter().map(|&name| name.to_owned()).collect::<BTreeSet<_>>())
    });
    assert_eq!(found, BTreeSet::from(known), "found, and known as one thing in several files");
    assert!(folders > 40, "{folders} folders looked at");
}

#[test]
fn circle_is_found_and_told_from_a_line() {
    let line = [("a", vec!["b"]), ("b", vec!["c"]), ("c", vec![])];
    let circle = [("a", vec!["b"]), ("b", vec!["c"]), ("c", vec!["b"])];
    let graph = |arrows: [(&str, Vec<&str>); 3]| -> Imports {
        arrows
            .map(|(from, to)| (from.to_owned(), to.into_iter().map(str::to_owned).collect()))
            .into()
    };
    assert!(circles(&graph(line)).is_empty());
    assert_eq!(circles(&graph(circle)), [BTreeSet::from(["b".to_owned(), "c".to_owned()])]);
}

#[test]
fn imports_are_read_whatever_their_form() {
    let text = "use crate::{a::{B, c::D}, e};\nuse super::f::G; // crate::no\nfn x() { self::h::i() }\n\
                #[cfg(test)]\nmod tests { use crate::z; }";
    let paths = paths_in(text, &["m".to_owned(), "n".to_owned()]);
    assert_eq!(paths, ["a", "e", "m::f::G", "m::n::h::i"]);
}

/// Which module imports which, among those of one folder.
type Imports = BTreeMap<String, BTreeSet<String>>;

/// The groups of modules each of which reaches each.
fn circles(imports: &Imports) -> Vec<BTreeSet<String>> {
    let reach = |from: &String| {
        let (mut known, mut todo) = (BTreeSet::new(), vec![from.clone()]);
        while let Some(module) = todo.pop() {
            let next = imports.get(&module).into_iter().flatten();
            todo.extend(next.filter(|to| known.insert((*to).clone())).cloned());
        }
        known
    };
    let reached: BTreeMap<_, _> = imports.keys().map(|from| (from.clone(), reach(from))).collect();
    let back = |from: &String, to: &String| reached.get(to).is_some_and(|to| to.contains(from));
    let mut circles: Vec<BTreeSet<String>> = Vec::new();
    for (from, to) in &reached {
        if to.contains(from) && !circles.iter().any(|circle| circle.contains(from)) {
            circles.push(to.iter().filter(|to| back(from, to)).cloned().collect());
        }
    }
    circles
}

fn imports_among(source: &Path, folder: &Path) -> Imports {
    let inside = folder.strip_prefix(source).expect("a folder of the package");
    let above: String = inside.iter().map(|part| format!("{}::", part.to_string_lossy())).collect();
    let mut imports = Imports::new();
    for path in entries(folder) {
        let name = stem(&path);
        let is_module = path.is_dir() || path.extension().is_some_and(|kind| kind == "rs");
        if is_module && !["lib", "main", "mod", "tests"].contains(&name.as_str()) {
            let files = rust_files(&path);
            let named = files.iter().flat_map(|file| imported_paths(source, file));
            let siblings = named
                .filter_map(|path| Some(path.strip_prefix(&above)?.split("::").next()?.to_owned()));
            imports.entry(name.clone()).or_default().extend(siblings.filter(|to| *to != name));
        }
    }
    let modules: BTreeSet<_> = imports.keys().cloned().collect();
    imports.values_mut().for_each(|to| to.retain(|to| modules.contains(to)));
    imports
}

fn imported_paths(source: &Path, file: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(file).expect("a file");
    let inside = file.strip_prefix(source).expect("a file of the package").with_extension("");
    let parts = inside.iter().map(|part| part.to_string_lossy().into_owned());
    let module: Vec<_> =
        parts.filter(|part| !["lib", "main", "mod"].contains(&part.as_str())).collect();
    paths_in(&text, &module)
}

/// Every path that begins with `crate`, `self` or `super` in the text of a module, from the package's root.
fn paths_in(text: &str, module: &[String]) -> Vec<String> {
    let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let lines = code.lines().map(|line| line.split("//").next().unwrap_or_default().trim());
    let code = lines.collect::<Vec<_>>().join(" ");
    let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let mut paths = Vec::new();
    for (at, _) in code.match_indices(['c', 's']) {
        let begins =
            ["crate::", "self::", "super::"].iter().any(|root| code[at..].starts_with(root));
        if !begins || code[..at].chars().next_back().is_some_and(is_path) {
            continue;
        }
        let (mut from, mut rest) = (module.to_vec(), &code[at..]);
        if let Some(below) = rest.strip_prefix("crate::") {
            (from, rest) = (Vec::new(), below);
        }
        rest = rest.strip_prefix("self::").unwrap_or(rest);
        while let Some(above) = rest.strip_prefix("super::") {
            from.pop();
            rest = above;
        }
        let (path, after) = rest.split_at(rest.find(|c: char| !is_path(c)).unwrap_or(rest.len()));
        let ends = match after.strip_prefix('{') {
            Some(list) if path.is_empty() || path.ends_with("::") => first_names(list),
            Some(_) | None => vec![String::new()],
        };
        let whole = |end: String| [&from[..], &[format!("{path}{end}")]].concat().join("::");
        paths.extend(ends.into_iter().map(whole));
    }
    paths
}

/// The first names in a list in braces, of which the first brace is gone: `a::{B, C}, d}` has `a` and `d`.
fn first_names(list: &str) -> Vec<String> {
    let (mut names, mut depth) = (vec![String::new()], 0);
    for c in list.chars() {
        match c {
            '}' if depth == 0 => break,
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(String::new()),
            c if depth == 0 => names.last_mut().expect("one at least").push(c),
            _ => {}
        }
    }
    let first = |name: &String| name.trim().split("::").next().unwrap_or_default().to_owned();
    names.iter().map(first).filter(|name| !name.is_empty()).collect()
}

/// The folder and every folder below that has modules of this package.
fn folders_of(folder: &Path) -> Vec<PathBuf> {
    let skipped = ["agent", "benches", "target", "tests", "traces"];
    let below = entries(folder).into_iter().filter(|path| path.is_dir());
    let below = below.filter(|path| !skipped.contains(&stem(path).as_str()));
    std::iter::once(folder.to_owned()).chain(below.flat_map(|path| folders_of(&path))).collect()
}

fn rust_files(path: &Path) -> Vec<PathBuf> {
    if path.is_dir() {
        return entries(path).iter().flat_map(|path| rust_files(path)).collect();
    }
    let is_rust = path.extension().is_some_and(|kind| kind == "rs") && stem(path) != "tests";
    if is_rust { vec![path.to_owned()] } else { Vec::new() }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}

fn stem(path: &Path) -> String {
    path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}
