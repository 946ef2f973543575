//! Refutations: a shortest stem, a loop that is fair, and the check that both are.

use std::collections::VecDeque;

use super::{Fairness, LabelledGraph};

/// A path that a goal never comes on. Numbers of edges.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Lasso {
    /// From the initial state to where the loop begins.
    pub stem: Vec<usize>,
    /// From there back to there, again and again; empty if nothing more happens.
    pub cycle: Vec<usize>,
}

/// A shortest way from the initial state through one of `from`, and from there on inside of `avoids`, to one
/// of `core`.
pub(super) fn shortest(
    graph: &LabelledGraph,
    from: &[bool],
    avoids: &[bool],
    core: &[bool],
) -> Option<Vec<usize>> {
    // Each state twice: before anything was asked for, and after.
    let states = graph.states();
    let mut reached: Vec<Option<Option<(usize, usize)>>> = vec![None; 2 * states];
    let asks = |state: usize| from[state] && avoids[state];
    let mut open: VecDeque<usize> = asks(0).then_some(states).into_iter().chain([0]).collect();
    open.iter().for_each(|start| reached[*start] = Some(None));
    while let Some(at) = open.pop_front() {
        let (asked, state) = (at >= states, at % states);
        if asked && core[state] {
            return Some(back(&reached, at));
        }
        for (edge, _, to) in graph.moves(state as u32) {
            let to = to as usize;
            // Whoever has asked may also go on as if it had not: it asks again later.
            let mut go = |place: usize| {
                if reached[place].is_none() {
                    reached[place] = Some(Some((edge, at)));
                    open.push_back(place);
                }
            };
            if (asked && avoids[to]) || asks(to) {
                go(states + to);
            }
            if !asked {
                go(to);
            }
        }
    }
    None
}

fn back(reached: &[Option<Option<(usize, usize)>>], mut at: usize) -> Vec<usize> {
    let mut way = Vec::new();
    while let Some(Some((edge, before))) = reached[at] {
        way.push(edge);
        at = before;
    }
    way.reverse();
    way
}

/// A loop inside of `states` from `start` that takes an edge of every family that has one there, and comes to
/// a state without each of the others where there is one.
pub(super) fn around(graph: &LabelledGraph, states: &[u32], start: u32) -> Vec<usize> {
    let mut inside = vec![false; graph.states()];
    states.iter().for_each(|state| inside[*state as usize] = true);
    let within = |(_, _, to): &(usize, Option<u16>, u32)| inside[*to as usize];
    let mut taken = vec![false; graph.families];
    for state in states {
        for (_, family, _) in graph.moves(*state).filter(within) {
            family.iter().for_each(|family| taken[usize::from(*family)] = true);
        }
    }
    let (mut cycle, mut at) = (Vec::new(), start);
    for family in 0..graph.families as u16 {
        let is_its = |edge: usize| graph.edges[edge].0 == Some(family);
        let lacks = |state: u32| graph.moves(state).all(|(_, of, _)| of != Some(family));
        let goal = |edge: Option<usize>, state: u32| match taken[usize::from(family)] {
            true => edge.is_some_and(is_its),
            false => lacks(state),
        };
        let met = cycle.iter().any(|edge| goal(Some(*edge), graph.edges[*edge].1));
        if met || goal(None, at) {
            continue;
        }
        // Of a family that is nowhere lacking and nowhere taken no state is found: it does not complain.
        if let Some(way) = way(graph, &inside, at, &goal) {
            at = way.last().map_or(at, |edge| graph.edges[*edge].1);
            cycle.extend(way);
        }
    }
    if cycle.is_empty() || at != start {
        let home = |edge: Option<usize>, state: u32| edge.is_some() && state == start;
        cycle.extend(way(graph, &inside, at, &home).unwrap_or_default());
    }
    cycle
}

/// A shortest way inside to what `goal` accepts: an edge, or the state at its end.
fn way(
    graph: &LabelledGraph,
    inside: &[bool],
    start: u32,
    goal: &dyn Fn(Option<usize>, u32) -> bool,
) -> Option<Vec<usize>> {
    let mut reached = vec![None; graph.states()];
    let mut open = VecDeque::from([start]);
    while let Some(state) = open.pop_front() {
        for (edge, _, to) in graph.moves(state).filter(|(_, _, to)| inside[*to as usize]) {
            if goal(Some(edge), to) {
                let mut way = vec![edge];
                let mut at = state;
                while at != start {
                    let edge: usize = reached[at as usize]?;
                    way.push(edge);
                    at = graph.from(edge);
                }
                way.reverse();
                return Some(way);
            }
            if reached[to as usize].is_none() && to != start {
                reached[to as usize] = Some(edge);
                open.push_back(to);
            }
        }
    }
    None
}

/// Whether a lasso is one: a path of the graph that asks, never gets, and that no family can complain of.
pub fn is_fair_lasso(
    graph: &LabelledGraph,
    from: &[bool],
    to: &[bool],
    fairness: Fairness,
    lasso: &Lasso,
) -> bool {
    let Lasso { stem, cycle } = lasso;
    let mut states = vec![0];
    for edge in stem.iter().chain(cycle) {
        if Some(&graph.from(*edge)) != states.last() {
            return false;
        }
        states.push(graph.edges[*edge].1);
    }
    let begin = states[stem.len()];
    let avoided = |place: usize| states[place..].iter().all(|state| !to[*state as usize]);
    let asks = (0..=stem.len()).any(|place| from[states[place] as usize] && avoided(place));
    let round = &states[stem.len()..];
    if cycle.is_empty() {
        return asks && graph.may_end(begin);
    }
    let complains = |family: u16| {
        let enabled = |state: &u32| graph.moves(*state).any(|(_, of, _)| of == Some(family));
        let taken = cycle.iter().any(|edge| {
            graph.edges[*edge].0 == Some(family) && graph.from(*edge) != graph.edges[*edge].1
        });
        let again_and_again = match fairness {
            Fairness::Weak => round.iter().all(enabled),
            Fairness::Strong => round.iter().any(enabled),
        };
        again_and_again && !taken
    };
    asks && round.last() == Some(&begin) && !(0..graph.families as u16).any(complains)
}
