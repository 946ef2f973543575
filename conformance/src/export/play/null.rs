//! Crypto with nothing in it: quinn-proto's traits, the transport parameters of both sides, and no keys.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use quinn_proto::crypto::{
    AeadKey, ClientConfig, CryptoError, ExportKeyingMaterialError, HandshakeTokenKey, HeaderKey,
    HmacKey, KeyPair, Keys, PacketKey, ServerConfig, Session, UnsupportedVersion,
};
use quinn_proto::transport_parameters::TransportParameters;
use quinn_proto::{ConnectError, ConnectionId, Side, TransportError};

/// Every key, both ends.
#[derive(Clone, Copy)]
pub(super) struct Crypto;

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

fn keys() -> Keys {
    let pair =
        || KeyPair::<Box<dyn PacketKey>> { local: Box::new(Crypto), remote: Box::new(Crypto) };
    Keys { header: KeyPair { local: Box::new(Crypto), remote: Box::new(Crypto) }, packet: pair() }
}

impl ClientConfig for Crypto {
    fn start_session(
        self: Arc<Self>,
        _: u32,
        _: &str,
        parameters: &TransportParameters,
    ) -> Result<Box<dyn Session>, ConnectError> {
        Ok(begin(Side::Client, parameters))
    }
}

impl ServerConfig for Crypto {
    fn initial_keys(&self, _: u32, _: &ConnectionId) -> Result<Keys, UnsupportedVersion> {
        Ok(keys())
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
        keys()
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
        has_keys.then(keys)
    }

    fn next_1rtt_keys(&mut self) -> Option<KeyPair<Box<dyn PacketKey>>> {
        Some(keys().packet)
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

impl HeaderKey for Crypto {
    fn decrypt(&self, _: usize, _: &mut [u8]) {}
    fn encrypt(&self, _: usize, _: &mut [u8]) {}
    fn sample_size(&self) -> usize {
        0
    }
}

impl PacketKey for Crypto {
    fn encrypt(&self, _: u64, _: &mut [u8], _: usize) {}
    fn decrypt(&self, _: u64, _: &[u8], _: &mut BytesMut) -> Result<(), CryptoError> {
        Ok(())
    }
    fn tag_len(&self) -> usize {
        0
    }
    fn confidentiality_limit(&self) -> u64 {
        u64::MAX
    }
    fn integrity_limit(&self) -> u64 {
        u64::MAX
    }
}

impl HmacKey for Crypto {
    /// Another one for other data: a packet must not end as a stateless reset would.
    fn sign(&self, data: &[u8], out: &mut [u8]) {
        for (at, byte) in out.iter_mut().enumerate() {
            *byte = data.get(at).copied().unwrap_or(0) ^ 0x5a;
        }
    }
    fn signature_len(&self) -> usize {
        32
    }
    fn verify(&self, _: &[u8], _: &[u8]) -> Result<(), CryptoError> {
        Ok(())
    }
}

impl HandshakeTokenKey for Crypto {
    fn aead_from_hkdf(&self, _: &[u8]) -> Box<dyn AeadKey> {
        Box::new(Self)
    }
}

impl AeadKey for Crypto {
    fn seal(&self, _: &mut Vec<u8>, _: &[u8]) -> Result<(), CryptoError> {
        Ok(())
    }
    fn open<'a>(&self, data: &'a mut [u8], _: &[u8]) -> Result<&'a mut [u8], CryptoError> {
        Ok(data)
    }
}
