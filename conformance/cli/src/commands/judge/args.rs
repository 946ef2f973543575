//! What `streamproof judge run` takes.

use std::num::NonZero;
use std::path::PathBuf;

use clap::Args;

use super::systems::SutArgs;
use crate::commands::shared::{CriterionArg, SideArg, TierArg};

/// Play the tours of presets against a stack.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  streamproof judge run                         the manager, every quick preset
  streamproof judge run --sut quinn uni bidi    bare quinn, two presets
  streamproof judge run --sut quinn@0.11.17     another version, built first, by the list of this one
  streamproof judge run --sut quinn --junit report.xml uni
  streamproof judge run --sut quinn --repeat 10000 uni-lossy")]
pub(in crate::commands) struct RunArgs {
    /// Which presets; a whole tier, as far as it can be replayed, if none is named.
    pub(super) presets: Vec<String>,
    /// Which tier: quick, or full, with larger bounds, as far as its graphs fit in memory.
    #[arg(long, value_enum, default_value_t = TierArg::Quick, conflicts_with = "presets")]
    pub(super) tier: TierArg,
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
    pub(super) record: Option<PathBuf>,
    /// Add the situations in which each deviation shows to this file: a stack's `situations.toml`.
    #[arg(long, value_name = "FILE")]
    pub(super) situations: Option<PathBuf>,
    /// Where diagrams and traces of unlisted deviations are written.
    #[arg(long, value_name = "DIR", default_value = "streamproof-out")]
    pub(super) out: PathBuf,
    /// Print JSON instead of a table.
    #[arg(long)]
    pub(super) json: bool,
    /// Write the verdicts as JUnit XML to this file: a case for each preset and side.
    #[arg(long, value_name = "FILE")]
    pub(super) junit: Option<PathBuf>,
    /// Write the deviations as SARIF to this file: a result for each.
    #[arg(long, value_name = "FILE")]
    pub(super) sarif: Option<PathBuf>,
}
