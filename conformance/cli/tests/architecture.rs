//! The arrows of ARCHITECTURE.md: which package may depend on which. And small rules of the house that
//! a reader relies on.

use std::path::Path;
use std::process::Command;

/// Who depends on whom, in this workspace and directly.
struct Arrow {
    from: String,
    to: String,
    /// For tests, examples and benches alone.
    dev: bool,
}

fn dependencies() -> Vec<Arrow> {
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
        let to = package["dependencies"].as_array().expect("dependencies").iter();
        let arrow = |to: &serde_json::Value| {
            let dev = to["kind"].as_str() == Some("dev");
            Arrow { from: from.clone(), to: name(to), dev }
        };
        to.map(arrow).collect::<Vec<_>>()
    };
    packages.iter().flat_map(arrows).collect()
}

/// What each package must not know, not even in its tests.
const FORBIDDEN: [(&str, &[&str]); 6] = [
    (
        "streamproof-model",
        &[
            "quinn",
            "quinn-proto",
            "streamproof",
            "streamproof-conformance",
            "streamproof-scale",
            "timely",
        ],
    ),
    ("streamproof-scale", &["quinn", "quinn-proto", "streamproof", "streamproof-conformance"]),
    (
        "streamproof-harness",
        &[
            "quinn",
            "quinn-proto",
            "rustls",
            "stateright",
            "streamproof",
            "streamproof-conformance",
            "streamproof-harness-tls",
            "streamproof-model",
            "streamproof-simulation",
        ],
    ),
    (
        "streamproof-harness-tls",
        &[
            "quinn",
            "quinn-proto",
            "stateright",
            "streamproof",
            "streamproof-conformance",
            "streamproof-model",
            "streamproof-simulation",
        ],
    ),
    (
        "streamproof-simulation",
        &[
            "rustls",
            "stateright",
            "streamproof",
            "streamproof-conformance",
            "streamproof-harness-tls",
            "streamproof-model",
        ],
    ),
    ("streamproof", &["stateright", "streamproof-conformance", "streamproof-model"]),
];

#[test]
fn no_arrow_between_the_packages_turns() {
    let arrows = dependencies();
    assert!(arrows.iter().any(|arrow| arrow.from == "streamproof" && arrow.to == "quinn"));
    for (package, forbidden) in FORBIDDEN {
        assert!(arrows.iter().any(|arrow| arrow.from == package), "there is no {package}");
        for Arrow { to, .. } in arrows.iter().filter(|arrow| arrow.from == package) {
            assert!(!forbidden.contains(&to.as_str()), "{package} must not depend on {to}");
        }
    }
}

#[test]
fn manager_has_the_harness_for_its_tests_alone() {
    let arrows = dependencies();
    for package in ["streamproof-harness", "streamproof-simulation"] {
        let mut of_manager = arrows
            .iter()
            .filter(|arrow| arrow.from == "streamproof" && arrow.to == package)
            .peekable();
        assert!(of_manager.peek().is_some(), "its contract is played with {package}");
        assert!(of_manager.all(|arrow| arrow.dev), "{package} is in the manager");
    }
}

#[test]
fn files_of_the_rules_open_with_their_sections() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../model/src/rfc");
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

/// What `impl/deny.toml` bans, for machines without cargo-deny.
#[test]
fn no_tls_comes_with_the_model_or_the_manager() {
    for package in ["streamproof", "streamproof-model"] {
        let output = Command::new(env!("CARGO"))
            .args(["tree", "--package", package, "--edges", "normal", "--prefix", "none"])
            .args(["--format", "{lib}", "--locked", "--offline"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .expect("cargo tree");
        let tree = String::from_utf8_lossy(&output.stdout);
        assert!(tree.lines().count() > 10, "{}", String::from_utf8_lossy(&output.stderr));
        for banned in ["ring", "rustls", "aws_lc_rs", "openssl"] {
            let comes = tree.lines().any(|line| line.split(' ').next() == Some(banned));
            assert!(!comes, "{package} must not bring {banned}");
        }
    }
}

/// quinn's traps are documented with the tests that show what the manager does instead.
#[test]
fn traps_name_tests_that_exist() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("../../impl/doc/traps.md")).expect("the page");
    let named: Vec<_> = page.lines().filter_map(|line| line.strip_prefix("| | `")).collect();
    assert!(named.len() > 10);
    for name in named {
        let (file, test) = name.trim_end_matches("` |").split_once("::").expect("file::test");
        let file = root.join("../../impl/tests/contract").join(file).with_extension("rs");
        let text = std::fs::read_to_string(&file).expect("a file of the contract");
        assert!(text.contains(&format!("#[test]\nfn {test}()")), "{test}");
    }
}

/// In the model no room imports one that imports it: neither the top-level modules, nor the children of `worlds` and
/// `check`. Tests may look upwards, and what a comment names is no import.
#[test]
fn no_circle_of_modules_in_the_model() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../model/src");
    for folder in ["", "worlds", "check"] {
        let arrows = model_arrows(&source, folder);
        assert!(arrows.len() >= 3, "{folder}: {arrows:?}");
        let rooms: Vec<_> = arrows.iter().map(|(from, ..)| from.as_str()).collect();
        for room in &rooms {
            // Who can be reached from a room, each with the way there.
            let mut ways = vec![vec![*room]];
            let mut place = 0;
            while let Some(way) = ways.get(place).cloned() {
                let last = way[way.len() - 1];
                for (_, to, file) in arrows.iter().filter(|(from, ..)| from == last) {
                    assert_ne!(to, room, "circle in model/src/{folder}: {way:?}, closed by {file}");
                    if ways.iter().all(|known| known[known.len() - 1] != to) {
                        ways.push([&way[..], &[to]].concat());
                    }
                }
                place += 1;
            }
        }
    }
}

/// The imports between the modules of one folder of the model: from, to, and a file that has it.
fn model_arrows(source: &Path, folder: &str) -> Vec<(String, String, String)> {
    let home = source.join(folder);
    let name = |path: &Path| {
        path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
    };
    let entries = std::fs::read_dir(&home).expect("a folder of the model");
    let paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    let is_room = |path: &&std::path::PathBuf| !["lib", "mod"].contains(&name(path).as_str());
    let rooms: Vec<_> = paths.iter().filter(is_room).map(|path| name(path)).collect();
    let mut arrows = Vec::new();
    for path in paths.iter().filter(is_room) {
        for file in rust_files(path) {
            for to in imported_paths(source, &file) {
                let inside = match folder {
                    "" => to.as_str(),
                    _ => to.strip_prefix(folder).and_then(|to| to.strip_prefix("::")).unwrap_or(""),
                };
                let to = inside.split("::").next().unwrap_or_default().to_owned();
                if to != name(path) && rooms.contains(&to) {
                    arrows.push((name(path), to, file.display().to_string()));
                }
            }
        }
    }
    arrows
}

fn rust_files(path: &Path) -> Vec<std::path::PathBuf> {
    if path.is_dir() {
        let entries = std::fs::read_dir(path).expect("a folder");
        return entries.flat_map(|entry| rust_files(&entry.expect("an entry").path())).collect();
    }
    let is_test = path.file_stem().is_some_and(|stem| stem == "tests");
    let is_rust = path.extension().is_some_and(|extension| extension == "rs") && !is_test;
    if is_rust { vec![path.to_owned()] } else { Vec::new() }
}

/// Every path below `crate` that a file names, as "worlds::streams::action": those that begin with `crate` or
/// `super`, braces written out one level deep.
fn imported_paths(source: &Path, file: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(file).expect("a file");
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    let code = lines.map(str::trim).collect::<Vec<_>>().join(" ");
    // The module that the file is.
    let inside = file.strip_prefix(source).expect("a file of the model").with_extension("");
    let mut module: Vec<_> =
        inside.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    module.retain(|part| part != "mod");
    let mut paths = Vec::new();
    for root in ["crate::", "super::"] {
        for (at, _) in code.match_indices(root) {
            let before = code[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
                continue; // in the middle of a path
            }
            let mut from = if root == "crate::" { Vec::new() } else { module.clone() };
            let mut rest = &code[at..];
            rest = rest.strip_prefix("crate::").unwrap_or(rest);
            while let Some(above) = rest.strip_prefix("super::") {
                from.pop();
                rest = above;
            }
            let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
            let end = rest.find(|c: char| !is_path(c)).unwrap_or(rest.len());
            let (path, after) = rest.split_at(end);
            let names = match (path.ends_with("::") || path.is_empty(), after.strip_prefix('{')) {
                (true, Some(list)) => {
                    let list = list.split_once('}').map_or(list, |(list, _)| list);
                    list.split(',').map(|name| format!("{path}{}", name.trim())).collect()
                }
                (true, None) | (false, _) => vec![path.to_owned()],
            };
            let whole = |name: String| [from.clone(), vec![name]].concat().join("::");
            paths.extend(names.into_iter().map(whole));
        }
    }
    paths
}

/// What each package of the judge's house must not know, tests included; what it is for is in its `description`.
const HOUSE: [(&str, &[&str]); 4] = [
    (
        "streamproof-conformance",
        &[
            "clap",
            "quinn",
            "quinn-proto",
            "rustls",
            "streamproof",
            "streamproof-adapter",
            "streamproof-cli",
            "streamproof-harness-tls",
            "streamproof-scale",
            "streamproof-simulation",
            "streamproof-stacks",
            "streamproof-stress",
            "timely",
        ],
    ),
    (
        "streamproof-adapter",
        &[
            "clap",
            "quinn",
            "quinn-proto",
            "streamproof",
            "streamproof-cli",
            "streamproof-scale",
            "streamproof-simulation",
            "streamproof-stacks",
            "streamproof-stress",
        ],
    ),
    ("streamproof-stacks", &["clap", "streamproof-cli", "streamproof-scale", "streamproof-stress"]),
    (
        "streamproof-stress",
        &[
            "clap",
            "stateright",
            "streamproof-adapter",
            "streamproof-cli",
            "streamproof-conformance",
            "streamproof-scale",
            "streamproof-stacks",
        ],
    ),
];

#[test]
fn no_arrow_in_the_house_of_the_judge_turns() {
    let arrows = dependencies();
    for (package, forbidden) in HOUSE {
        assert!(arrows.iter().any(|arrow| arrow.from == package), "there is no {package}");
        for Arrow { to, .. } in arrows.iter().filter(|arrow| arrow.from == package) {
            assert!(!forbidden.contains(&to.as_str()), "{package} must not depend on {to}");
        }
    }
    // The command line is one package's affair, and nobody looks back at that package.
    for Arrow { from, to, .. } in &arrows {
        assert!(to != "clap" || from == "streamproof-cli", "{from} has a command line");
        assert_ne!(to, "streamproof-cli", "{from} must not know the command");
    }
}

/// What a stack's maintainer brings into his tests with the judge, whatever depends on what.
#[test]
fn judge_is_a_small_dependency() {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--package", "streamproof-conformance", "--edges", "all"])
        .args(["--prefix", "none", "--format", "{p}", "--locked", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo tree");
    let tree = String::from_utf8_lossy(&output.stdout);
    let names: std::collections::BTreeSet<_> =
        tree.lines().filter_map(|line| line.split(' ').next()).filter(|n| !n.is_empty()).collect();
    assert!(names.len() > 20, "{}", String::from_utf8_lossy(&output.stderr));
    assert!(names.len() <= 95, "{} packages: {names:?}", names.len());
    let banned = ["clap", "streamproof", "timely", "rustls", "ring", "aws-lc-rs", "openssl"];
    for banned in banned.iter().chain(&["quinn", "quinn-proto", "quinn-udp", "tokio"]) {
        assert!(!names.contains(banned), "the judge must not bring {banned}");
    }
}
