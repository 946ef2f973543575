//! A handshake with nothing in it but the transport parameters of both sides: quinn-proto's session, on keys that
//! protect nothing.

use std::sync::Arc;

use bytes::Bytes;
use quinn_proto::crypto::{
    ClientConfig, ExportKeyingMaterialError, HeaderKey, KeyPair, Keys, PacketKey, ServerConfig,
    Session, UnsupportedVersion,
};
use quinn_proto::transport_parameters::TransportParameters;
use quinn_proto::{ConnectError, ConnectionId, Side, TransportError};

use super::keys::{NullCrypto, null_keys};

/// A handshake of one message in each direction and space: parameters, "hello", parameters, "finished".
struct Handshake {
    side: Side,
    own: Bytes,
    peer: Option<TransportParameters>,
    /// Messages read, and calls of `write_handshake` answered.
    read: usize,
    written: usize,
}

fn begin(side: Side, parameters: &TransportParameters) -> Box<dyn Session> {
    let mut own = Vec::new();
    parameters.write(&mut own);
    Box::new(Handshake { side, own: own.into(), peer: None, read: 0, written: 0 })
}

impl ClientConfig for NullCrypto {
    fn start_session(
        self: Arc<Self>,
        _: u32,
        _: &str,
        parameters: &TransportParameters,
    ) -> Result<Box<dyn Session>, ConnectError> {
        Ok(begin(Side::Client, parameters))
    }
}

impl ServerConfig for NullCrypto {
    fn initial_keys(&self, _: u32, _: &ConnectionId) -> Result<Keys, UnsupportedVersion> {
        Ok(null_keys())
    }

    fn retry_tag(&self, _: u32, _: &ConnectionId, _: &[u8]) -> [u8; 16] {
        [0; 16]
    }

    fn start_session(
        self: Arc<Self>,
        _: u32,
        parameters: &TransportParameters,
    ) -> Box<dyn Session> {
        begin(Side::Server, parameters)
    }
}

impl Session for Handshake {
    fn initial_keys(&self, _: &ConnectionId, _: Side) -> Keys {
        null_keys()
    }

    fn handshake_data(&self) -> Option<Box<dyn std::any::Any>> {
        None
    }

    fn peer_identity(&self) -> Option<Box<dyn std::any::Any>> {
        None
    }

    fn early_crypto(&self) -> Option<(Box<dyn HeaderKey>, Box<dyn PacketKey>)> {
        None
    }

    fn early_data_accepted(&self) -> Option<bool> {
        Some(false)
    }

    fn is_handshaking(&self) -> bool {
        match self.side {
            Side::Client => self.written < 3,
            Side::Server => self.read < 2,
        }
    }

    fn read_handshake(&mut self, message: &[u8]) -> Result<bool, TransportError> {
        self.read += 1;
        let brings_parameters = match self.side {
            Side::Client => self.read == 2,
            Side::Server => self.read == 1,
        };
        if brings_parameters {
            self.peer = Some(TransportParameters::read(self.side, &mut &*message)?);
        }
        Ok(brings_parameters)
    }

    fn transport_parameters(&self) -> Result<Option<TransportParameters>, TransportError> {
        Ok(self.peer)
    }

    /// Keys are given one call before the message that they protect.
    fn write_handshake(&mut self, out: &mut Vec<u8>) -> Option<Keys> {
        let has_keys = match (self.side, self.written, self.read) {
            (Side::Client, 0, _) => {
                out.extend(&self.own);
                false
            }
            (Side::Client, 1, 1..) => true,
            (Side::Client, 2, 2..) | (Side::Server, 0, 1..) => {
                out.push(0);
                true
            }
            (Side::Server, 1, _) if self.read > 0 => {
                out.extend(&self.own);
                true
            }
            _ => return None,
        };
        self.written += 1;
        has_keys.then(null_keys)
    }

    fn next_1rtt_keys(&mut self) -> Option<KeyPair<Box<dyn PacketKey>>> {
        Some(null_keys().packet)
    }

    fn is_valid_retry(&self, _: &ConnectionId, _: &[u8], _: &[u8]) -> bool {
        false
    }

    fn export_keying_material(
        &self,
        _: &mut [u8],
        _: &[u8],
        _: &[u8],
    ) -> Result<(), ExportKeyingMaterialError> {
        Ok(())
    }
}
