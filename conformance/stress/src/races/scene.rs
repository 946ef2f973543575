//! One run of a race: a manager on quinn opposite the puppet, the tasks, and the judgement.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use bytes::Bytes;
use quinn::{Side, VarInt};
use streamproof::{
    Config, FinishError, RecvHandle, RecvOutcome, SendHandle, SendOutcome, StreamManager, Tally,
    WriteError,
};
use streamproof_harness::wire::Frame;
use streamproof_simulation::{Arena, ArenaConfig, ArenaError, TaskHandle, poll_once};

/// The code of the peer's STOP_SENDING.
pub const STOP_CODE: u32 = 7;
/// The code of our explicit RESET_STREAM.
pub const RESET_CODE: u32 = 9;
/// The code of a dropped sending handle.
pub const DROP_RESET: u32 = 0x51;
/// The code of a dropped receiving handle.
pub const DROP_STOP: u32 = 0x52;

/// How a part ended.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum End {
    /// There is no such part.
    None,
    /// Everything was acknowledged.
    Delivered,
    /// Everything was read.
    ReadToEnd,
    /// Reset: by us if it is the sending part, by the peer if it is the receiving one.
    Reset,
    /// Stopped: by the peer if it is the sending part, by us if it is the receiving one.
    Stopped,
    /// The connection was lost.
    Lost,
}

/// How the parts of the one stream of a race ended.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Ends {
    /// The sending part.
    pub sending: End,
    /// The receiving part.
    pub receiving: End,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "-",
            Self::Delivered => "delivered",
            Self::ReadToEnd => "read to end",
            Self::Reset => "reset",
            Self::Stopped => "stopped",
            Self::Lost => "lost",
        })
    }
}

impl fmt::Display for Ends {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.sending, self.receiving) {
            (sending, End::None) => write!(f, "{sending}"),
            (End::None, receiving) => write!(f, "{receiving}"),
            (sending, receiving) => write!(f, "{sending}/{receiving}"),
        }
    }
}

impl From<&SendOutcome> for End {
    fn from(outcome: &SendOutcome) -> Self {
        match outcome {
            SendOutcome::Delivered => Self::Delivered,
            SendOutcome::Reset { .. } => Self::Reset,
            SendOutcome::Stopped { .. } => Self::Stopped,
            SendOutcome::ConnectionLost(_) | SendOutcome::ZeroRttRejected => Self::Lost,
        }
    }
}

impl From<&RecvOutcome> for End {
    fn from(outcome: &RecvOutcome) -> Self {
        match outcome {
            RecvOutcome::ReadToEnd => Self::ReadToEnd,
            RecvOutcome::Reset { .. } => Self::Reset,
            RecvOutcome::Stopped { .. } => Self::Stopped,
            RecvOutcome::ConnectionLost(_) | RecvOutcome::ZeroRttRejected => Self::Lost,
        }
    }
}

/// What the tasks of a race were told, in the order in which they were.
#[derive(Clone, Debug, Default)]
pub struct Told(Arc<Mutex<Vec<Word>>>);

/// Who was told, of which part, and what.
type Word = (&'static str, Part, End);

/// Which part somebody was told of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Part {
    Sending,
    Receiving,
}

impl Told {
    /// `task` was told how the sending part ended.
    pub fn sending(&self, task: &'static str, end: impl Into<End>) {
        self.tell(task, Part::Sending, end.into());
    }

    /// `task` was told how the receiving part ended.
    pub fn receiving(&self, task: &'static str, end: impl Into<End>) {
        self.tell(task, Part::Receiving, end.into());
    }

    /// `task` was told by `finish`.
    pub fn finished(&self, task: &'static str, result: &Result<(), FinishError>) {
        self.sending(
            task,
            match result {
                Ok(()) => End::Delivered,
                Err(FinishError::Reset { .. }) => End::Reset,
                Err(FinishError::Stopped { .. }) => End::Stopped,
                Err(FinishError::ConnectionLost(_) | FinishError::ZeroRttRejected) => End::Lost,
            },
        );
    }

    /// `task` was told by a write that failed.
    pub fn refused(&self, task: &'static str, error: &WriteError) {
        self.sending(
            task,
            match error {
                WriteError::Reset { .. } => End::Reset,
                WriteError::Stopped { .. } => End::Stopped,
                WriteError::Finished => End::None, // No task writes after it has finished.
                WriteError::ConnectionLost(_) | WriteError::ZeroRttRejected => End::Lost,
            },
        );
    }

    fn tell(&self, task: &'static str, part: Part, end: End) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((task, part, end));
    }

    fn all(&self) -> Vec<Word> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A run of a race.
#[derive(Debug)]
pub struct Scene {
    /// quinn, the puppet, the executor.
    pub arena: Arena,
    /// The manager.
    pub manager: StreamManager,
    /// What the tasks are told.
    pub told: Told,
    tasks: Vec<(&'static str, TaskHandle<()>)>,
}

impl Scene {
    /// A connection with a manager, before the race: the peer's credit for each stream, in bytes, and whether a log is
    /// kept of what goes over the network.
    ///
    /// # Errors
    ///
    /// When the connection cannot be established.
    pub fn new(credit: u64, mut config: Config, log: bool) -> Result<Self, ArenaError> {
        config.drop_reset_code = VarInt::from_u32(DROP_RESET);
        config.drop_stop_code = VarInt::from_u32(DROP_STOP);
        let mut arena_config = ArenaConfig { side: Side::Server, log, ..ArenaConfig::default() };
        arena_config.limits.puppet.max_stream_data = credit;
        let mut arena = Arena::new(&arena_config)?;
        let runtime = arena.world.runtime();
        let (manager, driver) =
            StreamManager::with_runtime(arena.connection.clone(), config, runtime);
        arena.world.spawn(driver);
        arena.settle();
        Ok(Self { arena, manager, told: Told::default(), tasks: Vec::new() })
    }

    /// A task of the race.
    pub fn task(&mut self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.push((name, self.arena.world.spawn(task)));
    }

    /// The peer sends these packets, each of one frame, while the race is on.
    pub fn peer_sends(&mut self, frames: impl IntoIterator<Item = Frame>) {
        for frame in frames {
            self.arena.puppet.send(&[frame]);
        }
        self.arena.deliver_by_task();
    }

    /// What is in flight is acknowledged while the race is on; then the peer sends these packets.
    pub fn peer_acknowledges_and_sends(&mut self, frames: impl IntoIterator<Item = Frame>) {
        let outstanding = self.arena.puppet.outstanding();
        // What is outstanding was received, so it can be acknowledged.
        let _ = self.arena.puppet.acknowledge(&outstanding);
        self.peer_sends(frames);
    }

    /// The peer sends these packets, and acknowledges after that what is in flight now.
    pub fn peer_sends_and_acknowledges(&mut self, frames: impl IntoIterator<Item = Frame>) {
        for frame in frames {
            self.arena.puppet.send(&[frame]);
        }
        self.peer_acknowledges_and_sends([]);
    }

    /// What the tasks were told and the network carried, for people.
    pub fn lines(&self) -> Vec<String> {
        let told = self.told.all().into_iter();
        let told =
            told.map(|(task, part, end)| format!("{task} was told of its {part:?} part: {end}"));
        self.arena.log().iter().cloned().chain(told).collect()
    }

    /// Lets the peer acknowledge the rest, and says how it ended, or what is wrong.
    pub fn judge(&mut self) -> Result<Ends, String> {
        let mut frames = self.frames();
        loop {
            let outstanding = self.arena.puppet.outstanding();
            if outstanding.is_empty() || self.arena.acknowledge(&outstanding).is_err() {
                break;
            }
            frames.extend(self.frames());
        }
        let waiting = self.tasks.iter().find(|(_, task)| !task.is_finished());
        if let Some((name, _)) = waiting {
            return Err(format!("{name} sleeps for ever"));
        }
        let tally = self.manager.tally();
        let ends = ends(&tally)?;
        if !self.manager.snapshot().is_empty() {
            return Err("a part is left in the registry".to_owned());
        }
        if tally.own_faults > 0 {
            return Err("the manager caught itself doing what it must not".to_owned());
        }
        if self.arena.world.is_stuck() {
            return Err("tasks wake one another without end".to_owned());
        }
        if let Some(complaint) = self.arena.puppet.complaints().first() {
            return Err(format!("the peer complains: {complaint:?}"));
        }
        for (task, part, end) in self.told.all() {
            let right = if part == Part::Sending { ends.sending } else { ends.receiving };
            if end != right {
                return Err(format!("{task} was told \"{end}\", and it was \"{right}\""));
            }
        }
        let is_closed = self.arena.close_reason().is_some();
        fits_the_wire(ends, &frames, is_closed)?;
        Ok(ends)
    }

    fn frames(&mut self) -> Vec<Frame> {
        self.arena.received().into_iter().flat_map(|packet| packet.frames).collect()
    }
}

/// How the one stream of a race ended: every part in exactly one outcome.
fn ends(tally: &Tally) -> Result<Ends, String> {
    let (sending, receiving) = (tally.sending, tally.receiving);
    if (sending.ended(), receiving.ended()) != (sending.registered, receiving.registered) {
        return Err(format!("not every part has exactly one outcome: {tally:?}"));
    }
    let one = |ends: &[(u64, End)]| {
        let end = ends.iter().find(|(count, _)| *count > 0);
        end.map_or(End::None, |(_, end)| *end)
    };
    Ok(Ends {
        sending: one(&[
            (sending.delivered, End::Delivered),
            (sending.reset, End::Reset),
            (sending.stopped, End::Stopped),
            (sending.connection_lost, End::Lost),
        ]),
        receiving: one(&[
            (receiving.read_to_end, End::ReadToEnd),
            (receiving.reset, End::Reset),
            (receiving.stopped, End::Stopped),
            (receiving.connection_lost, End::Lost),
        ]),
    })
}

/// What the manager says has to be what it sent; on a connection that is closed it may not have come to that.
fn fits_the_wire(ends: Ends, frames: &[Frame], is_closed: bool) -> Result<(), String> {
    let mut codes: Vec<u64> = frames
        .iter()
        .filter_map(|frame| {
            let Frame::ResetStream { application_protocol_error_code, .. } = frame else {
                return None;
            };
            Some(*application_protocol_error_code)
        })
        .collect();
    codes.dedup();
    let fin = frames.iter().any(|frame| matches!(frame, Frame::Stream { fin: true, .. }));
    let unsent = is_closed && codes.is_empty();
    let fits = unsent
        || match ends.sending {
            End::Delivered => codes.is_empty() && fin,
            End::Stopped => codes == [u64::from(STOP_CODE)],
            End::Reset => codes == [u64::from(DROP_RESET)] || codes == [u64::from(RESET_CODE)],
            End::None => codes.is_empty(),
            // With the connection everything may be lost.
            End::Lost | End::ReadToEnd => true,
        };
    match fits {
        true => Ok(()),
        false => Err(format!("{} does not fit RESET_STREAM {codes:?}, FIN {fin}", ends.sending)),
    }
}

/// A STREAM frame of the peer.
pub fn data(stream_id: u64, bytes: &'static [u8], fin: bool) -> Frame {
    Frame::Stream { stream_id, offset: 0, fin, data: Bytes::from_static(bytes) }
}

/// The sending and the receiving part of the peer's first bidirectional stream, on which three bytes have come.
pub fn accepted(scene: &mut Scene) -> Option<(u64, SendHandle, RecvHandle)> {
    scene.arena.deliver(&[data(0, b"req", false)]);
    let (send, recv) = now(scene.manager.accept_bi())?;
    Some((0, send, recv))
}

/// The receiving part of the peer's first unidirectional stream, on which three bytes have come.
pub fn accepted_uni(scene: &mut Scene) -> Option<(u64, RecvHandle)> {
    scene.arena.deliver(&[data(2, b"req", false)]);
    Some((2, now(scene.manager.accept_uni())?))
}

/// A unidirectional stream of ours.
pub fn opened(scene: &mut Scene) -> Option<(u64, SendHandle)> {
    let send = now(scene.manager.open_uni())?;
    Some((VarInt::from(send.id()).into_inner(), send))
}

/// What a call gives that does not block.
fn now<T, E>(call: impl Future<Output = Result<T, E>>) -> Option<T> {
    match poll_once(call) {
        Poll::Ready(result) => result.ok(),
        Poll::Pending => None,
    }
}
