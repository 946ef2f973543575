use super::*;

const FAIR: Option<Family> = Some(0);

fn set(states: usize, of: &[usize]) -> Vec<bool> {
    (0..states).map(|state| of.contains(&state)).collect()
}

/// The answer, checked: a refutation has to be one.
fn ask(graph: &LabelledGraph, from: &[bool], to: &[bool], fairness: Fairness) -> Answer {
    let (answer, _) = leads_to(graph, from, to, fairness);
    if let Answer::Refuted(lasso) = &answer {
        assert!(is_fair_lasso(graph, from, to, fairness, lasso), "{lasso:?}");
    }
    answer
}

#[test]
fn two_states_that_follow_each_other_for_ever_refute() {
    // 0 -> 1 -> 0, and the goal is neither: what a search by first visits calls satisfied.
    let graph = LabelledGraph::new(2, 1, vec![(0, FAIR, 1), (1, FAIR, 0)]);
    let (answer, decided) = eventually(&graph, &[false, false], Fairness::Weak);
    assert_eq!(answer, Answer::Refuted(Lasso { stem: vec![], cycle: vec![0, 1] }));
    assert_eq!(decided, Decided::Components);
}

#[test]
fn lasso_behind_a_stem_refutes() {
    // 0 -> 2 -> 4 -> 2: never odd.
    let graph = LabelledGraph::new(5, 1, vec![(0, FAIR, 2), (2, FAIR, 4), (4, FAIR, 2)]);
    let (answer, _) = eventually(&graph, &set(5, &[1, 3]), Fairness::Strong);
    assert_eq!(answer, Answer::Refuted(Lasso { stem: vec![0], cycle: vec![1, 2] }));
}

#[test]
fn join_of_two_ways_is_decided_alike_in_any_order() {
    // The goal is on one of the ways to the join, and not behind it.
    let one = vec![(0, FAIR, 1), (0, FAIR, 2), (1, FAIR, 3), (2, FAIR, 3), (3, FAIR, 4)];
    let mut other = one.clone();
    other.reverse();
    for edges in [one, other] {
        let graph = LabelledGraph::new(5, 1, edges);
        let (answer, decided) = eventually(&graph, &set(5, &[1]), Fairness::Weak);
        let Answer::Refuted(lasso) = answer else { panic!("{answer:?}") };
        assert_eq!((lasso.stem.len(), lasso.cycle.len(), decided), (3, 0, Decided::Ranks));
    }
}

#[test]
fn fairness_decides_which_loops_count() {
    // 0 <-> 1 by an unfair family; 0 -> 2, the goal, by a fair one that is enabled in 0 alone.
    let edges = vec![(0, None, 1), (0, FAIR, 2), (1, None, 0)];
    let graph = LabelledGraph::new(3, 1, edges);
    let (from, to) = (set(3, &[0]), set(3, &[2]));
    assert!(matches!(ask(&graph, &from, &to, Fairness::Weak), Answer::Refuted(_)));
    // 1 may be the end under either: nothing fair is enabled there. So give it something.
    let edges = vec![(0, None, 1), (0, FAIR, 2), (1, Some(1), 0)];
    let graph = LabelledGraph::new(3, 2, edges);
    assert!(matches!(ask(&graph, &from, &to, Fairness::Weak), Answer::Refuted(_)));
    assert_eq!(ask(&graph, &from, &to, Fairness::Strong), Answer::Holds);
}

#[test]
fn step_that_changes_nothing_pleases_nobody() {
    // 0 has a self-loop and a way to the goal, of one family.
    let graph = LabelledGraph::new(2, 1, vec![(0, FAIR, 0), (0, FAIR, 1)]);
    assert_eq!(ask(&graph, &[true, false], &[false, true], Fairness::Weak), Answer::Holds);
}

#[test]
fn what_is_never_asked_for_is_vacuous() {
    let graph = LabelledGraph::new(2, 1, vec![(0, FAIR, 1)]);
    let (answer, _) = leads_to(&graph, &[false; 2], &[false; 2], Fairness::Weak);
    assert_eq!(answer, Answer::Vacuous);
}

/// Small numbers that look random.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        (self.0 >> 33) % sides
    }
}

/// All that a fair path could do, by brute force: every set of states that is strongly connected, and every
/// end. Slow, and stupid on purpose.
fn brute(graph: &LabelledGraph, from: &[bool], to: &[bool], fairness: Fairness) -> bool {
    let states = graph.states();
    let within = |mask: u32, state: usize| mask & (1 << state) != 0;
    let reach = |mask: u32, start: u32| {
        let mut seen = start & mask;
        loop {
            let mut next = seen;
            for state in (0..states).filter(|state| within(seen, *state)) {
                graph.moves(state as u32).for_each(|(_, _, end)| next |= (1 << end) & mask);
            }
            if next == seen {
                return seen;
            }
            seen = next;
        }
    };
    let avoids: u32 = (0..states).filter(|state| !to[*state]).fold(0, |all, s| all | 1 << s);
    let asked = (0..states).filter(|s| from[*s]).fold(0, |all, s| all | 1 << s);
    let bad_starts = reach(avoids, reach(u32::MAX >> (32 - states), 1) & asked & avoids);
    let ends = (0..states).any(|s| within(bad_starts, s) && graph.may_end(s as u32));
    let fair_set = |mask: u32| {
        let members: Vec<usize> = (0..states).filter(|state| within(mask, *state)).collect();
        let connected = members.iter().all(|state| reach(mask, 1 << state) == mask);
        let pleased = |family: u16| {
            let has =
                |state: &&usize| graph.moves(**state as u32).any(|(_, of, _)| of == Some(family));
            let taken = members.iter().any(|state| {
                let mut moves = graph.moves(*state as u32);
                moves.any(|(_, of, end)| of == Some(family) && within(mask, end as usize))
            });
            let enabled = members.iter().filter(has).count();
            taken
                || match fairness {
                    Fairness::Weak => enabled < members.len(),
                    Fairness::Strong => enabled == 0,
                }
        };
        members.len() > 1 && connected && (0..graph.families as u16).all(pleased)
    };
    let cycles = (1..1_u32 << states).any(|mask| mask & !bad_starts == 0 && fair_set(mask));
    !(ends || cycles)
}

#[test]
fn random_graphs_are_answered_as_by_brute_force() {
    let mut dice = Dice(7);
    let (mut held, mut refuted, mut loops) = (0, 0, 0);
    for _ in 0..4000 {
        let states = 2 + dice.roll(6) as usize;
        let edges = (0..dice.roll(14))
            .map(|_| {
                let ends = [0; 2].map(|_| dice.roll(states as u64) as u32);
                let family = [None, Some(0), Some(1), Some(2)][dice.roll(4) as usize];
                (ends[0], family, ends[1])
            })
            .collect();
        let graph = LabelledGraph::new(states, 3, edges);
        let from: Vec<bool> = (0..states).map(|_| dice.roll(3) == 0).collect();
        let to: Vec<bool> = (0..states).map(|_| dice.roll(4) == 0).collect();
        for fairness in [Fairness::Weak, Fairness::Strong] {
            let expected = brute(&graph, &from, &to, fairness);
            match ask(&graph, &from, &to, fairness) {
                Answer::Holds => held += usize::from(expected),
                Answer::Vacuous => assert!(!from.contains(&true)),
                Answer::Refuted(lasso) => {
                    assert!(!expected, "{graph:?} {from:?} {to:?} {fairness:?} {lasso:?}");
                    refuted += 1;
                    loops += usize::from(!lasso.cycle.is_empty());
                    continue;
                }
            }
            assert!(expected, "{graph:?} {from:?} {to:?} {fairness:?}");
        }
    }
    assert!(held > 500 && refuted > 500 && loops > 50, "{held} {refuted} {loops}");
}
