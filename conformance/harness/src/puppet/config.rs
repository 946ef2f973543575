//! What a puppet is made from.

use super::protection::Protection;
use super::tap::Tap;
use crate::Side;
use crate::wire::ConnectionId;
use crate::wire::parameters::TransportParameters;

/// What a puppet is before it has seen anything.
#[derive(Debug)]
pub struct PuppetConfig {
    /// The side that the puppet plays.
    pub side: Side,
    /// What it advertises; the connection IDs are filled in.
    pub parameters: TransportParameters,
    /// As a client: the destination of its first Initial packet.
    pub first_destination: ConnectionId,
    /// Whether it stops before its last message of the handshake and waits to be told, so that the
    /// client, whichever side that is, sends its data in 0-RTT packets.
    pub holds_back: bool,
    /// What protects the connection; `None` is nothing, and the null handshake of
    /// [`wire::handshake`](crate::wire::handshake).
    pub protection: Option<Box<dyn Protection>>,
    /// With it every datagram of the connection is kept.
    pub tap: Option<Tap>,
    /// Whether it writes an event log.
    pub log: bool,
}
