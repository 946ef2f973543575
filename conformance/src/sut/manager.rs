//! The stream manager on quinn: the product.

use std::task::{Poll, Waker};

use streamproof::{
    Config, FinishError, ReadError, RecvHandle, SendHandle, StreamManager, WriteError,
};
use streamproof_model::rfc::call::{Answer, Call, RecvOutcome, SendOutcome};
use streamproof_model::rfc::choices::Choices;
use streamproof_model::rfc::endpoint::{DROP_RESET_CODE, DROP_STOP_CODE};
use streamproof_model::world::action::Role;

use super::quinn_session::{
    App, QuinnSession, READ_BUFFER, arena, code, id_of, poll_with, read_answer, to_varint,
};
use super::{Observation, Session, Setup, Sut};
use crate::concretize;
use crate::world::{Arena, ArenaError, TaskHandle, poll_once};

/// The manager with a configuration.
#[derive(Clone, Copy, Debug)]
pub struct Manager {
    config: Config,
}

impl Default for Manager {
    /// The manager with the drop codes that the model's contract names.
    fn default() -> Self {
        let mut config = Config::default();
        config.drop_reset_code = to_varint(DROP_RESET_CODE);
        config.drop_stop_code = to_varint(DROP_STOP_CODE);
        Self { config }
    }
}

impl Manager {
    /// The manager with something changed in its configuration, such as a planted fault.
    pub fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut manager = Self::default();
        change(&mut manager.config);
        manager
    }
}

impl Sut for Manager {
    fn name(&self) -> &'static str {
        "manager"
    }

    fn choices(&self) -> Choices {
        Choices::QUINN
    }

    fn start(&self, setup: &Setup) -> Result<Box<dyn Session>, ArenaError> {
        let mut arena = arena(setup)?;
        let (manager, driver) = StreamManager::new(arena.connection.clone(), self.config);
        arena.world.spawn(driver);
        let mut app = Handles {
            manager,
            send: None,
            recv: None,
            accepted: false,
            written: 0,
            read: 0,
            waiter: None,
            waited: None,
        };
        if setup.role == Role::Sender {
            if let Poll::Ready(Ok(send)) = poll_once(app.manager.open_uni()) {
                app.waiter = Some(arena.world.spawn(send.closed()));
                app.send = Some(send);
            }
            arena.settle();
        }
        Ok(Box::new(QuinnSession::new(app, arena)))
    }
}

struct Handles {
    send: Option<SendHandle>,
    recv: Option<RecvHandle>,
    manager: StreamManager,
    accepted: bool,
    written: u64,
    read: u64,
    waiter: Option<TaskHandle<streamproof::SendOutcome>>,
    waited: Option<SendOutcome>,
}

fn send_outcome(outcome: &streamproof::SendOutcome) -> SendOutcome {
    match outcome {
        streamproof::SendOutcome::Delivered => SendOutcome::Delivered,
        streamproof::SendOutcome::Reset { code: reason } => {
            SendOutcome::Reset { code: code(*reason) }
        }
        streamproof::SendOutcome::Stopped { code: reason } => {
            SendOutcome::Stopped { code: code(*reason) }
        }
        streamproof::SendOutcome::ConnectionLost(_) | streamproof::SendOutcome::ZeroRttRejected => {
            SendOutcome::ConnectionLost
        }
    }
}

fn recv_outcome(outcome: &streamproof::RecvOutcome) -> RecvOutcome {
    match outcome {
        streamproof::RecvOutcome::ReadToEnd => RecvOutcome::ReadToEnd,
        streamproof::RecvOutcome::Reset { code: reason } => {
            RecvOutcome::Reset { code: code(*reason) }
        }
        streamproof::RecvOutcome::Stopped { code: reason } => {
            RecvOutcome::Stopped { code: code(*reason) }
        }
        streamproof::RecvOutcome::ConnectionLost(_) | streamproof::RecvOutcome::ZeroRttRejected => {
            RecvOutcome::ConnectionLost
        }
    }
}

fn write(send: &mut SendHandle, offset: u64, length: u64, waker: &Waker) -> Answer {
    let data = concretize::data(id_of(send.id()), offset, length);
    let ended = |outcome| Answer::SendEnded { outcome };
    match poll_with(waker, send.write(&data)) {
        Poll::Pending => Answer::Blocked,
        Poll::Ready(Ok(length)) => Answer::Wrote { length: length as u64 },
        Poll::Ready(Err(WriteError::Finished)) => Answer::Finished,
        Poll::Ready(Err(WriteError::Reset { code: reason })) => {
            ended(SendOutcome::Reset { code: code(reason) })
        }
        Poll::Ready(Err(WriteError::Stopped { code: reason })) => {
            ended(SendOutcome::Stopped { code: code(reason) })
        }
        Poll::Ready(Err(WriteError::ConnectionLost(_) | WriteError::ZeroRttRejected)) => {
            ended(SendOutcome::ConnectionLost)
        }
    }
}

fn finish(send: &mut SendHandle) -> Answer {
    let ended = |outcome| Answer::SendEnded { outcome };
    match poll_once(send.finish()) {
        Poll::Pending => Answer::Accepted,
        Poll::Ready(Ok(())) => ended(SendOutcome::Delivered),
        Poll::Ready(Err(FinishError::Reset { code: reason })) => {
            ended(SendOutcome::Reset { code: code(reason) })
        }
        Poll::Ready(Err(FinishError::Stopped { code: reason })) => {
            ended(SendOutcome::Stopped { code: code(reason) })
        }
        Poll::Ready(Err(FinishError::ConnectionLost(_) | FinishError::ZeroRttRejected)) => {
            ended(SendOutcome::ConnectionLost)
        }
    }
}

impl Handles {
    fn send(&mut self, call: impl FnOnce(&mut SendHandle, u64) -> Answer) -> Answer {
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
            ReadError::Reset { code: reason } => ended(RecvOutcome::Reset { code: code(reason) }),
            ReadError::Stopped { code: reason } => {
                ended(RecvOutcome::Stopped { code: code(reason) })
            }
            ReadError::ConnectionLost(_) | ReadError::ZeroRttRejected => {
                ended(RecvOutcome::ConnectionLost)
            }
            ReadError::IllegalOrderedRead => Answer::Closed,
        })
    }

    fn alive(&self) -> (bool, bool) {
        let parts = self.manager.snapshot();
        let any = |part| parts.iter().any(|live| live.part() == part);
        (any(streamproof::Part::Sending), any(streamproof::Part::Receiving))
    }
}

impl App for Handles {
    fn accept(&mut self, _: &mut Arena) {
        if !self.accepted
            && let Poll::Ready(Ok(recv)) = poll_once(self.manager.accept_uni())
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
            Call::End => self.send(|send, _| finish(send)),
            Call::Reset { code } => self.send(|send, _| match send.reset(to_varint(code)) {
                Ok(()) => Answer::Accepted,
                Err(ended) => Answer::SendEnded { outcome: send_outcome(&ended.outcome) },
            }),
            Call::DropSend => self.send.take().map_or(Answer::Closed, |_| Answer::Accepted),
            Call::Read => self.read(waker),
            Call::AbortReading { code } => match &mut self.recv {
                Some(recv) => match recv.stop(to_varint(code)) {
                    Ok(()) => Answer::Accepted,
                    Err(ended) => Answer::RecvEnded { outcome: recv_outcome(&ended.outcome) },
                },
                None => Answer::Closed,
            },
            Call::DropRecv => self.recv.take().map_or(Answer::Closed, |_| Answer::Accepted),
        }
    }

    fn observe(&mut self) -> Observation {
        if let Some(told) = self.waiter.as_ref().and_then(TaskHandle::take) {
            self.waited = Some(send_outcome(&told));
        }
        Observation {
            send_outcome: self.send.as_ref().map(|send| send.outcome().as_ref().map(send_outcome)),
            recv_outcome: self.recv.as_ref().map(|recv| recv.outcome().as_ref().map(recv_outcome)),
            send_waiter: self.waiter.as_ref().map(|_| self.waited),
            read_woken: false,
            alive: Some(self.alive()),
        }
    }
}
