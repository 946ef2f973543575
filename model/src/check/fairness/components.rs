//! Strongly connected components, and which of them a fair path can stay in.

use super::{Fairness, LabelledGraph};

/// The sets of states, inside of `inside`, that a fair path can go round in for ever.
pub(super) fn fair(graph: &LabelledGraph, inside: &[bool], fairness: Fairness) -> Vec<Vec<u32>> {
    // Which set each state is looked at in; 0 is none.
    let mut set: Vec<u32> = inside.iter().map(|inside| u32::from(*inside)).collect();
    let mut sets = 1;
    let all: Vec<u32> =
        (0..graph.states() as u32).filter(|state| inside[*state as usize]).collect();
    let (mut open, mut found) = (vec![all], Vec::new());
    while let Some(members) = open.pop() {
        for component in strongly_connected(graph, &members, &set) {
            sets += 1;
            component.iter().for_each(|state| set[*state as usize] = sets);
            if component.len() < 2 {
                continue; // Steps that change nothing make no cycle.
            }
            let complaints = complaints(graph, &component, &set, fairness);
            if complaints.is_empty() {
                found.push(component);
                continue;
            }
            // Under weak fairness the family is enabled in all of it, so every part of it is as bad. Under
            // strong fairness a part in which it never is may do.
            if fairness == Fairness::Strong {
                let enables = |state: u32| {
                    graph.moves(state).any(|(_, family, _)| {
                        family.is_some_and(|family| complaints.contains(&family))
                    })
                };
                let (out, rest): (Vec<u32>, Vec<u32>) =
                    component.iter().partition(|state| enables(**state));
                out.iter().for_each(|state| set[*state as usize] = 0);
                if !rest.is_empty() {
                    open.push(rest);
                }
            }
        }
    }
    found
}

/// The families that could complain of a path that goes round in these states and takes all their edges.
fn complaints(
    graph: &LabelledGraph,
    states: &[u32],
    set: &[u32],
    fairness: Fairness,
) -> Vec<super::Family> {
    let mut taken = vec![false; graph.families];
    let mut enabled = vec![0_usize; graph.families];
    let mut last = vec![usize::MAX; graph.families];
    for (number, state) in states.iter().enumerate() {
        for (_, family, to) in graph.moves(*state) {
            let Some(family) = family.map(usize::from) else { continue };
            taken[family] |= set[to as usize] == set[*state as usize];
            // Each state counts once.
            if last[family] != number {
                last[family] = number;
                enabled[family] += 1;
            }
        }
    }
    let complains = |family: usize| {
        let again_and_again = match fairness {
            Fairness::Weak => enabled[family] == states.len(),
            Fairness::Strong => enabled[family] > 0,
        };
        again_and_again && !taken[family]
    };
    (0..graph.families).filter(|family| complains(*family)).map(|family| family as u16).collect()
}

/// Tarjan's algorithm without recursion, over the edges between states of the same set.
fn strongly_connected(graph: &LabelledGraph, members: &[u32], set: &[u32]) -> Vec<Vec<u32>> {
    const NEW: u32 = u32::MAX;
    let mut order = vec![NEW; graph.states()];
    let mut low = vec![NEW; graph.states()];
    let mut is_open = vec![false; graph.states()];
    let (mut stack, mut work, mut found) = (Vec::new(), Vec::new(), Vec::new());
    let mut next = 0;
    for root in members {
        if order[*root as usize] != NEW {
            continue;
        }
        work.push((*root, graph.first[*root as usize]));
        while let Some((state, edge)) = work.pop() {
            let at = state as usize;
            if order[at] == NEW {
                (order[at], low[at]) = (next, next);
                next += 1;
                stack.push(state);
                is_open[at] = true;
            }
            if edge < graph.first[at + 1] {
                work.push((state, edge + 1));
                let to = graph.edges[edge].1;
                let there = to as usize;
                if set[there] != set[at] {
                    continue;
                }
                if order[there] == NEW {
                    work.push((to, graph.first[there]));
                } else if is_open[there] {
                    low[at] = low[at].min(order[there]);
                }
                continue;
            }
            if let Some((parent, _)) = work.last() {
                low[*parent as usize] = low[*parent as usize].min(low[at]);
            }
            if low[at] == order[at] {
                let begin = stack.iter().rposition(|open| *open == state).unwrap_or(0);
                let component = stack.split_off(begin);
                component.iter().for_each(|state| is_open[*state as usize] = false);
                found.push(component);
            }
        }
    }
    found
}
