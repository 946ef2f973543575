//! What the puppet's TLS is made of: rustls' configurations with a certificate made on the spot.

use std::fmt;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::quic::Suite;
use rustls::{ClientConfig, KeyLog, ServerConfig};
use streamproof_harness::puppet::Tap;

use crate::tap::TapLog;
use crate::trust::TrustAll;

/// The application protocol that the puppet and every stack under test agree on.
pub const PROTOCOL: &[u8] = b"streamproof";

/// What the puppet's TLS is made of; one for any number of connections.
#[derive(Clone, Debug)]
pub struct TlsConfig {
    pub(crate) client: Arc<ClientConfig>,
    pub(crate) server: Arc<ServerConfig>,
    pub(crate) initial: InitialSuite,
}

/// The suite of Initial packets (RFC 9001 §5.2).
#[derive(Clone, Copy)]
pub(crate) struct InitialSuite(pub(crate) Suite);

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
    /// The same, but its secrets go into this tap.
    #[must_use]
    pub fn tapped(&self, tap: &Tap) -> Self {
        let (mut client, mut server) = ((*self.client).clone(), (*self.server).clone());
        let log: Arc<dyn KeyLog> = Arc::new(TapLog(tap.clone()));
        client.key_log = log.clone();
        server.key_log = log;
        Self { client: Arc::new(client), server: Arc::new(server), initial: self.initial }
    }

    /// What a client of it is made of; for a stack under test on rustls, too.
    pub fn client(&self) -> Arc<ClientConfig> {
        self.client.clone()
    }

    /// What a server of it is made of.
    pub fn server(&self) -> Arc<ServerConfig> {
        self.server.clone()
    }
}
