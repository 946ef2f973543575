//! What `trace export --upstream` writes, where it belongs: among the tests of a copy of the published quinn-proto. Each
//! test fails there with the message that it states, and nothing else makes it fail.
//!
//! The copies are in `target/upstream`; cargo says where the published source is, and fetches an older release.

#[path = "upstream/crates.rs"]
mod crates;

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use streamproof_conformance::deviations::{Entry, Known};
use streamproof_conformance::export::{self, ExportError, Style, Written};
use streamproof_model::trace::file;
use streamproof_stacks::departures;
use streamproof_stacks::quinn::{self, BareQuinn};

use crates::{Copy, Ending, Test};

fn conformance() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The trace of a deviation: one whose peer is a quinn, where there is such a one, or the one of the list.
fn trace_of(entry: &Entry) -> PathBuf {
    let by_quinn = conformance().join("regressions/upstream").join(format!("{}.ndjson", entry.id));
    match by_quinn.exists() {
        true => by_quinn,
        false => conformance().join("stacks/quinn/traces").join(&entry.trace),
    }
}

fn exported(trace: &Path, id: &str) -> Result<Written, ExportError> {
    let text = fs::read_to_string(trace).expect("a trace");
    let trace = file::read(&text, departures()).expect("a trace");
    let own_test = quinn::STACK.own_test.expect("quinn has some");
    export::own_test(&BareQuinn, &trace, Some(id), Style::Upstream, own_test)
}

fn known() -> Vec<Entry> {
    Known::of(&BareQuinn).expect("quinn's deviations").deviation
}

/// The module that speaks for the peer.
fn support() -> export::Support {
    let written =
        known().into_iter().filter_map(|entry| exported(&trace_of(&entry), &entry.id).ok());
    written.filter_map(|written| written.support).next().expect("a test that needs it")
}

#[test]
fn every_rule_that_quinn_proto_breaks_fails_a_test_among_its_own() {
    let Some(copy) = Copy::of_the_locked(support()) else { return };
    let (mut tests, mut rows) = (Vec::new(), Vec::new());
    for entry in known() {
        let what = format!("{} {}", entry.section, entry.level);
        let row = match exported(&trace_of(&entry), &entry.id) {
            Ok(written) => {
                let by_peer = written.support.is_some();
                tests.push(Test::new(&entry.id, written.test, written.message));
                if by_peer {
                    "fails; peer.rs speaks for the peer"
                } else {
                    "fails; between two quinns"
                }
                .to_owned()
            }
            Err(error) => not_exported(&entry, &error),
        };
        rows.push((entry.id, what, row));
    }
    let wrong: Vec<String> = copy
        .run(&tests)
        .into_iter()
        .filter_map(|ending| ending.unless(&Ending::FailsAsStated))
        .collect();
    println!("quinn-proto {}, its own tests and these:", copy.version);
    for (id, what, row) in &rows {
        println!("  {id:<57} {what:<13} {row}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(tests.len() >= 15, "{} tests", tests.len());
}

/// Why a deviation is no test: it is the contract's, quinn's alone, or needs 0-RTT. Anything else is a fault.
fn not_exported(entry: &Entry, error: &ExportError) -> String {
    if entry.level == "contract" {
        return "not exported: the manager's contract, no rule of the RFC".to_owned();
    }
    if let ExportError::Otherwise { proto, .. } = error {
        return format!("not exported: in crate quinn alone; quinn-proto shows \"{proto}\"");
    }
    assert!(matches!(error, ExportError::NotInRust("0-RTT")), "{}: {error}", entry.id);
    "not exported: 0-RTT".to_owned()
}

/// A deviation that a release of quinn-proto has mended.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mended {
    /// The breach's id, and the name of the files.
    id: String,
    /// A release that shows it.
    shown: String,
    /// The release that shows it no more.
    mended: String,
    /// Where it was mended.
    #[allow(dead_code)]
    upstream: String,
}

#[derive(Debug, Deserialize)]
struct Table {
    mended: Vec<Mended>,
}

/// Two more releases are built: minutes, so it is `make upstream-mended`, and nightly.
#[test]
#[ignore = "builds two older releases: make upstream-mended"]
fn what_was_mended_fails_a_test_before_and_passes_it_afterwards() {
    let folder = conformance().join("regressions/mended");
    let text = fs::read_to_string(folder.join("mended.toml")).expect("the list");
    let table: Table = toml::from_str(&text).expect("a list");
    assert!(table.mended.len() >= 2);
    let mut wrong = Vec::new();
    for Mended { id, shown, mended, .. } in &table.mended {
        let test = fs::read_to_string(folder.join(format!("{}.rs", id.replace('-', "_"))));
        let test = test.expect("a test");
        let message = crates::message(&test).expect("a message");
        let trace = fs::read_to_string(folder.join(format!("{id}.ndjson"))).expect("a trace");
        file::read(&trace, departures()).expect("a trace");
        let tests = [Test::new(id, test, message)];
        for (version, expected) in [(shown, Ending::FailsAsStated), (mended, Ending::Passes)] {
            let Some(copy) = Copy::of(version, support()) else { return };
            let endings = copy.run(&tests);
            println!("{id} with quinn-proto {version}: {:?}", endings[0].ending);
            let other = endings.into_iter().filter_map(|ending| ending.unless(&expected));
            wrong.extend(other.map(|other| format!("quinn-proto {version}: {other}")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_of_the_contract_alone_is_no_test_for_upstream() {
    let entries = known();
    let entry = entries.iter().find(|entry| entry.id == "finish-not-idempotent").expect("it");
    let error = exported(&trace_of(entry), &entry.id).expect_err("no test").to_string();
    assert!(error.contains("no rule of RFC 9000"), "{error}");
}
