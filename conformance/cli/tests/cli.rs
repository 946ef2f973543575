//! The command as people meet it: exit codes, one-line errors that name the culprit, nothing written
//! where nothing should be, and the same output twice.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Output};

use streamproof_model::trace::file;

/// A folder of this test's own, empty.
fn folder(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).expect("a folder");
    path
}

fn streamproof(folder: &PathBuf, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_streamproof"));
    command.args(args).current_dir(folder).output().expect("the command")
}

/// Exit 2, one line on stderr with `culprit` in it, nothing on stdout.
fn refused(output: &Output, culprit: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.contains(culprit), "no \"{culprit}\" in: {stderr}");
    assert!(output.stdout.is_empty());
}

fn example_trace(folder: &PathBuf) -> (PathBuf, String) {
    let made = streamproof(folder, &["traces", "uni-drop", "--side", "server", "--out", "t"]);
    assert!(made.status.success());
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
    let output = streamproof(&folder, &["replay", file, "--svg", "trace.svg"]);
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
    refused(&streamproof(&folder, &["replay", name, "--svg", "no.svg"]), name);
    assert!(!folder.join("no.svg").exists());
}

#[test]
fn trace_file_of_another_version_or_preset_is_refused() {
    let folder = folder("foreign");
    let (file, text) = example_trace(&folder);
    let name = file.to_str().expect("a name").to_owned();
    fs::write(&file, text.replace("\"streamproof_trace\":3", "\"streamproof_trace\":7"))
        .expect("ok");
    refused(&streamproof(&folder, &["replay", &name]), "version 7");
    // Changed by hand, and the checksum with it.
    let end = text.rfind("{\"end\":").expect("an end line");
    let (before, last) = text.split_at(end);
    let duo = before.replace("\"preset\":\"uni-drop\"", "\"preset\":\"duo\"");
    let last = last.replace(&file::checksum(before), &file::checksum(&duo));
    fs::write(&file, duo + &last).expect("ok");
    refused(&streamproof(&folder, &["replay", &name]), "\"duo\"");
    fs::write(&file, "{\"trace\":\"of another program\"}\n").expect("ok");
    refused(&streamproof(&folder, &["replay", &name]), "is not the header of a trace");
    refused(&streamproof(&folder, &["replay", "absent.ndjson"]), "absent.ndjson");
}

#[test]
fn unknown_preset_is_refused_by_name() {
    let folder = folder("preset");
    for args in [
        &["check", "duo"][..],
        &["conform", "duo"],
        &["explore", "duo"],
        &["traces", "duo", "--out", "t"],
    ] {
        refused(&streamproof(&folder, args), "\"duo\"");
    }
    refused(&streamproof(&folder, &["conform", "uni-free"]), "uni-free");
    assert_eq!(fs::read_dir(&folder).expect("the folder").count(), 0, "nothing is written");
}

#[test]
fn what_is_made_in_advance_obeys_the_memory_that_there_is() {
    let folder = folder("expect");
    let most = usize::MAX.to_string();
    let wants = |states: &str, more: &[&str]| {
        streamproof(&folder, &[&["check", "uni", "--expect", states][..], more].concat())
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
    for command in ["check", "conform", "zoo", "stacks", "prove", "flakes", "report"] {
        refused(&streamproof(&folder, &[command, "--threads", &most]), "no more than 1024");
    }
}

#[test]
fn address_in_use_is_one_line() {
    let folder = folder("address");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let addr = taken.local_addr().expect("an address").to_string();
    refused(&streamproof(&folder, &["explore", "uni", "--addr", &addr]), &addr);
    let all = ["explore", "uni", "--addr", "0.0.0.0:0"];
    refused(&streamproof(&folder, &all), "0.0.0.0:0: others could come to it");
}

#[test]
fn side_that_nobody_can_take_is_refused() {
    let folder = folder("side");
    let conform = ["conform", "--side", "client", "hostile-sender"];
    refused(&streamproof(&folder, &conform), "as client");
    let traces = ["traces", "hostile-sender", "--side", "client", "--out", "t"];
    refused(&streamproof(&folder, &traces), "as client");
}

#[test]
fn verdict_is_told_where_no_picture_can_be_written() {
    let folder = folder("unwritable");
    fs::write(folder.join("taken"), "a file, not a folder").expect("a file");
    let args = ["check", "--mutant", "forget final size", "--out", "taken"];
    let output = streamproof(&folder, &args);
    assert_eq!(output.status.code(), Some(1));
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(stdout.contains("broken: §4.5 final size never changes"), "{stdout}");
}

#[test]
fn counterexample_is_drawn_and_fails_the_run() {
    let folder = folder("mutant");
    let output = streamproof(&folder, &["check", "--mutant", "leave STOP_SENDING unanswered"]);
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
    let held = streamproof(&folder, &["check", "limits-bidi", "--fair"]);
    let stdout = String::from_utf8_lossy(&held.stdout);
    assert_eq!(held.status.code(), Some(0), "{stdout}");
    assert!(stdout.contains("fairness") && stdout.contains("HOLDS: 0 of "), "{stdout}");
    let mutant = "never notice that all is acknowledged";
    let refuted = streamproof(&folder, &["check", "--fair", "--mutant", mutant]);
    let stdout = String::from_utf8_lossy(&refuted.stdout);
    assert_eq!(refuted.status.code(), Some(1), "{stdout}");
    let repeat = format!("repeat   streamproof check uni --fair --mutant \"{mutant}\"");
    assert!(stdout.contains("REFUTED") && stdout.contains(&repeat), "{stdout}");
    refused(&streamproof(&folder, &["check", "lifecycle", "--fair"]), "lifecycle has no goals");
    let exact = streamproof(&folder, &["check", "uni", "--fair", "--exact"]);
    assert_eq!(exact.status.code(), Some(2));
}

#[test]
fn reset_at_is_checked_and_listed_and_not_replayed() {
    let folder = folder("reset-at");
    let args = ["check", "reset-at-hostile", "--mutant", "accept another code"];
    let output = streamproof(&folder, &args);
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout.contains("broken: §5.2 a changed code closes the connection"), "{stdout}");
    let right = streamproof(&folder, &["check", "reset-at-hostile", "uni-drop"]);
    assert_eq!(right.status.code(), Some(0));
    let listed = streamproof(&folder, &["presets"]).stdout;
    assert!(String::from_utf8_lossy(&listed).contains("no stack at hand has the extension"));
    refused(&streamproof(&folder, &["conform", "reset-at"]), "checked, not replayed");
    let foreign = ["check", "reset-at", "--mutant", "forget final size"];
    refused(&streamproof(&folder, &foreign), "reset-at");
}

#[test]
fn conform_says_the_same_twice() {
    let folder = folder("twice");
    let run = || {
        let output =
            streamproof(&folder, &["conform", "--sut", "quinn", "--json", "uni-lossy", "uni-drop"]);
        let mut json: serde_json::Value =
            serde_json::from_slice(&output.stdout).expect("JSON on stdout");
        for report in json["reports"].as_array_mut().expect("reports") {
            report["seconds"] = 0.into();
        }
        json.to_string()
    };
    assert_eq!(run(), run());
}

#[test]
fn event_logs_of_two_processes_are_byte_equal() {
    let folder = folder("logs");
    let (file, _) = example_trace(&folder);
    let name = file.to_str().expect("a name");
    for sut in ["manager", "quinn"] {
        let run = || streamproof(&folder, &["replay", "--log", "--sut", sut, name]).stdout;
        let (first, second) = (run(), run());
        assert!(first.len() > 200, "there is something to compare");
        assert_eq!(first, second);
    }
}

#[test]
fn fixes_are_judged_and_unknown_ones_refused() {
    let folder = folder("fixes");
    let output = streamproof(&folder, &["fixes", "one atomic transition"]);
    assert_eq!(output.status.code(), Some(0));
    let output = streamproof(&folder, &["fixes", "nil guard without a lock", "--json"]);
    assert_eq!(output.status.code(), Some(0), "it fails as it is said to");
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(json[0]["holds"], false);
    assert_eq!(json[0]["breaks"][0]["property"], "no access after release");
    assert_eq!(json[0]["breaks"][0]["steps"].as_array().map(Vec::len), Some(5));
    refused(&streamproof(&folder, &["fixes", "hope"]), "\"hope\"");
    refused(&streamproof(&folder, &["check", "hope..."]), "\"hope\"");
}

#[test]
fn schedules_that_are_cut_are_incomplete_and_one_is_repeated() {
    let folder = folder("schedules");
    let cut = streamproof(&folder, &["schedules", "waiters", "--limit", "10"]);
    assert_eq!(cut.status.code(), Some(3));
    let whole = streamproof(&folder, &["schedules", "stopped-and-acknowledged", "--delays", "3"]);
    assert_eq!(whole.status.code(), Some(0));
    let one = ["schedules", "waiters", "--schedule", "0.1.1"];
    let [first, second] = [0, 1].map(|_| streamproof(&folder, &one));
    assert_eq!(first.status.code(), Some(0));
    assert_eq!(first.stdout, second.stdout, "the same twice");
    refused(&streamproof(&folder, &["schedules", "hope"]), "\"hope\"");
    refused(&streamproof(&folder, &["schedules", "waiters", "--schedule", "0.x"]), "\"0.x\"");
}

#[test]
fn small_storm_holds() {
    let output = streamproof(&folder("storm"), &["storm", "--streams", "300", "--json"]);
    assert_eq!(output.status.code(), Some(0));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(json["client"]["own_faults"], 0);
}

#[test]
fn flakes_are_looked_for_from_a_seed() {
    let folder = folder("flakes");
    let args = ["flakes", "bidi-data", "--plays", "50", "--traces", "2", "--seed", "7"];
    let [first, second] = [0, 1].map(|_| streamproof(&folder, &args));
    assert_eq!(first.status.code(), Some(0));
    assert_eq!(first.stdout, second.stdout, "the same traces");
    let stdout = String::from_utf8_lossy(&first.stdout);
    assert!(stdout.contains("seed 7") && stdout.contains("HOLDS: 100 plays"), "{stdout}");
    refused(&streamproof(&folder, &["flakes", "--plays", "1"]), "two plays");
    refused(&streamproof(&folder, &["flakes", "duo"]), "\"duo\"");
}

#[test]
fn edges_of_two_runs_have_the_same_names_and_one_is_played_alone() {
    let folder = folder("edges");
    let run = |file: &str, sut: &str| {
        let args = ["conform", "limits-bidi", "--side", "server", "--edges", file, "--sut", sut];
        assert_eq!(streamproof(&folder, &args).status.code(), Some(0));
        fs::read_to_string(folder.join(file)).expect("the edges")
    };
    let text = run("one.tsv", "manager");
    assert_eq!(text, run("two.tsv", "manager"));
    assert!(text.lines().all(|line| line.contains("\ttaken\t")));
    let name = text.lines().last().and_then(|line| line.split('\t').next()).expect("an edge");
    let alone = ["conform", "limits-bidi", "--side", "server", "--edge", name];
    assert_eq!(streamproof(&folder, &alone).status.code(), Some(0));
    let twice = format!("{name},{name},0000000000000001");
    let none = ["conform", "limits-bidi", "--side", "server", "--edge", &twice];
    refused(&streamproof(&folder, &none), "0000000000000001");
    let word = ["conform", "limits-bidi", "--side", "server", "--edge", "first"];
    refused(&streamproof(&folder, &word), "\"first\"");
    refused(&streamproof(&folder, &["conform", "--side", "server", "--edges", "e"]), "one preset");
}

#[test]
fn bug_of_the_zoo_is_found_and_drawn_and_an_unknown_one_refused() {
    let folder = folder("zoo");
    refused(&streamproof(&folder, &["zoo", "unicorn"]), "unicorn");
    let output = streamproof(&folder, &["zoo", "open-one-more"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("open-beyond-limit") && text.contains("§4.6 MUST"), "{text}");
    assert!(text.contains("scripted peer"), "no diagram in: {text}");
    let output = streamproof(&folder, &["zoo", "open-one-more", "--json"]);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(json["bugs"][0]["found"]["preset"], "limits-bidi");
    assert_eq!(json["toy_without_a_bug_is_clean"], true);
}

#[test]
fn toy_conforms() {
    let folder = folder("toy");
    let output = streamproof(&folder, &["conform", "--sut", "toy", "limits-bidi", "zero-rtt"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert_eq!(text.matches("100.0    100.0    100.0").count(), 4, "{text}");
}

#[test]
fn page_of_a_stack_has_its_deviations_with_pictures_and_commands() {
    let folder = folder("page");
    let output = streamproof(&folder, &["report", "--sut", "quinn", "--html", "page.html"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}");
    let page = fs::read_to_string(folder.join("page.html")).expect("the page");
    for part in ["<h2 class=\"must\">MUST", "<svg", "streamproof judge run --sut quinn", "§3.5"] {
        assert!(page.contains(part), "no {part}");
    }
    let unknown = streamproof(&folder, &["report", "--sut", "picoquic"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("no stack is called \"picoquic\""));
}

#[test]
fn stacks_are_played_one_after_the_other() {
    let folder = folder("stacks");
    let output = streamproof(&folder, &["stacks", "--sut", "toy", "--json"]);
    assert_eq!(output.status.code(), Some(0));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(json[0]["stack"], "toy");
    assert_eq!(json[0]["taken"], json[0]["edges"]);
    assert_eq!([&json[0]["must"], &json[0]["should"], &json[0]["stated"]], [0, 0, 0]);
    let both = [&json[0]["all_as_sender"], &json[0]["all_as_receiver"]];
    assert_eq!(both, ["uni-plain", "uni-plain"]);
}

#[test]
fn choice_that_does_not_exist_is_refused() {
    let folder = folder("choice");
    let conform = |choice: &str| {
        streamproof(&folder, &["conform", "uni-plain", "--sut", "toy", "--choice", choice])
    };
    refused(&conform("mood=always"), "mood");
    refused(&conform("moot_stop_is_sent=often"), "often");
    refused(&conform("moot_stop_is_sent"), "CHOICE=always");
    refused(&conform("late_final_size_error=either"), "always or never");
    assert_eq!(conform("moot_stop_is_sent=always").status.code(), Some(0));
    assert_eq!(conform("moot-stop-is-sent=never").status.code(), Some(0));
    assert_eq!(conform("late_final_size_error=always").status.code(), Some(0));
}

#[test]
fn deviation_is_shrunk_and_exported_and_what_cannot_be_is_refused() {
    let folder = folder("exported");
    let trace =
        |name: &str| format!("{}/../stacks/quinn/traces/{name}.ndjson", env!("CARGO_MANIFEST_DIR"));
    let file = trace("reset-counts-unsent");
    let id = ["--breach", "reset-counts-unsent"];
    let args = [&["shrink", &file, "--sut", "quinn", "-o", "small.ndjson"][..], &id].concat();
    let shrunk = streamproof(&folder, &args);
    assert_eq!(shrunk.status.code(), Some(0), "{}", String::from_utf8_lossy(&shrunk.stderr));
    let told = String::from_utf8_lossy(&shrunk.stdout).into_owned();
    assert!(told.ends_with("repeat   streamproof trace play --sut quinn small.ndjson\n"), "{told}");
    let out = ["--rust", "test.rs", "--pcap", "packets.pcapng"];
    let args = [&["export", "small.ndjson"][..], &id, &out].concat();
    assert_eq!(streamproof(&folder, &args).status.code(), Some(0));
    let test = fs::read_to_string(folder.join("test.rs")).expect("a test");
    assert!(test.contains("fn reset_counts_unsent()") && !test.contains("should_panic"));
    assert_eq!(fs::read(folder.join("packets.pcapng")).expect("packets")[..4], [10, 13, 13, 10]);

    let nothing = streamproof(&folder, &["export", "small.ndjson"]);
    assert_eq!(nothing.status.code(), Some(2), "neither --rust nor --pcap");
    let refuses = |file: &str, more: &[&str], why: &str| {
        let args = [&["export", file, "--rust", "no.rs"], more].concat();
        refused(&streamproof(&folder, &args), why);
        assert!(!folder.join("no.rs").exists());
    };
    refuses("small.ndjson", &["--sut", "manager"], "not as manager");
    refuses("small.ndjson", &["--breach", "no-such"], "shows no no-such");
    refuses(&trace("drop-ends-stream"), &[], "dropping a handle");
    refuses(&trace("waiter-not-woken"), &["--breach", "waiter-not-woken"], "futures");
    refuses(&trace("blocked-untrue"), &[], "0-RTT");
}
