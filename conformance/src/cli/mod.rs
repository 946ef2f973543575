//! The `streamproof` command: what its words mean, and its exit codes.
//!
//! 0: everything holds. 1: something is violated or diverges. 2: bad input; one line on stderr says
//! which. 3: a run was cut short, and has found nothing wrong so far.

mod check;
mod cluster;
mod conform;
mod explore;
mod files;
mod graph;
mod known;
mod liveness;
mod mutants;
mod progress;
mod prove;
mod replay;
mod requirements;
mod scenarios;
mod table;
mod traces;

use std::net::SocketAddr;
use std::num::NonZero;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use streamproof_model::reset_at;
use streamproof_model::rfc::identity::Side;
use streamproof_model::world::presets::{PRESETS, Preset, Tier};

use crate::sut::{BareQuinn, Manager, Sut};

/// QUIC streams you can prove: RFC 9000's stream rules as a checked model, and a judge that plays the
/// model's traces against real QUIC stacks.
#[derive(Debug, Parser)]
#[command(name = "streamproof", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The main job: check every quick preset, then play every tour against the manager; one table.
    Prove(ProveArgs),
    /// List the presets: what each is for, and what it leaves out.
    Presets,
    /// Check presets exhaustively.
    Check(CheckArgs),
    /// Ask what comes in the end, on every fair path.
    Liveness(LivenessArgs),
    /// Write a preset's whole graph: every state, every edge.
    Graph(GraphArgs),
    /// Walk through a preset in the browser, with a sequence diagram for each path.
    Explore(ExploreArgs),
    /// Play every tour of the presets against a system under test.
    Conform(ConformArgs),
    /// Write a preset's tours as trace files.
    Traces(TracesArgs),
    /// Play one trace file.
    Replay(ReplayArgs),
    /// Play the scenarios: a short trace for each story that the rules tell.
    Scenarios(ScenariosArgs),
    /// List the rules of RFC 9000 about streams, and what stands for each.
    Requirements(RequirementsArgs),
    /// Put every wrong rule to the test, and list what kills it.
    Mutants(MutantsArgs),
}

#[derive(Args, Debug)]
struct ProveArgs {
    /// How many threads; as many as there are cores if not given.
    #[arg(long)]
    threads: Option<NonZero<usize>>,
    /// Where diagrams of what fails are written.
    #[arg(long, default_value = "streamproof-out")]
    out: PathBuf,
}

#[derive(Args, Debug)]
struct CheckArgs {
    /// Which presets; a whole tier if none is named.
    presets: Vec<String>,
    /// Which tier: quick, in which everything must be taken at least once, or full, with larger
    /// bounds. Quick if neither a tier nor a preset is named.
    #[arg(long, value_enum, conflicts_with = "presets")]
    tier: Option<TierArg>,
    /// Which engine.
    #[arg(long, value_enum, default_value_t = EngineArg::Levels)]
    engine: EngineArg,
    #[command(flatten)]
    how: HowArgs,
    /// How many threads; as many as there are cores if not given.
    #[arg(long)]
    threads: Option<NonZero<usize>>,
    /// Check a wrong rule instead: the name of a mutant, as in "forget final size". Its own preset is
    /// checked if none is named.
    #[arg(long)]
    mutant: Option<String>,
    /// Where diagrams of counterexamples are written.
    #[arg(long, default_value = "streamproof-out")]
    out: PathBuf,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
    /// Show every property, not only those that fail.
    #[arg(long)]
    properties: bool,
}

#[derive(Args, Debug)]
struct MutantsArgs {
    /// Print JSON instead of a table: with each mutant its shortest trace.
    #[arg(long)]
    json: bool,
    /// Write the table into this document, between its marks, instead.
    #[arg(long, value_name = "DOCUMENT", conflicts_with = "json")]
    update: Option<PathBuf>,
}

#[derive(Args, Debug)]
struct ExploreArgs {
    /// The preset.
    #[arg(default_value = "uni")]
    preset: String,
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:3000")]
    addr: SocketAddr,
}

#[derive(Args, Debug)]
struct ConformArgs {
    /// Which presets; all quick ones that can be replayed if none is named.
    presets: Vec<String>,
    /// The system under test.
    #[arg(long, value_enum, default_value_t = SutArg::Manager)]
    sut: SutArg,
    /// Only with the system under test on this side of the connection.
    #[arg(long, value_enum)]
    side: Option<SideArg>,
    /// Play only the tour with this number, and draw it. Needs one preset and a side.
    #[arg(long, requires = "side", conflicts_with_all = ["json", "record"])]
    trace: Option<usize>,
    /// How many threads; as many as there are cores if not given.
    #[arg(long)]
    threads: Option<NonZero<usize>>,
    /// Write the shortest trace of each deviation into this folder.
    #[arg(long)]
    record: Option<PathBuf>,
    /// Where diagrams of unlisted deviations are written.
    #[arg(long, default_value = "streamproof-out")]
    out: PathBuf,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
}

#[derive(Args, Debug)]
struct TracesArgs {
    /// The preset.
    preset: String,
    /// The folder to write into. It is made if it does not exist.
    #[arg(long)]
    out: PathBuf,
    /// Whose way the traces go where the RFC leaves a choice.
    #[arg(long, value_enum, default_value_t = SutArg::Manager)]
    sut: SutArg,
    /// Only for the system under test on this side of the connection.
    #[arg(long, value_enum)]
    side: Option<SideArg>,
}

#[derive(Args, Debug)]
struct ReplayArgs {
    /// The trace file.
    file: PathBuf,
    /// The system under test.
    #[arg(long, value_enum, default_value_t = SutArg::Manager)]
    sut: SutArg,
    /// Write the replay as an SVG sequence diagram to this file.
    #[arg(long)]
    svg: Option<PathBuf>,
    /// Print every packet instead of a diagram.
    #[arg(long)]
    log: bool,
}

#[derive(Args, Debug)]
struct ScenariosArgs {
    /// Which scenarios; all if none is named.
    ids: Vec<String>,
    /// The system under test.
    #[arg(long, value_enum, default_value_t = SutArg::Manager)]
    sut: SutArg,
    /// Find the shortest traces again and write them, instead of playing those that are there.
    #[arg(long, conflicts_with = "sut")]
    write: bool,
    /// The folder with the list and the traces.
    #[arg(long, default_value = crate::scenarios::FOLDER)]
    from: PathBuf,
}

#[derive(Args, Debug)]
struct RequirementsArgs {
    /// Only this section, in full.
    #[arg(long)]
    section: Option<String>,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
    /// Write a page with everything to this file.
    #[arg(long)]
    html: Option<PathBuf>,
    /// Read the rules from this folder instead of those compiled in.
    #[arg(long)]
    from: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum EngineArg {
    /// The project's own: breadth first, packed states, shortest counterexamples.
    Levels,
    /// The same search on timely dataflow: threads, processes, hosts.
    Dataflow,
    /// stateright's breadth-first search on readable states.
    StaterightBfs,
    /// stateright's depth-first search on readable states.
    StaterightDfs,
}

/// How the project's own engine goes about it.
#[derive(Args, Debug)]
struct HowArgs {
    /// Compare states and not their fingerprints: more memory, no state taken for another.
    #[arg(long)]
    exact: bool,
    /// Put the presets on a network that keeps every packet for ever, instead of bounding what is in flight.
    #[arg(long)]
    monotone: bool,
    /// Reduce: `dead`, `ample`, `symmetry`, or several, with commas. For twins on a monotone network.
    #[arg(long, value_enum, value_delimiter = ',', requires = "monotone")]
    reduce: Vec<ReduceArg>,
    /// End incomplete (exit 3) before using more memory than so much, as in 8GiB.
    #[arg(long, value_name = "SIZE")]
    memory_limit: Option<bytesize::ByteSize>,
    /// End incomplete (exit 3) after so many seconds.
    #[arg(long, value_name = "SECONDS")]
    time_limit: Option<u64>,
    /// End incomplete (exit 3) after so many states.
    #[arg(long, value_name = "STATES")]
    state_limit: Option<usize>,
    /// Make the tables for so many states from the beginning.
    #[arg(long, value_name = "STATES", default_value_t = 0)]
    expect: usize,
    /// Leave checkpoints in this folder, and go on from the one that is there. Needs one preset.
    #[arg(long, value_name = "FOLDER", conflicts_with = "exact")]
    checkpoint: Option<PathBuf>,
    /// A checkpoint at most every so many seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    checkpoint_every: u64,
    /// With `--engine dataflow`: a file with each process's host:port on a line of its own.
    #[arg(long, value_name = "FILE", requires = "process")]
    hosts: Option<PathBuf>,
    /// Which line of `--hosts` this process is, from 0.
    #[arg(long, value_name = "I", requires = "hosts")]
    process: Option<usize>,
    /// How long the other processes are waited for.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    patience: u64,
    /// Begin anew, whatever checkpoint is there.
    #[arg(long, requires = "checkpoint")]
    restart: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum ReduceArg {
    /// What can never matter again gets one content.
    Dead,
    /// A stream that has nothing to do with the others any more moves alone.
    Ample,
    /// Streams that are alike are sorted.
    Symmetry,
}

#[derive(Args, Debug)]
struct LivenessArgs {
    /// Which presets; all quick ones if none is named.
    presets: Vec<String>,
    /// Ask under a wrong rule: the name of a mutant. Its own preset if none is named.
    #[arg(long)]
    mutant: Option<String>,
    /// Where diagrams of what is refuted are written.
    #[arg(long, default_value = "streamproof-out")]
    out: PathBuf,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
}

#[derive(Args, Debug)]
struct GraphArgs {
    /// The preset.
    preset: String,
    /// Write it in the DOT language, for Graphviz, to this file.
    #[arg(long, value_name = "FILE", required_unless_present = "out")]
    dot: Option<PathBuf>,
    /// Write it to this file in the compact form (`model/README.md`).
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// The systems under test by name.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum SutArg {
    /// The stream manager on quinn.
    Manager,
    /// Bare quinn.
    Quinn,
}

impl SutArg {
    fn sut(self) -> Box<dyn Sut> {
        match self {
            Self::Manager => Box::new(Manager::default()),
            Self::Quinn => Box::new(BareQuinn),
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum TierArg {
    /// Seconds.
    Quick,
    /// Minutes.
    Full,
}

impl TierArg {
    const fn tier(self) -> Tier {
        match self {
            Self::Quick => Tier::Quick,
            Self::Full => Tier::Full,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum SideArg {
    /// The client.
    Client,
    /// The server.
    Server,
}

impl SideArg {
    const fn side(self) -> Side {
        match self {
            Self::Client => Side::Client,
            Self::Server => Side::Server,
        }
    }
}

/// Bad input, or a machine that does not do what is asked: one line, exit 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Bad(String);

/// Whether everything is as it should be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Verdict {
    Holds,
    Fails,
    Incomplete,
}

/// Runs the command line of this process.
pub fn run() -> ExitCode {
    end_quietly_when_nobody_listens();
    let result = match Cli::parse().command {
        Command::Prove(args) => prove::run(&args),
        Command::Presets => {
            presets();
            Ok(Verdict::Holds)
        }
        Command::Check(args) => check::run(&args),
        Command::Liveness(args) => liveness::run(&args),
        Command::Graph(args) => graph::run(&args),
        Command::Explore(args) => explore::run(&args),
        Command::Conform(args) => conform::run(&args),
        Command::Traces(args) => traces::run(&args),
        Command::Replay(args) => replay::run(&args),
        Command::Scenarios(args) => scenarios::run(&args),
        Command::Requirements(args) => requirements::run(&args),
        Command::Mutants(args) => mutants::run(&args),
    };
    match result {
        Ok(Verdict::Holds) => ExitCode::SUCCESS,
        Ok(Verdict::Fails) => ExitCode::from(1),
        Ok(Verdict::Incomplete) => ExitCode::from(3),
        Err(Bad(line)) => {
            eprintln!("streamproof: {line}");
            ExitCode::from(2)
        }
    }
}

/// `streamproof presets | head -1` closes our output early. That is no panic to report.
fn end_quietly_when_nobody_listens() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let text = panic.payload().downcast_ref::<String>().map_or("", String::as_str);
        if text.starts_with("failed printing to stdout") {
            std::process::exit(0);
        }
        report(panic);
    }));
}

fn presets() {
    for preset in PRESETS {
        println!("{}\n    {}\n    leaves out: {}", preset.name, preset.about, preset.abstraction);
    }
    for preset in reset_at::presets::PRESETS {
        println!("{}\n    {}\n    leaves out: {}", preset.name, preset.about, preset.abstraction);
        println!("    {}", reset_at::presets::NOT_REPLAYED);
    }
}

fn find_preset(name: &str) -> Result<Preset, Bad> {
    Preset::find(name).ok_or_else(|| {
        if reset_at::presets::Preset::find(name).is_some() {
            return Bad(format!("preset {name} is {}", reset_at::presets::NOT_REPLAYED));
        }
        let known: Vec<_> = PRESETS.iter().map(|preset| preset.name).collect();
        Bad(format!("no preset is called \"{name}\"; there are {}", known.join(", ")))
    })
}

/// The presets with these names, each once.
fn find_presets(names: &[String]) -> Result<Vec<Preset>, Bad> {
    let mut presets: Vec<Preset> = Vec::new();
    for name in names {
        let preset = find_preset(name)?;
        if presets.iter().all(|known| known.name != preset.name) {
            presets.push(preset);
        }
    }
    Ok(presets)
}

fn threads(asked: Option<NonZero<usize>>) -> NonZero<usize> {
    asked.or_else(|| std::thread::available_parallelism().ok()).unwrap_or(NonZero::<usize>::MIN)
}
