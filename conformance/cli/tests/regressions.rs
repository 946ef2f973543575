//! What left this suite still says what it said: each trace in `conformance/regressions` shows its deviation on quinn,
//! its Rust test is the one that is exported of it now (and runs in a package of its own), and tshark reads its packets.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use streamproof_conformance::export::{self, ExportError, Style};
use streamproof_conformance::tours::replay_trace;
use streamproof_model::trace::{Trace, file};
use streamproof_stacks::departures;
use streamproof_stacks::quinn::{self, BareQuinn};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../regressions")
}

/// The names of what was exported: the ids of their deviations.
fn names() -> Vec<String> {
    let entries = fs::read_dir(folder()).expect("the folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let traces = paths.filter(|path| path.extension().is_some_and(|kind| kind == "ndjson"));
    let name = |path: PathBuf| path.file_stem().expect("a name").to_string_lossy().into_owned();
    let mut names: Vec<String> = traces.map(name).collect();
    names.sort();
    assert!(!names.is_empty());
    names
}

/// A deviation of quinn's that is known, as a test of quinn-proto.
fn own_test(trace: &Trace, breach: &str) -> Result<String, ExportError> {
    export::own_test(
        &BareQuinn,
        trace,
        Some(breach),
        Style::Published { known: true },
        quinn::STACK.own_test.expect("quinn has some"),
    )
    .map(|written| written.test)
}

#[test]
fn rust_tests_are_those_that_are_exported_now() {
    for name in names() {
        let text = fs::read_to_string(folder().join(format!("{name}.ndjson"))).expect("a trace");
        let trace = file::read(&text, departures()).expect("a trace");
        let now = own_test(&trace, &name).expect("a test");
        let test = folder().join("tests").join(format!("{}.rs", name.replace('-', "_")));
        let then = fs::read_to_string(&test).expect("a test");
        assert!(now == then, "{} is another one: make bless", test.display());
    }
}

#[test]
fn a_deviation_that_does_not_show_is_not_exported() {
    let text = fs::read_to_string(folder().join("stop-after-reset.ndjson")).expect("a trace");
    let mut trace = file::read(&text, departures()).expect("a trace");
    trace.actions.pop();
    let error = own_test(&trace, "stop-after-reset");
    let error = error.expect_err("nothing to show").to_string();
    assert_eq!(error, "quinn shows no stop-after-reset with this trace");
    assert!(export::pcap(&BareQuinn, &trace, Some("stop-after-reset")).is_err());
}

#[test]
fn a_replay_over_tls_shows_what_one_without_shows() {
    for name in names() {
        let text = fs::read_to_string(folder().join(format!("{name}.ndjson"))).expect("a trace");
        let trace = file::read(&text, departures()).expect("a trace");
        let tap = streamproof_harness::puppet::Tap::default();
        let over_tls = streamproof_conformance::tours::replay_tapped(&BareQuinn, &trace, &tap);
        let over_tls = over_tls.expect("a replay");
        let plain = replay_trace(&BareQuinn, &trace).expect("a replay");
        assert_eq!(over_tls.found, plain.found);
        assert_eq!(over_tls.replies, plain.replies);
        let capture = tap.capture();
        assert!(capture.secrets.contains("CLIENT_TRAFFIC_SECRET_0"), "{}", capture.secrets);
        assert!(capture.datagrams.len() > 6);
    }
}

/// What is said of the peer of a capture of one of quinn's traces.
fn peer(trace: &str) -> export::peer::Peer {
    let text = fs::read_to_string(folder().join(trace)).expect("a trace");
    let trace = file::read(&text, departures()).expect("a trace");
    export::pcap(&BareQuinn, &trace, None).expect("packets").peer
}

#[test]
fn a_capture_says_whether_its_peer_keeps_the_rules() {
    let legal = ["upstream/stop-after-reset.ndjson", "upstream/stop-unanswered.ndjson"];
    for trace in legal {
        let said = peer(trace).to_string();
        assert!(said.starts_with("legal on the wire in all "), "{trace}: {said}");
    }
    // The last frame of each is planted: beyond the final size, and beyond the limit on streams.
    let traces = "../stacks/quinn/traces";
    for (name, section, packet) in [
        ("violation-ignored-fin-below-received", "4.5", 2),
        ("violation-ignored-stream-beyond-limit", "4.6", 2),
        ("violation-ignored-stream-beyond-connection-credit", "4.1", 2),
    ] {
        let said = peer(&format!("{traces}/{name}.ndjson"));
        let broken = said.broken.unwrap_or_else(|| panic!("{name}: legal"));
        assert_eq!((broken.section, broken.packet), (section, packet), "{name}");
    }
}

/// Whether tshark is there; a line that says what is skipped if not.
fn has_tshark() -> bool {
    match Command::new("tshark").arg("--version").output() {
        Ok(_) => true,
        Err(error) => {
            println!("skipped: tshark: {error}; `make test` installs it");
            false
        }
    }
}

/// What tshark makes of a file: for each packet that it could decrypt the sender and its frames' types, in order.
fn packets(file: &Path) -> Vec<(String, String)> {
    let fields = ["-T", "fields", "-e", "ip.src", "-e", "quic.frame_type"];
    let output = Command::new("tshark").arg("-r").arg(file).args(fields).output();
    let output = output.expect("tshark");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    let columns = text.lines().filter_map(|line| line.split_once('\t'));
    columns.map(|(from, frames)| (from.to_owned(), frames.to_owned())).collect()
}

const PUPPET: &str = "127.0.0.1";
const SUT: &str = "127.0.0.2";

/// STOP_SENDING (type 5) of the stack under test, after the peer's RESET_STREAM (type 4).
fn shows_stop_after_reset(packets: &[(String, String)]) -> bool {
    let has = |packet: &(String, String), from: &str, kind: &str| {
        packet.0 == from && packet.1.split(',').any(|frame| frame == kind)
    };
    let reset = packets.iter().position(|packet| has(packet, PUPPET, "4"));
    reset.is_some_and(|reset| packets[reset..].iter().any(|packet| has(packet, SUT, "5")))
}

#[test]
fn tshark_decrypts_the_packets_and_sees_the_deviation() {
    if !has_tshark() {
        return;
    }
    let committed = packets(&folder().join("stop-after-reset.pcapng"));
    assert!(shows_stop_after_reset(&committed), "{committed:?}");
    // And so does a file that is made now; of one without the secrets nothing can be seen.
    let text = fs::read_to_string(folder().join("stop-after-reset.ndjson")).expect("a trace");
    let trace = file::read(&text, departures()).expect("a trace");
    let made = export::pcap(&BareQuinn, &trace, None).expect("packets").file;
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("made.pcapng");
    fs::write(&file, &made).expect("a file");
    assert!(shows_stop_after_reset(&packets(&file)));
    let blind: Vec<u8> = String::from_utf8_lossy(&made)
        .contains("TRAFFIC_SECRET")
        .then(|| blinded(&made))
        .expect("secrets");
    fs::write(&file, blind).expect("a file");
    assert!(!shows_stop_after_reset(&packets(&file)));
}

/// The file with the names of its secrets made unreadable.
fn blinded(file: &[u8]) -> Vec<u8> {
    let mut file = file.to_vec();
    let name = b"TRAFFIC_SECRET";
    for at in 0..file.len() - name.len() {
        if file[at..].starts_with(name) {
            file[at] = b'X';
        }
    }
    file
}
