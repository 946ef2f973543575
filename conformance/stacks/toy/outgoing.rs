//! What is sent, and what becomes of it (§13.3): acknowledged, or lost and then sent again.

use bytes::Bytes;
use streamproof_harness::wire::{self, Frame};
use streamproof_model::rfc::identity::Direction;

use super::bug::Bug;
use super::connection::{Connection, place};
use super::credit::{Grant, Limit};
use super::receiving::Receiving;
use super::sending::Sending;

/// Both, with the wire's word.
const DIRECTIONS: [wire::Direction; 2] =
    [wire::Direction::Bidirectional, wire::Direction::Unidirectional];

impl Connection {
    /// All that is owed, as packets: what is answered to STOP_SENDING has one of its own, as it is not the
    /// application's.
    pub(super) fn packets(&mut self) -> Vec<Vec<Frame>> {
        if let Some(end) = &mut self.end {
            let goes_on = self.switch.is(Bug::SendAfterClose);
            if !std::mem::replace(&mut end.announced, true) {
                let close = Frame::ConnectionClose {
                    error_code: end.code,
                    frame_type: end.is_error.then_some(0),
                    reason: Bytes::new(),
                };
                return vec![vec![close]];
            }
            if !goes_on {
                return Vec::new();
            }
        }
        let (mut ordinary, mut answers) = (Vec::new(), Vec::new());
        for (id, stream) in &mut self.streams {
            if let Some(part) = &mut stream.sending {
                let is_answer = |frame: &Frame| matches!(frame, Frame::ResetStream { .. });
                let stopped = part.is_stopped();
                let (answer, other): (Vec<_>, Vec<_>) =
                    part.frames().into_iter().partition(|frame| stopped && is_answer(frame));
                answers.extend(answer);
                ordinary.extend(other);
            }
            let stop = stream.receiving.as_mut().and_then(Receiving::take_stop);
            ordinary.extend(stop.map(|code| Frame::StopSending {
                stream_id: *id,
                application_protocol_error_code: code,
            }));
        }
        self.frames_of_streams_credit(&mut ordinary);
        self.frames_of_connection(&mut ordinary);
        for (place, direction) in DIRECTIONS.into_iter().enumerate() {
            self.frames_of_count(place, direction, &mut ordinary);
        }
        [ordinary, answers].into_iter().filter(|packet| !packet.is_empty()).collect()
    }

    fn frames_of_streams_credit(&mut self, frames: &mut Vec<Frame>) {
        let held_back = self.switch.is(Bug::WaitForBlocked) && !self.asked;
        for (id, stream) in &mut self.streams {
            if let Some(part) = stream.receiving.as_mut().filter(|_| !held_back)
                && let Some(limit) = part.limit_due()
            {
                part.grant.advertise(limit);
                frames.push(Frame::MaxStreamData { stream_id: *id, maximum_stream_data: limit });
            }
            if let Some(part) = &mut stream.sending
                && let Some(limit) = part.blocked_owed()
            {
                part.limit.told();
                let stream_id = *id;
                frames.push(Frame::StreamDataBlocked { stream_id, maximum_stream_data: limit });
            }
        }
    }

    fn frames_of_connection(&mut self, frames: &mut Vec<Frame>) {
        let due = self.grant.due(self.switch, self.given_back(), self.grant.step());
        let silent = self.switch.is(Bug::NeverRaiseConnectionLimit)
            || (self.switch.is(Bug::WaitForBlocked) && !self.asked);
        if let Some(limit) = due.filter(|_| !silent) {
            self.grant.advertise(limit);
            frames.push(Frame::MaxData { maximum_data: limit });
        }
        // §4.1: only while the limit holds something back.
        let waits = self.sending_parts().any(Sending::is_open)
            && self.claimed() >= self.limit.value
            && !self.switch.is(Bug::HideDataBlocked);
        if let Some(limit) = self.limit.owed().filter(|_| waits) {
            self.limit.told();
            frames.push(Frame::DataBlocked { maximum_data: limit });
        }
    }

    fn frames_of_count(
        &mut self,
        place: usize,
        direction: wire::Direction,
        frames: &mut Vec<Frame>,
    ) {
        let over = self.streams_over(place);
        let switch = self.switch;
        let count = &mut self.counts[place];
        let due = count.grant.due(switch, over, count.grant.step_of_streams());
        let waits = switch.is(Bug::WaitForStreamsBlocked) && !count.asked;
        if let Some(limit) = due.filter(|_| !waits) {
            count.grant.advertise(limit);
            frames.push(Frame::MaxStreams { direction, maximum_streams: limit });
        }
        if let Some(limit) = count.limit.owed().filter(|_| !switch.is(Bug::HideStreamsBlocked)) {
            count.limit.told();
            frames.push(Frame::StreamsBlocked { direction, maximum_streams: limit });
        }
    }

    /// A packet with this frame was acknowledged.
    pub(super) fn on_acked(&mut self, frame: &Frame) {
        if self.end.is_some() {
            return;
        }
        let of = |direction: &wire::Direction| match direction {
            wire::Direction::Bidirectional => place(Direction::Bidirectional),
            wire::Direction::Unidirectional => place(Direction::Unidirectional),
        };
        match frame {
            Frame::MaxData { maximum_data } => self.grant.arrived(*maximum_data),
            Frame::DataBlocked { maximum_data } => self.limit.arrived(*maximum_data),
            Frame::MaxStreams { direction, maximum_streams } => {
                self.counts[of(direction)].grant.arrived(*maximum_streams);
            }
            Frame::StreamsBlocked { direction, maximum_streams } => {
                self.counts[of(direction)].limit.arrived(*maximum_streams);
            }
            Frame::ResetStream { stream_id, .. }
            | Frame::StopSending { stream_id, .. }
            | Frame::Stream { stream_id, .. }
            | Frame::MaxStreamData { stream_id, .. }
            | Frame::StreamDataBlocked { stream_id, .. } => self.on_acked_of(*stream_id, frame),
            Frame::Padding
            | Frame::Ping
            | Frame::Ack { .. }
            | Frame::Crypto { .. }
            | Frame::NewToken { .. }
            | Frame::NewConnectionId { .. }
            | Frame::RetireConnectionId { .. }
            | Frame::PathChallenge { .. }
            | Frame::PathResponse { .. }
            | Frame::ConnectionClose { .. }
            | Frame::HandshakeDone => {}
        }
    }

    fn on_acked_of(&mut self, id: u64, frame: &Frame) {
        let Some(stream) = self.streams.get_mut(&id) else { return };
        if let Some(part) = &mut stream.sending {
            if let Frame::Stream { offset, data, fin, .. } = frame {
                part.on_stream_acked(*offset, data.len(), *fin);
            }
            if let Frame::ResetStream { .. } = frame {
                part.on_reset_acked();
            }
            if let Frame::StreamDataBlocked { maximum_stream_data, .. } = frame {
                part.limit.arrived(*maximum_stream_data);
            }
        }
        if let Some(part) = &mut stream.receiving {
            if let Frame::StopSending { .. } = frame {
                part.on_stop_acked();
            }
            if let Frame::MaxStreamData { maximum_stream_data, .. } = frame {
                part.grant.arrived(*maximum_stream_data);
            }
        }
    }

    /// Everything under way is lost.
    pub(super) fn on_lost(&mut self) {
        let switch = self.switch;
        for stream in self.streams.values_mut() {
            if let Some(part) = &mut stream.sending {
                part.lose();
            }
            if let Some(part) = &mut stream.receiving {
                part.lose();
            }
        }
        let lose = |grant: &mut Grant, limit: &mut Limit, forgets: bool| {
            if !forgets {
                grant.lose();
            }
            limit.lose(switch);
        };
        lose(&mut self.grant, &mut self.limit, switch.is(Bug::ForgetLostLimit));
        for count in &mut self.counts {
            lose(&mut count.grant, &mut count.limit, switch.is(Bug::ForgetLostMaxStreams));
        }
    }
}
