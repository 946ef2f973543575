//! One real quinn connection and one puppet, alone in a world, with the handshake behind them, or
//! held up in the middle of it so that 0-RTT can be played.
//!
//! The stage on which traces are played. The system under test is `connection` and whatever the
//! caller builds on it; the puppet is its peer. Application calls are made on `connection`
//! directly and change nothing on the wire before the next step of the arena. The arena compares
//! and judges nothing.

mod connection;

use std::time::Duration;

use bytes::Bytes;
use quinn::{Connection, ConnectionError, Endpoint, Side};
use streamproof_harness::SideLimits;
use streamproof_harness::puppet::{MAX_FENCE, Puppet, PuppetError, ReceivedPacket};
use streamproof_harness::wire::Frame;

use crate::config::{ArenaConfig, Secured};
use crate::error::ArenaError;
use crate::world::World;
use connection::{EarlyAnswer, accept, connect, exchange, puppet_config};

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

    /// The same, but protected by what the caller brings along. There is no 0-RTT: there is no ticket.
    pub fn secured(config: &ArenaConfig, secured: Secured) -> Result<Self, ArenaError> {
        match config.early {
            Some(_) => Err(ArenaError::EarlySecured),
            None => Self::begin(config, Some(secured)),
        }
    }

    fn begin(config: &ArenaConfig, secured: Option<Secured>) -> Result<Self, ArenaError> {
        let (client, server, protection, tap) = match secured {
            Some(Secured { client, server, puppet, tap }) => {
                (Some(client), Some(server), Some(puppet), tap)
            }
            None => (None, None, None, None),
        };
        let mut world = World::new();
        let mut puppet = Puppet::new(puppet_config(config, (protection, tap))?);
        let (endpoint, (connection, early)) = match config.side {
            Side::Client => connect(config, client, &mut world, &mut puppet)?,
            Side::Server => accept(config, server, &mut world, &mut puppet)?,
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
