//! The example of a stack outside is a package of its own: taken out of the tree, it is built and tested by the commands
//! that its README prints, with the judge as its one dependency.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn example() -> PathBuf {
    root().join("conformance/judge/examples/own-stack")
}

/// The commands of the README that stand alone in a line.
fn commands() -> Vec<String> {
    let text = fs::read_to_string(example().join("README.md")).expect("the README");
    let lines = text.lines().filter_map(|line| line.strip_prefix("    "));
    lines.filter(|line| line.starts_with("cargo ")).map(str::to_owned).collect()
}

#[test]
fn example_depends_on_the_judge_by_path_alone() {
    let text = fs::read_to_string(example().join("Cargo.toml")).expect("the manifest");
    let manifest: toml::Table = text.parse().expect("TOML");
    let dependencies = manifest["dependencies"].as_table().expect("dependencies");
    let names: Vec<_> = dependencies.keys().map(String::as_str).collect();
    assert_eq!(names, ["streamproof-conformance"]);
    let path = dependencies["streamproof-conformance"]["path"].as_str().expect("a path");
    let judge = fs::read_to_string(example().join(path).join("Cargo.toml")).expect("the judge");
    assert!(judge.contains("name = \"streamproof-conformance\""));
    // No workspace above it is asked for anything.
    assert!(manifest.contains_key("workspace") && !text.contains("workspace = true"));
    for file in ["src/lib.rs", "src/main.rs"] {
        let source = fs::read_to_string(example().join(file)).expect("a source");
        let uses = source.lines().filter_map(|line| line.strip_prefix("use "));
        for line in uses {
            let own = ["std::", "streamproof_conformance::", "own_stack::"];
            assert!(own.iter().any(|own| line.starts_with(own)), "{file}: {line}");
        }
    }
    assert_eq!(commands(), ["cargo test", "cargo run"]);
}

#[test]
#[ignore = "builds the judge once more, which takes minutes: make nightly"]
fn example_outside_the_tree_does_as_its_readme_says() {
    let outside = tempfile::tempdir().expect("a folder");
    let folder = outside.path().join("own-stack");
    fs::create_dir_all(folder.join("src")).expect("a folder");
    for file in ["Cargo.toml", "README.md", "src/lib.rs", "src/main.rs"] {
        fs::copy(example().join(file), folder.join(file)).expect("a copy");
    }
    // The versions that this workspace is tested with; cargo leaves out what the example does not need.
    fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock")).expect("the lock file");
    let judge = root().join("conformance/judge").canonicalize().expect("the judge");
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).expect("the manifest");
    let there = manifest.replace("\"../..\"", &format!("{:?}", judge.display().to_string()));
    assert_ne!(manifest, there);
    fs::write(folder.join("Cargo.toml"), there).expect("the manifest");
    for command in commands() {
        let ran = Command::new("sh")
            .args(["-c", &command])
            .current_dir(&folder)
            .env("CARGO_NET_OFFLINE", "true")
            .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("own-stack"))
            .output()
            .expect("a shell");
        let (stdout, stderr) =
            (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
        assert!(ran.status.success(), "{command}: {stdout}{stderr}");
        let told = ["1 passed", "stop-code-changed"].iter().any(|told| stdout.contains(told));
        assert!(told, "{command}: {stdout}");
    }
}
