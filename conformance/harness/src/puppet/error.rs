//! What the puppet cannot make sense of, and what it refuses to do.

use super::protection::ProtectionError;
use crate::wire::handshake::UnknownMessage;
use crate::wire::packet::PacketError;
use crate::wire::parameters::ParameterError;
use crate::wire::{ConnectionId, FrameError};

/// Something that the puppet received and could not make sense of.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Complaint {
    /// A packet could not be read.
    #[error("unreadable packet: {0}")]
    Packet(#[from] PacketError),
    /// The frames of a packet could not be read.
    #[error("unreadable frames: {0}")]
    Frame(#[from] FrameError),
    /// A message of the handshake could not be read.
    #[error("unreadable handshake: {0}")]
    Handshake(#[from] UnknownMessage),
    /// The handshake that protects the connection gave up.
    #[error("TLS: {0}")]
    Tls(#[from] ProtectionError),
    /// The transport parameters could not be read.
    #[error("unreadable transport parameters: {0}")]
    Parameters(#[from] ParameterError),
    /// A packet for another connection ID, such as a stateless reset (§10.3).
    #[error("a packet for connection ID {destination}")]
    NotForMe {
        /// The ID it was sent to.
        destination: ConnectionId,
    },
}

/// The caller asked the puppet for something that never happened.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PuppetError {
    /// Acknowledging it would make the system under test close the connection, rightly (§13.1).
    #[error("packet {packet_number} was never received, so it cannot be acknowledged")]
    NotReceived {
        /// The number asked for.
        packet_number: u64,
    },
    /// No 0-RTT or 1-RTT packet with this number was sent.
    #[error("packet {packet_number} was never sent, so it cannot be sent again")]
    NotSent {
        /// The number asked for.
        packet_number: u64,
    },
}
