//! Guards: what can happen next (§3's parameter first).

use super::action::{Action, Call, Raise};
use super::frame::{Frame, Packet, Parameter};
use super::hostile;
use super::receiver::Receiver;
use super::rules::Limits;
use super::sender::Sender;
use super::state::ResetStreamAtState;
use super::world::ResetStreamAtWorld;

impl ResetStreamAtWorld {
    /// Every action that the world permits in a state.
    pub(super) fn enabled(&self, state: &ResetStreamAtState, actions: &mut Vec<Action>) {
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

    fn sender_actions(
        &self,
        state: &ResetStreamAtState,
        sender: &Sender,
        actions: &mut Vec<Action>,
    ) {
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
    pub fn owed(&self, state: &ResetStreamAtState) -> Vec<Frame> {
        match (&state.sender, &state.receiver) {
            (Some(sender), Some(receiver)) => sender.owed(&self.rules, receiver.limits),
            (Some(_) | None, _) => Vec::new(),
        }
    }

    fn receiver_actions(
        &self,
        state: &ResetStreamAtState,
        receiver: &Receiver,
        actions: &mut Vec<Action>,
    ) {
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
    pub(super) fn raised(&self, receiver: &Receiver, raise: Raise) -> Option<Limits> {
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

    fn network_actions(&self, state: &ResetStreamAtState, actions: &mut Vec<Action>) {
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
}
