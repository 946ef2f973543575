//! The world as a stateright [`Model`]: two endpoints and a network, or one endpoint and a hostile
//! peer. Guards are in `enabled`, effects in `effects`; what a step does to an endpoint stands in
//! [`rfc`](crate::rfc).

mod effects;
mod enabled;

use std::collections::BTreeSet;

use stateright::{Model, Path, Property};

use crate::rfc::choices::{Choice, Choices};
use crate::rfc::delivery::Delivery;
use crate::rfc::endpoint::Endpoint;
use crate::rfc::frame::{ErrorCode, Frame};
use crate::rfc::identity::Side;
use crate::rfc::rules::Rules;
use crate::rfc::sending::SendingPart;

use super::action::{Action, Carries, Packet};
use super::history::History;
use super::presets::{Preset, Weather};

/// The code with which the sending application resets.
pub const RESET_CODE: ErrorCode = ErrorCode(7);
/// The code with which the receiving application aborts reading.
pub const ABORT_CODE: ErrorCode = ErrorCode(9);
/// The code with which an application closes the connection.
pub const CLOSE_CODE: ErrorCode = ErrorCode(11);

/// Everything at one moment. `None` stands for the hostile peer.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct WorldState {
    /// The client.
    pub client: Option<Endpoint>,
    /// The server.
    pub server: Option<Endpoint>,
    /// The packets in flight; a set, because a second copy behaves as a duplicate of the first.
    pub network: BTreeSet<Packet>,
    /// The observer's notes.
    pub history: History,
}

impl WorldState {
    /// The endpoint on this side, unless it is the hostile peer.
    pub const fn endpoint(&self, side: Side) -> Option<&Endpoint> {
        match side {
            Side::Client => self.client.as_ref(),
            Side::Server => self.server.as_ref(),
        }
    }

    /// The endpoints that keep the rules.
    pub fn endpoints(&self) -> impl Iterator<Item = &Endpoint> {
        self.client.iter().chain(&self.server)
    }

    /// Whether the client still waits for the server's part of the handshake (§7.4.1).
    pub fn is_early(&self) -> bool {
        self.client.as_ref().is_some_and(|client| client.early)
    }
}

/// A preset under a set of rules.
#[derive(Clone, Copy, Debug)]
pub struct World {
    /// The bounds.
    pub preset: Preset,
    /// The rules: those of the preset's way, or a mutant's.
    pub rules: Rules,
}

impl World {
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
        self.preset.weather = Weather { loses: false, duplicates: false, keeps: true };
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
    fn is_acknowledged(&self, frame: &Frame) -> bool {
        match frame {
            Frame::Stream { .. } | Frame::ResetStream { .. } => true,
            Frame::StopSending { .. }
            | Frame::MaxData { .. }
            | Frame::MaxStreamData { .. }
            | Frame::MaxStreams { .. }
            | Frame::DataBlocked { .. }
            | Frame::StreamDataBlocked { .. }
            | Frame::StreamsBlocked { .. } => {
                self.preset.weather.loses || self.preset.weather.keeps
            }
            Frame::ConnectionClose { .. } => false,
        }
    }

    /// Whether a frame that goes to the hostile peer matters: it knows everything anyway, so only what
    /// it will acknowledge does.
    fn matters_to_hostile(&self, frame: &Frame) -> bool {
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

/// Whether neither a frame of `side` nor an acknowledgement for it is left in the network: what it
/// waits for will not come. (A loss detected wrongly sends a second copy, as a network that doubles
/// does.)
pub(super) fn nothing_under_way(state: &WorldState, side: Side) -> bool {
    state.network.iter().all(|packet| match packet.carries {
        Carries::Frames(_) => packet.to == side,
        Carries::Ack(_) => packet.to != side,
    })
}

/// Whether an endpoint waits for an acknowledgement.
pub(super) fn has_in_flight(endpoint: &Endpoint) -> bool {
    let in_flight = |delivery: Delivery| delivery == Delivery::InFlight;
    let blocked = |credit: crate::rfc::credit::SendCredit| {
        credit.blocked.is_some_and(|blocked| in_flight(blocked.delivery))
    };
    let sending = endpoint.sending_parts().any(|(_, part)| sends_in_flight(part));
    let receiving = endpoint.receiving_parts().any(|(_, part)| {
        let stop = part.stop.is_some_and(|stop| in_flight(stop.delivery));
        (part.state.awaits_data() && stop) || (part.wants_more() && in_flight(part.credit.delivery))
    });
    let limits = crate::rfc::identity::Direction::ALL.into_iter().any(|direction| {
        in_flight(endpoint.admits.of(direction).credit.delivery)
            || blocked(endpoint.opens.of(direction).credit)
    });
    let connection = in_flight(endpoint.receive_credit.delivery) || blocked(endpoint.send_credit);
    endpoint.closed.is_none() && (sending || receiving || limits || connection)
}

fn sends_in_flight(part: &SendingPart) -> bool {
    let live = !part.state.is_terminal();
    let blocked = part.credit.blocked.is_some_and(|blocked| blocked.delivery == Delivery::InFlight);
    match part.reset {
        Some(reset) => live && reset.delivery == Delivery::InFlight,
        None => {
            let unacked = part.sent.iter().any(|range| part.acked.gaps(range).next().is_some());
            let fin = part.ended && part.fin == Delivery::InFlight;
            live && (unacked || fin || (blocked && !part.ended))
        }
    }
}

impl Model for World {
    type State = WorldState;
    type Action = Action;

    fn init_states(&self) -> Vec<WorldState> {
        let present = |side| self.preset.hostile != Some(side);
        let endpoint = |side| present(side).then(|| self.first_endpoint(side));
        vec![WorldState {
            client: endpoint(Side::Client),
            server: endpoint(Side::Server),
            network: BTreeSet::new(),
            history: History::default(),
        }]
    }

    fn actions(&self, state: &WorldState, actions: &mut Vec<Action>) {
        self.enabled(state, actions);
    }

    fn next_state(&self, last: &WorldState, action: Action) -> Option<WorldState> {
        self.after(last, &action)
    }

    fn format_action(&self, action: &Action) -> String {
        action.to_string()
    }

    fn format_step(&self, last: &WorldState, action: Action) -> Option<String> {
        let next = self.next_state(last, action)?;
        let mut lines = Vec::new();
        for side in Side::ALL {
            let text = |state: &WorldState| {
                let endpoint = state.endpoint(side)?;
                let text = crate::explore::state_text(endpoint);
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

    fn as_svg(&self, path: Path<WorldState, Action>) -> Option<String> {
        Some(crate::explore::path_diagram(self, &path.into_vec()).to_svg())
    }

    fn properties(&self) -> Vec<Property<Self>> {
        super::properties::all(&self.preset)
    }
}
