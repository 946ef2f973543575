//! What a careless script or a newcomer types: `bad_inputs.tsv`, a line each, all refused at once and in one line that
//! says what is wrong. No flag is ignored in silence, and a run that checked nothing never holds.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// One line of the table.
struct Case {
    /// Its line, from 1.
    line: usize,
    arguments: Vec<String>,
    /// 2 for what is refused; 3 for a run that had nothing to look at.
    code: i32,
    /// What has to be said.
    words: Vec<&'static str>,
}

const TABLE: &str = include_str!("bad_inputs.tsv");

fn cases() -> Vec<Case> {
    let lines = TABLE.lines().enumerate();
    let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let case = |(number, line): (usize, &'static str)| {
        let cells: Vec<&str> = line.split('\t').collect();
        let [arguments, code, words] = cells[..] else { panic!("line {}: {line}", number + 1) };
        let arguments = split(arguments);
        let code = code.parse().expect("an exit code");
        Case { line: number + 1, arguments, code, words: words.split(" + ").collect() }
    };
    lines.map(case).collect()
}

/// Words as a shell has them, with single quotes alone.
fn split(text: &str) -> Vec<String> {
    let (mut words, mut word, mut is_quoted) = (Vec::new(), None::<String>, false);
    for letter in text.chars() {
        match letter {
            '\'' => {
                is_quoted = !is_quoted;
                word.get_or_insert_default();
            }
            ' ' if !is_quoted => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}

/// The files that the table speaks of.
fn scratch() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bad-inputs");
    let _ = fs::remove_dir_all(&folder);
    let folders = [
        "folder",
        "rules-bad",
        "scenarios-bad",
        "scenarios-twice",
        "scenarios-none",
        "scenarios-one",
    ];
    for name in folders {
        fs::create_dir_all(folder.join(name)).expect("a folder");
    }
    let write = |name: &str, text: &str| fs::write(folder.join(name), text).expect("a file");
    let good = Path::new(env!("CARGO_MANIFEST_DIR")).join("../regressions/stop-after-reset.ndjson");
    let good = fs::read_to_string(good).expect("a trace");
    let version = |number: usize| {
        good.replacen("\"streamproof_trace\":4", &format!("\"streamproof_trace\":{number}"), 1)
    };
    let end = good.rfind("{\"end\":").expect("an end line");
    write("good.ndjson", &good);
    write("truncated.ndjson", &good[..end]);
    write("torn.ndjson", &good[..good.len() - 20]);
    write("changed.ndjson", &good.replacen("\"step\":1", "\"step\":7", 1));
    write("crlf.ndjson", &good.replace('\n', "\r\n"));
    write("old.ndjson", &version(3));
    write("future.ndjson", &version(7));
    write("headless.ndjson", good.split_once('\n').expect("lines").1);
    write("foreign.ndjson", "{\"trace\":\"of another program\"}\n");
    write("empty", "");
    fs::write(folder.join("binary"), b"\xff\xfe\0trace").expect("a file");
    write("taken", "a file, not a folder\n");
    write("hosts", "127.0.0.1:1\n127.0.0.1:2\n");
    write("hosts-empty", "\n\n");
    write("hosts-bad", "127.0.0.1:1\nhere\n");
    write("document.md", "# Without marks\n");
    write("rules-bad/4.5.toml", "section = \"4.5\"\ntitle = \n");
    let one = "[[scenario]]\nid = \"3.1-reset-is-first\"\npreset = \"uni\"\nside = \"client\"\nsteps = [\"write\"]\n";
    write("scenarios-bad/scenarios.toml", "[[scenario]]\nid = 1\n");
    write("scenarios-twice/scenarios.toml", &one.repeat(2));
    write("scenarios-none/scenarios.toml", "scenario = []\n");
    write("scenarios-one/scenarios.toml", one);
    #[cfg(unix)]
    std::os::unix::fs::symlink("circle", folder.join("circle")).expect("a link");
    folder
}

/// What is in a folder, with what is in its folders.
fn everything(folder: &Path) -> BTreeSet<PathBuf> {
    let mut all = BTreeSet::new();
    for entry in fs::read_dir(folder).expect("the folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            all.extend(everything(&path));
        }
        all.insert(path);
    }
    all
}

/// What is wrong with what came of a case.
fn wrong(case: &Case, output: &Output) -> Vec<String> {
    let [stdout, stderr] =
        [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let mut wrong = Vec::new();
    if output.status.code() != Some(case.code) {
        wrong.push(format!("{} instead of {}", output.status, case.code));
    }
    let is_json = case.arguments.iter().any(|word| word == "--json");
    let json = serde_json::from_str::<serde_json::Value>(&stdout).ok();
    match case.code {
        2 if stderr.lines().count() != 1 => wrong.push("not one line".to_owned()),
        2 if is_json && json.is_none_or(|json| !json["error"].is_string()) => {
            wrong.push(format!("no JSON with an error: {stdout}"));
        }
        2 if !is_json && !stdout.is_empty() => wrong.push(format!("printed: {stdout}")),
        2 => {}
        _ if stdout.contains("HOLDS") => wrong.push("it holds, and nothing was checked".to_owned()),
        _ => {}
    }
    let said = if case.code == 2 { stderr.clone() } else { format!("{stdout}{stderr}") };
    let missing = case.words.iter().filter(|words| !said.contains(**words));
    wrong.extend(missing.map(|words| format!("no \"{words}\"")));
    if !wrong.is_empty() {
        wrong.push(format!("in: {}", stderr.trim()));
    }
    wrong
}

#[test]
fn every_bad_input_is_told_in_one_line() {
    let (folder, cases) = (scratch(), cases());
    assert!(cases.len() >= 150, "{} cases", cases.len());
    let before = everything(&folder);
    let (next, failures) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
            let start = Instant::now();
            let mut command = Command::new(env!("CARGO_BIN_EXE_streamproof"));
            command.args(&case.arguments).current_dir(&folder).stdin(Stdio::null());
            let output = command.output().expect("the command");
            let mut wrong = wrong(case, &output);
            // Refused before it works, even on a machine that is busy.
            if start.elapsed() > Duration::from_secs(20) {
                wrong.push(format!("it took {:?}", start.elapsed()));
            }
            if !wrong.is_empty() {
                let line = format!("{}: {:?}: {}", case.line, case.arguments, wrong.join("; "));
                failures.lock().expect("nobody panics").push(line);
            }
        }
    };
    std::thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(work))));
    let failures = failures.into_inner().expect("nobody panics");
    assert!(failures.is_empty(), "{} cases:\n{}", failures.len(), failures.join("\n"));
    let after = everything(&folder);
    let new: Vec<_> = after.difference(&before).collect();
    assert!(new.is_empty(), "something was written: {new:?}");
}

/// Each verb and each flag that it has is in the table.
#[test]
fn every_verb_and_flag_has_a_bad_input() {
    fn add(
        path: &mut Vec<String>,
        command: &clap::Command,
        cases: &[Case],
        missing: &mut Vec<String>,
    ) {
        for verb in command.get_subcommands() {
            path.push(verb.get_name().to_owned());
            add(path, verb, cases, missing);
            path.pop();
        }
        if command.get_subcommands().next().is_some() && !path.is_empty() {
            return;
        }
        let is_of = |case: &&Case| case.arguments.starts_with(path);
        let of_verb: Vec<&Case> = cases.iter().filter(is_of).collect();
        if of_verb.is_empty() {
            missing.push(path.join(" "));
        }
        for flag in command.get_arguments().filter_map(|flag| flag.get_long()) {
            let flag = format!("--{flag}");
            let has = |case: &&Case| case.arguments.contains(&flag);
            if !matches!(&*flag, "--help" | "--version") && !of_verb.iter().any(has) {
                missing.push(format!("{} {flag}", path.join(" ")));
            }
        }
    }
    let (cases, mut missing) = (cases(), Vec::new());
    add(&mut Vec::new(), &streamproof_cli::commands::command(), &cases, &mut missing);
    assert!(missing.is_empty(), "no bad input for: {}", missing.join(", "));
}
