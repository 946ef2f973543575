//! Paths as pictures: what happened between sender and receiver, step by step (§4's frames, §5.3's states).

use crate::diagram::{Diagram, Emphasis, Fate, Lane, Row};

use super::action::{ABORT_CODE, Action, Call};
use super::frame::{Frame, Packet};
use super::receiver::{Reading, Receiver};
use super::sender::Sender;
use super::state::ResetStreamAtState;
use super::world::ResetStreamAtWorld;

const SENDER: usize = 0;
const RECEIVER: usize = 1;

const STOP_SENDING: Packet =
    Packet::Frame(Frame::StopSending { application_protocol_error_code: ABORT_CODE });

/// A path, each state with the action that leaves it, as a sequence diagram.
pub fn path_diagram(
    world: &ResetStreamAtWorld,
    path: &[(ResetStreamAtState, Option<Action>)],
) -> Diagram {
    let lane = |name: &str, role: &str| Lane { name: name.to_owned(), role: Some(role.to_owned()) };
    let sender = if world.preset.hostile { "hostile peer" } else { "sending part" };
    let mut diagram = Diagram {
        title: format!("preset {}", world.preset.name),
        subtitle: Some(format!("{} steps", path.len().saturating_sub(1))),
        lanes: vec![lane("client", sender), lane("server", "receiving part")],
        rows: Vec::new(),
    };
    for (number, pair) in path.windows(2).enumerate() {
        let [(before, Some(action)), (after, _)] = pair else { continue };
        diagram.rows.push(step_row(world, number + 1, before, action));
        let texts = [
            changed(before.sender, after.sender, sender_text),
            changed(before.receiver, after.receiver, receiver_text),
        ];
        if texts.iter().any(Option::is_some) {
            diagram.rows.push(Row::States { texts: texts.into() });
        }
    }
    diagram
}

fn step_row(
    world: &ResetStreamAtWorld,
    number: usize,
    before: &ResetStreamAtState,
    action: &Action,
) -> Row {
    let step = Some(number);
    let event = |lane, label| Row::Event { step, lane, label, emphasis: Emphasis::Normal };
    let message = |packet: &Packet, fate| {
        let (from, to) =
            if packet.goes_to_sender() { (RECEIVER, SENDER) } else { (SENDER, RECEIVER) };
        Row::Message { step, from, to, label: packet.to_string(), fate, emphasis: Emphasis::Normal }
    };
    match action {
        Action::Connect { .. } => {
            Row::Banner { label: action.to_string(), emphasis: Emphasis::Normal }
        }
        Action::App { call: Call::AbortReading } | Action::Advertise { .. } => {
            event(RECEIVER, action.to_string())
        }
        Action::SendStop => message(&STOP_SENDING, Fate::Sent),
        Action::App { call: Call::Write | Call::End | Call::ResetAt(_) | Call::Reset } => {
            event(SENDER, action.to_string())
        }
        Action::Read { branch } => {
            let answer = match world.answer(before, *branch) {
                Some(Reading::Data(length)) => format!("read → {length} bytes"),
                Some(Reading::End) => "read → end of stream".to_owned(),
                Some(Reading::Reset(code)) => format!("read → reset, code {}", code.0),
                None => "read".to_owned(),
            };
            event(RECEIVER, answer)
        }
        Action::Send { frame } => message(&Packet::Frame(*frame), Fate::Sent),
        Action::Hostile { frame, .. } => message(&Packet::Frame(*frame), Fate::Delivered),
        Action::Deliver { packet, .. } => message(packet, Fate::Delivered),
        Action::Duplicate { packet, .. } => message(packet, Fate::Duplicated),
        Action::Lose { packet } => message(packet, Fate::Lost),
    }
}

fn changed<P: Copy>(before: Option<P>, after: Option<P>, text: fn(P) -> String) -> Option<String> {
    let (old, new) = (before.map(text), after.map(text));
    if old == new { None } else { new }
}

fn sender_text(part: Sender) -> String {
    part.state.to_string()
}

fn receiver_text(part: Receiver) -> String {
    if let Some(violation) = part.closed {
        return format!("closed with {}", violation.transport_error());
    }
    let mut text = part.state.to_string();
    if let Some(size) = part.final_size {
        text.push_str(&format!(", final size {size}"));
    }
    if let Some(reset) = part.reset {
        text.push_str(&format!(", reliable size {}", reset.reliable_size));
    }
    text
}
