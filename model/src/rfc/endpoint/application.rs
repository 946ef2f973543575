//! What an application's calls do to an endpoint, and what they are answered with.

use super::{Cause, Close, DROP_RESET_CODE, DROP_STOP_CODE, Endpoint};
use crate::rfc::call::{Answer, Call, RecvOutcome, SendOutcome, Subject};
use crate::rfc::choices::Choices;
use crate::rfc::coverage::{Guard, guard};
use crate::rfc::frame::ErrorCode;
use crate::rfc::identity::StreamId;
use crate::rfc::receiving::{ReceivingPart, RecvEvent, RecvState};
use crate::rfc::rules::Rules;
use crate::rfc::sending::{Handle, ResetCause, SendingPart};
use crate::rfc::stop_sending::StopCause;

const fn is_stopped(outcome: SendOutcome) -> bool {
    match outcome {
        SendOutcome::Stopped { .. } => true,
        SendOutcome::Delivered | SendOutcome::Reset { .. } | SendOutcome::ConnectionLost => false,
    }
}

impl Endpoint {
    /// Whether the application can make this call: it holds the handle.
    pub fn can_call(&self, call: Call) -> bool {
        let handle = match call.subject() {
            Subject::Sending(id) => self.sending(id).map(|part| part.handle),
            Subject::Receiving(id) => self.receiving(id).map(|part| part.handle),
            Subject::Connection => Some(Handle::Held),
        };
        handle == Some(Handle::Held)
    }

    /// Every answer the call may get, each with the endpoint afterwards. Empty if the application
    /// [cannot make it](Self::can_call).
    pub fn call(&self, rules: &Rules, choices: &Choices, call: Call) -> Vec<(Answer, Self)> {
        if !self.can_call(call) {
            return Vec::new();
        }
        let mut answers = self.answers(rules, choices, call);
        for (_, next) in &mut answers {
            (rules.call_side_effect)(self, next, call);
        }
        answers
    }

    fn answers(&self, rules: &Rules, choices: &Choices, call: Call) -> Vec<(Answer, Self)> {
        match call {
            Call::Open { direction } => vec![self.open(rules, direction)],
            Call::Write { stream_id, length } => self.write(rules, stream_id, length),
            Call::End { stream_id } => vec![self.end(stream_id)],
            Call::Reset { stream_id, code } => vec![self.reset(rules, stream_id, code)],
            Call::DropSend { stream_id } => vec![self.drop_send(rules, stream_id)],
            Call::Read { stream_id } => self.read(rules, choices, stream_id),
            Call::AbortReading { stream_id, code } => self.abort_reading(rules, stream_id, code),
            Call::DropRecv { stream_id } => {
                vec![self.with_receiving(stream_id, Answer::Accepted, |part| {
                    if (rules.drop_stops)() {
                        part.ask_stop(rules, StopCause::Dropped, DROP_STOP_CODE);
                    }
                    part.handle = Handle::Dropped;
                })]
            }
            Call::CloseConnection { code } => vec![self.close_connection(code)],
            Call::ResizeWindow { window } => vec![self.changed(|next| {
                let released = next.released();
                next.receive_credit.resize(window, released);
            })],
            Call::ResizeStreams { direction, window } => vec![self.changed(|next| {
                let released = next.released_streams(rules, direction);
                next.admits.of_mut(direction).credit.resize(window, released);
            })],
        }
    }

    fn changed(&self, change: impl FnOnce(&mut Self)) -> (Answer, Self) {
        let mut next = self.clone();
        change(&mut next);
        (Answer::Accepted, next)
    }

    fn close_connection(&self, code: ErrorCode) -> (Answer, Self) {
        // rfc9000 10.2/6
        self.changed(|next| {
            let close = Close { cause: Cause::Application { code }, announced: false };
            next.closed.get_or_insert(close);
        })
    }

    fn with_sending(
        &self,
        stream_id: StreamId,
        answer: Answer,
        change: impl FnOnce(&mut SendingPart),
    ) -> (Answer, Self) {
        let mut next = self.clone();
        next.sending_mut(stream_id).map(change);
        (answer, next)
    }

    fn with_receiving(
        &self,
        stream_id: StreamId,
        answer: Answer,
        change: impl FnOnce(&mut ReceivingPart),
    ) -> (Answer, Self) {
        let mut next = self.clone();
        next.receiving_mut(stream_id).map(change);
        (answer, next)
    }

    fn write(&self, rules: &Rules, stream_id: StreamId, length: u64) -> Vec<(Answer, Self)> {
        let ended = self.sending(stream_id).is_some_and(rules.write_is_over);
        match self.send_outcome(stream_id) {
            // After the end, a write is the caller's mistake, delivered or not.
            None | Some(SendOutcome::Delivered) if ended => {
                vec![(Answer::Finished, self.clone()), (Answer::Closed, self.clone())]
            }
            // Both are true, and which is told first no rule says.
            Some(SendOutcome::ConnectionLost) if ended => {
                let outcome = SendOutcome::ConnectionLost;
                vec![
                    (Answer::SendEnded { outcome }, self.clone()),
                    (Answer::Finished, self.clone()),
                ]
            }
            Some(outcome) => vec![(Answer::SendEnded { outcome }, self.clone())],
            None => vec![self.write_what_fits(rules, stream_id, length)],
        }
    }

    /// Takes as much as the peer's limits leave room for (C-37).
    fn write_what_fits(&self, rules: &Rules, stream_id: StreamId, length: u64) -> (Answer, Self) {
        let claimed = self.claimed(rules);
        let on_connection = (rules.room_to_write)(claimed, self.send_credit.limit);
        let room = |part: &SendingPart| (rules.room_to_write)(part.written, part.credit.limit);
        let on_stream = self.sending(stream_id).map_or(0, room);
        let fits = length.min((rules.room_of_both)(on_stream, on_connection));
        guard(Guard::MayWriteOnConnection, on_connection > 0);
        guard(Guard::MayWriteOnStream, on_stream > 0);
        if fits > 0 || length == 0 {
            return self.with_sending(stream_id, Answer::Wrote { length: fits }, |part| {
                part.written += fits;
            });
        }
        // rfc9000 4.1/4: whoever is stopped by both limits tells of the connection's.
        let mut next = self.clone();
        match (on_connection, next.sending_mut(stream_id)) {
            (0, _) | (_, None) => next.send_credit.block(),
            (_, Some(part)) => part.credit.block(),
        }
        (Answer::Blocked, next)
    }

    fn end(&self, stream_id: StreamId) -> (Answer, Self) {
        match self.send_outcome(stream_id) {
            Some(outcome) => (Answer::SendEnded { outcome }, self.clone()),
            None => self.with_sending(stream_id, Answer::Accepted, |part| part.ended = true),
        }
    }

    fn reset(&self, rules: &Rules, stream_id: StreamId, code: ErrorCode) -> (Answer, Self) {
        let unanswered = self.sending(stream_id).and_then(|part| part.stop_unanswered);
        match self
            .send_outcome(stream_id)
            .filter(|outcome| !is_stopped(*outcome) || unanswered.is_none())
        {
            Some(outcome) => (Answer::SendEnded { outcome }, self.clone()),
            None => self.with_sending(stream_id, Answer::Accepted, |part| {
                part.stop_unanswered = None;
                part.ask_reset(rules, ResetCause::Application, code);
            }),
        }
    }

    fn drop_send(&self, rules: &Rules, stream_id: StreamId) -> (Answer, Self) {
        let decided = self.send_outcome(stream_id).is_some();
        self.with_sending(stream_id, Answer::Accepted, |part| {
            part.handle = Handle::Dropped;
            if let Some(code) = part.stop_unanswered.take() {
                part.ask_reset(rules, ResetCause::StopSending, code);
            } else if !decided && !part.ended {
                // A handle dropped without an end never looks like a complete message.
                match (rules.drop_resets)() {
                    true => part.ask_reset(rules, ResetCause::Dropped, DROP_RESET_CODE),
                    false => part.ended = true,
                }
            }
        })
    }

    fn read(&self, rules: &Rules, choices: &Choices, stream_id: StreamId) -> Vec<(Answer, Self)> {
        let Some(part) = self.receiving(stream_id) else {
            return Vec::new();
        };
        if let Some(outcome) = self.recv_outcome(stream_id) {
            let repeats = match outcome {
                RecvOutcome::ReadToEnd => Answer::EndOfStream,
                RecvOutcome::Reset { .. } if !(rules.reset_is_final)() => Answer::EndOfStream,
                RecvOutcome::Reset { .. }
                | RecvOutcome::Stopped { .. }
                | RecvOutcome::ConnectionLost => Answer::RecvEnded { outcome },
            };
            return vec![(repeats, self.clone())];
        }
        match part.reset {
            Some(code) if part.state == RecvState::ResetRecvd => {
                let readable = (rules.readable)(part) > 0;
                if !readable {
                    return vec![self.tell_reset(rules, stream_id, code)];
                }
                choices.reset_interrupts_reading.branches(
                    true,
                    || self.read_data(rules, stream_id),
                    || self.tell_reset(rules, stream_id, code),
                )
            }
            Some(_) | None => vec![self.read_data(rules, stream_id)],
        }
    }

    fn tell_reset(&self, rules: &Rules, stream_id: StreamId, code: ErrorCode) -> (Answer, Self) {
        let outcome = RecvOutcome::Reset { code };
        self.with_receiving(stream_id, Answer::RecvEnded { outcome }, |part| {
            part.told = true;
            part.take(rules, RecvEvent::AppReadReset);
        })
    }

    fn read_data(&self, rules: &Rules, stream_id: StreamId) -> (Answer, Self) {
        let Some(part) = self.receiving(stream_id) else {
            return (Answer::NoData, self.clone());
        };
        let length = (rules.readable)(part);
        if length > 0 {
            return self.with_receiving(stream_id, Answer::Data { length }, |part| {
                part.read += length;
                part.release(rules);
                if part.state == RecvState::DataRecvd && part.final_size == Some(part.read) {
                    part.take(rules, RecvEvent::AppReadAllData);
                }
            });
        }
        if (rules.end_is_reported)(part) {
            return self.with_receiving(stream_id, Answer::EndOfStream, |part| {
                part.told = true;
                part.take(rules, RecvEvent::AppReadAllData);
            });
        }
        match self.closed {
            Some(_) => self.tell_loss(stream_id),
            None => (Answer::NoData, self.clone()),
        }
    }

    fn tell_loss(&self, stream_id: StreamId) -> (Answer, Self) {
        let outcome = RecvOutcome::ConnectionLost;
        self.with_receiving(stream_id, Answer::RecvEnded { outcome }, |part| part.told = true)
    }

    fn abort_reading(
        &self,
        rules: &Rules,
        stream_id: StreamId,
        code: ErrorCode,
    ) -> Vec<(Answer, Self)> {
        if let Some(outcome) = self.recv_outcome(stream_id) {
            return vec![(Answer::RecvEnded { outcome }, self.clone())];
        }
        let Some(part) = self.receiving(stream_id) else {
            return vec![(Answer::Closed, self.clone())];
        };
        let stopped = || {
            self.with_receiving(stream_id, Answer::Accepted, |part| {
                part.ask_stop(rules, StopCause::AbortedReading, code);
            })
        };
        match (part.state, part.reset) {
            (RecvState::ResetRecvd, Some(reset)) => vec![self.tell_reset(rules, stream_id, reset)],
            (state, _) if state.awaits_data() && self.closed.is_some() => {
                vec![self.tell_loss(stream_id)]
            }
            // C-7: everything was read, and the end was not told yet.
            (RecvState::DataRead, _) => vec![stopped(), (Answer::Closed, self.clone())],
            (RecvState::Recv | RecvState::SizeKnown | RecvState::DataRecvd, _)
            | (RecvState::ResetRecvd | RecvState::ResetRead, _) => vec![stopped()],
        }
    }
}
