//! What `streamproof model check` takes.

use std::num::NonZero;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::commands::shared::TierArg;

/// Check presets exhaustively.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  streamproof model check                         the quick tier
  streamproof model check uni --properties        one preset, property by property
  streamproof model check limits-bidi --fair      what must eventually happen
  streamproof model check --mutant \"forget final size\"
  streamproof model check duo-full --memory-limit 8GiB --checkpoint saved")]
pub(in crate::commands) struct CheckArgs {
    /// Which presets; a whole tier if none is named. "lifecycle..." means every preset whose name begins with "lifecycle".
    pub(in crate::commands) presets: Vec<String>,
    /// The same, as a flag.
    #[arg(long, value_name = "PRESET")]
    pub(in crate::commands) preset: Vec<String>,
    /// Which tier: quick, in which everything must be taken at least once, or full, with larger
    /// bounds. Quick if neither a tier nor a preset is named.
    #[arg(long, value_enum, conflicts_with_all = ["presets", "preset", "mutant"])]
    pub(in crate::commands) tier: Option<TierArg>,
    /// Check liveness instead: every goal is eventually reached on every fair path. Presets of streams have
    /// goals, others have none.
    #[arg(long, conflicts_with_all = ["engine", "properties", "exact", "memory_limit", "time_limit",
          "state_limit", "expect", "checkpoint", "checkpoint_every", "restart", "hosts", "process",
          "patience", "threads"])]
    pub(in crate::commands) fair: bool,
    /// Which engine for presets of streams.
    #[arg(long, value_enum, default_value_t = EngineArg::Levels)]
    pub(in crate::commands) engine: EngineArg,
    #[command(flatten)]
    pub(in crate::commands) how: HowArgs,
    /// How many threads; as many as there are cores if not given.
    #[arg(long)]
    pub(in crate::commands) threads: Option<NonZero<usize>>,
    /// Check a wrong rule instead: the name of a mutant, as in "forget final size". Its own preset is
    /// checked if none is named.
    #[arg(long)]
    pub(in crate::commands) mutant: Option<String>,
    /// Where diagrams of counterexamples are written.
    #[arg(long, default_value = "streamproof-out")]
    pub(in crate::commands) out: PathBuf,
    /// Print JSON instead of a table.
    #[arg(long)]
    pub(in crate::commands) json: bool,
    /// Show every property, not only those that fail; JSON has them anyway.
    #[arg(long, conflicts_with = "json")]
    pub(in crate::commands) properties: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(in crate::commands) enum EngineArg {
    /// The project's own: breadth first, packed states, shortest counterexamples.
    Levels,
    /// The same search on timely dataflow: threads, processes, hosts.
    Dataflow,
}

/// How the project's own engine goes about it.
#[derive(Args, Debug)]
pub(in crate::commands) struct HowArgs {
    /// Compare states and not their fingerprints: more memory, no state taken for another.
    #[arg(long)]
    pub(in crate::commands) exact: bool,
    /// End incomplete (exit 3) before using more memory than this, as in 8GiB.
    #[arg(long, value_name = "SIZE")]
    pub(in crate::commands) memory_limit: Option<bytesize::ByteSize>,
    /// End incomplete (exit 3) after this many seconds.
    #[arg(long, value_name = "SECONDS")]
    pub(in crate::commands) time_limit: Option<u64>,
    /// End incomplete (exit 3) after this many states.
    #[arg(long, value_name = "STATES")]
    pub(in crate::commands) state_limit: Option<usize>,
    /// Pre-size the tables for this many states.
    #[arg(long, value_name = "STATES", default_value_t = 0)]
    pub(in crate::commands) expect: usize,
    /// Leave checkpoints in this folder, and resume from the one that is there. Needs one preset.
    #[arg(long, value_name = "FOLDER", conflicts_with = "exact")]
    pub(in crate::commands) checkpoint: Option<PathBuf>,
    /// Leave at most one checkpoint in this many seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, requires = "checkpoint")]
    pub(in crate::commands) checkpoint_every: u64,
    /// With `--engine dataflow`: a file with each process's host:port on a line of its own.
    #[arg(long, value_name = "FILE", requires = "process")]
    pub(in crate::commands) hosts: Option<PathBuf>,
    /// Which line of `--hosts` this process is, from 0.
    #[arg(long, value_name = "I", requires = "hosts")]
    pub(in crate::commands) process: Option<usize>,
    /// How many seconds to wait for the other processes.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, requires = "hosts")]
    pub(in crate::commands) patience: u64,
    /// Start from the beginning, even if a checkpoint is there.
    #[arg(long, requires = "checkpoint")]
    pub(in crate::commands) restart: bool,
}
