//! Effects: what a step does to a world. What it does to an endpoint stands beside its rules.

use super::action::{ABORT_CODE, Action, Call};
use super::bytes::Size;
use super::frame::{Delivery, Frame, Packet, Parameter};
use super::receiver::{Reading, Receiver};
use super::sender::Sender;
use super::state::ResetStreamAtState;
use super::violation::Violation;
use super::world::ResetStreamAtWorld;

impl ResetStreamAtWorld {
    /// The state after an action; `None` if it is not possible there.
    pub(super) fn after(
        &self,
        last: &ResetStreamAtState,
        action: Action,
    ) -> Option<ResetStreamAtState> {
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
                receiver.stop = receiver.stop.map(Delivery::sent);
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

    fn connect(
        &self,
        state: &mut ResetStreamAtState,
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

    fn change_sender(state: &mut ResetStreamAtState, change: impl FnOnce(&mut Sender)) {
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

    fn set_receiver(state: &mut ResetStreamAtState, next: Receiver) {
        if let Some(before) = state.receiver.replace(next) {
            state.history.receiver_moved(&before, &next);
        }
    }

    fn arrive_at_receiver(
        &self,
        state: &mut ResetStreamAtState,
        frame: &Frame,
        branch: usize,
    ) -> Option<()> {
        let before = state.receiver?;
        state.history.arrives(frame, &before);
        let next = before.on_frame(&self.rules, frame).into_iter().nth(branch)?;
        Self::set_receiver(state, next);
        Some(())
    }

    fn arrive(&self, state: &mut ResetStreamAtState, packet: &Packet, branch: usize) -> Option<()> {
        match packet {
            Packet::Ack(frame) => {
                state.history.acknowledged(frame);
                Self::change_sender(state, |sender| sender.on_acked(&self.rules, frame));
            }
            Packet::Frame(Frame::StopSending { application_protocol_error_code: code }) => {
                state.history.stop_arrives(&state.sender?);
                Self::change_sender(state, |sender| sender.on_stop_sending(&self.rules, *code));
                let stop = Some(Delivery::Acked);
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

    fn lose(&self, state: &mut ResetStreamAtState, packet: &Packet) {
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

    fn call(&self, state: &mut ResetStreamAtState, call: Call) -> Option<()> {
        match call.wish() {
            Some(wish) => {
                let next = state.sender?.asked(&self.rules, wish)?;
                state.sender = Some(next);
            }
            None => Self::set_receiver(state, state.receiver?.abort_reading(&self.rules)?),
        }
        Some(())
    }

    fn read(&self, state: &mut ResetStreamAtState, branch: usize) -> Option<Reading> {
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
    pub fn answer(&self, state: &ResetStreamAtState, branch: usize) -> Option<Reading> {
        self.read(&mut state.clone(), branch)
    }
}
