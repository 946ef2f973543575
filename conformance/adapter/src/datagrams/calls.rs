//! The application of a session: its calls on the stack, and what it has been told, which it keeps.

use streamproof_conformance::abstraction::first_wrong;
use streamproof_conformance::concretize;
use streamproof_conformance::sut::READ_BUFFER;
use streamproof_model::rfc::call::{Answer, Call, RecvOutcome, SendOutcome};
use streamproof_model::rfc::identity::{Direction, StreamId};

use super::{DatagramSession, Read, Receiving, Sending, Stack};

impl<S: Stack> DatagramSession<S> {
    pub(super) fn open(&mut self, direction: Direction) -> Answer {
        let answer = self.stack.open(direction);
        if let Answer::Opened { stream_id } = answer {
            self.sending.insert(stream_id, Sending::default());
            if direction == Direction::Bidirectional {
                self.receiving.insert(stream_id, Receiving::default());
            }
        }
        answer
    }

    /// A call on a sending part. What the application has been told of its end is kept here, as an application
    /// would keep it; the stack is asked all the same, because it must not do what has become wrong.
    fn send(&mut self, id: StreamId, call: impl FnOnce(&mut S, &mut Sending) -> Answer) -> Answer {
        let Some(sending) = self.sending.get_mut(&id) else { return Answer::Closed };
        let known = sending.outcome;
        let answer = call(&mut self.stack, sending);
        if let Some(outcome) = known {
            return Answer::SendEnded { outcome };
        }
        if let Answer::SendEnded { outcome } = answer {
            sending.outcome = Some(outcome);
        }
        answer
    }

    /// The same for a receiving part.
    fn receive(
        &mut self,
        id: StreamId,
        call: impl FnOnce(&mut S, &mut Receiving) -> Answer,
    ) -> Answer {
        let Some(receiving) = self.receiving.get_mut(&id) else { return Answer::Closed };
        let known = receiving.outcome;
        let answer = call(&mut self.stack, receiving);
        if let Some(outcome) = known {
            return match outcome {
                RecvOutcome::ReadToEnd => Answer::EndOfStream,
                RecvOutcome::Reset { .. }
                | RecvOutcome::Stopped { .. }
                | RecvOutcome::ConnectionLost => Answer::RecvEnded { outcome },
            };
        }
        if let Answer::RecvEnded { outcome } = answer {
            receiving.outcome = Some(outcome);
        }
        if answer == Answer::EndOfStream {
            receiving.outcome = Some(RecvOutcome::ReadToEnd);
        }
        answer
    }

    pub(super) fn make(&mut self, call: Call) -> Answer {
        match call {
            Call::Open { direction } => self.open(direction),
            Call::Write { stream_id, length } => self.send(stream_id, |stack, sending| {
                let data = concretize::data(stream_id, sending.written, length);
                let answer = stack.write(stream_id, &data);
                if let Answer::Wrote { length } = answer {
                    sending.written += length;
                }
                answer
            }),
            Call::End { stream_id } => self.send(stream_id, |stack, sending| {
                let answer = stack.finish(stream_id);
                match std::mem::replace(&mut sending.finished, true) {
                    true if answer == Answer::Closed || answer == Answer::Finished => {
                        Answer::Accepted
                    }
                    true | false => answer,
                }
            }),
            Call::Reset { stream_id, code } => self.send(stream_id, |stack, sending| {
                let answer = stack.reset(stream_id, code);
                if answer == Answer::Accepted {
                    sending.outcome = Some(SendOutcome::Reset { code });
                }
                answer
            }),
            Call::Read { stream_id } => {
                self.receive(stream_id, |stack, receiving| read(stack, stream_id, receiving))
            }
            Call::AbortReading { stream_id, code } => {
                self.receive(stream_id, |stack, receiving| {
                    if let Some(code) = stack.was_reset(stream_id) {
                        return Answer::RecvEnded { outcome: RecvOutcome::Reset { code } };
                    }
                    let answer = stack.stop(stream_id, code);
                    if answer == Answer::Accepted {
                        receiving.outcome = Some(RecvOutcome::Stopped { code });
                    }
                    answer
                })
            }
            Call::CloseConnection { code } => self.stack.close(code),
            // Not offered: the presets that need them are skipped.
            Call::DropSend { .. }
            | Call::DropRecv { .. }
            | Call::ResizeWindow { .. }
            | Call::ResizeStreams { .. } => Answer::Closed,
        }
    }
}

/// One read. An interface may tell the end with the last bytes.
fn read(stack: &mut impl Stack, id: StreamId, receiving: &mut Receiving) -> Answer {
    if receiving.ended {
        return Answer::EndOfStream;
    }
    let mut buffer = vec![0; READ_BUFFER];
    match stack.read(id, &mut buffer) {
        Read::Data { length: 0, fin: true } => Answer::EndOfStream,
        Read::Data { length, fin } => {
            receiving.ended = fin;
            let offset = receiving.offset;
            receiving.offset += length as u64;
            match first_wrong(id, offset, &buffer[..length]) {
                Some(offset) => Answer::Corrupt { offset },
                None => Answer::Data { length: length as u64 },
            }
        }
        Read::Nothing => Answer::NoData,
        Read::Reset(code) => Answer::RecvEnded { outcome: RecvOutcome::Reset { code } },
        Read::Other(answer) => answer,
    }
}
