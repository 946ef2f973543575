//! Bare quinn: its own stream types, used as its documentation says, with nothing remembered that
//! quinn does not remember itself.

use std::task::{Poll, Waker};

use quinn::{ReadError, RecvStream, SendStream, StoppedError, VarInt, WriteError};
use streamproof_model::rfc::call::{Answer, Call, RecvOutcome, SendOutcome};
use streamproof_model::rfc::choices::Choices;
use streamproof_model::world::action::Role;

use super::quinn_session::{
    App, QuinnSession, READ_BUFFER, arena, code, id_of, poll_with, read_answer, to_varint,
};
use super::{Observation, Session, Setup, Sut};
use crate::concretize;
use crate::world::{Arena, ArenaError, TaskHandle, poll_once};

/// quinn as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct BareQuinn;

impl Sut for BareQuinn {
    fn name(&self) -> &'static str {
        "quinn"
    }

    fn choices(&self) -> Choices {
        Choices::QUINN
    }

    fn start(&self, setup: &Setup) -> Result<Box<dyn Session>, ArenaError> {
        let mut arena = arena(setup)?;
        let mut app = Streams::default();
        if setup.role == Role::Sender
            && let Poll::Ready(Ok(send)) = poll_once(arena.connection.open_uni())
        {
            let stopped = send.stopped();
            app.waiter = Some(arena.world.spawn(stopped));
            app.send = Some(send);
        }
        Ok(Box::new(QuinnSession::new(app, arena)))
    }
}

type Stopped = Result<Option<VarInt>, StoppedError>;

#[derive(Default)]
struct Streams {
    send: Option<SendStream>,
    recv: Option<RecvStream>,
    accepted: bool,
    written: u64,
    read: u64,
    waiter: Option<TaskHandle<Stopped>>,
    waited: Option<SendOutcome>,
}

fn outcome(stopped: Stopped) -> SendOutcome {
    match stopped {
        Ok(None) => SendOutcome::Delivered,
        Ok(Some(reason)) => SendOutcome::Stopped { code: code(reason) },
        Err(StoppedError::ConnectionLost(_) | StoppedError::ZeroRttRejected) => {
            SendOutcome::ConnectionLost
        }
    }
}

impl Streams {
    fn send(&mut self, call: impl FnOnce(&mut SendStream, u64) -> Answer) -> Answer {
        match &mut self.send {
            Some(send) => call(send, self.written),
            None => Answer::Closed,
        }
    }

    fn read(&mut self, waker: &Waker) -> Answer {
        let Some(recv) = &mut self.recv else { return Answer::Closed };
        let mut buffer = vec![0; READ_BUFFER];
        let read = poll_with(waker, recv.read(&mut buffer));
        let ended = |outcome| Answer::RecvEnded { outcome };
        read_answer(read, (recv.id(), &mut self.read), &buffer, |error| match error {
            ReadError::Reset(reason) => ended(RecvOutcome::Reset { code: code(reason) }),
            ReadError::ConnectionLost(_) | ReadError::ZeroRttRejected => {
                ended(RecvOutcome::ConnectionLost)
            }
            ReadError::ClosedStream | ReadError::IllegalOrderedRead => Answer::Closed,
        })
    }
}

fn write(send: &mut SendStream, offset: u64, length: u64, waker: &Waker) -> Answer {
    let data = concretize::data(id_of(send.id()), offset, length);
    let ended = |outcome| Answer::SendEnded { outcome };
    match poll_with(waker, send.write(&data)) {
        Poll::Pending => Answer::Blocked,
        Poll::Ready(Ok(length)) => Answer::Wrote { length: length as u64 },
        Poll::Ready(Err(WriteError::Stopped(reason))) => {
            ended(SendOutcome::Stopped { code: code(reason) })
        }
        Poll::Ready(Err(WriteError::ConnectionLost(_) | WriteError::ZeroRttRejected)) => {
            ended(SendOutcome::ConnectionLost)
        }
        Poll::Ready(Err(WriteError::ClosedStream)) => Answer::Closed,
    }
}

fn accepted(result: Result<(), quinn::ClosedStream>) -> Answer {
    match result {
        Ok(()) => Answer::Accepted,
        Err(quinn::ClosedStream { .. }) => Answer::Closed,
    }
}

impl App for Streams {
    fn accept(&mut self, arena: &mut Arena) {
        if !self.accepted
            && let Poll::Ready(Ok(recv)) = poll_once(arena.connection.accept_uni())
        {
            self.accepted = true;
            self.recv = Some(recv);
        }
    }

    fn call(&mut self, call: Call, waker: &Waker) -> Answer {
        match call {
            Call::Write { length } => {
                let answer = self.send(|send, offset| write(send, offset, length, waker));
                if let Answer::Wrote { length } = answer {
                    self.written += length;
                }
                answer
            }
            Call::End => self.send(|send, _| accepted(send.finish())),
            Call::Reset { code } => self.send(|send, _| accepted(send.reset(to_varint(code)))),
            Call::DropSend => self.send.take().map_or(Answer::Closed, |_| Answer::Accepted),
            Call::Read => self.read(waker),
            Call::AbortReading { code } => match &mut self.recv {
                Some(recv) => accepted(recv.stop(to_varint(code))),
                None => Answer::Closed,
            },
            Call::DropRecv => self.recv.take().map_or(Answer::Closed, |_| Answer::Accepted),
        }
    }

    fn observe(&mut self) -> Observation {
        if let Some(told) = self.waiter.as_ref().and_then(TaskHandle::take) {
            self.waited = Some(outcome(told));
        }
        Observation {
            send_outcome: self.send.as_ref().map(|send| match poll_once(send.stopped()) {
                Poll::Pending => None,
                Poll::Ready(stopped) => Some(outcome(stopped)),
            }),
            recv_outcome: None,
            send_waiter: self.waiter.as_ref().map(|_| self.waited),
            read_woken: false,
            alive: None,
        }
    }
}
