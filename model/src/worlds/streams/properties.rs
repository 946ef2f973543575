//! What is true of every state, and what must be reachable. In RFC order; each name is a true
//! sentence with its section first.
//!
//! Invariants compare the endpoints with one another and with the observer's
//! [`History`](super::history::History); none of them calls a rule. Those about one direction of one
//! stream are in `flow`, those about credit in `credit`, the others in `connection`; what must be
//! reachable is in `reachability`, what must come in the end in [`progress`].

mod connection;
mod credit;
mod flow;
mod pairs;
pub mod progress;
mod reachability;

use stateright::{Expectation, Property};

use crate::rfc::endpoint::Endpoint;
use crate::rfc::identity::{Side, StreamId};
use crate::rfc::receiving::ReceivingPart;
use crate::rfc::sending::SendingPart;

use super::StreamsWorld;
use super::history::{Flow, FlowNotes};
use super::presets::{Hostility, NetworkFaults, Preset};
use super::state::{StreamsState, has_in_flight};

/// What a property needs of a preset to have a subject.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Needs {
    /// Nothing.
    Any,
    /// An endpoint that sends on the streams.
    Sender,
    /// An endpoint that receives on them.
    Receiver,
    /// Both.
    Both,
    /// A peer that keeps no rule.
    Hostile,
    /// An application that opens streams.
    Opening,
    /// A client that begins with 0-RTT.
    Early,
    /// An application that closes the connection.
    Closing,
}

impl Needs {
    fn met(self, preset: &Preset) -> bool {
        let one_way = preset.directions.iter().all(|d| *d == Direction::Unidirectional);
        let hostile = preset.hostile;
        match self {
            Self::Any => true,
            Self::Sender => hostile.is_none() || !one_way || hostile != Some(preset.opener),
            Self::Receiver => hostile.is_none() || !one_way || hostile == Some(preset.opener),
            Self::Both => hostile.is_none(),
            Self::Hostile => hostile.is_some(),
            Self::Opening => preset.calls.open > 0 && hostile != Some(preset.opener),
            Self::Early => !preset.handshakes.is_empty(),
            Self::Closing => preset.calls.close,
        }
    }
}

use crate::rfc::identity::Direction;

type Condition = fn(&StreamsWorld, &StreamsState) -> bool;

/// Invariants in RFC order.
const INVARIANTS: &[&[(&str, Needs, Condition)]] =
    &[flow::INVARIANTS, credit::INVARIANTS, connection::INVARIANTS];

/// Every invariant's name, in RFC order.
pub fn names() -> Vec<&'static str> {
    let mut names: Vec<_> =
        INVARIANTS.iter().flat_map(|list| list.iter()).map(|(name, _, _)| *name).collect();
    names.extend(progress::GOALS.iter().map(|goal| goal.name));
    names.extend(reachability::names());
    names.sort_by_key(|name| section_of(name));
    names
}

/// The numbers of the section that a property's name begins with.
fn section_of(name: &str) -> Vec<u32> {
    let section = name.trim_start_matches('§').split(' ').next().unwrap_or_default();
    section.split('.').map(|part| part.parse().unwrap_or(0)).collect()
}

/// One direction of one stream, as both ends and the observer have it.
struct FlowView<'a> {
    sending: Option<&'a SendingPart>,
    receiving: Option<&'a ReceivingPart>,
    notes: &'a FlowNotes,
    sender: Option<&'a Endpoint>,
    receiver: Option<&'a Endpoint>,
    stream_id: StreamId,
}

/// Whether something is true of every flow of which the observer has notes.
fn every_flow(state: &StreamsState, holds: impl Fn(&FlowView<'_>) -> bool) -> bool {
    flows(state).all(|flow| holds(&flow))
}

fn flows(state: &StreamsState) -> impl Iterator<Item = FlowView<'_>> {
    state.history.flows.iter().map(|(flow, notes)| view(state, flow, notes))
}

fn view<'a>(state: &'a StreamsState, flow: &Flow, notes: &'a FlowNotes) -> FlowView<'a> {
    let (sender, receiver) = (state.endpoint(flow.sender), state.endpoint(flow.sender.peer()));
    let stream_id = flow.stream_id;
    FlowView {
        sending: sender.and_then(|endpoint| endpoint.sending(stream_id)),
        receiving: receiver.and_then(|endpoint| endpoint.receiving(stream_id)),
        notes,
        sender,
        receiver,
        stream_id,
    }
}

/// Whether nothing is under way and nobody has anything to send: what can be known is known.
fn is_quiet(world: &StreamsWorld, state: &StreamsState) -> bool {
    let NetworkFaults { loses, .. } = world.preset.network_faults;
    let done = |endpoint: &Endpoint| {
        let owes = endpoint.next_frame(&world.rules, world.choices()).is_some();
        !(owes || loses && has_in_flight(endpoint))
    };
    state.network.is_empty() && !state.is_early() && state.endpoints().all(done)
}

/// Every property that has a subject in `preset`.
pub fn all(preset: &Preset) -> Vec<Property<StreamsWorld>> {
    if preset.twin {
        return without_observer(preset);
    }
    let mut properties = Vec::new();
    for (name, needs, condition) in INVARIANTS.iter().flat_map(|list| list.iter()) {
        if needs.met(preset) {
            let expectation = Expectation::Always;
            properties.push(Property { expectation, name, condition: *condition });
        }
    }
    let data_or_ends = preset.hostility != Hostility::Handshake;
    if data_or_ends {
        reachability::add(preset, &mut properties);
    }
    properties.sort_by_key(|property| {
        (property.expectation != Expectation::Always, section_of(property.name))
    });
    properties
}

/// The properties of a preset in which nobody takes notes.
fn without_observer(preset: &Preset) -> Vec<Property<StreamsWorld>> {
    let property = |expectation: Expectation| {
        move |(name, condition): (&'static str, Condition)| Property {
            expectation: expectation.clone(),
            name,
            condition,
        }
    };
    let always = pairs::INVARIANTS.iter().copied().map(property(Expectation::Always));
    let sometimes = pairs::reachable(preset).into_iter().map(property(Expectation::Sometimes));
    always.chain(sometimes).collect()
}

/// The names of the invariants that are asked where there is no observer.
pub fn names_without_observer() -> Vec<&'static str> {
    pairs::names().collect()
}

fn side_of_hostile_victim(world: &StreamsWorld) -> Option<Side> {
    world.preset.hostile.map(Side::peer)
}
