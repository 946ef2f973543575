//! `streamproof judge compare`: the suite against two versions of quinn-proto.
//!
//! Nothing of an earlier run is read again but what cargo has built: a run's traces and report are written
//! beside their place and moved into it when the run is whole.

mod child;
mod print;
mod scratch;
pub(in crate::commands) mod version;

use crate::commands::judge::systems::SutArg;
use clap::Args;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use self::scratch::{Scratch, Wanted};
use crate::commands::judge::repeat::replayed;
use crate::commands::{UsageError, Verdict, files, out};
use streamproof_conformance::compare::{Comparison, Report, Version};

/// Compare two versions of quinn-proto.
#[derive(Args, Debug)]
#[command(after_help = "Example:
  streamproof judge compare --from 0.11.18 --to 0.11.19 --preset uni")]
pub(in crate::commands) struct CompareArgs {
    /// The version of quinn-proto to compare from, as in 0.11.17.
    #[arg(long, value_name = "VERSION")]
    pub(in crate::commands) from: String,
    /// The version of quinn-proto to compare with.
    #[arg(long, value_name = "VERSION")]
    pub(in crate::commands) to: String,
    /// The version of quinn for `--from`; the newest that it fits if not given.
    #[arg(long, value_name = "VERSION")]
    pub(in crate::commands) quinn_from: Option<String>,
    /// The version of quinn for `--to`; the newest that it fits if not given.
    #[arg(long, value_name = "VERSION")]
    pub(in crate::commands) quinn_to: Option<String>,
    /// The system under test.
    #[arg(long, value_name = "STACK", default_value = "quinn")]
    pub(in crate::commands) sut: SutArg,
    /// A preset; may be given several times. All quick ones that can be replayed if not given.
    #[arg(long, value_name = "PRESET")]
    pub(in crate::commands) preset: Vec<String>,
    /// Print JSON instead of tables and diagrams.
    #[arg(long)]
    pub(in crate::commands) json: bool,
    /// Where the two workspaces, their builds and the traces go: `streamproof-out/compare` if not given. Builds
    /// are kept for the next time.
    #[arg(long, value_name = "DIR")]
    pub(in crate::commands) out: Option<PathBuf>,
    /// Streamproof's source tree; if not given, the one around the current folder, then the one that this
    /// command was built from.
    #[arg(long, value_name = "DIR")]
    pub(in crate::commands) source: Option<PathBuf>,
}

/// Why there is no comparison.
enum Stop {
    /// Bad input.
    UsageError(UsageError),
    /// A run that did not come to its end: why.
    Cut(String),
}

impl From<UsageError> for Stop {
    fn from(bad: UsageError) -> Self {
        Self::UsageError(bad)
    }
}

/// The two versions.
struct Pair {
    from: Scratch,
    to: Scratch,
    /// What the runs leave; no other pair writes there, so that each command that repeats stays true.
    runs: PathBuf,
    /// The system under test.
    sut: SutArg,
    presets: Vec<String>,
}

pub(in crate::commands) fn run(args: &CompareArgs) -> Result<Verdict, UsageError> {
    let pair = Pair::pin(args)?;
    match pair.play() {
        Ok(Played::Compared(comparison)) => {
            print::comparison(&pair, &comparison, args.json)?;
            Ok(if comparison.is_worse() { Verdict::Fails } else { Verdict::Holds })
        }
        Ok(Played::DoesNotBuild(reason)) => {
            print::does_not_build(&pair, &reason, args.json);
            Ok(Verdict::Fails)
        }
        Err(Stop::Cut(reason)) => {
            errln!("streamproof: incomplete: {reason}");
            if args.json {
                print::incomplete(&reason);
            }
            Ok(Verdict::Incomplete)
        }
        Err(Stop::UsageError(bad)) => Err(bad),
    }
}

/// What has come of it.
enum Played {
    Compared(Comparison),
    /// The version that is gone to, and why.
    DoesNotBuild(String),
}

impl Pair {
    /// Checks what is asked for, and pins both versions before anything is built.
    fn pin(args: &CompareArgs) -> Result<Self, UsageError> {
        if let Some(out) = &args.out {
            out::wants_folder(out)?;
        }
        let presets = replayed(&args.preset)?;
        let presets = presets.iter().map(|preset| preset.name.to_owned()).collect();
        let versions = [
            ("--from", Some(&args.from)),
            ("--to", Some(&args.to)),
            ("--quinn-from", args.quinn_from.as_ref()),
            ("--quinn-to", args.quinn_to.as_ref()),
        ];
        for (flag, version) in versions {
            if let Some(version) = version.filter(|version| !is_version(version)) {
                return Err(UsageError(format!(
                    "{flag}: \"{version}\" is no version, as 0.11.17 is"
                )));
            }
        }
        if (&args.from, &args.quinn_from) == (&args.to, &args.quinn_to) {
            return Err(UsageError(format!(
                "--from and --to are both {}: nothing to compare",
                args.from
            )));
        }
        args.sut.sut()?;
        let source = source(args.source.as_deref())?;
        let out = folder(args.out.as_deref(), &source)?;
        let pin = |proto, quinn: &Option<String>| {
            Scratch::pin(&source, &out, Wanted { proto, quinn: quinn.as_deref() })
        };
        let sut = args.sut.clone();
        let from = pin(&args.from, &args.quinn_from)?;
        let to = pin(&args.to, &args.quinn_to)?;
        let runs = out.join(format!("{}-to-{}-{}", from.label(), to.label(), sut.name()));
        Ok(Self { from, to, runs, sut, presets })
    }

    /// Builds and runs the suite against both.
    fn play(&self) -> Result<Played, Stop> {
        if let Err(reason) = self.from.build()? {
            let line = format!("{} does not build, nothing to compare with: {reason}", self.from);
            return Err(Stop::Cut(line));
        }
        self.to.begin_with(&self.from);
        if let Err(reason) = self.to.build()? {
            return Ok(Played::DoesNotBuild(reason));
        }
        if self.runs.exists() {
            // No run beside one of another time.
            let bad =
                |error: std::io::Error| UsageError(format!("{}: {error}", self.runs.display()));
            fs::remove_dir_all(&self.runs).map_err(bad)?;
        }
        let from = self.conform(Version::From)?;
        let to = self.conform(Version::To)?;
        let mut comparison =
            Comparison::of(&from, &to).map_err(|error| Stop::Cut(error.to_string()))?;
        let asks: Vec<_> = comparison.asks().map(|(id, by)| (id.to_owned(), by)).collect();
        for (id, by) in asks {
            if self.shows(by.other(), &self.trace(by, &id), &id)? {
                comparison.is_in_both(&id);
            }
        }
        Ok(Played::Compared(comparison))
    }

    fn scratch(&self, version: Version) -> &Scratch {
        match version {
            Version::From => &self.from,
            Version::To => &self.to,
        }
    }

    /// The folder with what the run against a version has left.
    fn run_of(&self, version: Version) -> PathBuf {
        self.runs.join(match version {
            Version::From => "from",
            Version::To => "to",
        })
    }

    /// The shortest trace of a deviation that the run against a version has shown.
    fn trace(&self, version: Version, id: &str) -> PathBuf {
        self.run_of(version).join(format!("{id}.ndjson"))
    }

    /// Runs the suite against a version.
    fn conform(&self, version: Version) -> Result<Report, Stop> {
        let scratch = self.scratch(version);
        let whole = self.run_of(version);
        let part = whole.with_extension("part");
        let bad = |error: std::io::Error| UsageError(format!("{}: {error}", part.display()));
        fs::create_dir_all(&part).map_err(bad)?;
        let mut command = Command::new(scratch.suite());
        command.args(["judge", "run", "--json", "--sut", self.sut.name(), "--record"]).arg(&part);
        command.arg("--out").arg(&part).args(&self.presets);
        let ended = child::run(&mut command, format!("playing against {scratch}"))?;
        let cut = |reason: String| Stop::Cut(format!("the run against {scratch}: {reason}"));
        if !matches!(ended.code, Some(0 | 1)) {
            return Err(cut(ended.reason()));
        }
        let report = serde_json::from_str(&ended.stdout).map_err(|error| cut(error.to_string()))?;
        files::write(&part.join("report.json"), &ended.stdout)?;
        fs::rename(&part, &whole).map_err(bad)?;
        Ok(report)
    }

    /// Whether a trace shows a deviation against a version.
    fn shows(&self, version: Version, trace: &Path, id: &str) -> Result<bool, Stop> {
        #[derive(Deserialize)]
        struct Deviation {
            id: String,
        }
        #[derive(Deserialize)]
        struct Replayed {
            deviations: Vec<Deviation>,
        }
        let scratch = self.scratch(version);
        let mut command = Command::new(scratch.suite());
        command.args(["trace", "play", "--json", "--sut", self.sut.name()]).arg(trace);
        let ended = child::run(&mut command, format!("replaying {}", trace.display()))?;
        let replayed: Replayed = serde_json::from_str(&ended.stdout).map_err(|_| {
            Stop::Cut(format!("{} against {scratch}: {}", trace.display(), ended.reason()))
        })?;
        Ok(replayed.deviations.iter().any(|deviation| deviation.id == id))
    }
}

/// Whether it looks like a version: three numbers, and what may stand behind them.
fn is_version(text: &str) -> bool {
    let numbers = text.split(['-', '+']).next().unwrap_or_default();
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let rest = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-+".contains(&byte));
    rest && numbers.split('.').count() == 3 && numbers.split('.').all(is_number)
}

/// The source tree: the suite is built from it, once for each version.
fn source(given: Option<&Path>) -> Result<PathBuf, UsageError> {
    let is_ours = |folder: &Path| {
        let manifest = fs::read_to_string(folder.join("conformance/judge/Cargo.toml"));
        manifest.is_ok_and(|text| text.contains("name = \"streamproof-conformance\""))
    };
    if let Some(given) = given {
        let folder = given.canonicalize().ok().filter(|folder| is_ours(folder));
        let line =
            || UsageError(format!("--source: {} is not Streamproof's source", given.display()));
        return folder.ok_or_else(line);
    }
    let here = env::current_dir().ok();
    let around = here.iter().flat_map(|here| here.ancestors()).map(Path::to_path_buf);
    let built_from =
        Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).map(Path::to_path_buf);
    around.chain(built_from).find(|folder| is_ours(folder)).ok_or_else(|| {
        UsageError(
            "no source tree of Streamproof here: say where it is with --source DIR".to_owned(),
        )
    })
}

/// The folder for everything that is made; never among the files of the source tree.
fn folder(given: Option<&Path>, source: &Path) -> Result<PathBuf, UsageError> {
    let bad = |error: std::io::Error| UsageError(format!("the current folder: {error}"));
    let here = env::current_dir().map_err(bad)?;
    let out = match given {
        Some(out) => here.join(out),
        None if here.starts_with(source) => source.join("streamproof-out/compare"),
        None => here.join("streamproof-out/compare"),
    };
    match out.strip_prefix(source) {
        Ok(inside) if !inside.starts_with("streamproof-out") && !inside.starts_with("target") => {
            let line = "is among the files of the source tree; streamproof-out and target are not";
            Err(UsageError(format!("--out: {} {line}", out.display())))
        }
        Ok(_) | Err(_) => Ok(out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_three_numbers() {
        assert!(["0.11.17", "1.0.0-beta.1", "0.5.3+x"].into_iter().all(is_version));
        assert!(
            !["", "0.11", "v0.11.17", "0.11.x", "0.11.17/..", "0..1", "=0.11.1"]
                .into_iter()
                .any(is_version)
        );
    }
}
