//! The peer's frames: which stream they reach, and what they break.

use std::sync::Arc;

use super::{Cause, Close, Endpoint, Errors};
use crate::rfc::choices::Choices;
use crate::rfc::coverage::{self, Guard, guard};
use crate::rfc::frame::{ErrorCode, Frame};
use crate::rfc::identity::{Direction, StreamId};
use crate::rfc::parameters::Parameters;
use crate::rfc::permitted::{Category, Reception};
use crate::rfc::receiving::{Broken, ReceivingPart, Room};
use crate::rfc::rules::Rules;
use crate::rfc::violation::{Standing, TransportError, Violation};

impl Endpoint {
    /// A frame arrived: every endpoint the RFC permits next.
    pub fn on_frame(&self, rules: &Rules, choices: &Choices, frame: &Frame) -> Vec<Self> {
        if (rules.discards)(self, frame) {
            return vec![self.clone()]; // rfc9000 10.2.1/9: nothing is processed any more.
        }
        if self.max_streams_waits {
            return self
                .with(|next| next.max_streams_waits = false)
                .on_frame(rules, choices, frame);
        }
        if let Some(violation) = (rules.extra_violation)(self, frame) {
            return vec![self.close(None, &vec![violation])];
        }
        let mut after = self.process(rules, choices, frame);
        after.iter_mut().for_each(|next| (rules.side_effect)(self, next, frame));
        after
    }

    fn process(&self, rules: &Rules, choices: &Choices, frame: &Frame) -> Vec<Self> {
        match *frame {
            Frame::ResetStream { stream_id, .. }
            | Frame::StopSending { stream_id, .. }
            | Frame::Stream { stream_id, .. }
            | Frame::MaxStreamData { stream_id, .. }
            | Frame::StreamDataBlocked { stream_id, .. } => {
                self.on_frame_of_stream(rules, choices, stream_id, frame)
            }
            Frame::MaxData { maximum_data } => {
                vec![self.with(|next| next.send_credit.advertised(rules, maximum_data))]
            }
            Frame::MaxStreams { direction, maximum_streams } => {
                vec![self.on_max_streams(rules, direction, maximum_streams)]
            }
            // rfc9000 4.1: news, and no more.
            Frame::DataBlocked { .. } => vec![self.clone()],
            Frame::StreamsBlocked { maximum_streams, .. } => {
                vec![self.on_streams_blocked(rules, maximum_streams)]
            }
            Frame::ConnectionClose { .. } => vec![self.with(|next| {
                next.closed = Some(Close { cause: Cause::Peer, announced: true });
            })],
        }
    }

    fn on_frame_of_stream(
        &self,
        rules: &Rules,
        choices: &Choices,
        stream_id: StreamId,
        frame: &Frame,
    ) -> Vec<Self> {
        let category = self.category(rules, stream_id);
        let Some(reception) = (rules.permitted)(frame.frame_type(), category) else {
            return vec![self.clone()];
        };
        let there = || self.reach(rules, choices, stream_id, frame);
        match reception {
            Reception::Reaches | Reception::Late => there(),
            Reception::Creates if !(rules.creates_stream)(frame.frame_type()) => vec![self.clone()],
            Reception::Creates => {
                let created = self.with(|next| next.create_up_to(rules, stream_id));
                let after = created.reach(rules, choices, stream_id, frame).into_iter();
                // Who closes on the frame need not have opened its stream.
                let unless_closed = |next: Self| match next.closed {
                    Some(_) => Self { closed: next.closed, ..self.clone() },
                    None => next,
                };
                after.map(unless_closed).collect()
            }
            Reception::Breaks(violation)
                if violation.transport_error() == TransportError::StreamLimitError
                    && self.overlooks_limit(rules, (frame, stream_id), category) =>
            {
                vec![self.with(|next| next.unspecified = true)]
            }
            Reception::Breaks(violation) => {
                let closed = self.close(None, &vec![violation]);
                // Beyond the limit and of the wrong kind at once: either error is right.
                let beyond = matches!(category, Category::PeersBeyondLimit(_));
                vec![if beyond {
                    closed.or_error(TransportError::StreamLimitError)
                } else {
                    closed
                }]
            }
            Reception::Unclear(violation, choice) => choice(choices).branches(
                true,
                || self.with(|next| next.unspecified = true),
                || self.close(None, &vec![violation]),
            ),
        }
    }

    /// The frame goes to the parts of its stream. On a stream that has none for it, it changes nothing:
    /// it gets there only if a mutant lets it.
    fn reach(
        &self,
        rules: &Rules,
        choices: &Choices,
        stream_id: StreamId,
        frame: &Frame,
    ) -> Vec<Self> {
        let elsewhere =
            self.consumed() - self.receiving(stream_id).map_or(0, ReceivingPart::consumed);
        let limit = self.receive_credit.advertised;
        let enforced = (rules.enforced_limit)(&self.receive_credit, self.released());
        let room = Room { limit, enforced, used_elsewhere: elsewhere };
        match *frame {
            Frame::ResetStream { application_protocol_error_code: code, final_size, .. } => self
                .receive(stream_id, |part| {
                    part.on_reset_stream(rules, choices, (code, final_size), room)
                }),
            Frame::Stream { offset, length, fin, .. } => self.receive(stream_id, |part| {
                part.on_stream(rules, choices, (offset, length, fin), room)
            }),
            Frame::StopSending { application_protocol_error_code: code, .. } => {
                vec![self.on_stop_sending(rules, stream_id, code)]
            }
            Frame::MaxStreamData { maximum_stream_data, .. } => vec![self.with(|next| {
                if let Some(part) = next.sending_mut(stream_id) {
                    part.on_max_stream_data(rules, maximum_stream_data);
                }
            })],
            Frame::StreamDataBlocked { .. } => {
                if let Some(part) = self.receiving(stream_id) {
                    part.on_stream_data_blocked();
                }
                vec![self.clone()]
            }
            Frame::MaxData { .. }
            | Frame::MaxStreams { .. }
            | Frame::DataBlocked { .. }
            | Frame::StreamsBlocked { .. }
            | Frame::ConnectionClose { .. } => vec![self.clone()],
        }
    }

    fn on_stop_sending(&self, rules: &Rules, stream_id: StreamId, code: ErrorCode) -> Self {
        self.with(|next| {
            if let Some(part) = next.sending_mut(stream_id) {
                part.on_stop_sending(rules, code);
            }
        })
    }

    fn receive(
        &self,
        stream_id: StreamId,
        handle: impl FnOnce(&ReceivingPart) -> Vec<Result<ReceivingPart, Broken>>,
    ) -> Vec<Self> {
        let Some(part) = self.receiving(stream_id) else {
            return vec![self.clone()];
        };
        let branches = handle(part).into_iter();
        branches
            .map(|branch| match branch {
                Ok(part) => self.with(|next| {
                    if let Some(place) = next.receiving_mut(stream_id) {
                        *place = part;
                    }
                }),
                Err(broken) => self.close(Some(stream_id), &broken),
            })
            .collect()
    }

    /// The peer broke rules, on a stream that was there or not; at least one.
    pub(in crate::rfc) fn close(&self, stream_id: Option<StreamId>, broken: &Broken) -> Self {
        broken.iter().copied().for_each(coverage::noticed);
        let standing = match stream_id.and_then(|stream_id| self.receiving(stream_id)) {
            Some(part) if part.is_closed() => Standing::Closed,
            Some(part) if part.stop.is_some() && part.final_size.is_some() => Standing::Stopped,
            Some(_) | None => Standing::Open,
        };
        let cause = match broken.first() {
            Some(violation) => {
                Cause::Violation { violation: *violation, standing, errors: Errors::of(broken) }
            }
            None => Cause::None,
        };
        self.with(|next| next.closed = Some(Close { cause, announced: false }))
    }

    fn or_error(mut self, error: TransportError) -> Self {
        if let Some(Close { cause: Cause::Violation { errors, .. }, .. }) = &mut self.closed {
            *errors = errors.and(error);
        }
        self
    }

    /// The server's transport parameters arrived, and whether it accepted 0-RTT (§7.4.1).
    pub fn on_handshake(&self, rules: &Rules, accepted: bool, peer: &Parameters) -> Self {
        if !self.early {
            return self.clone();
        }
        let peer = &(rules.limits_after_handshake)(&self.peer, peer);
        if !accepted && !(rules.rejection_forgets)() {
            return Self { early: false, ..self.clone() };
        }
        if !accepted {
            // rfc9000 7.4.1/14: whatever was sent is as if it had never been.
            return Self { local: self.local, ..Self::new(self.side, self.local, *peer) };
        }
        // rfc9000 7.4.1/5, 7.4.1/6
        let keeps = guard(Guard::KeepsRememberedLimits, (rules.covers)(peer, &self.peer));
        if !keeps {
            let closed = self.close(None, &vec![Violation::RememberedLimitsLowered]);
            return Self { early: false, ..closed };
        }
        self.with(|next| {
            next.early = false;
            next.peer = *peer;
            next.send_credit.advertised(rules, peer.max_data);
            for direction in Direction::ALL {
                let limit = *peer.streams().of(direction);
                next.opens.of_mut(direction).credit.advertised(rules, limit);
            }
            let side = next.side;
            for (id, stream) in &mut next.streams {
                if let Some(part) = &mut Arc::make_mut(stream).sending
                    && (rules.limit_follows_handshake)(part)
                {
                    part.credit.advertised(rules, peer.on_stream(side.peer(), *id));
                }
            }
        })
    }
}
