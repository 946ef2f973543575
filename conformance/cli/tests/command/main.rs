//! The command as people meet it: exit codes, one-line errors that name the culprit, nothing written
//! where nothing should be, the same output twice; its help, its JSON, and lines that fit the terminal.

mod help;
mod judge;
mod manager;
mod model;
mod schemas;
mod trace;
mod width;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder of this test's own, empty.
fn folder(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("command").join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).expect("a folder");
    path
}

fn streamproof(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_streamproof"));
    command.args(args).current_dir(folder).env_remove("COLUMNS").output().expect("the command")
}

/// Exit 2, one line on stderr with `culprit` in it, nothing on stdout.
fn refused(output: &Output, culprit: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.contains(culprit), "no \"{culprit}\" in: {stderr}");
    assert!(output.stdout.is_empty());
}

/// The JSON on standard output.
fn json(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).expect("JSON on stdout")
}
