//! `streamproof`: the main job.

use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use clap::Args;
use serde_json::json;
use streamproof_conformance::suite::{self, Suite};
use streamproof_conformance::table::{Column, count, percent, table_within};
use streamproof_conformance::tours::{Criterion, RoleReport};
use streamproof_model::check::any::Counterexample;
use streamproof_model::check::report::Report;
use streamproof_model::check::search::Options;
use streamproof_model::check::streams::check_packed;
use streamproof_model::worlds::streams::StreamsWorld;
use streamproof_model::worlds::streams::presets::{PRESETS, Preset};
use streamproof_model::worlds::{Tier, World};
use streamproof_stacks::manager::Manager;

use super::judge::{draw_unlisted, play, print_deviations, verdict_of};
use super::model::report;
use super::progress::Progress;
use super::{UsageError, Verdict, incident, of_schema, out, stop, threads};

/// The main job.
#[derive(Args, Debug)]
pub(super) struct MainArgs {
    /// How many threads; as many as there are cores if not given.
    #[arg(long)]
    threads: Option<NonZero<usize>>,
    /// End incomplete (exit 3) after this many seconds.
    #[arg(long, value_name = "SECONDS")]
    time_limit: Option<u64>,
    /// Where diagrams of what fails are written.
    #[arg(long, value_name = "DIR", default_value = "streamproof-out")]
    out: PathBuf,
    /// Print JSON instead of the picture and the table.
    #[arg(long)]
    json: bool,
}

type Checked = Report<Counterexample>;

pub(super) fn run(args: &MainArgs) -> Result<Verdict, UsageError> {
    let threads = threads(args.threads)?;
    if !args.json {
        incident::show()?;
    }
    let stop = stop::asked()?;
    if let Some(seconds) = args.time_limit {
        stop::after(seconds);
    }
    let presets: Vec<Preset> =
        PRESETS.iter().filter(|preset| preset.tier == Tier::Quick).copied().collect();
    let checked = check_all(&presets, threads, stop)?;
    let manager = Manager::default();
    let suite = Suite::quick().criterion(Criterion::Edges).threads(threads).stop_at(stop);
    let played = play(&suite, &manager)?;
    let verdict = verdict(&presets, &checked, &played);
    if args.json {
        let checked: Vec<_> = checked.iter().map(report::as_json).collect();
        let all = json!({
            "verdict": word(verdict).to_lowercase(),
            "checked": checked,
            "presets": presets.len(),
            "played": played.to_json(),
        });
        outln!("{:#}", of_schema("main", all));
        return Ok(verdict);
    }
    out!("{}", as_table(&checked, &played));
    outln!();
    print_deviations(&played);
    let asked = report::Asked { mutant: None, flags: String::new(), out: &args.out };
    for report in &checked {
        report::show_failures(StreamsWorld::RULES, report, &asked, false);
    }
    draw_unlisted(&played, &manager, &args.out, false)?;
    let (done, all) = (checked.len(), presets.len());
    if done < all {
        outln!("cut       {} of {all} presets were not checked", all - done);
    }
    out::paragraph("", &summary(verdict, &checked, &played));
    Ok(verdict)
}

fn verdict(presets: &[Preset], checked: &[Checked], played: &suite::Report) -> Verdict {
    if checked.iter().any(Report::is_violated) {
        return Verdict::Fails;
    }
    let whole = checked.len() == presets.len() && checked.iter().all(Report::holds);
    match (whole, verdict_of(played)) {
        (_, Verdict::Fails) => Verdict::Fails,
        (true, verdict) => verdict,
        (false, Verdict::Holds | Verdict::Incomplete) => Verdict::Incomplete,
    }
}

/// Checks the properties of every preset, side by side; those that were not reached before the end are left out.
fn check_all(
    presets: &[Preset],
    threads: NonZero<usize>,
    stop: &AtomicBool,
) -> Result<Vec<Checked>, UsageError> {
    let line = Progress::new("checking".to_owned());
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let all: Mutex<Vec<Option<Result<Checked, UsageError>>>> =
        Mutex::new(presets.iter().map(|_| None).collect());
    let work = || {
        while !stop.load(Ordering::Relaxed) {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(preset) = presets.get(number) else { return };
            let ready = done.load(Ordering::Relaxed);
            let share = ready as f64 / presets.len() as f64;
            line.tell_of(ready, presets.len(), share, preset.name);
            let checked = check(preset);
            all.lock().unwrap_or_else(PoisonError::into_inner)[number] = Some(checked);
            done.fetch_add(1, Ordering::Relaxed);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..threads.get().min(presets.len()) {
            scope.spawn(work);
        }
    });
    let all = all.into_inner().unwrap_or_else(PoisonError::into_inner);
    all.into_iter().flatten().collect()
}

/// Checks the properties of one preset: some seconds at most.
fn check(preset: &Preset) -> Result<Checked, UsageError> {
    let world = StreamsWorld::new(*preset);
    let options = Options { threads: 1, ..Options::default() };
    let report = check_packed(world, &options, &mut |_| {});
    let report = report.map_err(|failure| UsageError(failure.to_string()))?;
    Ok(report.map(|path| Counterexample::of(&world, &path)))
}

/// The columns of the table; what is dropped first where there is no room has the largest number.
const COLUMNS: [Column; 9] = [
    Column::left("preset", 0),
    Column::right("states", 0),
    Column::right("properties", 1),
    Column::right("model", 0),
    Column::right("as", 0),
    Column::right("edges", 0),
    Column::right("taken %", 0),
    Column::right("traces", 2),
    Column::right("deviations", 3),
];

fn as_table(checked: &[Checked], played: &suite::Report) -> String {
    let mut rows = Vec::new();
    for report in checked {
        let good = report.verdicts.iter().filter(|(_, verdict)| verdict.is_good()).count();
        let model = [
            report.preset.to_owned(),
            count(report.states),
            format!("{good}/{}", report.verdicts.len()),
            report::standing(report).to_owned(),
        ];
        let reports = played.rows.iter().map(|row| &row.report);
        let mut roles = reports.filter(|role| role.preset == report.preset).peekable();
        if roles.peek().is_none() {
            rows.push([&model[..], &["-", "-", "-", "-", "-"].map(str::to_owned)].concat());
        }
        let mut left = model;
        for role in roles {
            rows.push([&left[..], &cells(role)[..]].concat());
            left = Default::default();
        }
    }
    table_within(out::width(), &COLUMNS, &rows)
}

fn cells(role: &RoleReport) -> [String; 5] {
    [
        role.side.to_string(),
        count(role.edges),
        percent(role.taken, role.edges),
        count(role.traces),
        role.findings.len().to_string(),
    ]
}

const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Holds => "HOLDS",
        Verdict::Fails => "FAILS",
        Verdict::Incomplete => "INCOMPLETE",
    }
}

fn summary(verdict: Verdict, checked: &[Checked], played: &suite::Report) -> String {
    let states: usize = checked.iter().map(|report| report.states).sum();
    format!(
        "{}: {} states checked; {} of {} edges taken ({} visible to the manager) in {} traces, {} steps on real quinn",
        word(verdict),
        count(states),
        count(played.sum(|row| row.taken)),
        count(played.sum(|row| row.edges)),
        count(played.sum(|row| row.visible)),
        count(played.sum(|row| row.traces)),
        count(played.sum(|row| row.steps)),
    )
}
