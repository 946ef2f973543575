//! The committed traces are whole: each carries the checksum of its bytes, and a single changed byte in
//! any of them is refused with one line that names the file.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use streamproof_model::trace::file::{self, TraceError};
use streamproof_stacks::{STACKS, departures};

/// The folders with committed traces, from `conformance/`; one kind each.
fn kinds() -> Vec<String> {
    let below = Path::new(env!("CARGO_MANIFEST_DIR")).join("../stacks");
    let stacks = STACKS.into_iter().map(|stack| format!("{}/traces", stack.name));
    let stacks = stacks.filter(|traces| below.join(traces).is_dir());
    let kinds = ["scenarios".to_owned(), "regressions".to_owned()].into_iter();
    kinds.chain(stacks.map(|traces| format!("stacks/{traces}"))).collect()
}

/// The traces of a kind, by name.
fn traces(kind: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(kind);
    let entries = fs::read_dir(folder).expect("the folder");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "ndjson"));
    paths.sort();
    assert!(!paths.is_empty(), "no traces in {kind}");
    paths
}

/// The file with one bit of the byte at `at` turned over.
fn changed(text: &str, at: usize) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    bytes[at] ^= 1;
    bytes
}

#[test]
fn every_committed_trace_carries_its_checksum() {
    for path in kinds().iter().flat_map(|kind| traces(kind)) {
        let text = fs::read_to_string(&path).expect("a file");
        let end = text.rfind("{\"end\":").expect("an end line");
        let sum = file::checksum(&text[..end]);
        let last = &text[end..];
        assert!(last.contains(&format!("\"xxh3_128\":\"{sum}\"}}\n")), "{}", path.display());
    }
}

#[test]
fn one_changed_byte_in_any_step_is_told_as_a_checksum() {
    for path in kinds().iter().flat_map(|kind| traces(kind)) {
        let text = fs::read_to_string(&path).expect("a file");
        // Behind the header and before the end line, and no line break.
        let first = text.find('\n').expect("a header") + 1;
        let end = text.rfind("\n{\"end\":").expect("an end line");
        for at in (first..end).step_by(97).filter(|at| text.as_bytes()[*at] != b'\n') {
            let bytes = String::from_utf8(changed(&text, at));
            let Ok(text) = bytes else { continue };
            let error = file::read(&text, departures()).expect_err("a changed file");
            let told = matches!(error, TraceError::Checksum { .. });
            assert!(told, "{} at byte {at}: {error}", path.display());
        }
    }
}

fn streamproof(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_streamproof"));
    command.args(args).current_dir(folder).output().expect("the command")
}

/// Exit 2, one line on stderr with both in it, nothing on stdout.
fn refused(output: &Output, name: &str, reason: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.contains(name) && stderr.contains(reason), "{stderr}");
    assert!(output.stdout.is_empty());
}

#[test]
fn changed_file_of_each_kind_is_refused_by_name() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("corpus");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    for kind in kinds() {
        let path = traces(&kind).remove(0);
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).expect("a file");
        let copy = folder.join(&name);
        fs::write(&copy, &text).expect("a file");
        // A trace of another stack may show of quinn what quinn's list does not have.
        let whole = streamproof(&folder, &["trace", "play", "--sut", "quinn", &name]);
        assert!(matches!(whole.status.code(), Some(0 | 1)), "{name} as it is committed");
        fs::write(&copy, changed(&text, text.len() / 2)).expect("a file");
        refused(
            &streamproof(&folder, &["trace", "play", &name]),
            &name,
            "the checksum does not fit",
        );
    }
}

#[test]
fn file_with_the_line_ends_of_another_system_is_called_so() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("corpus-line-ends");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    let text = fs::read_to_string(traces("scenarios").remove(0)).expect("a file");
    fs::write(folder.join("t.ndjson"), text.replace('\n', "\r\n")).expect("a file");
    refused(&streamproof(&folder, &["trace", "play", "t.ndjson"]), "t.ndjson", "line ends");
}

/// What `.gitattributes` is for: everything that is compared byte for byte, in a checkout that turns line ends.
#[test]
fn no_checkout_changes_the_line_ends_of_what_is_committed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("corpus-checkout");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    let git = |args: &[&str]| {
        let mut command = Command::new("git");
        command.args(["-c", "core.autocrlf=true", "-c", "core.eol=crlf"]).args(args);
        command.current_dir(&root).output().ok().filter(|output| output.status.success())
    };
    let Some(listed) = git(&["ls-files", "--cached"]) else {
        println!("skipped: this is no checkout of git's");
        return;
    };
    let names = String::from_utf8(listed.stdout).expect("names");
    let compared = |name: &&str| {
        let kinds = [".ndjson", ".pcapng", ".tsv", ".toml", ".md", ".rs"];
        kinds.iter().any(|kind| name.ends_with(kind)) && root.join(name).is_file()
    };
    let names: Vec<_> = names.lines().filter(compared).collect();
    assert!(names.len() > 300);
    let prefix = format!("--prefix={}/", folder.display());
    git(&[&["checkout-index", &prefix, "--"][..], &names].concat()).expect("a checkout");
    for name in names {
        let bytes = fs::read(folder.join(name)).expect("a file");
        let turned = !name.ends_with(".pcapng") && bytes.windows(2).any(|two| two == b"\r\n");
        assert!(!turned, "{name} gets other line ends: .gitattributes");
    }
}

#[test]
fn changed_scenario_is_refused_by_name_among_all() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("corpus-scenarios");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    for entry in fs::read_dir(from).expect("the folder") {
        let path = entry.expect("an entry").path();
        fs::copy(&path, folder.join(path.file_name().expect("a name"))).expect("a copy");
    }
    let victim = "4.5-changed-final-size-is-refused.ndjson";
    let text = fs::read_to_string(folder.join(victim)).expect("a scenario");
    fs::write(folder.join(victim), changed(&text, text.len() / 2)).expect("a file");
    let output = streamproof(&folder, &["trace", "scenarios", "--from", "."]);
    refused(&output, victim, "the checksum does not fit");
}
