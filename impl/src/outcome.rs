//! What became of a part, told exactly once and then for ever.
//!
//! One outcome for each way the RFC lets a part end (§3.1, §3.2, §3.5), and two for the connection
//! that ends under it. `Display` is the sentence for a log line; `code` the application error code
//! where there is one.

use std::fmt;

use crate::quinn::{ConnectionError, VarInt};

/// What became of a sending part.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SendOutcome {
    /// The peer acknowledged all data and FIN (§3.1, "Data Recvd").
    Delivered,
    /// We reset it: `reset`, or a handle dropped without `finish`.
    Reset {
        /// Application error code of our RESET_STREAM.
        code: VarInt,
    },
    /// The peer sent STOP_SENDING, and we answered with RESET_STREAM (§3.5).
    Stopped {
        /// Application error code of the peer, which our RESET_STREAM repeats.
        code: VarInt,
    },
    /// The connection ended first.
    ConnectionLost(ConnectionError),
    /// The stream was opened in 0-RTT and the server refused 0-RTT; the peer never saw it.
    ZeroRttRejected,
}

/// What became of a receiving part.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum RecvOutcome {
    /// The application was given all data and the end (§3.2, "Data Read").
    ReadToEnd,
    /// The peer reset it, and the application was told (§3.2, "Reset Read").
    Reset {
        /// Application error code of the peer's RESET_STREAM.
        code: VarInt,
    },
    /// We stopped reading: `stop`, or a handle dropped before everything was read (§3.5).
    Stopped {
        /// Our application error code. It went out as STOP_SENDING unless everything had arrived.
        code: VarInt,
    },
    /// The connection ended first.
    ConnectionLost(ConnectionError),
    /// The stream was opened in 0-RTT and the server refused 0-RTT.
    ZeroRttRejected,
}

impl SendOutcome {
    /// The application error code, where the outcome has one.
    pub fn code(&self) -> Option<VarInt> {
        match self {
            Self::Reset { code } | Self::Stopped { code } => Some(*code),
            Self::Delivered | Self::ConnectionLost(_) | Self::ZeroRttRejected => None,
        }
    }
}

impl RecvOutcome {
    /// The application error code, where the outcome has one.
    pub fn code(&self) -> Option<VarInt> {
        match self {
            Self::Reset { code } | Self::Stopped { code } => Some(*code),
            Self::ReadToEnd | Self::ConnectionLost(_) | Self::ZeroRttRejected => None,
        }
    }
}

impl fmt::Display for SendOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Delivered => f.write_str("delivered"),
            Self::Reset { code } => write!(f, "reset by us with code {code}"),
            Self::Stopped { code } => write!(f, "stopped by the peer with code {code}"),
            Self::ConnectionLost(cause) => write!(f, "connection lost: {cause}"),
            Self::ZeroRttRejected => f.write_str("0-RTT rejected"),
        }
    }
}

impl fmt::Display for RecvOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReadToEnd => f.write_str("read to the end"),
            Self::Reset { code } => write!(f, "reset by the peer with code {code}"),
            Self::Stopped { code } => write!(f, "stopped by us with code {code}"),
            Self::ConnectionLost(cause) => write!(f, "connection lost: {cause}"),
            Self::ZeroRttRejected => f.write_str("0-RTT rejected"),
        }
    }
}
