//! One connection of the puppet: rustls makes the handshake, this keeps the keys.

use std::fmt;

use bytes::Bytes;
use rustls::pki_types::ServerName;
use rustls::quic::{
    ClientConnection, Connection, DirectionalKeys, KeyChange, Keys, PacketKey, PacketKeySet,
    Secrets, ServerConnection, Version,
};
use streamproof_harness::Side;
use streamproof_harness::puppet::protection::{Flight, Protection, ProtectionError};
use streamproof_harness::wire::ConnectionId;
use streamproof_harness::wire::packet::{Context, Header, Packet, PacketError, PacketType, Space};

use crate::config::TlsConfig;
use crate::protection::{Keyring, open_next, seal_packet};

impl TlsConfig {
    /// The handshake and the keys of one connection of the puppet, which is on this side of it.
    pub fn protection(&self, side: Side) -> Box<dyn Protection> {
        Box::new(Tls::new(self.clone(), side))
    }
}

/// The TLS of one connection.
pub(crate) struct Tls {
    config: TlsConfig,
    side: Side,
    /// A server has none before the first packet, because its parameters name the packet's destination (§7.3).
    connection: Option<Connection>,
    keys: [Option<Keys>; 3],
    /// What follows on the current 1-RTT keys (RFC 9001 §6).
    secrets: Option<Secrets>,
    next: Option<PacketKeySet>,
    phase: bool,
    /// Where handshake bytes go now.
    level: Space,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("side", &self.side)
            .field("level", &self.level)
            .finish_non_exhaustive()
    }
}

impl Tls {
    pub(crate) fn new(config: TlsConfig, side: Side) -> Self {
        Self {
            config,
            side,
            connection: None,
            keys: [None, None, None],
            secrets: None,
            next: None,
            phase: false,
            level: Space::Initial,
        }
    }

    fn connect(&self, parameters: Vec<u8>) -> Result<Connection, rustls::Error> {
        Ok(match self.side {
            Side::Client => {
                let name = ServerName::try_from("localhost")
                    .map_err(|_| rustls::Error::General("no server name".to_owned()))?;
                let client = self.config.client.clone();
                Connection::Client(ClientConnection::new(client, Version::V1, name, parameters)?)
            }
            Side::Server => {
                let server = self.config.server.clone();
                Connection::Server(ServerConnection::new(server, Version::V1, parameters)?)
            }
        })
    }

    fn have_initial_keys(&mut self, destination: ConnectionId) {
        let side = match self.side {
            Side::Client => rustls::Side::Client,
            Side::Server => rustls::Side::Server,
        };
        let initial = self.config.initial.0;
        self.keys[Space::Initial as usize]
            .get_or_insert_with(|| initial.keys(destination.as_bytes(), side, Version::V1));
    }

    fn flight(&mut self) -> Flight {
        let mut flight = Flight::new();
        while let Some(connection) = &mut self.connection {
            let mut bytes = Vec::new();
            let change = connection.write_hs(&mut bytes);
            let (sent, changed) = (!bytes.is_empty(), change.is_some());
            if sent {
                flight.push((self.level, bytes));
            }
            match change {
                Some(KeyChange::Handshake { keys }) => {
                    self.keys[Space::Handshake as usize] = Some(keys);
                    self.level = Space::Handshake;
                }
                Some(KeyChange::OneRtt { keys, next: mut secrets }) => {
                    self.keys[Space::OneRtt as usize] = Some(keys);
                    self.next = Some(secrets.next_packet_keys());
                    self.secrets = Some(secrets);
                    self.level = Space::OneRtt;
                }
                None => {}
            }
            if !sent && !changed {
                break;
            }
        }
        flight
    }
}

impl Protection for Tls {
    fn begin(
        &mut self,
        destination: ConnectionId,
        parameters: Vec<u8>,
    ) -> Result<Flight, ProtectionError> {
        self.have_initial_keys(destination);
        self.connection = Some(self.connect(parameters).map_err(gave_up)?);
        Ok(self.flight())
    }

    fn has_begun(&self) -> bool {
        self.connection.is_some()
    }

    fn read(&mut self, bytes: &[u8]) -> Result<Flight, ProtectionError> {
        match &mut self.connection {
            Some(connection) => connection.read_hs(bytes).map_err(gave_up)?,
            None => return Ok(Vec::new()),
        }
        Ok(self.flight())
    }

    fn peer_parameters(&self) -> Option<Bytes> {
        let parameters = self.connection.as_ref()?.quic_transport_parameters()?;
        Some(Bytes::copy_from_slice(parameters))
    }

    fn is_complete(&self) -> bool {
        let done = self.connection.as_ref().is_some_and(|connection| !connection.is_handshaking());
        done && self.keys[Space::OneRtt as usize].is_some()
    }

    fn seal(&self, header: &Header, payload: &[u8], datagram: &mut Vec<u8>) {
        let keys = self.keys[header.packet_type.space() as usize].as_ref();
        if let Some(Keys { local: DirectionalKeys { header: mask, packet }, .. }) = keys {
            // It fails for a payload that is too long; the caller has looked at that.
            let _ = seal_packet(header, payload, (&**mask, &**packet, self.phase), datagram);
        }
    }

    fn open_next(
        &mut self,
        rest: &mut Bytes,
        context: &Context,
    ) -> Option<Result<Packet, PacketError>> {
        open_next(rest, context, self)
    }
}

fn gave_up(error: rustls::Error) -> ProtectionError {
    ProtectionError(error.to_string())
}

impl Keyring for Tls {
    fn opening(
        &mut self,
        packet: PacketType,
        destination: ConnectionId,
    ) -> Option<&DirectionalKeys> {
        if packet == PacketType::Initial && self.side == Side::Server {
            self.have_initial_keys(destination);
        }
        if packet == PacketType::ZeroRtt {
            return None;
        }
        self.keys[packet.space() as usize].as_ref().map(|keys| &keys.remote)
    }

    fn opening_next(&self, phase: bool) -> Option<&dyn PacketKey> {
        if phase == self.phase {
            return None;
        }
        self.next.as_ref().map(|next| &*next.remote)
    }

    fn update(&mut self) {
        let (Some(keys), Some(secrets)) =
            (&mut self.keys[Space::OneRtt as usize], &mut self.secrets)
        else {
            return;
        };
        if let Some(next) = self.next.replace(secrets.next_packet_keys()) {
            keys.local.packet = next.local;
            keys.remote.packet = next.remote;
            self.phase = !self.phase;
        }
    }
}
