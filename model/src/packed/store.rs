//! The values that a part of the state has taken, each kept once.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::state;

/// A world has more values of a part, or more kinds of packets, than a packed state can name.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("more than {limit} {what}: too many for a packed state")]
pub struct Full {
    /// Of what there are too many.
    pub what: &'static str,
    /// How many there may be.
    pub limit: usize,
}

/// Values with numbers in the order in which they came, and hashes of their content.
#[derive(Debug)]
pub(super) struct Store<T> {
    what: &'static str,
    limit: usize,
    seed: u64,
    values: Vec<Arc<T>>,
    numbers: HashMap<Arc<T>, u32>,
    hashes: Vec<u64>,
}

impl<T: Eq + Hash + Serialize + DeserializeOwned> Store<T> {
    /// An empty store of at most `limit` values; `seed` tells its hashes from those of other stores.
    pub(super) fn new(what: &'static str, limit: usize, seed: u64) -> Self {
        let (values, hashes) = (Vec::new(), Vec::new());
        Self { what, limit, seed, values, numbers: HashMap::new(), hashes }
    }

    /// The number of a value, a new one if it is new.
    pub(super) fn number(&mut self, value: T) -> Result<u32, Full> {
        if let Some(known) = self.numbers.get(&value) {
            return Ok(*known);
        }
        if self.values.len() >= self.limit {
            return Err(Full { what: self.what, limit: self.limit });
        }
        let number = self.values.len() as u32;
        let value = Arc::new(value);
        self.hashes.push(state::hash(self.seed, &contents(value.as_ref())));
        self.values.push(value.clone());
        self.numbers.insert(value, number);
        Ok(number)
    }

    /// The number of a value that is known.
    pub(super) fn find(&self, value: &T) -> Option<u32> {
        self.numbers.get(value).copied()
    }

    pub(super) fn get(&self, number: u32) -> &T {
        &self.values[number as usize]
    }

    pub(super) fn hash_of(&self, number: u32) -> u64 {
        self.hashes[number as usize]
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// A value's content, the same in every process.
    pub(super) fn content(&self, number: u32) -> Vec<u8> {
        encode(self.get(number))
    }

    /// The number of a value with this content; `None` if it is no content of such a value.
    pub(super) fn number_of_content(&mut self, content: &[u8]) -> Option<Result<u32, Full>> {
        decode(content).map(|value| self.number(value))
    }
}

/// A value's content as bytes, the same in every process.
pub(super) fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Into memory, and of types that have no condition on what can be written.
    ciborium::into_writer(value, &mut bytes).unwrap_or_else(|error| unreachable!("{error}"));
    bytes
}

/// The value with this content, if there is one.
pub(super) fn decode<T: DeserializeOwned>(content: &[u8]) -> Option<T> {
    let mut rest = content;
    ciborium::from_reader(&mut rest).ok().filter(|_| rest.is_empty())
}

/// What a value holds, as bytes, for its fingerprint: its numbers in their order, and no name of a field or of a variant.
/// So a field that gets another name changes no fingerprint, and no count that rests on their order.
pub(super) fn contents<T: Hash>(value: &T) -> Vec<u8> {
    let mut contents = Contents(Vec::new());
    value.hash(&mut contents);
    contents.0
}

/// Keeps what it is told to hash: numbers with the least significant byte first, whatever the machine.
struct Contents(Vec<u8>);

impl Hasher for Contents {
    fn finish(&self) -> u64 {
        unreachable!("only the bytes are asked for")
    }
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }
    fn write_u16(&mut self, number: u16) {
        self.write(&number.to_le_bytes());
    }
    fn write_u32(&mut self, number: u32) {
        self.write(&number.to_le_bytes());
    }
    fn write_u64(&mut self, number: u64) {
        self.write(&number.to_le_bytes());
    }
    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }
    fn write_isize(&mut self, number: isize) {
        self.write_u64(number as u64);
    }
}

/// A quick hash for keys of a few words in tables that no stranger fills.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Quick(u64);

impl BuildHasher for Quick {
    type Hasher = Self;
    fn build_hasher(&self) -> Self {
        Self(0)
    }
}

impl Hasher for Quick {
    fn finish(&self) -> u64 {
        state::spread(self.0)
    }
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }
    fn write_u32(&mut self, word: u32) {
        self.write_u64(u64::from(word));
    }
    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(29) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }
}

/// A table with such a hash.
pub(super) type QuickMap<K, V> = HashMap<K, V, Quick>;
