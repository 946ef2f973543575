//! `streamproof judge compare`: what it refuses, and what it makes of two runs. cargo and the suite are small
//! scripts here that say what each test has planted; the real ones are `make deep-compare`.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

/// Pins what the manifest asks for, and "builds" the suite below, unless a file says that it does not build.
const CARGO: &str = r#"#!/bin/sh
proto=$(sed -n 's/^quinn-proto = { version = "=\(.*\)", default.*/\1/p' Cargo.toml)
case "$1" in
metadata)
    printf '\n[[package]]\nname = "quinn"\nversion = "0.11.9"\n' >> Cargo.lock
    printf '\n[[package]]\nname = "quinn-proto"\nversion = "%s"\n' "$proto" >> Cargo.lock ;;
build)
    if [ -e "$PLANTED/$proto.no" ]; then echo 'error[E0599]: no method named `side`' >&2; exit 101; fi
    mkdir -p target/release
    cp "$SUITE" target/release/streamproof ;;
esac
"#;

/// Says what is planted for the version in whose folder it stands.
const SUITE: &str = r#"#!/bin/sh
folder=${0%/target/release/streamproof}
version=${folder##*quinn-proto-}
case "$1 $2 $3" in
"judge run --json") cat "$PLANTED/$version.json" ;;
"trace play --json") cat "$PLANTED/$version.replay" ;;
"trace play "*) echo "a diagram with $version" ;;
esac
"#;

/// Both scripts, written before any test starts a process.
static SCRIPTS: LazyLock<[PathBuf; 2]> = LazyLock::new(|| {
    [("cargo", CARGO), ("suite", SUITE)].map(|(name, text)| {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("compare-{name}"));
        fs::write(&path, text).expect("a script");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a mode");
        path
    })
});

/// A folder of one test, with what is planted in it.
struct Planted {
    folder: PathBuf,
}

impl Planted {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("compare-of-{name}"));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder");
        Self { folder }
    }

    fn file(&self, name: &str, text: &str) -> &Self {
        fs::write(self.folder.join(name), text).expect("a file");
        self
    }

    /// What the run against a version has to say: these deviations, and one row of coverage.
    fn run_of(&self, version: &str, deviations: &[&str], not_taken: &str) -> &Self {
        let entries = deviations.iter().map(|id| {
            format!(
                r#"{{"id":"{id}","section":"3.5","level":"must","listed":true,"times":3,"seen":"x"}}"#
            )
        });
        let entries = entries.collect::<Vec<_>>().join(",");
        let row = format!(
            r#"{{"preset":"uni","side":"client","edges":10,"taken":9,"not_taken":{not_taken}}}"#
        );
        let head = r#""schema":"streamproof.judge-run/2","sut":"quinn","verdict":"as_listed""#;
        let json = format!(r#"{{{head},"reports":[{row}],"deviations":[{entries}]}}"#);
        self.file(&format!("{version}.json"), &json);
        self.file(
            &format!("{version}.replay"),
            r#"{"schema":"streamproof.trace-play/1","deviations":[]}"#,
        )
    }

    fn compare(&self, args: &[&str]) -> Output {
        let [cargo, suite] = &*SCRIPTS;
        let mut command = Command::new(env!("CARGO_BIN_EXE_streamproof"));
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        command.args(["judge", "compare"]).args(args).arg("--source").arg(source);
        if !args.contains(&"--out") {
            command.args(["--out", "out"]);
        }
        command.env("CARGO", cargo).env("SUITE", suite).env("PLANTED", &self.folder);
        command.current_dir(&self.folder).output().expect("the command")
    }
}

const PAIR: [&str; 4] = ["--from", "0.11.1", "--to", "0.11.2"];

fn text(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn planted_regression_is_worse_with_its_trace_and_command() {
    let planted = Planted::new("worse");
    planted.run_of("0.11.1", &["common", "old"], "[]");
    planted.run_of("0.11.2", &["common", "planted"], "[]");
    let (code, stdout, stderr) = text(&planted.compare(&PAIR));
    assert_eq!(code, Some(1), "{stdout}{stderr}");
    let row = |id: &str, change: &str| {
        let found = stdout.lines().find(|line| line.starts_with(id)).unwrap_or_default();
        assert!(found.ends_with(change), "{id}: {found}");
    };
    row("planted", "worse");
    row("old", "better");
    row("common", "stayed");
    assert!(stdout.contains("WORSE planted (§3.5 must)"), "{stdout}");
    assert!(stdout.contains("a diagram with 0.11.2"), "{stdout}");
    let repeat = "repeat   out/quinn-proto-0.11.2/target/release/streamproof trace play \
        --sut quinn out/0.11.1-to-0.11.2-quinn/to/planted.ndjson";
    assert!(stdout.contains(repeat), "{stdout}");
}

#[test]
fn planted_fix_alone_is_not_worse() {
    let planted = Planted::new("better");
    planted.run_of("0.11.1", &["common", "old"], "[[2,4]]");
    planted.run_of("0.11.2", &["common"], "[[3,3]]");
    let (code, stdout, stderr) = text(&planted.compare(&PAIR));
    assert_eq!(code, Some(0), "{stdout}{stderr}");
    assert!(stdout.contains("BETTER old (§3.5 must)"), "{stdout}");
    assert!(stdout.contains("70.00 %  90.00 %  +2 better"), "{stdout}");
    assert!(stdout.contains("NOTHING WORSE with quinn-proto 0.11.2"), "{stdout}");
}

#[test]
fn edge_that_is_no_longer_reached_is_worse() {
    let planted = Planted::new("edge");
    planted.run_of("0.11.1", &[], "[[2,4]]").run_of("0.11.2", &[], "[[7,7]]");
    let output = planted.compare(&["--json", "--from", "0.11.1", "--to", "0.11.2"]);
    let (code, stdout, stderr) = text(&output);
    assert_eq!(code, Some(1), "{stdout}{stderr}");
    let json: serde_json::Value = serde_json::from_str(&stdout).expect("JSON");
    assert_eq!(json["schema"], "streamproof.judge-compare/1");
    assert_eq!(json["worse"], true);
    assert_eq!(json["coverage"][0]["lost"], serde_json::json!([[7, 7]]));
    assert_eq!(json["coverage"][0]["won"], serde_json::json!([[2, 4]]));
}

#[test]
fn deviation_that_the_old_version_shows_too_is_not_worse() {
    let planted = Planted::new("hidden");
    planted.run_of("0.11.1", &[], "[]").run_of("0.11.2", &["found-now"], "[]");
    planted.file("0.11.1.replay", r#"{"deviations":[{"id":"found-now"}]}"#);
    let (code, stdout, stderr) = text(&planted.compare(&PAIR));
    assert_eq!(code, Some(0), "{stdout}{stderr}");
    assert!(stdout.contains("stayed, hidden once"), "{stdout}");
}

#[test]
fn version_that_does_not_build_is_worse_and_one_to_compare_with_incomplete() {
    let planted = Planted::new("build");
    planted.run_of("0.11.1", &[], "[]").run_of("0.11.2", &[], "[]");
    planted.file("0.11.2.no", "");
    let (code, stdout, _) = text(&planted.compare(&PAIR));
    assert_eq!(code, Some(1), "{stdout}");
    assert!(stdout.contains("quinn-proto 0.11.2 (quinn 0.11.9) does not build"), "{stdout}");
    assert!(stdout.contains("no method named `side`"), "{stdout}");
    let (code, stdout, stderr) = text(&planted.compare(&["--from", "0.11.2", "--to", "0.11.1"]));
    assert_eq!((code, stdout.as_str()), (Some(3), ""), "{stderr}");
    assert!(stderr.contains("incomplete: quinn-proto 0.11.2"), "{stderr}");
}

#[test]
fn run_that_was_cut_is_incomplete_and_leaves_nothing_to_be_mistaken() {
    let planted = Planted::new("cut");
    planted.run_of("0.11.1", &[], "[]").run_of("0.11.2", &[], "[]");
    planted.file("0.11.2.json", "{\"reports\":[");
    let (code, stdout, stderr) = text(&planted.compare(&PAIR));
    assert_eq!((code, stdout.as_str()), (Some(3), ""), "{stderr}");
    let runs = planted.folder.join("out/0.11.1-to-0.11.2-quinn");
    assert!(runs.join("from/report.json").exists());
    assert!(!runs.join("to").exists(), "half a run looks like a whole one");
    // The next run does not mind what is left.
    planted.run_of("0.11.2", &[], "[]");
    assert_eq!(planted.compare(&PAIR).status.code(), Some(0));
    assert!(runs.join("to/report.json").exists());
}

#[test]
fn workspace_that_was_left_half_made_is_made_again() {
    let planted = Planted::new("half");
    planted.run_of("0.11.1", &[], "[]").run_of("0.11.2", &[], "[]");
    assert_eq!(planted.compare(&PAIR).status.code(), Some(0));
    let scratch = planted.folder.join("out/quinn-proto-0.11.2");
    let lock = fs::read_to_string(scratch.join("Cargo.lock")).expect("a lock file");
    fs::write(scratch.join("Cargo.lock"), "").expect("a lock file");
    fs::remove_file(scratch.join("pinned")).expect("the last thing written");
    assert_eq!(planted.compare(&PAIR).status.code(), Some(0));
    assert_eq!(fs::read_to_string(scratch.join("Cargo.lock")).expect("a lock file"), lock);
}

/// Exit 2, one line on stderr with `culprit` in it, nothing on stdout.
fn refused(output: &Output, culprit: &str) {
    let (code, stdout, stderr) = text(output);
    assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.contains(culprit), "no \"{culprit}\" in: {stderr}");
}

#[test]
fn bad_input_is_refused_with_one_line() {
    let planted = Planted::new("bad");
    refused(&planted.compare(&["--from", "latest", "--to", "0.11.2"]), "--from: \"latest\"");
    refused(&planted.compare(&["--from", "0.11.2", "--to", "0.11"]), "--to: \"0.11\"");
    refused(&planted.compare(&["--from", "0.11.2", "--to", "0.11.2"]), "nothing to compare");
    let pair = |more: &[&'static str]| planted.compare(&[&PAIR[..], more].concat());
    refused(&pair(&["--preset", "duo"]), "\"duo\"");
    refused(&pair(&["--preset", "uni-free"]), "uni-free");
    refused(&pair(&["--quinn-to", "x"]), "--quinn-to: \"x\"");
    let inside = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("a folder");
    let inside = inside.join("scenarios").display().to_string();
    let args = [&PAIR[..], &["--out", &inside]].concat();
    refused(&planted.compare(&args), "among the files of the source tree");
    assert_eq!(fs::read_dir(&planted.folder).expect("the folder").count(), 0, "nothing is written");
}

#[test]
fn unknown_version_and_missing_cargo_are_refused_with_one_line() {
    // A file that is being written must not be open in a process that begins here.
    LazyLock::force(&SCRIPTS);
    let folder = Planted::new("unknown").folder;
    let compare = |cargo: Option<&str>, source: &str, from: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_streamproof"));
        command.args(["judge", "compare", "--from", from, "--to", "0.11.19", "--source", source]);
        command.args(["--out", "out"]);
        // The real cargo knows the versions without the network, or knows that it does not.
        command.env("CARGO_NET_OFFLINE", "true").current_dir(&folder);
        command.env("CARGO", cargo.unwrap_or(env!("CARGO")));
        command.output().expect("the command")
    };
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    refused(&compare(None, source, "0.11.99"), "quinn-proto 0.11.99: ");
    refused(&compare(Some("no-such-cargo"), source, "0.11.17"), "no-such-cargo cannot be run");
    refused(&compare(None, "nowhere", "0.11.17"), "nowhere is not Streamproof's source");
    let out = folder.join("out");
    let left = fs::read_dir(&out).map(|entries| {
        entries
            .filter(|entry| entry.as_ref().is_ok_and(|e| e.path().join("pinned").exists()))
            .count()
    });
    assert_eq!(left.unwrap_or(0), 0, "what cannot be had is not pinned");
}
