//! Frames read as text.

/// The frames of a packet (RFC 9000 section 19).
pub(super) struct Frames<'a>(pub(super) &'a [u8]);

impl Frames<'_> {
    fn take(&mut self, length: u64) {
        self.0 = &self.0[length as usize..];
    }

    fn integer(&mut self) -> u64 {
        let length = 1 << (self.0[0] >> 6);
        let first = u64::from(self.0[0] & 0x3f);
        let value = self.0[1..length].iter().fold(first, |all, byte| all << 8 | u64::from(*byte));
        self.take(length as u64);
        value
    }

    /// Whether the next frame asks for an acknowledgement, and what it says of streams.
    pub(super) fn next(&mut self) -> (bool, Option<String>) {
        let kind = self.integer();
        let direction = if kind & 1 == 0 { "bidirectional" } else { "unidirectional" };
        let text = match kind {
            0x00 => return (false, None),
            0x02 | 0x03 => {
                let [_, _, ranges, _] = [(); 4].map(|()| self.integer());
                for _ in 0..2 * ranges + 3 * (kind % 2) {
                    self.integer();
                }
                return (false, None);
            }
            0x04 => {
                let [id, code, size] = [(); 3].map(|()| self.integer());
                format!("RESET_STREAM {id} code {code} final size {size}")
            }
            0x05 => format!("STOP_SENDING {} code {}", self.integer(), self.integer()),
            0x08..=0x0f => {
                let id = self.integer();
                let offset = if kind & 4 != 0 { self.integer() } else { 0 };
                let length = if kind & 2 != 0 { self.integer() } else { self.0.len() as u64 };
                self.take(length);
                let fin = if kind & 1 != 0 { " FIN" } else { "" };
                format!("STREAM {id} {offset}..{}{fin}", offset + length)
            }
            0x10 => format!("MAX_DATA {}", self.integer()),
            0x11 => format!("MAX_STREAM_DATA {} {}", self.integer(), self.integer()),
            0x12 | 0x13 => format!("MAX_STREAMS {direction} {}", self.integer()),
            0x14 => format!("DATA_BLOCKED {}", self.integer()),
            0x15 => format!("STREAM_DATA_BLOCKED {} {}", self.integer(), self.integer()),
            0x16 | 0x17 => format!("STREAMS_BLOCKED {direction} {}", self.integer()),
            0x1c | 0x1d => {
                let code = self.integer();
                self.0 = &[]; // What follows is for people, and the last.
                match kind {
                    0x1c => format!("CONNECTION_CLOSE transport 0x{code:02x}"),
                    _ => format!("CONNECTION_CLOSE application {code}"),
                }
            }
            _ => {
                self.skip(kind);
                return (true, None);
            }
        };
        (true, Some(text))
    }

    /// A frame that is not about streams.
    fn skip(&mut self, kind: u64) {
        match kind {
            0x06 => {
                self.integer();
                let length = self.integer();
                self.take(length);
            }
            0x07 => {
                let length = self.integer();
                self.take(length);
            }
            0x18 => {
                let [_, _, length] = [(); 3].map(|()| self.integer());
                self.take(length + 16);
            }
            0x19 => _ = self.integer(),
            0x1a | 0x1b => self.take(8),
            _ => {} // PING, HANDSHAKE_DONE.
        }
    }
}
