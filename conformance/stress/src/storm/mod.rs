//! A storm: streams by the hundred thousand over one connection between two managers, with cancels, resets,
//! stops and deadlines from both sides at once, and losses.
//!
//! Every stream is judged: each part has exactly one outcome, and the outcomes of a sending part and of the
//! receiving part opposite agree wherever the RFC says that they must ([`ledger`]). Virtual time and a seed
//! make a run the same every time.

pub mod ledger;
mod scripts;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use quinn::{Connection, VarInt};
use streamproof::{Config, Events, StreamManager, Tally};
use streamproof_simulation::{ArenaConfig, ArenaError, Pair, PairConfig, TaskHandle};

use self::ledger::{Ledger, Side};
use self::scripts::Crew;
use crate::races::scene::End;

/// How large a storm, and what kind.
#[derive(Clone, Copy, Debug)]
pub struct Storm {
    /// How many streams, both sides together.
    pub streams: u64,
    /// What is random comes from here.
    pub seed: u64,
    /// How many of 1,000 datagrams are lost.
    pub lost_of_thousand: u64,
    /// How many streams each side has under way.
    pub workers: usize,
}

impl Default for Storm {
    /// A million streams at 2 % loss, 64 under way from each side.
    fn default() -> Self {
        Self { streams: 1_000_000, seed: 1, lost_of_thousand: 20, workers: 64 }
    }
}

/// How far a storm is.
#[derive(Clone, Copy, Debug)]
pub struct Passed {
    /// How many streams were begun.
    pub streams: u64,
    /// How much virtual time went by.
    pub time: Duration,
}

/// What came of a storm.
#[derive(Clone, Debug)]
pub struct Report {
    /// The storm.
    pub storm: Storm,
    /// What the client's and the server's manager counted.
    pub tallies: [Tally; 2],
    /// How often a sending part ended so and the receiving part opposite so.
    pub pairs: BTreeMap<(End, End), u64>,
    /// The most parts that lived at once, both sides together.
    pub most_live: u64,
    /// What is wrong: the first few things.
    pub failures: Vec<String>,
    /// Virtual time.
    pub time: Duration,
    /// Real time.
    pub took: Duration,
}

impl Report {
    /// Whether everything is as it must be.
    pub fn holds(&self) -> bool {
        self.failures.is_empty()
    }
}

/// The code with which a deadline ends a part.
pub(crate) const DEADLINE: u32 = 0x53;

/// How many steps without an end are taken for a standstill.
const PATIENCE: u32 = 1_000_000;

/// Lets the storm pass. Fails if the two sides do not come to a connection.
pub fn run(storm: Storm, passed: &mut dyn FnMut(Passed)) -> Result<Report, ArenaError> {
    run_with(storm, &|_| {}, passed)
}

/// The same with something changed in the client's configuration, such as a planted fault.
pub fn run_with(
    storm: Storm,
    change: &dyn Fn(&mut Config),
    passed: &mut dyn FnMut(Passed),
) -> Result<Report, ArenaError> {
    let start = Instant::now();
    let mut pair = Pair::new(&pair_config(&storm))?;
    let ledger = Arc::new(Ledger::default());
    let left = Arc::new(AtomicU64::new(storm.streams));
    let sides = [(Side::Client, pair.client.clone()), (Side::Server, pair.server.clone())];
    let mut tasks = Vec::new();
    let managers = sides.map(|(side, connection)| {
        let mut config = config();
        if side == Side::Client {
            change(&mut config);
        }
        let (manager, events) = manager(&mut pair, connection, config);
        let listener = ledger.clone();
        pair.world.spawn(async move { listener.listen(side, events).await });
        let (runtime, ledger) = (pair.world.runtime(), ledger.clone());
        let crew = Crew::new(manager.clone(), runtime, ledger, storm.seed, side);
        tasks.extend(crew.set_out(&mut pair.world, storm.workers, &left));
        manager
    });
    let mut most_live = 0;
    let mut failures = drive(&mut pair, &managers, &tasks, &mut most_live, &mut |time| {
        passed(Passed { streams: storm.streams - left.load(Ordering::Relaxed), time });
    });
    let tallies = [managers[0].tally(), managers[1].tally()];
    failures.extend(faults(&storm, &tallies));
    failures.extend(ledger.failures());
    let (pairs, time) = (ledger.pairs(), pair.world.now());
    let took = start.elapsed();
    Ok(Report { storm, tallies, pairs, most_live, failures, time, took })
}

fn pair_config(storm: &Storm) -> PairConfig {
    let mut arena = ArenaConfig::default();
    arena.limits.sut.max_stream_data = 2000;
    arena.limits.sut.max_streams_bidi = 40;
    arena.limits.sut.max_streams_uni = 40;
    PairConfig {
        seed: storm.seed,
        arena,
        delay: Duration::from_millis(5),
        lost_of_thousand: storm.lost_of_thousand,
    }
}

fn config() -> Config {
    let mut config = Config::default();
    config.drop_reset_code = VarInt::from_u32(0x51);
    config.drop_stop_code = VarInt::from_u32(0x52);
    config.deadline_code = VarInt::from_u32(DEADLINE);
    config.deadlines.write = Some(Duration::from_millis(300).into());
    config.deadlines.read = Some(Duration::from_millis(400).into());
    config.deadlines.idle = Some(Duration::from_secs(4));
    config
}

fn manager(pair: &mut Pair, connection: Connection, config: Config) -> (StreamManager, Events) {
    let runtime = pair.world.runtime();
    let (manager, driver) = StreamManager::with_runtime(connection, config, runtime);
    pair.world.spawn(driver);
    let events = manager.events(1 << 16);
    (manager, events)
}

/// Steps until every task has come home and no part lives.
fn drive(
    pair: &mut Pair,
    managers: &[StreamManager; 2],
    tasks: &[TaskHandle<()>],
    most_live: &mut u64,
    passed: &mut dyn FnMut(Duration),
) -> Vec<String> {
    let live = || -> u64 {
        let tallies = managers.iter().map(StreamManager::tally);
        tallies
            .map(|tally| {
                let (sending, receiving) = (tally.sending, tally.receiving);
                (sending.registered + receiving.registered)
                    .saturating_sub(sending.ended() + receiving.ended())
            })
            .sum()
    };
    let (mut steps, mut home) = (0_u32, 0);
    loop {
        if !pair.step() {
            return vec!["nothing more comes, and tasks wait".to_owned()];
        }
        if pair.world.is_stuck() {
            return vec!["tasks wake one another without end".to_owned()];
        }
        steps += 1;
        let alive = live();
        *most_live = alive.max(*most_live);
        if steps % 256 != 0 && alive > 0 {
            continue;
        }
        passed(pair.world.now());
        home = tasks.iter().filter(|task| task.is_finished()).count().max(home);
        if home == tasks.len() && alive == 0 {
            pair.world.settle();
            return Vec::new();
        }
        if let Some(reason) = pair.client.close_reason().or(pair.server.close_reason()) {
            return vec![format!("the connection was lost: {reason}")];
        }
        if home == tasks.len() && steps > PATIENCE {
            return vec![format!("{alive} parts do not end")];
        }
        if home < tasks.len() {
            steps = 0;
        }
    }
}

/// What the tallies say that they must not.
fn faults(storm: &Storm, tallies: &[Tally; 2]) -> Vec<String> {
    let mut faults = Vec::new();
    for (tally, side) in tallies.iter().zip(["client", "server"]) {
        if tally.own_faults > 0 {
            faults.push(format!("the {side}'s manager caught itself {} times", tally.own_faults));
        }
        let (sending, receiving) = (tally.sending, tally.receiving);
        if (sending.ended(), receiving.ended()) != (sending.registered, receiving.registered) {
            faults.push(format!("at the {side} not every part has one outcome: {tally:?}"));
        }
        if tally.sending.connection_lost + tally.receiving.connection_lost > 0 {
            faults.push(format!("the {side} lost parts with a connection that lives"));
        }
    }
    let [client, server] = tallies;
    let opposite = [
        (client.sending.registered, server.receiving.registered),
        (server.sending.registered, client.receiving.registered),
    ];
    for (sending, receiving) in opposite {
        if sending != receiving {
            faults
                .push(format!("{sending} sending parts and {receiving} receiving parts opposite"));
        }
    }
    let parts = client.sending.registered + server.sending.registered;
    if parts < storm.streams {
        faults.push(format!("only {parts} sending parts of {} streams", storm.streams));
    }
    faults
}
