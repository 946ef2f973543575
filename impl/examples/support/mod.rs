//! Two ends of a connection on loopback, with a certificate made on the spot.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use quinn::rustls::RootCertStore;
use quinn::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use quinn::{ClientConfig, Connection, Endpoint, ServerConfig};

/// Whatever may go wrong in an example.
pub(crate) type Error = Box<dyn std::error::Error + Send + Sync>;

/// The client's connection, the server's, and the endpoints that carry them.
pub(crate) async fn pair() -> Result<(Connection, Connection, [Endpoint; 2]), Error> {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()])?;
    let certificate = CertificateDer::from(made.cert);
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let config = ServerConfig::with_single_cert(vec![certificate.clone()], key)?;
    let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let server = Endpoint::server(config, loopback)?;

    let mut roots = RootCertStore::empty();
    roots.add(certificate)?;
    let client = Endpoint::client(loopback)?;
    let config = ClientConfig::with_root_certificates(Arc::new(roots))?;
    let connecting = client.connect_with(config, server.local_addr()?, "localhost")?;
    let accepting = async { server.accept().await.ok_or("closed")?.await.map_err(Error::from) };
    let (ours, theirs) = tokio::join!(connecting, accepting);
    Ok((ours?, theirs?, [client, server]))
}
