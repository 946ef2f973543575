//! The errors of the handles: the caller's fault, the peer's action, our own earlier action and the
//! loss of the connection are different variants everywhere.
//!
//! Every error that comes from an outcome is made from the *latched* outcome and from nothing else, so
//! two calls cannot be told different things. `code` gives the application error code where there is
//! one; `Display` shows it.
//!
//! Deliberately not here: violations of the protocol. quinn finds them and closes the connection; here
//! they are a `ConnectionLost` with quinn's cause.

use std::{fmt, io};

use thiserror::Error;

use crate::{
    outcome::{RecvOutcome, SendOutcome},
    quinn::{ConnectionError, VarInt},
};

/// Why a stream was not opened or accepted.
#[derive(Clone, Debug, Error, Eq, PartialEq)]
pub enum OpenError {
    /// The connection ended.
    #[error("connection lost: {0}")]
    ConnectionLost(#[from] ConnectionError),
    /// The manager drains: it takes no new streams.
    #[error("the manager drains and takes no new streams")]
    Draining,
    /// Too many calls wait to open a stream already ([`Config::max_waiting_opens`](crate::Config)).
    #[error("{limit} calls wait to open a stream already")]
    TooManyWaiting {
        /// The bound.
        limit: usize,
    },
}

/// Why a write was refused.
#[derive(Clone, Debug, Error, Eq, PartialEq)]
pub enum WriteError {
    /// The caller's fault: the stream was finished before.
    #[error("write after finish")]
    Finished,
    /// We reset the stream.
    #[error("stream was reset by us with code {code}")]
    Reset {
        /// Application error code of our RESET_STREAM.
        code: VarInt,
    },
    /// The peer does not want more; the stream was reset in answer (§3.5).
    #[error("stream was stopped by the peer with code {code}")]
    Stopped {
        /// Application error code of the peer.
        code: VarInt,
    },
    /// The connection ended.
    #[error("connection lost: {0}")]
    ConnectionLost(#[source] ConnectionError),
    /// The stream was opened in 0-RTT and the server refused 0-RTT.
    #[error("0-RTT rejected")]
    ZeroRttRejected,
}

/// Why the peer will never acknowledge everything.
#[derive(Clone, Debug, Error, Eq, PartialEq)]
pub enum FinishError {
    /// We reset the stream.
    #[error("stream was reset by us with code {code}")]
    Reset {
        /// Application error code of our RESET_STREAM.
        code: VarInt,
    },
    /// The peer does not want more; the stream was reset in answer (§3.5).
    #[error("stream was stopped by the peer with code {code}")]
    Stopped {
        /// Application error code of the peer.
        code: VarInt,
    },
    /// The connection ended first. The peer may or may not have everything.
    #[error("connection lost: {0}")]
    ConnectionLost(#[source] ConnectionError),
    /// The stream was opened in 0-RTT and the server refused 0-RTT.
    #[error("0-RTT rejected")]
    ZeroRttRejected,
}

/// Why the peer can no longer stop the stream, other than that it has everything.
#[derive(Clone, Debug, Error, Eq, PartialEq)]
pub enum StoppedError {
    /// We reset the stream.
    #[error("stream was reset by us with code {code}")]
    Reset {
        /// Application error code of our RESET_STREAM.
        code: VarInt,
    },
    /// The connection ended.
    #[error("connection lost: {0}")]
    ConnectionLost(#[source] ConnectionError),
    /// The stream was opened in 0-RTT and the server refused 0-RTT.
    #[error("0-RTT rejected")]
    ZeroRttRejected,
}

/// Why a read failed.
#[derive(Clone, Debug, Error, Eq, PartialEq)]
pub enum ReadError {
    /// The peer reset the stream.
    #[error("stream was reset by the peer with code {code}")]
    Reset {
        /// Application error code of the peer.
        code: VarInt,
    },
    /// We stopped reading.
    #[error("stream was stopped by us with code {code}")]
    Stopped {
        /// Our application error code.
        code: VarInt,
    },
    /// The connection ended, and everything that had arrived was read.
    #[error("connection lost: {0}")]
    ConnectionLost(#[source] ConnectionError),
    /// The stream was opened in 0-RTT and the server refused 0-RTT.
    #[error("0-RTT rejected")]
    ZeroRttRejected,
    /// The caller's fault: an ordered read after an unordered one. The part lives on.
    #[error("ordered read after unordered read")]
    IllegalOrderedRead,
}

/// Why [`RecvHandle::read_exact`](crate::RecvHandle::read_exact) failed.
#[derive(Clone, Debug, Error, Eq, PartialEq)]
pub enum ReadExactError {
    /// The stream ended after this many of the wanted bytes.
    #[error("stream finished early ({0} bytes read)")]
    FinishedEarly(usize),
    /// The read failed.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Why [`RecvHandle::read_to_end`](crate::RecvHandle::read_to_end) failed.
#[derive(Clone, Debug, Error, Eq, PartialEq)]
pub enum ReadToEndError {
    /// More than `limit` bytes were left. Nothing is lost: the next read starts where this one did.
    #[error("stream is longer than the limit of {limit} bytes")]
    TooLong {
        /// The caller's limit, in bytes.
        limit: usize,
    },
    /// The read failed.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Why [`RecvHandle::received_reset`](crate::RecvHandle::received_reset) cannot tell.
#[derive(Clone, Debug, Error, Eq, PartialEq)]
pub enum ResetError {
    /// The connection ended.
    #[error("connection lost: {0}")]
    ConnectionLost(#[source] ConnectionError),
    /// The stream was opened in 0-RTT and the server refused 0-RTT.
    #[error("0-RTT rejected")]
    ZeroRttRejected,
}

/// The part had ended before the call, so the call did nothing. Carries what became of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ended<O> {
    /// The latched outcome.
    pub outcome: O,
}

impl<O: fmt::Display> fmt::Display for Ended<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the part had ended before: {}", self.outcome)
    }
}

impl<O: fmt::Debug + fmt::Display> std::error::Error for Ended<O> {}

impl WriteError {
    /// What a write is told once the part has ended.
    pub(crate) fn after(outcome: SendOutcome) -> Self {
        match outcome {
            // It was finished, or it would not have been delivered.
            SendOutcome::Delivered => Self::Finished,
            SendOutcome::Reset { code } => Self::Reset { code },
            SendOutcome::Stopped { code } => Self::Stopped { code },
            SendOutcome::ConnectionLost(cause) => Self::ConnectionLost(cause),
            SendOutcome::ZeroRttRejected => Self::ZeroRttRejected,
        }
    }

    /// The application error code, where there is one.
    pub fn code(&self) -> Option<VarInt> {
        match self {
            Self::Reset { code } | Self::Stopped { code } => Some(*code),
            Self::Finished | Self::ConnectionLost(_) | Self::ZeroRttRejected => None,
        }
    }
}

impl FinishError {
    /// What the one who waits for the acknowledgement is told.
    pub(crate) fn check(outcome: SendOutcome) -> Result<(), Self> {
        match outcome {
            SendOutcome::Delivered => Ok(()),
            SendOutcome::Reset { code } => Err(Self::Reset { code }),
            SendOutcome::Stopped { code } => Err(Self::Stopped { code }),
            SendOutcome::ConnectionLost(cause) => Err(Self::ConnectionLost(cause)),
            SendOutcome::ZeroRttRejected => Err(Self::ZeroRttRejected),
        }
    }

    /// The application error code, where there is one.
    pub fn code(&self) -> Option<VarInt> {
        match self {
            Self::Reset { code } | Self::Stopped { code } => Some(*code),
            Self::ConnectionLost(_) | Self::ZeroRttRejected => None,
        }
    }
}

impl StoppedError {
    /// What the one who waits for the peer's STOP_SENDING is told.
    pub(crate) fn check(outcome: SendOutcome) -> Result<Option<VarInt>, Self> {
        match outcome {
            SendOutcome::Delivered => Ok(None),
            SendOutcome::Stopped { code } => Ok(Some(code)),
            SendOutcome::Reset { code } => Err(Self::Reset { code }),
            SendOutcome::ConnectionLost(cause) => Err(Self::ConnectionLost(cause)),
            SendOutcome::ZeroRttRejected => Err(Self::ZeroRttRejected),
        }
    }

    /// The application error code, where there is one.
    pub fn code(&self) -> Option<VarInt> {
        match self {
            Self::Reset { code } => Some(*code),
            Self::ConnectionLost(_) | Self::ZeroRttRejected => None,
        }
    }
}

impl ReadError {
    /// The application error code, where there is one.
    pub fn code(&self) -> Option<VarInt> {
        match self {
            Self::Reset { code } | Self::Stopped { code } => Some(*code),
            Self::ConnectionLost(_) | Self::ZeroRttRejected | Self::IllegalOrderedRead => None,
        }
    }
}

impl ResetError {
    /// What the one who waits for the peer's RESET_STREAM is told once the part has ended.
    pub(crate) fn check(outcome: RecvOutcome) -> Result<Option<VarInt>, Self> {
        match outcome {
            RecvOutcome::Reset { code } => Ok(Some(code)),
            RecvOutcome::ReadToEnd | RecvOutcome::Stopped { .. } => Ok(None),
            RecvOutcome::ConnectionLost(cause) => Err(Self::ConnectionLost(cause)),
            RecvOutcome::ZeroRttRejected => Err(Self::ZeroRttRejected),
        }
    }
}

/// The kind of a lost connection, as quinn itself classifies it.
fn lost(cause: &ConnectionError) -> io::ErrorKind {
    io::Error::from(cause.clone()).kind()
}

impl From<WriteError> for io::Error {
    fn from(error: WriteError) -> Self {
        let kind = match &error {
            WriteError::Finished => io::ErrorKind::BrokenPipe,
            WriteError::Reset { .. } => io::ErrorKind::ConnectionAborted,
            WriteError::Stopped { .. } | WriteError::ZeroRttRejected => {
                io::ErrorKind::ConnectionReset
            }
            WriteError::ConnectionLost(cause) => lost(cause),
        };
        Self::new(kind, error)
    }
}

impl From<FinishError> for io::Error {
    fn from(error: FinishError) -> Self {
        let kind = match &error {
            FinishError::Reset { .. } => io::ErrorKind::ConnectionAborted,
            FinishError::Stopped { .. } | FinishError::ZeroRttRejected => {
                io::ErrorKind::ConnectionReset
            }
            FinishError::ConnectionLost(cause) => lost(cause),
        };
        Self::new(kind, error)
    }
}

impl From<StoppedError> for io::Error {
    fn from(error: StoppedError) -> Self {
        let kind = match &error {
            StoppedError::Reset { .. } => io::ErrorKind::ConnectionAborted,
            StoppedError::ZeroRttRejected => io::ErrorKind::ConnectionReset,
            StoppedError::ConnectionLost(cause) => lost(cause),
        };
        Self::new(kind, error)
    }
}

impl From<ReadError> for io::Error {
    fn from(error: ReadError) -> Self {
        let kind = match &error {
            ReadError::Reset { .. } | ReadError::ZeroRttRejected => io::ErrorKind::ConnectionReset,
            ReadError::Stopped { .. } => io::ErrorKind::ConnectionAborted,
            ReadError::ConnectionLost(cause) => lost(cause),
            ReadError::IllegalOrderedRead => io::ErrorKind::InvalidInput,
        };
        Self::new(kind, error)
    }
}

impl From<ReadExactError> for io::Error {
    fn from(error: ReadExactError) -> Self {
        match error {
            ReadExactError::FinishedEarly(_) => Self::new(io::ErrorKind::UnexpectedEof, error),
            ReadExactError::Read(read) => read.into(),
        }
    }
}

impl From<ReadToEndError> for io::Error {
    fn from(error: ReadToEndError) -> Self {
        match error {
            ReadToEndError::TooLong { .. } => Self::new(io::ErrorKind::InvalidData, error),
            ReadToEndError::Read(read) => read.into(),
        }
    }
}

impl From<ResetError> for io::Error {
    fn from(error: ResetError) -> Self {
        let kind = match &error {
            ResetError::ZeroRttRejected => io::ErrorKind::ConnectionReset,
            ResetError::ConnectionLost(cause) => lost(cause),
        };
        Self::new(kind, error)
    }
}
