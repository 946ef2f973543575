//! What `read_to_end` has read and not given away.

use bytes::BytesMut;

use crate::quinn::Chunk;

/// What `read_to_end` has read and not given away. Copied together, because a peer may send it byte by
/// byte, and each byte would keep a whole packet in memory.
#[derive(Default)]
pub(super) struct Held {
    /// Where in the stream the first byte stands.
    offset: u64,
    pub(super) bytes: BytesMut,
}

impl Held {
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(super) fn push(&mut self, chunk: &Chunk) {
        if self.bytes.is_empty() {
            self.offset = chunk.offset;
        }
        self.bytes.extend_from_slice(&chunk.bytes);
    }

    /// The next bytes, at most `max_length`; `None` if there are none.
    pub(super) fn take(&mut self, max_length: usize) -> Option<Chunk> {
        if self.bytes.is_empty() {
            return None;
        }
        let offset = self.offset;
        let bytes = self.bytes.split_to(max_length.min(self.bytes.len())).freeze();
        self.offset += bytes.len() as u64;
        Some(Chunk { offset, bytes })
    }
}
