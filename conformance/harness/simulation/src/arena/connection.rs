//! How quinn and the puppet connect.

use std::io;
use std::sync::Arc;
use std::task::Poll;

use quinn::{Connection, Endpoint};
use streamproof_harness::Side;
use streamproof_harness::puppet::{FIRST_DESTINATION, Protection, Puppet, PuppetConfig, Tap};

use crate::config::ArenaConfig;
use crate::error::ArenaError;
use crate::quinn_config;
use crate::socket::PUPPET_ADDRESS;
use crate::world::{TaskHandle, World, poll_once};

/// Runs both sides until neither has anything for the other.
pub(super) fn exchange(world: &mut World, puppet: &mut Puppet) {
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

/// What quinn says about its 0-RTT packets, once it knows.
#[derive(Debug)]
pub(super) enum EarlyAnswer {
    Awaited(TaskHandle<bool>),
    Known(bool),
}

/// A connection, and with 0-RTT the answer to it.
pub(super) type Connected = (Connection, Option<EarlyAnswer>);

/// quinn as the client.
pub(super) fn connect(
    config: &ArenaConfig,
    crypto: Option<Arc<dyn quinn_proto::crypto::ClientConfig>>,
    world: &mut World,
    puppet: &mut Puppet,
) -> Result<(Endpoint, Connected), ArenaError> {
    let endpoint = endpoint(config, None, world)?;
    let client = quinn_config::client(config, crypto)?;
    let connecting = endpoint.connect_with(client, PUPPET_ADDRESS, "localhost")?;
    exchange(world, puppet);
    finish(config, connecting, world).map(|connected| (endpoint, connected))
}

/// quinn as the server.
pub(super) fn accept(
    config: &ArenaConfig,
    crypto: Option<Arc<dyn quinn_proto::crypto::ServerConfig>>,
    world: &mut World,
    puppet: &mut Puppet,
) -> Result<(Endpoint, Connected), ArenaError> {
    let server = quinn_config::server(config, crypto)?;
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
    let endpoint = quinn_config::endpoint(config.seed);
    Endpoint::new_with_abstract_socket(endpoint, server, socket, world.runtime())
}

/// The puppet on the other side. quinn's words end here.
pub(super) fn puppet_config(
    config: &ArenaConfig,
    (protection, tap): (Option<Box<dyn Protection>>, Option<Tap>),
) -> Result<PuppetConfig, ArenaError> {
    Ok(PuppetConfig {
        side: match config.side {
            quinn::Side::Client => Side::Server,
            quinn::Side::Server => Side::Client,
        },
        parameters: config.limits.puppet.parameters()?,
        holds_back: config.early.is_some(),
        first_destination: FIRST_DESTINATION,
        protection,
        tap,
        log: config.log,
    })
}
