//! The main job: the incident comes first, and a run that is cut says what is done and that it is incomplete.

use std::path::Path;
use std::process::Command;

fn streamproof(name: &str, args: &[&str]) -> (Option<i32>, String) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).expect("a folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_streamproof"));
    let output = command.args(args).env("COLUMNS", "80").current_dir(folder).output();
    let output = output.expect("the command");
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn run_that_is_cut_shows_the_incident_and_says_incomplete() {
    let (code, text) = streamproof("main-job-cut", &["--time-limit", "1", "--threads", "1"]);
    assert_eq!(code, Some(3), "{text}");
    let incident = text.find("touches the buffer").expect("the incident");
    let table = text.find("preset  ").expect("a table");
    assert!(incident < table, "the incident comes first");
    let last = text.lines().find(|line| line.starts_with("INCOMPLETE")).expect("a verdict");
    assert!(!text.contains("HOLDS") && last.contains("states checked"), "{last}");
    assert!(text.lines().any(|line| line.starts_with("cut       ")), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn run_that_is_cut_is_incomplete_for_machines_too() {
    let args = ["--time-limit", "1", "--threads", "1", "--json"];
    let (code, text) = streamproof("main-job-json", &args);
    assert_eq!(code, Some(3), "{text}");
    let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(value["schema"], "streamproof.main/1");
    assert_eq!(
        (&value["verdict"], &value["played"]["verdict"]),
        (&"incomplete".into(), &"incomplete".into())
    );
}

#[test]
fn run_that_plays_nothing_is_incomplete() {
    use streamproof_model::worlds::streams::presets::Preset;
    let preset = Preset::find("zero-rtt").expect("a preset");
    let mut without =
        streamproof_stacks::STACKS.iter().filter(|stack| (stack.make)().fit(preset).is_err());
    let stack = without.next().expect("a stack without 0-RTT");
    let (code, text) =
        streamproof("nothing-played", &["judge", "run", "zero-rtt", "--sut", stack.name]);
    assert_eq!(code, Some(3), "{text}");
    assert!(text.contains("skipped   zero-rtt: "), "{text}");
}
