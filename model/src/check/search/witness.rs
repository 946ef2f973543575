//! Shortest ways: back through the logs, and forward again through the readable model.

use stateright::Model;

use crate::packed::{Fingerprint, PackedWorld};

use crate::check::report::Path;

use super::rounds::shard_of;
use super::{Cut, Failure, Hit, Outcome, Run};

impl Run<'_> {
    /// Ends the run: says what it found, with a way to each hit.
    pub(super) fn finish(mut self, cut: Option<Cut>) -> Result<Outcome, Failure> {
        let mut hits = Vec::new();
        for hit in self.hits.clone() {
            hits.push(match hit {
                Some(hit) => Some(self.way_to(hit)?),
                None => None,
            });
        }
        Ok(Outcome {
            states: self.states,
            edges: self.edges,
            levels: self.levels,
            took: self.elapsed(),
            cut,
            hits,
            terminals: self.terminals,
            memory: self.memory,
            exact: self.options.exact,
        })
    }

    fn way_to(&mut self, hit: Hit) -> Result<Path, Failure> {
        let mut way = vec![hit.fingerprint];
        let mut at = hit.fingerprint;
        for level in (1..=hit.level).rev() {
            let log = &mut self.shards[shard_of(at)].log;
            match log.parent(at, level)? {
                Some(parent) => at = parent,
                None => unreachable!("a state that was reached from nowhere"),
            }
            way.push(at);
        }
        way.reverse();
        Ok(replay(&mut self.world, &way))
    }
}

/// The states with these fingerprints, each a successor of the one before.
///
/// Under a reduction a state stands for others; the way through the readable states is found by steps whose
/// result stands for the same.
///
/// # Panics
///
/// If `way` is no way of that world.
pub fn replay(packed: &mut PackedWorld, way: &[Fingerprint]) -> Path {
    let world = *packed.world();
    let mut readable = world.init_states().swap_remove(0);
    let mut path = Path::new();
    let mut actions = Vec::new();
    for wanted in &way[1..] {
        world.actions(&readable, &mut actions);
        let found = actions.drain(..).find_map(|action| {
            let next = world.next_state(&readable, action.clone())?;
            let state = packed.pack(&next).and_then(|state| packed.canonical_state(state)).ok()?;
            (packed.fingerprint(&state) == *wanted).then_some((action, next))
        });
        let Some((action, next)) = found else {
            unreachable!("a step that the packed world takes and the readable one does not")
        };
        path.push((std::mem::replace(&mut readable, next), Some(action)));
    }
    path.push((readable, None));
    path
}
