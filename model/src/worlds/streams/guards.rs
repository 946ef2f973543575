//! Guards: what can happen next in a world.

use crate::rfc::call::{Answer, Call};
use crate::rfc::endpoint::Endpoint;
use crate::rfc::frame::Frame;
use crate::rfc::identity::{Side, StreamId};
use crate::rfc::receiving::RecvState;

use super::StreamsWorld;
use super::action::{ABORT_CODE, Action, CLOSE_CODE, Carries, Packet, RESET_CODE};
use super::hostile;
use super::presets::{Hostility, Sends};
use super::state::{StreamsState, has_in_flight, nothing_under_way};

impl StreamsWorld {
    /// Every action that the world permits in a state.
    pub(super) fn enabled(&self, state: &StreamsState, actions: &mut Vec<Action>) {
        if state.endpoints().any(Endpoint::is_unspecified) {
            return; // The world ends where no rule says what follows.
        }
        for side in Side::ALL {
            self.app_actions(state, side, actions);
        }
        for side in Side::ALL {
            self.endpoint_actions(state, side, actions);
        }
        if state.is_early() {
            let handshakes = self.preset.handshakes.iter();
            actions.extend(handshakes.map(|handshake| Action::Handshake {
                accepted: handshake.accepted,
                parameters: handshake.parameters,
            }));
            return; // Nothing arrives before: see the preset's abstraction.
        }
        self.network_actions(state, actions);
        self.hostile_actions(state, actions);
    }

    fn app_actions(&self, state: &StreamsState, side: Side, actions: &mut Vec<Action>) {
        let Some(endpoint) = state.endpoint(side) else {
            return;
        };
        for call in self.calls(endpoint) {
            for (answer, next) in endpoint.call(&self.rules, self.choices(), call) {
                let waits = matches!(call, Call::Read { .. })
                    || (answer == Answer::Blocked && endpoint.closed.is_none());
                let late = next == *endpoint && !waits;
                if answer != Answer::Closed && (self.preset.calls.late || !late) {
                    actions.push(Action::App { side, call, answer });
                }
            }
        }
    }

    /// The calls that the preset offers an endpoint's application.
    fn calls(&self, endpoint: &Endpoint) -> Vec<Call> {
        let preset = &self.preset;
        let mut calls = Vec::new();
        if endpoint.side == preset.opener {
            self.opening_calls(endpoint, &mut calls);
        } else {
            self.resizing_calls(endpoint, &mut calls);
        }
        let offered = preset.calls;
        for (stream_id, part) in endpoint.sending_parts() {
            let over = part.ended || endpoint.send_outcome(stream_id).is_some();
            if preset.length > 0 && (over || part.written + preset.unit <= preset.length) {
                calls.push(Call::Write { stream_id, length: preset.unit });
            }
            calls.push(Call::End { stream_id });
            if offered.reset {
                calls.push(Call::Reset { stream_id, code: RESET_CODE });
            }
            if offered.drop {
                calls.push(Call::DropSend { stream_id });
            }
        }
        for (stream_id, part) in endpoint.receiving_parts() {
            calls.push(Call::Read { stream_id });
            // Whether a reader that has read everything, and has not been told so, has read to the
            // end or stops is a question no user asks (C-7).
            if offered.abort_reading && (part.told || part.state != RecvState::DataRead) {
                calls.push(Call::AbortReading { stream_id, code: ABORT_CODE });
            }
            if offered.drop {
                calls.push(Call::DropRecv { stream_id });
            }
        }
        if offered.close && endpoint.closed.is_none() {
            calls.push(Call::CloseConnection { code: CLOSE_CODE });
        }
        calls
    }

    fn opening_calls(&self, endpoint: &Endpoint, calls: &mut Vec<Call>) {
        for direction in self.preset.directions {
            if endpoint.opens.of(*direction).opened < self.preset.calls.open {
                calls.push(Call::Open { direction: *direction });
            }
        }
    }

    /// One change of a window, while there is none yet.
    fn resizing_calls(&self, endpoint: &Endpoint, calls: &mut Vec<Call>) {
        let credit = &endpoint.receive_credit;
        if credit.window == endpoint.local.max_data && credit.promised == 0 {
            let windows = self.preset.calls.resize_window.iter();
            calls.extend(windows.map(|window| Call::ResizeWindow { window: *window }));
        }
        for direction in self.preset.directions {
            let credit = &endpoint.admits.of(*direction).credit;
            let first = *endpoint.local.streams().of(*direction);
            if credit.window == first && credit.promised == 0 {
                let windows = self.preset.calls.resize_streams.iter();
                calls.extend(
                    windows.map(|window| Call::ResizeStreams {
                        direction: *direction,
                        window: *window,
                    }),
                );
            }
        }
    }

    fn endpoint_actions(&self, state: &StreamsState, side: Side, actions: &mut Vec<Action>) {
        let Some(endpoint) = state.endpoint(side) else {
            return;
        };
        let owes = endpoint.next_frame(&self.rules, self.choices()).is_some();
        let wakes = endpoint.wakes_driver(&self.rules, self.choices());
        let room = state.network.len() < self.preset.in_flight;
        match self.preset.sends {
            Sends::AtOnce if wakes && room => actions.push(Action::Transmit { side }),
            Sends::AtOnce => {}
            Sends::Freely if room => {
                for frame in self.free_frames(endpoint) {
                    let carries = Carries::Frames(frame.into());
                    let packet = Packet { to: side.peer(), carries };
                    if !state.network.contains(&packet) {
                        actions.push(Action::SendFrame { side, frame });
                    }
                }
            }
            Sends::Freely => {}
        }
        if self.preset.network_faults.loses
            && self.preset.sends == Sends::AtOnce
            && !owes
            && has_in_flight(endpoint)
            && nothing_under_way(state, side)
        {
            actions.push(Action::DetectLoss { side });
        }
    }

    /// Every frame the rules let the endpoint send now.
    fn free_frames(&self, endpoint: &Endpoint) -> Vec<Frame> {
        let mut frames: Vec<Frame> = Vec::new();
        for (stream_id, _) in endpoint.sending_parts() {
            self.free_frames_of(endpoint, stream_id, &mut frames);
        }
        for (stream_id, part) in endpoint.receiving_parts() {
            if let Some(stop) = part.stop {
                let application_protocol_error_code = stop.code;
                frames.push(Frame::StopSending { stream_id, application_protocol_error_code });
            }
        }
        frames.extend(endpoint.free_credit_frames(&self.rules));
        frames.retain(|frame| endpoint.clone().judge_sent(&self.rules, frame).is_ok());
        frames
    }

    /// New data in order, anything again; the reset.
    fn free_frames_of(&self, endpoint: &Endpoint, stream_id: StreamId, frames: &mut Vec<Frame>) {
        let Some(part) = endpoint.sending(stream_id) else { return };
        let unit = usize::try_from(self.preset.unit).unwrap_or(1);
        for offset in (0..=part.largest_sent()).step_by(unit) {
            for end in (offset..=part.written).step_by(unit) {
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

    fn network_actions(&self, state: &StreamsState, actions: &mut Vec<Action>) {
        let network_faults = self.preset.network_faults;
        for packet in &state.network {
            let is_frame = matches!(packet.carries, Carries::Frames(_));
            for branch in 0..self.after_packet(state, packet).len().max(1) {
                if !network_faults.keeps {
                    actions.push(Action::Deliver { packet: packet.clone(), branch });
                }
                if network_faults.keeps || network_faults.duplicates && is_frame {
                    actions.push(Action::Duplicate { packet: packet.clone(), branch });
                }
            }
            if network_faults.loses {
                actions.push(Action::Lose { packet: packet.clone() });
            }
        }
    }

    fn hostile_actions(&self, state: &StreamsState, actions: &mut Vec<Action>) {
        let Some(hostile) = self.preset.hostile else {
            return;
        };
        let Some(victim) = state.endpoint(hostile.peer()) else {
            return;
        };
        if victim.closed.is_some() || self.preset.hostility == Hostility::Handshake {
            return;
        }
        for frame in hostile::frames(&self.preset, victim, hostile) {
            let after = victim.on_frame(&self.rules, self.choices(), &frame);
            for branch in 0..after.len() {
                actions.push(Action::Hostile { frame, branch });
            }
        }
    }
}
