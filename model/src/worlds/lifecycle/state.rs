//! What the tasks of one endpoint share about a stream, and where each of them stands.

use std::fmt;

/// Who takes steps.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, serde::Serialize)]
pub enum Task {
    /// Holds the sending handle: writes, finishes, cancels.
    Writer,
    /// The deadline of the writer's call.
    Deadline,
    /// The task that hands over what quinn has learned.
    Driver,
    /// Holds the receiving handle.
    Reader,
    /// Waits for the end of the sending part.
    Watcher,
    /// Waits for it, too.
    OtherWatcher,
}

impl Task {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Writer,
        Self::Deadline,
        Self::Driver,
        Self::Reader,
        Self::Watcher,
        Self::OtherWatcher,
    ];

    /// Its place in tables.
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// A set of tasks.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd, serde::Serialize)]
pub struct Tasks(u8);

impl Tasks {
    /// Whether `task` is in it.
    pub const fn has(self, task: Task) -> bool {
        self.0 & 1 << task.index() != 0
    }

    /// Whether nobody is in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) const fn add(&mut self, task: Task) {
        self.0 |= 1 << task.index();
    }

    pub(super) const fn remove(&mut self, task: Task) {
        self.0 &= !(1 << task.index());
    }

    pub(super) const fn join(&mut self, others: Self) {
        self.0 |= others.0;
    }
}

/// How a part ended.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, serde::Serialize)]
pub enum Ending {
    /// The sending part: everything is acknowledged (§3.1).
    Delivered,
    /// The sending part: the handle was dropped unfinished, RESET_STREAM went out (§3.1).
    Cancelled,
    /// The sending part: its deadline passed, RESET_STREAM went out.
    Expired,
    /// The sending part: STOP_SENDING came and was answered with RESET_STREAM (§3.5).
    Stopped,
    /// The same, and the peer's code says that it has not processed the request and never will.
    Refused,
    /// The receiving part: all data was read (§3.2).
    ReadToEnd,
    /// The receiving part: RESET_STREAM came (§3.2).
    ResetByPeer,
    /// The receiving part: the handle was dropped, STOP_SENDING went out (§3.5).
    Abandoned,
    /// Either: the connection ended first.
    Lost,
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Delivered => "delivered",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Stopped => "stopped by the peer",
            Self::Refused => "refused by the peer",
            Self::ReadToEnd => "read to the end",
            Self::ResetByPeer => "reset by the peer",
            Self::Abandoned => "abandoned",
            Self::Lost => "connection lost",
        })
    }
}

/// What the peer or the network does, and quinn learns.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, serde::Serialize)]
pub enum Event {
    /// MAX_STREAM_DATA: one more byte may be written.
    Credit,
    /// STOP_SENDING.
    Stop,
    /// STOP_SENDING from a peer that has not processed the request and never will.
    Refusal,
    /// RESET_STREAM.
    Reset,
    /// The last byte, with FIN.
    End,
    /// The acknowledgement of everything, FIN included.
    Acks,
    /// The connection is lost.
    Loss,
    /// The peer's application processes the request: nobody here learns of it.
    Processing,
}

impl Event {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Credit,
        Self::Stop,
        Self::Refusal,
        Self::Reset,
        Self::End,
        Self::Acks,
        Self::Loss,
        Self::Processing,
    ];
}

/// What quinn knows.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd, serde::Serialize)]
pub struct Known(u8);

impl Known {
    /// Whether it knows of `event`.
    pub const fn has(self, event: Event) -> bool {
        self.0 & 1 << event as u8 != 0
    }

    pub(super) const fn add(&mut self, event: Event) {
        self.0 |= 1 << event as u8;
    }
}

/// One part of the stream: what its owner and its handlers share.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, serde::Serialize)]
pub struct Part {
    /// How often its buffer was released.
    pub releases: u8,
    /// Whether somebody touched the buffer after that.
    pub touched_after: bool,
    /// How often an outcome was decided.
    pub decided: u8,
    /// The outcome that was recorded.
    pub outcome: Option<Ending>,
    /// What came first: on the wire, or from the peer. Nobody here sees it.
    pub won: Option<Ending>,
    /// Whether it stands in the registry.
    pub listed: bool,
}

impl Part {
    pub(super) const NEW: Self = Self {
        releases: 0,
        touched_after: false,
        decided: 0,
        outcome: None,
        won: None,
        listed: true,
    };

    /// Whether the buffer is still there.
    pub const fn is_held(&self) -> bool {
        self.releases == 0
    }
}

/// What a task is doing.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, serde::Serialize)]
pub enum Op {
    /// A write of one byte.
    Write,
    /// The future of the call under way is dropped, the handle is kept.
    GiveUp,
    /// The end of the sending, and the wait for what becomes of it.
    Finish,
    /// The drop of the sending handle.
    Cancel,
    /// The deadline passes: the stream is reset.
    Expire,
    /// The driver hands an event over.
    Handle(Event),
    /// A read.
    Read,
    /// The drop of the receiving handle.
    StopReading,
    /// A wait for the end of the sending part.
    Wait,
    /// The request is sent once more, on another stream.
    Retry,
}

/// Where a task stands.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, serde::Serialize)]
pub enum Place {
    /// Between two calls.
    Idle,
    /// It has found the stream, and will use what it found.
    Looked(Op),
    /// It has found the buffer to be there, and will touch it.
    Guarded(Op),
    /// It has touched the buffer; it decides the outcome and releases next.
    Touched(Ending),
    /// It has decided something and wakes these next, outside of any lock; then it goes on.
    Waking(Tasks, Next),
    /// It sleeps until it is woken.
    Sleeping(Op),
    /// It does nothing any more.
    Gone,
}

/// What follows.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, serde::Serialize)]
pub enum Next {
    /// Between two calls.
    Idle,
    /// The task is done.
    Gone,
}

/// Everything at one moment.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, serde::Serialize)]
pub struct Moment {
    /// The sending part.
    pub sending: Part,
    /// The receiving part.
    pub receiving: Part,
    /// What quinn has learned.
    pub known: Known,
    /// What the driver has handed over.
    pub handled: Known,
    /// How many bytes quinn has accepted.
    pub accepted: u8,
    /// Whether FIN was queued.
    pub finished: bool,
    /// Where each task stands.
    pub places: [Place; 6],
    /// Who waits for the end of the sending part.
    pub registered: Tasks,
    /// Who was woken and has not run yet.
    pub woken: Tasks,
    /// Whether somebody has taken the outcome away; with a design in which one can.
    pub taken: bool,
    /// What each task was told of its part.
    pub told: [Option<Ending>; 6],
    /// How often the peer's application has processed the request.
    pub processed: u8,
    /// Whether the request was sent once more.
    pub retried: bool,
}

impl Moment {
    /// A stream that was just opened; everybody is about to begin.
    pub(super) const START: Self = Self {
        sending: Part::NEW,
        receiving: Part::NEW,
        known: Known(0),
        handled: Known(0),
        accepted: 0,
        finished: false,
        places: [Place::Idle; 6],
        registered: Tasks(0),
        woken: Tasks(0),
        taken: false,
        told: [None; 6],
        processed: 0,
        retried: false,
    };
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Credit => "MAX_STREAM_DATA",
            Self::Stop => "STOP_SENDING",
            Self::Refusal => "STOP_SENDING, request rejected",
            Self::Reset => "RESET_STREAM",
            Self::End => "STREAM, FIN",
            Self::Acks => "everything acknowledged",
            Self::Loss => "connection lost",
            Self::Processing => "the peer processes it",
        })
    }
}
