//! §11 and §20.1: what a peer can do wrong to a stream, and the error that answers it.
//!
//! One variant for each way; the code and the section are functions of it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::citation::{Citation, Level};

/// A transport error code of §20.1, as far as streams use them.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub enum TransportError {
    /// INTERNAL_ERROR (0x01).
    InternalError,
    /// FLOW_CONTROL_ERROR (0x03).
    FlowControlError,
    /// STREAM_LIMIT_ERROR (0x04).
    StreamLimitError,
    /// STREAM_STATE_ERROR (0x05).
    StreamStateError,
    /// FINAL_SIZE_ERROR (0x06).
    FinalSizeError,
    /// FRAME_ENCODING_ERROR (0x07).
    FrameEncodingError,
    /// TRANSPORT_PARAMETER_ERROR (0x08).
    TransportParameterError,
    /// PROTOCOL_VIOLATION (0x0a).
    ProtocolViolation,
}

impl TransportError {
    /// The code in a CONNECTION_CLOSE frame of type 0x1c.
    pub const fn code(self) -> u64 {
        match self {
            Self::InternalError => 0x01,
            Self::FlowControlError => 0x03,
            Self::StreamLimitError => 0x04,
            Self::StreamStateError => 0x05,
            Self::FinalSizeError => 0x06,
            Self::FrameEncodingError => 0x07,
            Self::TransportParameterError => 0x08,
            Self::ProtocolViolation => 0x0a,
        }
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InternalError => "INTERNAL_ERROR",
            Self::FlowControlError => "FLOW_CONTROL_ERROR",
            Self::StreamLimitError => "STREAM_LIMIT_ERROR",
            Self::StreamStateError => "STREAM_STATE_ERROR",
            Self::FinalSizeError => "FINAL_SIZE_ERROR",
            Self::FrameEncodingError => "FRAME_ENCODING_ERROR",
            Self::TransportParameterError => "TRANSPORT_PARAMETER_ERROR",
            Self::ProtocolViolation => "PROTOCOL_VIOLATION",
        })
    }
}

/// A peer's breach of the RFC, as the endpoint that receives the frame sees it. In order of section.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Violation {
    /// A server that accepts 0-RTT advertises less than the client remembers (§7.4.1).
    RememberedLimitsLowered,
    /// STREAM data beyond the stream's limit (§4.1).
    StreamBeyondStreamCredit,
    /// STREAM data beyond the connection's limit (§4.1).
    StreamBeyondConnectionCredit,
    /// A RESET_STREAM with a final size beyond the stream's limit (§4.1, §4.5).
    ResetBeyondStreamCredit,
    /// A RESET_STREAM with a final size beyond the connection's limit (§4.1, §4.5).
    ResetBeyondConnectionCredit,
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
    /// RESET_STREAM for a stream that the peer may not open (§4.6).
    ResetStreamBeyondLimit,
    /// STOP_SENDING for one (§4.6).
    StopSendingBeyondLimit,
    /// STREAM for one (§4.6).
    StreamBeyondLimit,
    /// MAX_STREAM_DATA for one (§4.6).
    MaxStreamDataBeyondLimit,
    /// STREAM_DATA_BLOCKED for one (§4.6).
    StreamDataBlockedBeyondLimit,
    /// RESET_STREAM for a stream on which only the receiver of the frame sends (§19.4).
    ResetStreamOnSendOnly,
    /// RESET_STREAM for a bidirectional stream of ours that we have not created (C-11).
    ResetStreamNotCreated,
    /// STOP_SENDING for a stream of ours that we have not created (§19.5).
    StopSendingNotCreated,
    /// STOP_SENDING for a stream on which only the peer sends (§19.5).
    StopSendingOnReceiveOnly,
    /// STREAM for a stream of ours that we have not created (§19.8).
    StreamNotCreated,
    /// STREAM for a stream on which only we send (§19.8).
    StreamOnSendOnly,
    /// STREAM data that ends beyond 2^62-1 (§19.8).
    OffsetTooLarge,
    /// MAX_STREAM_DATA for a stream of ours that we have not created (§19.10).
    MaxStreamDataNotCreated,
    /// MAX_STREAM_DATA for a stream on which only the peer sends (§19.10).
    MaxStreamDataOnReceiveOnly,
    /// MAX_STREAMS beyond 2^60 (§19.11).
    MaxStreamsTooLarge,
    /// STREAM_DATA_BLOCKED for a stream on which only we send (§19.13).
    StreamDataBlockedOnSendOnly,
    /// STREAM_DATA_BLOCKED for a bidirectional stream of ours that we have not created (C-11).
    StreamDataBlockedNotCreated,
    /// STREAMS_BLOCKED beyond 2^60 (§19.14).
    StreamsBlockedTooLarge,
}

impl Violation {
    /// Every violation, in the order of the enum.
    pub const ALL: [Self; 28] = [
        Self::RememberedLimitsLowered,
        Self::StreamBeyondStreamCredit,
        Self::StreamBeyondConnectionCredit,
        Self::ResetBeyondStreamCredit,
        Self::ResetBeyondConnectionCredit,
        Self::ResetChangesFinalSize,
        Self::FinChangesFinalSize,
        Self::ResetBelowReceived,
        Self::FinBelowReceived,
        Self::DataBeyondFinalSize,
        Self::ResetStreamBeyondLimit,
        Self::StopSendingBeyondLimit,
        Self::StreamBeyondLimit,
        Self::MaxStreamDataBeyondLimit,
        Self::StreamDataBlockedBeyondLimit,
        Self::ResetStreamOnSendOnly,
        Self::ResetStreamNotCreated,
        Self::StopSendingNotCreated,
        Self::StopSendingOnReceiveOnly,
        Self::StreamNotCreated,
        Self::StreamOnSendOnly,
        Self::OffsetTooLarge,
        Self::MaxStreamDataNotCreated,
        Self::MaxStreamDataOnReceiveOnly,
        Self::MaxStreamsTooLarge,
        Self::StreamDataBlockedOnSendOnly,
        Self::StreamDataBlockedNotCreated,
        Self::StreamsBlockedTooLarge,
    ];

    /// The errors that may answer it, the most specific first; a generic one may always stand for
    /// them (§11).
    pub const fn errors(self) -> &'static [TransportError] {
        use TransportError as E;
        match self {
            Self::RememberedLimitsLowered => &[E::ProtocolViolation],
            Self::StreamBeyondStreamCredit
            | Self::StreamBeyondConnectionCredit
            | Self::ResetBeyondStreamCredit
            | Self::ResetBeyondConnectionCredit => &[E::FlowControlError],
            Self::ResetChangesFinalSize
            | Self::FinChangesFinalSize
            | Self::ResetBelowReceived
            | Self::FinBelowReceived
            | Self::DataBeyondFinalSize => &[E::FinalSizeError],
            Self::ResetStreamBeyondLimit
            | Self::StopSendingBeyondLimit
            | Self::StreamBeyondLimit
            | Self::MaxStreamDataBeyondLimit
            | Self::StreamDataBlockedBeyondLimit => &[E::StreamLimitError],
            Self::ResetStreamOnSendOnly
            | Self::ResetStreamNotCreated
            | Self::StopSendingNotCreated
            | Self::StopSendingOnReceiveOnly
            | Self::StreamNotCreated
            | Self::StreamOnSendOnly
            | Self::MaxStreamDataNotCreated
            | Self::MaxStreamDataOnReceiveOnly
            | Self::StreamDataBlockedOnSendOnly
            | Self::StreamDataBlockedNotCreated => &[E::StreamStateError],
            Self::OffsetTooLarge => &[E::FrameEncodingError, E::FlowControlError],
            Self::MaxStreamsTooLarge => &[E::FrameEncodingError],
            Self::StreamsBlockedTooLarge => &[E::StreamLimitError, E::FrameEncodingError],
        }
    }

    /// The error the connection is closed with.
    pub const fn transport_error(self) -> TransportError {
        self.errors()[0]
    }

    /// Whether it contradicts a final size (§4.5).
    pub const fn is_of_final_size(self) -> bool {
        matches!(
            self,
            Self::ResetChangesFinalSize
                | Self::FinChangesFinalSize
                | Self::ResetBelowReceived
                | Self::FinBelowReceived
                | Self::DataBeyondFinalSize
        )
    }

    /// Whether it goes beyond a limit on data (§4.1).
    pub const fn is_of_credit(self) -> bool {
        matches!(
            self,
            Self::StreamBeyondStreamCredit
                | Self::StreamBeyondConnectionCredit
                | Self::ResetBeyondStreamCredit
                | Self::ResetBeyondConnectionCredit
        )
    }

    /// Where the RFC says so, and how strongly.
    pub const fn citation(self) -> Citation {
        match self {
            // §7.4.1 binds the server that lowers them; that its client notices is what §11 says of every error.
            Self::RememberedLimitsLowered => Citation::new("11", Level::Should),
            Self::StreamBeyondStreamCredit
            | Self::StreamBeyondConnectionCredit
            | Self::ResetBeyondStreamCredit
            | Self::ResetBeyondConnectionCredit => Citation::new("4.1", Level::Must),
            Self::ResetChangesFinalSize
            | Self::FinChangesFinalSize
            | Self::ResetBelowReceived
            | Self::FinBelowReceived
            | Self::DataBeyondFinalSize => Citation::new("4.5", Level::Should),
            Self::ResetStreamBeyondLimit
            | Self::StopSendingBeyondLimit
            | Self::StreamBeyondLimit
            | Self::MaxStreamDataBeyondLimit
            | Self::StreamDataBlockedBeyondLimit => Citation::new("4.6", Level::Must),
            Self::ResetStreamOnSendOnly => Citation::new("19.4", Level::Must),
            Self::ResetStreamNotCreated => Citation::new("19.4", Level::May),
            Self::StopSendingNotCreated | Self::StopSendingOnReceiveOnly => {
                Citation::new("19.5", Level::Must)
            }
            Self::StreamNotCreated | Self::StreamOnSendOnly | Self::OffsetTooLarge => {
                Citation::new("19.8", Level::Must)
            }
            Self::MaxStreamDataNotCreated | Self::MaxStreamDataOnReceiveOnly => {
                Citation::new("19.10", Level::Must)
            }
            Self::MaxStreamsTooLarge => Citation::new("19.11", Level::Must),
            Self::StreamDataBlockedOnSendOnly => Citation::new("19.13", Level::Must),
            Self::StreamDataBlockedNotCreated => Citation::new("19.13", Level::May),
            Self::StreamsBlockedTooLarge => Citation::new("19.14", Level::Must),
        }
    }

    /// The name in files: the variant's, in kebab case.
    pub fn id(self) -> String {
        let text = serde_json::to_string(&self).unwrap_or_default();
        text.trim_matches('"').to_owned()
    }

    /// The violation as one clause.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::RememberedLimitsLowered => "limits below the remembered ones with 0-RTT accepted",
            Self::StreamBeyondStreamCredit => "STREAM data beyond the stream's limit",
            Self::StreamBeyondConnectionCredit => "STREAM data beyond the connection's limit",
            Self::ResetBeyondStreamCredit => {
                "a final size in RESET_STREAM beyond the stream's limit"
            }
            Self::ResetBeyondConnectionCredit => {
                "a final size in RESET_STREAM beyond the connection's limit"
            }
            Self::ResetChangesFinalSize => "a RESET_STREAM that changes the final size",
            Self::FinChangesFinalSize => "a FIN that changes the final size",
            Self::ResetBelowReceived => "a RESET_STREAM below data already received",
            Self::FinBelowReceived => "a FIN below data already received",
            Self::DataBeyondFinalSize => "data at or beyond the final size",
            Self::ResetStreamBeyondLimit => "RESET_STREAM for a stream beyond the limit",
            Self::StopSendingBeyondLimit => "STOP_SENDING for a stream beyond the limit",
            Self::StreamBeyondLimit => "STREAM for a stream beyond the limit",
            Self::MaxStreamDataBeyondLimit => "MAX_STREAM_DATA for a stream beyond the limit",
            Self::StreamDataBlockedBeyondLimit => {
                "STREAM_DATA_BLOCKED for a stream beyond the limit"
            }
            Self::ResetStreamOnSendOnly => "RESET_STREAM on a send-only stream",
            Self::ResetStreamNotCreated => "RESET_STREAM for a stream not yet created",
            Self::StopSendingNotCreated => "STOP_SENDING for a stream not yet created",
            Self::StopSendingOnReceiveOnly => "STOP_SENDING on a receive-only stream",
            Self::StreamNotCreated => "STREAM for a stream not yet created",
            Self::StreamOnSendOnly => "STREAM on a send-only stream",
            Self::OffsetTooLarge => "STREAM data that ends beyond 2^62-1",
            Self::MaxStreamDataNotCreated => "MAX_STREAM_DATA for a stream not yet created",
            Self::MaxStreamDataOnReceiveOnly => "MAX_STREAM_DATA on a receive-only stream",
            Self::MaxStreamsTooLarge => "MAX_STREAMS beyond 2^60",
            Self::StreamDataBlockedOnSendOnly => "STREAM_DATA_BLOCKED on a send-only stream",
            Self::StreamDataBlockedNotCreated => "STREAM_DATA_BLOCKED for a stream not yet created",
            Self::StreamsBlockedTooLarge => "STREAMS_BLOCKED beyond 2^60",
        }
    }
}

/// Where the stream stood when the peer broke a rule on it, the best excuse for silence first.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// All of it had arrived, or it had been reset by the peer: in Table 2 (§3.4) that direction is closed.
    Closed,
    /// The application had stopped it, and its final size was known, but not all had arrived.
    Stopped,
    /// It was open, or it was another stream.
    Open,
}

impl Standing {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Closed, Self::Stopped, Self::Open];
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}, {})", self.describe(), self.transport_error(), self.citation())
    }
}
