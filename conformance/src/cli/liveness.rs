//! `streamproof liveness`: what comes in the end, on every fair path.

use serde_json::json;
use streamproof_model::check::engine::StatePath;
use streamproof_model::check::liveness::{Decided, Fairness, LivenessReport, Verdict, check};
use streamproof_model::diagram::{Emphasis, Row};
use streamproof_model::explore::path_diagram;
use streamproof_model::mutants::MUTANTS;
use streamproof_model::world::action::Action;
use streamproof_model::world::presets::{PRESETS, Tier};
use streamproof_model::world::system::World;

use super::args::LivenessArgs;
use super::report::WIDTH;
use super::table::{count, table};
use super::{Bad, Verdict as Result_, files, find_presets, out};

pub(super) fn run(args: &LivenessArgs) -> Result<Result_, Bad> {
    let worlds = worlds(args)?;
    let mut reports = Vec::new();
    for world in &worlds {
        reports.extend(check(world).into_iter().map(|report| (world, report)));
    }
    if args.json {
        let all: Vec<_> = reports.iter().map(|(world, report)| as_json(world, report)).collect();
        outln!("{:#}", json!(all));
    } else {
        let rows: Vec<_> = reports.iter().map(|(world, report)| row(world, report)).collect();
        let head = ["preset", "goal", "fairness", "awaited in", "decided by", "verdict"];
        out!("{}", table(&head, &rows));
    }
    let mut refuted = 0;
    for (world, report) in &reports {
        if let Verdict::Refuted { stem, cycle } = &report.verdict {
            refuted += 1;
            let mut path = stem.clone();
            path.pop();
            path.extend(cycle.iter().cloned());
            let mut diagram = path_diagram(world, &path);
            diagram.title = format!("{} · {}", diagram.title, report.name);
            let label = match cycle.len() {
                0 | 1 => "nothing more happens, and it never comes".to_owned(),
                more => format!("the last {} steps again and again, and it never comes", more - 1),
            };
            diagram.rows.push(Row::Banner { label, emphasis: Emphasis::Bad });
            if !args.json {
                outln!("\n{}", diagram.to_terminal(WIDTH, out::has_colour()));
            }
            let name = format!("{}-{}.svg", world.preset.name, files::slug(report.name));
            files::write_picture(&args.out.join(name), &diagram, args.json);
            if !args.json {
                let mutant = args.mutant.as_ref();
                let mutant = mutant.map_or(String::new(), |name| format!(" --mutant \"{name}\""));
                outln!("repeat   streamproof liveness {}{mutant}", world.preset.name);
            }
        }
    }
    let all = reports.len();
    if !args.json {
        let word = if refuted == 0 { "HOLDS" } else { "REFUTED" };
        outln!("{word}: {refuted} of {all} refuted");
    }
    Ok(if refuted == 0 { Result_::Holds } else { Result_::Fails })
}

fn worlds(args: &LivenessArgs) -> Result<Vec<World>, Bad> {
    let mutant = match &args.mutant {
        None => None,
        Some(name) => {
            let known = MUTANTS.iter().find(|mutant| mutant.name == name);
            Some(known.ok_or_else(|| Bad(format!("no mutant is called \"{name}\"")))?)
        }
    };
    let presets = match (mutant, args.presets.is_empty()) {
        (Some(mutant), true) => find_presets(&[mutant.preset.to_owned()])?,
        (None, true) => {
            PRESETS.iter().filter(|preset| preset.tier == Tier::Quick).copied().collect()
        }
        (_, false) => find_presets(&args.presets)?,
    };
    let mut worlds: Vec<World> = presets.into_iter().map(World::new).collect();
    if let Some(mutant) = mutant {
        worlds.iter_mut().for_each(|world| world.rules = mutant.rules);
    }
    Ok(worlds)
}

const fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Holds => "holds",
        Verdict::Refuted { .. } => "REFUTED",
        Verdict::Vacuous => "vacuous",
    }
}

fn row(world: &World, report: &LivenessReport) -> Vec<String> {
    let fairness = match report.fairness {
        Fairness::Weak => "weak",
        Fairness::Strong => "strong",
    };
    let decided = match report.decided {
        Decided::Ranks => "ranks",
        Decided::Components => "components",
    };
    vec![
        world.preset.name.to_owned(),
        report.name.to_owned(),
        fairness.to_owned(),
        count(report.awaited),
        decided.to_owned(),
        word(&report.verdict).to_owned(),
    ]
}

fn as_json(world: &World, report: &LivenessReport) -> serde_json::Value {
    let (stem, cycle) = match &report.verdict {
        Verdict::Refuted { stem, cycle } => (steps_of(stem), steps_of(cycle)),
        Verdict::Holds | Verdict::Vacuous => (Vec::new(), Vec::new()),
    };
    json!({
        "preset": world.preset.name,
        "goal": report.name,
        "verdict": word(&report.verdict).to_lowercase(),
        "awaited": report.awaited,
        "stem": stem,
        "cycle": cycle,
    })
}

fn steps_of(path: &StatePath) -> Vec<Action> {
    path.iter().filter_map(|(_, action)| action.clone()).collect()
}
