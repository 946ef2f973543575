//! The puppet's TLS (RFC 9001): rustls makes the handshake, this keeps the keys.
//!
//! With it the puppet plays opposite any stack. It trusts every certificate and shows one made on the spot: what is
//! looked at is the behaviour of streams.

use std::fmt;
use std::sync::Arc;

use quinn::Side;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::quic::{
    ClientConnection, Connection, DirectionalKeys, KeyChange, Keys, PacketKey, PacketKeySet,
    Secrets, ServerConnection, Suite, Version,
};
use rustls::{ClientConfig, DigitallySignedStruct, KeyLog, ServerConfig, SignatureScheme};

use crate::wire::ConnectionId;
use crate::wire::packet::{Header, PacketType, Space};
use crate::wire::protection::{Keyring, seal_packet};

/// The application protocol that the puppet and every stack under test agree on.
pub const PROTOCOL: &[u8] = b"streamproof";

/// What the puppet's TLS is made of; one for any number of connections.
#[derive(Clone, Debug)]
pub struct TlsConfig {
    client: Arc<ClientConfig>,
    server: Arc<ServerConfig>,
    initial: InitialSuite,
}

/// The suite of Initial packets (RFC 9001 §5.2).
#[derive(Clone, Copy)]
struct InitialSuite(Suite);

impl fmt::Debug for InitialSuite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TLS_AES_128_GCM_SHA256")
    }
}

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// rustls refused.
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
    /// No certificate could be made.
    #[error("no certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    /// The crypto provider lacks what QUIC needs.
    #[error("no cipher suite for Initial packets")]
    NoSuite,
}

impl TlsConfig {
    /// A configuration that offers these application protocols (RFC 7301), as a client and as a server. Nobody else
    /// can decrypt what is sent.
    ///
    /// # Errors
    ///
    /// When rustls or rcgen refuses.
    pub fn new(protocols: &[&[u8]]) -> Result<Self, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let suite = ring::cipher_suite::TLS13_AES_128_GCM_SHA256
            .tls13()
            .and_then(|suite| suite.quic_suite())
            .ok_or(TlsError::NoSuite)?;
        let protocols: Vec<Vec<u8>> = protocols.iter().map(|name| name.to_vec()).collect();
        let mut client = ClientConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(TrustAll(provider.clone())))
            .with_no_client_auth();
        client.alpn_protocols.clone_from(&protocols);
        client.resumption = rustls::client::Resumption::disabled();
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()])?;
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let mut server = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_no_client_auth()
            .with_single_cert(vec![CertificateDer::from(made.cert)], key)?;
        server.alpn_protocols = protocols;
        server.send_tls13_tickets = 0;
        Ok(Self {
            client: Arc::new(client),
            server: Arc::new(server),
            initial: InitialSuite(suite),
        })
    }
}

impl TlsConfig {
    /// The same, but its secrets go into this log.
    pub fn logging_to(&self, key_log: &Arc<dyn KeyLog>) -> Self {
        let (mut client, mut server) = ((*self.client).clone(), (*self.server).clone());
        client.key_log = key_log.clone();
        server.key_log = key_log.clone();
        Self { client: Arc::new(client), server: Arc::new(server), initial: self.initial }
    }

    /// What a client of it is made of; for a stack under test on rustls, too.
    pub(crate) fn client(&self) -> Arc<ClientConfig> {
        self.client.clone()
    }

    /// What a server of it is made of.
    pub(crate) fn server(&self) -> Arc<ServerConfig> {
        self.server.clone()
    }
}

/// A verifier that takes every certificate, and checks signatures all the same.
#[derive(Debug)]
struct TrustAll(Arc<CryptoProvider>);

impl ServerCertVerifier for TrustAll {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        // QUIC has no TLS below 1.3 (RFC 9001 §4.2).
        Err(rustls::Error::General("TLS 1.2 in QUIC".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// The TLS of one connection.
pub(super) struct Tls {
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

/// What the handshake wants to send.
pub(super) type Flight = Vec<(Space, Vec<u8>)>;

impl Tls {
    pub(super) fn new(config: TlsConfig, side: Side) -> Self {
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

    /// The handshake begins: as the client at once, as the server with the client's first packet. `destination` is
    /// that of the first packet.
    pub(super) fn begin(
        &mut self,
        destination: ConnectionId,
        parameters: Vec<u8>,
    ) -> Result<Flight, rustls::Error> {
        self.have_initial_keys(destination);
        self.connection = Some(match self.side {
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
        });
        Ok(self.flight())
    }

    /// Whether the handshake has begun.
    pub(super) fn has_begun(&self) -> bool {
        self.connection.is_some()
    }

    /// Takes handshake bytes of the peer, and says what is to be sent.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Result<Flight, rustls::Error> {
        match &mut self.connection {
            Some(connection) => connection.read_hs(bytes)?,
            None => return Ok(Vec::new()),
        }
        Ok(self.flight())
    }

    /// The peer's transport parameters, once it has sent them.
    pub(super) fn peer_parameters(&self) -> Option<&[u8]> {
        self.connection.as_ref()?.quic_transport_parameters()
    }

    /// Whether TLS has nothing more to do.
    pub(super) fn is_complete(&self) -> bool {
        let done = self.connection.as_ref().is_some_and(|connection| !connection.is_handshaking());
        done && self.keys[Space::OneRtt as usize].is_some()
    }

    /// Appends a sealed packet. Without keys for it nothing is appended.
    pub(super) fn seal(&self, header: &Header, payload: &[u8], datagram: &mut Vec<u8>) {
        let keys = self.keys[header.packet_type.space() as usize].as_ref();
        if let Some(Keys { local: DirectionalKeys { header: mask, packet }, .. }) = keys {
            // It fails for a payload that is too long; the caller has looked at that.
            let _ = seal_packet(header, payload, (&**mask, &**packet, self.phase), datagram);
        }
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

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::puppet::{Puppet, PuppetConfig};
    use crate::wire::Frame;
    use crate::wire::parameters::TransportParameters;

    fn puppet(side: Side, tls: &TlsConfig) -> Puppet {
        Puppet::new(PuppetConfig {
            side,
            parameters: TransportParameters { initial_max_data: 77, ..Default::default() },
            first_destination: ConnectionId::from_u64(7),
            holds_back: false,
            tls: Some(tls.clone()),
            tap: None,
            log: false,
        })
    }

    /// Both send what they have until neither has anything, as the network does that loses nothing.
    fn exchange(client: &mut Puppet, server: &mut Puppet) -> Vec<Bytes> {
        let mut sent = Vec::new();
        loop {
            let (up, down) = (client.take_outgoing(), server.take_outgoing());
            if up.is_empty() && down.is_empty() {
                return sent;
            }
            sent.extend(up.iter().chain(&down).cloned());
            up.into_iter().for_each(|datagram| server.receive(datagram));
            down.into_iter().for_each(|datagram| client.receive(datagram));
        }
    }

    fn pair() -> (Puppet, Puppet) {
        let tls = TlsConfig::new(&[b"test"]).expect("TLS");
        let (mut client, mut server) = (puppet(Side::Client, &tls), puppet(Side::Server, &tls));
        exchange(&mut client, &mut server);
        (client, server)
    }

    #[test]
    fn handshake_is_confirmed_on_both_sides_and_tells_the_parameters() {
        let (client, server) = pair();
        for puppet in [&client, &server] {
            assert!(puppet.is_handshake_confirmed(), "{:?}", puppet.complaints());
            assert_eq!(puppet.peer_parameters().map(|known| known.initial_max_data), Some(77));
            assert_eq!(puppet.complaints(), []);
        }
    }

    #[test]
    fn frames_arrive_and_nobody_else_can_read_them() {
        let (mut client, mut server) = pair();
        drop(server.take_received());
        let data = Bytes::from_static(b"not for everybody");
        let stream = Frame::Stream { stream_id: 0, offset: 0, fin: true, data: data.clone() };
        let number = client.send(std::slice::from_ref(&stream));
        let sent = exchange(&mut client, &mut server);
        assert!(sent.iter().all(|datagram| !datagram.windows(data.len()).any(|part| part == data)));
        let received = server.take_received();
        assert_eq!(received.len(), 1);
        assert_eq!((received[0].packet_number, &received[0].frames), (number, &vec![stream]));
    }

    #[test]
    fn packet_that_was_changed_does_not_open() {
        let (mut client, mut server) = pair();
        drop(server.take_received());
        client.send(&[Frame::Ping, Frame::Ping]);
        let mut datagram = client.take_outgoing().remove(0).to_vec();
        *datagram.last_mut().expect("a tag") ^= 1;
        server.receive(datagram.into());
        assert_eq!(server.take_received(), []);
        assert_eq!(server.complaints().len(), 1, "and it is told");
    }

    #[test]
    fn key_update_of_the_peer_is_followed() {
        let (mut client, mut server) = pair();
        drop((client.take_received(), server.take_received()));
        if let Some(tls) = &mut client.tls {
            tls.update();
        }
        client.send(&[Frame::Ping]);
        exchange(&mut client, &mut server);
        assert_eq!(server.take_received().len(), 1, "{:?}", server.complaints());
        server.send(&[Frame::Ping]);
        exchange(&mut client, &mut server);
        assert_eq!(client.take_received().len(), 1, "{:?}", client.complaints());
    }
}
