//! The goals of [`progress`](crate::worlds::streams::properties::progress) as questions of fairness.
//!
//! Fair are the actions that a goal names as helpful: what a cooperating application and a network that
//! delivers in the end do. A packet is a family of its own, so that one that is delivered again and again does
//! not starve another; so is each call on each stream. Where packets are lost or doubled, weak fairness says
//! nothing, as a network may take away every packet before it arrives, for ever; there it is strong.

use std::collections::BTreeMap;

use crate::check::graph::Graph;
use crate::rfc::call::Call;
use crate::rfc::identity::Side;
use crate::worlds::streams::action::{Action, Packet};
use crate::worlds::streams::presets::Preset;
use crate::worlds::streams::properties::progress::Goal;

use super::{Answer, Fairness, Family, GoalReport, LabelledGraph, Lasso, Verdict, leads_to};

/// What may be complained of in a preset.
pub(super) const fn fairness(preset: &Preset) -> Fairness {
    match preset.network_faults.loses || preset.network_faults.duplicates {
        true => Fairness::Strong,
        false => Fairness::Weak,
    }
}

/// What the fair paths of a graph say of a goal.
pub(super) fn report(graph: &Graph, goal: &Goal, fairness: Fairness) -> GoalReport {
    let labelled = labelled(graph, goal);
    let from: Vec<bool> = graph.states.iter().map(goal.from).collect();
    // What is no longer awaited has come, or was given up by who awaited it.
    let to: Vec<bool> =
        graph.states.iter().map(|state| (goal.to)(state) || !(goal.from)(state)).collect();
    let (answer, decided) = leads_to(&labelled, &from, &to, fairness);
    let verdict = match answer {
        Answer::Holds => Verdict::Holds,
        Answer::Vacuous => Verdict::Vacuous,
        Answer::Refuted(lasso) => refuted(graph, &lasso),
    };
    let awaited = from.iter().filter(|awaited| **awaited).count();
    GoalReport { name: goal.name, fairness, awaited, decided, verdict }
}

fn refuted(graph: &Graph, Lasso { stem, cycle }: &Lasso) -> Verdict {
    let stem_path = graph.path(stem);
    let cycle_path = match cycle.is_empty() {
        true => stem_path.last().cloned().into_iter().collect(),
        false => graph.path(cycle),
    };
    Verdict::Refuted { stem: stem_path, cycle: cycle_path }
}

/// What makes actions one family.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Key {
    Packet(Packet),
    Call(Side, Call),
    Other(usize, Option<Side>),
}

fn key(action: &Action) -> Key {
    match action {
        Action::Deliver { packet, .. } | Action::Duplicate { packet, .. } => {
            Key::Packet(packet.clone())
        }
        Action::App { side, call, .. } => Key::Call(*side, *call),
        Action::Transmit { side }
        | Action::SendFrame { side, .. }
        | Action::DetectLoss { side } => Key::Other(action.kind(), Some(*side)),
        Action::Lose { .. } | Action::Handshake { .. } | Action::Hostile { .. } => {
            Key::Other(action.kind(), None)
        }
    }
}

fn labelled(graph: &Graph, goal: &Goal) -> LabelledGraph {
    let mut families: BTreeMap<Key, Family> = BTreeMap::new();
    let mut edges = Vec::with_capacity(graph.edges.len());
    for edge in &graph.edges {
        let family = (goal.helps)(&edge.action).then(|| {
            let next = families.len() as Family;
            *families.entry(key(&edge.action)).or_insert(next)
        });
        edges.push((edge.from, family, edge.to));
    }
    // The edges stand in the order of the states they leave, so their numbers stay.
    LabelledGraph::new(graph.states.len(), families.len(), edges)
}
