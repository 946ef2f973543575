//! States between workers: numbers of one table are not those of another.

use streamproof_model::packed::{Definition, Full, PackedState, PackedWorld, Table, Undefined};

/// For each table the numbers of somebody else's that are known.
type Known<T> = [Vec<T>; 4];

/// What the others know of this worker's numbers, and it of theirs.
pub(super) struct Translator {
    /// For each worker which of our numbers it has been told.
    told: Vec<Known<bool>>,
    /// For each worker what its numbers are here.
    here: Vec<Known<u32>>,
}

impl Translator {
    pub(super) fn new(peers: usize) -> Self {
        let told = (0..peers).map(|_| Known::default()).collect();
        let here = (0..peers).map(|_| Known::default()).collect();
        Self { told, here }
    }

    /// The definitions that worker `to` needs before it can read `state`.
    pub(super) fn tell(
        &mut self,
        world: &PackedWorld,
        state: &PackedState,
        to: usize,
        mut define: impl FnMut(Definition),
    ) {
        for (table, number) in world.numbers(state) {
            let told = &mut self.told[to][table as usize];
            let place = number as usize;
            if told.len() <= place {
                told.resize(place + 1, false);
            }
            if !std::mem::replace(&mut told[place], true) {
                define(world.definition(table, number));
            }
        }
    }

    /// Worker `from` says what a number of its is.
    pub(super) fn learn(
        &mut self,
        world: &mut PackedWorld,
        from: usize,
        definition: &Definition,
    ) -> Result<(), Full> {
        let number = match world.define(definition) {
            Ok(number) => number,
            Err(Undefined::Full(full)) => return Err(full),
            // Another build of this program. Its counts could not be trusted, so neither can this run.
            Err(error @ Undefined::Unreadable { .. }) => panic!("worker {from}: {error}"),
        };
        let here = &mut self.here[from][definition.table as usize];
        let place = definition.number as usize;
        if here.len() <= place {
            here.resize(place + 1, u32::MAX);
        }
        here[place] = number;
        Ok(())
    }

    /// Worker `from`'s state, here. `None` if it has not said what all its numbers are.
    pub(super) fn read(&self, from: usize, state: &PackedState) -> Option<PackedState> {
        let known = &self.here[from];
        let here = |table: Table, number: u32| {
            known[table as usize].get(number as usize).copied().unwrap_or(u32::MAX)
        };
        let is_known = |(table, number)| here(table, number) != u32::MAX;
        PackedWorld::numbers_of(state).all(is_known).then(|| PackedWorld::translate(state, here))
    }
}
