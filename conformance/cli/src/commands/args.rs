//! The arguments of each subcommand, as `--help` shows them.

use std::net::SocketAddr;
use std::num::NonZero;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use streamproof_model::rfc::identity::Side;
use streamproof_model::worlds::Tier;

use super::systems::{MANAGER, SutArg};
use streamproof_conformance::tours::Criterion;

#[derive(Args, Debug)]
pub(super) struct ProveArgs {
    /// How many threads; as many as there are cores if not given.
    #[arg(long)]
    pub(super) threads: Option<NonZero<usize>>,
    /// Where diagrams of what fails are written.
    #[arg(long, default_value = "streamproof-out")]
    pub(super) out: PathBuf,
}

#[derive(Args, Debug)]
pub(super) struct CheckArgs {
    /// Which presets; a whole tier if none is named. "lifecycle..." means all whose names begin so.
    pub(super) presets: Vec<String>,
    /// The same, as a flag.
    #[arg(long, value_name = "PRESET")]
    pub(super) preset: Vec<String>,
    /// Which tier: quick, in which everything must be taken at least once, or full, with larger
    /// bounds. Quick if neither a tier nor a preset is named.
    #[arg(long, value_enum, conflicts_with_all = ["presets", "preset"])]
    pub(super) tier: Option<TierArg>,
    /// Ask instead whether every goal comes on every fair path: what must come in the end. Presets of streams have
    /// goals, others have none.
    #[arg(long, conflicts_with_all = ["engine", "properties", "exact", "memory_limit", "time_limit",
          "state_limit", "expect", "checkpoint", "hosts", "threads"])]
    pub(super) fair: bool,
    /// Which engine for presets of streams.
    #[arg(long, value_enum, default_value_t = EngineArg::Levels)]
    pub(super) engine: EngineArg,
    #[command(flatten)]
    pub(super) how: HowArgs,
    /// How many threads; as many as there are cores if not given.
    #[arg(long)]
    pub(super) threads: Option<NonZero<usize>>,
    /// Check a wrong rule instead: the name of a mutant, as in "forget final size". Its own preset is
    /// checked if none is named.
    #[arg(long)]
    pub(super) mutant: Option<String>,
    /// Where diagrams of counterexamples are written.
    #[arg(long, default_value = "streamproof-out")]
    pub(super) out: PathBuf,
    /// Print JSON instead of a table.
    #[arg(long)]
    pub(super) json: bool,
    /// Show every property, not only those that fail.
    #[arg(long)]
    pub(super) properties: bool,
}

#[derive(Args, Debug)]
pub(super) struct MutantsArgs {
    /// Print JSON instead of a table: with each mutant its shortest trace.
    #[arg(long)]
    pub(super) json: bool,
    /// Write the table into this document, between its marks, instead.
    #[arg(long, value_name = "DOCUMENT", conflicts_with = "json")]
    pub(super) update: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(super) struct ZooArgs {
    /// Only these bugs, by name, as in "keep-credit-after-stop": each with a diagram of what finds it.
    pub(super) bugs: Vec<String>,
    /// How many threads; as many as there are cores if not given.
    #[arg(long)]
    pub(super) threads: Option<NonZero<usize>>,
    /// Print JSON instead of a table: with each bug its trace.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Args, Debug)]
pub(super) struct FixesArgs {
    /// Draw what breaks this one, too: its name, as in "nil guard without a lock".
    pub(super) name: Option<String>,
    /// Print JSON instead of a table: with each design the shortest interleaving of what it breaks.
    #[arg(long)]
    pub(super) json: bool,
    /// Where a diagram for each design that fails is written.
    #[arg(long, default_value = "streamproof-out")]
    pub(super) out: PathBuf,
}

#[derive(Args, Debug)]
pub(super) struct SchedulesArgs {
    /// Which races; all if none is named.
    pub(super) races: Vec<String>,
    /// How many delays a schedule may have: how often in all a ready task is passed over.
    #[arg(long, default_value_t = 6)]
    pub(super) delays: usize,
    /// End a race's search after so many schedules, incomplete.
    #[arg(long, value_name = "SCHEDULES", default_value_t = 10_000_000)]
    pub(super) limit: u64,
    /// Run one schedule of one race, as a failure names it, and show what happened.
    #[arg(long, value_name = "PLACES")]
    pub(super) schedule: Option<String>,
    /// Print JSON instead of a table.
    #[arg(long, conflicts_with = "schedule")]
    pub(super) json: bool,
}

#[derive(Args, Debug)]
pub(super) struct StormArgs {
    /// How many streams, both sides together.
    #[arg(long, default_value_t = 1_000_000)]
    pub(super) streams: u64,
    /// How many of 1,000 datagrams are lost, in either direction.
    #[arg(long, value_name = "DATAGRAMS", default_value_t = 20, value_parser = clap::value_parser!(u64).range(..=500))]
    pub(super) lost: u64,
    /// What is random comes from here.
    #[arg(long, default_value_t = 1)]
    pub(super) seed: u64,
    /// Print JSON instead of a table.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Args, Debug)]
pub(super) struct ExploreArgs {
    /// The preset.
    #[arg(default_value = "uni")]
    pub(super) preset: String,
    /// Where to listen: an address of this machine alone.
    #[arg(long, default_value = "127.0.0.1:3000")]
    pub(super) addr: SocketAddr,
}

#[derive(Args, Debug)]
pub(super) struct StacksArgs {
    /// Only these stacks.
    #[arg(long, value_name = "STACK")]
    pub(super) sut: Vec<SutArg>,
    /// How many threads; as many as there are cores if not given.
    #[arg(long)]
    pub(super) threads: Option<NonZero<usize>>,
    /// Print JSON instead of a table.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Args, Debug)]
pub(super) struct ReportArgs {
    /// The stack.
    #[arg(long, value_name = "STACK", default_value = MANAGER)]
    pub(super) sut: SutArg,
    /// Believe that the stack goes another way than it says (as `conform` has it).
    #[arg(long, value_name = "CHOICE=WAY")]
    pub(super) choice: Vec<String>,
    /// Write a page with the pictures to this file.
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    pub(super) html: Option<PathBuf>,
    /// How many threads; as many as there are cores if not given.
    #[arg(long)]
    pub(super) threads: Option<NonZero<usize>>,
    /// Print JSON instead of text.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Args, Debug)]
pub(super) struct ConformArgs {
    /// Which presets; a whole tier, as far as it can be replayed, if none is named.
    pub(super) presets: Vec<String>,
    /// Which tier: quick, or full, with larger bounds, as far as its graphs fit in memory.
    #[arg(long, value_enum, default_value_t = TierArg::Quick, conflicts_with = "presets")]
    pub(super) tier: TierArg,
    /// What the tours are to take: pairs in quick presets, edges in larger ones if not given.
    #[arg(long, value_enum)]
    pub(super) criterion: Option<CriterionArg>,
    /// The system under test.
    #[arg(long, value_name = "STACK", default_value = MANAGER)]
    pub(super) sut: SutArg,
    /// Believe that the stack goes another way than it says: a choice or a departure of specs/choices.md, and
    /// "always" or "never".
    #[arg(long, value_name = "CHOICE=WAY")]
    pub(super) choice: Vec<String>,
    /// Only with the system under test on this side of the connection.
    #[arg(long, value_enum)]
    pub(super) side: Option<SideArg>,
    /// Play only the tour with this number, and draw it. Needs one preset and a side.
    #[arg(long, requires = "side", conflicts_with_all = ["json", "record"])]
    pub(super) trace: Option<usize>,
    /// Play only the shortest way to the first of these edges and then all of them, and draw it: fingerprints,
    /// as `--edges` writes them, with commas. Needs one preset and a side.
    #[arg(long, value_name = "FINGERPRINTS", requires = "side", value_delimiter = ',',
          conflicts_with_all = ["json", "record", "trace"])]
    pub(super) edge: Vec<String>,
    /// Write each edge to this file: its fingerprint, whether it was taken, and what happens there. For two
    /// runs that are to be compared. Needs one preset and a side.
    #[arg(long, value_name = "FILE", requires = "side")]
    pub(super) edges: Option<PathBuf>,
    /// How many threads; as many as there are cores if not given.
    #[arg(long)]
    pub(super) threads: Option<NonZero<usize>>,
    /// Write the shortest trace of each deviation into this folder.
    #[arg(long)]
    pub(super) record: Option<PathBuf>,
    /// Where diagrams of unlisted deviations are written.
    #[arg(long, default_value = "streamproof-out")]
    pub(super) out: PathBuf,
    /// Print JSON instead of a table.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Args, Debug)]
pub(super) struct TracesArgs {
    /// The preset.
    pub(super) preset: String,
    /// The folder to write into. It is made if it does not exist.
    #[arg(long)]
    pub(super) out: PathBuf,
    /// What the tours are to take. Those over edges come first, with the same numbers either way.
    #[arg(long, value_enum, default_value_t = CriterionArg::Edges)]
    pub(super) criterion: CriterionArg,
    /// Whose way the traces go where the RFC leaves a choice.
    #[arg(long, value_name = "STACK", default_value = MANAGER)]
    pub(super) sut: SutArg,
    /// Only for the system under test on this side of the connection.
    #[arg(long, value_enum)]
    pub(super) side: Option<SideArg>,
    /// Only the shortest trace that takes the edge with this number, as `conform --json` counts them.
    #[arg(long, value_name = "NUMBER", requires = "side")]
    pub(super) edge: Option<usize>,
}

#[derive(Args, Debug)]
pub(super) struct ReplayArgs {
    /// The trace file; `-` is standard input.
    pub(super) file: PathBuf,
    /// The system under test.
    #[arg(long, value_name = "STACK", default_value = MANAGER)]
    pub(super) sut: SutArg,
    /// Write the replay as an SVG sequence diagram to this file.
    #[arg(long)]
    pub(super) svg: Option<PathBuf>,
    /// Print every packet instead of a diagram.
    #[arg(long)]
    pub(super) log: bool,
    /// Print what deviates as JSON instead of a diagram.
    #[arg(long, conflicts_with = "log")]
    pub(super) json: bool,
}

#[derive(Args, Debug)]
pub(super) struct ScenariosArgs {
    /// Which scenarios; all if none is named.
    pub(super) ids: Vec<String>,
    /// The system under test.
    #[arg(long, value_name = "STACK", default_value = MANAGER)]
    pub(super) sut: SutArg,
    /// Find the shortest traces again and write them, instead of playing those that are there.
    #[arg(long, conflicts_with = "sut")]
    pub(super) write: bool,
    /// The folder with the list and the traces.
    #[arg(long, default_value = crate::scenarios::FOLDER)]
    pub(super) from: PathBuf,
}

#[derive(Args, Debug)]
pub(super) struct UpgradeArgs {
    /// The version of quinn-proto that is left, as in 0.11.17.
    #[arg(long, value_name = "VERSION")]
    pub(super) from: String,
    /// The version of quinn-proto that is gone to.
    #[arg(long, value_name = "VERSION")]
    pub(super) to: String,
    /// The version of quinn with `--from`; the newest that goes with it if not given.
    #[arg(long, value_name = "VERSION")]
    pub(super) quinn_from: Option<String>,
    /// The version of quinn with `--to`; the newest that goes with it if not given.
    #[arg(long, value_name = "VERSION")]
    pub(super) quinn_to: Option<String>,
    /// The system under test.
    #[arg(long, value_name = "STACK", default_value = "quinn")]
    pub(super) sut: SutArg,
    /// A preset; may be given several times. All quick ones that can be replayed if not given.
    #[arg(long, value_name = "PRESET")]
    pub(super) preset: Vec<String>,
    /// Print JSON instead of tables and diagrams.
    #[arg(long)]
    pub(super) json: bool,
    /// Where the two workspaces, their builds and the traces go: `streamproof-out/upgrade` if not given. Builds
    /// are kept for the next time.
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Streamproof's source tree; if not given, the one around the current folder, then the one that this
    /// command was built from.
    #[arg(long, value_name = "DIR")]
    pub(super) source: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(super) struct RequirementsArgs {
    /// Only this section, in full.
    #[arg(long)]
    pub(super) section: Option<String>,
    /// Print JSON instead of a table.
    #[arg(long)]
    pub(super) json: bool,
    /// Write a page with everything to this file.
    #[arg(long)]
    pub(super) html: Option<PathBuf>,
    /// Read the rules from this folder instead of those compiled in.
    #[arg(long)]
    pub(super) from: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(super) enum EngineArg {
    /// The project's own: breadth first, packed states, shortest counterexamples.
    Levels,
    /// The same search on timely dataflow: threads, processes, hosts.
    Dataflow,
}

/// How the project's own engine goes about it.
#[derive(Args, Debug)]
pub(super) struct HowArgs {
    /// Compare states and not their fingerprints: more memory, no state taken for another.
    #[arg(long)]
    pub(super) exact: bool,
    /// End incomplete (exit 3) before using more memory than so much, as in 8GiB.
    #[arg(long, value_name = "SIZE")]
    pub(super) memory_limit: Option<bytesize::ByteSize>,
    /// End incomplete (exit 3) after so many seconds.
    #[arg(long, value_name = "SECONDS")]
    pub(super) time_limit: Option<u64>,
    /// End incomplete (exit 3) after so many states.
    #[arg(long, value_name = "STATES")]
    pub(super) state_limit: Option<usize>,
    /// Make the tables for so many states from the beginning.
    #[arg(long, value_name = "STATES", default_value_t = 0)]
    pub(super) expect: usize,
    /// Leave checkpoints in this folder, and go on from the one that is there. Needs one preset.
    #[arg(long, value_name = "FOLDER", conflicts_with = "exact")]
    pub(super) checkpoint: Option<PathBuf>,
    /// A checkpoint at most every so many seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub(super) checkpoint_every: u64,
    /// With `--engine dataflow`: a file with each process's host:port on a line of its own.
    #[arg(long, value_name = "FILE", requires = "process")]
    pub(super) hosts: Option<PathBuf>,
    /// Which line of `--hosts` this process is, from 0.
    #[arg(long, value_name = "I", requires = "hosts")]
    pub(super) process: Option<usize>,
    /// How long the other processes are waited for.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub(super) patience: u64,
    /// Begin anew, whatever checkpoint is there.
    #[arg(long, requires = "checkpoint")]
    pub(super) restart: bool,
}

#[derive(Args, Debug)]
pub(super) struct GraphArgs {
    /// The preset.
    pub(super) preset: String,
    /// Write it in the DOT language, for Graphviz, to this file.
    #[arg(long, value_name = "FILE", required_unless_present = "out")]
    pub(super) dot: Option<PathBuf>,
    /// Write it to this file in the compact form (`model/README.md`).
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
}

/// What tours are to take.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(super) enum CriterionArg {
    /// Every edge.
    Edges,
    /// Every pair of consecutive edges too.
    Pairs,
}

impl CriterionArg {
    pub(super) const fn criterion(self) -> Criterion {
        match self {
            Self::Edges => Criterion::Edges,
            Self::Pairs => Criterion::Pairs,
        }
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(super) enum TierArg {
    /// Seconds.
    Quick,
    /// Minutes.
    Full,
}

impl TierArg {
    pub(super) const fn tier(self) -> Tier {
        match self {
            Self::Quick => Tier::Quick,
            Self::Full => Tier::Full,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum SideArg {
    /// The client.
    Client,
    /// The server.
    Server,
}

impl SideArg {
    pub(super) const fn side(self) -> Side {
        match self {
            Self::Client => Side::Client,
            Self::Server => Side::Server,
        }
    }
}
