//! The packed world as a stateright model: the oracle on the engines' own states, and what they are
//! measured against.

use std::sync::RwLock;

use stateright::{Model, Property};

use super::StepCode;
use super::expand::Successor;
use super::reduce::Reductions;
use super::state::PackedState;
use super::world::PackedWorld;
use crate::world::system::World;

/// A packed world that stateright can check.
///
/// stateright shares a model between threads, so the tables stand behind a lock; once they are full nobody
/// waits for it.
#[derive(Debug)]
pub struct PackedModel(RwLock<PackedWorld>);

/// A step with the state that it leads to, which stateright's engines then need not ask for again.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct PackedAction {
    /// Which step.
    pub code: StepCode,
    next: PackedState,
}

impl PackedModel {
    /// A world without reductions.
    pub fn new(world: World) -> Self {
        Self(RwLock::new(PackedWorld::new(world, Reductions::NONE)))
    }

    /// The states that follow `state`.
    fn expand(&self, state: PackedState) -> Vec<Successor> {
        let mut successors = Vec::new();
        let read = |successors: &mut Vec<Successor>| {
            let world = self.0.read().unwrap_or_else(|poison| poison.into_inner());
            world.expand(state, successors)
        };
        if !read(&mut successors) {
            let mut world = self.0.write().unwrap_or_else(|poison| poison.into_inner());
            // stateright has no way to say that a state is too large.
            world.expand_or_fill(state, &mut successors).unwrap_or_else(|full| panic!("{full}"));
        }
        successors
    }
}

impl Model for PackedModel {
    type State = PackedState;
    type Action = PackedAction;

    fn init_states(&self) -> Vec<PackedState> {
        let mut world = self.0.write().unwrap_or_else(|poison| poison.into_inner());
        vec![world.initial().unwrap_or_else(|full| panic!("{full}"))]
    }

    fn actions(&self, state: &PackedState, actions: &mut Vec<PackedAction>) {
        let action = |next: Successor| PackedAction { code: next.code, next: next.state };
        actions.extend(self.expand(*state).into_iter().map(action));
    }

    fn next_state(&self, _: &PackedState, action: PackedAction) -> Option<PackedState> {
        Some(action.next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        // One for all: no state breaks an invariant. Which one is the readable model's to say.
        vec![Property::always("every invariant holds", |model: &Self, state: &PackedState| {
            let known = {
                let world = model.0.read().unwrap_or_else(|poison| poison.into_inner());
                world.known_verdict(state).map(|class| world.verdict_of(class))
            };
            let verdict = known.unwrap_or_else(|| {
                let mut world = model.0.write().unwrap_or_else(|poison| poison.into_inner());
                let class = world.verdict(state);
                world.verdict_of(class)
            });
            verdict.broken == 0
        })]
    }
}
