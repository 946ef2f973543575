//! Bare quinn: its own stream types, used as its documentation says, with nothing remembered that
//! quinn does not remember itself.

use crate::Stack;
pub mod departures;
mod export;
pub(crate) mod session;

use std::collections::BTreeMap;
use std::task::{Poll, Waker};

use quinn::{ReadError, RecvStream, SendStream, StoppedError, VarInt, WriteError};
use streamproof_model::judging::way::Way;
use streamproof_model::rfc::call::{Answer, Call, RecvOutcome, SendOutcome};
use streamproof_model::rfc::choices::{Choice, Choices};
use streamproof_model::rfc::identity::{Direction, StreamId};
use streamproof_simulation::{Arena, TaskHandle, poll_once};

use self::session::{
    App, QuinnSession, arena, code, id_of, poll_with, read_answer, resize, to_varint,
};
use streamproof_adapter::locked;
use streamproof_conformance::concretize;
use streamproof_conformance::sut::{Observation, READ_BUFFER, Session, Setup, StartError, Sut};

/// How quinn uses the RFC's freedom.
pub(crate) const CHOICES: Choices = Choices {
    reset_after_all_data: Choice::Always,
    data_completes_after_reset: Choice::Never,
    late_final_size_error: Choice::Never,
    reset_interrupts_reading: Choice::Always,
    data_before_answer: Choice::Always,
    reset_below_empty_frame: Choice::Always,
    fin_below_empty_frame: Choice::Never,
    empty_frame_beyond_final_size: Choice::Always,
    not_created_is_error: Choice::Always,
    blocked_not_created_is_error: Choice::Never,
};

const WAY: Way = Way { name: "quinn", choices: CHOICES, departures: departures::ALL };

/// The entry in the list of stacks.
pub const STACK: Stack =
    Stack { name: "quinn", make: || Box::new(BareQuinn), own_test: Some(export::write) };

/// quinn as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct BareQuinn;

/// What this workspace was built with.
pub(crate) fn versions() -> String {
    const LOCK: &str = include_str!("../../../Cargo.lock");
    format!("{} / proto {}", locked(LOCK, "quinn"), locked(LOCK, "quinn-proto"))
}

impl Sut for BareQuinn {
    fn name(&self) -> &'static str {
        "quinn"
    }

    fn version(&self) -> String {
        versions()
    }

    fn way(&self) -> Way {
        WAY
    }

    fn deviations(&self) -> &'static str {
        include_str!("deviations.toml")
    }

    fn situations(&self) -> &'static str {
        include_str!("situations.toml")
    }

    fn start(&self, setup: &Setup) -> Result<Box<dyn Session>, StartError> {
        Ok(Box::new(QuinnSession::new(Streams::default(), arena(setup)?, setup)))
    }
}

type Stopped = Result<Option<VarInt>, StoppedError>;

#[derive(Default)]
struct Streams {
    sending: BTreeMap<StreamId, Sending>,
    receiving: BTreeMap<StreamId, Receiving>,
}

struct Sending {
    /// `None` after it was dropped.
    handle: Option<SendStream>,
    written: u64,
    waiter: TaskHandle<Stopped>,
    waited: Option<SendOutcome>,
}

#[derive(Default)]
struct Receiving {
    handle: Option<RecvStream>,
    read: u64,
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
    fn add_sending(&mut self, arena: &mut Arena, handle: SendStream) -> StreamId {
        let id = id_of(handle.id());
        let waiter = arena.world.spawn(handle.stopped());
        let sending = Sending { handle: Some(handle), written: 0, waiter, waited: None };
        self.sending.insert(id, sending);
        id
    }

    fn add_receiving(&mut self, handle: RecvStream) {
        let id = id_of(handle.id());
        self.receiving.insert(id, Receiving { handle: Some(handle), read: 0 });
    }

    fn open(&mut self, arena: &mut Arena, direction: Direction) -> Answer {
        let opened = match direction {
            Direction::Unidirectional => {
                poll_once(arena.connection.open_uni()).map_ok(|send| (send, None))
            }
            Direction::Bidirectional => {
                poll_once(arena.connection.open_bi()).map_ok(|(send, recv)| (send, Some(recv)))
            }
        };
        match opened {
            Poll::Pending => Answer::Blocked,
            Poll::Ready(Err(_)) => Answer::ConnectionLost,
            Poll::Ready(Ok((send, recv))) => {
                if let Some(recv) = recv {
                    self.add_receiving(recv);
                }
                Answer::Opened { stream_id: self.add_sending(arena, send) }
            }
        }
    }

    fn send(
        &mut self,
        id: StreamId,
        call: impl FnOnce(&mut SendStream, &mut u64) -> Answer,
    ) -> Answer {
        match self.sending.get_mut(&id) {
            Some(Sending { handle: Some(handle), written, .. }) => call(handle, written),
            Some(Sending { handle: None, .. }) | None => Answer::Closed,
        }
    }

    fn read(&mut self, id: StreamId, waker: &Waker) -> Answer {
        let Some(Receiving { handle: Some(recv), read: offset }) = self.receiving.get_mut(&id)
        else {
            return Answer::Closed;
        };
        let mut buffer = vec![0; READ_BUFFER];
        let read = poll_with(waker, recv.read(&mut buffer));
        let ended = |outcome| Answer::RecvEnded { outcome };
        read_answer(read, (recv.id(), offset), &buffer, |error| match error {
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
    fn accept(&mut self, arena: &mut Arena) -> bool {
        let mut any = false;
        while let Poll::Ready(Ok(recv)) = poll_once(arena.connection.accept_uni()) {
            self.add_receiving(recv);
            any = true;
        }
        while let Poll::Ready(Ok((send, recv))) = poll_once(arena.connection.accept_bi()) {
            self.add_sending(arena, send);
            self.add_receiving(recv);
            any = true;
        }
        any
    }

    fn call(&mut self, arena: &mut Arena, call: Call, waker: &Waker) -> Answer {
        match call {
            Call::Open { direction } => self.open(arena, direction),
            Call::Write { stream_id, length } => self.send(stream_id, |send, written| {
                let answer = write(send, *written, length, waker);
                if let Answer::Wrote { length } = answer {
                    *written += length;
                }
                answer
            }),
            Call::End { stream_id } => self.send(stream_id, |send, _| accepted(send.finish())),
            Call::Reset { stream_id, code } => {
                self.send(stream_id, |send, _| accepted(send.reset(to_varint(code))))
            }
            Call::DropSend { stream_id } => match self.sending.get_mut(&stream_id) {
                Some(sending) => sending.handle.take().map_or(Answer::Closed, |_| Answer::Accepted),
                None => Answer::Closed,
            },
            Call::Read { stream_id } => self.read(stream_id, waker),
            Call::AbortReading { stream_id, code } => match self.receiving.get_mut(&stream_id) {
                Some(Receiving { handle: Some(recv), .. }) => accepted(recv.stop(to_varint(code))),
                Some(Receiving { handle: None, .. }) | None => Answer::Closed,
            },
            Call::DropRecv { stream_id } => match self.receiving.get_mut(&stream_id) {
                Some(recv) => recv.handle.take().map_or(Answer::Closed, |_| Answer::Accepted),
                None => Answer::Closed,
            },
            Call::CloseConnection { code } => {
                arena.connection.close(to_varint(code), b"");
                Answer::Accepted
            }
            Call::ResizeWindow { .. } | Call::ResizeStreams { .. } => {
                resize(&arena.connection, call);
                Answer::Accepted
            }
        }
    }

    fn observe(&mut self) -> Vec<Observation> {
        let mut seen: BTreeMap<StreamId, Observation> = BTreeMap::new();
        for (id, sending) in &mut self.sending {
            if let Some(told) = sending.waiter.take() {
                sending.waited = Some(outcome(told));
            }
            let asked = |send: &SendStream| match poll_once(send.stopped()) {
                Poll::Pending => None,
                Poll::Ready(stopped) => Some(outcome(stopped)),
            };
            let observation = seen.entry(*id).or_insert(Observation::of(*id));
            observation.send_outcome = sending.handle.as_ref().map(asked);
            observation.send_waiter = Some(sending.waited);
        }
        for id in self.receiving.keys() {
            seen.entry(*id).or_insert(Observation::of(*id));
        }
        seen.into_values().collect()
    }

    fn forget(&mut self) {
        self.sending.clear();
        self.receiving.clear();
    }
}
