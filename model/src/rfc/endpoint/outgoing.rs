//! What the endpoint sends next, what it has sent, and what becomes of that: acknowledged, or lost.

use std::sync::Arc;

use super::{Cause, Close, Endpoint};
use crate::rfc::choices::Choices;
use crate::rfc::coverage::{Guard, guard};
use crate::rfc::frame::{Frame, FrameType};
use crate::rfc::identity::Direction;
use crate::rfc::rules::{RFC9000, Rules};
use crate::rfc::sending::SendingPart;

impl Endpoint {
    /// The endpoint sent a frame. Whether it was right to is not asked here.
    pub fn on_sent(&mut self, rules: &Rules, frame: &Frame) {
        if self.closed.is_some_and(|close| close.announced) {
            return;
        }
        match *frame {
            Frame::Stream { .. }
            | Frame::ResetStream { .. }
            | Frame::StreamDataBlocked { .. }
            | Frame::StopSending { .. }
            | Frame::MaxStreamData { .. } => self.on_sent_of_stream(rules, frame),
            Frame::MaxData { maximum_data } => self.receive_credit.on_sent(maximum_data),
            Frame::MaxStreams { direction, maximum_streams } => {
                self.admits.of_mut(direction).credit.on_sent(maximum_streams);
            }
            Frame::DataBlocked { maximum_data } => self.send_credit.told(maximum_data),
            Frame::StreamsBlocked { direction, maximum_streams } => {
                self.opens.of_mut(direction).credit.told(maximum_streams);
            }
            Frame::ConnectionClose { .. } => {
                let close =
                    self.closed.get_or_insert(Close { cause: Cause::None, announced: true });
                close.announced = true;
            }
        }
    }

    fn on_sent_of_stream(&mut self, rules: &Rules, frame: &Frame) {
        let stream = frame.stream_id().and_then(|id| self.streams.get_mut(&id)).map(Arc::make_mut);
        let (sending, receiving) = match stream {
            Some(stream) => (stream.sending.as_mut(), stream.receiving.as_mut()),
            None => (None, None),
        };
        match (*frame, sending, receiving) {
            (Frame::Stream { offset, length, fin, .. }, Some(part), _) => {
                part.on_stream_sent(rules, offset, length, fin);
            }
            (Frame::ResetStream { final_size, .. }, Some(part), _) => {
                part.on_reset_sent(rules, final_size);
            }
            (Frame::StreamDataBlocked { maximum_stream_data, .. }, Some(part), _) => {
                part.on_blocked_sent(rules, maximum_stream_data);
            }
            (Frame::StopSending { .. }, _, Some(part)) => part.on_stop_sent(),
            (Frame::MaxStreamData { maximum_stream_data, .. }, _, Some(part)) => {
                part.credit.on_sent(maximum_stream_data);
            }
            (
                Frame::Stream { .. } | Frame::ResetStream { .. } | Frame::StreamDataBlocked { .. },
                None,
                _,
            )
            | (Frame::StopSending { .. } | Frame::MaxStreamData { .. }, _, None)
            | (
                Frame::MaxData { .. }
                | Frame::MaxStreams { .. }
                | Frame::DataBlocked { .. }
                | Frame::StreamsBlocked { .. }
                | Frame::ConnectionClose { .. },
                _,
                _,
            ) => {}
        }
    }

    /// A packet with this frame of ours was acknowledged.
    pub fn on_acknowledged(&mut self, rules: &Rules, frame: &Frame) {
        if self.closed.is_some() {
            return;
        }
        self.max_streams_waits = false;
        let stream = frame.stream_id().and_then(|id| self.streams.get_mut(&id)).map(Arc::make_mut);
        let (sending, receiving) = match stream {
            Some(stream) => (stream.sending.as_mut(), stream.receiving.as_mut()),
            None => (None, None),
        };
        match (*frame, sending, receiving) {
            (Frame::Stream { offset, length, fin, .. }, Some(part), _) => {
                part.on_stream_acked(rules, offset, length, fin);
            }
            (Frame::ResetStream { .. }, Some(part), _) => part.on_reset_acked(rules),
            (Frame::StreamDataBlocked { maximum_stream_data, .. }, Some(part), _) => {
                part.credit.on_acked(maximum_stream_data);
            }
            (Frame::StopSending { .. }, _, Some(part)) => part.on_stop_acked(),
            (Frame::MaxStreamData { maximum_stream_data, .. }, _, Some(part)) => {
                part.credit.on_acked(maximum_stream_data);
            }
            (Frame::MaxData { maximum_data }, _, _) => self.receive_credit.on_acked(maximum_data),
            (Frame::MaxStreams { direction, maximum_streams }, _, _) => {
                self.admits.of_mut(direction).credit.on_acked(maximum_streams);
            }
            (Frame::DataBlocked { maximum_data }, _, _) => self.send_credit.on_acked(maximum_data),
            (Frame::StreamsBlocked { direction, maximum_streams }, _, _) => {
                self.opens.of_mut(direction).credit.on_acked(maximum_streams);
            }
            (
                Frame::Stream { .. } | Frame::ResetStream { .. } | Frame::StreamDataBlocked { .. },
                None,
                _,
            )
            | (Frame::StopSending { .. } | Frame::MaxStreamData { .. }, _, None)
            | (Frame::ConnectionClose { .. }, _, _) => {}
        }
    }

    /// Loss detection declared everything in flight lost (§13.3).
    pub fn on_all_lost(&mut self, rules: &Rules) {
        if self.closed.is_some() {
            return;
        }
        for stream in self.streams.values_mut().map(Arc::make_mut) {
            if let Some(part) = &mut stream.sending {
                part.on_all_lost(rules);
            }
            if let Some(part) = &mut stream.receiving {
                part.on_all_lost(rules);
            }
        }
        if (rules.is_sent_again)(FrameType::MaxData) {
            self.receive_credit.on_all_lost();
        }
        if (rules.is_sent_again)(FrameType::DataBlocked) {
            self.send_credit.on_all_lost();
        }
        for direction in Direction::ALL {
            if (rules.is_sent_again)(FrameType::MaxStreams) {
                self.admits.of_mut(direction).credit.on_all_lost();
            }
            if (rules.is_sent_again)(FrameType::StreamsBlocked) {
                self.opens.of_mut(direction).credit.on_all_lost();
            }
        }
    }

    /// The next frame of an endpoint that sends all it owes at once; `None` if nothing is due.
    pub fn next_frame(&self, rules: &Rules, choices: &Choices) -> Option<Frame> {
        let silent = |announced: bool| !announced || (rules.silent_after_close)();
        if let Some(close) = self.closed.filter(|close| silent(close.announced)) {
            return (!close.announced).then(|| Frame::ConnectionClose {
                transport_error: match close.cause {
                    Cause::Violation { violation, .. } => Some(violation.transport_error().code()),
                    Cause::Application { .. } | Cause::Peer | Cause::None => None,
                },
            });
        }
        let mut of_streams = self.streams.iter().filter_map(|(id, stream)| {
            let sending = stream.sending.as_ref();
            let frame = sending.and_then(|part| part.next_frame(rules, choices, *id));
            frame.or_else(|| {
                let stop = stream.receiving.as_ref()?.next_stop(rules)?;
                let application_protocol_error_code = stop.code;
                Some(Frame::StopSending { stream_id: *id, application_protocol_error_code })
            })
        });
        of_streams.next().or_else(|| self.free_credit_frames(rules).next())
    }

    /// Whether the connection's limit keeps back data that somebody could still write.
    pub fn is_held_back(&self) -> bool {
        let writes = |part: &SendingPart| {
            !part.ended && part.reset.is_none() && part.stop_unanswered.is_none()
        };
        self.sending_parts().any(|(_, part)| writes(part))
            && self.claimed(&RFC9000) >= self.send_credit.limit
    }

    /// Whether something is due that makes the endpoint send by itself: under the RFC's rules all that is.
    pub fn wakes_driver(&self, rules: &Rules, choices: &Choices) -> bool {
        let wakes = |frame: &Frame| (rules.goes_out_alone)(frame.frame_type());
        // Frames about credit come last, so what follows the next frame is among them.
        self.next_frame(rules, choices)
            .is_some_and(|next| wakes(&next) || self.free_credit_frames(rules).any(|f| wakes(&f)))
    }

    /// The frames about credit that are due and that nothing holds back: DATA_BLOCKED goes out only while
    /// somebody could write.
    pub fn free_credit_frames(&self, rules: &Rules) -> impl Iterator<Item = Frame> {
        self.credit_frames(rules).filter(move |frame| match frame {
            // rfc9000 13.3: only while the limit keeps something back.
            Frame::DataBlocked { .. } => !(rules.blocked_needs_writer)() || self.is_held_back(),
            Frame::MaxStreams { .. } => !self.max_streams_waits,
            Frame::ResetStream { .. }
            | Frame::StopSending { .. }
            | Frame::Stream { .. }
            | Frame::MaxData { .. }
            | Frame::MaxStreamData { .. }
            | Frame::StreamDataBlocked { .. }
            | Frame::StreamsBlocked { .. }
            | Frame::ConnectionClose { .. } => true,
        })
    }

    /// The frames about credit that are due (§4.1, §4.2, §4.6), and about its lack.
    pub fn credit_frames(&self, rules: &Rules) -> impl Iterator<Item = Frame> {
        // rfc9000 4.2/2
        let step = (rules.update_step)(self.receive_credit.window);
        let max_data = self.receive_credit.due(self.released(), step);
        guard(Guard::UpdateOfConnectionIsDue, max_data.is_some());
        let max_data = max_data.map(|maximum_data| Frame::MaxData { maximum_data });
        let data_blocked =
            self.send_credit.due().filter(|_| (rules.blocked_is_told)(FrameType::DataBlocked));
        guard(Guard::BlockedIsDue, data_blocked.is_some());
        let data_blocked = data_blocked.map(|maximum_data| Frame::DataBlocked { maximum_data });
        let of_streams = self.streams.iter().flat_map(move |(id, stream)| {
            let stream_id = *id;
            let update = stream.receiving.as_ref().and_then(|part| part.update_due(rules));
            let max_stream_data = update
                .map(|maximum_stream_data| Frame::MaxStreamData { stream_id, maximum_stream_data });
            let blocked = stream.sending.as_ref().and_then(rules.blocked_due);
            let blocked = blocked.filter(|_| (rules.blocked_is_told)(FrameType::StreamDataBlocked));
            let blocked = blocked.map(|maximum_stream_data| Frame::StreamDataBlocked {
                stream_id,
                maximum_stream_data,
            });
            max_stream_data.into_iter().chain(blocked)
        });
        let of_directions = Direction::ALL
            .into_iter()
            .flat_map(move |direction| self.stream_limit_frames(rules, direction));
        let frames =
            max_data.into_iter().chain(data_blocked).chain(of_streams).chain(of_directions);
        frames.filter(move |frame| (rules.updates_unasked)(self, frame))
    }
}
