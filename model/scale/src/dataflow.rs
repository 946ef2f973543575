//! The same search on an existing engine: timely dataflow, on threads, processes and hosts.
//!
//! States belong to workers by fingerprint. A worker receives the states of a level, keeps those that are
//! new, and once nobody can send it more of that level (timely's frontier says so) expands them and sends the
//! successors to their owners. Time is the level, so depths are exact and ways are shortest; there is no
//! barrier of ours, and the end is timely's to detect.
//!
//! Every worker has tables of its own ([`PackedWorld`](streamproof_model::packed::PackedWorld)), so a number means something
//! else in each of them: `translate` sends with the first use of a number what it stands for.
//!
//! A violation, or a limit, ends the search with the level in which it was found. A process that dies takes
//! the others with it: nothing is reported then but a [`Failure`].

mod collect;
mod connect;
mod message;
mod translate;
mod worker;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use timely::communication::Hooks;
use timely::communication::allocator::zero_copy::initialize::initialize_networking_from_sockets;
use timely::communication::allocator::{AllocatorBuilder, ProcessBuilder};
use timely::execute::execute_from;
use timely::worker::Worker;
use timely::{CommunicationConfig, WorkerConfig};

use streamproof_model::check::report::Path;
use streamproof_model::check::search::{Failure as FileFailure, make_sure_of_room};
use streamproof_model::worlds::streams::StreamsWorld;

/// Who takes part.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// Each process's address, as `host:port`, the same list in the same order everywhere. At most one: this
    /// process is alone.
    pub hosts: Vec<String>,
    /// This process's place in the list, from 0.
    pub process: usize,
    /// How long the others are waited for.
    pub patience: Duration,
}

impl Cluster {
    /// No other process.
    pub const ALONE: Self =
        Self { hosts: Vec::new(), process: 0, patience: Duration::from_secs(30) };
}

/// How a run is to go. All processes need the same but for the cluster's `process`.
#[derive(Clone, Debug)]
pub struct Options {
    /// Worker threads of each process, at least one.
    pub threads: usize,
    /// Who takes part.
    pub cluster: Cluster,
    /// How many states are expected in all; 0 if nobody knows.
    pub expected: usize,
    /// The search ends with the level in which a worker has more states than this.
    pub state_limit: Option<usize>,
    /// The search ends with the level that is under way after so long.
    pub time_limit: Option<Duration>,
    /// The search ends with the level in which the first invariant breaks.
    pub stop_at_violation: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            threads: 1,
            cluster: Cluster::ALONE,
            expected: 0,
            state_limit: None,
            time_limit: None,
            stop_at_violation: false,
        }
    }
}

/// Why nothing can be said.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The cluster cannot be what it is said to be.
    #[error("process {process} is none of the {hosts} hosts")]
    NoSuchProcess {
        /// The process asked for.
        process: usize,
        /// How many there are.
        hosts: usize,
    },
    /// Not every process came in time.
    #[error("not all of {} came within {} s", hosts.join(", "), patience.as_secs())]
    MissingPeer {
        /// The hosts.
        hosts: Vec<String>,
        /// How long they were waited for.
        patience: Duration,
    },
    /// The address cannot be listened on.
    #[error("{address}: {why}")]
    Address {
        /// Which.
        address: String,
        /// Why not.
        why: String,
    },
    /// A process or a worker ended in the middle of the run.
    #[error(
        "a process of the cluster is gone in the middle of the run, so nothing is shown ({why})"
    )]
    LostPeer {
        /// What was seen of it.
        why: String,
    },
    /// A log could not be written or read, or there is no room for the tables.
    #[error(transparent)]
    File(#[from] FileFailure),
}

/// What the whole cluster found.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Distinct states.
    pub states: usize,
    /// Edges, self-loops included.
    pub edges: usize,
    /// Levels.
    pub levels: usize,
    /// How long it took.
    pub took: Duration,
    /// Why it was cut, if it was.
    pub cut: Option<String>,
    /// For each property, in order, a shortest way to a state that breaks it or shows it to be reachable.
    pub hits: Vec<Option<Path>>,
    /// The states of each worker.
    pub shares: Vec<usize>,
    /// How many records, and how many definitions, went from one worker to another.
    pub sent: (usize, usize),
}

/// Checks every property of a world in every state that can be reached, with all of a cluster.
///
/// Every process has to call this with the same world; each gets the whole outcome.
///
/// # Errors
///
/// [`Failure`]; then nothing is known, whatever was seen before.
pub fn run(world: StreamsWorld, options: &Options) -> Result<Outcome, Failure> {
    let start = Instant::now();
    make_sure_of_room(false, options.expected / options.cluster.hosts.len().max(1), None)?;
    let (builders, others) = builders(world, options)?;
    let each = options.clone();
    // timely's threads panic when a process is gone, and whoever waits for them does, too.
    let run = AssertUnwindSafe(move || search(builders, others, world, each));
    let outcome = catch_unwind(run)
        .unwrap_or_else(|_| Err(Failure::LostPeer { why: "its connection ended".to_owned() }));
    outcome.map(|outcome| Outcome { took: start.elapsed(), ..outcome })
}

fn search(
    builders: Vec<AllocatorBuilder>,
    others: Box<dyn Any + Send>,
    world: StreamsWorld,
    options: Options,
) -> Result<Outcome, Failure> {
    let config = WorkerConfig::default();
    let work = move |worker: &mut Worker| worker::run(worker, world, &options);
    let lost = |why| Failure::LostPeer { why };
    let workers = execute_from(builders, others, config, work).map_err(lost)?;
    let mut results = workers.join().into_iter().map(|result| result.map_err(lost)?);
    // All are told the same.
    let first = results.next().ok_or_else(|| lost("no worker ended".to_owned()))?;
    results.try_for_each(|result| result.map(|_| ()))?;
    first
}

/// Threads alone, or connections to all the others.
fn builders(
    world: StreamsWorld,
    options: &Options,
) -> Result<(Vec<AllocatorBuilder>, Box<dyn Any + Send>), Failure> {
    let threads = options.threads.max(1);
    let Cluster { hosts, process, .. } = &options.cluster;
    let lost = |why: String| Failure::LostPeer { why };
    if hosts.len() < 2 {
        return CommunicationConfig::Process(threads).try_build().map_err(lost);
    }
    if *process >= hosts.len() {
        return Err(Failure::NoSuchProcess { process: *process, hosts: hosts.len() });
    }
    let Options { state_limit, time_limit, stop_at_violation, .. } = options;
    let run =
        format!("{:?} {threads} {state_limit:?} {time_limit:?} {stop_at_violation}", world.preset);
    let sockets = connect::connect(&options.cluster, streamproof_model::packed::hash_of(&run))?;
    let hooks = Hooks::default();
    let own = ProcessBuilder::new_typed_vector(threads, hooks.refill.clone(), hooks.spill.clone());
    let built = initialize_networking_from_sockets(own, sockets, *process, threads, hooks);
    let (builders, guard) = built.map_err(|error| lost(error.to_string()))?;
    Ok((builders.into_iter().map(AllocatorBuilder::Tcp).collect(), Box::new(guard)))
}
