//! The world as a stateright [`Model`]: two endpoints and a network, or one endpoint and a hostile
//! peer. Guards are in [`actions`](Model::actions), effects in [`next_state`](Model::next_state);
//! what a step does to an endpoint stands in [`rfc`](crate::rfc).

use std::collections::BTreeSet;

use stateright::{Model, Path, Property};

use crate::rfc::call::{Answer, Call};
use crate::rfc::choices::Choices;
use crate::rfc::endpoint::Endpoint;
use crate::rfc::frame::{ErrorCode, Frame};
use crate::rfc::receiving::RecvState;
use crate::rfc::rules::{RFC9000, Rules};
use crate::rfc::sending::Carriage;

use super::action::{Action, Carries, Packet, Role};
use super::history::History;
use super::hostile;
use super::presets::{Preset, Sends};

/// The code with which the sending application resets.
pub const RESET_CODE: ErrorCode = ErrorCode(7);
/// The code with which the receiving application aborts reading.
pub const ABORT_CODE: ErrorCode = ErrorCode(9);
/// Everything at one moment. `None` stands for the hostile peer.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct WorldState {
    /// The endpoint that sends on the stream.
    pub sender: Option<Endpoint>,
    /// The endpoint that receives on it.
    pub receiver: Option<Endpoint>,
    /// The packets in flight; a set, because a second copy behaves as a duplicate of the first.
    pub network: BTreeSet<Packet>,
    /// The observer's notes.
    pub history: History,
}

impl WorldState {
    /// The endpoint in this role, unless it is the hostile peer.
    pub const fn endpoint(&self, role: Role) -> Option<&Endpoint> {
        match role {
            Role::Sender => self.sender.as_ref(),
            Role::Receiver => self.receiver.as_ref(),
        }
    }

    fn replace(&mut self, role: Role, endpoint: Endpoint) {
        if let Some(before) = self.endpoint(role) {
            self.history.moved(&before.clone(), &endpoint);
        }
        match role {
            Role::Sender => self.sender = Some(endpoint),
            Role::Receiver => self.receiver = Some(endpoint),
        }
    }
}

/// A preset under a set of rules.
#[derive(Clone, Copy, Debug)]
pub struct World {
    /// The bounds.
    pub preset: Preset,
    /// The rules; a mutant's, or [`RFC9000`].
    pub rules: Rules,
}

impl World {
    /// A preset under RFC 9000's rules.
    pub const fn new(preset: Preset) -> Self {
        Self { preset, rules: RFC9000 }
    }

    /// The same world with endpoints that go only one of the permitted ways.
    pub const fn choosing(mut self, choices: Choices) -> Self {
        self.preset.choices = choices;
        self
    }

    fn choices(&self) -> &Choices {
        &self.preset.choices
    }

    // ---- guards ---------------------------------------------------------------------------------

    fn app_actions(&self, state: &WorldState, actions: &mut Vec<Action>) {
        let preset = &self.preset;
        let calls = [
            (Call::Write { length: 1 }, true),
            (Call::End, true),
            (Call::Reset { code: RESET_CODE }, preset.calls.reset),
            (Call::DropSend, preset.calls.drop),
            (Call::Read, true),
            (Call::AbortReading { code: ABORT_CODE }, preset.calls.abort_reading),
            (Call::DropRecv, preset.calls.drop),
        ];
        for (call, offered) in calls {
            let role = if call.is_sending() { Role::Sender } else { Role::Receiver };
            let Some(endpoint) = state.endpoint(role).filter(|_| offered) else {
                continue;
            };
            if !self.may_call(endpoint, call) {
                continue;
            }
            for (answer, next) in endpoint.call(&self.rules, self.choices(), call) {
                let late = next == *endpoint && call != Call::Read;
                if answer != Answer::Closed && (preset.calls.late || !late) {
                    actions.push(Action::App { call, answer });
                }
            }
        }
    }

    fn may_call(&self, endpoint: &Endpoint, call: Call) -> bool {
        match call {
            Call::Write { length } => endpoint.sending.as_ref().is_some_and(|part| {
                let over = part.ended || endpoint.send_outcome().is_some();
                over || part.written + length <= self.preset.length
            }),
            // Whether a reader that has read everything, and has not been told so, has read to the
            // end or stops is a question no user asks (C-7).
            Call::AbortReading { .. } => endpoint
                .receiving
                .as_ref()
                .is_some_and(|part| part.told || part.state != RecvState::DataRead),
            Call::End | Call::Reset { .. } | Call::DropSend | Call::Read | Call::DropRecv => true,
        }
    }

    fn endpoint_actions(&self, state: &WorldState, role: Role, actions: &mut Vec<Action>) {
        let Some(endpoint) = state.endpoint(role) else {
            return;
        };
        let owes = endpoint.next_frame(&self.rules, self.choices()).is_some();
        let room = state.network.len() < self.preset.in_flight;
        match self.preset.sends {
            Sends::AtOnce if owes && room => actions.push(Action::Transmit { role }),
            Sends::AtOnce => {}
            Sends::Freely if room => {
                for frame in self.free_frames(endpoint) {
                    let packet = Packet { to: role.peer(), carries: Carries::Frame(frame) };
                    if !state.network.contains(&packet) {
                        actions.push(Action::SendFrame { role, frame });
                    }
                }
            }
            Sends::Freely => {}
        }
        if self.preset.weather.loses
            && self.preset.sends == Sends::AtOnce
            && !owes
            && has_in_flight(endpoint)
            && nothing_under_way(state, role)
        {
            actions.push(Action::DetectLoss { role });
        }
    }

    /// Every frame the rules let the endpoint send now.
    fn free_frames(&self, endpoint: &Endpoint) -> Vec<Frame> {
        let stream_id = endpoint.stream_id;
        let mut frames = Vec::new();
        if let Some(part) = &endpoint.sending {
            // New data in order; anything again.
            for offset in 0..=part.largest_sent() {
                for end in offset..=part.written {
                    for fin in [false, true] {
                        if end > offset || fin {
                            let length = end - offset;
                            frames.push(Frame::Stream { stream_id, offset, length, fin });
                        }
                    }
                }
            }
            if let Some(reset) = part.reset {
                let final_size =
                    reset.final_size.unwrap_or_else(|| (self.rules.reset_final_size)(part));
                frames.push(Frame::ResetStream {
                    stream_id,
                    application_protocol_error_code: (self.rules.reset_code)(&reset),
                    final_size,
                });
            }
        }
        if let Some(stop) = endpoint.receiving.as_ref().and_then(|part| part.stop) {
            frames
                .push(Frame::StopSending { stream_id, application_protocol_error_code: stop.code });
        }
        frames.retain(|frame| endpoint.clone().on_sent(&self.rules, frame).is_ok());
        frames
    }

    fn network_actions(&self, state: &WorldState, actions: &mut Vec<Action>) {
        for packet in &state.network {
            let is_frame = matches!(packet.carries, Carries::Frame(_));
            for branch in 0..self.after_packet(state, packet).len().max(1) {
                actions.push(Action::Deliver { packet: *packet, branch });
                if self.preset.weather.duplicates && is_frame {
                    actions.push(Action::Duplicate { packet: *packet, branch });
                }
            }
            if self.preset.weather.loses {
                actions.push(Action::Lose { packet: *packet });
            }
        }
    }

    fn hostile_actions(&self, state: &WorldState, actions: &mut Vec<Action>) {
        let Some(hostile) = self.preset.hostile else {
            return;
        };
        let Some(victim) = state.endpoint(hostile.peer()) else {
            return;
        };
        if victim.closed.is_some() || victim.is_lawless() {
            return;
        }
        for frame in hostile::frames(victim, self.preset.length, hostile) {
            let after = victim.on_frame(&self.rules, self.choices(), &frame);
            for branch in 0..after.len() {
                actions.push(Action::Hostile { frame, branch });
            }
        }
    }

    // ---- effects --------------------------------------------------------------------------------

    /// The endpoints permitted after a packet; empty if the packet goes to the hostile peer.
    fn after_packet(&self, state: &WorldState, packet: &Packet) -> Vec<Endpoint> {
        let Some(endpoint) = state.endpoint(packet.to) else {
            return Vec::new();
        };
        match packet.carries {
            Carries::Frame(frame) => endpoint.on_frame(&self.rules, self.choices(), &frame),
            Carries::Ack(frame) => {
                let mut next = endpoint.clone();
                next.on_acknowledged(&self.rules, &frame);
                vec![next]
            }
        }
    }

    fn arrive(&self, state: &mut WorldState, packet: &Packet, branch: usize) -> Option<()> {
        let Some(endpoint) = state.endpoint(packet.to).cloned() else {
            // The hostile peer has it: it acknowledges, or it would not have to be told.
            if let Carries::Frame(frame) = packet.carries {
                let ack = Packet { to: packet.to.peer(), carries: Carries::Ack(frame) };
                return self.arrive(state, &ack, 0);
            }
            return Some(());
        };
        let next = self.after_packet(state, packet).into_iter().nth(branch)?;
        if let Carries::Frame(frame) = packet.carries {
            self.note_arrival(state, &frame, packet.to, &endpoint);
            state.network.insert(Packet { to: packet.to.peer(), carries: Carries::Ack(frame) });
        }
        state.replace(packet.to, next);
        self.run_driver(state, packet.to);
        Some(())
    }

    fn note_arrival(&self, state: &mut WorldState, frame: &Frame, to: Role, before: &Endpoint) {
        match (to, frame) {
            (Role::Sender, Frame::StopSending { application_protocol_error_code, .. })
                if frame.stream_id() == before.stream_id =>
            {
                state.history.stop_arrives(*application_protocol_error_code, before);
            }
            (Role::Sender, _) => {}
            (Role::Receiver, _) if frame.stream_id() == before.stream_id => {
                state.history.arrives_at_receiver(frame, before);
            }
            (Role::Receiver, _) => {}
        }
    }

    /// A packet woke the endpoint's driver: in worlds that send at once it sends all it owes.
    fn run_driver(&self, state: &mut WorldState, role: Role) {
        if self.preset.sends == Sends::Freely {
            return;
        }
        while let Some(frame) =
            state.endpoint(role).and_then(|e| e.next_frame(&self.rules, self.choices()))
        {
            if self.send(state, role, &frame).is_none() {
                return;
            }
        }
        if let Some(mut endpoint) = state.endpoint(role).cloned()
            && let Some(close) = &mut endpoint.closed
        {
            close.announced = true;
            state.replace(role, endpoint);
        }
    }

    /// The endpoint sends `frame`; `None` if that changes nothing although it was owed, which only
    /// a mutant's rules can bring about.
    fn send(&self, state: &mut WorldState, role: Role, frame: &Frame) -> Option<()> {
        let before = state.endpoint(role)?.clone();
        let mut next = before.clone();
        // A breach of its own rules is the observer's to note, not the endpoint's.
        let _ = next.on_sent(&self.rules, frame);
        match &before.sending {
            Some(part) => state.history.sender_sent(frame, part.state),
            None => state.history.receiver_stopped(&before),
        }
        let changed = next != before;
        state.replace(role, next);
        state.network.insert(Packet { to: role.peer(), carries: Carries::Frame(*frame) });
        changed.then_some(())
    }
}

/// Whether neither a frame of `role` nor an acknowledgement for it is left in the network: what it
/// waits for will not come. (A loss detected wrongly sends a second copy, as a network that doubles
/// does.)
fn nothing_under_way(state: &WorldState, role: Role) -> bool {
    state.network.iter().all(|packet| match packet.carries {
        Carries::Frame(_) => packet.to == role,
        Carries::Ack(_) => packet.to != role,
    })
}

fn has_in_flight(endpoint: &Endpoint) -> bool {
    let sending = endpoint.sending.as_ref().is_some_and(|part| {
        let live = !part.state.is_terminal();
        match part.reset {
            Some(reset) => live && reset.carriage == Carriage::InFlight,
            None => {
                let unacked = part.sent.iter().any(|range| part.acked.gaps(range).next().is_some());
                live && (unacked || (part.ended && part.fin == Carriage::InFlight))
            }
        }
    });
    let receiving = endpoint.receiving.as_ref().is_some_and(|part| {
        part.state.awaits_data() && part.stop.is_some_and(|s| s.carriage == Carriage::InFlight)
    });
    endpoint.closed.is_none() && (sending || receiving)
}

impl Model for World {
    type State = WorldState;
    type Action = Action;

    fn init_states(&self) -> Vec<WorldState> {
        let side = self.preset.sender;
        let present = |role| self.preset.hostile != Some(role);
        vec![WorldState {
            sender: present(Role::Sender).then(|| Endpoint::sender(side)),
            receiver: present(Role::Receiver).then(|| Endpoint::receiver(side.peer())),
            network: BTreeSet::new(),
            history: History::default(),
        }]
    }

    fn actions(&self, state: &WorldState, actions: &mut Vec<Action>) {
        if Role::ALL.iter().any(|role| state.endpoint(*role).is_some_and(Endpoint::is_lawless)) {
            return; // The world ends where no rule says what follows.
        }
        self.app_actions(state, actions);
        for role in Role::ALL {
            self.endpoint_actions(state, role, actions);
        }
        self.network_actions(state, actions);
        self.hostile_actions(state, actions);
    }

    fn next_state(&self, last: &WorldState, action: Action) -> Option<WorldState> {
        let mut state = last.clone();
        match action {
            Action::App { call, answer } => {
                let role = if call.is_sending() { Role::Sender } else { Role::Receiver };
                let before = last.endpoint(role)?;
                let answers = before.call(&self.rules, self.choices(), call);
                let (_, next) = answers.into_iter().find(|(given, _)| *given == answer)?;
                state.history.answered(call, answer, before);
                state.replace(role, next);
            }
            Action::Transmit { role } => self.run_driver(&mut state, role),
            Action::SendFrame { role, frame } => {
                self.send(&mut state, role, &frame);
            }
            Action::Deliver { packet, branch } => {
                state.network.remove(&packet);
                self.arrive(&mut state, &packet, branch)?;
            }
            Action::Duplicate { packet, branch } => self.arrive(&mut state, &packet, branch)?,
            Action::Lose { packet } => {
                state.network.remove(&packet);
            }
            Action::DetectLoss { role } => {
                let mut next = last.endpoint(role)?.clone();
                next.on_all_lost();
                state.replace(role, next);
                self.run_driver(&mut state, role);
            }
            Action::Hostile { frame, branch } => {
                let victim = self.preset.hostile?.peer();
                let before = last.endpoint(victim)?;
                let next = before.on_frame(&self.rules, self.choices(), &frame);
                state.history.hostile_arrives(&frame, before);
                self.note_arrival(&mut state, &frame, victim, before);
                state.replace(victim, next.into_iter().nth(branch)?);
                self.run_driver(&mut state, victim);
            }
        }
        Some(state)
    }

    fn format_action(&self, action: &Action) -> String {
        action.to_string()
    }

    fn format_step(&self, last: &WorldState, action: Action) -> Option<String> {
        let next = self.next_state(last, action)?;
        let mut lines = Vec::new();
        for role in Role::ALL {
            let text = |state: &WorldState| {
                let endpoint = state.endpoint(role)?;
                let text = crate::explore::state_text(endpoint);
                Some(text.unwrap_or_else(|| "not created".to_owned()))
            };
            match (text(last), text(&next)) {
                (Some(old), Some(new)) if old != new => {
                    lines.push(format!("{role}: {old} -> {new}"))
                }
                (_, Some(new)) => lines.push(format!("{role}: {new}")),
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
