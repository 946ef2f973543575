//! The races of the lifecycle model, on the real manager and real quinn, under every schedule up to a bound.
//!
//! The model's world is one endpoint's tasks in every order of their atomic steps; here the tasks are real
//! futures, and what stands between two points at which they let others run is their step. The network is a
//! task, too. [`mod@search`] goes through the schedules, [`list`] says what races, [`scene`] sets it up and judges
//! what came of it. Races between threads *within* a step are not here: see `impl/src/threads`.

pub mod list;
pub mod scene;
pub mod search;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use streamproof::Config;

use streamproof_simulation::ArenaError;

use self::list::Race;
use self::scene::{Ends, Scene};
use self::search::{Bound, Found, Schedule, Trail, search};

/// What came of all the schedules of a race.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The race.
    pub race: &'static Race,
    /// The bound on delays.
    pub delays: usize,
    /// How many schedules, whether all, and the first failure.
    pub found: Found<String>,
    /// How the parts ended, over all schedules.
    pub ends: BTreeSet<Ends>,
    /// How long it took.
    pub took: Duration,
}

impl Outcome {
    /// The ends that the race is meant to come to, and did not: then it was no race.
    pub fn missing(&self) -> Vec<Ends> {
        self.race.ends.iter().copied().filter(|ends| !self.ends.contains(ends)).collect()
    }

    /// Whether no schedule failed, none was left out for want of time, and every end was come to.
    pub fn holds(&self) -> bool {
        self.found.failure.is_none() && !self.found.is_cut && self.missing().is_empty()
    }
}

/// Runs `race` under every schedule within `bound`, with a manager of this configuration; the first that fails
/// ends it. Fails if the arena does not come to a connection.
pub fn run(race: &'static Race, config: Config, bound: Bound) -> Result<Outcome, ArenaError> {
    let start = Instant::now();
    let mut ends = BTreeSet::new();
    let mut no_arena = None;
    let found = search(bound, |trail| match run_one(race, config, trail) {
        Ok(Ok(end)) => {
            ends.insert(end);
            match race.ends.contains(&end) {
                true => Ok(()),
                false => Err(format!("no such end: {end}")),
            }
        }
        Ok(Err(failure)) => Err(failure),
        Err(error) => {
            let line = error.to_string();
            no_arena = Some(error);
            Err(line)
        }
    });
    match no_arena {
        Some(error) => Err(error),
        None => Ok(Outcome { race, delays: bound.delays, found, ends, took: start.elapsed() }),
    }
}

/// Runs `race` under one schedule: what is wrong, or how it ended. Fails if there is no arena.
pub fn run_one(
    race: &Race,
    config: Config,
    trail: &Trail,
) -> Result<Result<Ends, String>, ArenaError> {
    play(race, config, trail, false).map(|(_, verdict)| verdict)
}

/// What a reader looks at.
#[derive(Clone, Debug)]
pub struct Log {
    /// What went over the network, and who was told what.
    pub lines: Vec<String>,
    /// What is wrong, or how it ended.
    pub verdict: Result<Ends, String>,
}

/// Runs `race` under `schedule` and keeps what happened. Fails if there is no arena.
pub fn log(race: &Race, config: Config, schedule: &Schedule) -> Result<Log, ArenaError> {
    let (scene, verdict) = play(race, config, &Trail::along(schedule), true)?;
    Ok(Log { lines: scene.lines(), verdict })
}

fn play(
    race: &Race,
    config: Config,
    trail: &Trail,
    log: bool,
) -> Result<(Scene, Result<Ends, String>), ArenaError> {
    let mut scene = Scene::new(race.credit, config, log)?;
    (race.set)(&mut scene);
    let trail = trail.clone();
    scene.arena.world.choose_with(Some(Box::new(move |of| trail.choose(of))));
    scene.arena.settle();
    scene.arena.world.choose_with(None);
    let verdict = scene.judge();
    Ok((scene, verdict))
}
