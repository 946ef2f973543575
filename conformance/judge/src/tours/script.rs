//! Tours as the system under test lives them. Two that are the same to it (they differ in what happens
//! elsewhere) are played once, and so is one that another begins with.

use std::collections::BTreeMap;
use std::ops::Range;

use streamproof_model::check::graph::Graph;
use streamproof_model::rfc::identity::Side;
use streamproof_model::rfc::parameters::Parameters;
use streamproof_model::trace::stimulus::Stimulus;
use streamproof_model::trace::tours::Tour;
use streamproof_model::worlds::streams::action::Action;

/// What each edge of a graph is to one endpoint.
pub(super) struct Visible {
    /// The stimuli that there are, in order.
    stimuli: Vec<Stimulus>,
    /// For each edge the number of its stimulus, if it is visible.
    of_edge: Vec<Option<u32>>,
}

/// What of a tour is visible to the system under test.
pub(super) struct Script {
    /// What the server advertises, if 0-RTT is answered on the tour.
    pub(super) server: Option<Parameters>,
    /// The numbers of its stimuli.
    pub(super) stimuli: Vec<u32>,
    /// The tour it was made from.
    pub(super) tour: usize,
}

impl Visible {
    pub(super) fn of(graph: &Graph, side: Side, hostile: bool) -> Self {
        let mut numbers = BTreeMap::new();
        let stimulus = |action: &Action| Stimulus::of(action, side, hostile);
        for stimulus in graph.edges.iter().filter_map(|edge| stimulus(&edge.action)) {
            numbers.insert(stimulus, 0);
        }
        (0..).zip(numbers.values_mut()).for_each(|(number, slot)| *slot = number);
        let number = |action: &Action| stimulus(action).map(|stimulus| numbers[&stimulus]);
        let of_edge = graph.edges.iter().map(|edge| number(&edge.action)).collect();
        Self { stimuli: numbers.into_keys().collect(), of_edge }
    }

    pub(super) fn is_visible(&self, edge: usize) -> bool {
        self.of_edge[edge].is_some()
    }

    pub(super) fn stimulus(&self, edge: usize) -> Option<&Stimulus> {
        self.of_edge[edge].map(|number| &self.stimuli[number as usize])
    }

    /// Some of the tours, by their numbers, as scripts, and for each of them the script that plays it.
    pub(super) fn scripts(
        &self,
        graph: &Graph,
        tours: &[Tour],
        which: Range<usize>,
    ) -> (Vec<Script>, Vec<usize>) {
        let script = |(tour, edges): (usize, &Tour)| Script {
            server: shaken(edges.iter().map(|edge| &graph.edges[*edge].action)),
            stimuli: edges.iter().filter_map(|edge| self.of_edge[*edge]).collect(),
            tour,
        };
        let first = which.start;
        longest((first..).zip(&tours[which]).map(script).collect(), first)
    }
}

/// Keeps the scripts with which no other one begins, and says for each script, by its tour's number
/// less `first`, which one plays it.
fn longest(mut scripts: Vec<Script>, first: usize) -> (Vec<Script>, Vec<usize>) {
    let mut played_by = vec![0; scripts.len()];
    scripts.sort_by(|a, b| (a.server, &a.stimuli, a.tour).cmp(&(b.server, &b.stimuli, b.tour)));
    let mut kept: Vec<Script> = Vec::new();
    // From the last to the first: a script comes directly before those that begin with it.
    for script in scripts.into_iter().rev() {
        let tour = script.tour;
        let covered = kept.last().is_some_and(|next| {
            next.server == script.server && next.stimuli.starts_with(&script.stimuli)
        });
        if !covered {
            kept.push(script);
        }
        played_by[tour - first] = kept.len() - 1;
    }
    (kept, played_by)
}

/// What the server advertises if 0-RTT is answered among these actions (§7.4.1).
pub(super) fn shaken<'a>(actions: impl IntoIterator<Item = &'a Action>) -> Option<Parameters> {
    actions.into_iter().find_map(|action| {
        let Action::Handshake { parameters, .. } = action else { return None };
        Some(*parameters)
    })
}
