//! A second opinion: the same worlds in Promela, written from the RFC and explored by SPIN, have exactly as
//! many states and transitions.
//!
//! The counts of every twin are pinned here. Where SPIN and a C compiler are installed, the quick ones are
//! counted by SPIN as well; `specs/second-opinion.sh` counts all, and installs SPIN if need be.
//!
//! How transitions compare: SPIN counts the initial state as one, so it has one more. Both count
//! self-loops, and every way into a state that is known. An action that the model offers twice in one
//! state counts once (see `read` in `rfc/endpoint/application.rs`: told of a reset with data
//! discarded or without any is one answer).

use std::path::{Path, PathBuf};
use std::process::Command;

use streamproof_model::check::graph::Graph;
use streamproof_model::worlds::Tier;
use streamproof_model::worlds::streams::StreamsWorld;
use streamproof_model::worlds::streams::presets::Preset;

#[allow(dead_code)] // its `main`
#[path = "../examples/twin_counts.rs"]
mod twin_counts;

use twin_counts::{Counts, MUTANTS, switches, twins};

/// Preset, states, transitions, and whether SPIN counts it in this test.
const PINNED: &[(&str, usize, usize, bool)] = &[
    ("twin-stream", 173_344, 896_116, false),
    ("twin-crowd", 8_458_336, 86_149_235, false),
    ("twin-credit", 331_142, 2_675_492, false),
    ("twin-window", 50_524, 198_215, true),
    ("twin-limits", 40_887, 358_820, true),
];

#[test]
fn every_twin_has_its_pinned_counts() {
    let pinned: Vec<_> = PINNED.iter().map(|(name, ..)| *name).collect();
    assert_eq!(pinned, twins().map(|preset| preset.name).collect::<Vec<_>>());
    for (name, states, transitions, _) in PINNED {
        let preset = Preset::find(name).expect("pinned presets exist");
        let counts = match preset.tier {
            Tier::Quick | Tier::Named => Counts::of_twin(preset),
            Tier::Full => Counts::of_large_twin(preset),
        };
        assert_eq!((counts.states, counts.transitions), (*states, *transitions), "{name}");
    }
}

#[test]
fn exact_graph_has_the_same_states_as_the_fingerprints() {
    let preset = Preset::find("twin-limits").expect("pinned above");
    let graph = Graph::explore(&StreamsWorld::new(preset));
    let counts = Counts::of_twin(preset);
    assert_eq!((graph.states.len(), graph.edges.len()), (counts.states, counts.transitions));
}

#[test]
fn every_mutant_of_the_twins_is_found() {
    for mutant in MUTANTS {
        assert!(mutant.is_found(), "{} in {}", mutant.switch, mutant.preset);
    }
}

#[test]
fn spin_counts_the_same() {
    for (program, argument) in [("spin", "-V"), ("cc", "--version")] {
        if Command::new(program).arg(argument).output().is_err() {
            println!("skipped: {program} is not installed; `make test` installs it");
            return;
        }
    }
    for (name, states, transitions, _) in PINNED.iter().filter(|(.., quick)| *quick) {
        let preset = Preset::find(name).expect("pinned presets exist");
        assert_eq!(spin(&preset), (*states, *transitions + 1), "{name}");
    }
}

/// States and transitions of `preset`'s twin, as SPIN counts them.
fn spin(preset: &Preset) -> (usize, usize) {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(preset.name);
    std::fs::create_dir_all(&directory).expect("a directory for SPIN");
    let model: PathBuf =
        [env!("CARGO_MANIFEST_DIR"), "..", "specs", "streams.pml"].iter().collect();
    // SPIN has trouble with a path that is not plain; the name of a file beside it is.
    std::fs::copy(model, directory.join("streams.pml")).expect("specs/streams.pml");
    let run = |program: &str, arguments: &[String]| {
        let output = Command::new(program).args(arguments).current_dir(&directory).output();
        let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{program} {arguments:?}: {text}");
        text
    };
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    run("spin", &[words("-a -o1 -o2"), switches(preset), words("streams.pml")].concat());
    run("cc", &words("-O0 -DSAFETY -DNOREDUCE -w -o pan pan.c"));
    let report = run("./pan", &words("-E -n -m1000000 -w22"));
    assert!(report.contains("errors: 0"), "{report}");
    let count = |what: &str| {
        let line = report.lines().find(|line| line.contains(what));
        let number = line.and_then(|line| line.split_whitespace().next());
        number.and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("{report}"))
    };
    (count("states, stored"), count("transitions (="))
}
