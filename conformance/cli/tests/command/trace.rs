//! `streamproof trace`.

use std::fs;
use std::path::{Path, PathBuf};

use streamproof_model::trace::file;

use super::{folder, refused, streamproof};

fn example_trace(folder: &Path) -> (PathBuf, String) {
    let list = ["trace", "list", "uni-drop", "--side", "server", "--out", "t"];
    assert!(streamproof(folder, &list).status.success());
    let mut files: Vec<_> = fs::read_dir(folder.join("t"))
        .expect("the folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    let file = files.pop().expect("a trace");
    let text = fs::read_to_string(&file).expect("a trace");
    (file, text)
}

#[test]
fn trace_file_is_replayed() {
    let folder = folder("replayed");
    let (file, _) = example_trace(&folder);
    let file = file.to_str().expect("a name");
    let output = streamproof(&folder, &["trace", "play", file, "--svg", "trace.svg"]);
    assert_eq!(output.status.code(), Some(0));
    let svg = fs::read_to_string(folder.join("trace.svg")).expect("the picture");
    assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
}

#[test]
fn truncated_trace_file_is_refused_by_name() {
    let folder = folder("truncated");
    let (file, text) = example_trace(&folder);
    fs::write(&file, &text[..text.len() - 20]).expect("a file");
    let name = file.to_str().expect("a name");
    refused(&streamproof(&folder, &["trace", "play", name, "--svg", "no.svg"]), name);
    assert!(!folder.join("no.svg").exists());
}

#[test]
fn trace_file_of_another_version_or_preset_is_refused() {
    let folder = folder("foreign");
    let (file, text) = example_trace(&folder);
    let name = file.to_str().expect("a name").to_owned();
    fs::write(&file, text.replace("\"streamproof_trace\":4", "\"streamproof_trace\":7"))
        .expect("ok");
    refused(&streamproof(&folder, &["trace", "play", &name]), "version 7");
    // Changed by hand, and the checksum with it.
    let end = text.rfind("{\"end\":").expect("an end line");
    let (before, last) = text.split_at(end);
    let duo = before.replace("\"preset\":\"uni-drop\"", "\"preset\":\"duo\"");
    let last = last.replace(&file::checksum(before), &file::checksum(&duo));
    fs::write(&file, duo + &last).expect("ok");
    refused(&streamproof(&folder, &["trace", "play", &name]), "\"duo\"");
    fs::write(&file, "{\"trace\":\"of another program\"}\n").expect("ok");
    refused(&streamproof(&folder, &["trace", "play", &name]), "is not the header of a trace");
    refused(&streamproof(&folder, &["trace", "play", "absent.ndjson"]), "absent.ndjson");
}

#[test]
fn event_logs_of_two_processes_are_byte_equal() {
    let folder = folder("logs");
    let (file, _) = example_trace(&folder);
    let name = file.to_str().expect("a name");
    for sut in ["manager", "quinn"] {
        let run = || streamproof(&folder, &["trace", "play", "--log", "--sut", sut, name]).stdout;
        let (first, second) = (run(), run());
        assert!(first.len() > 200, "there is something to compare");
        assert_eq!(first, second);
    }
}

#[test]
fn deviation_is_minimized_and_exported_and_what_cannot_be_is_refused() {
    let folder = folder("exported");
    let trace =
        |name: &str| format!("{}/../stacks/quinn/traces/{name}.ndjson", env!("CARGO_MANIFEST_DIR"));
    let file = trace("reset-counts-unsent");
    let id = ["--breach", "reset-counts-unsent"];
    let args =
        [&["trace", "minimize", &file, "--sut", "quinn", "-o", "small.ndjson"][..], &id].concat();
    let minimized = streamproof(&folder, &args);
    assert_eq!(minimized.status.code(), Some(0), "{}", String::from_utf8_lossy(&minimized.stderr));
    let told = String::from_utf8_lossy(&minimized.stdout).into_owned();
    assert!(told.ends_with("repeat   streamproof trace play --sut quinn small.ndjson\n"), "{told}");
    let out = ["--rust", "test.rs", "--pcap", "packets.pcapng"];
    let args = [&["trace", "export", "small.ndjson"][..], &id, &out].concat();
    assert_eq!(streamproof(&folder, &args).status.code(), Some(0));
    let test = fs::read_to_string(folder.join("test.rs")).expect("a test");
    assert!(test.contains("fn reset_counts_unsent()") && !test.contains("should_panic"));
    assert_eq!(fs::read(folder.join("packets.pcapng")).expect("packets")[..4], [10, 13, 13, 10]);

    let nothing = streamproof(&folder, &["trace", "export", "small.ndjson"]);
    assert_eq!(nothing.status.code(), Some(2), "neither --rust nor --pcap");
    let refuses = |file: &str, more: &[&str], why: &str| {
        let args = [&["trace", "export", file, "--rust", "no.rs"], more].concat();
        refused(&streamproof(&folder, &args), why);
        assert!(!folder.join("no.rs").exists());
    };
    refuses("small.ndjson", &["--sut", "manager"], "no test style of its own");
    refuses("small.ndjson", &["--breach", "no-such"], "shows no no-such");
    refuses(&trace("drop-ends-stream"), &[], "dropping a handle");
    refuses(&trace("waiter-not-woken"), &["--breach", "waiter-not-woken"], "futures");
    refuses(&trace("early-limit-kept"), &[], "0-RTT");
}
