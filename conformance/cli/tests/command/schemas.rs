//! What machines read: under `--json` every verb prints one object that says of which form it is, and so does an error.

use super::help::all;
use super::{folder, json, streamproof};

/// Something small for each verb that has `--json` (after its name); whatever it finds.
const SMALL: [(&str, &[&str]); 17] = [
    ("", &["--time-limit", "0"]),
    ("model check", &["uni-plain"]),
    ("model presets", &[]),
    ("model designs", &["one atomic transition"]),
    ("judge run", &["uni-plain", "--sut", "toy"]),
    ("judge stacks", &["--sut", "toy"]),
    ("judge report", &["--sut", "toy"]),
    ("judge controls", &["--sut", "quinn"]),
    ("judge zoo", &["open-one-more"]),
    ("trace play", &["trace.ndjson", "--sut", "quinn"]),
    ("trace list", &["uni-plain", "--side", "server", "--out", "traces"]),
    ("trace minimize", &["trace.ndjson", "--sut", "quinn"]),
    ("trace export", &["trace.ndjson", "--rust", "test.rs"]),
    ("trace scenarios", &["--from", "scenarios", "3.1-reset-is-the-first-frame"]),
    ("manager races", &["waiters", "--delays", "1"]),
    ("manager storm", &["--streams", "100"]),
    ("rules", &["4.5"]),
];

/// Verbs whose JSON is looked at where it is made without minutes of work.
const ELSEWHERE: [(&str, &str); 2] = [
    ("judge compare", "tests/compare.rs, with two versions planted"),
    ("model mutants", "src/commands/model/mutants.rs, with two mutants"),
];

/// The verbs that have `--json`.
fn verbs() -> Vec<String> {
    let has_json = |command: &clap::Command| {
        command.get_arguments().any(|flag| flag.get_long() == Some("json"))
    };
    let those = all().into_iter().filter(|(_, command)| has_json(command));
    those.map(|(path, _)| path["streamproof".len()..].trim_start().to_owned()).collect()
}

#[test]
fn every_verb_with_json_says_its_form() {
    let folder = folder("schemas");
    let repository = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let trace = format!("{repository}/regressions/stop-after-reset.ndjson");
    std::fs::copy(trace, folder.join("trace.ndjson")).expect("a trace");
    std::fs::create_dir(folder.join("scenarios")).expect("a folder");
    for name in ["scenarios.toml", "3.1-reset-is-the-first-frame.ndjson"] {
        let from = format!("{repository}/scenarios/{name}");
        std::fs::copy(from, folder.join("scenarios").join(name)).expect("a scenario");
    }
    for verb in verbs() {
        let small = SMALL.iter().find(|(name, _)| *name == verb);
        let Some((_, more)) = small else {
            let known = ELSEWHERE.iter().any(|(name, _)| *name == verb);
            assert!(known, "{verb} has --json, and nothing looks at it");
            continue;
        };
        let words = verb.split_whitespace().chain(more.iter().copied()).chain(["--json"]);
        let args: Vec<&str> = words.collect();
        let output = streamproof(&folder, &args);
        let code = output.status.code();
        assert!(
            matches!(code, Some(0 | 1 | 3)),
            "{verb}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let name = if verb.is_empty() { "main".to_owned() } else { verb.replace(' ', "-") };
        let version = if name == "judge-run" { 2 } else { 1 };
        assert_eq!(json(&output)["schema"], format!("streamproof.{name}/{version}"));
    }
}

#[test]
fn error_under_json_is_one_object() {
    let folder = folder("schema-errors");
    for verb in verbs() {
        let args: Vec<&str> = verb.split_whitespace().chain(["--json", "--no-such-flag"]).collect();
        let output = streamproof(&folder, &args);
        assert_eq!(output.status.code(), Some(2), "{verb}");
        let json = json(&output);
        assert_eq!(json["schema"], "streamproof.error/1", "{verb}");
        assert!(
            json["error"].as_str().is_some_and(|line| line.contains("--no-such-flag")),
            "{json}"
        );
        assert_eq!(String::from_utf8_lossy(&output.stderr).lines().count(), 1, "{verb}");
    }
}
