//! A cursor over received bytes that can only move forward and never panics.
//!
//! It knows integers and slices; what they mean is the caller's business.

use bytes::Bytes;

/// The input ended in the middle of a field.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the input ends in the middle of a field")]
pub struct Truncated;

/// The unread rest of a datagram, payload or message.
pub(crate) struct Reader {
    rest: Bytes,
}

impl Reader {
    pub(crate) fn new(rest: Bytes) -> Self {
        Self { rest }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// Everything unread, leaving nothing.
    pub(crate) fn take_rest(&mut self) -> Bytes {
        std::mem::take(&mut self.rest)
    }

    /// The next `count` bytes, without a copy.
    pub(crate) fn take(&mut self, count: u64) -> Result<Bytes, Truncated> {
        match usize::try_from(count) {
            Ok(count) if count <= self.rest.len() => Ok(self.rest.split_to(count)),
            Ok(_) | Err(_) => Err(Truncated),
        }
    }

    /// The next `N` bytes.
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Truncated> {
        let mut array = [0; N];
        array.copy_from_slice(&self.take(N as u64)?);
        Ok(array)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Truncated> {
        let [byte] = self.array()?;
        Ok(byte)
    }

    /// An unsigned integer of `count` bytes in network byte order; `count` is at most eight.
    pub(crate) fn uint(&mut self, count: u64) -> Result<u64, Truncated> {
        let bytes = self.take(count)?;
        Ok(bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
    }

    /// A variable-length integer (§16), in any of its forms.
    pub(crate) fn varint(&mut self) -> Result<u64, Truncated> {
        let first = *self.rest.first().ok_or(Truncated)?;
        let length = 1u64 << (first >> 6);
        let mask = u64::MAX >> (66 - 8 * length);
        Ok(self.uint(length)? & mask)
    }

    /// Skips bytes equal to `byte` and says how many there were.
    pub(crate) fn skip_run(&mut self, byte: u8) -> usize {
        let run = self.rest.iter().take_while(|next| **next == byte).count();
        drop(self.rest.split_to(run));
        run
    }
}
