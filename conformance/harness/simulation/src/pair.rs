//! Two quinn connections opposite each other, over a network that delays and loses: in virtual time and from a
//! seed, so that a run of hours takes minutes and is the same every time.
//!
//! Deliberately not here: reordering and duplication by the network (losses make quinn do both to streams), and
//! congestion control: the window never fills, so what is slow is slow for want of credit.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use quinn::{Connection, Endpoint, Side};

use crate::config::ArenaConfig;
use crate::error::ArenaError;
use crate::quinn_config;
use crate::socket::{PUPPET_ADDRESS, VirtualSocket};
use crate::world::World;

/// Two connections and the network between them.
#[derive(Clone, Copy, Debug)]
pub struct PairConfig {
    /// What is random comes from here.
    pub seed: u64,
    /// The limits that each side advertises, taken from [`Limits::sut`](crate::Limits::sut).
    pub arena: ArenaConfig,
    /// How long a datagram is under way.
    pub delay: Duration,
    /// How many of 1,000 datagrams are lost, in either direction.
    pub lost_of_thousand: u64,
}

/// Two connections in one world.
#[derive(Debug)]
pub struct Pair {
    /// Executor and clock.
    pub world: World,
    /// The client's connection.
    pub client: Connection,
    /// The server's connection.
    pub server: Connection,
    link: Link,
    _endpoints: [Endpoint; 2],
}

impl Pair {
    /// Two connections after their handshake. Fails if quinn refuses the limits, or if the handshake does not
    /// come to its end in 1,000 datagrams.
    pub fn new(config: &PairConfig) -> Result<Self, ArenaError> {
        let mut world = World::new();
        let second = Arc::new(VirtualSocket::opposite(world.shared.clone()));
        let side = |side| ArenaConfig { side, ..config.arena };
        let (client_config, server_config) = (side(Side::Client), side(Side::Server));
        let endpoint = |socket: &Arc<VirtualSocket>, seed, server| {
            let endpoint = quinn_config::endpoint(seed);
            let socket: Arc<dyn quinn::AsyncUdpSocket> = socket.clone();
            Endpoint::new_with_abstract_socket(endpoint, server, socket, world.runtime())
        };
        let client = endpoint(&world.socket, config.seed, None)?;
        let server = quinn_config::server(&server_config, None)?;
        let server = endpoint(&second, config.seed ^ 1, Some(server))?;
        let mut link = Link::new(config, world.socket.clone(), second);
        let connecting = client.connect_with(
            quinn_config::client(&client_config, None)?,
            PUPPET_ADDRESS,
            "pair",
        )?;
        let accepting = server.clone();
        let accepted =
            world.spawn(async move { Some(accepting.accept().await?.accept().ok()?.await) });
        let connected = world.spawn(connecting);
        for _ in 0..1000 {
            link.step(&mut world);
            if connected.is_finished() && accepted.is_finished() {
                break;
            }
        }
        let (Some(connected), Some(Some(accepted))) = (connected.take(), accepted.take()) else {
            return Err(ArenaError::Unfinished);
        };
        let endpoints = [client, server];
        Ok(Self { world, client: connected?, server: accepted?, link, _endpoints: endpoints })
    }

    /// Lets both sides run until neither can, then time pass to what comes next: a datagram or a timer. `false`
    /// if nothing comes any more.
    pub fn step(&mut self) -> bool {
        self.link.step(&mut self.world)
    }
}

/// The network.
#[derive(Debug)]
struct Link {
    sockets: [Arc<VirtualSocket>; 2],
    /// What is under way, in the order in which it arrives: to which socket.
    under_way: VecDeque<(Duration, usize, Bytes)>,
    delay: Duration,
    lost_of_thousand: u64,
    dice: Dice,
}

impl Link {
    fn new(config: &PairConfig, first: Arc<VirtualSocket>, second: Arc<VirtualSocket>) -> Self {
        Self {
            sockets: [first, second],
            under_way: VecDeque::new(),
            delay: config.delay,
            lost_of_thousand: config.lost_of_thousand,
            dice: Dice::new(config.seed),
        }
    }

    fn step(&mut self, world: &mut World) -> bool {
        world.settle();
        let mut sent: Vec<(Duration, usize, Bytes)> = Vec::new();
        for (from, socket) in self.sockets.iter().enumerate() {
            sent.extend(
                socket.take_sent().into_iter().map(|(at, datagram)| (at, 1 - from, datagram)),
            );
        }
        for (at, to, datagram) in sent {
            if self.dice.roll(1000) >= self.lost_of_thousand {
                self.under_way.push_back((at + self.delay, to, datagram));
            }
        }
        let arrival = self.under_way.front().map(|(at, ..)| *at);
        let next = match (arrival, world.next_deadline()) {
            (Some(arrival), Some(deadline)) => arrival.min(deadline),
            (Some(at), None) | (None, Some(at)) => at,
            (None, None) => return false,
        };
        let wait = next.saturating_sub(world.now());
        world.advance(wait);
        while self.under_way.front().is_some_and(|(at, ..)| *at <= next) {
            let Some((_, to, datagram)) = self.under_way.pop_front() else { break };
            self.sockets[to].deliver(datagram);
        }
        true
    }
}

/// Random numbers from a seed (splitmix64's steps).
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// The numbers that follow from `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number below `sides`.
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }
}
