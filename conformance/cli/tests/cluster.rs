//! `streamproof model check --engine dataflow` on three processes: the same counts and the same shortest ways as one
//! process has; and nothing said when one of them is missing or dies.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

const PROCESSES: usize = 3;

/// A file with so many free addresses on loopback.
fn hosts(name: &str) -> PathBuf {
    let free = |_| TcpListener::bind("127.0.0.1:0").expect("a free port");
    // All at once, so that they differ.
    let listeners: Vec<TcpListener> = (0..PROCESSES).map(free).collect();
    let line = |listener: &TcpListener| format!("{}\n", listener.local_addr().expect("bound"));
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("hosts-{name}"));
    std::fs::write(&path, listeners.iter().map(line).collect::<String>()).expect("a folder");
    path
}

fn check(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_streamproof"));
    let out = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("cluster-out");
    command.args(["model", "check"]).args(arguments).arg("--out").arg(out);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn start(hosts: &std::path::Path, process: usize, arguments: &[&str]) -> Child {
    let mut command = check(arguments);
    command.args(["--engine", "dataflow", "--threads", "1", "--json", "--hosts"]).arg(hosts);
    command.args(["--process", &process.to_string()]).spawn().expect("the command starts")
}

fn report(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// What has to be the same: counts, depth, verdicts and the lengths of counterexamples.
fn essence(report: &Value) -> Vec<Value> {
    let preset = &report["reports"][0];
    let length = |property: &Value| {
        let steps = property["counterexample"].as_array().map_or(0, Vec::len);
        Value::from(format!("{} {} {steps}", property["property"], property["verdict"]))
    };
    let properties = preset["properties"].as_array().expect("properties");
    let counts = ["states", "edges", "depth"].map(|name| preset[name].clone());
    counts.into_iter().chain(properties.iter().map(length)).collect()
}

#[test]
fn three_processes_find_what_one_finds() {
    let mutant = "keep the credit of discarded data";
    for arguments in [&["twin-stream"][..], &["zero-rtt"], &["--mutant", mutant]] {
        let alone = check(&[arguments, &["--json"]].concat()).output().expect("it runs");
        let hosts = hosts(&format!("{}", arguments.len()));
        let started: Vec<Child> = (0..PROCESSES).map(|p| start(&hosts, p, arguments)).collect();
        for child in started {
            let output = child.wait_with_output().expect("it ends");
            assert_eq!(output.status.code(), alone.status.code());
            assert_eq!(essence(&report(&output)), essence(&report(&alone)), "{arguments:?}");
        }
        println!("{arguments:?}: {PROCESSES} processes, {:?}", &essence(&report(&alone))[..3]);
    }
}

#[test]
fn process_that_dies_leaves_the_others_without_a_verdict() {
    // Large enough that it is still under way whenever the signal comes.
    let arguments = ["twin-crowd"];
    let hosts = hosts("dies");
    let mut started: Vec<Child> = (0..PROCESSES).map(|p| start(&hosts, p, &arguments)).collect();
    // Once all are connected the search runs for seconds; a process that has a log has begun.
    let begun = |child: &Child| {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id()));
        let line = status.unwrap_or_default();
        let peak = line.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = peak.and_then(|peak| peak.split_whitespace().next()?.parse::<u64>().ok());
        kilobytes.is_some_and(|kilobytes| kilobytes > 25_000)
    };
    while !begun(&started[1]) {
        std::thread::yield_now();
    }
    started[1].kill().expect("SIGKILL");
    for (process, child) in started.into_iter().enumerate() {
        let output = child.wait_with_output().expect("it ends");
        if process == 1 {
            continue;
        }
        assert_eq!(output.status.code(), Some(3), "process {process}: {output:?}");
        let report = report(&output);
        assert_eq!(report["reports"][0]["holds"], false);
        assert!(
            report["reports"][0]["incomplete"].as_str().is_some_and(|why| why.contains("is gone"))
        );
    }
}

#[test]
fn missing_process_is_an_error() {
    let hosts = hosts("missing");
    let output = start(&hosts, 0, &["uni", "--patience", "0"]).wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(3));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("not all of 127.0.0.1:"), "{errors}");
}
