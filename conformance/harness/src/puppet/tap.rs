//! A tap on the wire between the puppet and the system under test: every datagram, and the secrets that open them.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

/// A tap; its copies are one. The connection's protection hands it the secrets, line by line.
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

    /// Keeps one secret: a line of the NSS key log format, without its end.
    pub fn keep_secret(&self, line: &str) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.secrets.push_str(line);
        kept.secrets.push('\n');
    }
}
