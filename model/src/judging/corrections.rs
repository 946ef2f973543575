//! How an explanation goes on after a breach: as if the endpoint had been right, so that the judge sees the next.
//!
//! These are the only places that change an endpoint against the rules.

use crate::rfc::delivery::Delivery;
use crate::rfc::endpoint::{Cause, Close, Endpoint};
use crate::rfc::frame::{ErrorCode, Frame};
use crate::rfc::identity::StreamId;
use crate::rfc::rules::Rules;
use crate::rfc::sending::{Reset, ResetCause, SendDuty, add};

use super::breach::Breach;
use super::silence::{Debt, Patience};

impl Endpoint {
    /// The endpoint without a stream that the peer opened, and without those after it: a judge has
    /// seen that it is not there.
    pub fn uncreate(&mut self, stream_id: StreamId) {
        let after = |id: &StreamId| {
            id.initiator() == stream_id.initiator()
                && id.direction() == stream_id.direction()
                && id.ordinal() >= stream_id.ordinal()
        };
        self.streams.retain(|id, _| !after(id));
        self.admits.of_mut(stream_id.direction()).opened = stream_id.ordinal();
    }

    /// The endpoint after its application has written so many bytes, permitted or not.
    pub fn with_written(&self, stream_id: StreamId, length: u64) -> Self {
        let mut next = self.clone();
        if let Some(part) = next.sending_mut(stream_id) {
            part.written += length;
        }
        next
    }

    /// Goes on as if the endpoint did not owe what [`silence_breach`](Self::silence_breach) names: a
    /// judge has recorded the breach.
    ///
    /// A limit that is kept back is raised by that only where it is due; otherwise a judge who has recorded it says so
    /// by [`Patience::withheld`].
    pub fn forgive_silence(&mut self, rules: &Rules, patience: Patience<'_>) {
        match self.first_debt(rules, patience) {
            None => {}
            Some(Debt::Close(Close { cause: Cause::Violation { .. }, .. })) => self.let_pass(),
            Some(Debt::Close(close)) => self.closed = Some(Close { announced: true, ..close }),
            Some(Debt::Send(id, duty)) => self.forgive_sending(id, duty),
            Some(Debt::Stop(id, _)) => {
                if let Some(stop) = self.receiving_mut(id).and_then(|part| part.stop.as_mut()) {
                    stop.delivery = stop.delivery.sent();
                }
            }
            Some(Debt::Credit(_, Breach::CreditWithheld | Breach::StreamsWithheld))
                if !patience.limits_are_due => {}
            // As if it had gone out.
            Some(Debt::Credit(frame, _)) => self.on_sent(rules, &frame),
        }
    }

    fn forgive_sending(&mut self, stream_id: StreamId, duty: SendDuty) {
        let Some(part) = self.sending_mut(stream_id) else { return };
        match duty {
            SendDuty::Reset(ResetCause::StopSending) => {
                part.stop_unanswered = part.reset.take().map(|reset| reset.code);
            }
            SendDuty::Reset(ResetCause::Application | ResetCause::Dropped)
            | SendDuty::LostReset => {
                if let Some(reset) = &mut part.reset {
                    reset.delivery = reset.delivery.sent();
                }
            }
            SendDuty::Data => add(&mut part.sent, 0, part.written),
            SendDuty::LostData => part.lost.clear(),
            SendDuty::Fin => part.fin = part.fin.sent(),
        }
    }

    /// A RESET_STREAM that waits to be sent takes the code of a STOP_SENDING that arrived meanwhile (§3.5).
    pub fn take_code_of_stop(&mut self, stream_id: StreamId, code: ErrorCode) {
        let reset = self.sending_mut(stream_id).and_then(|part| part.reset.as_mut());
        if let Some(reset) = reset.filter(|reset| reset.final_size.is_none()) {
            reset.code = code;
        }
    }

    /// The peer broke a rule, and the endpoint has not noticed: it goes on.
    pub(super) fn let_pass(&mut self) {
        self.closed = None;
        self.unspecified = true;
    }

    /// The sending part as it must have been for such a frame of its own, where that can be said.
    pub(super) fn correct_sender(&mut self, frame: &Frame, breach: Breach) {
        let Some(part) = frame.stream_id().and_then(|id| self.sending_mut(id)) else { return };
        if matches!(breach, Breach::FinUnasked | Breach::DropEndsStream) {
            // It ended the stream by itself; whatever else it owed is void.
            part.ended = true;
            part.written = frame.end();
            part.reset = None;
        } else if breach == Breach::DataNeverWritten {
            part.written = frame.end();
        } else if breach == Breach::ResetUnasked
            && let Frame::ResetStream { application_protocol_error_code: code, .. } = *frame
        {
            let (cause, delivery) = (ResetCause::Application, Delivery::Due);
            part.reset = Some(Reset { cause, code, final_size: None, delivery });
        }
    }
}
