//! `streamproof check`.

use std::io::{IsTerminal, stdout};
use std::path::Path;

use serde::Serialize;
use serde_json::json;
use streamproof_model::check::engine::{Checked, PathOf, Report, ReportOf, Search, Verdict, check};
use streamproof_model::check::progress::{Outlook, progress};
use streamproof_model::diagram::{Diagram, Emphasis, Row};
use streamproof_model::explore::path_diagram;
use streamproof_model::mutants::MUTANTS;
use streamproof_model::reset_at;
use streamproof_model::rfc::coverage;
use streamproof_model::world::presets::{PRESETS, Tier};
use streamproof_model::world::properties::progress::GOALS;
use streamproof_model::world::system::World;

use super::progress::Progress;
use super::table::{count, table};
use super::{Bad, CheckArgs, SearchArg, TierArg, Verdict as Result_, files, find_preset, threads};

/// Columns of a diagram in the terminal.
pub(super) const WIDTH: usize = 100;

/// A world whose paths can be drawn.
pub(super) trait Drawn: Checked + Clone {
    /// Whose rules it has, if not a mutant's.
    const RULES: &str;
    fn draw(&self, path: &PathOf<Self>) -> Diagram;
}

impl Drawn for World {
    const RULES: &str = "RFC 9000's rules";
    fn draw(&self, path: &PathOf<Self>) -> Diagram {
        path_diagram(self, path)
    }
}

impl Drawn for reset_at::world::World {
    const RULES: &str = "the draft's rules";
    fn draw(&self, path: &PathOf<Self>) -> Diagram {
        reset_at::picture::path_diagram(self, path)
    }
}

/// What is asked for: worlds of streams, and worlds of RESET_STREAM_AT.
#[derive(Default)]
struct Worlds {
    streams: Vec<World>,
    reset_at: Vec<reset_at::world::World>,
}

pub(super) fn run(args: &CheckArgs) -> Result<Result_, Bad> {
    let mutant = args.mutant.as_deref();
    let tier = args.tier.map_or(Tier::Quick, TierArg::tier);
    let worlds = worlds(&args.presets, tier, mutant)?;
    // Only the whole quick tier is meant to come to everything.
    let whole = args.presets.is_empty() && mutant.is_none() && tier == Tier::Quick;
    let search = match args.search {
        SearchArg::Bfs => Search::Bfs,
        SearchArg::Dfs => Search::Dfs,
    };
    let threads = threads(args.threads).get();
    coverage::clear();
    let streams: Vec<_> =
        worlds.streams.iter().map(|world| check_streams(world, search, threads)).collect();
    let reset_at: Vec<_> =
        worlds.reset_at.iter().map(|world| check_one(world, search, threads)).collect();
    if args.json {
        let reports = streams.iter().map(as_json).chain(reset_at.iter().map(as_json));
        println!("{:#}", json!(reports.collect::<Vec<_>>()));
    } else {
        let rows = streams.iter().map(row).chain(reset_at.iter().map(row));
        print!("{}", as_table(&rows.collect::<Vec<_>>()));
        if args.properties {
            let texts = streams.iter().map(properties).chain(reset_at.iter().map(properties));
            print!("{}", texts.collect::<String>());
        }
    }
    for (world, report) in worlds.streams.iter().zip(&streams) {
        show_failures(world, report, mutant, &args.out, args.json)?;
    }
    for (world, report) in worlds.reset_at.iter().zip(&reset_at) {
        show_failures(world, report, mutant, &args.out, args.json)?;
    }
    let mut missing = if whole { coverage::missing() } else { Vec::new() };
    missing.extend(GOALS.iter().filter(|_| whole).filter_map(|goal| {
        let known = |report: &Report| report.verdicts.iter().any(|(name, _)| *name == goal.name);
        (!streams.iter().any(known)).then(|| format!("awaited: {}", goal.name))
    }));
    for mark in &missing {
        eprintln!("never taken: {mark}");
    }
    let holds = streams.iter().all(Report::holds) && reset_at.iter().all(Report::holds);
    if !args.json {
        let states = streams.iter().map(|r| r.states).chain(reset_at.iter().map(|r| r.states));
        let states: usize = states.sum();
        let word = if holds && missing.is_empty() { "HOLDS" } else { "VIOLATED" };
        let all = coverage::total() + GOALS.len();
        let taken = all - missing.len();
        let marks = match whole {
            true => format!(
                "; {taken} of {} actions, guard outcomes and meetings of frame and state taken",
                all
            ),
            false => String::new(),
        };
        println!("{word}: {} states{marks}", count(states));
    }
    let holds = holds && missing.is_empty();
    Ok(if holds { Result_::Holds } else { Result_::Fails })
}

fn worlds(names: &[String], tier: Tier, mutant: Option<&str>) -> Result<Worlds, Bad> {
    let Some(name) = mutant else { return right_worlds(names, tier) };
    let one = |preset: &str| [preset.to_owned()];
    if let Some(mutant) = MUTANTS.iter().find(|mutant| mutant.name == name) {
        let own = one(mutant.preset);
        let mut worlds = right_worlds(if names.is_empty() { &own } else { names }, tier)?;
        worlds.streams.iter_mut().for_each(|world| world.rules = mutant.rules);
        return foreign(name, worlds.reset_at.first().map(Checked::name)).map(|()| worlds);
    }
    if let Some(mutant) = reset_at::mutants::MUTANTS.iter().find(|mutant| mutant.name == name) {
        let own = one(mutant.preset);
        let mut worlds = right_worlds(if names.is_empty() { &own } else { names }, tier)?;
        worlds.reset_at.iter_mut().for_each(|world| world.rules = mutant.rules);
        return foreign(name, worlds.streams.first().map(Checked::name)).map(|()| worlds);
    }
    let names = MUTANTS.iter().map(|mutant| mutant.name);
    let names: Vec<_> =
        names.chain(reset_at::mutants::MUTANTS.iter().map(|mutant| mutant.name)).collect();
    Err(Bad(format!("no mutant is called \"{name}\"; there are: {}", names.join("; "))))
}

/// A mutant's rules say nothing of the other kind of preset.
fn foreign(mutant: &str, preset: Option<&str>) -> Result<(), Bad> {
    match preset {
        None => Ok(()),
        Some(preset) => Err(Bad(format!("preset {preset} has no rule for \"{mutant}\""))),
    }
}

/// The presets with these names, each once, all if there is no name, under their own rules.
fn right_worlds(names: &[String], tier: Tier) -> Result<Worlds, Bad> {
    let mut worlds = Worlds::default();
    if names.is_empty() {
        let of_tier = PRESETS.iter().filter(|preset| preset.tier == tier);
        worlds.streams.extend(of_tier.copied().map(World::new));
        if tier == Tier::Quick {
            let presets = reset_at::presets::PRESETS.iter().copied();
            worlds.reset_at.extend(presets.map(reset_at::world::World::new));
        }
    }
    for name in names {
        if let Some(preset) = reset_at::presets::Preset::find(name) {
            if worlds.reset_at.iter().all(|known| known.preset.name != name) {
                worlds.reset_at.push(reset_at::world::World::new(preset));
            }
        } else {
            let preset = find_preset(name)?;
            if worlds.streams.iter().all(|known| known.preset.name != name) {
                worlds.streams.push(World::new(preset));
            }
        }
    }
    Ok(worlds)
}

/// Checks one world of streams, and what must come there in the end.
pub(super) fn check_streams(world: &World, search: Search, threads: usize) -> Report {
    let mut report = check_one(world, search, threads);
    for goal in progress(world) {
        let verdict = match goal.outlook {
            Outlook::Comes => Verdict::Holds,
            Outlook::Stuck(path) => Verdict::Violated(path),
            // Nothing is shown here; in some preset of the quick tier it has to be.
            Outlook::Vacuous => continue,
        };
        report.verdicts.push((goal.name, verdict));
    }
    report
}

/// Checks one world, with progress on stderr.
pub(super) fn check_one<W: Drawn>(world: &W, search: Search, threads: usize) -> ReportOf<W> {
    let line = Progress::new(format!("checking {}", world.name()));
    check(world.clone(), search, threads, &mut |progress| {
        line.tell(&format!("{} states", count(progress.states)));
    })
}

fn as_table(rows: &[Vec<String>]) -> String {
    let head = ["preset", "states", "edges", "depth", "seconds", "properties", "verdict"];
    table(&head, rows)
}

fn row<S, A>(report: &Report<S, A>) -> Vec<String> {
    let good = report.verdicts.iter().filter(|(_, verdict)| verdict.is_good()).count();
    vec![
        report.preset.to_owned(),
        count(report.states),
        count(report.generated - 1),
        report.depth.to_string(),
        format!("{:.1}", report.took.as_secs_f64()),
        format!("{good}/{}", report.verdicts.len()),
        if report.holds() { "holds" } else { "VIOLATED" }.to_owned(),
    ]
}

const fn word<S, A>(verdict: &Verdict<S, A>) -> &'static str {
    match verdict {
        Verdict::Holds => "holds",
        Verdict::Violated(_) => "VIOLATED",
        Verdict::Reached => "reached",
        Verdict::Unreached => "UNREACHED",
    }
}

fn properties<S, A>(report: &Report<S, A>) -> String {
    let mut text = format!("\n{}\n", report.preset);
    for (name, verdict) in &report.verdicts {
        text.push_str(&format!("  {:<9}  {name}\n", word(verdict)));
    }
    text
}

fn as_json<S, A: Clone + Serialize>(report: &Report<S, A>) -> serde_json::Value {
    let verdict = |(name, verdict): &(&str, Verdict<S, A>)| {
        let steps = match verdict {
            Verdict::Violated(path) => {
                path.iter().filter_map(|(_, action)| action.clone()).collect()
            }
            Verdict::Holds | Verdict::Reached | Verdict::Unreached => Vec::new(),
        };
        json!({ "property": name, "verdict": word(verdict).to_lowercase(), "counterexample": steps })
    };
    json!({
        "preset": report.preset,
        "states": report.states,
        "edges": report.generated - 1,
        "depth": report.depth,
        "seconds": report.took.as_secs_f64(),
        "holds": report.holds(),
        "properties": report.verdicts.iter().map(verdict).collect::<Vec<_>>(),
    })
}

/// Prints what fails: the shortest counterexample as a diagram, and the command that repeats it.
pub(super) fn show_failures<W: Drawn>(
    world: &W,
    report: &ReportOf<W>,
    mutant: Option<&str>,
    out: &Path,
    quiet: bool,
) -> Result<(), Bad> {
    for (name, verdict) in &report.verdicts {
        match verdict {
            Verdict::Holds | Verdict::Reached => {}
            Verdict::Unreached => eprintln!("{}: never reached: {name}", report.preset),
            Verdict::Violated(path) => {
                let mut diagram = world.draw(path);
                broken(&mut diagram, name, mutant, W::RULES);
                let file = format!("{}-{}.svg", report.preset, files::slug(name));
                if !quiet {
                    println!("\n{}", diagram.to_terminal(WIDTH, stdout().is_terminal()));
                }
                files::write_picture(&out.join(&file), &diagram, quiet);
                if !quiet {
                    let mutant =
                        mutant.map_or(String::new(), |name| format!(" --mutant \"{name}\""));
                    println!("repeat   streamproof check {}{mutant}", report.preset);
                }
            }
        }
    }
    Ok(())
}

fn broken(diagram: &mut Diagram, name: &str, mutant: Option<&str>, right: &str) {
    let rules = match mutant {
        Some(mutant) => format!("mutant \"{mutant}\""),
        None => right.to_owned(),
    };
    let subtitle = diagram.subtitle.take().unwrap_or_default();
    diagram.title = format!("{} · {rules}", diagram.title);
    diagram.subtitle = Some(format!("shortest counterexample, {subtitle}"));
    let label = format!("broken: {name}");
    diagram.rows.push(Row::Banner { label, emphasis: Emphasis::Bad });
}
