//! The packed state, its network, and the hash that is the same everywhere.

use std::fmt;

use crate::rfc::identity::Side;

/// A state's hash: of the contents of its parts, so the same in every run, process and build.
pub type Fingerprint = u64;

/// How many kinds of packets a world may have: one bit each.
pub(super) const MAX_PACKETS: usize = 128;

/// A set of packets, one bit each.
#[derive(Clone, Copy, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Network([u32; 4]);

impl Network {
    /// The set whose members are the ones of `bits`.
    pub const fn of(bits: u128) -> Self {
        Self([bits as u32, (bits >> 32) as u32, (bits >> 64) as u32, (bits >> 96) as u32])
    }

    /// One bit for each member.
    pub const fn bits(self) -> u128 {
        self.0[0] as u128
            | (self.0[1] as u128) << 32
            | (self.0[2] as u128) << 64
            | (self.0[3] as u128) << 96
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(ones(self.bits())).finish()
    }
}

/// A state in seven words. The numbers are places in the tables of one [`PackedWorld`](super::PackedWorld)
/// and mean nothing elsewhere.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct PackedState {
    /// The client's and the server's number.
    pub ends: [u32; 2],
    /// The number of the observer's notes.
    pub notes: u32,
    /// The packets in flight.
    pub network: Network,
}

impl PackedState {
    /// The state as words, for a file or the wire.
    pub const fn words(self) -> [u32; 7] {
        let [a, b, c, d] = self.network.0;
        [self.ends[0], self.ends[1], self.notes, a, b, c, d]
    }

    /// The same state, word by word. Copied as a whole on its way through a structure, it takes a detour
    /// through memory that the processor cannot forward.
    #[inline]
    pub(crate) const fn by_words(self) -> Self {
        Self::from_words(self.words())
    }

    /// The state that has these [`words`](Self::words).
    pub const fn from_words(words: [u32; 7]) -> Self {
        let [client, server, notes, a, b, c, d] = words;
        Self { ends: [client, server], notes, network: Network([a, b, c, d]) }
    }
}

/// A side's place in pairs.
pub(super) const fn place(side: Side) -> usize {
    match side {
        Side::Client => 0,
        Side::Server => 1,
    }
}

/// The numbers of the bits that are set, in ascending order.
pub(super) fn ones(mut bits: u128) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let bit = bits.trailing_zeros();
        (bits != 0).then(|| bits &= bits.wrapping_sub(1)).map(|()| bit)
    })
}

/// Spreads a sum of hashes over all its bits; a bijection.
pub(super) const fn spread(sum: u64) -> u64 {
    let a = (sum ^ (sum >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    let b = (a ^ (a >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    b ^ (b >> 32)
}

/// The hash of a value's bytes. Words of eight bytes, the least significant first, whatever the machine.
pub(super) fn hash(seed: u64, bytes: &[u8]) -> u64 {
    let mut state = spread(seed ^ 0x9e37_79b9_7f4a_7c15 ^ bytes.len() as u64);
    for chunk in bytes.chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        let mixed = spread(u64::from_le_bytes(word).wrapping_add(state));
        state = (state.rotate_left(23) ^ mixed).wrapping_mul(0x9fb2_1c65_1e98_df25);
    }
    spread(state)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_is_pinned_for_every_machine() {
        // Worked out apart, in Python. Another value here is another format of logs and checkpoints, and a cluster of two kinds.
        assert_eq!(hash(0, b""), 0x3da4_588b_8c08_334f);
        assert_eq!(hash(1, b"streams"), 0x9ec9_cbbd_6a47_e7ac);
        assert_eq!(hash(1, b"streams you can prove"), 0x9bc7_58c7_c6b4_456d);
    }

    #[test]
    fn network_is_its_bits_and_words_are_the_state() {
        let bits = 1 << 127 | 1 << 64 | 5;
        assert_eq!(Network::of(bits).bits(), bits);
        assert_eq!(ones(bits).collect::<Vec<_>>(), [0, 2, 64, 127]);
        let state = PackedState { ends: [1, 2], notes: 3, network: Network::of(bits) };
        assert_eq!(PackedState::from_words(state.words()), state);
        assert_eq!(size_of::<PackedState>(), 28);
    }
}
