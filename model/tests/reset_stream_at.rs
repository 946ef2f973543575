//! RESET_STREAM_AT: both presets hold with exactly the pinned number of states, every mutant is killed by the
//! property it names, and the requirements name properties and mutants that exist.

use std::collections::BTreeSet;

use stateright::{Expectation, Model};
use streamproof_model::check::engine::{Search, check, first_violation, shortest_violation};
use streamproof_model::check::graph::Graph;
use streamproof_model::worlds::PathOf;
use streamproof_model::worlds::reset_stream_at::ResetStreamAtWorld;
use streamproof_model::worlds::reset_stream_at::picture::path_diagram;
use streamproof_model::worlds::reset_stream_at::presets::{PRESETS, ResetStreamAtPreset};
use streamproof_model::worlds::reset_stream_at::receiver::Told;
use streamproof_model::worlds::reset_stream_at::rules::Limits;
use streamproof_model::worlds::reset_stream_at::state::ResetStreamAtState;
use streamproof_model::worlds::reset_stream_at::wrong::{MUTANTS, Mutant};

/// Preset, distinct states, edges.
const PINNED: &[(&str, usize, usize)] =
    &[("reset-at", 1_197_344, 5_160_338), ("reset-at-hostile", 27_575, 243_930)];

fn preset(name: &str) -> ResetStreamAtPreset {
    ResetStreamAtPreset::find(name).expect("a preset of this name")
}

/// `reset-at` with one byte, no credit for it at first, and a network that delivers twice as well: small
/// enough for everything.
fn small() -> ResetStreamAtWorld {
    let one_byte = ResetStreamAtPreset {
        name: "small",
        length: 1,
        limits: Limits { stream: 1, connection: 0 },
        windows: Limits { stream: 1, connection: 1 },
        duplicates: true,
        ..preset("reset-at")
    };
    ResetStreamAtWorld::new(one_byte)
}

#[test]
fn every_preset_holds_with_its_pinned_counts() {
    let names: Vec<_> = PRESETS.iter().map(|preset| preset.name).collect();
    assert_eq!(names, PINNED.iter().map(|(name, ..)| *name).collect::<Vec<_>>());
    for (name, states, edges) in PINNED {
        let report = check(ResetStreamAtWorld::new(preset(name)), Search::Bfs, 2, &mut |_| {});
        for (property, verdict) in &report.verdicts {
            assert!(verdict.is_good(), "{name}: {property}: {verdict:?}");
        }
        // Stateright counts the initial state as generated.
        assert_eq!((report.states, report.generated - 1), (*states, *edges), "{name}");
    }
}

#[test]
fn depth_first_and_the_exact_graph_count_the_same() {
    let (name, states, edges) = PINNED[0];
    let report = check(ResetStreamAtWorld::new(preset(name)), Search::Dfs, 2, &mut |_| {});
    assert_eq!((report.states, report.generated - 1), (states, edges));
    let (name, states, edges) = PINNED[1];
    let graph = Graph::explore(&ResetStreamAtWorld::new(preset(name)));
    assert_eq!((graph.states.len(), graph.edges.len()), (states, edges));
}

#[test]
fn a_copy_of_a_frame_breaks_nothing() {
    let two_bytes = ResetStreamAtPreset { loses: false, duplicates: true, ..preset("reset-at") };
    for world in [small(), ResetStreamAtWorld::new(two_bytes)] {
        let invariants = world.properties().into_iter();
        let invariants: Vec<_> =
            invariants.filter(|p| p.expectation == Expectation::Always).collect();
        let graph = Graph::explore(&world);
        for state in &graph.states {
            for property in &invariants {
                assert!((property.condition)(&world, state), "{}", property.name);
            }
        }
    }
}

/// The reset, or whatever else became of the stream, is told to both applications: no state is a dead
/// end, or a loop that cannot be left, as long as the network lets a packet through now and then.
#[test]
fn every_state_leads_to_an_end() {
    let graph = Graph::explore(&small());
    let over = |state: &ResetStreamAtState| match (&state.sender, &state.receiver) {
        (Some(sender), Some(receiver)) => {
            sender.state.is_terminal() && receiver.told != Told::Nothing
        }
        (Some(_) | None, _) => false,
    };
    let mut leads: Vec<bool> = graph.states.iter().map(over).collect();
    assert!(leads.iter().any(|over| *over));
    loop {
        let mut grew = false;
        for edge in graph.edges.iter().rev() {
            if leads[edge.to as usize] && !leads[edge.from as usize] {
                leads[edge.from as usize] = true;
                grew = true;
            }
        }
        if !grew {
            break;
        }
    }
    let stuck = leads.iter().position(|leads| !leads);
    assert!(stuck.is_none(), "{:#?}", graph.states[stuck.unwrap_or(0)]);
}

#[test]
fn property_names_are_unique_and_in_the_drafts_order() {
    for preset in PRESETS {
        let properties = ResetStreamAtWorld::new(*preset).properties();
        let names = |kind: Expectation| {
            let of_kind = properties.iter().filter(move |p| p.expectation == kind);
            of_kind.map(|property| section(property.name)).collect::<Vec<_>>()
        };
        assert!(names(Expectation::Always).is_sorted(), "{}", preset.name);
        let unique: BTreeSet<_> = properties.iter().map(|property| property.name).collect();
        // Stateright gives two properties of one name one slot.
        assert_eq!(unique.len(), properties.len(), "{}", preset.name);
    }
}

/// RFC 9000's own stand after the draft's.
fn section(name: &str) -> (bool, Vec<u32>) {
    let (rfc, rest) = match name.strip_prefix("RFC 9000 ") {
        Some(rest) => (true, rest),
        None => (false, name),
    };
    let number = rest.trim_start_matches('§').split(' ').next().unwrap_or_default();
    (rfc, number.split('.').map(|part| part.parse().expect("a section number")).collect())
}

fn world(mutant: &Mutant) -> ResetStreamAtWorld {
    ResetStreamAtWorld { preset: preset(mutant.preset), rules: mutant.rules }
}

/// A shortest trace on which the mutant breaks the property it names. No other property breaks sooner.
fn killing_trace(mutant: &Mutant) -> PathOf<ResetStreamAtWorld> {
    let path = shortest_violation(&world(mutant), mutant.killed_by)
        .unwrap_or_else(|| panic!("\"{}\" survives {}", mutant.name, mutant.killed_by));
    let (sooner, first) = first_violation(&world(mutant)).expect("something breaks");
    assert_eq!(path.len(), first.len(), "\"{}\" is killed sooner by {sooner:?}", mutant.name);
    path
}

#[test]
fn every_mutant_is_killed_by_the_property_it_names_and_the_draft_passes_its_trace() {
    assert!(MUTANTS.len() >= 8);
    assert!(MUTANTS.is_sorted_by_key(|mutant| mutant.section));
    for mutant in MUTANTS {
        let draft = ResetStreamAtWorld::new(preset(mutant.preset));
        let mut state = draft.init_states().remove(0);
        for (_, action) in killing_trace(mutant) {
            // Where the right rules do not permit the mutant's step, the trace ends for them.
            let mut enabled = Vec::new();
            draft.actions(&state, &mut enabled);
            let Some(action) = action.filter(|action| enabled.contains(action)) else { break };
            state = draft.next_state(&state, action).expect("an enabled action has an effect");
            for property in draft.properties() {
                let holds = property.expectation != Expectation::Always
                    || (property.condition)(&draft, &state);
                assert!(holds, "\"{}\": {} fails without it too", mutant.name, property.name);
            }
        }
    }
}

#[test]
fn every_invariant_kills_a_mutant() {
    let mut killers: BTreeSet<_> = MUTANTS.iter().map(|mutant| mutant.killed_by).collect();
    for mutant in MUTANTS {
        killers.extend(first_violation(&world(mutant)).map(|(names, _)| names).unwrap_or_default());
    }
    let invariants =
        PRESETS.iter().flat_map(|preset| ResetStreamAtWorld::new(*preset).properties());
    let idle: BTreeSet<_> = invariants
        .filter(|property| property.expectation == Expectation::Always)
        .map(|property| property.name)
        .filter(|name| !killers.contains(name))
        .collect();
    assert!(idle.is_empty(), "these kill no mutant: {idle:#?}");
}

#[test]
fn counterexample_is_drawn_with_its_frames_and_states() {
    let mutant = MUTANTS.iter().find(|mutant| mutant.name.starts_with("obey the last"));
    let mutant = mutant.expect("a mutant of this name");
    let text = path_diagram(&world(mutant), &killing_trace(mutant)).to_terminal(120, false);
    for part in
        ["RESET_STREAM_AT code 7 final size 1 reliable size 0", "reliable size 1", "Data Sent"]
    {
        assert!(text.contains(part), "no \"{part}\" in\n{text}");
    }
}

#[test]
fn requirements_name_properties_and_mutants_that_exist() {
    let text = include_str!("../../specs/requirements/reset-stream-at.toml");
    let properties: BTreeSet<_> = PRESETS
        .iter()
        .flat_map(|preset| ResetStreamAtWorld::new(*preset).properties())
        .map(|property| property.name)
        .collect();
    let mutants: BTreeSet<_> = MUTANTS.iter().map(|mutant| mutant.name).collect();
    let named = |key: &str| -> BTreeSet<&str> {
        let opening = format!("\n{key} = [");
        let lists: Vec<_> = text.split(&opening).skip(1).collect();
        let lists = lists.into_iter();
        let lists = lists.filter_map(|rest| rest.split_once(']')).map(|(list, _)| list);
        lists.flat_map(|list| list.split('"').skip(1).step_by(2)).collect()
    };
    let unknown: Vec<_> = named("properties").difference(&properties).copied().collect();
    assert!(unknown.is_empty(), "no such property: {unknown:?}");
    assert_eq!(
        named("mutants"),
        mutants,
        "every mutant breaks a requirement, and no others are named"
    );
    let ids: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("id = ")).collect();
    let unique: BTreeSet<_> = ids.iter().collect();
    assert!(ids.len() >= 30 && unique.len() == ids.len());
}
