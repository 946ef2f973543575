//! What the properties say of a state.
//!
//! Properties read the endpoints, the notes, and whether anything is in flight. So their verdict is asked
//! once for each combination of these, and kept; few verdicts are different.

use std::collections::HashMap;
use std::fmt;

use stateright::{Expectation, Model, Property};

use crate::worlds::streams::StreamsWorld;

use super::state::PackedState;
use super::store::QuickMap;
use super::world::PackedWorld;

/// The number of a verdict, from 0 in the order of their first occurrence.
pub type VerdictClass = u32;

/// What a state says of a world's properties, one bit each in the order of
/// [`properties`](Model::properties).
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Verdict {
    /// The invariants that it breaks.
    pub broken: u128,
    /// What it shows to be reachable.
    pub reached: u128,
}

/// The properties and the verdicts so far.
pub(super) struct Judge {
    properties: Vec<Property<StreamsWorld>>,
    known: QuickMap<(u32, u32, u32, u32), VerdictClass>,
    classes: Vec<Verdict>,
    numbers: HashMap<Verdict, VerdictClass>,
}

impl fmt::Debug for Judge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Judge").field("classes", &self.classes).finish_non_exhaustive()
    }
}

impl Judge {
    pub(super) fn new(world: &StreamsWorld) -> Self {
        let properties = world.properties();
        assert!(properties.len() <= 128, "a verdict has 128 bits");
        let (known, classes, numbers) = (QuickMap::default(), Vec::new(), HashMap::new());
        Self { properties, known, classes, numbers }
    }
}

impl Judge {
    pub(super) fn memory(&self) -> usize {
        self.known.capacity() * 24
    }
}

fn key(state: &PackedState) -> (u32, u32, u32, u32) {
    (state.ends[0], state.ends[1], state.notes, u32::from(state.network.bits() == 0))
}

impl PackedWorld {
    /// The verdict on a state; `None` if the properties have not been asked yet.
    pub fn known_verdict(&self, state: &PackedState) -> Option<VerdictClass> {
        self.judge.known.get(&key(state)).copied()
    }

    /// The verdict on a state.
    pub fn verdict(&mut self, state: &PackedState) -> VerdictClass {
        if let Some(known) = self.known_verdict(state) {
            return known;
        }
        let readable = self.unpack(state);
        let mut verdict = Verdict::default();
        for (place, property) in self.judge.properties.iter().enumerate() {
            let holds = (property.condition)(&self.world, &readable);
            match property.expectation {
                Expectation::Always => verdict.broken |= u128::from(!holds) << place,
                Expectation::Sometimes | Expectation::Eventually => {
                    verdict.reached |= u128::from(holds) << place;
                }
            }
        }
        let Judge { known, classes, numbers, .. } = &mut self.judge;
        let class = *numbers.entry(verdict).or_insert_with(|| {
            classes.push(verdict);
            classes.len() as VerdictClass - 1
        });
        known.insert(key(state), class);
        class
    }

    /// A verdict by its number.
    pub fn verdict_of(&self, class: VerdictClass) -> Verdict {
        self.judge.classes[class as usize]
    }

    /// The properties, in the order of a verdict's bits.
    pub fn properties(&self) -> &[Property<StreamsWorld>] {
        &self.judge.properties
    }
}
