//! §2.4 Operations on streams: what an application asks of a part, and what it is told.
//!
//! The words are the RFC's (write, end, reset, read, abort reading); `specs/vocabulary.md` pairs
//! them with quinn's. A handle dropped is a call too. What a part is told to have become is its
//! *outcome*; that there is exactly one for each part is the manager's contract.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::frame::ErrorCode;

/// One call of the application.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(tag = "call", rename_all = "snake_case")]
pub enum Call {
    /// Write the next `length` bytes.
    Write {
        /// In bytes.
        length: u64,
    },
    /// End the stream: no more data will follow.
    End,
    /// Abandon the stream.
    Reset {
        /// The application's code.
        code: ErrorCode,
    },
    /// Drop the sending handle.
    DropSend,
    /// Read whatever is there.
    Read,
    /// Ask for no more data.
    AbortReading {
        /// The application's code.
        code: ErrorCode,
    },
    /// Drop the receiving handle.
    DropRecv,
}

impl Call {
    /// Whether the call is about the sending part.
    pub const fn is_sending(self) -> bool {
        match self {
            Self::Write { .. } | Self::End | Self::Reset { .. } | Self::DropSend => true,
            Self::Read | Self::AbortReading { .. } | Self::DropRecv => false,
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Write { length } => write!(f, "write {length}"),
            Self::End => f.write_str("end"),
            Self::Reset { code } => write!(f, "reset code {}", code.0),
            Self::DropSend => f.write_str("drop sending handle"),
            Self::Read => f.write_str("read"),
            Self::AbortReading { code } => write!(f, "abort reading code {}", code.0),
            Self::DropRecv => f.write_str("drop receiving handle"),
        }
    }
}

/// What became of a sending part.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(tag = "became", rename_all = "snake_case")]
pub enum SendOutcome {
    /// The peer has acknowledged all data and the end.
    Delivered,
    /// We reset it.
    Reset {
        /// Our code.
        code: ErrorCode,
    },
    /// The peer stopped it.
    Stopped {
        /// The peer's code.
        code: ErrorCode,
    },
    /// The connection ended first.
    ConnectionLost,
}

/// What became of a receiving part.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(tag = "became", rename_all = "snake_case")]
pub enum RecvOutcome {
    /// The application read everything and was told of the end.
    ReadToEnd,
    /// The peer reset it.
    Reset {
        /// The peer's code.
        code: ErrorCode,
    },
    /// We stopped it.
    Stopped {
        /// Our code.
        code: ErrorCode,
    },
    /// The connection ended first.
    ConnectionLost,
}

/// What a call was answered with.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// The bytes were taken.
    Wrote {
        /// In bytes.
        length: u64,
    },
    /// Nothing can be written now.
    Blocked,
    /// Done, or as good as done.
    Accepted,
    /// A write after the end: the caller's mistake.
    Finished,
    /// The sending part has ended.
    SendEnded {
        /// How.
        outcome: SendOutcome,
    },
    /// Data, and the right bytes.
    Data {
        /// In bytes.
        length: u64,
    },
    /// Data, and the wrong bytes.
    Corrupt {
        /// The first wrong byte's place in the stream.
        offset: u64,
    },
    /// Nothing to read yet.
    NoData,
    /// The end of the stream.
    EndOfStream,
    /// The receiving part has ended.
    RecvEnded {
        /// How.
        outcome: RecvOutcome,
    },
    /// Refused with no more than "closed".
    Closed,
}

impl fmt::Display for SendOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Delivered => f.write_str("delivered"),
            Self::Reset { code } => write!(f, "reset by us, code {}", code.0),
            Self::Stopped { code } => write!(f, "stopped by the peer, code {}", code.0),
            Self::ConnectionLost => f.write_str("connection lost"),
        }
    }
}

impl fmt::Display for RecvOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReadToEnd => f.write_str("read to the end"),
            Self::Reset { code } => write!(f, "reset by the peer, code {}", code.0),
            Self::Stopped { code } => write!(f, "stopped by us, code {}", code.0),
            Self::ConnectionLost => f.write_str("connection lost"),
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wrote { length } => write!(f, "wrote {length}"),
            Self::Blocked => f.write_str("blocked"),
            Self::Accepted => f.write_str("accepted"),
            Self::Finished => f.write_str("refused: already ended"),
            Self::SendEnded { outcome } => outcome.fmt(f),
            Self::Data { length } => write!(f, "{length} bytes"),
            Self::Corrupt { offset } => write!(f, "wrong byte at {offset}"),
            Self::NoData => f.write_str("nothing yet"),
            Self::EndOfStream => f.write_str("end of stream"),
            Self::RecvEnded { outcome } => outcome.fmt(f),
            Self::Closed => f.write_str("refused: closed"),
        }
    }
}
