//! One real quinn connection and one puppet, alone in a world, with the handshake behind them, or
//! held up in the middle of it so that 0-RTT can be played.
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
use rustls::KeyLog;

use super::config::{self, FIRST_DESTINATION, Limits, SideLimits};
use super::socket::PUPPET_ADDRESS;
use super::{TaskHandle, World, poll_once};
use crate::puppet::{
    MAX_FENCE, PACKET_THRESHOLD, PROTOCOL, Puppet, PuppetConfig, PuppetError, ReceivedPacket, Tap,
    TlsConfig,
};
use crate::wire::{ConnectionId, Frame};

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
    /// until [`Arena::finish_handshake`] or [`Arena::send_finished`].
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
    /// the puppet is told in [`Arena::finish_handshake`].
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
    /// The limits to be remembered are not legal transport parameters (§18.2).
    #[error("quinn cannot remember such limits")]
    Remembered,
    /// The handshake is not held up on this side.
    #[error("no handshake waits for the puppet")]
    NotHeldBack,
    /// A system under test of somebody else's gives no connection, for a reason of its own.
    #[error("{0}")]
    Other(String),
    /// quinn could not make an endpoint.
    #[error("no endpoint: {0}")]
    Endpoint(#[from] io::Error),
    /// quinn refused to connect.
    #[error("no connection attempt: {0}")]
    Connect(#[from] ConnectError),
    /// The handshake ended in an error.
    #[error("handshake failed: {0}")]
    Handshake(#[from] ConnectionError),
    /// A stack under test, or what it needs, failed.
    #[error("{0}")]
    Foreign(String),
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
    early: Option<EarlyAnswer>,
    _endpoint: Endpoint,
}

/// What quinn says about its 0-RTT packets, once it knows.
#[derive(Debug)]
enum EarlyAnswer {
    Awaited(TaskHandle<bool>),
    Known(bool),
}

impl Arena {
    /// A fresh connection: handshake confirmed, everything that quinn sends by itself acknowledged
    /// and out of the log, nothing in flight, virtual time zero.
    ///
    /// With [`ArenaConfig::early`], `connection` is one before the end of the handshake. quinn as the
    /// client has sent its hello and has heard nothing, so all it does is seen in 0-RTT packets and
    /// nothing can be delivered, acknowledged or lost. quinn as the server has sent everything and
    /// waits for the Finished: what [`deliver`](Self::deliver) sends is a 0-RTT packet, what quinn
    /// sends is 1-RTT and can be acknowledged after [`send_finished`](Self::send_finished).
    pub fn new(config: &ArenaConfig) -> Result<Self, ArenaError> {
        Self::begin(config, None)
    }

    /// The same, but protected by TLS, with a tap on the wire. There is no 0-RTT: nobody has a ticket.
    pub fn tapped(config: &ArenaConfig, tap: &Tap) -> Result<Self, ArenaError> {
        match config.early {
            Some(_) => Err(ArenaError::Other("0-RTT is not played with TLS".to_owned())),
            None => Self::begin(config, Some(&Tapped::new(tap)?)),
        }
    }

    fn begin(config: &ArenaConfig, tapped: Option<&Tapped>) -> Result<Self, ArenaError> {
        let mut world = World::new();
        let mut puppet = Puppet::new(puppet_config(config, tapped)?);
        let (endpoint, (connection, early)) = match config.side {
            Side::Client => connect(config, tapped, &mut world, &mut puppet)?,
            Side::Server => accept(config, tapped, &mut world, &mut puppet)?,
        };
        let mut arena = Self { world, puppet, connection, early, _endpoint: endpoint };
        arena.settle();
        if config.early.is_some() {
            drop(arena.received());
            arena.puppet.log_mut().clear();
            return match arena.puppet.is_holding_back() {
                true => Ok(arena),
                false => Err(ArenaError::Unfinished),
            };
        }
        arena.clear_the_stage();
        if let Some(reason) = arena.close_reason() {
            return Err(reason.into());
        }
        if !arena.puppet.is_handshake_confirmed() {
            return Err(ArenaError::Unfinished);
        }
        Ok(arena)
    }

    /// The puppet, as the server, goes on with the handshake that was held up, advertises these
    /// limits, and accepts or rejects the 0-RTT packets; settles.
    ///
    /// Limits below the remembered ones are legal only with a rejection (§7.4.1). The connection may
    /// be closed afterwards: [`close_reason`](Self::close_reason). What quinn sends by itself at the
    /// end of a handshake, such as NEW_CONNECTION_ID, is in [`received`](Self::received) and not
    /// acknowledged, because an acknowledgement could make it take earlier packets for lost. Rejected
    /// packets cannot be acknowledged anymore. Fails if a limit is 2^62 or above, or if nothing was
    /// held up.
    pub fn finish_handshake(
        &mut self,
        accepted: bool,
        limits: &SideLimits,
    ) -> Result<(), ArenaError> {
        let parameters = limits.parameters()?;
        if !self.puppet.is_holding_back() || self.connection.side().is_server() {
            return Err(ArenaError::NotHeldBack);
        }
        self.puppet_now().answer_hello(accepted, parameters);
        self.settle();
        Ok(())
    }

    /// The puppet, as the server, closes the connection with this transport error code instead of
    /// going on with the handshake that was held up; settles. Fails if nothing was held up.
    pub fn refuse_handshake(&mut self, error_code: u64) -> Result<(), ArenaError> {
        if !self.puppet.is_holding_back() || self.connection.side().is_server() {
            return Err(ArenaError::NotHeldBack);
        }
        self.puppet_now().refuse_hello(error_code);
        self.settle();
        Ok(())
    }

    /// The puppet, as the client, completes the handshake that was held up; settles. From here on
    /// [`deliver`](Self::deliver) sends 1-RTT packets. Fails if nothing was held up.
    pub fn send_finished(&mut self) -> Result<(), ArenaError> {
        if !self.puppet.is_holding_back() || self.connection.side().is_client() {
            return Err(ArenaError::NotHeldBack);
        }
        self.puppet_now().send_finished();
        self.settle();
        Ok(())
    }

    /// What quinn's `ZeroRttAccepted` says: whether 0-RTT was accepted, `None` before the handshake
    /// is complete or without 0-RTT. quinn as the server says `false` in any case.
    pub fn zero_rtt_accepted(&mut self) -> Option<bool> {
        if let Some(EarlyAnswer::Awaited(task)) = &self.early
            && let Some(accepted) = task.take()
        {
            self.early = Some(EarlyAnswer::Known(accepted));
        }
        match self.early {
            Some(EarlyAnswer::Known(accepted)) => Some(accepted),
            Some(EarlyAnswer::Awaited(_)) | None => None,
        }
    }

    /// Runs the system under test until nothing is ready, and hands all datagrams over in both
    /// directions. No time passes.
    pub fn settle(&mut self) {
        exchange(&mut self.world, &mut self.puppet);
    }

    /// The puppet sends one 1-RTT packet (0-RTT, if it is a client and the handshake is held up) with
    /// these frames; settles; returns the packet number. Panics as [`Puppet::send`] does.
    pub fn deliver(&mut self, frames: &[Frame]) -> u64 {
        let packet_number = self.puppet_now().send(frames);
        self.settle();
        packet_number
    }

    /// The packet at this place of the script arrives with these frames; settles. Panics as [`Puppet::send`] does.
    pub fn deliver_at(&mut self, place: u64, frames: &[Frame]) {
        self.puppet_now().send_at(place, frames);
        self.settle();
    }

    /// The packet at this place of the script arrives and acknowledges exactly these packets; settles.
    pub fn acknowledge_at(
        &mut self,
        place: u64,
        packet_numbers: &[u64],
    ) -> Result<(), PuppetError> {
        self.puppet_now().acknowledge_at(place, packet_numbers)?;
        self.settle();
        Ok(())
    }

    /// What the puppet has been told to send since the last settling is delivered by a task, one datagram
    /// each time it runs: the network, among the tasks that the schedule chooses from.
    pub fn deliver_by_task(&mut self) {
        let datagrams = self.puppet.take_outgoing();
        self.world.deliver_one_by_one(datagrams);
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

    /// The 0-RTT and 1-RTT packets from the system under test since the last call, in order.
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
    /// sent, and lost, first. Returns the packet numbers that were lost; with none, after the
    /// connection has closed, or while the handshake is held up, it does nothing more.
    pub fn lose_outstanding(&mut self) -> Vec<u64> {
        self.settle();
        let lost = self.puppet.outstanding();
        let Some(&last) = lost.last() else {
            return lost;
        };
        if self.close_reason().is_some() || self.puppet.is_holding_back() {
            return Vec::new();
        }
        for _ in 0..MAX_FENCE {
            if let Some(fence) = self.puppet_now().fence(last) {
                return match self.acknowledge(&fence) {
                    Ok(()) => lost,
                    Err(_) => Vec::new(),
                };
            }
            self.settle();
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

/// A tap, and the TLS whose secrets it keeps.
struct Tapped {
    tls: TlsConfig,
    tap: Tap,
}

impl Tapped {
    fn new(tap: &Tap) -> Result<Self, ArenaError> {
        let tls =
            TlsConfig::new(&[PROTOCOL]).map_err(|error| ArenaError::Foreign(error.to_string()))?;
        let log: Arc<dyn KeyLog> = Arc::new(tap.clone());
        Ok(Self { tls: tls.logging_to(&log), tap: tap.clone() })
    }
}

/// A connection, and with 0-RTT the answer to it.
type Connected = (Connection, Option<EarlyAnswer>);

/// quinn as the client.
fn connect(
    config: &ArenaConfig,
    tapped: Option<&Tapped>,
    world: &mut World,
    puppet: &mut Puppet,
) -> Result<(Endpoint, Connected), ArenaError> {
    let endpoint = endpoint(config, None, world)?;
    let client = config::client(config, tapped.map(|tapped| &tapped.tls))?;
    let connecting = endpoint.connect_with(client, PUPPET_ADDRESS, "localhost")?;
    exchange(world, puppet);
    finish(config, connecting, world).map(|connected| (endpoint, connected))
}

/// quinn as the server.
fn accept(
    config: &ArenaConfig,
    tapped: Option<&Tapped>,
    world: &mut World,
    puppet: &mut Puppet,
) -> Result<(Endpoint, Connected), ArenaError> {
    let server = config::server(config, tapped.map(|tapped| &tapped.tls))?;
    let endpoint = endpoint(config, Some(server), world)?;
    exchange(world, puppet);
    let Poll::Ready(Some(incoming)) = poll_once(endpoint.accept()) else {
        return Err(ArenaError::Unfinished);
    };
    let connecting = incoming.accept()?;
    exchange(world, puppet);
    finish(config, connecting, world).map(|connected| (endpoint, connected))
}

fn finish(
    config: &ArenaConfig,
    connecting: quinn::Connecting,
    world: &mut World,
) -> Result<Connected, ArenaError> {
    if config.early.is_some() {
        let (connection, accepted) = connecting.into_0rtt().map_err(|_| ArenaError::Unfinished)?;
        let answer = EarlyAnswer::Awaited(world.spawn(accepted));
        return Ok((connection, Some(answer)));
    }
    match poll_once(connecting) {
        Poll::Ready(connection) => Ok((connection?, None)),
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

fn puppet_config(
    config: &ArenaConfig,
    tapped: Option<&Tapped>,
) -> Result<PuppetConfig, ArenaError> {
    Ok(PuppetConfig {
        tls: tapped.map(|tapped| tapped.tls.clone()),
        tap: tapped.map(|tapped| tapped.tap.clone()),
        side: !config.side,
        parameters: config.limits.puppet.parameters()?,
        holds_back: config.early.is_some(),
        first_destination: ConnectionId::from_u64(FIRST_DESTINATION),
        log: config.log,
    })
}
