//! `streamproof judge run`.

use std::path::{Path, PathBuf};

use streamproof_conformance::deviations::{Situations, write_situations};
use streamproof_conformance::suite::{self, Report, Suite};
use streamproof_conformance::sut::Sut;
use streamproof_conformance::table::count;

use super::args::RunArgs;
use super::{draw_unlisted, junit, one, print_deviations, repeat, sarif, verdict_of, version};
use crate::commands::progress::Progress;
use crate::commands::shared::TierArg;
use crate::commands::{UsageError, Verdict, files, find_preset, out, stop, threads};

pub(in crate::commands) fn run(args: &RunArgs) -> Result<Verdict, UsageError> {
    let written = args.junit.iter().chain(&args.sarif).chain(&args.edges).chain(&args.situations);
    out::give_way(written.map(PathBuf::as_path), args.json)?;
    args.record.as_deref().map_or(Ok(()), out::wants_folder)?;
    threads(args.threads)?;
    if let Some((stack, version)) = args.sut.version() {
        return version::run(stack, version);
    }
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
    if let Some(file) = &args.situations {
        add_situations(file, report.situations())?;
    }
    if let Some(folder) = &args.record {
        super::print::record_all(&report, &*sut, folder)?;
    }
    draw_unlisted(&report, &*sut, &args.out, args.json)?;
    Ok(verdict_of(&report))
}

/// Adds situations to those of a file, if there is one.
fn add_situations(file: &Path, mut situations: Situations) -> Result<(), UsageError> {
    if file.exists() {
        let known: Situations = toml::from_str(&files::read(file)?)
            .map_err(|error| UsageError(format!("{}: {}", file.display(), error.message())))?;
        for (id, more) in known {
            situations.entry(id).or_default().extend(more);
        }
    }
    files::write(file, &write_situations(&situations))
}

fn suite(args: &RunArgs) -> Result<Suite<'static>, UsageError> {
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
pub(in crate::commands) fn play(suite: &Suite<'_>, sut: &dyn Sut) -> Result<Report, UsageError> {
    let line = Progress::new(format!("playing {}", sut.name()));
    let tell = |progress: &suite::Progress<'_>| {
        let suite::Progress { preset, side, traces, done, rows, share } = progress;
        let here = format!("{preset} as {side}, {} traces", count(*traces));
        line.tell_of(*done, *rows, *share, &here);
    };
    let report = suite.clone().progress(&tell).run(sut);
    report.map_err(|error| UsageError(error.to_string()))
}
