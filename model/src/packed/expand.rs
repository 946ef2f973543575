//! Successors from the tables.

use super::state::{Fingerprint, Network, PackedState, ones, spread};
use super::store::Full;
use super::world::{Guard, NOTHING, PackedWorld, Row, Step, UNKNOWN};

/// How a step is taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mode {
    /// As it stands in the tables.
    Plain,
    /// A packet is delivered and stays.
    Again,
    /// A packet is lost.
    Lost,
    /// The handshake.
    Handshake,
}

/// Which step of a state: a number that its [`PackedWorld`] can turn into an action.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct StepCode(u32);

impl StepCode {
    const fn new(mode: Mode, index: u32) -> Self {
        let mode = match mode {
            Mode::Plain => 0,
            Mode::Again => 1,
            Mode::Lost => 2,
            Mode::Handshake => 3,
        };
        Self(mode << 30 | index)
    }

    pub(super) const fn parts(self) -> (Mode, u32) {
        let mode = match self.0 >> 30 {
            0 => Mode::Plain,
            1 => Mode::Again,
            2 => Mode::Lost,
            _ => Mode::Handshake,
        };
        (mode, self.0 & ((1 << 30) - 1))
    }

    /// The code as a word, for files; of the same world only.
    pub const fn word(self) -> u32 {
        self.0
    }

    /// The code of a word.
    pub const fn from_word(word: u32) -> Self {
        Self(word)
    }
}

/// A state that follows.
#[derive(Clone, Copy, Debug)]
pub struct Successor {
    /// Its fingerprint.
    pub fingerprint: Fingerprint,
    /// The state.
    pub state: PackedState,
    /// The step that leads there.
    pub code: StepCode,
}

/// Successors of one state on their way out.
struct Out<'a> {
    world: &'a PackedWorld,
    from: PackedState,
    bits: u128,
    sum: u64,
    successors: &'a mut Vec<Successor>,
}

/// Something that is not in the tables yet.
struct Missing;

impl Out<'_> {
    /// A step of the endpoint at `at`, with `kept` left of the network, whose hashes sum up to `sum` with the
    /// other parts'.
    #[inline]
    fn step(
        &mut self,
        (at, mode, index): (usize, Mode, u32),
        step: &Step,
        (kept, sum): (u128, u64),
    ) -> Result<(), Missing> {
        let [client, server] = self.from.ends;
        // (Written out: a copy that is changed in place costs a detour through memory.)
        let ends = if at == 0 { [step.next, server] } else { [client, step.next] };
        let network = Network::of(kept | step.posts);
        let mut notes = self.from.notes;
        let mut sum = sum.wrapping_add(step.delta);
        let added = step.posts & !kept;
        if added != 0 {
            let hash = |bit: u32| self.world.kinds[bit as usize].hash;
            sum = ones(added).map(hash).fold(sum, u64::wrapping_add);
        }
        if !self.world.world.preset.twin {
            notes = *self.world.noted.get(&(notes, index)).ok_or(Missing)?;
            sum = sum
                .wrapping_add(self.world.notes.hash_of(notes))
                .wrapping_sub(self.world.notes.hash_of(self.from.notes));
        }
        self.put(StepCode::new(mode, index), PackedState { ends, notes, network }, sum)
    }

    #[inline]
    fn put(&mut self, code: StepCode, state: PackedState, sum: u64) -> Result<(), Missing> {
        let (state, fingerprint) = match &self.world.reducer {
            None => (state, spread(sum)),
            Some(_) => {
                let state = self.world.canonical(state).ok_or(Missing)?;
                (state, self.world.fingerprint(&state))
            }
        };
        self.successors.push(Successor { fingerprint, state, code });
        Ok(())
    }
}

impl PackedWorld {
    /// Adds every successor of `state` to `successors`, in a fixed order, self-loops included. `false`, and
    /// nothing added, if the tables lack something: then [`fill`](Self::fill) first.
    pub fn expand(&self, state: PackedState, successors: &mut Vec<Successor>) -> bool {
        let before = successors.len();
        let bits = state.network.bits();
        let sum = self.sum(&state);
        let mut out = Out { world: self, from: state, bits, sum, successors };
        let known = self.expand_into(&mut out).is_ok();
        if !known {
            successors.truncate(before);
        }
        if known && self.reducer.is_some() {
            self.keep_ample(state, successors, before);
        }
        known
    }

    /// [`expand`](Self::expand), and [`fill`](Self::fill) where that is needed.
    ///
    /// # Errors
    ///
    /// [`Full`] if a successor cannot be packed.
    pub fn expand_or_fill(
        &mut self,
        state: PackedState,
        successors: &mut Vec<Successor>,
    ) -> Result<(), Full> {
        while !self.expand(state, successors) {
            self.fill(&state)?;
        }
        Ok(())
    }

    fn rows_of(&self, state: &PackedState) -> [Row; 2] {
        [self.rows[0][state.ends[0] as usize], self.rows[1][state.ends[1] as usize]]
    }

    fn expand_into(&self, out: &mut Out<'_>) -> Result<(), Missing> {
        let rows = self.rows_of(&out.from);
        if rows.iter().any(|row| row.calls == UNKNOWN) {
            return Err(Missing);
        }
        if rows.iter().any(|row| row.unspecified) {
            return Ok(()); // The world ends where no rule says what follows.
        }
        for (at, row) in rows.iter().enumerate() {
            self.steps_in(out, at, row.calls..row.sends)?;
        }
        for (at, row) in rows.iter().enumerate() {
            self.steps_in(out, at, row.sends..row.hostile)?;
        }
        if rows[0].early {
            let after = self.handshakes.get(&out.from).ok_or(Missing)?;
            for (index, (_, next)) in after.iter().enumerate() {
                out.put(StepCode::new(Mode::Handshake, index as u32), *next, self.sum(next))?;
            }
            return Ok(());
        }
        for bit in ones(out.bits) {
            self.arrivals_of(out, bit)?;
        }
        for (at, row) in rows.iter().enumerate() {
            self.steps_in(out, at, row.hostile..row.end)?;
        }
        Ok(())
    }

    #[inline]
    fn steps_in(
        &self,
        out: &mut Out<'_>,
        at: usize,
        range: std::ops::Range<u32>,
    ) -> Result<(), Missing> {
        let room = out.bits.count_ones() < self.room();
        let all = (out.bits, out.sum);
        for index in range {
            let step = &self.steps[index as usize];
            let enabled = match step.guard {
                Guard::Always => true,
                Guard::Room => room,
                Guard::RoomFor => room && (step.posts == 0 || step.posts & !out.bits != 0),
                Guard::NothingUnderWay => out.bits & self.under_way[at] == 0,
            };
            if enabled {
                out.step((at, Mode::Plain, index), step, all)?;
            }
        }
        Ok(())
    }

    fn room(&self) -> u32 {
        u32::try_from(self.world.preset.in_flight).unwrap_or(u32::MAX)
    }

    #[inline]
    fn arrivals_of(&self, out: &mut Out<'_>, bit: u32) -> Result<(), Missing> {
        let kind = self.kinds[bit as usize];
        let at = kind.subject as usize;
        let network_faults = self.world.preset.network_faults;
        let all = (out.bits, out.sum);
        let (rest, rest_sum) = (out.bits & !(1 << bit), out.sum.wrapping_sub(kind.hash));
        let first = self.arrivals[at].at(out.from.ends[at], kind.column);
        if first == UNKNOWN {
            return Err(Missing);
        }
        if first != NOTHING {
            let ways = u32::from(self.steps[first as usize].ways);
            for index in first..first + ways {
                let step = &self.steps[index as usize];
                if network_faults.keeps {
                    out.step((at, Mode::Plain, index), step, all)?;
                    continue;
                }
                out.step((at, Mode::Plain, index), step, (rest, rest_sum))?;
                if network_faults.duplicates && kind.frames {
                    out.step((at, Mode::Again, index), step, all)?;
                }
            }
        }
        if network_faults.loses {
            let state = PackedState { network: Network::of(rest), ..out.from };
            out.put(StepCode::new(Mode::Lost, bit), state, rest_sum)?;
        }
        Ok(())
    }

    /// Every step in the tables that `state` could take, whatever the network permits.
    pub(super) fn steps_from(&self, state: &PackedState) -> Vec<u32> {
        let rows = self.rows_of(state);
        let mut steps: Vec<u32> = rows.iter().flat_map(|row| row.calls..row.end).collect();
        if rows[0].early || rows.iter().any(|row| row.unspecified) {
            return steps;
        }
        for bit in ones(state.network.bits()) {
            let kind = self.kinds[bit as usize];
            let end = state.ends[kind.subject as usize];
            let first = self.arrivals[kind.subject as usize].at(end, kind.column);
            if first != UNKNOWN && first != NOTHING {
                steps.extend(first..first + u32::from(self.steps[first as usize].ways));
            }
        }
        steps
    }

    /// Where a step stands in the readable model's order of actions: its group, then, for what happens in
    /// the network, its packet's place in their order.
    pub(crate) fn order_of(&self, code: StepCode, ranks: &[u32]) -> (u8, u32) {
        let (mode, index) = code.parts();
        match mode {
            Mode::Lost => (1, ranks[index as usize]),
            Mode::Handshake => (1, 0),
            Mode::Plain | Mode::Again => {
                let origin = &self.origins[index as usize];
                match (origin.packet, &origin.action) {
                    (Some(bit), _) => (1, ranks[bit as usize]),
                    (None, crate::worlds::streams::action::Action::Hostile { .. }) => (2, 0),
                    (None, _) => (0, 0),
                }
            }
        }
    }

    /// Each kind of packet's place in their order.
    pub(crate) fn ranks(&self) -> Vec<u32> {
        let count = self.packets.len() as u32;
        let mut order: Vec<u32> = (0..count).collect();
        order.sort_by_key(|bit| self.packets.get(*bit));
        let mut ranks = vec![0; order.len()];
        order.iter().enumerate().for_each(|(rank, bit)| ranks[*bit as usize] = rank as u32);
        ranks
    }
}
