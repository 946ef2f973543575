//! One real quinn connection and one puppet, alone in a world, with the handshake behind them.
//!
//! The stage on which traces are played. The system under test is `connection` and whatever the
//! caller builds on it; the puppet is its peer. Application calls are made on `connection`
//! directly and change nothing on the wire before the next step of the arena. The arena compares
//! and judges nothing.

use std::io;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use quinn::{ConnectError, Connection, ConnectionError, Endpoint, Side};

use super::config::{self, FIRST_DESTINATION, Limits, SideLimits};
use super::socket::PUPPET_ADDRESS;
use super::{World, poll_once};
use crate::puppet::{Puppet, PuppetConfig, PuppetError, ReceivedPacket};
use crate::wire::parameters::TransportParameters;
use crate::wire::{ConnectionId, Frame};

/// RFC 9002 §6.1.1: so many packet numbers later, an unacknowledged packet is lost.
const PACKET_THRESHOLD: u64 = 3;

/// More PINGs than quinn can need to use up [`PACKET_THRESHOLD`] packet numbers.
const MAX_FENCE: usize = 8;

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
    /// Whether the event log is written.
    pub log: bool,
}

impl Default for ArenaConfig {
    /// A server with seed zero, generous limits and no log.
    fn default() -> Self {
        Self {
            side: Side::Server,
            seed: 0,
            limits: Limits::default(),
            send_window: 8 << 20,
            log: false,
        }
    }
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ArenaError {
    /// A limit has no encoding (§16).
    #[error("{limit} = {value} is 2^62 or more")]
    Limit {
        /// The name of the limit.
        limit: &'static str,
        /// Its value.
        value: u64,
    },
    /// quinn could not make an endpoint.
    #[error("no endpoint: {0}")]
    Endpoint(#[from] io::Error),
    /// quinn refused to connect.
    #[error("no connection attempt: {0}")]
    Connect(#[from] ConnectError),
    /// The handshake ended in an error.
    #[error("handshake failed: {0}")]
    Handshake(#[from] ConnectionError),
    /// The handshake came to a halt, for example because the puppet's limits are not legal.
    #[error("handshake did not finish")]
    Unfinished,
}

/// A connection under test and its scripted peer; see the module's description.
#[derive(Debug)]
pub struct Arena {
    /// Executor, clock and network.
    pub world: World,
    /// The peer. After calling its verbs directly, [`settle`](Arena::settle).
    pub puppet: Puppet,
    /// The connection under test.
    pub connection: Connection,
    _endpoint: Endpoint,
}

impl Arena {
    /// A fresh connection: handshake confirmed, everything that quinn sends by itself acknowledged
    /// and out of the log, nothing in flight, virtual time zero.
    pub fn new(config: &ArenaConfig) -> Result<Self, ArenaError> {
        let mut world = World::new();
        let mut puppet = Puppet::new(puppet_config(config)?);
        let (endpoint, connection) = match config.side {
            Side::Client => connect(config, &mut world, &mut puppet)?,
            Side::Server => accept(config, &mut world, &mut puppet)?,
        };
        let mut arena = Self { world, puppet, connection, _endpoint: endpoint };
        arena.settle();
        arena.clear_the_stage();
        if let Some(reason) = arena.close_reason() {
            return Err(reason.into());
        }
        if !arena.puppet.is_handshake_confirmed() {
            return Err(ArenaError::Unfinished);
        }
        Ok(arena)
    }

    /// Runs the system under test until nothing is ready, and hands all datagrams over in both
    /// directions. No time passes.
    pub fn settle(&mut self) {
        exchange(&mut self.world, &mut self.puppet);
    }

    /// The puppet sends one 1-RTT packet with these frames; settles; returns the packet number.
    /// Panics as [`Puppet::send`] does.
    pub fn deliver(&mut self, frames: &[Frame]) -> u64 {
        let packet_number = self.puppet_now().send(frames);
        self.settle();
        packet_number
    }

    /// The puppet sends one 1-RTT packet with these bytes in place of frames; settles; returns the
    /// packet number. Panics as [`Puppet::send`] does.
    pub fn deliver_payload(&mut self, payload: &[u8]) -> u64 {
        let packet_number = self.puppet_now().send_payload(payload);
        self.settle();
        packet_number
    }

    /// The network delivers this datagram, whatever it is; settles. Panics as
    /// [`Puppet::send_datagram`] does.
    pub fn deliver_datagram(&mut self, datagram: Bytes) {
        self.puppet_now().send_datagram(datagram);
        self.settle();
    }

    /// The network duplicates a packet that the puppet has sent; settles.
    pub fn deliver_again(&mut self, packet_number: u64) -> Result<(), PuppetError> {
        self.puppet_now().send_again(packet_number)?;
        self.settle();
        Ok(())
    }

    /// The 1-RTT packets from the system under test since the last call, in order.
    pub fn received(&mut self) -> Vec<ReceivedPacket> {
        self.puppet.take_received()
    }

    /// The puppet acknowledges exactly these packets; settles. Nothing is sent if there are none.
    pub fn acknowledge(&mut self, packet_numbers: &[u64]) -> Result<(), PuppetError> {
        self.puppet_now().acknowledge(packet_numbers)?;
        self.settle();
        Ok(())
    }

    /// Makes quinn declare everything ack-eliciting that it has in flight lost, and retransmit.
    ///
    /// No time passes and nothing of it is acknowledged: PINGs after a gap make quinn spend three
    /// more packet numbers on packets that hold nothing but ACK, and those are acknowledged (they
    /// show up in [`received`](Self::received)). Settles before, so that what waits to be sent is
    /// sent, and lost, first. Returns the packet numbers that were lost; with none, or after the
    /// connection has closed, it does nothing more.
    pub fn lose_outstanding(&mut self) -> Vec<u64> {
        self.settle();
        let lost = self.puppet.outstanding();
        let Some(&last) = lost.last() else {
            return lost;
        };
        if self.close_reason().is_some() {
            return Vec::new();
        }
        for _ in 0..MAX_FENCE {
            let fence = self.puppet.plain_packets_above(last);
            if fence.last().is_some_and(|top| *top >= last + PACKET_THRESHOLD) {
                return match self.acknowledge(&fence) {
                    Ok(()) => lost,
                    Err(_) => Vec::new(),
                };
            }
            self.puppet.skip_packet_number();
            self.deliver(&[Frame::Ping]);
        }
        Vec::new()
    }

    /// Lets virtual time pass: timers fire in order, with everything settled after each.
    pub fn advance(&mut self, duration: Duration) {
        self.world.advance(duration);
        self.settle();
    }

    /// Lets virtual time pass up to the next timer, fires it and settles. Returns the new time, or
    /// `None` if no timer is set.
    pub fn advance_to_next_timer(&mut self) -> Option<Duration> {
        let now = self.world.advance_to_next_timer();
        self.settle();
        now
    }

    /// Why the connection closed, if it did.
    pub fn close_reason(&self) -> Option<ConnectionError> {
        self.connection.close_reason()
    }

    /// The event log: a line for each datagram in either direction since the handshake. Empty
    /// unless [`ArenaConfig::log`] is set.
    pub fn log(&self) -> &[String] {
        self.puppet.log().lines()
    }

    /// Adds a line to the event log, such as an application call and its result. Does nothing when
    /// the log is off.
    pub fn note(&mut self, line: std::fmt::Arguments<'_>) {
        self.puppet_now().log_mut().note(line);
    }

    /// The puppet, told what time it is: the caller may have moved the clock of `world` itself.
    fn puppet_now(&mut self) -> &mut Puppet {
        self.puppet.set_time(self.world.now());
        &mut self.puppet
    }

    /// Acknowledges what quinn sends after the handshake, until it has nothing more to say.
    fn clear_the_stage(&mut self) {
        loop {
            let outstanding = self.puppet.outstanding();
            if outstanding.is_empty() || self.acknowledge(&outstanding).is_err() {
                break;
            }
        }
        drop(self.received());
        self.puppet.log_mut().clear();
    }
}

/// Runs both sides until neither has anything for the other.
fn exchange(world: &mut World, puppet: &mut Puppet) {
    loop {
        puppet.set_time(world.now());
        for datagram in puppet.take_outgoing() {
            world.socket.deliver(datagram);
        }
        world.settle();
        let sent = world.socket.take_sent();
        if sent.is_empty() {
            return;
        }
        for (at, datagram) in sent {
            puppet.set_time(at);
            puppet.receive(datagram);
        }
    }
}

/// quinn as the client.
fn connect(
    config: &ArenaConfig,
    world: &mut World,
    puppet: &mut Puppet,
) -> Result<(Endpoint, Connection), ArenaError> {
    let endpoint = endpoint(config, None, world)?;
    let client = config::client(config)?;
    let connecting = endpoint.connect_with(client, PUPPET_ADDRESS, "puppet")?;
    exchange(world, puppet);
    finish(connecting).map(|connection| (endpoint, connection))
}

/// quinn as the server.
fn accept(
    config: &ArenaConfig,
    world: &mut World,
    puppet: &mut Puppet,
) -> Result<(Endpoint, Connection), ArenaError> {
    let endpoint = endpoint(config, Some(config::server(config)?), world)?;
    exchange(world, puppet);
    let Poll::Ready(Some(incoming)) = poll_once(endpoint.accept()) else {
        return Err(ArenaError::Unfinished);
    };
    let connecting = incoming.accept()?;
    exchange(world, puppet);
    finish(connecting).map(|connection| (endpoint, connection))
}

fn finish(connecting: quinn::Connecting) -> Result<Connection, ArenaError> {
    match poll_once(connecting) {
        Poll::Ready(connection) => Ok(connection?),
        Poll::Pending => Err(ArenaError::Unfinished),
    }
}

fn endpoint(
    config: &ArenaConfig,
    server: Option<quinn::ServerConfig>,
    world: &World,
) -> io::Result<Endpoint> {
    let socket: Arc<dyn quinn::AsyncUdpSocket> = world.socket.clone();
    let endpoint = config::endpoint(config.seed);
    Endpoint::new_with_abstract_socket(endpoint, server, socket, world.runtime())
}

fn puppet_config(config: &ArenaConfig) -> Result<PuppetConfig, ArenaError> {
    config::check(&config.limits.puppet)?;
    let SideLimits { max_data, max_stream_data, max_streams_bidi, max_streams_uni } =
        config.limits.puppet;
    Ok(PuppetConfig {
        side: !config.side,
        parameters: TransportParameters {
            initial_max_data: max_data,
            initial_max_stream_data_bidi_local: max_stream_data,
            initial_max_stream_data_bidi_remote: max_stream_data,
            initial_max_stream_data_uni: max_stream_data,
            initial_max_streams_bidi: max_streams_bidi,
            initial_max_streams_uni: max_streams_uni,
            ..TransportParameters::default()
        },
        first_destination: ConnectionId::from_u64(FIRST_DESTINATION),
        log: config.log,
    })
}
