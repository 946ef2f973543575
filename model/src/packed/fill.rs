//! How the tables of a packed world are filled.
//!
//! What is asked of the readable model is asked with a state in which everything is blank but the part that
//! the step is about; a step that is about more (the handshake) is asked with the whole state.

use stateright::Model;

use crate::rfc::coverage;
use crate::rfc::endpoint::Endpoint;
use crate::rfc::identity::Side;
use crate::worlds::streams::action::Action;
use crate::worlds::streams::state::StreamsState;

use super::reduce;
use super::state::{PackedState, ones};
use super::store::Full;
use super::world::{Guard, NO_ROW, NOTHING, Origin, PackedWorld, Step, UNKNOWN, stream_bit};

const MAX_STEPS: usize = 1 << 30;

impl PackedWorld {
    /// A state in which all is blank but one endpoint, the notes, and at most one packet.
    fn around(&self, at: usize, end: u32, notes: u32, packet: Option<u32>) -> StreamsState {
        let other = |side: Side| {
            let present = self.world.preset.hostile != Some(side);
            // Nothing arrives while the client is early; that is the client's own business.
            present.then(|| Endpoint { early: false, ..self.world.first_endpoint(side) })
        };
        let mut ends = Side::ALL.map(other);
        ends[at] = self.ends[at].get(end).clone();
        let [client, server] = ends;
        let network = packet.map(|bit| self.packets.get(bit).clone()).into_iter().collect();
        StreamsState { client, server, network, history: self.notes.get(notes).clone() }
    }

    /// Asks the readable model for everything that `state`'s successors depend on.
    ///
    /// # Errors
    ///
    /// [`Full`] if a successor cannot be packed.
    pub fn fill(&mut self, state: &PackedState) -> Result<(), Full> {
        for at in 0..2 {
            if self.rows[at][state.ends[at] as usize].calls == UNKNOWN {
                self.fill_row(at, state.ends[at], state.notes)?;
            }
        }
        let rows = [0, 1].map(|at: usize| self.rows[at][state.ends[at] as usize]);
        if rows[0].early {
            self.fill_handshakes(state)?;
        } else if !rows.iter().any(|row| row.unspecified) {
            for bit in ones(state.network.bits()) {
                let kind = self.kinds[bit as usize];
                let end = state.ends[kind.subject as usize];
                if self.arrivals[kind.subject as usize].at(end, kind.column) == UNKNOWN {
                    self.fill_arrival(bit, end, state.notes)?;
                }
            }
        }
        if !self.world.preset.twin {
            for step in self.steps_from(state) {
                self.fill_note(state.notes, step)?;
            }
        }
        self.fill_reductions(state)
    }

    fn fill_row(&mut self, at: usize, end: u32, notes: u32) -> Result<(), Full> {
        let side = Side::ALL[at];
        let state = self.around(at, end, notes, None);
        let mut actions = Vec::new();
        self.world.actions(&state, &mut actions);
        let (mut calls, mut sends, mut hostile) = (Vec::new(), Vec::new(), Vec::new());
        for action in actions {
            match &action {
                Action::App { side: whose, .. } if *whose == side => calls.push(action),
                Action::Transmit { side: whose }
                | Action::SendFrame { side: whose, .. }
                | Action::DetectLoss { side: whose }
                    if *whose == side =>
                {
                    sends.push(action);
                }
                Action::Hostile { .. } if state.endpoint(side).is_some() => hostile.push(action),
                Action::App { .. }
                | Action::Transmit { .. }
                | Action::SendFrame { .. }
                | Action::DetectLoss { .. }
                | Action::Hostile { .. }
                | Action::Deliver { .. }
                | Action::Duplicate { .. }
                | Action::Lose { .. }
                | Action::Handshake { .. } => {}
            }
        }
        let here = state.endpoint(side);
        let mut row = NO_ROW;
        row.unspecified = here.is_some_and(Endpoint::is_unspecified);
        row.early = here.is_some_and(|here| side == Side::Client && here.early);
        row.calls = self.add_steps(at, end, notes, None, calls)?;
        row.sends = self.add_steps(at, end, notes, None, sends)?;
        row.hostile = self.add_steps(at, end, notes, None, hostile)?;
        row.end = self.steps.len() as u32;
        self.rows[at][end as usize] = row;
        Ok(())
    }

    pub(super) fn fill_arrival(&mut self, bit: u32, end: u32, notes: u32) -> Result<(), Full> {
        let kind = self.kinds[bit as usize];
        let at = kind.subject as usize;
        let state = self.around(at, end, notes, Some(bit));
        let packet = self.packets.get(bit);
        let mut actions = Vec::new();
        self.world.actions(&state, &mut actions);
        let arrives = |action: &Action| match action {
            Action::Deliver { packet: which, .. } => which == packet,
            // Where every packet stays, it is delivered by a copy.
            Action::Duplicate { packet: which, .. } => {
                self.world.preset.network_faults.keeps && which == packet
            }
            Action::App { .. }
            | Action::Transmit { .. }
            | Action::SendFrame { .. }
            | Action::Lose { .. }
            | Action::DetectLoss { .. }
            | Action::Handshake { .. }
            | Action::Hostile { .. } => false,
        };
        for action in &actions {
            // Steps that leave the endpoints alone are taken from the network itself.
            if matches!(action, Action::Lose { .. } | Action::Duplicate { .. }) {
                coverage::took_action(action.kind());
            }
        }
        actions.retain(arrives);
        let first = self.add_steps(at, end, notes, Some(bit), actions)?;
        let ways = self.steps.len() - first as usize;
        let entry = if ways == 0 { NOTHING } else { first };
        if let Some(step) = self.steps.get_mut(first as usize) {
            step.ways = u8::try_from(ways).map_err(|_| Full { what: "ways", limit: 255 })?;
        }
        let arrivals = &mut self.arrivals[at];
        arrivals.first[end as usize * arrivals.stride + kind.column as usize] = entry;
        Ok(())
    }

    /// Adds what these actions do to an endpoint; where they begin in `steps`.
    fn add_steps(
        &mut self,
        at: usize,
        from: u32,
        notes: u32,
        packet: Option<u32>,
        actions: Vec<Action>,
    ) -> Result<u32, Full> {
        let first = self.steps.len();
        for action in actions {
            let origin = Origin { place: at as u8, from, packet, action };
            let guard = match origin.action {
                Action::Transmit { .. } => Guard::Room,
                Action::SendFrame { .. } => Guard::RoomFor,
                Action::DetectLoss { .. } => Guard::NothingUnderWay,
                Action::App { .. }
                | Action::Deliver { .. }
                | Action::Duplicate { .. }
                | Action::Lose { .. }
                | Action::Handshake { .. }
                | Action::Hostile { .. } => Guard::Always,
            };
            let Some(next) = self.after(&origin, notes) else { continue };
            let mut posts = 0;
            for packet in &next.network {
                posts |= 1 << self.packet(packet)?;
            }
            if let Action::Duplicate { .. } = origin.action {
                posts &= !packet.map_or(0, |bit| 1_u128 << bit);
            }
            let to = self.end(at, next.endpoint(Side::ALL[at]).cloned())?;
            let delta = self.ends[at].hash_of(to).wrapping_sub(self.ends[at].hash_of(from));
            if self.steps.len() >= MAX_STEPS {
                return Err(Full { what: "steps", limit: MAX_STEPS });
            }
            let stream = stream_bit(reduce::subject(&origin.action));
            self.steps.push(Step { posts, delta, next: to, ways: 0, stream, guard });
            self.origins.push(origin);
        }
        Ok(first as u32)
    }

    /// The readable model's answer to a step, from notes.
    fn after(&self, origin: &Origin, notes: u32) -> Option<StreamsState> {
        let state = self.around(origin.place as usize, origin.from, notes, origin.packet);
        self.world.next_state(&state, origin.action.clone())
    }

    fn fill_note(&mut self, notes: u32, step: u32) -> Result<(), Full> {
        if self.noted.contains_key(&(notes, step)) {
            return Ok(());
        }
        let after = self.after(&self.origins[step as usize], notes);
        let next = match after {
            Some(next) => self.notes.number(next.history)?,
            // What an endpoint can do does not depend on who watches.
            None => unreachable!("a step that is possible under other notes"),
        };
        self.noted.insert((notes, step), next);
        Ok(())
    }

    fn fill_handshakes(&mut self, state: &PackedState) -> Result<(), Full> {
        if self.handshakes.contains_key(state) {
            return Ok(());
        }
        let readable = self.unpack(state);
        let mut actions = Vec::new();
        self.world.actions(&readable, &mut actions);
        let mut after = Vec::new();
        for action in actions {
            if let Action::Handshake { .. } = action
                && let Some(next) = self.world.next_state(&readable, action.clone())
            {
                after.push((action, self.pack(&next)?));
            }
        }
        self.handshakes.insert(*state, after);
        Ok(())
    }
}
