//! A set of offsets of one short stream, in one byte of memory. No section: it is what §5 counts with.

/// How many bytes, or the offset of one. A world's streams are shorter than eight.
pub type Size = u8;

/// Some of the offsets 0 to 7.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Bytes(u8);

impl Bytes {
    /// None of them.
    pub const NONE: Self = Self(0);

    /// Those from `start` up to and without `end`.
    pub const fn range(start: Size, end: Size) -> Self {
        Self(Self::below(end).0 & !Self::below(start).0)
    }

    const fn below(end: Size) -> Self {
        Self(if end >= 8 { u8::MAX } else { (1 << end) - 1 })
    }

    /// These and those.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// These without those.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether `offset` is one of them.
    pub const fn contains(self, offset: Size) -> bool {
        Self::range(offset, offset + 1).without(self).0 == 0
    }

    /// Whether every offset below `end` is one of them.
    pub const fn covers(self, end: Size) -> bool {
        Self::below(end).without(self).0 == 0
    }

    /// One past the largest; 0 if there is none.
    pub const fn end(self) -> Size {
        (u8::BITS - self.0.leading_zeros()) as Size
    }

    /// The smallest offset that is missing.
    pub const fn first_gap(self) -> Size {
        self.0.trailing_ones() as Size
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn set_knows_its_gaps_and_its_end() {
        let set = Bytes::range(0, 2).with(Bytes::range(3, 4));
        assert_eq!((set.end(), set.first_gap()), (4, 2));
        assert!(set.covers(2) && !set.covers(3) && set.contains(3) && !set.contains(2));
        assert_eq!(set.without(Bytes::range(0, 4)), Bytes::NONE);
        assert_eq!((Bytes::NONE.end(), Bytes::range(0, 8).end()), (0, 8));
    }
}
