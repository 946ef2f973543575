//! §11 and §20.1: what a peer can do wrong to a stream, and the error that answers it.
//!
//! One variant for each way; the code and the section are functions of it. What an endpoint under
//! test does wrong is a [`Breach`](super::breach::Breach), not a violation.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::citation::{Citation, Level};

/// A transport error code of §20.1, as far as streams use them.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub enum TransportError {
    /// INTERNAL_ERROR (0x01).
    InternalError,
    /// STREAM_STATE_ERROR (0x05).
    StreamStateError,
    /// FINAL_SIZE_ERROR (0x06).
    FinalSizeError,
    /// PROTOCOL_VIOLATION (0x0a).
    ProtocolViolation,
}

impl TransportError {
    /// The code in a CONNECTION_CLOSE frame of type 0x1c.
    pub const fn code(self) -> u64 {
        match self {
            Self::InternalError => 0x01,
            Self::StreamStateError => 0x05,
            Self::FinalSizeError => 0x06,
            Self::ProtocolViolation => 0x0a,
        }
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InternalError => "INTERNAL_ERROR",
            Self::StreamStateError => "STREAM_STATE_ERROR",
            Self::FinalSizeError => "FINAL_SIZE_ERROR",
            Self::ProtocolViolation => "PROTOCOL_VIOLATION",
        })
    }
}

/// A peer's breach of the RFC, as the endpoint that receives the frame sees it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Violation {
    /// RESET_STREAM for a stream on which only the receiver of the frame sends (§19.4).
    ResetStreamOnSendOnly,
    /// STOP_SENDING for a stream of ours that we have not created (§19.5).
    StopSendingNotCreated,
    /// STOP_SENDING for a stream on which only the peer sends (§19.5).
    StopSendingOnReceiveOnly,
    /// STREAM for a stream of ours that we have not created (§19.8).
    StreamNotCreated,
    /// STREAM for a stream on which only we send (§19.8).
    StreamOnSendOnly,
    /// A RESET_STREAM with a final size other than the one already known (§4.5).
    ResetChangesFinalSize,
    /// A STREAM frame with FIN that states another (§4.5).
    FinChangesFinalSize,
    /// A RESET_STREAM with a final size below data already received (§20.1).
    ResetBelowReceived,
    /// A STREAM frame with FIN that ends below data already received (§20.1).
    FinBelowReceived,
    /// Data at or beyond the final size (§4.5).
    DataBeyondFinalSize,
}

impl Violation {
    /// Every violation, in the order of the enum.
    pub const ALL: [Self; 10] = [
        Self::ResetStreamOnSendOnly,
        Self::StopSendingNotCreated,
        Self::StopSendingOnReceiveOnly,
        Self::StreamNotCreated,
        Self::StreamOnSendOnly,
        Self::ResetChangesFinalSize,
        Self::FinChangesFinalSize,
        Self::ResetBelowReceived,
        Self::FinBelowReceived,
        Self::DataBeyondFinalSize,
    ];

    /// The error the connection is closed with.
    pub const fn transport_error(self) -> TransportError {
        match self {
            Self::ResetStreamOnSendOnly
            | Self::StopSendingNotCreated
            | Self::StopSendingOnReceiveOnly
            | Self::StreamNotCreated
            | Self::StreamOnSendOnly => TransportError::StreamStateError,
            Self::ResetChangesFinalSize
            | Self::FinChangesFinalSize
            | Self::ResetBelowReceived
            | Self::FinBelowReceived
            | Self::DataBeyondFinalSize => TransportError::FinalSizeError,
        }
    }

    /// Where the RFC says so, and how strongly.
    pub const fn citation(self) -> Citation {
        match self {
            Self::ResetStreamOnSendOnly => Citation::new("19.4", Level::Must),
            Self::StopSendingNotCreated | Self::StopSendingOnReceiveOnly => {
                Citation::new("19.5", Level::Must)
            }
            Self::StreamNotCreated | Self::StreamOnSendOnly => Citation::new("19.8", Level::Must),
            Self::ResetChangesFinalSize
            | Self::FinChangesFinalSize
            | Self::ResetBelowReceived
            | Self::FinBelowReceived
            | Self::DataBeyondFinalSize => Citation::new("4.5", Level::Should),
        }
    }

    /// The violation as one clause.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::ResetStreamOnSendOnly => "RESET_STREAM on a send-only stream",
            Self::StopSendingNotCreated => "STOP_SENDING for a stream not yet created",
            Self::StopSendingOnReceiveOnly => "STOP_SENDING on a receive-only stream",
            Self::StreamNotCreated => "STREAM for a stream not yet created",
            Self::StreamOnSendOnly => "STREAM on a send-only stream",
            Self::ResetChangesFinalSize => "a RESET_STREAM that changes the final size",
            Self::FinChangesFinalSize => "a FIN that changes the final size",
            Self::ResetBelowReceived => "a RESET_STREAM below data already received",
            Self::FinBelowReceived => "a FIN below data already received",
            Self::DataBeyondFinalSize => "data at or beyond the final size",
        }
    }
}

/// Where the stream stood when the peer broke a rule on it, the best excuse for silence first.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// The application had stopped it, and its final size was known.
    Stopped,
    /// It had been reset by the peer.
    Reset,
    /// It was open, or it was another stream.
    Open,
}

impl Standing {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Stopped, Self::Reset, Self::Open];
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}, {})", self.describe(), self.transport_error(), self.citation())
    }
}
