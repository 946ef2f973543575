//! How a mutant is killed, all of them at once, and the table that says so.
//!
//! In its preset the search goes breadth first until a state breaks an invariant. If none does, the goals
//! of [`progress`](crate::worlds::streams::properties::progress) are asked. What is broken then has to include
//! the property that the mutant names; a mutant that breaks nothing *survives*.

use std::fmt::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::worlds::streams::StreamsWorld;
use crate::worlds::streams::wrong::{ELSEWHERE, MUTANTS, Mutant, ZOO};

use super::engine::first_violation;
use super::fairness::{self, Verdict};
use super::report::Path;

/// What became of a mutant.
#[derive(Clone, Debug)]
pub struct Kill {
    /// The mutant.
    pub mutant: &'static Mutant,
    /// Every property that broke as soon as any: all that the nearest bad state breaks, or all goals
    /// that do not come. Empty if the mutant survives.
    pub broken: Vec<&'static str>,
    /// A shortest way there, the state at the end included; for a goal, to the nearest state in which it is
    /// awaited for ever. Empty if the mutant survives.
    pub trace: Path,
}

impl Kill {
    /// Whether the mutant broke the property that it names.
    pub fn is_as_named(&self) -> bool {
        self.broken.contains(&self.mutant.killed_by)
    }

    /// Whether it broke that one and no other.
    pub fn is_alone(&self) -> bool {
        self.broken == [self.mutant.killed_by]
    }

    /// How many steps the trace has.
    pub fn steps(&self) -> usize {
        self.trace.len().saturating_sub(1)
    }
}

impl Mutant {
    /// Looks for what breaks first under its rules.
    pub fn kill(&'static self) -> Kill {
        let (broken, trace) =
            self.world().map(|world| what_breaks(&world, self)).unwrap_or_default();
        Kill { mutant: self, broken, trace }
    }
}

fn what_breaks(world: &StreamsWorld, mutant: &Mutant) -> (Vec<&'static str>, Path) {
    if let Some(found) = first_violation(world) {
        return found;
    }
    let mut broken = Vec::new();
    let mut trace = Path::new();
    for goal in fairness::ways(world) {
        if let Verdict::Refuted { stem: way, .. } = goal.verdict {
            broken.push(goal.name);
            if trace.is_empty() || goal.name == mutant.killed_by {
                trace = way;
            }
        }
    }
    (broken, trace)
}

/// Kills every mutant, on all processors, and lists them in their own order.
pub fn kill_table() -> Vec<Kill> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let next = AtomicUsize::new(0);
    let kills = Mutex::new(Vec::with_capacity(MUTANTS.len()));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(mutant) = MUTANTS.get(place) else { return };
                    let kill = mutant.kill();
                    kills.lock().unwrap_or_else(PoisonError::into_inner).push((place, kill));
                }
            });
        }
    });
    let mut kills = kills.into_inner().unwrap_or_else(PoisonError::into_inner);
    kills.sort_by_key(|(place, _)| *place);
    kills.into_iter().map(|(_, kill)| kill).collect()
}

/// The table for the README: the mutants, then the animals that no rule can have.
pub fn kill_table_markdown(kills: &[Kill]) -> String {
    let mut text = String::from(
        "| mutant | § | class | seen in | preset | killed by | steps |\n|---|---|---|---|---|---|---|\n",
    );
    // Writing to a string cannot fail.
    for kill in kills {
        let Mutant { name, section, class, preset, upstream, killed_by, .. } = kill.mutant;
        let by = if kill.broken.is_empty() { "**survives**" } else { killed_by };
        let (letter, seen, steps) = (class.letter(), upstream.join(", "), kill.steps());
        let _ = writeln!(
            text,
            "| {name} | {section} | {letter} | {seen} | `{preset}` | {by} | {steps} |"
        );
    }
    text.push_str("\nBugs that no rule can have, and who looks for them:\n\n");
    text.push_str(
        "| seen in | class | defect | why no rule | covered by |\n|---|---|---|---|---|\n",
    );
    for row in ELSEWHERE {
        let animal = ZOO.iter().find(|animal| animal.upstream == row.upstream);
        let defect = animal.map_or("", |animal| animal.defect);
        let (seen, letter, why, by) = (row.upstream, row.class.letter(), row.why, row.covered_by);
        let _ = writeln!(text, "| {seen} | {letter} | {defect} | {why} | {by} |");
    }
    text
}
