//! The world as a stateright [`Model`]: the sender of a stream, a network, its receiver; or that receiver
//! and a hostile sender. §3's parameter is the first step. Guards are in [`actions`](Model::actions), effects
//! in [`next_state`](Model::next_state); what a step does to an endpoint stands beside its rules.

use std::collections::BTreeSet;

use stateright::{Model, Path, Property};

use crate::check::engine::Checked;

use super::action::{ABORT_CODE, Action, Call, Raise};
use super::bytes::Size;
use super::frame::{Carriage, Frame, Packet, Parameter};
use super::history::History;
use super::hostile;
use super::presets::Preset;
use super::receiver::{Reading, Receiver};
use super::rules::{DRAFT, Limits, Rules};
use super::sender::Sender;
use super::violation::Violation;

/// Everything at one moment.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct WorldState {
    /// The sending part; `None` before there is a connection, and for the hostile peer.
    pub sender: Option<Sender>,
    /// The receiving part; `None` before there is a connection.
    pub receiver: Option<Receiver>,
    /// The packets in flight; a set, because a second copy behaves as a duplicate of the first.
    pub network: BTreeSet<Packet>,
    /// The observer's notes.
    pub history: History,
}

/// A preset under a set of rules.
#[derive(Clone, Copy, Debug)]
pub struct World {
    /// The bounds.
    pub preset: Preset,
    /// The rules; a mutant's, or [`DRAFT`].
    pub rules: Rules,
}

impl World {
    /// A preset under the draft's rules.
    pub const fn new(preset: Preset) -> Self {
        Self { preset, rules: DRAFT }
    }

    // ---- guards ---------------------------------------------------------------------------------

    fn connections(&self, actions: &mut Vec<Action>) {
        use Parameter::{Absent, Empty, NonEmpty};
        let connect =
            |sender, receiver, remembered| Action::Connect { sender, receiver, remembered };
        if self.preset.hostile {
            for sender in [Absent, Empty, NonEmpty] {
                actions.extend([Absent, Empty].map(|receiver| connect(sender, receiver, false)));
            }
            return;
        }
        actions.extend([Absent, Empty].map(|receiver| connect(Empty, receiver, false)));
        // reset-stream-at 3/4: a server that accepts 0-RTT still has what it offered.
        let kept = if (self.rules.kept_on_resumption)() { Empty } else { Absent };
        actions.push(connect(Empty, kept, true));
    }

    fn sender_actions(&self, state: &WorldState, sender: &Sender, actions: &mut Vec<Action>) {
        let resets = (0..=sender.written).map(Call::ResetAt);
        let write = (sender.written < self.preset.length).then_some(Call::Write);
        for call in write.into_iter().chain([Call::End, Call::Reset]).chain(resets) {
            let next = call.wish().and_then(|wish| sender.asked(&self.rules, wish));
            if next.is_some_and(|next| next != *sender) {
                actions.push(Action::App { call });
            }
        }
        if state.network.len() < self.preset.in_flight {
            let frames = self.owed(state).into_iter();
            actions.extend(frames.map(|frame| Action::Send { frame }));
        }
    }

    /// The frames that the sender owes and may send now.
    pub fn owed(&self, state: &WorldState) -> Vec<Frame> {
        match (&state.sender, &state.receiver) {
            (Some(sender), Some(receiver)) => sender.owed(&self.rules, receiver.limits),
            (Some(_) | None, _) => Vec::new(),
        }
    }

    fn receiver_actions(&self, state: &WorldState, receiver: &Receiver, actions: &mut Vec<Action>) {
        for branch in 0..receiver.read(&self.rules).len() {
            actions.push(Action::Read { branch });
        }
        if receiver.abort_reading(&self.rules).is_some() {
            actions.push(Action::App { call: Call::AbortReading });
        }
        if receiver.owes_stop() && state.network.len() < self.preset.in_flight {
            actions.push(Action::SendStop);
        }
        for raise in [Raise::Stream, Raise::Connection] {
            if self.raised(receiver, raise).is_some() {
                actions.push(Action::Advertise { raise });
            }
        }
    }

    /// The limits after one byte more, if what was given back allows it and anyone would notice.
    fn raised(&self, receiver: &Receiver, raise: Raise) -> Option<Limits> {
        let (windows, mut limits) = (self.preset.windows, receiver.limits);
        let (limit, window) = match raise {
            Raise::Stream => (&mut limits.stream, windows.stream),
            Raise::Connection => (&mut limits.connection, windows.connection),
        };
        // Once the final size is known, no sender that keeps it needs more.
        let open = receiver.closed.is_none() && receiver.final_size.is_none();
        if !open || *limit >= self.preset.length || *limit >= window + receiver.released {
            return None;
        }
        *limit += 1;
        Some(limits)
    }

    fn network_actions(&self, state: &WorldState, actions: &mut Vec<Action>) {
        let Some(receiver) = &state.receiver else { return };
        for packet in &state.network {
            let branches = match packet {
                Packet::Frame(frame) if !packet.goes_to_sender() => {
                    receiver.on_frame(&self.rules, frame).len()
                }
                Packet::Frame(_) | Packet::Ack(_) => 1,
            };
            for branch in 0..branches {
                actions.push(Action::Deliver { packet: *packet, branch });
                if self.preset.duplicates && !packet.goes_to_sender() {
                    actions.push(Action::Duplicate { packet: *packet, branch });
                }
            }
            if self.preset.loses {
                actions.push(Action::Lose { packet: *packet });
            }
        }
    }

    fn hostile_actions(&self, receiver: &Receiver, actions: &mut Vec<Action>) {
        for frame in hostile::frames(self.preset.length) {
            for branch in 0..receiver.on_frame(&self.rules, &frame).len() {
                actions.push(Action::Hostile { frame, branch });
            }
        }
    }

    // ---- effects --------------------------------------------------------------------------------

    fn connect(
        &self,
        state: &mut WorldState,
        (sender, receiver): (Parameter, Parameter),
        remembered: bool,
    ) {
        let offers = receiver == Parameter::Empty;
        let mut part = Receiver::new(offers, self.preset.limits);
        // reset-stream-at 3/2: a parameter with a value is an error.
        if !(self.rules.is_legal)(sender) {
            part.closed = Some(Violation::ParameterNotEmpty);
        }
        // reset-stream-at 3/3: what the server offered before holds in 0-RTT.
        state.sender = (!self.preset.hostile).then(|| Sender::new(offers || remembered));
        state.receiver = Some(part);
        state.history.connected(&part, remembered, sender);
    }

    fn change_sender(state: &mut WorldState, change: impl FnOnce(&mut Sender)) {
        if let Some(sender) = &mut state.sender {
            let before = *sender;
            change(sender);
            state.history.sender_moved(&before, sender);
            if sender.state.is_terminal() {
                // Whatever still comes changes nothing; gone is as good.
                state.network.retain(|packet| !packet.goes_to_sender());
            }
        }
    }

    fn set_receiver(state: &mut WorldState, next: Receiver) {
        if let Some(before) = state.receiver.replace(next) {
            state.history.receiver_moved(&before, &next);
        }
    }

    fn arrive_at_receiver(
        &self,
        state: &mut WorldState,
        frame: &Frame,
        branch: usize,
    ) -> Option<()> {
        let before = state.receiver?;
        state.history.arrives(frame, &before);
        let next = before.on_frame(&self.rules, frame).into_iter().nth(branch)?;
        Self::set_receiver(state, next);
        Some(())
    }

    fn arrive(&self, state: &mut WorldState, packet: &Packet, branch: usize) -> Option<()> {
        match packet {
            Packet::Ack(frame) => {
                state.history.acknowledged(frame);
                Self::change_sender(state, |sender| sender.on_acked(&self.rules, frame));
            }
            Packet::Frame(Frame::StopSending { application_protocol_error_code: code }) => {
                state.history.stop_arrives(&state.sender?);
                Self::change_sender(state, |sender| sender.on_stop_sending(&self.rules, *code));
                let stop = Some(Carriage::Acked);
                state.receiver = state.receiver.map(|part| Receiver { stop, ..part });
            }
            Packet::Frame(frame) => {
                self.arrive_at_receiver(state, frame, branch)?;
                let open = state.receiver.is_some_and(|part| part.closed.is_none());
                if open && state.sender.is_some_and(|part| !part.state.is_terminal()) {
                    state.network.insert(Packet::Ack(*frame));
                }
            }
        }
        Some(())
    }

    fn lose(&self, state: &mut WorldState, packet: &Packet) {
        state.network.remove(packet);
        match packet {
            Packet::Frame(Frame::StopSending { .. }) => {
                if let Some(stop) = state.receiver.as_mut().and_then(|part| part.stop.as_mut()) {
                    *stop = stop.declared_lost();
                }
            }
            Packet::Frame(frame) | Packet::Ack(frame) => {
                Self::change_sender(state, |sender| sender.on_lost(frame));
            }
        }
    }

    fn call(&self, state: &mut WorldState, call: Call) -> Option<()> {
        match call.wish() {
            Some(wish) => {
                let next = state.sender?.asked(&self.rules, wish)?;
                state.sender = Some(next);
            }
            None => Self::set_receiver(state, state.receiver?.abort_reading(&self.rules)?),
        }
        Some(())
    }

    fn read(&self, state: &mut WorldState, branch: usize) -> Option<Reading> {
        let before = state.receiver?;
        let (reading, next) = before.read(&self.rules).into_iter().nth(branch)?;
        state.history.answered(reading, &before);
        Self::set_receiver(state, next);
        Some(reading)
    }

    /// How much credit the receiver takes for consumed, in bytes.
    pub fn charged(&self, part: &Receiver) -> Size {
        (self.rules.charged)(part)
    }

    /// What a read in this state is answered with.
    pub fn answer(&self, state: &WorldState, branch: usize) -> Option<Reading> {
        self.read(&mut state.clone(), branch)
    }
}

impl Model for World {
    type State = WorldState;
    type Action = Action;

    fn init_states(&self) -> Vec<WorldState> {
        vec![WorldState {
            sender: None,
            receiver: None,
            network: BTreeSet::new(),
            history: History::default(),
        }]
    }

    fn actions(&self, state: &WorldState, actions: &mut Vec<Action>) {
        let Some(receiver) = &state.receiver else { return self.connections(actions) };
        if receiver.closed.is_some() {
            return; // The world ends with the connection.
        }
        self.receiver_actions(state, receiver, actions);
        match &state.sender {
            Some(sender) => self.sender_actions(state, sender, actions),
            None => self.hostile_actions(receiver, actions),
        }
        self.network_actions(state, actions);
    }

    fn next_state(&self, last: &WorldState, action: Action) -> Option<WorldState> {
        let mut state = last.clone();
        match action {
            Action::Connect { sender, receiver, remembered } => {
                self.connect(&mut state, (sender, receiver), remembered);
            }
            Action::App { call } => self.call(&mut state, call)?,
            Action::Read { branch } => {
                self.read(&mut state, branch)?;
            }
            Action::Send { frame } => {
                state.network.insert(Packet::Frame(frame));
                Self::change_sender(&mut state, |sender| sender.on_sent(&self.rules, &frame));
                let (before, after) = (last.sender?, state.sender?);
                state.history.sent(&frame, &before, &after, &state.receiver?);
            }
            Action::SendStop => {
                let receiver = state.receiver.as_mut()?;
                receiver.stop = receiver.stop.map(Carriage::sent);
                state.network.insert(Packet::Frame(Frame::StopSending {
                    application_protocol_error_code: ABORT_CODE,
                }));
            }
            Action::Advertise { raise } => {
                let limits = self.raised(&state.receiver?, raise)?;
                state.receiver = state.receiver.map(|part| Receiver { limits, ..part });
            }
            Action::Deliver { packet, branch } => {
                state.network.remove(&packet);
                self.arrive(&mut state, &packet, branch)?;
            }
            Action::Duplicate { packet, branch } => self.arrive(&mut state, &packet, branch)?,
            Action::Lose { packet } => self.lose(&mut state, &packet),
            Action::Hostile { frame, branch } => {
                self.arrive_at_receiver(&mut state, &frame, branch)?;
            }
        }
        Some(state)
    }

    fn format_action(&self, action: &Action) -> String {
        action.to_string()
    }

    fn as_svg(&self, path: Path<WorldState, Action>) -> Option<String> {
        Some(super::picture::path_diagram(self, &path.into_vec()).to_svg())
    }

    fn properties(&self) -> Vec<Property<Self>> {
        super::properties::all(&self.preset)
    }
}

impl Checked for World {
    fn name(&self) -> &'static str {
        self.preset.name
    }
}
