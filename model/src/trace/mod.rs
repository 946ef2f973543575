//! From the graph to paths worth replaying, and from paths to files.
//!
//! A [`Trace`] is a path in one preset's world, seen from one side: the system under test takes that
//! side, a puppet plays everybody else. It is a value: its actions say all, and the states on the
//! way follow from them.

pub mod file;
pub mod numbering;
pub mod stimulus;
pub mod tours;

use stateright::Model;

use crate::judging::way::Way;
use crate::rfc::endpoint::Endpoint;
use crate::rfc::identity::Side;
use crate::worlds::streams::StreamsWorld;
use crate::worlds::streams::action::Action;
use crate::worlds::streams::presets::Preset;
use crate::worlds::streams::state::StreamsState;

use numbering::{Numbering, PacketFate};
use stimulus::Stimulus;

/// A path in a preset's world, for a system under test on one side.
#[derive(Clone, Debug)]
pub struct Trace {
    /// The world's bounds; their way is that which the trace was made for.
    pub preset: Preset,
    /// Which endpoint the system under test is.
    pub side: Side,
    /// What happens, step by step.
    pub actions: Vec<Action>,
    /// What follows, to see whether all that is awaited comes: the liveness probe. `None` leaves it to the
    /// judge, which asks what is still open by then.
    pub probe: Option<Vec<Stimulus>>,
}

/// One step of a trace.
#[derive(Clone, Debug)]
pub struct Step {
    /// What happens.
    pub action: Action,
    /// What the system under test sees of it; `None` if nothing.
    pub stimulus: Option<Stimulus>,
    /// The number of the packet that arrives, if the peer has numbered it ([`Numbering`]).
    pub packet: Option<u64>,
    /// How many packets the peer has sent before the step.
    pub peer_sent: u64,
    /// What the model's endpoint on its side has become.
    pub endpoint: Endpoint,
}

/// An action that the world does not permit at that point.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("step {step} is not possible there: {action}")]
pub struct NotEnabled {
    /// The step, from 1.
    pub step: usize,
    /// What it wants to do.
    pub action: Action,
}

impl Trace {
    /// The world the trace is a path of.
    pub fn world(&self) -> StreamsWorld {
        StreamsWorld::new(self.preset)
    }

    /// The way it was made for.
    pub const fn way(&self) -> Way {
        self.preset.way
    }

    /// Walks the trace: each state with the action that leaves it.
    ///
    /// # Errors
    ///
    /// When the world does not permit an action at its place.
    pub fn walk(&self) -> Result<Vec<(StreamsState, Option<Action>)>, NotEnabled> {
        let world = self.world();
        let mut state = world.init_states().remove(0);
        let mut path = Vec::with_capacity(self.actions.len() + 1);
        let mut enabled = Vec::new();
        for (step, action) in (1..).zip(&self.actions) {
            enabled.clear();
            world.actions(&state, &mut enabled);
            let next = match enabled.contains(action) {
                true => world.next_state(&state, action.clone()),
                false => None,
            };
            let next = next.ok_or(NotEnabled { step, action: action.clone() })?;
            path.push((std::mem::replace(&mut state, next), Some(action.clone())));
        }
        path.push((state, None));
        Ok(path)
    }

    /// The trace as the system under test lives it.
    ///
    /// # Errors
    ///
    /// As [`walk`](Self::walk).
    pub fn steps(&self) -> Result<Vec<Step>, NotEnabled> {
        let path = self.walk()?;
        let hostile = self.preset.hostile.is_some();
        let mut numbering = Numbering::new(self.side);
        let pairs = path.windows(2).zip(&self.actions);
        Ok(pairs
            .filter_map(|(pair, action)| {
                let peer_sent = numbering.sent();
                let fate = numbering.follow(&pair[0].0, action, &pair[1].0);
                let packet = fate.and_then(PacketFate::arriving);
                let endpoint = pair[1].0.endpoint(self.side)?.clone();
                let stimulus = Stimulus::of(action, self.side, hostile);
                Some(Step { action: action.clone(), stimulus, packet, peer_sent, endpoint })
            })
            .collect())
    }
}
