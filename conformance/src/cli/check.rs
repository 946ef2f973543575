//! `streamproof check`.

use std::io::{IsTerminal, stdout};
use std::path::Path;

use serde_json::json;
use streamproof_model::check::engine::{Report, Search, Verdict, check};
use streamproof_model::diagram::{Diagram, Emphasis, Row};
use streamproof_model::explore::path_diagram;
use streamproof_model::mutants::{MUTANTS, Mutant};
use streamproof_model::world::presets::PRESETS;
use streamproof_model::world::system::World;

use super::progress::Progress;
use super::table::{count, table};
use super::{
    Bad, CheckArgs, SearchArg, Verdict as Result_, files, find_preset, find_presets, threads,
};

/// Columns of a diagram in the terminal.
pub(super) const WIDTH: usize = 100;

pub(super) fn run(args: &CheckArgs) -> Result<Result_, Bad> {
    let mutant = args.mutant.as_deref().map(find_mutant).transpose()?;
    let worlds = worlds(&args.presets, mutant)?;
    let search = match args.search {
        SearchArg::Bfs => Search::Bfs,
        SearchArg::Dfs => Search::Dfs,
    };
    let mut reports = Vec::new();
    for world in &worlds {
        reports.push(check_one(world, search, threads(args.threads).get()));
    }
    if args.json {
        println!("{:#}", json!(reports.iter().map(as_json).collect::<Vec<_>>()));
    } else {
        print!("{}", as_table(&reports));
        if args.properties {
            print!("{}", properties(&reports));
        }
    }
    for (world, report) in worlds.iter().zip(&reports) {
        show_failures(world, report, mutant, &args.out, args.json)?;
    }
    let holds = reports.iter().all(Report::holds);
    Ok(if holds { Result_::Holds } else { Result_::Fails })
}

fn find_mutant(name: &str) -> Result<&'static Mutant, Bad> {
    MUTANTS.iter().find(|mutant| mutant.name == name).ok_or_else(|| {
        let names: Vec<_> = MUTANTS.iter().map(|mutant| mutant.name).collect();
        Bad(format!("no mutant is called \"{name}\"; there are: {}", names.join("; ")))
    })
}

fn worlds(names: &[String], mutant: Option<&Mutant>) -> Result<Vec<World>, Bad> {
    let presets = match (names, mutant) {
        ([], Some(mutant)) => vec![find_preset(mutant.preset)?],
        ([], None) => PRESETS.to_vec(),
        (names, _) => find_presets(names)?,
    };
    let world =
        |preset| World { rules: mutant.map_or(World::new(preset).rules, |m| m.rules), preset };
    Ok(presets.into_iter().map(world).collect())
}

/// Checks one world, with progress on stderr.
pub(super) fn check_one(world: &World, search: Search, threads: usize) -> Report {
    let line = Progress::new(format!("checking {}", world.preset.name));
    check(*world, search, threads, &mut |progress| {
        line.tell(&format!("{} states", count(progress.states)));
    })
}

/// The reports as one table.
pub(super) fn as_table(reports: &[Report]) -> String {
    let rows: Vec<_> = reports
        .iter()
        .map(|report| {
            let good = report.verdicts.iter().filter(|(_, verdict)| verdict.is_good()).count();
            let of = report.verdicts.len();
            vec![
                report.preset.to_owned(),
                count(report.states),
                count(report.generated - 1),
                report.depth.to_string(),
                format!("{:.1}", report.took.as_secs_f64()),
                format!("{good}/{of}"),
                if report.holds() { "holds" } else { "VIOLATED" }.to_owned(),
            ]
        })
        .collect();
    let head = ["preset", "states", "edges", "depth", "seconds", "properties", "verdict"];
    table(&head, &rows)
}

const fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Holds => "holds",
        Verdict::Violated(_) => "VIOLATED",
        Verdict::Reached => "reached",
        Verdict::Unreached => "UNREACHED",
    }
}

fn properties(reports: &[Report]) -> String {
    let mut text = String::new();
    for report in reports {
        text.push_str(&format!("\n{}\n", report.preset));
        for (name, verdict) in &report.verdicts {
            text.push_str(&format!("  {:<9}  {name}\n", word(verdict)));
        }
    }
    text
}

fn as_json(report: &Report) -> serde_json::Value {
    let verdict = |(name, verdict): &(&str, Verdict)| {
        let steps = match verdict {
            Verdict::Violated(path) => path.iter().filter_map(|(_, action)| *action).collect(),
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
pub(super) fn show_failures(
    world: &World,
    report: &Report,
    mutant: Option<&Mutant>,
    out: &Path,
    quiet: bool,
) -> Result<(), Bad> {
    for (name, verdict) in &report.verdicts {
        match verdict {
            Verdict::Holds | Verdict::Reached => {}
            Verdict::Unreached => eprintln!("{}: never reached: {name}", report.preset),
            Verdict::Violated(path) => {
                let mut diagram = path_diagram(world, path);
                broken(&mut diagram, name, mutant);
                let file = format!("{}-{}.svg", report.preset, files::slug(name));
                if !quiet {
                    println!("\n{}", diagram.to_terminal(WIDTH, stdout().is_terminal()));
                }
                files::write_picture(&out.join(&file), &diagram, quiet);
                if !quiet {
                    let mutant =
                        mutant.map_or(String::new(), |m| format!(" --mutant \"{}\"", m.name));
                    println!("repeat   streamproof check {}{mutant}", report.preset);
                }
            }
        }
    }
    Ok(())
}

fn broken(diagram: &mut Diagram, name: &str, mutant: Option<&Mutant>) {
    let rules = match mutant {
        Some(mutant) => format!("mutant \"{}\"", mutant.name),
        None => "RFC 9000's rules".to_owned(),
    };
    let subtitle = diagram.subtitle.take().unwrap_or_default();
    diagram.title = format!("{} · {rules}", diagram.title);
    diagram.subtitle = Some(format!("shortest counterexample, {subtitle}"));
    let label = format!("broken: {name}");
    diagram.rows.push(Row::Banner { label, emphasis: Emphasis::Bad });
}
