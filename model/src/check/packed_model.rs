//! The packed world as a stateright model: the oracle on the engines' own states, and what they are
//! measured against.

use stateright::{Model, Property};

use crate::packed::reduce::Reductions;
use crate::packed::{PackedState, PackedWorld, StepCode, Verdict};
use crate::worlds::streams::StreamsWorld;

use super::search::{Failure, Options, fill};

/// A packed world that stateright can check. Its tables are full from the beginning, so that threads share
/// them without a lock.
#[derive(Debug)]
pub struct PackedModel(PackedWorld);

/// A step with the state that it leads to, which stateright's engines then need not ask for again.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct PackedAction {
    /// Which step.
    pub code: StepCode,
    next: PackedState,
}

impl PackedModel {
    /// A world without reductions; explores it to fill the tables.
    ///
    /// # Errors
    ///
    /// As [`run`](crate::check::search::run).
    ///
    /// # Panics
    ///
    /// If the world is too large to be packed.
    pub fn new(world: StreamsWorld) -> Result<Self, Failure> {
        let options = Options { reductions: Reductions::NONE, ..Options::default() };
        fill(world, &options).map(Self)
    }
}

impl Model for PackedModel {
    type State = PackedState;
    type Action = PackedAction;

    fn init_states(&self) -> Vec<PackedState> {
        let state = self.0.world().init_states().swap_remove(0);
        self.0.find(&state).into_iter().collect()
    }

    fn actions(&self, state: &PackedState, actions: &mut Vec<PackedAction>) {
        let mut successors = Vec::new();
        assert!(self.0.expand(*state, &mut successors), "the tables are full");
        actions.extend(successors.iter().map(|n| PackedAction { code: n.code, next: n.state }));
    }

    fn next_state(&self, _: &PackedState, action: PackedAction) -> Option<PackedState> {
        Some(action.next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        // One for all: no state breaks an invariant. Which one is the readable model's to say.
        vec![Property::always("every invariant holds", |model: &Self, state: &PackedState| {
            let verdict = model.0.known_verdict(state).map(|class| model.0.verdict_of(class));
            verdict.is_some_and(|Verdict { broken, .. }| broken == 0)
        })]
    }
}
