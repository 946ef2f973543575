//! The tables of a packed world.

use stateright::Model;

use crate::rfc::endpoint::Endpoint;
use crate::rfc::identity::StreamId;
use crate::worlds::streams::StreamsWorld;
use crate::worlds::streams::action::{Action, Carries, Packet};
use crate::worlds::streams::history::History;
use crate::worlds::streams::state::StreamsState;

use super::contents::{CLIENT, NOTES, PACKET, SERVER};
use super::expand::Mode;
use super::reduce::{Lemmas, Reducer, Reductions};
use super::state::{Fingerprint, MAX_PACKETS, Network, PackedState, ones, place, spread};
use super::store::{Full, QuickMap, Store};
use super::verdict::Judge;

/// Not filled in yet.
pub(super) const UNKNOWN: u32 = u32::MAX;
/// Filled in: nothing follows.
pub(super) const NOTHING: u32 = u32::MAX - 1;

/// What a step needs of the network.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Guard {
    Always,
    /// Fewer packets in flight than the preset's bound, and none like those that it sends.
    Room,
    /// As `Room`, and what it sends must not be in flight.
    RoomFor,
    /// Nothing of the endpoint's, and no acknowledgement for it, is under way.
    NothingUnderWay,
}

/// What a step does to the endpoint that takes it, and to the network.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    /// The packets that it puts into the network.
    pub(super) posts: u128,
    /// What it adds to the sum of the parts' hashes.
    pub(super) delta: u64,
    /// The endpoint's number after it.
    pub(super) next: u32,
    /// How many ways there are, at the first of them.
    pub(super) ways: u8,
    /// The ordinal of the stream that it is about; the largest if it is about the connection.
    pub(super) stream: u8,
    pub(super) guard: Guard,
}

/// Where a step comes from: what is needed to ask the readable model again.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    pub(super) place: u8,
    pub(super) from: u32,
    pub(super) packet: Option<u32>,
    pub(super) action: Action,
}

/// An endpoint's own steps: places in `steps`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    /// The application's begin here; [`UNKNOWN`] if nobody has asked yet.
    pub(super) calls: u32,
    /// What it sends by itself.
    pub(super) sends: u32,
    /// What a hostile peer sends it.
    pub(super) hostile: u32,
    pub(super) end: u32,
    pub(super) unspecified: bool,
    pub(super) early: bool,
}

pub(super) const NO_ROW: Row =
    Row { calls: UNKNOWN, sends: 0, hostile: 0, end: 0, unspecified: false, early: false };

/// What arrives at one side: a table with a line for each of its endpoints.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    /// Columns in a line, a power of two, or 0.
    pub(super) stride: usize,
    /// The packets that have a column, in order.
    columns: usize,
    pub(super) first: Vec<u32>,
}

impl Arrivals {
    fn add_column(&mut self, lines: usize) -> u32 {
        self.columns += 1;
        if self.columns > self.stride {
            let stride = self.columns.next_power_of_two();
            let mut first = vec![UNKNOWN; lines * stride];
            for line in 0..lines {
                let old = &self.first[line * self.stride..][..self.stride];
                first[line * stride..][..self.stride].copy_from_slice(old);
            }
            (self.stride, self.first) = (stride, first);
        }
        self.columns as u32 - 1
    }

    pub(super) fn at(&self, line: u32, column: u32) -> u32 {
        self.first[line as usize * self.stride + column as usize]
    }
}

/// What is to be known of a kind of packet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    /// Whose endpoint changes when it is delivered.
    pub(super) subject: u8,
    /// Its column in that side's arrivals.
    pub(super) column: u32,
    /// Whether it carries frames.
    pub(super) frames: bool,
    pub(super) hash: u64,
}

/// A world whose states are packed: its tables, as far as they have been needed.
///
/// The numbers in its states depend on the order in which it was asked; fingerprints, counts and verdicts do
/// not.
#[derive(Debug)]
pub struct PackedWorld {
    pub(super) world: StreamsWorld,
    pub(super) ends: [Store<Option<Endpoint>>; 2],
    pub(super) notes: Store<History>,
    pub(super) packets: Store<Packet>,
    pub(super) kinds: Vec<Kind>,
    /// The packets on whose account the client's, and the server's, loss detection waits.
    pub(super) under_way: [u128; 2],
    pub(super) rows: [Vec<Row>; 2],
    pub(super) arrivals: [Arrivals; 2],
    pub(super) steps: Vec<Step>,
    pub(super) origins: Vec<Origin>,
    pub(super) noted: QuickMap<(u32, u32), u32>,
    pub(super) handshakes: QuickMap<PackedState, Vec<(Action, PackedState)>>,
    pub(super) judge: Judge,
    pub(super) reducer: Option<Reducer>,
    /// For each endpoint the streams that are decoupled there, one bit each.
    pub(super) decoupled: [Vec<u64>; 2],
}

/// A stream's bit among the decoupled ones: bidirectional and unidirectional ones of both sides alternate.
pub(super) fn stream_bit(id: Option<StreamId>) -> u8 {
    id.and_then(|id| u8::try_from(id.value()).ok()).unwrap_or(u8::MAX)
}

impl PackedWorld {
    /// The packed form of a world, with or without reductions.
    ///
    /// # Panics
    ///
    /// If a reduction is asked for in a world in which it is not sound; see
    /// [`Reductions::fit`](super::reduce::Reductions::fit).
    pub fn new(world: StreamsWorld, reductions: Reductions) -> Self {
        Self::with_lemmas(world, reductions, Lemmas::RIGHT)
    }

    /// The same with other lemmas, for tests that plant faults.
    ///
    /// # Panics
    ///
    /// As [`new`](Self::new).
    pub fn with_lemmas(world: StreamsWorld, reductions: Reductions, lemmas: Lemmas) -> Self {
        if let Err(why) = reductions.fit(&world.preset) {
            panic!("{why}");
        }
        const MANY: usize = 1 << 28;
        Self {
            world,
            ends: [Store::new("clients", MANY, CLIENT), Store::new("servers", MANY, SERVER)],
            notes: Store::new("notes", MANY, NOTES),
            packets: Store::new("kinds of packets", MAX_PACKETS, PACKET),
            kinds: Vec::new(),
            under_way: [0; 2],
            rows: [Vec::new(), Vec::new()],
            arrivals: [Arrivals::default(), Arrivals::default()],
            steps: Vec::new(),
            origins: Vec::new(),
            noted: QuickMap::default(),
            handshakes: QuickMap::default(),
            judge: Judge::new(&world),
            reducer: reductions.any().then(|| Reducer::new(reductions, lemmas)),
            decoupled: [Vec::new(), Vec::new()],
        }
    }

    /// The readable world.
    pub const fn world(&self) -> &StreamsWorld {
        &self.world
    }

    /// The state in which the world begins.
    ///
    /// # Errors
    ///
    /// [`Full`] if it cannot be packed.
    pub fn initial(&mut self) -> Result<PackedState, Full> {
        let state = self.world.init_states().swap_remove(0);
        let packed = self.pack(&state)?;
        self.canonical_or_fill(packed)
    }

    /// The packed form of a state of this world.
    ///
    /// # Errors
    ///
    /// [`Full`] if it cannot be packed.
    pub fn pack(&mut self, state: &StreamsState) -> Result<PackedState, Full> {
        let ends = [self.end(0, state.client.clone())?, self.end(1, state.server.clone())?];
        let notes = self.notes.number(state.history.clone())?;
        let mut bits = 0;
        for packet in &state.network {
            bits |= 1 << self.packet(packet)?;
        }
        Ok(PackedState { ends, notes, network: Network::of(bits) })
    }

    /// The packed form of a state whose parts are all known.
    pub(crate) fn find(&self, state: &StreamsState) -> Option<PackedState> {
        let ends = [self.ends[0].find(&state.client)?, self.ends[1].find(&state.server)?];
        let notes = self.notes.find(&state.history)?;
        let mut bits = 0;
        for packet in &state.network {
            bits |= 1 << self.packets.find(packet)?;
        }
        Some(PackedState { ends, notes, network: Network::of(bits) })
    }

    /// The state that a packed one stands for.
    pub fn unpack(&self, state: &PackedState) -> StreamsState {
        StreamsState {
            client: self.ends[0].get(state.ends[0]).clone(),
            server: self.ends[1].get(state.ends[1]).clone(),
            network: ones(state.network.bits()).map(|bit| self.packets.get(bit).clone()).collect(),
            history: self.notes.get(state.notes).clone(),
        }
    }

    /// The sum of the hashes of a state's parts.
    pub(super) fn sum(&self, state: &PackedState) -> u64 {
        let ends = [0, 1].map(|at: usize| self.ends[at].hash_of(state.ends[at]));
        let parts = ends[0].wrapping_add(ends[1]).wrapping_add(self.notes.hash_of(state.notes));
        ones(state.network.bits())
            .fold(parts, |sum, bit| sum.wrapping_add(self.kinds[bit as usize].hash))
    }

    /// A state's fingerprint.
    pub fn fingerprint(&self, state: &PackedState) -> Fingerprint {
        spread(self.sum(state))
    }

    /// How many values each part has taken so far: clients, servers, notes, kinds of packets.
    pub fn sizes(&self) -> [usize; 4] {
        [self.ends[0].len(), self.ends[1].len(), self.notes.len(), self.packets.len()]
    }

    /// The state that stands for a state under the reductions; the state itself without any.
    ///
    /// # Errors
    ///
    /// [`Full`] if it cannot be packed.
    pub fn canonical_state(&mut self, state: PackedState) -> Result<PackedState, Full> {
        self.canonical_or_fill(state)
    }

    /// About how many bytes the tables have.
    pub fn memory(&self) -> usize {
        // A value of a part is some hundred bytes, with what points to it.
        let values: usize = self.sizes().iter().sum();
        let arrivals: usize = self.arrivals.iter().map(|arrivals| arrivals.first.capacity()).sum();
        let steps = self.steps.capacity() * size_of::<Step>()
            + self.origins.capacity() * size_of::<Origin>();
        values * 800 + arrivals * 4 + steps + self.noted.capacity() * 16 + self.judge.memory()
    }

    /// The number of an endpoint, or of the peer that is none.
    pub(super) fn end(&mut self, at: usize, end: Option<Endpoint>) -> Result<u32, Full> {
        let end = match (&self.reducer, end) {
            (Some(reducer), Some(end)) => Some(reducer.normal_end(end)),
            (_, end) => end,
        };
        let number = self.ends[at].number(end)?;
        let (rows, arrivals) = (&mut self.rows[at], &mut self.arrivals[at]);
        if rows.len() < self.ends[at].len() {
            rows.push(NO_ROW);
            let end = self.ends[at].get(number).as_ref();
            let alone = match (&self.reducer, end) {
                (Some(reducer), Some(end)) => reducer.decoupled(&self.world, end),
                (None, _) | (_, None) => Vec::new(),
            };
            let bits = alone.into_iter().map(|id| stream_bit(Some(id)));
            let bits = bits.filter(|bit| *bit < 64).fold(0, |all, bit| all | 1 << bit);
            self.decoupled[at].push(bits);
            arrivals.first.resize(rows.len() * arrivals.stride, UNKNOWN);
        }
        Ok(number)
    }

    /// The bit of a kind of packet.
    pub(super) fn packet(&mut self, packet: &Packet) -> Result<u32, Full> {
        if let Some(known) = self.packets.find(packet) {
            return Ok(known);
        }
        let bit = self.packets.number(packet.clone())?;
        let to_hostile = self.world.preset.hostile == Some(packet.to);
        let subject = place(if to_hostile { packet.to.peer() } else { packet.to });
        let column = self.arrivals[subject].add_column(self.rows[subject].len());
        let frames = matches!(packet.carries, Carries::Frames(_));
        let hash = self.packets.hash_of(bit);
        self.kinds.push(Kind { subject: subject as u8, column, frames, hash });
        // An endpoint waits for its frames, and for the acknowledgements of them.
        let waits = if frames { packet.to.peer() } else { packet.to };
        self.under_way[place(waits)] |= 1 << bit;
        Ok(bit)
    }

    /// The action of a step, for people and traces. `None` if `state` has no such step.
    pub fn action(&self, state: &PackedState, code: super::StepCode) -> Option<Action> {
        let (mode, index) = code.parts();
        match mode {
            Mode::Plain => self.origins.get(index as usize).map(|origin| origin.action.clone()),
            Mode::Again => match self.origins.get(index as usize)?.action.clone() {
                Action::Deliver { packet, branch } => Some(Action::Duplicate { packet, branch }),
                Action::App { .. }
                | Action::Transmit { .. }
                | Action::SendFrame { .. }
                | Action::Duplicate { .. }
                | Action::Lose { .. }
                | Action::DetectLoss { .. }
                | Action::Handshake { .. }
                | Action::Hostile { .. } => None,
            },
            Mode::Lost => Some(Action::Lose { packet: self.packets.get(index).clone() }),
            Mode::Handshake => {
                let after = self.handshakes.get(state)?;
                after.get(index as usize).map(|(action, _)| action.clone())
            }
        }
    }
}
