//! Variable-length integers (§16): two bits of length, then 6, 14, 30 or 62 bits of value.
//!
//! Encoding is always the shortest form; decoding takes every form. Reading lives with the rest of
//! the reading in `reader`.

/// The largest value that a variable-length integer can carry: 2^62 - 1.
pub const MAX: u64 = (1 << 62) - 1;

/// Appends `value` to `out` in its shortest form, one to eight bytes.
///
/// # Panics
///
/// If `value` is above [`MAX`]: it has no encoding, so the caller asked for the impossible.
pub fn encode(value: u64, out: &mut Vec<u8>) {
    assert!(value <= MAX, "{value} does not fit a variable-length integer");
    match length(value) {
        1 => out.push(value as u8),
        2 => out.extend_from_slice(&(value as u16 | 0x4000).to_be_bytes()),
        4 => out.extend_from_slice(&(value as u32 | 0x8000_0000).to_be_bytes()),
        _ => out.extend_from_slice(&(value | 0xc000_0000_0000_0000).to_be_bytes()),
    }
}

/// How many bytes the shortest form of `value` takes: 1, 2, 4 or 8.
pub const fn length(value: u64) -> usize {
    match value {
        0..0x40 => 1,
        0x40..0x4000 => 2,
        0x4000..0x4000_0000 => 4,
        _ => 8,
    }
}
