//! Which states a shard has: their fingerprints, or the states.

use std::collections::HashSet;

use memmap2::MmapMut;

use crate::packed::{Fingerprint, PackedState, Quick};

use super::{Record, SHARDS};

/// The states that some part of a search has visited.
#[derive(Debug)]
pub struct Visited(Kept);

#[derive(Debug)]
enum Kept {
    Fingerprints(Table),
    States(HashSet<PackedState, Quick>),
}

impl Visited {
    /// An empty one, with room for `expected` states. If `exact`, it keeps states and not their fingerprints.
    pub fn new(exact: bool, expected: usize) -> Self {
        let room = || HashSet::with_capacity_and_hasher(expected, Quick::default());
        Self(if exact {
            Kept::States(room())
        } else {
            Kept::Fingerprints(Table::for_states(expected))
        })
    }

    /// Adds the states of these records; `fresh` hears of those that were not there, in order.
    pub fn insert(&mut self, records: &[Record], mut fresh: impl FnMut(&Record)) {
        match &mut self.0 {
            Kept::States(states) => {
                for record in records {
                    if states.insert(record.state) {
                        fresh(record);
                    }
                }
            }
            Kept::Fingerprints(table) => {
                for chunk in records.chunks(AHEAD) {
                    table.make_room(chunk.len());
                    table.insert_chunk(chunk, &mut fresh);
                }
            }
        }
    }

    /// Adds one; for a run that is resumed.
    pub(super) fn put(&mut self, fingerprint: Fingerprint) {
        match &mut self.0 {
            Kept::Fingerprints(table) => {
                table.make_room(1);
                table.insert(fingerprint);
            }
            Kept::States(_) => unreachable!("exact runs leave no checkpoints"),
        }
    }

    /// In bytes.
    pub(super) fn memory(&self) -> usize {
        match &self.0 {
            Kept::Fingerprints(table) => table.memory(),
            Kept::States(states) => states.capacity() * (size_of::<PackedState>() + 1) * 8 / 7,
        }
    }
}

/// How many bytes the tables of all shards take with room for `expected` states; `None` if no machine has so many.
pub(in crate::check) fn room(exact: bool, expected: usize) -> Option<usize> {
    let each = expected.div_ceil(SHARDS);
    let shard = match exact {
        // As a hash set has it: a power of two of slots, seven eighths of them in use, a byte beside each.
        true => {
            let slots = (each.checked_mul(8)?.div_ceil(7)).checked_next_power_of_two()?;
            slots.checked_mul(size_of::<PackedState>() + 1)?
        }
        false => each.checked_mul(5)?.div_ceil(4).div_ceil(SLOTS).checked_mul(size_of::<Line>())?,
    };
    shard.checked_mul(SHARDS).filter(|bytes| isize::try_from(*bytes).is_ok())
}

/// Looks taken ahead: their cache misses overlap.
const AHEAD: usize = 64;
const BYTES: usize = size_of::<Fingerprint>();
/// From this size on a table stands on huge pages.
const HUGE: usize = 1 << 21;

/// Fingerprints with open addressing. Grows by half when it is seven eighths full: shards grow at different
/// moments, so there is never much of an old table beside a new one.
#[derive(Debug)]
struct Table {
    bytes: Bytes,
    lines: usize,
    len: usize,
}

#[derive(Debug)]
enum Bytes {
    Few(Vec<u8>),
    Mapped(MmapMut),
}

impl Bytes {
    fn zeroed(len: usize) -> Self {
        if len < HUGE {
            return Self::Few(vec![0; len]);
        }
        match MmapMut::map_anon(len) {
            Ok(map) => {
                // Without huge pages the same table is about half as fast; that is all.
                #[cfg(target_os = "linux")]
                let _ = map.advise(memmap2::Advice::HugePage);
                Self::Mapped(map)
            }
            Err(_) => Self::Few(vec![0; len]),
        }
    }

    fn get(&self) -> &[Line] {
        match self {
            Self::Few(bytes) => bytes.as_chunks().0.as_chunks().0,
            Self::Mapped(map) => map.as_chunks().0.as_chunks().0,
        }
    }

    fn get_mut(&mut self) -> &mut [Line] {
        match self {
            Self::Few(bytes) => bytes.as_chunks_mut().0.as_chunks_mut().0,
            Self::Mapped(map) => map.as_chunks_mut().0.as_chunks_mut().0,
        }
    }
}

/// What one look brings: the slots of a cache line.
type Line = [[u8; BYTES]; SLOTS];
const SLOTS: usize = 64 / BYTES;

/// A fingerprint as it stands in a slot; 0 stands for an empty one.
const fn entry(fingerprint: Fingerprint) -> u64 {
    if fingerprint == 0 { 1 } else { fingerprint }
}

impl Table {
    fn for_states(expected: usize) -> Self {
        Self::with_lines((expected + expected / 4).div_ceil(SLOTS).max(32))
    }

    fn with_lines(lines: usize) -> Self {
        Self { bytes: Bytes::zeroed(lines * size_of::<Line>()), lines, len: 0 }
    }

    fn memory(&self) -> usize {
        self.lines * size_of::<Line>()
    }

    /// The first line to look at. The uppermost bits say which shard it is, so the next ones are taken.
    const fn place(fingerprint: Fingerprint, lines: usize) -> usize {
        (((fingerprint << SHARDS.trailing_zeros()) as u128 * lines as u128) >> 64) as usize
    }

    fn make_room(&mut self, more: usize) {
        while (self.len + more) * 8 > self.lines * SLOTS * 7 {
            let mut larger = Self::with_lines(self.lines + self.lines / 2);
            for known in self.bytes.get().iter().flatten() {
                let known = u64::from_ne_bytes(*known);
                if known != 0 {
                    larger.insert(known);
                }
            }
            *self = larger;
        }
    }

    fn insert(&mut self, fingerprint: Fingerprint) {
        let place = Self::place(fingerprint, self.lines);
        self.len += usize::from(insert(self.bytes.get_mut(), place, entry(fingerprint)));
    }

    fn insert_chunk(&mut self, chunk: &[Record], fresh: &mut impl FnMut(&Record)) {
        let lines = self.bytes.get_mut();
        let mut places = [0; AHEAD];
        let mut touched = 0;
        for (at, record) in chunk.iter().enumerate() {
            let place = Self::place(record.fingerprint, self.lines);
            places[at] = place;
            touched ^= lines[place][0][0];
        }
        std::hint::black_box(touched);
        for (at, record) in chunk.iter().enumerate() {
            if insert(lines, places[at], entry(record.fingerprint)) {
                self.len += 1;
                fresh(record);
            }
        }
    }
}

/// Puts `wanted` into the first empty slot from line `place` on, unless it is there already. A line is looked
/// at as a whole, without branches.
fn insert(lines: &mut [Line], mut place: usize, wanted: u64) -> bool {
    loop {
        let line = &mut lines[place];
        let (mut same, mut empty) = (false, 0);
        for slot in line.iter() {
            let slot = u64::from_ne_bytes(*slot);
            same |= slot == wanted;
            empty += usize::from(slot == 0);
        }
        if same {
            return false;
        }
        if empty > 0 {
            // Slots are filled from the first on.
            line[SLOTS - empty] = wanted.to_ne_bytes();
            return true;
        }
        place = if place + 1 == lines.len() { 0 } else { place + 1 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_what_the_tables_take_or_none() {
        for exact in [true, false] {
            let made: usize =
                (0..SHARDS).map(|_| Visited::new(exact, 1_000_000 / SHARDS).memory()).sum();
            let room = room(exact, 1_000_000).expect("some megabytes");
            assert!(made <= room + room / 4 && room <= made + made / 4, "{made} of {room}");
            assert_eq!(super::room(exact, usize::MAX), None);
        }
    }

    #[test]
    fn table_is_a_set_however_often_it_grows() {
        let mut table = Visited::new(false, 0);
        let mut set = HashSet::new();
        let mut word = 1_u64;
        for _ in 0..300 {
            let mut records = Vec::new();
            for _ in 0..1000 {
                word = word.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
                // Few different ones, 0 and 1 among them.
                let few = (word >> 40) % 200_000;
                let mixed = (few ^ few << 31).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                let fingerprint = if few > 1 { mixed ^ mixed.rotate_left(27) } else { few };
                records.push(Record { fingerprint, parent: 0, state: PackedState::default() });
            }
            let mut fresh = Vec::new();
            table.insert(&records, |record| fresh.push(record.fingerprint));
            let expected: Vec<_> =
                records.iter().map(|r| r.fingerprint.max(1)).filter(|f| set.insert(*f)).collect();
            assert_eq!(fresh.iter().map(|f| (*f).max(1)).collect::<Vec<_>>(), expected);
        }
    }
}
