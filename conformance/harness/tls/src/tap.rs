//! The secrets of TLS as lines for the tap, in the NSS key log format.

use std::fmt::Write as _;

use rustls::KeyLog;
use streamproof_harness::puppet::Tap;

/// A rustls `KeyLog` that writes into a tap.
#[derive(Debug)]
pub(crate) struct TapLog(pub(crate) Tap);

impl KeyLog for TapLog {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        self.0.keep_secret(&format!("{label} {} {}", hex(client_random), hex(secret)));
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
