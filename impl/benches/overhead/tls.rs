//! A certificate for loopback, and quinn's configurations with it.

use std::sync::Arc;
use std::time::Duration;

use quinn::rustls::RootCertStore;
use quinn::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use quinn::{ClientConfig, ServerConfig, TransportConfig, VarInt};

/// The configuration of a server of so many streams with a fresh certificate, and that certificate.
pub(crate) fn server(streams: u32) -> crate::Result<(ServerConfig, Vec<u8>)> {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()])?;
    let certificate = CertificateDer::from(made.cert);
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let mut config = ServerConfig::with_single_cert(vec![certificate.clone()], key)?;
    config.transport_config(transport(streams));
    Ok((config, certificate.to_vec()))
}

/// A client's configuration that trusts `certificate`.
pub(crate) fn client(certificate: &[u8]) -> crate::Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(certificate.to_vec()))?;
    let mut config = ClientConfig::with_root_certificates(Arc::new(roots))?;
    config.transport_config(transport(100));
    Ok(config)
}

/// Lets the peer open so many streams of each type at once.
fn transport(streams: u32) -> Arc<TransportConfig> {
    let mut transport = TransportConfig::default();
    transport
        .max_concurrent_bidi_streams(VarInt::from_u32(streams))
        .max_concurrent_uni_streams(VarInt::from_u32(streams))
        .max_idle_timeout(None)
        .keep_alive_interval(Some(Duration::from_secs(5)));
    Arc::new(transport)
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn unhex(text: &str) -> crate::Result<Vec<u8>> {
    let digits = |place| Ok(u8::from_str_radix(text.get(place..place + 2).ok_or("hex")?, 16)?);
    (0..text.len()).step_by(2).map(digits).collect()
}
