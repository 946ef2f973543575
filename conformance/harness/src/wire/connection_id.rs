//! Connection IDs (§5.1): up to 20 bytes, copied around freely.
//!
//! Only the value; which IDs are in use is the puppet's business. The frame NEW_CONNECTION_ID
//! carries plain bytes instead, because a violation may need a longer one.

use std::fmt;

/// The longest connection ID of QUIC version 1, in bytes (§17.2).
pub(crate) const MAX_LENGTH: usize = 20;

/// A connection ID of zero to 20 bytes (§5.1).
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ConnectionId {
    length: u8,
    bytes: [u8; MAX_LENGTH],
}

impl ConnectionId {
    /// The ID with these bytes, or `None` if there are more than 20.
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let mut id = Self { length: u8::try_from(bytes.len()).ok()?, bytes: [0; MAX_LENGTH] };
        id.bytes.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(id)
    }

    /// The ID whose eight bytes are `value` in network byte order.
    pub const fn from_u64(value: u64) -> Self {
        let mut bytes = [0; MAX_LENGTH];
        let source = value.to_be_bytes();
        let mut index = 0;
        while index < source.len() {
            bytes[index] = source[index];
            index += 1;
        }
        Self { length: 8, bytes }
    }

    /// The bytes, zero to 20 of them.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

impl fmt::Debug for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
