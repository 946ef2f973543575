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
const FORBIDDEN: [(&str, &[&str]); 5] = [
    ("streamproof-model", &["quinn", "quinn-proto", "streamproof", "streamproof-conformance"]),
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
        let file = root.join("../impl/tests/contract").join(file).with_extension("rs");
        let text = std::fs::read_to_string(&file).expect("a file of the contract");
        assert!(text.contains(&format!("#[test]\nfn {test}()")), "{test}");
    }
}
