//! What an arena's connection is made from.

use std::fmt;
use std::sync::Arc;

use quinn::Side;
use streamproof_harness::SideLimits;
use streamproof_harness::puppet::{PACKET_THRESHOLD, Protection, Tap};

/// What each side advertises, that is: what the *other* one has to keep to.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Limits {
    /// Advertised by the system under test.
    pub sut: SideLimits,
    /// Advertised by the puppet.
    pub puppet: SideLimits,
}

/// Everything that a fresh connection depends on. Equal values give equal runs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ArenaConfig {
    /// The side of the system under test; the puppet plays the other one.
    pub side: Side,
    /// Seeds quinn's random choices, such as the packet numbers it skips.
    pub seed: u64,
    /// The limits that both sides advertise.
    pub limits: Limits,
    /// How many bytes quinn buffers for sending before a write would block.
    pub send_window: u64,
    /// How many packets later one has to be acknowledged for quinn to think a packet lost (RFC 9002
    /// §6.1.1).
    pub packet_threshold: u32,
    /// With it the client, quinn or the puppet, sends 0-RTT packets, and the handshake is held up
    /// until [`Arena::finish_handshake`](crate::Arena::finish_handshake) or
    /// [`Arena::send_finished`](crate::Arena::send_finished).
    pub early: Option<Early>,
    /// Whether the event log is written.
    pub log: bool,
}

/// An earlier connection, of which the client still has a ticket (RFC 9001 §4.6).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Early {
    /// quinn as the client: the puppet's limits at that time, which quinn remembers and keeps to
    /// until it learns the new ones (§7.4.1). Not used with quinn as the server: the puppet keeps
    /// to no limit anyway.
    pub remembered: SideLimits,
    /// quinn as the server: whether it accepts 0-RTT packets. Not used with quinn as the client:
    /// the puppet is told in [`Arena::finish_handshake`](crate::Arena::finish_handshake).
    pub accepts: bool,
}

impl Default for Early {
    /// The default limits; a server that accepts.
    fn default() -> Self {
        Self { remembered: SideLimits::default(), accepts: true }
    }
}

impl Default for ArenaConfig {
    /// A server with seed zero, generous limits, quinn's own threshold and no log.
    fn default() -> Self {
        Self {
            side: Side::Server,
            seed: 0,
            limits: Limits::default(),
            send_window: 8 << 20,
            packet_threshold: PACKET_THRESHOLD as u32,
            early: None,
            log: false,
        }
    }
}

/// Packet protection for both ends of a connection, of the caller's making, in place of keys that protect nothing.
pub struct Secured {
    /// quinn's end, if quinn is the client.
    pub client: Arc<dyn quinn_proto::crypto::ClientConfig>,
    /// quinn's end, if quinn is the server.
    pub server: Arc<dyn quinn_proto::crypto::ServerConfig>,
    /// The puppet's end, which has to be for the side that quinn is not.
    pub puppet: Box<dyn Protection>,
    /// With it every datagram of the connection is kept.
    pub tap: Option<Tap>,
}

impl fmt::Debug for Secured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secured").field("puppet", &self.puppet).finish_non_exhaustive()
    }
}
