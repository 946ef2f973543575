//! What can happen next, one atomic step each: §3's exchange of parameters, the applications' calls, the
//! network's doings.

use std::fmt;

use serde::Serialize;

use crate::rfc::frame::ErrorCode;

use super::bytes::Size;
use super::frame::{Frame, Packet, Parameter};
use super::sender::{Extent, Wish};

/// The code with which the sending application resets.
pub const RESET_CODE: ErrorCode = ErrorCode(7);
/// The code with which the receiving application aborts reading.
pub const ABORT_CODE: ErrorCode = ErrorCode(9);

/// A call of an application.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// Write one byte more.
    Write,
    /// End the stream.
    End,
    /// Reset the stream, and deliver so many bytes all the same.
    ResetAt(Size),
    /// Reset the stream.
    Reset,
    /// Abort reading.
    AbortReading,
}

impl Call {
    /// What it asks of the sending part; `None` if it is about the receiving part.
    pub const fn wish(self) -> Option<Wish> {
        Some(match self {
            Self::Write => Wish::Write,
            Self::End => Wish::End,
            Self::ResetAt(size) => Wish::Reset(RESET_CODE, Extent::At(size)),
            Self::Reset => Wish::Reset(RESET_CODE, Extent::Nothing),
            Self::AbortReading => return None,
        })
    }
}

/// What the receiver raises a limit of.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Raise {
    /// The stream, with MAX_STREAM_DATA.
    Stream,
    /// The connection, with MAX_DATA.
    Connection,
}

/// One atomic step. `branch` counts the parts that may follow a frame.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Action {
    /// The endpoints exchange transport parameters. `remembered`: the connection is resumed, 0-RTT is
    /// accepted, and the server offered the extension before.
    Connect {
        /// What the sender of the stream, a client, sends.
        sender: Parameter,
        /// What its receiver, a server, sends.
        receiver: Parameter,
        /// Whether the sender remembers an offer.
        remembered: bool,
    },
    /// An application calls.
    App {
        /// Which call.
        call: Call,
    },
    /// The receiving application reads.
    Read {
        /// Which of the permitted answers, or of the parts that may follow.
        branch: usize,
    },
    /// The sender sends a frame.
    Send {
        /// The frame.
        frame: Frame,
    },
    /// The receiver sends STOP_SENDING.
    SendStop,
    /// The receiver raises a limit by one byte, and the sender knows.
    Advertise {
        /// Which limit.
        raise: Raise,
    },
    /// The network delivers a packet.
    Deliver {
        /// The packet.
        packet: Packet,
        /// Which of the permitted answers, or of the parts that may follow.
        branch: usize,
    },
    /// The network delivers a packet and keeps a copy.
    Duplicate {
        /// The packet.
        packet: Packet,
        /// Which of the permitted answers, or of the parts that may follow.
        branch: usize,
    },
    /// The network loses a packet, and the endpoint that waits for its acknowledgement notices.
    Lose {
        /// The packet.
        packet: Packet,
    },
    /// The hostile sender sends a frame.
    Hostile {
        /// The frame.
        frame: Frame,
        /// Which of the permitted answers, or of the parts that may follow.
        branch: usize,
    },
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect { sender, receiver, remembered } => {
                let how = if *remembered { "resume" } else { "connect" };
                write!(f, "{how}: reset_stream_at of sender {sender:?}, of receiver {receiver:?}")
            }
            Self::App { call } => match call {
                Call::Write => f.write_str("write 1"),
                Call::End => f.write_str("end"),
                Call::ResetAt(size) => {
                    write!(f, "reset code {} reliable size {size}", RESET_CODE.0)
                }
                Call::Reset => write!(f, "reset code {}", RESET_CODE.0),
                Call::AbortReading => write!(f, "abort reading code {}", ABORT_CODE.0),
            },
            Self::Read { .. } => f.write_str("read"),
            Self::Send { frame } => write!(f, "send {frame}"),
            Self::SendStop => f.write_str("send STOP_SENDING"),
            Self::Advertise { raise: Raise::Stream } => f.write_str("MAX_STREAM_DATA, 1 more"),
            Self::Advertise { raise: Raise::Connection } => f.write_str("MAX_DATA, 1 more"),
            Self::Deliver { packet, .. } => write!(f, "deliver {packet}"),
            Self::Duplicate { packet, .. } => write!(f, "deliver and keep {packet}"),
            Self::Lose { packet } => write!(f, "lose {packet}"),
            Self::Hostile { frame, .. } => write!(f, "hostile {frame}"),
        }
    }
}
