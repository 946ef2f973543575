//! `streamproof model check --engine dataflow`: this process alone, or one of a cluster.

use std::time::Duration;

use stateright::{Expectation, Model};
use streamproof_model::check::report::{Report, Verdict};
use streamproof_model::worlds::streams::StreamsWorld;
use streamproof_scale::dataflow::{Cluster, Failure, Options, Outcome, run};

use super::args::{CheckArgs, EngineArg};
use crate::commands::{UsageError, files};

/// What the command line says about the engine.
pub(super) fn options(args: &CheckArgs, threads: usize) -> Result<Options, UsageError> {
    let how = &args.how;
    let only_levels = how.exact || how.checkpoint.is_some() || how.memory_limit.is_some();
    if args.engine == EngineArg::Dataflow && only_levels {
        let one = "--exact, --checkpoint and --memory-limit are of the engine `levels`";
        return Err(UsageError(one.to_owned()));
    }
    if args.engine == EngineArg::Levels && how.hosts.is_some() {
        return Err(UsageError("--hosts and --process are of --engine dataflow".to_owned()));
    }
    let hosts = match &how.hosts {
        None => Vec::new(),
        Some(path) => {
            let text = files::read(path)?;
            let lines = text.lines().map(str::trim);
            let hosts: Vec<_> = lines.filter(|line| !line.is_empty()).map(str::to_owned).collect();
            if hosts.is_empty() {
                return Err(UsageError(format!(
                    "--hosts {}: there is no host in it",
                    path.display()
                )));
            }
            hosts
        }
    };
    for (line, host) in hosts.iter().enumerate() {
        let port = host.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
        if port.is_none() {
            return Err(UsageError(format!(
                "--hosts, line {}: \"{host}\" is no host:port",
                line + 1
            )));
        }
    }
    let process = how.process.unwrap_or(0);
    let patience = Duration::from_secs(how.patience);
    Ok(Options {
        threads,
        cluster: Cluster { hosts, process, patience },
        expected: how.expect,
        state_limit: how.state_limit,
        time_limit: how.time_limit.map(Duration::from_secs),
        stop_at_violation: false,
    })
}

/// Checks one world. What kept the cluster from its end is why the report is incomplete.
pub(super) fn check(world: &StreamsWorld, options: &Options) -> Result<Report, UsageError> {
    let quiet = Quiet::new();
    let outcome = run(*world, options);
    drop(quiet);
    match outcome {
        Ok(outcome) => Ok(report(world, outcome, options.cluster.process)),
        Err(error @ (Failure::MissingPeer { .. } | Failure::LostPeer { .. })) => {
            Ok(nothing(world, error.to_string()))
        }
        Err(
            error @ (Failure::NoSuchProcess { .. } | Failure::Address { .. } | Failure::File(_)),
        ) => Err(UsageError(error.to_string())),
    }
}

fn report(world: &StreamsWorld, outcome: Outcome, process: usize) -> Report {
    let Outcome { states, edges, levels, took, cut, hits, shares, sent } = outcome;
    let verdict = |(property, hit): (stateright::Property<StreamsWorld>, _)| {
        let verdict = match (&property.expectation, hit) {
            (Expectation::Always, Some(path)) => Verdict::Violated(path),
            (Expectation::Sometimes | Expectation::Eventually, Some(_)) => Verdict::Reached,
            (_, None) if cut.is_some() => Verdict::Open,
            (Expectation::Always, None) => Verdict::Holds,
            (Expectation::Sometimes | Expectation::Eventually, None) => Verdict::Unreached,
        };
        (property.name, verdict)
    };
    let shares: Vec<_> = shares.iter().map(ToString::to_string).collect();
    let notes = vec![
        format!("process {process}; states of each worker: {}", shares.join(", ")),
        format!("{} states and {} definitions sent from worker to worker", sent.0, sent.1),
    ];
    Report {
        preset: world.preset.name,
        states,
        generated: edges + 1,
        depth: levels,
        took,
        verdicts: world.properties().into_iter().zip(hits).map(verdict).collect(),
        cut,
        notes,
    }
}

/// Of a run that came to nothing nothing is told, whatever it had counted.
fn nothing(world: &StreamsWorld, why: String) -> Report {
    let open = |property: stateright::Property<StreamsWorld>| (property.name, Verdict::Open);
    Report {
        preset: world.preset.name,
        states: 0,
        generated: 1,
        depth: 0,
        took: Duration::ZERO,
        verdicts: world.properties().into_iter().map(open).collect(),
        cut: Some(why),
        notes: Vec::new(),
    }
}

type Hook = Box<dyn Fn(&std::panic::PanicHookInfo<'_>) + Sync + Send + 'static>;

/// While it lives, panics of timely's own threads are not printed: that is how it says that a process is
/// gone, and the report says so in one line.
struct Quiet(std::sync::Arc<Hook>);

impl Quiet {
    fn new() -> Self {
        let before = std::sync::Arc::new(std::panic::take_hook());
        let ours = before.clone();
        std::panic::set_hook(Box::new(move |panic| {
            let file = panic.location().map_or("", |location| location.file());
            if !file.contains("timely") {
                ours(panic);
            }
        }));
        Self(before)
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let before = self.0.clone();
            std::panic::set_hook(Box::new(move |panic| before(panic)));
        }
    }
}
