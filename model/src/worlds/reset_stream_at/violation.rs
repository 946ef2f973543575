//! §3, §4 and §5.2: what a peer can do wrong, and the error that answers it.
//!
//! Violations of RFC 9000 alone (a frame on a stream that cannot carry it) are not here: the draft does not
//! speak of them, and the other worlds do.

use std::fmt;

/// A transport error code of RFC 9000 §20.1, as far as the draft uses them.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum TransportError {
    /// FLOW_CONTROL_ERROR (0x03).
    FlowControlError,
    /// STREAM_STATE_ERROR (0x05).
    StreamStateError,
    /// FINAL_SIZE_ERROR (0x06).
    FinalSizeError,
    /// FRAME_ENCODING_ERROR (0x07).
    FrameEncodingError,
    /// TRANSPORT_PARAMETER_ERROR (0x08).
    TransportParameterError,
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FlowControlError => "FLOW_CONTROL_ERROR",
            Self::StreamStateError => "STREAM_STATE_ERROR",
            Self::FinalSizeError => "FINAL_SIZE_ERROR",
            Self::FrameEncodingError => "FRAME_ENCODING_ERROR",
            Self::TransportParameterError => "TRANSPORT_PARAMETER_ERROR",
        })
    }
}

/// A peer's breach, as the endpoint that receives it sees it. In the draft's order.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Violation {
    /// The transport parameter has a value (§3).
    ParameterNotEmpty,
    /// RESET_STREAM_AT, and we did not say that we receive it (§3, R-1; RFC 9000 §12.4).
    FrameNotNegotiated,
    /// A Reliable Size larger than the final size (§4).
    ReliableBeyondFinalSize,
    /// A final size, or data, beyond the limit of the stream (§4).
    BeyondStreamLimit,
    /// A final size, or data, beyond the limit of the connection (§4).
    BeyondConnectionLimit,
    /// A final size other than the one already known (§5.2).
    FinalSizeChanges,
    /// A final size below data already received (RFC 9000 §20.1).
    FinalSizeBelowReceived,
    /// Data at or beyond the final size (RFC 9000 §4.5).
    DataBeyondFinalSize,
    /// A reset with another code than the first (§5.2).
    CodeChanges,
}

impl Violation {
    /// The error the connection is closed with.
    pub const fn transport_error(self) -> TransportError {
        match self {
            // reset-stream-at 3/2: a parameter with a value.
            Self::ParameterNotEmpty => TransportError::TransportParameterError,
            // reset-stream-at 4/3: a Reliable Size beyond the final size.
            Self::FrameNotNegotiated | Self::ReliableBeyondFinalSize => {
                TransportError::FrameEncodingError
            }
            // reset-stream-at 4/7: either limit.
            Self::BeyondStreamLimit | Self::BeyondConnectionLimit => {
                TransportError::FlowControlError
            }
            // reset-stream-at 5.2/10: a change of the final size, and of the code.
            Self::FinalSizeChanges | Self::FinalSizeBelowReceived | Self::DataBeyondFinalSize => {
                TransportError::FinalSizeError
            }
            Self::CodeChanges => TransportError::StreamStateError,
        }
    }

    /// Whether it shows in the parameter or frame alone, whatever became of the stream.
    pub const fn is_stateless(self) -> bool {
        match self {
            Self::ParameterNotEmpty | Self::FrameNotNegotiated | Self::ReliableBeyondFinalSize => {
                true
            }
            Self::BeyondStreamLimit
            | Self::BeyondConnectionLimit
            | Self::FinalSizeChanges
            | Self::FinalSizeBelowReceived
            | Self::DataBeyondFinalSize
            | Self::CodeChanges => false,
        }
    }
}
