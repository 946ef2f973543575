//! `streamproof model`.

use std::fs;
use std::net::TcpListener;

use super::{folder, json, refused, streamproof};

#[test]
fn unknown_preset_is_refused_by_name() {
    let folder = folder("preset");
    for args in [
        &["model", "check", "duo"][..],
        &["judge", "run", "duo"],
        &["model", "explore", "duo"],
        &["trace", "list", "duo", "--out", "t"],
    ] {
        refused(&streamproof(&folder, args), "\"duo\"");
    }
    refused(&streamproof(&folder, &["judge", "run", "uni-free"]), "uni-free");
    assert_eq!(fs::read_dir(&folder).expect("the folder").count(), 0, "nothing is written");
}

#[test]
fn what_is_made_in_advance_obeys_the_memory_that_there_is() {
    let folder = folder("expect");
    let most = usize::MAX.to_string();
    let wants = |states: &str, more: &[&str]| {
        streamproof(&folder, &[&["model", "check", "uni", "--expect", states][..], more].concat())
    };
    for more in [&[][..], &["--exact"], &["--engine", "dataflow"], &["--memory-limit", "1EiB"]] {
        refused(&wants(&most, more), "no machine has the memory");
    }
    refused(&wants("1000000", &["--memory-limit", "1MiB"]), "the memory limit is 1048576");
    refused(&wants("1000000", &["--memory-limit", "1MiB", "--exact"]), "the memory limit is");
    assert_eq!(wants("100000", &["--memory-limit", "64MiB"]).status.code(), Some(0));
    // Some systems promise whatever is asked for.
    for more in [&[][..], &["--engine", "dataflow"]] {
        let output = wants("1000000000000", more);
        match output.status.code() {
            Some(0) => {}
            _ => refused(&output, "tables for 1000000000000 states: "),
        }
    }
    let verbs = ["model check", "judge run", "judge zoo", "judge stacks", "judge report", ""];
    for verb in verbs {
        let args: Vec<&str> = verb.split_whitespace().chain(["--threads", &most]).collect();
        refused(&streamproof(&folder, &args), "no more than 1024");
    }
}

#[test]
fn address_in_use_is_one_line() {
    let folder = folder("address");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let addr = taken.local_addr().expect("an address").to_string();
    refused(&streamproof(&folder, &["model", "explore", "uni", "--addr", &addr]), &addr);
    let all = ["model", "explore", "uni", "--addr", "0.0.0.0:0"];
    refused(&streamproof(&folder, &all), "0.0.0.0:0: others could come to it");
}

#[test]
fn verdict_is_told_where_no_picture_can_be_written() {
    let folder = folder("unwritable");
    fs::write(folder.join("taken"), "a file, not a folder").expect("a file");
    let args = ["model", "check", "--mutant", "forget final size", "--out", "taken"];
    let output = streamproof(&folder, &args);
    assert_eq!(output.status.code(), Some(1));
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(stdout.contains("broken: §4.5 final size never changes"), "{stdout}");
}

#[test]
fn counterexample_is_drawn_and_fails_the_run() {
    let folder = folder("mutant");
    let output =
        streamproof(&folder, &["model", "check", "--mutant", "leave STOP_SENDING unanswered"]);
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout.contains("broken: §3.5 STOP_SENDING is answered with RESET_STREAM"), "{stdout}");
    let repeat = "streamproof model check uni --mutant \"leave STOP_SENDING unanswered\"";
    assert!(stdout.contains(repeat), "{stdout}");
    let pictures = fs::read_dir(folder.join("streamproof-out")).expect("pictures");
    assert!(pictures.count() > 0);
}

#[test]
fn goals_are_asked_on_every_fair_path() {
    let folder = folder("fair");
    let held = streamproof(&folder, &["model", "check", "limits-bidi", "--fair"]);
    let stdout = String::from_utf8_lossy(&held.stdout);
    assert_eq!(held.status.code(), Some(0), "{stdout}");
    assert!(stdout.contains("HOLDS: 0 of "), "{stdout}");
    let goals = json(&streamproof(&folder, &["model", "check", "limits-bidi", "--fair", "--json"]));
    assert!(goals["goals"].as_array().is_some_and(|goals| goals.len() == 5), "{goals}");
    assert_eq!([&goals["goals"][0]["fairness"], &goals["goals"][0]["verdict"]], ["weak", "holds"]);
    // Nothing is awaited there, so nothing is shown.
    let vacuous = streamproof(&folder, &["model", "check", "hostile-sender", "--fair"]);
    assert_eq!(vacuous.status.code(), Some(3), "{}", String::from_utf8_lossy(&vacuous.stdout));
    let mutant = "never notice that all is acknowledged";
    let refuted = streamproof(&folder, &["model", "check", "--fair", "--mutant", mutant]);
    let stdout = String::from_utf8_lossy(&refuted.stdout);
    assert_eq!(refuted.status.code(), Some(1), "{stdout}");
    let repeat = format!("repeat   streamproof model check uni --fair --mutant \"{mutant}\"");
    assert!(stdout.contains("REFUTED") && stdout.contains(&repeat), "{stdout}");
    refused(
        &streamproof(&folder, &["model", "check", "lifecycle", "--fair"]),
        "lifecycle has no goals",
    );
    refused(&streamproof(&folder, &["model", "check", "uni", "--fair", "--exact"]), "--exact");
}

#[test]
fn reset_at_is_checked_and_listed_and_not_replayed() {
    let folder = folder("reset-at");
    let args = ["model", "check", "reset-at-hostile", "--mutant", "accept another code"];
    let output = streamproof(&folder, &args);
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout.contains("broken: §5.2 a changed code closes the connection"), "{stdout}");
    let right = streamproof(&folder, &["model", "check", "reset-at-hostile", "uni-drop"]);
    assert_eq!(right.status.code(), Some(0));
    let listed = streamproof(&folder, &["model", "presets"]).stdout;
    assert!(String::from_utf8_lossy(&listed).contains("no stack at hand has the extension"));
    refused(&streamproof(&folder, &["judge", "run", "reset-at"]), "checked, not replayed");
    let foreign = ["model", "check", "reset-at", "--mutant", "forget final size"];
    refused(&streamproof(&folder, &foreign), "reset-at");
}

#[test]
fn designs_are_judged_and_unknown_ones_refused() {
    let folder = folder("designs");
    let output = streamproof(&folder, &["model", "designs", "one atomic transition"]);
    assert_eq!(output.status.code(), Some(0));
    let output = streamproof(&folder, &["model", "designs", "nil guard without a lock", "--json"]);
    assert_eq!(output.status.code(), Some(0), "it fails as it is said to");
    let json = json(&output);
    assert_eq!(json["designs"][0]["holds"], false);
    assert_eq!(json["designs"][0]["breaks"][0]["property"], "no access after release");
    assert_eq!(json["designs"][0]["breaks"][0]["steps"].as_array().map(Vec::len), Some(5));
    refused(&streamproof(&folder, &["model", "designs", "hope"]), "\"hope\"");
    refused(&streamproof(&folder, &["model", "check", "hope..."]), "\"hope\"");
}
