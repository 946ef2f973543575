//! Effects: what a step does to a world.

use crate::rfc::coverage;
use crate::rfc::endpoint::Endpoint;
use crate::rfc::frame::Frame;
use crate::rfc::identity::Side;
use crate::rfc::parameters::Parameters;
use crate::rfc::sending::ResetCause;

use super::StreamsWorld;
use super::action::{Action, Carries, Frames, Packet};
use super::history::Due;
use super::presets::Sends;
use super::state::StreamsState;

impl StreamsWorld {
    /// The state after an action; `None` if it is not possible there.
    pub(super) fn after(&self, last: &StreamsState, action: &Action) -> Option<StreamsState> {
        coverage::took_action(action.kind());
        let mut state = last.clone();
        match action.clone() {
            Action::App { side, call, answer } => {
                coverage::took_call(call, answer);
                let before = last.endpoint(side)?;
                let answers = before.call(&self.rules, self.choices(), call);
                let (_, next) = answers.into_iter().find(|(given, _)| *given == answer)?;
                if !self.preset.twin {
                    state.history.answered(call, answer, before);
                }
                self.replace(&mut state, next);
            }
            Action::Transmit { side } => self.run_driver(&mut state, side),
            Action::SendFrame { side, frame } => {
                self.note_sent(&mut state, side, &frame)?;
                self.post(&mut state, side, vec![frame]);
            }
            Action::Deliver { packet, branch } => {
                state.network.remove(&packet);
                self.arrive(&mut state, &packet, branch)?;
            }
            Action::Duplicate { packet, branch } => self.arrive(&mut state, &packet, branch)?,
            Action::Lose { packet } => {
                state.network.remove(&packet);
            }
            Action::DetectLoss { side } => {
                let mut next = last.endpoint(side)?.clone();
                next.on_all_lost(&self.rules);
                self.replace(&mut state, next);
                self.run_driver(&mut state, side);
            }
            Action::Handshake { accepted, parameters } => {
                self.shake_hands(&mut state, accepted, &parameters)?;
            }
            Action::Hostile { frame, branch } => {
                let victim = self.preset.hostile?.peer();
                let before = last.endpoint(victim)?;
                let next = before.on_frame(&self.rules, self.choices(), &frame);
                if !self.preset.twin {
                    state.history.hostile_arrives(&frame, before);
                    state.history.arrives(&frame, before);
                }
                self.replace(&mut state, next.into_iter().nth(branch)?);
                self.run_driver(&mut state, victim);
            }
        }
        Some(state)
    }

    fn replace(&self, state: &mut StreamsState, endpoint: Endpoint) {
        let side = endpoint.side;
        if !self.preset.twin
            && let Some(before) = state.endpoint(side)
        {
            let before = before.clone();
            state.history.moved(&before, &endpoint);
        }
        match side {
            Side::Client => state.client = Some(endpoint),
            Side::Server => state.server = Some(endpoint),
        }
    }

    /// The endpoints permitted after a packet; empty if the packet goes to the hostile peer.
    pub(super) fn after_packet(&self, state: &StreamsState, packet: &Packet) -> Vec<Endpoint> {
        let Some(endpoint) = state.endpoint(packet.to) else {
            return Vec::new();
        };
        match &packet.carries {
            Carries::Frames(frames) => self.after_frames(endpoint, frames),
            Carries::Ack(frames) => {
                let mut next = endpoint.clone();
                for frame in frames.iter() {
                    next.on_acknowledged(&self.rules, frame);
                }
                vec![next]
            }
        }
    }

    /// Frame after frame, every way the RFC permits.
    fn after_frames(&self, endpoint: &Endpoint, frames: &[Frame]) -> Vec<Endpoint> {
        let mut endpoints = vec![endpoint.clone()];
        for frame in frames {
            let next = |endpoint: &Endpoint| endpoint.on_frame(&self.rules, self.choices(), frame);
            endpoints = endpoints.iter().flat_map(next).collect();
        }
        endpoints
    }

    fn arrive(&self, state: &mut StreamsState, packet: &Packet, branch: usize) -> Option<()> {
        let Some(endpoint) = state.endpoint(packet.to).cloned() else {
            // The hostile peer has it: it acknowledges, or it would not have to be told.
            if let Carries::Frames(frames) = &packet.carries {
                let carries = Carries::Ack(frames.clone());
                return self.arrive(state, &Packet { to: packet.to.peer(), carries }, 0);
            }
            return Some(());
        };
        let next = self.after_packet(state, packet).into_iter().nth(branch)?;
        if let Carries::Frames(frames) = &packet.carries {
            if !self.preset.twin {
                self.note_arrivals(state, frames, &endpoint);
            }
            // rfc9000 10.2.2/1: who has been told of the end says nothing more.
            if frames.iter().any(|frame| self.is_acknowledged(frame)) && endpoint.closed.is_none() {
                let carries = Carries::Ack(frames.clone());
                state.network.insert(Packet { to: packet.to.peer(), carries });
            }
        }
        self.replace(state, next);
        self.run_driver(state, packet.to);
        Some(())
    }

    /// The observer sees frame after frame; what the endpoint is in between it sees as before the
    /// packet, but for its streams.
    fn note_arrivals(&self, state: &mut StreamsState, frames: &[Frame], before: &Endpoint) {
        let mut at = before.clone();
        for frame in frames {
            state.history.arrives(frame, &at);
            if let Some(next) = at.on_frame(&self.rules, self.choices(), frame).into_iter().next() {
                at = next;
            }
        }
    }

    /// A packet woke the endpoint's driver: in worlds that send at once it sends all it owes.
    fn run_driver(&self, state: &mut StreamsState, side: Side) {
        if self.preset.sends == Sends::Freely {
            return;
        }
        let (mut packet, mut answers): (Vec<Frame>, Vec<Frame>) = Default::default();
        while let Some(frame) =
            state.endpoint(side).and_then(|e| e.next_frame(&self.rules, self.choices()))
        {
            let Some(changed) = self.note_sent(state, side, &frame) else { break };
            // An answer to STOP_SENDING is its application's, or that of who works for it, and comes
            // after what was to be sent anyway.
            if self.preset.twin {
                self.post(state, side, vec![frame]);
            } else if self.is_answer(state, side, &frame) {
                answers.push(frame);
            } else {
                packet.push(frame);
            }
            if !changed {
                break; // Only a mutant's rules owe what changes nothing.
            }
        }
        self.post(state, side, packet);
        self.post(state, side, answers);
    }

    fn is_answer(&self, state: &StreamsState, side: Side, frame: &Frame) -> bool {
        let Frame::ResetStream { stream_id, .. } = *frame else { return false };
        let part = state.endpoint(side).and_then(|endpoint| endpoint.sending(stream_id));
        let reset = part.and_then(|part| part.reset);
        reset.is_some_and(|reset| reset.cause == ResetCause::StopSending)
    }

    /// The endpoint has sent `frame`; whether that changed anything.
    fn note_sent(&self, state: &mut StreamsState, side: Side, frame: &Frame) -> Option<bool> {
        let before = state.endpoint(side)?.clone();
        let mut next = before.clone();
        // A breach of its own rules is the observer's to note, not the endpoint's.
        next.on_sent(&self.rules, frame);
        if !self.preset.twin {
            state.history.sends(frame, &before);
        }
        let changed = next != before;
        self.replace(state, next);
        Some(changed)
    }

    /// A packet with these frames enters the network.
    fn post(&self, state: &mut StreamsState, side: Side, frames: Vec<Frame>) {
        let to_endpoint = state.endpoint(side.peer()).is_some();
        let matters = to_endpoint || frames.iter().any(|frame| self.matters_to_hostile(frame));
        if matters && !frames.is_empty() {
            let carries = Carries::Frames(Frames::from(frames));
            state.network.insert(Packet { to: side.peer(), carries });
        }
    }

    /// §7.4.1: the server answers; if it rejects, nothing that was sent in 0-RTT has happened.
    fn shake_hands(
        &self,
        state: &mut StreamsState,
        accepted: bool,
        parameters: &Parameters,
    ) -> Option<()> {
        let before = state.client.clone()?;
        if let Some(server) = &state.server {
            state.server = Some(Endpoint::new(Side::Server, *parameters, server.peer));
        } else if !self.preset.twin {
            let lowered = !parameters.cover(&before.peer);
            state.history.due = lowered.then(Due::of_lowered_limits);
        }
        if !accepted {
            state.network.clear();
            state.history.begin_again();
        }
        let next = before.on_handshake(&self.rules, accepted, parameters);
        self.replace(state, next);
        self.run_driver(state, Side::Client);
        Some(())
    }
}
