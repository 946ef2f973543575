//! One stream inside an endpoint as a stateright [`Model`]. Guards are in `guards`, effects in `effects`.
//!
//! A step is what one task does without another in between: a critical section, or what stands outside of one.
//! quinn's own lock makes an arrival, and each call on quinn, such a step.

use stateright::{Model, Property};

use crate::diagram::Diagram;
use crate::worlds::{About, PathOf, Tier, World, Wrong};

use super::action::Step;
use super::design::{Design, MANAGER};
use super::picture::path_diagram;
use super::presets::{LifecyclePreset, NOT_REPLAYED, PRESETS};
use super::properties;
use super::state::{Moment, Place, Task};
use super::wrong::DESIGNS;

/// A preset under a design.
#[derive(Clone, Copy, Debug)]
pub struct LifecycleWorld {
    /// The bounds.
    pub preset: LifecyclePreset,
    /// How the endpoint is built.
    pub design: Design,
}

impl LifecycleWorld {
    /// A preset with the manager's design.
    pub const fn new(preset: LifecyclePreset) -> Self {
        Self { preset, design: MANAGER }
    }
}

impl Model for LifecycleWorld {
    type State = Moment;
    type Action = Step;

    fn init_states(&self) -> Vec<Moment> {
        let mut moment = Moment::START;
        for task in Task::ALL {
            if !self.preset.has(task) {
                moment.places[task.index()] = Place::Gone;
            }
        }
        vec![moment]
    }

    fn actions(&self, moment: &Moment, steps: &mut Vec<Step>) {
        let events = self.preset.events.iter().copied();
        steps.extend(events.filter(|event| self.may_arrive(moment, *event)).map(Step::Arrive));
        for task in self.preset.tasks.iter().copied() {
            self.begins(moment, task, steps);
            if Self::may_go(moment, task) {
                steps.push(Step::Go(task));
            }
        }
    }

    fn next_state(&self, moment: &Moment, step: Step) -> Option<Moment> {
        let mut next = *moment;
        match step {
            Step::Arrive(event) => self.arrive(&mut next, event),
            Step::Begin(task, op) => self.begin(&mut next, task, op),
            Step::Go(task) => self.go(&mut next, task),
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::of(self)
    }
}

impl World for LifecycleWorld {
    const RULES: &str = "the manager's design";

    fn all() -> Vec<Self> {
        PRESETS.iter().copied().map(Self::new).collect()
    }

    fn wrong() -> Vec<Wrong> {
        let wrong = |design: &Design| Wrong { name: design.name, preset: design.preset };
        DESIGNS.iter().map(wrong).collect()
    }

    fn under(&self, wrong: &str) -> Option<Self> {
        Design::find(wrong).map(|design| Self { design, ..*self })
    }

    fn about(&self) -> About {
        let LifecyclePreset { name, about, .. } = self.preset;
        let not_replayed = Some(NOT_REPLAYED);
        About { name, about, abstraction: None, tier: Tier::Quick, not_replayed }
    }

    fn draw(&self, path: &PathOf<Self>) -> Diagram {
        path_diagram(self, path)
    }

    /// One: the worlds are small, and the depth is the same in every run.
    fn threads(&self, _: usize) -> usize {
        1
    }
}
