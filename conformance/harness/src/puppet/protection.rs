//! What protects the puppet's packets, and the handshake that makes the keys (RFC 9001): a trait, because the puppet
//! knows no cryptography.
//!
//! A puppet without one writes readable packets and shakes hands with the messages of
//! [`wire::handshake`](crate::wire::handshake).

use std::fmt;

use bytes::Bytes;

use crate::wire::ConnectionId;
use crate::wire::packet::{Context, Header, Packet, PacketError, Space};

/// The most that a protection makes a packet longer, in bytes: the tag of an AEAD (RFC 9001 §5.3).
pub const TAG: usize = 16;

/// What a handshake wants to send: bytes of a CRYPTO stream, each with the packet number space it belongs to, in order.
pub type Flight = Vec<(Space, Vec<u8>)>;

/// Why a handshake failed, in the words of its TLS library.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct ProtectionError(pub String);

/// The handshake and the keys of one connection, on one side.
pub trait Protection: fmt::Debug {
    /// The handshake begins: as the client at once, as the server with the client's first packet. `destination` is
    /// that packet's, `parameters` are the encoded transport parameters of this side (RFC 9001 §8.2).
    ///
    /// # Errors
    ///
    /// When the handshake cannot begin.
    fn begin(
        &mut self,
        destination: ConnectionId,
        parameters: Vec<u8>,
    ) -> Result<Flight, ProtectionError>;

    /// Whether the handshake has begun.
    fn has_begun(&self) -> bool;

    /// Takes the next bytes of the peer's handshake, and says what is to be sent.
    ///
    /// # Errors
    ///
    /// When the peer's handshake is refused.
    fn read(&mut self, bytes: &[u8]) -> Result<Flight, ProtectionError>;

    /// The peer's encoded transport parameters, once it has sent them.
    fn peer_parameters(&self) -> Option<Bytes>;

    /// Whether the handshake is complete on this side (RFC 9001 §4.1.1).
    fn is_complete(&self) -> bool;

    /// Appends one protected packet to a datagram; nothing, if there are no keys for it.
    fn seal(&self, header: &Header, payload: &[u8], datagram: &mut Vec<u8>);

    /// Takes the first packet off the `rest` of a datagram and opens it (§12.2); `None` at the end. Packets for which
    /// there are no keys are left out; an error ends the datagram. One packet at a time, because the keys of the next
    /// may be in it.
    fn open_next(
        &mut self,
        rest: &mut Bytes,
        context: &Context,
    ) -> Option<Result<Packet, PacketError>>;
}
