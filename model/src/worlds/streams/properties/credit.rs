//! §4.1, §4.2, §4.6: credit is conserved, for data on a stream, for data on the connection, for streams.
//!
//! *Never lost*: what was taken or thrown away is given back, in full. *Never given twice*: and no more.
//! *Equal at both ends*: when nothing is under way, what one end calls the limit, and what it calls used, is
//! what the other end calls so.

use crate::rfc::credit::SendCredit;
use crate::rfc::endpoint::Endpoint;
use crate::rfc::identity::{ByDirection, Direction, Side, StreamId};
use crate::rfc::receiving::RecvState;

use super::{Condition, Needs, StreamsState, StreamsWorld, every_flow, flows, is_quiet};

pub(super) const INVARIANTS: &[(&str, Needs, Condition)] = &[
    ("§4.1 no data is sent beyond the stream's limit", Needs::Sender, within_stream_limit),
    ("§4.1 no data is sent beyond the connection's limit", Needs::Sender, within_connection_limit),
    ("§4.1 a limit never shrinks", Needs::Any, limits_never_shrink),
    ("§4.1 both ends count the same data", Needs::Both, same_data),
    ("§4.1 a limit that was advertised arrives in the end", Needs::Both, same_limits),
    ("§4.1 who is blocked says so", Needs::Sender, blocked_is_told),
    ("§4.2 the stream's credit is never given twice", Needs::Receiver, stream_credit_once),
    ("§4.2 the stream's credit is never lost", Needs::Receiver, stream_credit_kept),
    ("§4.2 the connection's credit is never given twice", Needs::Any, connection_credit_once),
    ("§4.2 the connection's credit is never lost", Needs::Any, connection_credit_kept),
    ("§4.6 no stream is opened beyond the peer's limit", Needs::Opening, within_open_limit),
    ("§4.6 credit for streams is never given twice", Needs::Any, streams_once),
    ("§4.6 credit for streams is never lost", Needs::Any, streams_kept),
    ("§19.12 who says that it is blocked is blocked there", Needs::Any, blocked_is_true),
];

fn within_stream_limit(_: &StreamsWorld, state: &StreamsState) -> bool {
    every_flow(state, |flow| {
        let Some(sender) = flow.sender else { return true };
        let initial = sender.peer.on_stream(sender.side.peer(), flow.stream_id);
        flow.notes.highest_sent <= initial.max(flow.notes.limit)
    })
}

fn within_connection_limit(_: &StreamsWorld, state: &StreamsState) -> bool {
    state.endpoints().all(|endpoint| {
        let side = endpoint.side;
        let sent: u64 = flows(state)
            .filter(|flow| flow.sender.is_some_and(|sender| sender.side == side))
            .map(|flow| flow.notes.highest_sent)
            .sum();
        sent <= endpoint.peer.max_data.max(state.history.ledger(side).max_data)
    })
}

fn limits_never_shrink(_: &StreamsWorld, state: &StreamsState) -> bool {
    let kept = Side::ALL.iter().all(|side| !state.history.ledger(*side).limit_shrank);
    kept && state.endpoints().all(|endpoint| {
        let ledger = state.history.ledger(endpoint.side);
        Direction::ALL.into_iter().all(|direction| {
            let told = *endpoint.peer.streams().of(direction).max(ledger.max_streams.of(direction));
            endpoint.closed.is_some() || endpoint.opens.of(direction).credit.limit >= told
        })
    })
}

fn blocked_is_told(world: &StreamsWorld, state: &StreamsState) -> bool {
    !open_and_quiet(world, state)
        || state.endpoints().all(|endpoint| {
            let streams = Direction::ALL.into_iter();
            let told = |credit: &SendCredit| credit.due().is_none();
            // Once nobody could write any more, nothing is kept back (§13.3).
            (told(&endpoint.send_credit) || !endpoint.is_held_back())
                && streams.into_iter().all(|d| told(&endpoint.opens.of(d).credit))
                && endpoint.sending_parts().all(|(_, part)| part.blocked_due().is_none())
        })
}

fn open_and_quiet(world: &StreamsWorld, state: &StreamsState) -> bool {
    is_quiet(world, state) && state.endpoints().all(|endpoint| endpoint.closed.is_none())
}

fn same_data(world: &StreamsWorld, state: &StreamsState) -> bool {
    if !open_and_quiet(world, state) {
        return true;
    }
    every_flow(state, |flow| {
        let sent = flow.sending.map_or(0, |part| part.used());
        let received = flow.receiving.map_or(0, |part| part.consumed());
        // Who resets a stream of which nothing was ever seen has not used anything of it.
        sent == received
    })
}

fn same_limits(world: &StreamsWorld, state: &StreamsState) -> bool {
    if !open_and_quiet(world, state) {
        return true;
    }
    let of_streams = every_flow(state, |flow| match (flow.sending, flow.receiving) {
        (Some(sending), Some(receiving)) if receiving.state == RecvState::Recv => {
            let matters = !sending.ended && sending.reset.is_none();
            !matters || sending.credit.limit == receiving.credit.advertised
        }
        (_, Some(_) | None) => true,
    });
    let of_connection = Side::ALL.into_iter().all(|side| {
        let (Some(one), Some(other)) = (state.endpoint(side), state.endpoint(side.peer())) else {
            return true;
        };
        let streams = Direction::ALL.into_iter().all(|direction| {
            one.opens.of(direction).credit.limit == other.admits.of(direction).credit.advertised
        });
        streams && one.send_credit.limit == other.receive_credit.advertised
    });
    of_streams && of_connection
}

fn stream_credit_once(_: &StreamsWorld, state: &StreamsState) -> bool {
    every_flow(state, |flow| {
        let Some(receiver) = flow.receiver else { return true };
        let window = receiver.local.on_stream(receiver.side, flow.stream_id);
        flow.notes.advertised <= window + flow.notes.taken
    })
}

fn stream_credit_kept(world: &StreamsWorld, state: &StreamsState) -> bool {
    let quiet = open_and_quiet(world, state);
    every_flow(state, |flow| {
        let (Some(receiver), Some(part)) = (flow.receiver, flow.receiving) else { return true };
        let window = receiver.local.on_stream(receiver.side, flow.stream_id);
        let wanted = part.state == RecvState::Recv && part.stop.is_none();
        let given = window.max(flow.notes.advertised);
        // A peer that has used all of it, and was read to the end, has all of the window again.
        let stuck = flow.notes.taken >= given;
        !(quiet && wanted && stuck && window > 0)
    })
}

fn window_of(state: &StreamsState, endpoint: &Endpoint) -> u64 {
    endpoint.local.max_data.max(state.history.ledger(endpoint.side).window)
}

fn given_back(state: &StreamsState, side: Side) -> u64 {
    let received = state.history.flows.iter().filter(|(flow, _)| flow.sender != side);
    received.map(|(_, notes)| notes.given_back).sum()
}

fn connection_credit_once(_: &StreamsWorld, state: &StreamsState) -> bool {
    state.endpoints().all(|endpoint| {
        let advertised = state.history.ledger(endpoint.side).advertised;
        let back = given_back(state, endpoint.side);
        let counted = endpoint.closed.is_some() || endpoint.released() <= back;
        counted && advertised <= window_of(state, endpoint) + back
    })
}

fn connection_credit_kept(world: &StreamsWorld, state: &StreamsState) -> bool {
    let quiet = open_and_quiet(world, state);
    state.endpoints().all(|endpoint| {
        let back = given_back(state, endpoint.side);
        let counted = endpoint.closed.is_some() || endpoint.released() >= back;
        let ledger = state.history.ledger(endpoint.side);
        let advertised = endpoint.local.max_data.max(ledger.advertised);
        let window = endpoint.receive_credit.window;
        // Nothing but a threshold's worth is kept back when nothing else is left to do.
        let owed = (window + back).saturating_sub(advertised);
        counted && !(quiet && owed >= window.max(1))
    })
}

fn within_open_limit(_: &StreamsWorld, state: &StreamsState) -> bool {
    state.endpoints().all(|endpoint| {
        let ledger = state.history.ledger(endpoint.side);
        Direction::ALL.into_iter().all(|direction| {
            let initial = *endpoint.peer.streams().of(direction);
            *ledger.opened.of(direction) <= initial.max(*ledger.max_streams.of(direction))
        })
    })
}

/// How many of the peer's streams are over for `endpoint`: its application could do nothing with them
/// any more, and, if `told` asks for that, knows it.
fn over(state: &StreamsState, endpoint: &Endpoint, told: bool) -> ByDirection<u64> {
    let mut over = ByDirection::default();
    for (id, stream) in &endpoint.streams {
        if id.initiator() != endpoint.side {
            let sent = stream.sending.as_ref().is_none_or(|part| part.state.is_terminal());
            let received = stream.receiving.is_none() || is_read(state, endpoint, *id, told);
            *over.of_mut(id.direction()) += u64::from(sent && received);
        }
    }
    over
}

fn is_read(state: &StreamsState, endpoint: &Endpoint, id: StreamId, told: bool) -> bool {
    let notes = state.history.flow(id, endpoint.side.peer());
    let stopped = endpoint.receiving(id).is_some_and(|part| part.stop.is_some());
    notes.is_some_and(|notes| {
        let read = !told && notes.taken > 0 && notes.arrived_final_size == Some(notes.taken);
        read || notes.end_told
            || notes.reset_told
            || (stopped && notes.arrived_final_size.is_some())
    })
}

fn streams_once(_: &StreamsWorld, state: &StreamsState) -> bool {
    state.endpoints().all(|endpoint| {
        let over = over(state, endpoint, false);
        let ledger = state.history.ledger(endpoint.side);
        Direction::ALL.into_iter().all(|direction| {
            let initial = *endpoint.local.streams().of(direction);
            let window = initial.max(*ledger.stream_window.of(direction));
            *ledger.advertised_streams.of(direction) <= window + over.of(direction)
        })
    })
}

fn streams_kept(world: &StreamsWorld, state: &StreamsState) -> bool {
    let quiet = open_and_quiet(world, state);
    state.endpoints().all(|endpoint| {
        let over = over(state, endpoint, true);
        let ledger = state.history.ledger(endpoint.side);
        Direction::ALL.into_iter().all(|direction| {
            let initial = *endpoint.local.streams().of(direction);
            let window = endpoint.admits.of(direction).credit.window;
            let advertised = initial.max(*ledger.advertised_streams.of(direction));
            let owed = (window + over.of(direction)).saturating_sub(advertised);
            !(quiet && owed >= window.max(1))
        })
    })
}

fn blocked_is_true(_: &StreamsWorld, state: &StreamsState) -> bool {
    Side::ALL.iter().all(|side| !state.history.ledger(*side).blocked_untrue)
}
