//! §2.1, §3.2, §7.4.1, §10.2, §11, §20.1: streams among each other, and the connection's end.

use crate::rfc::endpoint::{Cause, Errors};
use crate::rfc::identity::{Side, StreamId, StreamRole};
use crate::rfc::sending::ResetCause;
use crate::rfc::violation::TransportError;

use super::{Condition, Needs, StreamsState, StreamsWorld, every_flow, side_of_hostile_victim};

pub(super) const INVARIANTS: &[(&str, Needs, Condition)] = &[
    ("§2.1 a stream's ID is never used twice", Needs::Opening, ids_are_used_once),
    ("§3.2 a stream opens all before it", Needs::Any, no_gaps_between_streams),
    ("§3.4 a bidirectional stream has both its parts", Needs::Any, both_parts),
    ("§7.4.1 rejected 0-RTT leaves nothing behind", Needs::Early, rejection_forgets),
    ("§7.4.1 0-RTT is under the remembered limits", Needs::Early, early_limits_are_remembered),
    ("§10.2 nothing follows CONNECTION_CLOSE", Needs::Any, nothing_after_close),
    ("§10.2 whoever is told of a close is closed", Needs::Closing, a_close_is_final),
    ("§11.1 a legal peer is never closed on", Needs::Both, legal_peer_keeps_connection),
    ("§11.1 a frame without fault never closes", Needs::Hostile, close_has_a_reason),
    ("§11.2 nobody resets unasked", Needs::Both, resets_are_asked_for),
    ("§20.1 a violation is answered with its own error", Needs::Hostile, violation_is_answered),
];

fn ids_are_used_once(_: &StreamsWorld, state: &StreamsState) -> bool {
    Side::ALL.iter().all(|side| !state.history.ledger(*side).opened_out_of_order)
}

fn no_gaps_between_streams(_: &StreamsWorld, state: &StreamsState) -> bool {
    state.endpoints().all(|endpoint| {
        endpoint.streams.keys().all(|id| {
            let before = |ordinal| StreamId::new(id.initiator(), id.direction(), ordinal);
            (0..id.ordinal()).all(|ordinal| endpoint.streams.contains_key(&before(ordinal)))
        })
    })
}

fn both_parts(_: &StreamsWorld, state: &StreamsState) -> bool {
    state.endpoints().all(|endpoint| {
        let both = |id: &StreamId| id.role(endpoint.side) == StreamRole::Both;
        let mut streams = endpoint.streams.iter().filter(|(id, _)| both(id));
        streams.all(|(_, stream)| stream.sending.is_some() && stream.receiving.is_some())
    })
}

fn resets_are_asked_for(_: &StreamsWorld, state: &StreamsState) -> bool {
    // What an application asks for is its call; what the peer asks for, the peer's endpoint has.
    every_flow(state, |flow| {
        let cause = flow.sending.and_then(|part| part.reset).map(|reset| reset.cause);
        let stopped = flow.receiving.is_some_and(|part| part.stop.is_some());
        cause != Some(ResetCause::StopSending) || stopped
    })
}

fn rejection_forgets(_: &StreamsWorld, state: &StreamsState) -> bool {
    // After a rejection the observer begins again; so whatever the client has must be in its notes.
    let Some(client) = state.client.as_ref().filter(|client| !client.early) else { return true };
    let noted: u64 = {
        let opened = state.history.ledger(Side::Client).opened;
        opened.bidirectional + opened.unidirectional
    };
    let has = client.streams.keys().filter(|id| id.initiator() == Side::Client).count() as u64;
    has == noted
}

fn early_limits_are_remembered(world: &StreamsWorld, state: &StreamsState) -> bool {
    let Some(client) = state.client.as_ref().filter(|client| client.early) else { return true };
    let remembered = world.preset.parameters_of(Side::Server);
    let on_stream = |id: StreamId| remembered.on_stream(Side::Server, id);
    client.send_credit.limit == remembered.max_data
        && client.sending_parts().all(|(id, part)| part.credit.limit == on_stream(id))
}

fn nothing_after_close(_: &StreamsWorld, state: &StreamsState) -> bool {
    Side::ALL.iter().all(|side| !state.history.ledger(*side).sent_after_close)
}

fn a_close_is_final(_: &StreamsWorld, state: &StreamsState) -> bool {
    state.endpoints().all(|endpoint| {
        let told = state.history.ledger(endpoint.side.peer()).said_goodbye;
        let arrived = told && state.network.is_empty();
        !arrived || endpoint.closed.is_some()
    })
}

fn legal_peer_keeps_connection(_: &StreamsWorld, state: &StreamsState) -> bool {
    state.endpoints().all(|endpoint| match endpoint.closed.map(|close| close.cause) {
        Some(Cause::Violation { .. } | Cause::None) => false,
        Some(Cause::Application { .. } | Cause::Peer) | None => true,
    })
}

/// The error with which the victim has closed.
fn victims_error(world: &StreamsWorld, state: &StreamsState) -> Option<TransportError> {
    let victim = state.endpoint(side_of_hostile_victim(world)?)?;
    match victim.closed?.cause {
        Cause::Violation { violation, .. } => Some(violation.transport_error()),
        Cause::Application { .. } | Cause::Peer | Cause::None => None,
    }
}

fn close_has_a_reason(world: &StreamsWorld, state: &StreamsState) -> bool {
    state.history.due.is_some() || victims_error(world, state).is_none()
}

fn violation_is_answered(world: &StreamsWorld, state: &StreamsState) -> bool {
    let victim = side_of_hostile_victim(world).and_then(|side| state.endpoint(side));
    let accepted = victim.and_then(|victim| victim.errors_due()).unwrap_or(Errors::none());
    match (state.history.due, victims_error(world, state)) {
        (Some(due), Some(error)) => due.errors.has(error) && accepted == due.errors,
        (Some(due), None) => due.optional,
        (None, _) => true,
    }
}
