//! Keys that protect nothing: the key traits of `quinn_proto::crypto`. Packets stay readable, tags are empty.
//!
//! This file knows nothing but quinn-proto and bytes, because an exported test brings a copy of it along.

use bytes::BytesMut;
use quinn_proto::crypto::{
    AeadKey, CryptoError, HandshakeTokenKey, HeaderKey, HmacKey, KeyPair, Keys, PacketKey,
};

/// Every key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NullCrypto;

/// The keys of one level, for both directions.
pub(crate) fn null_keys() -> Keys {
    Keys {
        header: KeyPair { local: Box::new(NullCrypto), remote: Box::new(NullCrypto) },
        packet: KeyPair { local: Box::new(NullCrypto), remote: Box::new(NullCrypto) },
    }
}

impl HeaderKey for NullCrypto {
    fn decrypt(&self, _pn_offset: usize, _packet: &mut [u8]) {}

    fn encrypt(&self, _pn_offset: usize, _packet: &mut [u8]) {}

    fn sample_size(&self) -> usize {
        0
    }
}

impl PacketKey for NullCrypto {
    fn encrypt(&self, _packet: u64, _buf: &mut [u8], _header_len: usize) {}

    fn decrypt(
        &self,
        _packet: u64,
        _header: &[u8],
        _payload: &mut BytesMut,
    ) -> Result<(), CryptoError> {
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

impl HmacKey for NullCrypto {
    /// Not a signature, but different for different data: stateless reset tokens are made of it.
    fn sign(&self, data: &[u8], signature_out: &mut [u8]) {
        for (index, byte) in signature_out.iter_mut().enumerate() {
            *byte = data.get(index).copied().unwrap_or(0) ^ 0x5a;
        }
    }

    fn signature_len(&self) -> usize {
        32
    }

    fn verify(&self, data: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
        let mut expected = vec![0; signature.len()];
        self.sign(data, &mut expected);
        if expected == signature { Ok(()) } else { Err(CryptoError) }
    }
}

impl HandshakeTokenKey for NullCrypto {
    fn aead_from_hkdf(&self, _random_bytes: &[u8]) -> Box<dyn AeadKey> {
        Box::new(Self)
    }
}

impl AeadKey for NullCrypto {
    fn seal(&self, _data: &mut Vec<u8>, _additional_data: &[u8]) -> Result<(), CryptoError> {
        Ok(())
    }

    fn open<'a>(
        &self,
        data: &'a mut [u8],
        _additional_data: &[u8],
    ) -> Result<&'a mut [u8], CryptoError> {
        Ok(data)
    }
}
