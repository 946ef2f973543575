//! What can be said of the two endpoints alone, without an observer: one end of each stream against the other.
//! For the presets that have none, the twins and the naive worlds.

use rangemap::RangeSet;

use crate::rfc::receiving::{ReceivingPart, RecvState};
use crate::rfc::sending::{SendState, SendingPart};
use crate::worlds::streams::presets::Preset;

use super::{Condition, StreamsState, StreamsWorld};

pub(super) const INVARIANTS: &[(&str, Condition)] = &[
    ("§2.2 nothing arrives that was not sent", arrived_was_sent),
    ("§3.1 what is acknowledged has arrived", acknowledged_has_arrived),
    ("§3.2 nothing is read that has not arrived", read_has_arrived),
    ("§3.2 a reset that arrives was sent", reset_was_sent),
    ("§4.1 nothing is sent beyond the stream's limit", within_stream_limit),
    ("§4.1 nothing is used beyond the connection's limit", within_connection_limit),
    ("§4.1 only a limit that was advertised is believed", limit_was_advertised),
    ("§4.5 both ends know the same final size", one_final_size),
    ("§11.1 a peer that keeps the rules is never closed on", nobody_closes),
];

/// What has to be reachable in a preset.
pub(super) fn reachable(preset: &Preset) -> Vec<(&'static str, Condition)> {
    let mut all: Vec<(&str, Condition)> =
        vec![("§3.1 a stream is delivered", |_, state| some_sending(state, SendState::DataRecvd))];
    all.push(("§3.2 a stream is read to its end", |_, state| {
        some_receiving(state, RecvState::DataRead)
    }));
    if preset.calls.reset || preset.calls.abort_reading {
        all.push(("§3.1 a reset is acknowledged", |_, state| {
            some_sending(state, SendState::ResetRecvd)
        }));
        all.push(("§3.2 a reset is read", |_, state| some_receiving(state, RecvState::ResetRead)));
    }
    all
}

fn some_sending(state: &StreamsState, wanted: SendState) -> bool {
    state.endpoints().any(|end| end.sending_parts().any(|(_, part)| part.state == wanted))
}

fn some_receiving(state: &StreamsState, wanted: RecvState) -> bool {
    state.endpoints().any(|end| end.receiving_parts().any(|(_, part)| part.state == wanted))
}

/// Whether something is true of every stream that both ends have: what sends and what receives.
fn every_pair(state: &StreamsState, holds: impl Fn(&SendingPart, &ReceivingPart) -> bool) -> bool {
    state.endpoints().all(|sender| {
        let Some(receiver) = state.endpoint(sender.side.peer()) else { return true };
        let mut parts = sender.sending_parts();
        parts.all(|(id, sending)| receiver.receiving(id).is_none_or(|part| holds(sending, part)))
    })
}

fn is_within(inner: &RangeSet<u64>, outer: &RangeSet<u64>) -> bool {
    inner.iter().all(|range| outer.gaps(range).next().is_none())
}

fn arrived_was_sent(_: &StreamsWorld, state: &StreamsState) -> bool {
    every_pair(state, |sending, receiving| is_within(&receiving.received, &sending.sent))
}

/// Data that comes after a reset is acknowledged and not kept.
fn acknowledged_has_arrived(_: &StreamsWorld, state: &StreamsState) -> bool {
    every_pair(state, |sending, receiving| match receiving.state {
        RecvState::Recv | RecvState::SizeKnown | RecvState::DataRecvd | RecvState::DataRead => {
            is_within(&sending.acked, &receiving.received)
        }
        RecvState::ResetRecvd | RecvState::ResetRead => true,
    })
}

fn read_has_arrived(_: &StreamsWorld, state: &StreamsState) -> bool {
    every_pair(state, |_, receiving| match receiving.state {
        RecvState::Recv | RecvState::SizeKnown | RecvState::DataRecvd | RecvState::DataRead => {
            receiving.read == 0 || receiving.received.gaps(&(0..receiving.read)).next().is_none()
        }
        RecvState::ResetRecvd | RecvState::ResetRead => true,
    })
}

fn reset_was_sent(_: &StreamsWorld, state: &StreamsState) -> bool {
    every_pair(state, |sending, receiving| {
        let sent = sending.reset.is_some_and(|reset| reset.final_size.is_some());
        sent || !matches!(receiving.state, RecvState::ResetRecvd | RecvState::ResetRead)
    })
}

fn within_stream_limit(_: &StreamsWorld, state: &StreamsState) -> bool {
    every_pair(state, |sending, _| sending.largest_sent() <= sending.credit.limit)
}

fn within_connection_limit(_: &StreamsWorld, state: &StreamsState) -> bool {
    state.endpoints().all(|end| {
        let used: u64 = end.sending_parts().map(|(_, part)| part.used()).sum();
        used <= end.send_credit.limit
    })
}

fn limit_was_advertised(_: &StreamsWorld, state: &StreamsState) -> bool {
    every_pair(state, |sending, receiving| sending.credit.limit <= receiving.credit.advertised)
}

fn one_final_size(_: &StreamsWorld, state: &StreamsState) -> bool {
    every_pair(state, |sending, receiving| {
        let Some(size) = receiving.final_size else { return true };
        let reset = sending.reset.and_then(|reset| reset.final_size);
        reset == Some(size) || (sending.ended && sending.written == size)
    })
}

fn nobody_closes(_: &StreamsWorld, state: &StreamsState) -> bool {
    state.endpoints().all(|end| end.closed.is_none())
}

/// The names of the invariants.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    INVARIANTS.iter().map(|(name, _)| *name)
}
