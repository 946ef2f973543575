//! The stream manager on quinn: the product.

use crate::Stack;
use std::collections::BTreeMap;
use std::task::{Poll, Waker};

use streamproof::{
    Config, FinishError, ReadError, RecvHandle, SendHandle, StreamManager, WriteError,
};
use streamproof_model::judging::way::Way;
use streamproof_model::rfc::call::{Answer, Call, RecvOutcome, SendOutcome};
use streamproof_model::rfc::endpoint::{DROP_RESET_CODE, DROP_STOP_CODE};
use streamproof_model::rfc::frame::ErrorCode;
use streamproof_model::rfc::identity::{Direction, StreamId};
use streamproof_simulation::{Arena, TaskHandle, poll_once};

use crate::quinn::CHOICES;
use crate::quinn::departures::{
    BLOCKED_CREATES_NOTHING, BLOCKED_OUTLIVES_WRITERS, BLOCKED_WAITS, EARLY_LIMITS_STAY,
    FIN_BELOW_DATA_PASSES, INTERNAL_LIMITS_COUNT, LIMIT_OVERLOOKED, RESET_COUNTS_UNSENT,
    RESET_DROPS_FRAMES, STOP_GOES_OUT_LATE, STOPPED_IS_FORGOTTEN, STREAMS_BLOCKED_IS_SILENT,
};
use crate::quinn::session::{
    App, QuinnSession, arena, code, id_of, poll_with, read_answer, resize, to_varint,
};
use streamproof_conformance::concretize;
use streamproof_conformance::sut::{Observation, READ_BUFFER, Session, Setup, StartError, Sut};

/// The entry in the list of stacks.
pub const STACK: Stack =
    Stack { name: "manager", make: || Box::new(Manager::default()), own_test: None };

/// quinn's way, where it is below the manager's API.
const WAY: Way = Way {
    name: "manager",
    choices: CHOICES,
    departures: &[
        RESET_COUNTS_UNSENT,
        STOP_GOES_OUT_LATE,
        RESET_DROPS_FRAMES,
        FIN_BELOW_DATA_PASSES,
        STOPPED_IS_FORGOTTEN,
        INTERNAL_LIMITS_COUNT,
        BLOCKED_CREATES_NOTHING,
        LIMIT_OVERLOOKED,
        STREAMS_BLOCKED_IS_SILENT,
        EARLY_LIMITS_STAY,
        BLOCKED_WAITS,
        BLOCKED_OUTLIVES_WRITERS,
    ],
};

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

    fn version(&self) -> String {
        crate::quinn::versions()
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
        let mut arena = arena(setup)?;
        let runtime = arena.world.runtime();
        let (manager, driver) =
            StreamManager::with_runtime(arena.connection.clone(), self.config, runtime);
        arena.world.spawn(driver);
        let app = Handles { manager, sending: BTreeMap::new(), receiving: BTreeMap::new() };
        Ok(Box::new(QuinnSession::new(app, arena, setup)))
    }
}

struct Handles {
    sending: BTreeMap<StreamId, Sending>,
    receiving: BTreeMap<StreamId, Receiving>,
    manager: StreamManager,
}

struct Sending {
    /// `None` after it was dropped.
    handle: Option<SendHandle>,
    written: u64,
    waiter: TaskHandle<streamproof::SendOutcome>,
    waited: Option<SendOutcome>,
}

struct Receiving {
    handle: Option<RecvHandle>,
    read: u64,
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
    fn add_sending(&mut self, arena: &mut Arena, handle: SendHandle) -> StreamId {
        let id = id_of(handle.id());
        let waiter = arena.world.spawn(handle.closed());
        let sending = Sending { handle: Some(handle), written: 0, waiter, waited: None };
        self.sending.insert(id, sending);
        id
    }

    fn add_receiving(&mut self, handle: RecvHandle) {
        let id = id_of(handle.id());
        self.receiving.insert(id, Receiving { handle: Some(handle), read: 0 });
    }

    fn open(&mut self, arena: &mut Arena, direction: Direction) -> Answer {
        let opened = match direction {
            Direction::Unidirectional => {
                poll_once(self.manager.open_uni()).map_ok(|send| (send, None))
            }
            Direction::Bidirectional => {
                poll_once(self.manager.open_bi()).map_ok(|(send, recv)| (send, Some(recv)))
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
        call: impl FnOnce(&mut SendHandle, &mut u64) -> Answer,
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

    fn stop(&mut self, id: StreamId, code: ErrorCode) -> Answer {
        match self.receiving.get_mut(&id) {
            Some(Receiving { handle: Some(recv), .. }) => match recv.stop(to_varint(code)) {
                Ok(()) => Answer::Accepted,
                Err(ended) => Answer::RecvEnded { outcome: recv_outcome(&ended.outcome) },
            },
            Some(Receiving { handle: None, .. }) | None => Answer::Closed,
        }
    }
}

impl App for Handles {
    fn accept(&mut self, arena: &mut Arena) -> bool {
        let mut any = false;
        while let Poll::Ready(Ok(recv)) = poll_once(self.manager.accept_uni()) {
            self.add_receiving(recv);
            any = true;
        }
        while let Poll::Ready(Ok((send, recv))) = poll_once(self.manager.accept_bi()) {
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
            Call::End { stream_id } => self.send(stream_id, |send, _| finish(send)),
            Call::Reset { stream_id, code } => {
                self.send(stream_id, |send, _| match send.reset(to_varint(code)) {
                    Ok(()) => Answer::Accepted,
                    Err(ended) => Answer::SendEnded { outcome: send_outcome(&ended.outcome) },
                })
            }
            Call::DropSend { stream_id } => match self.sending.get_mut(&stream_id) {
                Some(sending) => sending.handle.take().map_or(Answer::Closed, |_| Answer::Accepted),
                None => Answer::Closed,
            },
            Call::Read { stream_id } => self.read(stream_id, waker),
            Call::AbortReading { stream_id, code } => self.stop(stream_id, code),
            Call::DropRecv { stream_id } => match self.receiving.get_mut(&stream_id) {
                Some(recv) => recv.handle.take().map_or(Answer::Closed, |_| Answer::Accepted),
                None => Answer::Closed,
            },
            Call::CloseConnection { code } => {
                self.manager.close(to_varint(code), b"");
                Answer::Accepted
            }
            Call::ResizeWindow { .. } | Call::ResizeStreams { .. } => {
                resize(self.manager.connection(), call);
                Answer::Accepted
            }
        }
    }

    fn observe(&mut self) -> Vec<Observation> {
        let mut seen: BTreeMap<StreamId, Observation> = BTreeMap::new();
        for (id, sending) in &mut self.sending {
            if let Some(told) = sending.waiter.take() {
                sending.waited = Some(send_outcome(&told));
            }
            let observation = seen.entry(*id).or_insert(Observation::of(*id));
            observation.send_outcome =
                sending.handle.as_ref().map(|send| send.outcome().as_ref().map(send_outcome));
            observation.send_waiter = Some(sending.waited);
        }
        for (id, receiving) in &self.receiving {
            let observation = seen.entry(*id).or_insert(Observation::of(*id));
            observation.recv_outcome =
                receiving.handle.as_ref().map(|recv| recv.outcome().as_ref().map(recv_outcome));
        }
        let parts = self.manager.snapshot();
        for (id, observation) in &mut seen {
            let mut of_stream = parts.iter().filter(|live| id_of(live.id) == *id);
            let mut alive = (false, false);
            of_stream.by_ref().for_each(|live| match live.part() {
                streamproof::Part::Sending => alive.0 = true,
                streamproof::Part::Receiving => alive.1 = true,
            });
            observation.alive = Some(alive);
        }
        seen.into_values().collect()
    }

    fn forget(&mut self) {
        self.sending.clear();
        self.receiving.clear();
    }
}
