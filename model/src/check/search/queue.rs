//! States that wait, in portions that are given back as soon as they are worked off.

use std::collections::VecDeque;

use crate::packed::PackedState;

/// How many states of a shard a round expands.
pub(super) const PORTION: usize = 1024;

/// States of a level, in order.
#[derive(Default)]
pub(super) struct Queue {
    portions: VecDeque<Vec<PackedState>>,
    len: usize,
}

impl Queue {
    pub(super) fn push(&mut self, state: PackedState) {
        match self.portions.back_mut() {
            Some(last) if last.len() < PORTION => last.push(state),
            Some(_) => {
                let mut portion = Vec::with_capacity(PORTION);
                portion.push(state);
                self.portions.push_back(portion);
            }
            // Most levels of small worlds are short.
            None => self.portions.push_back(vec![state]),
        }
        self.len += 1;
    }

    /// The states of the next round.
    pub(super) fn portion(&self) -> &[PackedState] {
        self.portions.front().map_or(&[], Vec::as_slice)
    }

    /// They are worked off.
    pub(super) fn drop_portion(&mut self) {
        self.len -= self.portions.pop_front().map_or(0, |portion| portion.len());
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &PackedState> {
        self.portions.iter().flatten()
    }

    /// In bytes.
    pub(super) fn memory(&self) -> usize {
        self.portions.iter().map(Vec::capacity).sum::<usize>() * size_of::<PackedState>()
    }
}

impl FromIterator<PackedState> for Queue {
    fn from_iter<T: IntoIterator<Item = PackedState>>(states: T) -> Self {
        let mut queue = Self::default();
        states.into_iter().for_each(|state| queue.push(state));
        queue
    }
}
