//! §2.4: what an application's calls do to an endpoint, and what they are answered with.

use super::{DROP_RESET_CODE, DROP_STOP_CODE, Endpoint};
use crate::rfc::call::{Answer, Call, RecvOutcome, SendOutcome};
use crate::rfc::choices::Choices;
use crate::rfc::frame::ErrorCode;
use crate::rfc::receiving::{ReceivingPart, RecvEvent, RecvState, StopCause};
use crate::rfc::rules::Rules;
use crate::rfc::sending::{Handle, ResetCause, SendingPart};

const fn is_stopped(outcome: SendOutcome) -> bool {
    match outcome {
        SendOutcome::Stopped { .. } => true,
        SendOutcome::Delivered | SendOutcome::Reset { .. } | SendOutcome::ConnectionLost => false,
    }
}

impl Endpoint {
    /// Whether the application can make this call: it holds the handle.
    pub fn can_call(&self, call: Call) -> bool {
        let handle = match call.is_sending() {
            true => self.sending.as_ref().map(|part| part.handle),
            false => self.receiving.as_ref().map(|part| part.handle),
        };
        handle == Some(Handle::Held)
    }

    /// Every answer the call may get, each with the endpoint afterwards. Empty if the application
    /// [cannot make it](Self::can_call).
    pub fn call(&self, rules: &Rules, choices: &Choices, call: Call) -> Vec<(Answer, Self)> {
        if !self.can_call(call) {
            return Vec::new();
        }
        match call {
            Call::Write { length } => self.write(length),
            Call::End => vec![self.end()],
            Call::Reset { code } => vec![self.reset(rules, code)],
            Call::DropSend => vec![self.drop_send(rules)],
            Call::Read => self.read(rules, choices),
            Call::AbortReading { code } => self.abort_reading(rules, code),
            Call::DropRecv => vec![self.with_receiving(Answer::Accepted, |part| {
                part.ask_stop(StopCause::Dropped, DROP_STOP_CODE);
                part.handle = Handle::Dropped;
            })],
        }
    }

    fn with_sending(
        &self,
        answer: Answer,
        change: impl FnOnce(&mut SendingPart),
    ) -> (Answer, Self) {
        let mut next = self.clone();
        next.sending.as_mut().map(change);
        (answer, next)
    }

    fn with_receiving(
        &self,
        answer: Answer,
        change: impl FnOnce(&mut ReceivingPart),
    ) -> (Answer, Self) {
        let mut next = self.clone();
        next.receiving.as_mut().map(change);
        (answer, next)
    }

    fn write(&self, length: u64) -> Vec<(Answer, Self)> {
        let ended = self.sending.as_ref().is_some_and(|part| part.ended);
        match self.send_outcome() {
            // After the end, a write is the caller's mistake, delivered or not.
            None | Some(SendOutcome::Delivered) if ended => {
                vec![(Answer::Finished, self.clone()), (Answer::Closed, self.clone())]
            }
            Some(outcome) => vec![(Answer::SendEnded { outcome }, self.clone())],
            None => {
                vec![self.with_sending(Answer::Wrote { length }, |part| part.written += length)]
            }
        }
    }

    fn end(&self) -> (Answer, Self) {
        match self.send_outcome() {
            Some(outcome) => (Answer::SendEnded { outcome }, self.clone()),
            None => self.with_sending(Answer::Accepted, |part| part.ended = true),
        }
    }

    fn reset(&self, rules: &Rules, code: ErrorCode) -> (Answer, Self) {
        let unanswered = self.sending.as_ref().and_then(|part| part.stop_unanswered);
        match self.send_outcome().filter(|outcome| !is_stopped(*outcome) || unanswered.is_none()) {
            Some(outcome) => (Answer::SendEnded { outcome }, self.clone()),
            None => self.with_sending(Answer::Accepted, |part| {
                part.stop_unanswered = None;
                part.ask_reset(rules, ResetCause::Application, code);
            }),
        }
    }

    fn drop_send(&self, rules: &Rules) -> (Answer, Self) {
        let decided = self.send_outcome().is_some();
        self.with_sending(Answer::Accepted, |part| {
            part.handle = Handle::Dropped;
            if let Some(code) = part.stop_unanswered.take() {
                part.ask_reset(rules, ResetCause::StopSending, code);
            } else if !decided && !part.ended {
                // Contract: a handle dropped without an end never looks like a complete message.
                match (rules.drop_resets)() {
                    true => part.ask_reset(rules, ResetCause::Dropped, DROP_RESET_CODE),
                    false => part.ended = true,
                }
            }
        })
    }

    fn read(&self, rules: &Rules, choices: &Choices) -> Vec<(Answer, Self)> {
        let Some(part) = &self.receiving else {
            return Vec::new();
        };
        if let Some(outcome) = self.recv_outcome() {
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
                choices.reset_interrupts_reading.branches(
                    true,
                    || match readable {
                        true => self.read_data(rules),
                        false => self.tell_reset(rules, code),
                    },
                    || self.tell_reset(rules, code),
                )
            }
            Some(_) | None => vec![self.read_data(rules)],
        }
    }

    fn tell_reset(&self, rules: &Rules, code: ErrorCode) -> (Answer, Self) {
        let outcome = RecvOutcome::Reset { code };
        self.with_receiving(Answer::RecvEnded { outcome }, |part| {
            part.told = true;
            part.take(rules, RecvEvent::AppReadReset);
        })
    }

    fn read_data(&self, rules: &Rules) -> (Answer, Self) {
        let Some(part) = &self.receiving else {
            return (Answer::NoData, self.clone());
        };
        let length = (rules.readable)(part);
        if length > 0 {
            return self.with_receiving(Answer::Data { length }, |part| {
                part.read += length;
                if part.state == RecvState::DataRecvd && part.final_size == Some(part.read) {
                    part.take(rules, RecvEvent::AppReadAllData);
                }
            });
        }
        if (rules.end_is_reported)(part) {
            return self.with_receiving(Answer::EndOfStream, |part| {
                part.told = true;
                part.take(rules, RecvEvent::AppReadAllData);
            });
        }
        match self.closed {
            Some(_) => self.tell_loss(),
            None => (Answer::NoData, self.clone()),
        }
    }

    fn tell_loss(&self) -> (Answer, Self) {
        let outcome = RecvOutcome::ConnectionLost;
        self.with_receiving(Answer::RecvEnded { outcome }, |part| part.told = true)
    }

    fn abort_reading(&self, rules: &Rules, code: ErrorCode) -> Vec<(Answer, Self)> {
        if let Some(outcome) = self.recv_outcome() {
            return vec![(Answer::RecvEnded { outcome }, self.clone())];
        }
        let Some(part) = &self.receiving else { return vec![(Answer::Closed, self.clone())] };
        let stopped = || {
            self.with_receiving(Answer::Accepted, |part| {
                part.ask_stop(StopCause::AbortedReading, code);
            })
        };
        match (part.state, part.reset) {
            (RecvState::ResetRecvd, Some(reset)) => vec![self.tell_reset(rules, reset)],
            (state, _) if state.awaits_data() && self.closed.is_some() => vec![self.tell_loss()],
            // C-7: everything was read, and the end was not told yet.
            (RecvState::DataRead, _) => vec![stopped(), (Answer::Closed, self.clone())],
            (RecvState::Recv | RecvState::SizeKnown | RecvState::DataRecvd, _)
            | (RecvState::ResetRecvd | RecvState::ResetRead, _) => vec![stopped()],
        }
    }
}
