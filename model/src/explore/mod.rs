//! Paths as pictures: what happened between the two endpoints, step by step, and how their states
//! moved. [`serve`] puts them beside stateright's Explorer.

pub mod serve;

use crate::diagram::{Diagram, Emphasis, Fate, Lane, Row};
use crate::rfc::endpoint::Endpoint;
use crate::world::action::{Action, Carries, Packet, Role};
use crate::world::presets::Preset;
use crate::world::system::{World, WorldState};

/// A path, each state with the action that leaves it, as a sequence diagram.
///
/// The sender of the stream is the left lane. A frame is drawn where it arrives, is lost, or, if it
/// does neither on this path, where it is sent.
pub fn path_diagram(world: &World, path: &[(WorldState, Option<Action>)]) -> Diagram {
    let mut diagram = Diagram {
        title: format!("preset {}", world.preset.name),
        subtitle: Some(format!("{} steps", path.len().saturating_sub(1))),
        lanes: lanes(&world.preset),
        rows: Vec::new(),
    };
    for (number, pair) in path.windows(2).enumerate() {
        let [(before, Some(action)), (after, _)] = pair else { continue };
        diagram.rows.extend(step_rows(number + 1, before, action, after));
    }
    diagram
}

fn lanes(preset: &Preset) -> Vec<Lane> {
    Role::ALL
        .into_iter()
        .map(|role| {
            let (side, part) = match role {
                Role::Sender => (preset.sender, "sending part"),
                Role::Receiver => (preset.sender.peer(), "receiving part"),
            };
            let hostile = preset.hostile == Some(role);
            Lane {
                name: format!("{side:?}").to_lowercase(),
                role: Some(if hostile { "hostile peer" } else { part }.to_owned()),
            }
        })
        .collect()
}

/// The lane of a role.
pub const fn lane(role: Role) -> usize {
    match role {
        Role::Sender => 0,
        Role::Receiver => 1,
    }
}

fn step_rows(number: usize, before: &WorldState, action: &Action, after: &WorldState) -> Vec<Row> {
    let step = Some(number);
    let event = |role: Role, label: String| Row::Event {
        step,
        lane: lane(role),
        label,
        emphasis: Emphasis::Normal,
    };
    let message = |packet: &Packet, fate: Fate| {
        // An acknowledgement of a hostile peer is drawn as the frame that it has received.
        Row::Message {
            step,
            from: lane(packet.to.peer()),
            to: lane(packet.to),
            label: packet.to_string(),
            fate,
            emphasis: Emphasis::Normal,
        }
    };
    let mut rows = match action {
        Action::App { call, answer } => {
            let role = if call.is_sending() { Role::Sender } else { Role::Receiver };
            vec![event(role, format!("{call} → {answer}"))]
        }
        Action::Transmit { .. } => Vec::new(),
        Action::SendFrame { .. } => Vec::new(),
        Action::Deliver { packet, .. } => vec![message(packet, Fate::Delivered)],
        Action::Duplicate { packet, .. } => vec![message(packet, Fate::Duplicated)],
        Action::Lose { packet } => vec![message(packet, Fate::Lost)],
        Action::DetectLoss { role } => vec![event(*role, "all in flight declared lost".to_owned())],
        Action::Hostile { frame, .. } => {
            let to = if before.sender.is_some() { Role::Sender } else { Role::Receiver };
            vec![message(&Packet { to, carries: Carries::Frame(*frame) }, Fate::Delivered)]
        }
    };
    for packet in after.network.difference(&before.network) {
        if let Carries::Frame(_) = packet.carries {
            rows.push(message(packet, Fate::Sent));
        }
    }
    let texts: Vec<_> = Role::ALL
        .into_iter()
        .map(|role| {
            let now = state_text(after.endpoint(role)?);
            let same = before.endpoint(role).is_some_and(|old| state_text(old) == now);
            (!same).then_some(now).flatten()
        })
        .collect();
    if texts.iter().any(Option::is_some) {
        rows.push(Row::States { texts });
    }
    rows
}

/// Where an endpoint stands, in the RFC's words; `None` before its stream exists.
pub fn state_text(endpoint: &Endpoint) -> Option<String> {
    if let Some(close) = endpoint.closed {
        return Some(format!("closed with {}", close.violation.transport_error()));
    }
    let sending = endpoint.sending.as_ref().map(|part| part.state.to_string());
    let receiving = endpoint.receiving.as_ref().map(|part| match part.final_size {
        Some(size) => format!("{}, final size {size}", part.state),
        None => part.state.to_string(),
    });
    match (sending, receiving) {
        (Some(sending), Some(receiving)) => Some(format!("{sending} / {receiving}")),
        (Some(state), None) | (None, Some(state)) => Some(state),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use stateright::{Model, Path};

    use super::*;
    use crate::check::graph::Graph;

    #[test]
    fn path_is_drawn_with_every_call_frame_and_state_on_it() {
        let world = World::new(Preset::find("uni").expect("a preset"));
        let reset_read = |state: &WorldState| {
            let part = state.receiver.as_ref().and_then(|endpoint| endpoint.receiving.as_ref());
            part.is_some_and(|part| part.state == crate::rfc::receiving::RecvState::ResetRead)
        };
        let (graph, hit) = Graph::explore_until(&world, reset_read);
        let way = graph.way_to(hit.expect("a reset can be read"));
        let actions = way.iter().map(|edge| graph.edges[*edge].action);
        let init = world.init_states().remove(0);
        let path = Path::from_actions(&world, init, &actions.collect::<Vec<_>>()).expect("a path");
        let svg = world.as_svg(path).expect("a picture");
        for text in ["reset code 7 → accepted", "RESET_STREAM 2 code 7 final size 0", "Reset Read"]
        {
            assert!(svg.contains(text), "{text}");
        }
    }
}
