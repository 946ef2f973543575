//! A run that is killed goes on from its last checkpoint and comes to the same end.
//!
//! The run is this very test in another process: with `STREAMPROOF_RUN` set, `run_in_a_process_of_its_own`
//! is it, and prints a line a level.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use streamproof_model::check::search::{Checkpoints, Failure, Options, Outcome, run};
use streamproof_model::worlds::streams::StreamsWorld;
use streamproof_model::worlds::streams::presets::Preset;

const PRESET: &str = "twin-stream";

fn options(folder: &Path) -> Options {
    let (folder, every) = (folder.to_path_buf(), Duration::ZERO);
    let checkpoint = Some(Checkpoints { folder, every, resume: true });
    Options { checkpoint, ..Options::default() }
}

fn world(name: &str) -> StreamsWorld {
    StreamsWorld::new(Preset::find(name).expect("a preset"))
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("resume-{name}"));
    let _ = fs::remove_dir_all(&folder);
    folder
}

#[test]
fn run_in_a_process_of_its_own() {
    let Some(folder) = std::env::var_os("STREAMPROOF_RUN") else { return };
    // Each checkpoint is a line: whoever reads them knows what can be gone on from.
    let folder = PathBuf::from(folder);
    let watched = folder.clone();
    std::thread::spawn(move || {
        let mut last = None;
        loop {
            let written = fs::metadata(watched.join("checkpoint")).and_then(|file| file.modified());
            if let Ok(written) = written
                && last.replace(written) != Some(written)
            {
                println!("\ncheckpoint");
            }
            std::thread::yield_now();
        }
    });
    run(world(PRESET), &options(&folder), &mut |_| {}).expect("a folder");
}

/// Runs it, kills it after so many checkpoints; whether it lived so long.
fn run_and_kill(folder: &Path, checkpoints: usize) -> bool {
    let own = std::env::current_exe().expect("a path of this test");
    let mut child = Command::new(own)
        .args(["run_in_a_process_of_its_own", "--exact", "--nocapture"])
        .env("STREAMPROOF_RUN", folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("this test starts");
    let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let seen = lines.map_while(Result::ok).filter(|line| line == "checkpoint").take(checkpoints);
    let lived = seen.count() == checkpoints;
    child.kill().expect("SIGKILL"); // not asked, not warned
    child.wait().expect("it ends");
    lived
}

fn counts(outcome: &Outcome) -> (usize, usize, usize, usize) {
    (outcome.states, outcome.edges, outcome.levels, outcome.terminals)
}

#[test]
fn killed_run_comes_to_the_same_end() {
    let whole = run(world(PRESET), &Options::default(), &mut |_| {}).expect("no file");
    let folder = folder("killed");
    let mut kills = 0;
    for checkpoints in [1, 4, 2, 3] {
        kills += usize::from(run_and_kill(&folder, checkpoints));
    }
    assert!(kills >= 2, "it was killed {kills} times in the middle");
    let resumed = run(world(PRESET), &options(&folder), &mut |_| {}).expect("a checkpoint");
    assert_eq!(counts(&resumed), counts(&whole));
    assert!(resumed.hits == whole.hits);
    // And what it began with was not nothing.
    assert!(fs::metadata(folder.join("log-00")).expect("a log").len() > 0);
}

#[test]
fn bad_checkpoints_are_refused_by_name() {
    let folder = folder("bad");
    let small = world("limits-bidi");
    run(small, &options(&folder), &mut |_| {}).expect("a folder");
    let refuse = |what: &str| {
        let error = run(small, &options(&folder), &mut |_| {}).expect_err(what);
        let text = error.to_string();
        assert!(text.contains("checkpoint") || text.contains("log-"), "{what}: {text}");
        error
    };
    let foreign = run(world("limits-uni"), &options(&folder), &mut |_| {}).expect_err("foreign");
    assert!(foreign.to_string().contains("of another run"), "{foreign}");
    let path = folder.join("checkpoint");
    let good = fs::read(&path).expect("a checkpoint");
    for damaged in [&good[..good.len() / 2], &good[..0], b"not a checkpoint"] {
        fs::write(&path, damaged).expect("a folder");
        assert!(matches!(refuse("damaged"), Failure::Checkpoint(_)));
    }
    fs::write(&path, &good).expect("a folder");
    // A log that ends before the checkpoint says so.
    let longest = (0..16).map(|n| folder.join(format!("log-{n:02}")));
    let log = longest.max_by_key(|log| fs::metadata(log).map_or(0, |file| file.len()));
    let log = log.expect("logs");
    let whole = fs::read(&log).expect("a log");
    fs::write(&log, &whole[..whole.len() - 16]).expect("a folder");
    refuse("a short log");
    // One that goes on is what a crash leaves.
    fs::write(&log, [&whole[..], &[7; 33]].concat()).expect("a folder");
    run(small, &options(&folder), &mut |_| {}).expect("the checkpoint");
}
