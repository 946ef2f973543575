//! Reductions: fewer states that say the same. Each is a switch, and each rests on a lemma that a test checks
//! on every full state of small presets (`model/tests/reductions.rs`).
//!
//! They are for worlds with a monotone network
//! ([`StreamsWorld::monotone`](crate::worlds::streams::StreamsWorld::monotone)) and without an observer, whose notes keep
//! apart what the endpoints do not. Such a world's steps never undo anything, but for those that change
//! nothing, so it has no cycles: provided that an endpoint that was reset stays so (C-3 and C-1 together let a
//! receiver go to and fro between Data Recvd and Reset Recvd for ever).
//!
//! - **dead values** (`dead`): what can never matter again gets one fixed content; a packet whose arrival
//!   changes nothing any more, and whose acknowledgement changes nothing either, is taken out. The lemma: a
//!   full state and its normal form have, normalised, the same successors, but for steps that change nothing.
//! - **ample sets** (`ample`): a stream that cannot touch the connection's credit any more moves alone while
//!   it can move at all. The lemma: the same ends, the same verdicts, the same states of each stream.
//! - **symmetry** (`symmetry`): once both ends have all streams, those with the same bounds are
//!   interchangeable; of the states that differ in their order, the one with the least fingerprint stands for
//!   all. (Before, they are not: a stream opens those before it, §2.1.) The lemma: the orbits of the full states are the reduced states.

mod ample;
mod dead;
mod symmetry;

pub(super) use ample::subject;

use crate::rfc::choices::Choice;
use crate::rfc::endpoint::Endpoint;
use crate::rfc::identity::StreamId;
use crate::rfc::receiving::ReceivingPart;
use crate::worlds::streams::StreamsWorld;
use crate::worlds::streams::presets::{Preset, Sends};

use super::state::{PackedState, ones};
use super::store::Full;
use super::world::{NOTHING, PackedWorld, UNKNOWN};

/// Which reductions are made.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Reductions {
    /// Values that can never matter again get one content.
    pub dead: bool,
    /// A decoupled stream moves alone.
    pub ample: bool,
    /// Interchangeable streams are sorted.
    pub symmetry: bool,
}

impl Reductions {
    /// No reduction.
    pub const NONE: Self = Self { dead: false, ample: false, symmetry: false };
    /// All of them.
    pub const ALL: Self = Self { dead: true, ample: true, symmetry: true };

    /// Whether there is any.
    pub const fn any(self) -> bool {
        self.dead || self.ample || self.symmetry
    }

    /// Whether these reductions are sound in a preset.
    ///
    /// # Errors
    ///
    /// Why not, as a sentence for people.
    pub fn fit(self, preset: &Preset) -> Result<(), String> {
        let name = preset.name;
        if self.any() && !preset.network_faults.keeps {
            return Err(format!("{name}: reductions need a monotone network"));
        }
        if self.any() && !preset.twin {
            return Err(format!("{name}: reductions need a preset without an observer (a twin)"));
        }
        if self.any() && preset.sends != Sends::Freely {
            return Err(format!("{name}: reductions need endpoints that send freely"));
        }
        let plain = preset.hostile.is_none() && preset.handshakes.is_empty();
        if self.any() && !plain {
            return Err(format!("{name}: reductions need two endpoints that keep the rules"));
        }
        if self.any() && preset.way.choices.data_completes_after_reset != Choice::Never {
            return Err(format!("{name}: reductions need endpoints that stay reset (C-3 never)"));
        }
        if self.symmetry && preset.calls.open > 0 {
            return Err(format!(
                "{name}: streams that are opened one after the other are not alike"
            ));
        }
        Ok(())
    }
}

/// What the reductions take for granted, as values, so that tests can plant faults in it.
#[derive(Clone, Copy, Debug)]
pub struct Lemmas {
    /// Whether what a part has received is dead although its state says otherwise.
    pub forget_received: fn(&ReceivingPart) -> bool,
    /// Whether a stream of an endpoint cannot touch what it shares with others.
    pub is_decoupled: fn(&StreamsWorld, &Endpoint, StreamId) -> bool,
    /// Whether a step that changes nothing counts as a move of its stream.
    pub counts_stutters: bool,
    /// Whether streams are sorted before both ends have all of them: one opens those before it, so until then
    /// they are not alike.
    pub sorts_early: bool,
}

impl Lemmas {
    /// The right ones.
    pub const RIGHT: Self = Self {
        forget_received: |_| false,
        is_decoupled: ample::is_decoupled,
        counts_stutters: false,
        sorts_early: false,
    };
}

/// The reductions of a packed world, with their tables.
#[derive(Debug)]
pub(super) struct Reducer {
    reductions: Reductions,
    lemmas: Lemmas,
    orders: symmetry::Orders,
}

impl Reducer {
    pub(super) fn new(reductions: Reductions, lemmas: Lemmas) -> Self {
        Self { reductions, lemmas, orders: symmetry::Orders::default() }
    }

    /// The streams that are decoupled at an endpoint.
    pub(super) fn decoupled(&self, world: &StreamsWorld, end: &Endpoint) -> Vec<StreamId> {
        let ids = end.streams.keys().copied();
        ids.filter(|id| (self.lemmas.is_decoupled)(world, end, *id)).collect()
    }

    pub(super) fn normal_end(&self, end: Endpoint) -> Endpoint {
        if self.reductions.dead { dead::normal(end, &self.lemmas) } else { end }
    }
}

impl PackedWorld {
    /// The state that stands for `state` and those that are alike; `None` if the tables lack something.
    pub(super) fn canonical(&self, state: PackedState) -> Option<PackedState> {
        let Some(Reducer { reductions, orders, lemmas }) = &self.reducer else {
            return Some(state);
        };
        let state = if reductions.dead { self.without_dead_packets(state)? } else { state };
        let sorts = reductions.symmetry && (lemmas.sorts_early || self.has_all_streams(&state));
        if sorts { orders.least(self, state) } else { Some(state) }
    }

    fn has_all_streams(&self, state: &PackedState) -> bool {
        let preset = &self.world.preset;
        let all = preset.opened as usize * preset.directions.len();
        let has = |at: usize| self.ends[at].get(state.ends[at]).as_ref();
        (0..2).all(|at| has(at).is_some_and(|end| end.streams.len() >= all))
    }

    pub(super) fn canonical_or_fill(&mut self, state: PackedState) -> Result<PackedState, Full> {
        loop {
            if let Some(state) = self.canonical(state) {
                return Ok(state);
            }
            self.fill_canonical(&state)?;
        }
    }

    /// Fills what the reductions need to know of `state`'s successors.
    pub(super) fn fill_reductions(&mut self, state: &PackedState) -> Result<(), Full> {
        let Some(reducer) = self.reducer.take() else { return Ok(()) };
        let mut successors = Vec::new();
        let filled = self.expand(*state, &mut successors);
        self.reducer = Some(reducer);
        debug_assert!(filled, "what is not about reductions is filled in before");
        successors.iter().try_for_each(|successor| self.fill_canonical(&successor.state))
    }

    fn fill_canonical(&mut self, state: &PackedState) -> Result<(), Full> {
        let reductions = self.reducer.as_ref().map_or(Reductions::NONE, |r| r.reductions);
        if reductions.dead {
            let mut bits = state.network.bits();
            for bit in ones(bits) {
                bits |= self.fill_effect(bit, state)?;
            }
            // What would be posted is asked, too.
            for bit in ones(bits & !state.network.bits()) {
                self.fill_effect(bit, state)?;
            }
        }
        if reductions.symmetry {
            symmetry::fill(self, *state)?;
        }
        Ok(())
    }

    /// Makes known what the arrival of a packet does; what it posts.
    fn fill_effect(&mut self, bit: u32, state: &PackedState) -> Result<u128, Full> {
        let kind = self.kinds[bit as usize];
        let at = kind.subject as usize;
        if self.arrivals[at].at(state.ends[at], kind.column) == UNKNOWN {
            self.fill_arrival(bit, state.ends[at], state.notes)?;
        }
        Ok(self.effect(bit, state).map_or(0, |(_, posts)| posts))
    }

    /// Whether the arrival of a packet changes its endpoint, and what it posts. `None` if that is unknown.
    pub(super) fn effect(&self, bit: u32, state: &PackedState) -> Option<(bool, u128)> {
        let kind = self.kinds[bit as usize];
        let at = kind.subject as usize;
        let first = self.arrivals[at].at(state.ends[at], kind.column);
        match first {
            UNKNOWN => None,
            NOTHING => Some((false, 0)),
            first => {
                let ways = &self.steps[first as usize..];
                let ways = &ways[..usize::from(ways[0].ways)];
                let changes = ways.iter().any(|step| step.next != state.ends[at]);
                Some((changes, ways.iter().fold(0, |posts, step| posts | step.posts)))
            }
        }
    }

    fn without_dead_packets(&self, state: PackedState) -> Option<PackedState> {
        let bits = state.network.bits();
        let mut live = bits;
        for bit in ones(bits) {
            let (changes, posts) = self.effect(bit, &state)?;
            if changes {
                continue;
            }
            let mut matters = false;
            for posted in ones(posts & !bits) {
                let (changes, posts) = self.effect(posted, &state)?;
                matters |= changes || posts & !bits != 0;
            }
            if !matters {
                live &= !(1 << bit);
            }
        }
        Some(PackedState { network: super::state::Network::of(live), ..state })
    }
}
