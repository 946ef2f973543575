//! §2.4 Operations on streams: what an application asks of a part, and what it is told.
//!
//! The words are the RFC's (write, end, reset, read, abort reading). A handle dropped is a call too. What a part is told to have become is its
//! *outcome*; that there is exactly one for each part is a promise of the interface.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::frame::ErrorCode;
use super::identity::{Direction, StreamId};

/// One call of the application.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(tag = "call", rename_all = "snake_case")]
pub enum Call {
    /// Open the next stream of a direction (§4.6).
    Open {
        /// Which.
        direction: Direction,
    },
    /// Write the next `length` bytes.
    Write {
        /// The stream.
        stream_id: StreamId,
        /// In bytes.
        length: u64,
    },
    /// End the stream: no more data will follow.
    End {
        /// The stream.
        stream_id: StreamId,
    },
    /// Abandon the stream.
    Reset {
        /// The stream.
        stream_id: StreamId,
        /// The application's code.
        code: ErrorCode,
    },
    /// Drop the sending handle.
    DropSend {
        /// The stream.
        stream_id: StreamId,
    },
    /// Read whatever is there.
    Read {
        /// The stream.
        stream_id: StreamId,
    },
    /// Ask for no more data.
    AbortReading {
        /// The stream.
        stream_id: StreamId,
        /// The application's code.
        code: ErrorCode,
    },
    /// Drop the receiving handle.
    DropRecv {
        /// The stream.
        stream_id: StreamId,
    },
    /// Close the connection (§10.2).
    CloseConnection {
        /// The application's code.
        code: ErrorCode,
    },
    /// Let the peer have more or less data under way on the connection from now on (§4.2).
    ResizeWindow {
        /// In bytes.
        window: u64,
    },
    /// Let the peer have more or fewer streams open at a time from now on (§4.6).
    ResizeStreams {
        /// Of which direction.
        direction: Direction,
        /// In streams.
        window: u64,
    },
}

/// What a call is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Subject {
    /// The sending part of a stream.
    Sending(StreamId),
    /// The receiving part of a stream.
    Receiving(StreamId),
    /// The connection.
    Connection,
}

impl Call {
    /// What the call is about.
    pub const fn subject(self) -> Subject {
        match self {
            Self::Write { stream_id, .. }
            | Self::End { stream_id }
            | Self::Reset { stream_id, .. }
            | Self::DropSend { stream_id } => Subject::Sending(stream_id),
            Self::Read { stream_id }
            | Self::AbortReading { stream_id, .. }
            | Self::DropRecv { stream_id } => Subject::Receiving(stream_id),
            Self::Open { .. }
            | Self::CloseConnection { .. }
            | Self::ResizeWindow { .. }
            | Self::ResizeStreams { .. } => Subject::Connection,
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open { direction } => write!(f, "open {direction}"),
            Self::Write { stream_id, length } => write!(f, "write {length} on {stream_id}"),
            Self::End { stream_id } => write!(f, "end {stream_id}"),
            Self::Reset { stream_id, code } => write!(f, "reset {stream_id} code {}", code.0),
            Self::DropSend { stream_id } => write!(f, "drop sending handle of {stream_id}"),
            Self::Read { stream_id } => write!(f, "read {stream_id}"),
            Self::AbortReading { stream_id, code } => {
                write!(f, "abort reading {stream_id} code {}", code.0)
            }
            Self::DropRecv { stream_id } => write!(f, "drop receiving handle of {stream_id}"),
            Self::CloseConnection { code } => write!(f, "close connection code {}", code.0),
            Self::ResizeWindow { window } => write!(f, "window {window} for the connection"),
            Self::ResizeStreams { direction, window } => {
                write!(f, "window of {window} {direction} streams")
            }
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
    /// The stream was opened.
    Opened {
        /// Its ID.
        stream_id: StreamId,
    },
    /// The bytes were taken.
    Wrote {
        /// In bytes.
        length: u64,
    },
    /// The peer's limit does not let it happen now.
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
    /// The connection is gone.
    ConnectionLost,
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
            Self::Opened { stream_id } => write!(f, "opened {stream_id}"),
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
            Self::ConnectionLost => f.write_str("connection lost"),
            Self::Closed => f.write_str("refused: closed"),
        }
    }
}
