//! The same preset in every engine, one after the other and again, as one table: `make deep-benches`.
//!
//! ```text
//! engines [PRESET] [--rounds N] [--update DOCUMENT]
//! ```
//!
//! Each measurement is a process of its own, so that one engine's memory is not another's; rounds are
//! interleaved, so that a noisy minute hits all of them; figures are medians, ratios are medians of the
//! ratios within a round. Memory is the most that the process had (`VmHWM`), its code included. All Rust
//! engines run with mimalloc: with the system's allocator stateright gains nothing from a second thread.
//! SPIN is measured where it is installed and the preset has a twin in `specs/streams.pml`.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use stateright::{Checker, Model};
use streamproof_model::check::packed_model::PackedModel;
use streamproof_model::check::search::{Options, run};
use streamproof_model::worlds::streams::StreamsWorld;
use streamproof_model::worlds::streams::presets::Preset;
use streamproof_scale::dataflow;

#[allow(dead_code)] // its `main`, and the mutants
#[path = "../../examples/twin_counts.rs"]
mod twin_counts;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Where the table stands in a document.
const MARKS: [&str; 2] = ["<!-- engines -->", "<!-- /engines -->"];

/// An engine with a number of threads, by name.
const ENGINES: &[(&str, usize)] = &[
    ("levels", 1),
    ("levels", 2),
    ("levels exact", 1),
    ("dataflow", 1),
    ("dataflow", 2),
    ("stateright bfs", 1),
    ("stateright bfs", 2),
    ("stateright dfs", 1),
    ("stateright dfs", 2),
    ("SPIN dfs", 1),
];

/// One run.
#[derive(Clone, Copy, Debug)]
struct Measured {
    states: u64,
    edges: u64,
    seconds: f64,
    bytes: u64,
}

impl Measured {
    fn rate(&self) -> f64 {
        self.states as f64 / self.seconds
    }

    fn bytes_each(&self) -> f64 {
        self.bytes as f64 / self.states as f64
    }
}

type Measurements = BTreeMap<(&'static str, usize), Vec<Measured>>;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let after = |name: &str| {
        let place = arguments.iter().position(|argument| argument == name)?;
        arguments.get(place + 1).cloned()
    };
    let expect: usize = after("--expect").map_or(0, |n| n.parse().expect("--expect NUMBER"));
    if let Some(engine) = after("--child") {
        let threads = after("--threads").and_then(|n| n.parse().ok()).expect("--threads NUMBER");
        return child(&arguments[0], &engine, threads, expect);
    }
    let name = arguments.first().filter(|name| !name.starts_with('-'));
    let name = name.map_or("twin-crowd", String::as_str);
    let rounds: usize = after("--rounds").map_or(3, |n| n.parse().expect("--rounds NUMBER"));
    let spin = build_spin(name);
    let mut measured = Measurements::new();
    // How many states there are is asked first: every engine's tables may be made for them.
    let first = run_child(name, "levels", 1, 0).expect("the project's own engine");
    let expect = first.states;
    for round in 0..rounds {
        for (engine, threads) in ENGINES {
            let run = match (*engine, &spin) {
                ("SPIN dfs", None) => continue,
                ("SPIN dfs", Some(directory)) => run_spin(directory),
                _ => run_child(name, engine, *threads, expect),
            };
            let Some(run) = run else { continue };
            eprintln!("round {}: {engine}, {threads} threads: {:.2} s", round + 1, run.seconds);
            measured.entry((engine, *threads)).or_default().push(run);
        }
    }
    assert!(agree(&measured), "the engines disagree about {name}: {measured:#?}");
    let text = markdown(name, rounds, &measured);
    match after("--update") {
        None => print!("{text}"),
        Some(document) => update(Path::new(&document), &text),
    }
}

/// Whether all found the same states and edges.
fn agree(measured: &Measurements) -> bool {
    let counts = |run: &Measured| (run.states, run.edges);
    let all: std::collections::BTreeSet<_> = measured.values().flatten().map(counts).collect();
    all.len() == 1
}

/// Runs one engine and prints what it measured.
fn child(name: &str, engine: &str, threads: usize, expected: usize) {
    let world = StreamsWorld::new(Preset::find(name).expect("a preset of this name"));
    // Full tables are a present to stateright; the other engines fill theirs while they run.
    let packed = || PackedModel::new(world).expect("a temporary folder");
    let packed = engine.starts_with("stateright").then(packed);
    // What filling them took does not count: the peak begins anew.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    let start = Instant::now();
    let (states, edges) = match engine {
        "levels" | "levels exact" => {
            let exact = engine == "levels exact";
            let options = Options { threads, exact, expected, ..Options::default() };
            let outcome = run(world, &options, &mut |_| {}).expect("a temporary folder");
            assert!(outcome.cut.is_none());
            (outcome.states, outcome.edges)
        }
        "stateright bfs" => {
            counts(packed.expect("made above").checker().threads(threads).spawn_bfs().join())
        }
        "stateright dfs" => {
            counts(packed.expect("made above").checker().threads(threads).spawn_dfs().join())
        }
        "stateright bfs, readable" => counts(world.checker().threads(threads).spawn_bfs().join()),
        "dataflow" => {
            let options = dataflow::Options { threads, expected, ..dataflow::Options::default() };
            let outcome = dataflow::run(world, &options).expect("nobody else is needed");
            (outcome.states, outcome.edges)
        }
        _ => return println!("none"),
    };
    let seconds = start.elapsed().as_secs_f64();
    println!("{states} {edges} {seconds} {}", most_memory());
}

/// stateright counts the initial state among what it generates.
fn counts<M: Model>(checker: impl Checker<M>) -> (usize, usize) {
    (checker.unique_state_count(), checker.state_count() - 1)
}

fn most_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}

fn run_child(name: &str, engine: &str, threads: usize, expect: u64) -> Option<Measured> {
    let own = std::env::current_exe().expect("a path of this program");
    let output = Command::new(own)
        .args([name, "--child", engine, "--threads", &threads.to_string()])
        .args(["--expect", &expect.to_string()])
        .output()
        .expect("this program starts");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{engine}: {}", String::from_utf8_lossy(&output.stderr));
    let mut words = text.split_whitespace();
    Some(Measured {
        states: words.next()?.parse().ok()?,
        edges: words.next()?.parse().ok()?,
        seconds: words.next()?.parse().ok()?,
        bytes: words.next()?.parse().ok()?,
    })
}

/// Builds SPIN's verifier of a twin, as fast as it can be made; `None` without SPIN or a twin.
fn build_spin(name: &str) -> Option<std::path::PathBuf> {
    let preset = twin_counts::twins().find(|twin| twin.name == name)?;
    let directory = std::env::temp_dir().join(format!("streamproof-spin-{}", std::process::id()));
    std::fs::create_dir_all(&directory).ok()?;
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs/streams.pml");
    std::fs::copy(model, directory.join("streams.pml")).ok()?;
    let run = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).current_dir(&directory).output().ok()?;
        output.status.success().then_some(())
    };
    let switches = twin_counts::switches(&preset);
    let spin: Vec<&str> = ["-a", "-o1", "-o2"]
        .into_iter()
        .chain(switches.iter().map(String::as_str))
        .chain(["streams.pml"])
        .collect();
    run("spin", &spin)?;
    run("cc", &["-O2", "-DSAFETY", "-DNOREDUCE", "-w", "-o", "pan", "pan.c"])?;
    Some(directory)
}

fn run_spin(directory: &Path) -> Option<Measured> {
    let start = Instant::now();
    let output = Command::new(directory.join("pan"))
        .args(["-E", "-n", "-m1000000", "-w24"])
        .current_dir(directory)
        .output()
        .ok()?;
    let seconds = start.elapsed().as_secs_f64();
    let report = String::from_utf8_lossy(&output.stdout).into_owned();
    let number = |what: &str| -> Option<f64> {
        let line = report.lines().find(|line| line.contains(what))?;
        line.split_whitespace().next()?.parse().ok()
    };
    Some(Measured {
        states: number("states, stored")? as u64,
        edges: number("transitions (=")? as u64 - 1,
        seconds,
        bytes: (number("total actual memory usage")? * 1024.0 * 1024.0) as u64,
    })
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn markdown(name: &str, rounds: usize, measured: &Measurements) -> String {
    let any = measured.values().flatten().next().expect("something was measured");
    let mut text = format!(
        "`{name}`: {} states, {} edges; medians of {rounds} interleaved rounds, made by `make deep-benches`.\n\n\
         | engine | threads | thousand states a second | bytes a state | `levels` with as many threads |\n\
         |---|---|---|---|---|\n",
        any.states, any.edges
    );
    for (engine, threads) in ENGINES {
        let Some(runs) = measured.get(&(*engine, *threads)) else { continue };
        let rate = median(runs.iter().map(Measured::rate).collect());
        let bytes = median(runs.iter().map(Measured::bytes_each).collect());
        let own = &measured[&("levels", *threads)];
        let ratios = own.iter().zip(runs).map(|(own, run)| own.rate() / run.rate()).collect();
        let ratio = median(ratios);
        text += &format!(
            "| {engine} | {threads} | {:.0} | {bytes:.1} | {ratio:.1} times |\n",
            rate / 1e3
        );
    }
    text
}

/// Writes the table into a document, between its marks.
fn update(document: &Path, table: &str) {
    let text = std::fs::read_to_string(document).expect("a document");
    let (before, rest) = text.split_once(MARKS[0]).expect("the first mark");
    let (_, after) = rest.split_once(MARKS[1]).expect("the second mark");
    let text = format!("{before}{}\n{table}{}{after}", MARKS[0], MARKS[1]);
    std::fs::write(document, text).expect("the document can be written");
}
