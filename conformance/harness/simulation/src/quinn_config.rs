//! quinn's configuration, with everything that could differ between two runs nailed down.
//!
//! Seeded random numbers, own connection IDs, no spin bit, no greased bit, no path MTU discovery,
//! no idle timeout, no segmentation offload, no datagrams, no tokens, and a congestion window that
//! never fills: what is left is the behaviour of streams. Loss recovery and timers are quinn's
//! own.

use std::any::Any;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use quinn::congestion::{Controller, ControllerFactory};
use quinn::{
    ClientConfig, ConnectionId, ConnectionIdGenerator, EndpointConfig, NoneTokenLog,
    NoneTokenStore, ServerConfig, TimeSource, TransportConfig, VarInt,
};
use streamproof_harness::puppet::FIRST_DESTINATION;
use streamproof_harness::{LimitError, SideLimits};

use crate::config::{ArenaConfig, Early};
use crate::crypto::{EarlyPolicy, NullClient, NullServer};
use crate::error::ArenaError;
use crate::keys::NullCrypto;

pub(crate) fn endpoint(seed: u64) -> EndpointConfig {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let mut config = EndpointConfig::new(Arc::new(NullCrypto));
    config
        .rng_seed(Some(bytes))
        .grease_quic_bit(false)
        .cid_generator(|| Box::new(CountingIds { next: 0 }));
    config
}

/// With the null crypto, if there is none.
pub(crate) fn client(
    config: &ArenaConfig,
    crypto: Option<Arc<dyn quinn_proto::crypto::ClientConfig>>,
) -> Result<ClientConfig, ArenaError> {
    let first = ConnectionId::new(FIRST_DESTINATION.as_bytes());
    let remembered = match &config.early {
        Some(early) => Some(remembered(&early.remembered)?),
        None => None,
    };
    let crypto = crypto.unwrap_or_else(|| Arc::new(NullClient { remembered }));
    let mut client = ClientConfig::new(crypto);
    client
        .transport_config(Arc::new(transport(config)?))
        .token_store(Arc::new(NoneTokenStore))
        .initial_dst_cid_provider(Arc::new(move || first));
    Ok(client)
}

/// With the null crypto, if there is none.
pub(crate) fn server(
    config: &ArenaConfig,
    crypto: Option<Arc<dyn quinn_proto::crypto::ServerConfig>>,
) -> Result<ServerConfig, ArenaError> {
    let early = match config.early {
        Some(Early { accepts: true, .. }) => EarlyPolicy::Accept,
        Some(Early { accepts: false, .. }) | None => EarlyPolicy::Reject,
    };
    let crypto = crypto.unwrap_or_else(|| Arc::new(NullServer { early }));
    let mut server = ServerConfig::new(crypto, Arc::new(NullCrypto));
    server.transport_config(Arc::new(transport(config)?)).time_source(Arc::new(StoppedClock));
    // The defaults depend on a cargo feature that another crate may turn on.
    server.validation_token.sent(0).log(Arc::new(NoneTokenLog));
    Ok(server)
}

fn transport(config: &ArenaConfig) -> Result<TransportConfig, ArenaError> {
    let limits = &config.limits.sut;
    let mut transport = TransportConfig::default();
    transport
        .receive_window(varint("max_data", limits.max_data)?)
        .stream_receive_window(varint("max_stream_data", limits.max_stream_data)?)
        .max_concurrent_bidi_streams(varint("max_streams_bidi", limits.max_streams_bidi)?)
        .max_concurrent_uni_streams(varint("max_streams_uni", limits.max_streams_uni)?)
        .send_window(config.send_window)
        .packet_threshold(config.packet_threshold)
        .max_idle_timeout(None)
        .keep_alive_interval(None)
        .mtu_discovery_config(None)
        .enable_segmentation_offload(false)
        .allow_spin(false)
        .datagram_receive_buffer_size(None)
        .congestion_controller_factory(Arc::new(EndlessWindow));
    Ok(transport)
}

/// The puppet's limits as quinn remembers them.
fn remembered(
    limits: &SideLimits,
) -> Result<quinn_proto::transport_parameters::TransportParameters, ArenaError> {
    let mut bytes = Vec::new();
    limits.parameters()?.encode(&mut bytes);
    let side = quinn_proto::Side::Client;
    quinn_proto::transport_parameters::TransportParameters::read(side, &mut &bytes[..])
        .map_err(|_| ArenaError::Remembered)
}

fn varint(limit: &'static str, value: u64) -> Result<VarInt, LimitError> {
    VarInt::from_u64(value).map_err(|_| LimitError { limit, value })
}

/// Connection IDs of eight bytes that count up.
struct CountingIds {
    next: u64,
}

impl ConnectionIdGenerator for CountingIds {
    fn generate_cid(&mut self) -> ConnectionId {
        let id = 0x7175_696e_6e00_0000 | self.next;
        self.next += 1;
        ConnectionId::new(&id.to_be_bytes())
    }

    fn cid_len(&self) -> usize {
        8
    }

    fn cid_lifetime(&self) -> Option<Duration> {
        None
    }
}

/// Wall-clock time is asked for tokens only, and there are none.
struct StoppedClock;

impl TimeSource for StoppedClock {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }
}

/// A congestion window that is never full, also after loss; above 2^32 quinn doesn't pace either.
#[derive(Clone, Copy, Debug)]
struct EndlessWindow;

impl ControllerFactory for EndlessWindow {
    fn build(self: Arc<Self>, _now: Instant, _current_mtu: u16) -> Box<dyn Controller> {
        Box::new(*self)
    }
}

impl Controller for EndlessWindow {
    fn on_congestion_event(&mut self, _: Instant, _: Instant, _: bool, _: u64) {}

    fn on_mtu_update(&mut self, _new_mtu: u16) {}

    fn window(&self) -> u64 {
        1 << 40
    }

    fn clone_box(&self) -> Box<dyn Controller> {
        Box::new(*self)
    }

    fn initial_window(&self) -> u64 {
        1 << 40
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}
