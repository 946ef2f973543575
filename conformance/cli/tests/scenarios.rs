//! The scenarios' traces are those that the list asks for, and the manager and quinn do as they permit but
//! for the known deviations.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use streamproof_cli::scenarios::{LIST, Scenario, read};
use streamproof_conformance::deviations::Known;
use streamproof_conformance::sut::Sut;
use streamproof_conformance::tours::replay_trace;
use streamproof_model::trace::file;
use streamproof_stacks::departures;
use streamproof_stacks::manager::Manager;
use streamproof_stacks::quinn::BareQuinn;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios")
}

fn scenarios() -> Vec<Scenario> {
    let text = fs::read_to_string(folder().join(LIST)).expect("the list");
    read(&text).expect("a list")
}

#[test]
fn every_file_is_the_one_that_its_scenario_makes() {
    let mut listed = BTreeSet::new();
    for scenario in scenarios() {
        let name = format!("{}.ndjson", scenario.id);
        let text = fs::read_to_string(folder().join(&name)).unwrap_or_default();
        assert!(
            text == scenario.file().expect("a path"),
            "{name}: `streamproof trace scenarios --write`"
        );
        file::read(&text, departures()).expect("a trace");
        listed.insert(name);
    }
    let files = fs::read_dir(folder())
        .expect("the folder")
        .map(|entry| entry.expect("a file").file_name().to_string_lossy().into_owned());
    let files: BTreeSet<_> = files.filter(|name| name != LIST).collect();
    assert_eq!(files, listed);
}

fn unlisted_deviations(sut: &dyn Sut) -> BTreeSet<String> {
    let known = Known::of(sut).expect("a well-formed list");
    let mut unlisted = BTreeSet::new();
    for scenario in scenarios() {
        let text = fs::read_to_string(folder().join(format!("{}.ndjson", scenario.id)));
        let trace = file::read(&text.expect("a file"), departures()).expect("a trace");
        let replay = replay_trace(sut, &trace).expect("a connection");
        for found in replay.found {
            let breach = found.deviation.breach;
            if known.entry(breach).is_none() {
                unlisted.insert(format!("{}: {}", scenario.id, breach.id()));
            }
        }
    }
    unlisted
}

#[test]
fn manager_does_as_every_scenario_permits() {
    let unlisted = unlisted_deviations(&Manager::default());
    assert!(unlisted.is_empty(), "{unlisted:#?}");
}

#[test]
fn quinn_deviates_only_as_is_known() {
    let unlisted = unlisted_deviations(&BareQuinn);
    assert!(unlisted.is_empty(), "{unlisted:#?}");
}

// ---- the command ----------------------------------------------------------------------------------

/// The command's exit code, its stdout and its stderr.
fn streamproof(args: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_streamproof"));
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let output = command
        .args(["trace", "scenarios"])
        .args(args)
        .current_dir(root)
        .output()
        .expect("it runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn one_scenario_is_played_by_name() {
    let (code, stdout, _) = streamproof(&["3.1-reset-is-the-first-frame"]);
    assert_eq!(code, Some(0), "{stdout}");
    assert!(stdout.ends_with("HOLDS: 1 scenario with manager\n"), "{stdout}");
}

#[test]
fn scenario_that_is_not_listed_is_refused() {
    let (code, stdout, stderr) = streamproof(&["3.1-nothing"]);
    assert_eq!((code, stdout.as_str()), (Some(2), ""));
    assert!(stderr.contains("scenarios.toml: no scenario \"3.1-nothing\""), "{stderr}");
    let (code, _, stderr) = streamproof(&["--from", "nowhere"]);
    assert_eq!((code, stderr.lines().count()), (Some(2), 1), "{stderr}");
}

#[test]
fn scenario_that_cannot_happen_is_told_and_the_others_are_written() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../scenarios");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    let one = |id: &str, step: &str| {
        format!(
            "[[scenario]]\nid = \"{id}\"\npreset = \"uni\"\nside = \"client\"\nsteps = [\"{step}\"]\n"
        )
    };
    let list = one("3.1-a", "write") + &one("3.1-b", "Lose");
    fs::write(folder.join(LIST), list).expect("the list");
    fs::write(folder.join("3.1-old.ndjson"), "").expect("a file");
    let from = folder.to_string_lossy();
    let (code, stdout, _) = streamproof(&["--write", "--from", &from]);
    assert_eq!(code, Some(1), "{stdout}");
    assert!(stdout.starts_with("3.1-b: no path in uni with step 1: Lose\n"), "{stdout}");
    assert!(folder.join("3.1-a.ndjson").exists() && !folder.join("3.1-old.ndjson").exists());
}
