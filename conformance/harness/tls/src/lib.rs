//! The TLS of the scripted peer (RFC 9001): with it the puppet plays opposite any QUIC stack.
//!
//! rustls makes the handshake; [`TlsConfig::protection`] seals and opens the puppet's packets with its keys, and
//! follows the peer's key updates. [`Certificate`] is for stacks that read theirs from files.
//!
//! Deliberately not here: any check of who the peer is (every certificate is trusted, what is looked at is the
//! behaviour of streams), 0-RTT and tickets, Retry, a key update of the puppet's own. Which frames are sent is the
//! puppet's business; no model and no stack is known.

mod certificate;
mod config;
mod connection;
mod protection;
mod tap;
#[cfg(test)]
mod tests;
mod trust;

pub use certificate::Certificate;
pub use config::{PROTOCOL, TlsConfig, TlsError};
