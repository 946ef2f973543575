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
