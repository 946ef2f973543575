//! `streamproof judge run`.

use std::num::NonZero;
use std::path::PathBuf;

use clap::Args;
use streamproof_conformance::suite::{self, Report, Suite};
use streamproof_conformance::sut::Sut;
use streamproof_conformance::table::count;

use super::systems::SutArgs;
use super::{draw_unlisted, junit, one, print_deviations, repeat, sarif, verdict_of};
use crate::commands::progress::Progress;
use crate::commands::shared::{CriterionArg, SideArg, TierArg};
use crate::commands::{Bad, Verdict, files, find_preset, out, stop, threads};

/// Play the tours of presets against a stack.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  streamproof judge run                         the manager, every quick preset
  streamproof judge run --sut quinn uni bidi    bare quinn, two presets
  streamproof judge run --sut quinn --junit report.xml uni
  streamproof judge run --sut quinn --repeat 10000 uni-lossy")]
pub(in crate::commands) struct RunArgs {
    /// Which presets; a whole tier, as far as it can be replayed, if none is named.
    pub(super) presets: Vec<String>,
    /// Which tier: quick, or full, with larger bounds, as far as its graphs fit in memory.
    #[arg(long, value_enum, default_value_t = TierArg::Quick, conflicts_with = "presets")]
    tier: TierArg,
    /// What the tours are to take: pairs in quick presets, edges in larger ones and of stacks in processes of
    /// their own, if not given.
    #[arg(long, value_enum)]
    pub(super) criterion: Option<CriterionArg>,
    #[command(flatten)]
    pub(super) sut: SutArgs,
    /// Only with the system under test on this side of the connection.
    #[arg(long, value_enum)]
    pub(super) side: Option<SideArg>,
    /// Play only the tour with this number, and draw it. Needs one preset and a side.
    #[arg(long, value_name = "NUMBER", requires = "side",
          conflicts_with_all = ["json", "record", "junit", "sarif", "out"])]
    pub(super) tour: Option<usize>,
    /// Play only the shortest way to the first of these edges and then all of them, and draw it: fingerprints,
    /// as `--edges` writes them, with commas. Needs one preset and a side.
    #[arg(long, value_name = "FINGERPRINTS", requires = "side", value_delimiter = ',',
          conflicts_with_all = ["json", "record", "tour", "criterion", "junit", "sarif", "out", "threads"])]
    pub(super) edge: Vec<String>,
    /// Write each edge to this file: its fingerprint, whether it was taken, and what happens there. For two
    /// runs that are to be compared. Needs one preset and a side.
    #[arg(long, value_name = "FILE", requires = "side",
          conflicts_with_all = ["json", "record", "tour", "edge", "junit", "sarif", "out"])]
    pub(super) edges: Option<PathBuf>,
    /// Check that replays are deterministic: play random traces this many times each, and compare what comes
    /// back byte for byte.
    #[arg(long, value_name = "PLAYS", conflicts_with_all = ["json", "record", "tour", "edge", "edges", "side",
          "tier", "criterion", "junit", "sarif", "out"])]
    pub(super) repeat: Option<usize>,
    /// With `--repeat`: how many traces.
    #[arg(long, default_value_t = 3, requires = "repeat")]
    pub(super) traces: usize,
    /// With `--repeat`: the seed for the choice of traces.
    #[arg(long, default_value_t = 1, requires = "repeat")]
    pub(super) seed: u64,
    /// How many threads; as many as there are cores if not given.
    #[arg(long)]
    pub(super) threads: Option<NonZero<usize>>,
    /// Write the shortest trace of each deviation into this folder.
    #[arg(long, value_name = "DIR")]
    record: Option<PathBuf>,
    /// Where diagrams and traces of unlisted deviations are written.
    #[arg(long, value_name = "DIR", default_value = "streamproof-out")]
    out: PathBuf,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
    /// Write the verdicts as JUnit XML to this file: a case for each preset and side.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Write the deviations as SARIF to this file: a result for each.
    #[arg(long, value_name = "FILE")]
    sarif: Option<PathBuf>,
}

pub(in crate::commands) fn run(args: &RunArgs) -> Result<Verdict, Bad> {
    let written = args.junit.iter().chain(&args.sarif).chain(&args.edges);
    out::give_way(written.map(PathBuf::as_path), args.json)?;
    args.record.as_deref().map_or(Ok(()), out::wants_folder)?;
    threads(args.threads)?;
    let sut = args.sut.sut()?;
    if let Some(plays) = args.repeat {
        return repeat::run(args, &*sut, plays);
    }
    if args.tour.is_some() || !args.edge.is_empty() {
        return one::run(args, &*sut);
    }
    if let Some(file) = &args.edges {
        return one::edges(args, &*sut, file);
    }
    let suite = suite(args)?;
    let report = play(&suite, &*sut)?;
    if args.json {
        outln!("{:#}", report.to_json());
    } else {
        out!("{}", report.to_table(out::width()));
        outln!();
        print_deviations(&report);
    }
    if let Some(file) = &args.junit {
        files::write(file, &junit::write(&report))?;
    }
    if let Some(file) = &args.sarif {
        files::write(file, &sarif::write(&report))?;
    }
    if let Some(folder) = &args.record {
        super::print::record_all(&report, &*sut, folder)?;
    }
    draw_unlisted(&report, &*sut, &args.out, args.json)?;
    Ok(verdict_of(&report))
}

fn suite(args: &RunArgs) -> Result<Suite<'static>, Bad> {
    let mut suite = match args.presets.is_empty() {
        true if args.tier == TierArg::Quick => Suite::quick(),
        true => Suite::of_tier(args.tier.tier()),
        false => {
            // What is not there is told with what was meant.
            args.presets.iter().try_for_each(|name| find_preset(name).map(drop))?;
            Suite::quick().presets(args.presets.iter().cloned())
        }
    };
    suite = suite.threads(threads(args.threads)?).stop_at(stop::asked()?);
    if let Some(side) = args.side {
        suite = suite.side(side.side());
    }
    if let Some(criterion) = args.criterion {
        suite = suite.criterion(criterion.criterion());
    }
    // Used to compare two runs.
    Ok(if args.json { suite.fingerprints() } else { suite })
}

/// Plays a suite, with a line on stderr that says how far it has come.
pub(in crate::commands) fn play(suite: &Suite<'_>, sut: &dyn Sut) -> Result<Report, Bad> {
    let line = Progress::new(format!("playing {}", sut.name()));
    let tell = |progress: &suite::Progress<'_>| {
        let suite::Progress { preset, side, traces, done, rows, share } = progress;
        let here = format!("{preset} as {side}, {} traces", count(*traces));
        line.tell_of(*done, *rows, *share, &here);
    };
    let report = suite.clone().progress(&tell).run(sut);
    report.map_err(|error| Bad(error.to_string()))
}
