//! Symmetry: streams in another order are the same streams.

use std::collections::BTreeMap;

use crate::rfc::endpoint::Endpoint;
use crate::rfc::frame::Frame;
use crate::rfc::identity::StreamId;
use crate::worlds::streams::action::{Carries, Frames, Packet};

use super::super::state::{Network, PackedState, ones};
use super::super::store::{Full, QuickMap};
use super::super::world::PackedWorld;

/// The orders other than the first, and what each makes of endpoints and packets.
#[derive(Debug, Default)]
pub(super) struct Orders {
    /// Where each stream goes, by ordinal.
    orders: Vec<Vec<u64>>,
    /// (order, place, endpoint) to endpoint.
    ends: QuickMap<(u32, u32, u32), u32>,
    /// (order, packet) to packet.
    packets: QuickMap<(u32, u32), u32>,
}

impl Orders {
    /// The state in the order in which its fingerprint is least; `None` if the tables lack something.
    pub(super) fn least(&self, world: &PackedWorld, state: PackedState) -> Option<PackedState> {
        let count = world.world().preset.opened;
        if count < 2 {
            return Some(state);
        }
        if self.orders.is_empty() {
            return None;
        }
        let mut least = (world.fingerprint(&state), state);
        for order in 0..self.orders.len() as u32 {
            let other = self.apply(order, &state)?;
            least = least.min((world.fingerprint(&other), other));
        }
        Some(least.1)
    }

    fn apply(&self, order: u32, state: &PackedState) -> Option<PackedState> {
        let end = |at: usize| self.ends.get(&(order, at as u32, state.ends[at])).copied();
        let mut bits = 0;
        for bit in ones(state.network.bits()) {
            bits |= 1 << self.packets.get(&(order, bit))?;
        }
        Some(PackedState { ends: [end(0)?, end(1)?], network: Network::of(bits), ..*state })
    }
}

/// Fills what is asked of a state and of the states alike.
pub(super) fn fill(world: &mut PackedWorld, state: PackedState) -> Result<(), Full> {
    let count = world.world().preset.opened;
    let orders = orders(count);
    for (number, order) in orders.iter().enumerate() {
        let number = number as u32;
        for at in 0..2 {
            let key = (number, at as u32, state.ends[at]);
            if !tables(world).ends.contains_key(&key) {
                let end = world.ends[at].get(state.ends[at]).clone();
                let other = end.map(|end| reorder(end, order));
                let other = world.end(at, other)?;
                tables(world).ends.insert(key, other);
            }
        }
        for bit in ones(state.network.bits()) {
            if !tables(world).packets.contains_key(&(number, bit)) {
                let other = packet(world.packets.get(bit), order);
                let other = world.packet(&other)?;
                tables(world).packets.insert((number, bit), other);
            }
        }
    }
    tables(world).orders = orders;
    Ok(())
}

fn tables(world: &mut PackedWorld) -> &mut Orders {
    match &mut world.reducer {
        Some(reducer) => &mut reducer.orders,
        None => unreachable!("only a reducer asks"),
    }
}

/// Every order of so many streams but the first.
fn orders(count: u64) -> Vec<Vec<u64>> {
    let mut all = vec![Vec::new()];
    for next in 0..count {
        let insert = |order: &Vec<u64>| {
            (0..=order.len())
                .map(|place| {
                    let mut longer = order.clone();
                    longer.insert(place, next);
                    longer
                })
                .collect::<Vec<_>>()
        };
        all = all.iter().flat_map(insert).collect();
    }
    let first: Vec<u64> = (0..count).collect();
    all.retain(|order| *order != first);
    all.sort();
    all
}

fn moved(id: StreamId, order: &[u64]) -> StreamId {
    let to = order.get(id.ordinal() as usize).copied().unwrap_or(id.ordinal());
    StreamId::new(id.initiator(), id.direction(), to)
}

fn reorder(end: Endpoint, order: &[u64]) -> Endpoint {
    let streams: BTreeMap<_, _> =
        end.streams.iter().map(|(id, stream)| (moved(*id, order), stream.clone())).collect();
    Endpoint { streams, ..end }
}

fn packet(packet: &Packet, order: &[u64]) -> Packet {
    let frames = |frames: &Frames| {
        Frames::from(frames.iter().map(|frame| reframe(*frame, order)).collect::<Vec<_>>())
    };
    let carries = match &packet.carries {
        Carries::Frames(of) => Carries::Frames(frames(of)),
        Carries::Ack(of) => Carries::Ack(frames(of)),
    };
    Packet { to: packet.to, carries }
}

fn reframe(mut frame: Frame, order: &[u64]) -> Frame {
    match &mut frame {
        Frame::ResetStream { stream_id, .. }
        | Frame::StopSending { stream_id, .. }
        | Frame::Stream { stream_id, .. }
        | Frame::MaxStreamData { stream_id, .. }
        | Frame::StreamDataBlocked { stream_id, .. } => *stream_id = moved(*stream_id, order),
        Frame::MaxData { .. }
        | Frame::MaxStreams { .. }
        | Frame::DataBlocked { .. }
        | Frame::StreamsBlocked { .. }
        | Frame::ConnectionClose { .. } => {}
    }
    frame
}
