//! The world as a stateright [`Model`]: the sender of a stream, a network, its receiver; or that receiver
//! and a hostile sender. §3's parameter is the first step. Guards are in `guards`, effects in `effects`.

use std::collections::BTreeSet;

use stateright::{Model, Path, Property};

use crate::diagram::Diagram;
use crate::worlds::{About, PathOf, Tier, World, Wrong};

use super::action::Action;
use super::history::History;
use super::picture::path_diagram;
use super::presets::{NOT_REPLAYED, PRESETS, ResetStreamAtPreset};
use super::rules::{DRAFT, Rules};
use super::state::ResetStreamAtState;
use super::wrong::{MUTANTS, Mutant};

/// A preset under a set of rules.
#[derive(Clone, Copy, Debug)]
pub struct ResetStreamAtWorld {
    /// The bounds.
    pub preset: ResetStreamAtPreset,
    /// The rules; a mutant's, or [`DRAFT`].
    pub rules: Rules,
}

impl ResetStreamAtWorld {
    /// A preset under the draft's rules.
    pub const fn new(preset: ResetStreamAtPreset) -> Self {
        Self { preset, rules: DRAFT }
    }
}

impl Model for ResetStreamAtWorld {
    type State = ResetStreamAtState;
    type Action = Action;

    fn init_states(&self) -> Vec<ResetStreamAtState> {
        vec![ResetStreamAtState {
            sender: None,
            receiver: None,
            network: BTreeSet::new(),
            history: History::default(),
        }]
    }

    fn actions(&self, state: &ResetStreamAtState, actions: &mut Vec<Action>) {
        self.enabled(state, actions);
    }

    fn next_state(&self, last: &ResetStreamAtState, action: Action) -> Option<ResetStreamAtState> {
        self.after(last, action)
    }

    fn format_action(&self, action: &Action) -> String {
        action.to_string()
    }

    fn as_svg(&self, path: Path<ResetStreamAtState, Action>) -> Option<String> {
        Some(path_diagram(self, &path.into_vec()).to_svg())
    }

    fn properties(&self) -> Vec<Property<Self>> {
        super::properties::all(&self.preset)
    }
}

impl World for ResetStreamAtWorld {
    const RULES: &str = "the draft's rules";

    fn all() -> Vec<Self> {
        PRESETS.iter().copied().map(Self::new).collect()
    }

    fn wrong() -> Vec<Wrong> {
        let wrong = |mutant: &Mutant| Wrong { name: mutant.name, preset: mutant.preset };
        MUTANTS.iter().map(wrong).collect()
    }

    fn under(&self, wrong: &str) -> Option<Self> {
        let mutant = MUTANTS.iter().find(|mutant| mutant.name == wrong)?;
        Some(Self { rules: mutant.rules, ..*self })
    }

    fn about(&self) -> About {
        let ResetStreamAtPreset { name, about, abstraction, .. } = self.preset;
        let (abstraction, not_replayed) = (Some(abstraction), Some(NOT_REPLAYED));
        About { name, about, abstraction, tier: Tier::Quick, not_replayed }
    }

    fn draw(&self, path: &PathOf<Self>) -> Diagram {
        path_diagram(self, path)
    }
}
