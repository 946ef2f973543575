//! The project's own engine: breadth first, level by level, over packed states.
//!
//! States are spread over [`SHARDS`] shards by fingerprint. A level is worked off in rounds of two halves:
//! every shard's next few states are *expanded*, their successors sorted by the shard they belong to; then
//! every shard *settles* what came for it: is it new, what do the properties say. Within a half, threads share
//! only what nobody changes, so there are no locks and no atomics, and as the order of everything follows
//! from the shards and not from the threads, one thread and many give the same output, byte for byte.
//!
//! - What the tables of the [`PackedWorld`] lack is filled in between the halves, by one thread.
//! - A shard's table holds fingerprints, 8 bytes each, and grows by itself (`table`); in exact mode it holds
//!   the states.
//! - The way back is a log of pairs of fingerprints, on disk once it is long (`log`). As levels are in order,
//!   the first hit is as near as any: ways are shortest.
//! - A run that is cut by a [`Limits`] says so ([`Cut`]), and can never say that something holds.
//! - A long run leaves checkpoints, from which it is resumed after a crash (`checkpoint`).

mod checkpoint;
mod log;
mod queue;
mod rounds;
mod table;
mod witness;

use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use memmap2::MmapMut;

use crate::check::report::Path;
use crate::packed::reduce::Reductions;
use crate::packed::{Fingerprint, Full, PackedState, PackedWorld};
use crate::worlds::streams::StreamsWorld;

pub use checkpoint::BadCheckpoint;

// What an engine elsewhere is made of: `streamproof-scale`.
pub use self::log::Log;
pub use self::table::Visited;
pub use self::witness::replay;

use self::queue::Queue;

/// Into how many parts states are divided, whatever the number of threads.
pub const SHARDS: usize = 16;

/// How a run is to go.
#[derive(Clone, Debug)]
pub struct Options {
    /// Threads, at least one.
    pub threads: usize,
    /// Which reductions are made.
    pub reductions: Reductions,
    /// Whether states themselves are kept, and not their fingerprints.
    pub exact: bool,
    /// Whether the run ends with the level in which the first invariant breaks.
    pub stop_at_violation: bool,
    /// How many states are expected; tables are made for them from the beginning. 0 if nobody knows.
    pub expected: usize,
    /// What may be used up.
    pub limits: Limits,
    /// Where checkpoints go, and how often.
    pub checkpoint: Option<Checkpoints>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            threads: 1,
            reductions: Reductions::NONE,
            exact: false,
            stop_at_violation: false,
            expected: 0,
            limits: Limits::default(),
            checkpoint: None,
        }
    }
}

impl Options {
    /// Whether nothing but the end of the world ends the run, and all of it is explored.
    pub const fn is_unlimited(&self) -> bool {
        let Limits { memory, time, states } = self.limits;
        memory.is_none() && time.is_none() && states.is_none() && !self.reductions.any()
    }
}

/// What a run may use up before it is cut.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// Bytes of tables, queues and buffers.
    pub memory: Option<usize>,
    /// Time.
    pub time: Option<Duration>,
    /// States.
    pub states: Option<usize>,
}

/// Where and when a run can be resumed.
#[derive(Clone, Debug)]
pub struct Checkpoints {
    /// A folder of its own.
    pub folder: PathBuf,
    /// At the end of a level, if the last one is at least so long ago.
    pub every: Duration,
    /// Whether a checkpoint that is there is taken up.
    pub resume: bool,
}

/// Why a run was cut.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Cut {
    /// The memory limit.
    #[error("the memory limit of {limit} bytes is reached")]
    Memory {
        /// In bytes.
        limit: usize,
    },
    /// The time limit.
    #[error("the time limit of {} s is reached", limit.as_secs_f64())]
    Time {
        /// The limit.
        limit: Duration,
    },
    /// The limit on states.
    #[error("the limit of {limit} states is reached")]
    States {
        /// The limit.
        limit: usize,
    },
    /// The world is too large to be packed.
    #[error(transparent)]
    Full(#[from] Full),
}

/// Why a run did not come to anything.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A log or checkpoint could not be written or read.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is no going on from a checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] BadCheckpoint),
    /// There is no room for tables of the size that is asked for.
    #[error("tables for {expected} states: {why}")]
    Room {
        /// The states that are expected.
        expected: usize,
        /// What they would take, and what there is.
        why: String,
    },
}

/// Makes sure that there is room for the tables of so many states before any is made.
///
/// # Errors
///
/// [`Failure::Room`] if they take more than `limit` bytes, or more than the machine gives.
pub fn make_sure_of_room(
    exact: bool,
    expected: usize,
    limit: Option<usize>,
) -> Result<(), Failure> {
    let full = |why| Err(Failure::Room { expected, why });
    let Some(bytes) = table::room(exact, expected) else {
        return full("no machine has the memory for them".to_owned());
    };
    if expected == 0 {
        return Ok(());
    }
    match limit.filter(|limit| bytes > *limit) {
        Some(limit) => full(format!("{bytes} bytes, and the memory limit is {limit}")),
        // All at once, since the system may promise in parts what it does not have; and not kept.
        None => match MmapMut::map_anon(bytes) {
            Ok(_) => Ok(()),
            Err(error) => full(format!("{bytes} bytes: {error}")),
        },
    }
}

/// How far a run has come.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Distinct states so far.
    pub states: usize,
    /// Levels so far: the initial state is the first.
    pub levels: usize,
    /// States of the present level.
    pub width: usize,
    /// States of the level before.
    pub last_width: usize,
    /// Since the start.
    pub elapsed: Duration,
}

impl Progress {
    /// States a second.
    pub fn rate(&self) -> f64 {
        self.states as f64 / self.elapsed.as_secs_f64().max(1e-3)
    }

    /// About how long it will still take: once levels become narrower, they are taken to go on doing so at
    /// the same rate. `None` before that.
    pub fn remaining(&self) -> Option<Duration> {
        let (width, last) = (self.width as f64, self.last_width as f64);
        let shrinks = width < 0.97 * last;
        let states = width * width / (last - width);
        shrinks.then(|| Duration::from_secs_f64(states / self.rate().max(1.0)))
    }
}

/// What a run found.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Distinct states.
    pub states: usize,
    /// Edges, self-loops included.
    pub edges: usize,
    /// Levels: the states on a longest shortest way.
    pub levels: usize,
    /// How long it took.
    pub took: Duration,
    /// Why it was cut, if it was.
    pub cut: Option<Cut>,
    /// For each property, in order, a shortest way to a state that breaks it, or shows it to be reachable.
    pub hits: Vec<Option<Path>>,
    /// States without a successor but themselves.
    pub terminals: usize,
    /// The most bytes that tables, queues and buffers had at a time.
    pub memory: usize,
    /// Whether states were compared, and not their fingerprints.
    pub exact: bool,
}

impl Outcome {
    /// How many states are expected to have been taken for others: fingerprints have 64 bits.
    pub fn expected_collisions(&self) -> f64 {
        let states = self.states as f64;
        if self.exact { 0.0 } else { states * states / 2_f64.powi(65) }
    }
}

/// A state on its way to those that are visited.
#[derive(Clone, Copy, Debug)]
pub struct Record {
    /// Its fingerprint.
    pub fingerprint: Fingerprint,
    /// The fingerprint of the state that it was reached from.
    pub parent: Fingerprint,
    /// The state.
    pub state: PackedState,
}

/// A shard: the states whose fingerprints begin alike.
struct Shard {
    visited: Visited,
    /// States of this level that are to be expanded.
    level: Queue,
    /// States of the next level.
    next: Queue,
    log: Log,
}

/// A first state that has some verdict.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hit {
    fingerprint: Fingerprint,
    level: usize,
}

/// A run.
struct Run<'a> {
    world: PackedWorld,
    options: &'a Options,
    shards: Vec<Shard>,
    hits: Vec<Option<Hit>>,
    seen: Vec<bool>,
    states: usize,
    edges: usize,
    terminals: usize,
    levels: usize,
    /// States of this level, and of the one before.
    width: usize,
    last_width: usize,
    memory: usize,
    start: Instant,
    /// Time of the runs that this one goes on from.
    before: Duration,
    told: Instant,
}

/// Checks every property of a world in every state that can be reached.
///
/// `progress` is told about four times a second.
///
/// # Errors
///
/// [`Failure`] if a file cannot be written or read, a checkpoint is of another run, or there is no room for the
/// tables that are asked for.
///
/// # Panics
///
/// If a reduction is asked for in a world in which it is not sound.
pub fn run(
    world: StreamsWorld,
    options: &Options,
    progress: &mut dyn FnMut(Progress),
) -> Result<Outcome, Failure> {
    make_sure_of_room(options.exact, options.expected, options.limits.memory)?;
    let mut run = Run::new(world, options);
    let cut = match run.begin()? {
        Ok(()) => run.search(progress)?,
        Err(full) => Some(Cut::Full(full)),
    };
    run.finish(cut)
}

/// Explores a world and gives back its tables, which then lack nothing.
///
/// # Errors
///
/// As [`run`].
///
/// # Panics
///
/// If the run is cut.
pub fn fill(world: StreamsWorld, options: &Options) -> Result<PackedWorld, Failure> {
    let mut run = Run::new(world, options);
    let cut = match run.begin()? {
        Ok(()) => run.search(&mut |_| {})?,
        Err(full) => Some(Cut::Full(full)),
    };
    assert!(cut.is_none(), "{cut:?}");
    Ok(run.world)
}

impl<'a> Run<'a> {
    fn new(world: StreamsWorld, options: &'a Options) -> Self {
        let world = PackedWorld::new(world, options.reductions);
        let each = options.expected / SHARDS;
        let folder = options.checkpoint.as_ref().map(|checkpoint| checkpoint.folder.clone());
        let shard = |number| Shard {
            visited: Visited::new(options.exact, each),
            level: Queue::default(),
            next: Queue::default(),
            log: Log::new(folder.clone(), number),
        };
        Self {
            hits: vec![None; world.properties().len()],
            shards: (0..SHARDS).map(shard).collect(),
            seen: Vec::new(),
            world,
            options,
            states: 0,
            edges: 0,
            terminals: 0,
            levels: 1,
            width: 0,
            last_width: 0,
            memory: 0,
            start: Instant::now(),
            before: Duration::ZERO,
            told: Instant::now(),
        }
    }
}
