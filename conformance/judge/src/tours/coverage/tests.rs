//! What counts as taken, and what tours are planned for.

use super::*;
use streamproof_model::judging::way::Way;
use streamproof_model::rfc::choices::{Choice, Choices};
use streamproof_model::worlds::streams::presets::Preset;

use crate::sut::{Session, Setup, StartError, Sut};
use crate::tours::Tours;

/// A system of which tours are made and which nobody plays.
struct Unplayed;

impl Sut for Unplayed {
    fn name(&self) -> &'static str {
        "unplayed"
    }

    fn way(&self) -> Way {
        let mut way = Way { name: "unplayed", ..Way::PERMITTED };
        Choices::ALL.iter().for_each(|choice| (choice.set)(&mut way.choices, Choice::Never));
        way
    }

    fn start(&self, _: &Setup) -> Result<Box<dyn Session>, StartError> {
        Err(StartError::Other("nobody plays it".to_owned()))
    }
}

/// The report of a system that goes `tours` as predicted.
fn report(made: &Tours, tours: &[Tour]) -> RoleReport {
    let mut report = made.blank();
    made.ground.planned(tours).tell(&made.ground, &mut report);
    report
}

#[test]
fn tours_left_out_are_missed() {
    let preset = Preset::find("limits-cancel").expect("a preset");
    let made = Tours::make(preset, preset.sides()[0], &Unplayed);
    let whole = report(&made, &made.tours);
    assert!(whole.is_covered() && whole.pairs_taken == whole.pairs);
    let tours = &made.tours;
    assert!(report(&made, &tours[..tours.len() - 1]).pairs_taken < whole.pairs);
    let few = report(&made, &tours[..tours.len() / 10]);
    assert!(few.pairs_taken * 100 < few.pairs * 95 && !few.is_covered());
    // A tour over every edge takes every state, and not every pair.
    let edges = Tours::with(preset, preset.sides()[0], &Unplayed, Criterion::Edges);
    let edges = report(&edges, &edges.tours);
    assert_eq!((edges.taken, edges.states_taken), (edges.edges, edges.states));
    assert!(edges.is_covered() && edges.pairs_taken * 100 < edges.pairs * 95);
    let as_pairs = RoleReport { criterion: Criterion::Pairs, ..edges };
    assert!(!as_pairs.is_covered());
}

#[test]
fn pair_counts_only_as_far_as_the_tour_went_as_predicted() {
    let preset = Preset::find("hostile-zero-rtt").expect("a preset");
    let made = Tours::make(preset, preset.sides()[0], &Unplayed);
    let tour = made.tours.iter().find(|tour| tour.len() >= 3).expect("a tour of three steps");
    let taken = |good, then| {
        let mut coverage = made.ground.nothing_taken();
        made.ground.cover(&mut coverage, tour, Walked { begun: true, good, then });
        (count(&coverage.taken), count(&coverage.pairs), count(&coverage.diverged))
    };
    // Every step of this preset is visible.
    assert_eq!(taken(2, None), (2, 1, 0), "cut short");
    assert_eq!(taken(1, Some(StepResult::Diverged)), (2, 1, 1), "taken, and nothing behind");
    assert_eq!(taken(1, Some(StepResult::NotApplicable)), (1, 0, 1), "not taken");
}

#[test]
fn edges_that_close_count_once_whatever_the_observer_has_noted() {
    let preset = Preset::find("hostile-frames-bidi-ours").expect("a preset");
    let made = Tours::with(preset, preset.sides()[0], &Unplayed, Criterion::Edges);
    let Ground { graph, unobserved, twins, .. } = &made.ground;
    let is_closed = |state: u32| {
        let endpoint = graph.states[state as usize].endpoint(made.side);
        endpoint.is_some_and(|endpoint| endpoint.closed.is_some())
    };
    let mut counted = vec![0; unobserved.graph.edges.len()];
    for (number, edge) in graph.edges.iter().enumerate() {
        match is_closed(edge.to) {
            // Each as often as there are edges without notes, not more.
            true => counted[unobserved.edge_of[number]] += usize::from(twins.counts(number)),
            false => assert!(twins.counts(number), "an edge that closes nothing counts by itself"),
        }
    }
    assert!(counted.iter().all(|times| *times <= 1));
    // More than a quarter of all edges.
    assert!(made.ground.edges() * 4 < graph.edges.len() * 3);
    // All that counts is planned, and a tour that is left out leaves something out.
    let whole = report(&made, &made.tours);
    assert_eq!((whole.taken, whole.states_taken), (whole.edges, whole.states));
    assert!(whole.is_covered() && !report(&made, &made.tours[1..]).is_covered());
}

#[test]
fn where_the_first_twin_is_out_of_reach_another_one_is_toured() {
    let preset = Preset::find("hostile-frames-bidi-ours").expect("a preset");
    let made = Tours::with(preset, preset.sides()[0], &Unplayed, Criterion::Edges);
    let Ground { graph, twins, .. } = &made.ground;
    // One to which a way leads around its first twin.
    let from = |edge: usize| graph.edges[edge].from;
    let mut around = (0..graph.edges.len()).filter(|edge| {
        let first = from(twins.first[*edge]);
        from(*edge) != first
            && graph.way_to(from(*edge)).iter().all(|edge| graph.edges[*edge].to != first)
    });
    let first = twins.first[around.next().expect("a twin")];
    // Everything else is taken, and no edge into the first twin's state can be followed.
    let mut coverage = made.ground.nothing_taken();
    coverage.taken.fill(true);
    coverage.taken[first] = false;
    for (number, edge) in graph.edges.iter().enumerate() {
        coverage.diverged[number] |= edge.to == graph.edges[first].from;
    }
    let tours = made.ground.tours_to_edges(&coverage);
    let reached = |tour: &Tour| tour.last().is_some_and(|last| twins.first[*last] == first);
    assert!(!tours.is_empty() && tours.iter().any(reached), "{tours:?}");
    assert!(tours.iter().all(|tour| !tour.contains(&first)));
}
