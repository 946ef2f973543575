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
