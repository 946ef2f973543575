//! A tap on the wire between the puppet and the system under test: every datagram, and the secrets that open them.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use rustls::KeyLog;

/// A tap; its copies are one. As a rustls `KeyLog` it keeps the puppet's secrets.
#[derive(Clone, Debug, Default)]
pub struct Tap(Arc<Mutex<Capture>>);

/// What a tap has kept.
#[derive(Clone, Debug, Default)]
pub struct Capture {
    /// Every datagram in either direction, in order, the handshake included.
    pub datagrams: Vec<Datagram>,
    /// The secrets of TLS in the NSS key log format, as Wireshark reads it.
    pub secrets: String,
}

/// One datagram.
#[derive(Clone, Debug)]
pub struct Datagram {
    /// Whether the puppet has sent it; otherwise the system under test has.
    pub from_puppet: bool,
    /// Its payload.
    pub bytes: Bytes,
}

impl Tap {
    /// All that was kept so far.
    pub fn capture(&self) -> Capture {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn keep(&self, from_puppet: bool, bytes: &Bytes) {
        let datagram = Datagram { from_puppet, bytes: bytes.clone() };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).datagrams.push(datagram);
    }
}

impl KeyLog for Tap {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let hex = |bytes: &[u8]| {
            bytes.iter().fold(String::new(), |mut text, byte| {
                let _ = write!(text, "{byte:02x}");
                text
            })
        };
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = writeln!(kept.secrets, "{label} {} {}", hex(client_random), hex(secret));
    }
}
