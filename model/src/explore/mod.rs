//! Paths as pictures: what happened between the two endpoints, step by step, and how their states
//! moved. [`serve`] puts them beside stateright's Explorer.

mod guard;
pub mod serve;

use crate::diagram::{Diagram, Emphasis, Fate, Lane, Row};
use crate::rfc::endpoint::{Cause, Endpoint, Stream};
use crate::rfc::identity::Side;
use crate::world::action::{Action, Carries, Packet};
use crate::world::presets::Preset;
use crate::world::system::{World, WorldState};

/// A path, each state with the action that leaves it, as a sequence diagram.
///
/// The client is the left lane. A frame is drawn where it arrives, is lost, or, if it does neither on
/// this path, where it is sent.
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
    let lane = |side: Side| {
        let role = match preset.hostile == Some(side) {
            true => Some("hostile peer".to_owned()),
            false => match preset.role_name(side) {
                "sender" => Some("sending part".to_owned()),
                "receiver" => Some("receiving part".to_owned()),
                _ => None,
            },
        };
        Lane { name: side.to_string(), role }
    };
    Side::ALL.into_iter().map(lane).collect()
}

/// The lane of a side.
pub const fn lane(side: Side) -> usize {
    match side {
        Side::Client => 0,
        Side::Server => 1,
    }
}

fn step_rows(number: usize, before: &WorldState, action: &Action, after: &WorldState) -> Vec<Row> {
    let step = Some(number);
    let event = |side: Side, label: String| Row::Event {
        step,
        lane: lane(side),
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
        Action::App { side, call, answer } => vec![event(*side, format!("{call} → {answer}"))],
        Action::Handshake { accepted, .. } => {
            let answer = if *accepted { "accepted" } else { "rejected" };
            vec![event(Side::Client, format!("handshake: 0-RTT {answer}"))]
        }
        Action::Transmit { .. } => Vec::new(),
        Action::SendFrame { .. } => Vec::new(),
        Action::Deliver { packet, .. } => vec![message(packet, Fate::Delivered)],
        Action::Duplicate { packet, .. } => vec![message(packet, Fate::Duplicated)],
        Action::Lose { packet } => vec![message(packet, Fate::Lost)],
        Action::DetectLoss { side } => vec![event(*side, "all in flight declared lost".to_owned())],
        Action::Hostile { frame, .. } => {
            let to = if before.client.is_some() { Side::Client } else { Side::Server };
            vec![message(
                &Packet { to, carries: Carries::Frames((*frame).into()) },
                Fate::Delivered,
            )]
        }
    };
    for packet in after.network.difference(&before.network) {
        if let Carries::Frames(_) = packet.carries {
            rows.push(message(packet, Fate::Sent));
        }
    }
    let texts: Vec<_> = Side::ALL
        .into_iter()
        .map(|side| {
            let now = state_text(after.endpoint(side)?);
            let same = before.endpoint(side).is_some_and(|old| state_text(old) == now);
            (!same).then_some(now).flatten()
        })
        .collect();
    if texts.iter().any(Option::is_some) {
        rows.push(Row::States { texts });
    }
    rows
}

/// Where an endpoint stands, in the RFC's words; `None` before it has a stream.
pub fn state_text(endpoint: &Endpoint) -> Option<String> {
    if let Some(close) = endpoint.closed {
        return Some(match close.cause {
            Cause::Violation { violation, .. } => {
                format!("closed with {}", violation.transport_error())
            }
            Cause::Application { code } => format!("closed, code {}", code.0),
            Cause::Peer => "closed by the peer".to_owned(),
            Cause::None => "closed for no reason".to_owned(),
        });
    }
    let early = if endpoint.early { "0-RTT" } else { "" };
    let several = endpoint.streams.len() > 1;
    let streams = endpoint.streams.iter().filter_map(|(id, stream)| {
        let text = stream_text(stream)?;
        Some(if several { format!("{id}: {text}") } else { text })
    });
    let parts: Vec<String> =
        Some(early.to_owned()).filter(|text| !text.is_empty()).into_iter().chain(streams).collect();
    (!parts.is_empty()).then(|| parts.join(" · "))
}

fn stream_text(stream: &Stream) -> Option<String> {
    let sending = stream.sending.as_ref().map(|part| part.state.to_string());
    let receiving = stream.receiving.as_ref().map(|part| match part.final_size {
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
            let mut parts = state.server.iter().flat_map(Endpoint::receiving_parts);
            parts.any(|(_, part)| part.state == crate::rfc::receiving::RecvState::ResetRead)
        };
        let (graph, hit) = Graph::explore_until(&world, reset_read);
        let way = graph.way_to(hit.expect("a reset can be read"));
        let actions = way.iter().map(|edge| graph.edges[*edge].action.clone());
        let init = world.init_states().remove(0);
        let path = Path::from_actions(&world, init, &actions.collect::<Vec<_>>()).expect("a path");
        let svg = world.as_svg(path).expect("a picture");
        for text in
            ["reset 2 code 7 → accepted", "RESET_STREAM 2 code 7 final size 0", "Reset Read"]
        {
            assert!(svg.contains(text), "{text}");
        }
    }
}
