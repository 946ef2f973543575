//! Every scene under the tool at hand, and every fault found by it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use super::scenes::{SCENES, cancel, waiters, watched};
use crate::config::Fault;

/// At most so many times a thread is stopped where it could have gone on.
#[cfg(feature = "loom")]
const PREEMPTIONS: usize = 3;

/// So many interleavings of each scene.
#[cfg(all(feature = "shuttle", not(feature = "loom")))]
const RUNS: usize = 20_000;

/// Runs `scene` under the interleavings, and says under how many.
fn explore(scene: fn(Option<Fault>), fault: Option<Fault>) -> u64 {
    let count = Arc::new(AtomicU64::new(0));
    let counted = count.clone();
    let run = move || {
        counted.fetch_add(1, Ordering::Relaxed);
        scene(fault);
    };
    #[cfg(feature = "loom")]
    {
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = Some(PREEMPTIONS);
        builder.check(run);
    }
    #[cfg(all(feature = "shuttle", not(feature = "loom")))]
    shuttle::check_pct(run, RUNS, 3);
    count.load(Ordering::Relaxed)
}

/// A fault to plant: its name here, the fault, the scene that shows it, and what the failure says.
type Planted = (&'static str, Fault, fn(Option<Fault>), &'static str);

/// The faults that are a matter of threads.
const PLANTED: &[Planted] = &[
    ("look", Fault::LookThenTouch, cancel, "it caught itself"),
    ("register", Fault::RegisterWithoutLooking, waiters, "deadlock"),
    ("watched", Fault::LookThenTouch, watched, "it caught itself"),
    ("tell", Fault::TellOutcomeTwice, cancel, "told ["),
];

/// Which of them is planted in this process.
const PLANT: &str = "STREAMPROOF_PLANTED";

#[test]
fn every_interleaving_ends_right() {
    for (name, scene) in SCENES {
        let start = Instant::now();
        let count = explore(*scene, None);
        println!("{name}: {count} interleavings in {:.1} s", start.elapsed().as_secs_f64());
        assert!(count > 100, "{name}");
    }
}

/// In a process of its own: after a deadlock the tools let destructors run, which want the locks again, and that
/// ends the process.
#[test]
fn planted_faults_are_found() {
    let this = std::env::current_exe().expect("a test has a file");
    for (name, fault, _, shows) in PLANTED {
        let mut command = std::process::Command::new(&this);
        command.args(["--exact", "threads::tests::planted", "--ignored", "--nocapture"]);
        let output = command.env(PLANT, name).output().expect("it runs");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        println!("{fault:?}: {}", text.lines().find(|line| line.contains(shows)).unwrap_or("-"));
        assert!(!output.status.success() && text.contains(shows), "{fault:?}: {text}");
    }
}

#[test]
#[ignore = "plants a fault, for the test above"]
fn planted() {
    let Ok(name) = std::env::var(PLANT) else { return };
    let (_, fault, scene, _) =
        PLANTED.iter().find(|(known, ..)| *known == name).expect("a fault of this name");
    explore(*scene, Some(*fault));
}
