//! Lines fit the terminal: no table, no picture and no sentence is wider than what COLUMNS says. A command or the name
//! of a file, to copy, stays in one line.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::folder;

/// Verbs that print much, with little to do.
const PRINTERS: &[&[&str]] = &[
    &["model", "designs", "release and access not atomic"],
    &["model", "designs"],
    &["model", "presets"],
    &["model", "check", "uni"],
    &["model", "check", "uni", "--properties"],
    &["model", "check", "--mutant", "forget final size"],
    &["model", "check", "--mutant", "leave STOP_SENDING unanswered"],
    &["model", "check", "limits-bidi", "--fair"],
    &["model", "check", "reset-at-hostile", "--mutant", "accept another code"],
    &["judge", "run", "uni-plain", "--sut", "toy"],
    &["judge", "run", "uni-plain"],
    &["judge", "run", "hostile-receiver", "--sut", "quinn"],
    &["judge", "zoo", "keep-credit-after-stop"],
    &["judge", "stacks", "--sut", "toy"],
    &["judge", "report", "--sut", "toy"],
    &["manager", "races", "waiters", "--delays", "2"],
    &["manager", "storm", "--streams", "300"],
    &["trace", "play", "trace.ndjson", "--sut", "quinn"],
    &["trace", "minimize", "trace.ndjson", "--sut", "quinn"],
    &["trace", "list", "uni-plain", "--out", "traces"],
    &["trace", "scenarios", "--from", "scenarios"],
    &["rules"],
    &["rules", "4.5"],
    &["rules", "reset-stream-at"],
    &["--help"],
    &["judge", "run", "--help"],
];

fn fits(folder: &Path, args: &[&str], width: usize) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_streamproof"));
    command.args(args).current_dir(folder).env("COLUMNS", width.to_string());
    let output = command.output().expect("the command");
    assert!(output.status.code().is_some_and(|code| code < 2), "{args:?}: {output:?}");
    let text = String::from_utf8_lossy(&output.stdout);
    let is_copied = |line: &&str| {
        let line = line.trim_start();
        line.starts_with("repeat ") || line.starts_with("picture ") || line.starts_with("trace  ")
    };
    for line in text.lines().filter(|line| !is_copied(line)) {
        assert!(line.chars().count() <= width, "{args:?} at {width}: {line}");
    }
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    let folder = folder("width");
    let repository = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let trace = format!("{repository}/regressions/stop-after-reset.ndjson");
    fs::copy(trace, folder.join("trace.ndjson")).expect("a trace");
    fs::create_dir(folder.join("scenarios")).expect("a folder");
    for entry in fs::read_dir(format!("{repository}/scenarios")).expect("the scenarios") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name");
        fs::copy(&path, folder.join("scenarios").join(name)).expect("a copy");
    }
    for width in [80, 120] {
        PRINTERS.iter().for_each(|args| fits(&folder, args, width));
    }
}
