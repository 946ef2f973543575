//! The world as a stateright [`Model`]: two endpoints and a network, or one endpoint and a hostile
//! peer. Guards are in `guards`, effects in `effects`; what a step does to an endpoint stands in
//! [`rfc`](crate::rfc).

use std::collections::BTreeSet;

use stateright::{Model, Path, Property};

use crate::diagram::Diagram;
use crate::rfc::choices::{Choice, Choices};
use crate::rfc::endpoint::Endpoint;
use crate::rfc::frame::Frame;
use crate::rfc::identity::Side;
use crate::rfc::rules::Rules;
use crate::worlds::{About, PathOf, World, Wrong};

use super::action::Action;
use super::history::History;
use super::picture::{path_diagram, state_text};
use super::presets::{NetworkFaults, PRESETS, Preset};
use super::state::StreamsState;
use super::wrong::{MUTANTS, Mutant};

/// A preset under a set of rules.
#[derive(Clone, Copy, Debug)]
pub struct StreamsWorld {
    /// The bounds.
    pub preset: Preset,
    /// The rules: those of the preset's way, or a mutant's.
    pub rules: Rules,
}

impl StreamsWorld {
    /// A preset under the rules of its way: RFC 9000's, if that has no departures.
    pub fn new(preset: Preset) -> Self {
        Self { preset, rules: preset.way.rules() }
    }

    /// The same world on a monotone network, which keeps every packet that was ever sent.
    ///
    /// That *is* the network that loses, doubles and reorders, with any number of packets in flight: what is
    /// kept and never delivered is lost, what is delivered again is doubled. It permits more only where
    /// somebody sends something once that the network would not double; endpoints that send freely send
    /// again whatever is still relevant, so there it permits the same.
    pub const fn monotone(mut self) -> Self {
        self.preset.network_faults = NetworkFaults { loses: false, duplicates: false, keeps: true };
        self.preset.in_flight = usize::MAX;
        self
    }

    /// The same world with endpoints that stay reset (C-3 never), as reductions need it.
    pub const fn staying_reset(mut self) -> Self {
        self.preset.way.choices.data_completes_after_reset = Choice::Never;
        self
    }

    /// The endpoint with which a side begins.
    pub fn first_endpoint(&self, side: Side) -> Endpoint {
        first_endpoint(&self.preset, side)
    }

    pub(super) const fn choices(&self) -> &Choices {
        &self.preset.way.choices
    }

    /// Whether an acknowledgement of this frame changes anything that anybody will ask for: where
    /// nothing is lost, only data and resets wait for one.
    pub(super) fn is_acknowledged(&self, frame: &Frame) -> bool {
        match frame {
            Frame::Stream { .. } | Frame::ResetStream { .. } => true,
            Frame::StopSending { .. }
            | Frame::MaxData { .. }
            | Frame::MaxStreamData { .. }
            | Frame::MaxStreams { .. }
            | Frame::DataBlocked { .. }
            | Frame::StreamDataBlocked { .. }
            | Frame::StreamsBlocked { .. } => {
                self.preset.network_faults.loses || self.preset.network_faults.keeps
            }
            Frame::ConnectionClose { .. } => false,
        }
    }

    /// Whether a frame that goes to the hostile peer matters: it knows everything anyway, so only what
    /// it will acknowledge does.
    pub(super) fn matters_to_hostile(&self, frame: &Frame) -> bool {
        self.is_acknowledged(frame)
    }
}

/// The endpoint with which a side of a preset begins.
pub fn first_endpoint(preset: &Preset, side: Side) -> Endpoint {
    let mut endpoint =
        Endpoint::new(side, preset.parameters_of(side), preset.parameters_of(side.peer()));
    endpoint.early = side == Side::Client && !preset.handshakes.is_empty();
    if side == preset.opener {
        for direction in preset.directions {
            for _ in 0..preset.opened {
                endpoint = endpoint.with_open(*direction);
            }
        }
    }
    endpoint
}

impl Model for StreamsWorld {
    type State = StreamsState;
    type Action = Action;

    fn init_states(&self) -> Vec<StreamsState> {
        let present = |side| self.preset.hostile != Some(side);
        let endpoint = |side| present(side).then(|| self.first_endpoint(side));
        vec![StreamsState {
            client: endpoint(Side::Client),
            server: endpoint(Side::Server),
            network: BTreeSet::new(),
            history: History::default(),
        }]
    }

    fn actions(&self, state: &StreamsState, actions: &mut Vec<Action>) {
        self.enabled(state, actions);
    }

    fn next_state(&self, last: &StreamsState, action: Action) -> Option<StreamsState> {
        self.after(last, &action)
    }

    fn format_action(&self, action: &Action) -> String {
        action.to_string()
    }

    fn format_step(&self, last: &StreamsState, action: Action) -> Option<String> {
        let next = self.next_state(last, action)?;
        let mut lines = Vec::new();
        for side in Side::ALL {
            let text = |state: &StreamsState| {
                let endpoint = state.endpoint(side)?;
                let text = state_text(endpoint);
                Some(text.unwrap_or_else(|| "not created".to_owned()))
            };
            match (text(last), text(&next)) {
                (Some(old), Some(new)) if old != new => {
                    lines.push(format!("{side}: {old} -> {new}"))
                }
                (_, Some(new)) => lines.push(format!("{side}: {new}")),
                (_, None) => {}
            }
        }
        lines.extend(next.network.iter().map(|packet| format!("to {}: {packet}", packet.to)));
        Some(lines.join("\n"))
    }

    fn as_svg(&self, path: Path<StreamsState, Action>) -> Option<String> {
        Some(path_diagram(self, &path.into_vec()).to_svg())
    }

    fn properties(&self) -> Vec<Property<Self>> {
        super::properties::all(&self.preset)
    }
}

impl World for StreamsWorld {
    const RULES: &str = "RFC 9000's rules";

    fn all() -> Vec<Self> {
        PRESETS.iter().copied().map(Self::new).collect()
    }

    fn wrong() -> Vec<Wrong> {
        let wrong = |mutant: &Mutant| Wrong { name: mutant.name, preset: mutant.preset };
        MUTANTS.iter().map(wrong).collect()
    }

    fn under(&self, wrong: &str) -> Option<Self> {
        Mutant::find(wrong).map(|mutant| Self { rules: mutant.rules, ..*self })
    }

    fn about(&self) -> About {
        let Preset { name, about, abstraction, tier, .. } = self.preset;
        About { name, about, abstraction: Some(abstraction), tier, not_replayed: None }
    }

    fn draw(&self, path: &PathOf<Self>) -> Diagram {
        path_diagram(self, path)
    }
}
