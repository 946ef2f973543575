//! What must be reachable: every state and edge of Figures 2 and 3, every row of Table 2, and the
//! situations that the invariants are about. An invariant about what never happens says nothing.

use stateright::{Expectation, Property};

use crate::rfc::call::SendOutcome;
use crate::rfc::choices::Choice;
use crate::rfc::endpoint::Endpoint;
use crate::rfc::identity::{Direction, Side};
use crate::rfc::receiving::RecvState;
use crate::rfc::sending::{ResetCause, SendState};
use crate::rfc::stop_sending::StopCause;
use crate::rfc::stream::Composite;
use crate::worlds::streams::presets::{Calls, Hostility};

use super::{Condition, Needs, Preset, StreamsState, StreamsWorld, flows};

const SEND_STATES: [(&str, Condition); 6] = [
    ("§3.1 Ready is reached", in_send_state::<0>),
    ("§3.1 Send is reached", in_send_state::<1>),
    ("§3.1 Data Sent is reached", in_send_state::<2>),
    ("§3.1 Reset Sent is reached", in_send_state::<3>),
    ("§3.1 Data Recvd is reached", in_send_state::<4>),
    ("§3.1 Reset Recvd is reached", in_send_state::<5>),
];

const RECV_STATES: [(&str, Condition); 6] = [
    ("§3.2 Recv is reached", in_recv_state::<0>),
    ("§3.2 Size Known is reached", in_recv_state::<1>),
    ("§3.2 Data Recvd is reached", in_recv_state::<2>),
    ("§3.2 Reset Recvd is reached", in_recv_state::<3>),
    ("§3.2 Data Read is reached", in_recv_state::<4>),
    ("§3.2 Reset Read is reached", in_recv_state::<5>),
];

const SEND_EDGES: [(&str, Condition); 7] = [
    ("§3.1 Ready -> Send is taken", by_send_edge::<0, 1>),
    ("§3.1 Ready -> Reset Sent is taken", by_send_edge::<0, 3>),
    ("§3.1 Send -> Data Sent is taken", by_send_edge::<1, 2>),
    ("§3.1 Send -> Reset Sent is taken", by_send_edge::<1, 3>),
    ("§3.1 Data Sent -> Reset Sent is taken", by_send_edge::<2, 3>),
    ("§3.1 Data Sent -> Data Recvd is taken", by_send_edge::<2, 4>),
    ("§3.1 Reset Sent -> Reset Recvd is taken", by_send_edge::<3, 5>),
];

const RECV_EDGES: [(&str, Condition); 6] = [
    ("§3.2 Recv -> Size Known is taken", by_recv_edge::<0, 1>),
    ("§3.2 Recv -> Reset Recvd is taken", by_recv_edge::<0, 3>),
    ("§3.2 Size Known -> Data Recvd is taken", by_recv_edge::<1, 2>),
    ("§3.2 Size Known -> Reset Recvd is taken", by_recv_edge::<1, 3>),
    ("§3.2 Data Recvd -> Data Read is taken", by_recv_edge::<2, 4>),
    ("§3.2 Reset Recvd -> Reset Read is taken", by_recv_edge::<3, 5>),
];

fn in_send_state<const STATE: usize>(_: &StreamsWorld, state: &StreamsState) -> bool {
    flows(state).any(|flow| flow.sending.is_some_and(|p| p.state == SendState::ALL[STATE]))
}

fn by_send_edge<const FROM: usize, const TO: usize>(
    _: &StreamsWorld,
    state: &StreamsState,
) -> bool {
    flows(state).any(|flow| {
        flow.notes.send_from == Some(SendState::ALL[FROM])
            && flow.sending.is_some_and(|part| part.state == SendState::ALL[TO])
    })
}

fn in_recv_state<const STATE: usize>(_: &StreamsWorld, state: &StreamsState) -> bool {
    flows(state).any(|flow| flow.receiving.is_some_and(|p| p.state == RecvState::ALL[STATE]))
}

fn by_recv_edge<const FROM: usize, const TO: usize>(
    _: &StreamsWorld,
    state: &StreamsState,
) -> bool {
    flows(state).any(|flow| {
        flow.notes.recv_from == Some(RecvState::ALL[FROM])
            && flow.receiving.is_some_and(|part| part.state == RecvState::ALL[TO])
    })
}

fn stopped_and_reset(_: &StreamsWorld, state: &StreamsState) -> bool {
    flows(state).any(|flow| {
        let reset = flow.sending.and_then(|part| part.reset);
        reset.is_some_and(|reset| reset.cause == ResetCause::StopSending)
    })
}

fn delivered_and_read(world: &StreamsWorld, state: &StreamsState) -> bool {
    flows(state).any(|flow| {
        let delivered = flow.notes.send_outcome == Some(SendOutcome::Delivered);
        let data = world.preset.length == 0 || flow.sending.is_some_and(|part| part.written > 0);
        delivered && flow.notes.end_told && data
    })
}

fn dropped_both(_: &StreamsWorld, state: &StreamsState) -> bool {
    flows(state).any(|flow| {
        let stop = flow.receiving.and_then(|part| part.stop);
        flow.notes.dropped_early && stop.is_some_and(|stop| stop.cause == StopCause::Dropped)
    })
}

// ---- credit ---------------------------------------------------------------------------------------

fn stream_limit_raised(_: &StreamsWorld, state: &StreamsState) -> bool {
    flows(state).any(|flow| {
        let initial = |sender: &Endpoint| sender.peer.on_stream(sender.side.peer(), flow.stream_id);
        let sender = flow.sender;
        sender.is_some_and(|sender| flow.notes.highest_sent > initial(sender))
    })
}

fn connection_limit_raised(_: &StreamsWorld, state: &StreamsState) -> bool {
    Side::ALL.into_iter().any(|side| {
        let sender = state.endpoint(side);
        sender.is_some_and(|sender| {
            let used: u64 = sender.sending_parts().map(|(_, part)| part.used()).sum();
            used > sender.peer.max_data
        })
    })
}

fn blocked_on_stream(_: &StreamsWorld, state: &StreamsState) -> bool {
    flows(state).any(|flow| flow.sending.is_some_and(|part| part.credit.blocked.is_some()))
}

fn blocked_on_connection(_: &StreamsWorld, state: &StreamsState) -> bool {
    state.endpoints().any(|endpoint| endpoint.send_credit.blocked.is_some())
}

fn blocked_on_streams(_: &StreamsWorld, state: &StreamsState) -> bool {
    state.endpoints().any(|endpoint| {
        Direction::ALL.into_iter().any(|d| endpoint.opens.of(d).credit.blocked.is_some())
    })
}

fn stream_opened_late(_: &StreamsWorld, state: &StreamsState) -> bool {
    state.endpoints().any(|endpoint| {
        let initial = endpoint.peer.streams();
        Direction::ALL.into_iter().any(|d| endpoint.opens.of(d).opened > *initial.of(d))
    })
}

fn closed_by_peer(_: &StreamsWorld, state: &StreamsState) -> bool {
    state.endpoints().any(|endpoint| {
        endpoint.closed.is_some_and(|close| close.cause == crate::rfc::endpoint::Cause::Peer)
    })
}

// ---- Table 2 --------------------------------------------------------------------------------------

const COMPOSITES: [(&str, Condition); 5] = [
    ("§3.4 idle is reached", is_composite::<0>),
    ("§3.4 open is reached", is_composite::<1>),
    ("§3.4 half-closed (remote) is reached", is_composite::<2>),
    ("§3.4 half-closed (local) is reached", is_composite::<3>),
    ("§3.4 closed is reached", is_composite::<4>),
];

fn is_composite<const ROW: usize>(_: &StreamsWorld, state: &StreamsState) -> bool {
    let mut streams = state.endpoints().flat_map(|endpoint| endpoint.streams.values());
    streams.any(|stream| stream.composite() == Some(Composite::ALL[ROW]))
}

/// Every name.
pub(super) fn names() -> Vec<&'static str> {
    let lists: [&[(&'static str, Condition)]; 6] =
        [&SEND_STATES, &RECV_STATES, &SEND_EDGES, &RECV_EDGES, &COMPOSITES, &OTHERS];
    lists.iter().flat_map(|list| list.iter()).map(|(name, _)| *name).collect()
}

const RESET_AFTER_ALL_DATA: (&str, Condition) = OTHERS[0];
const DATA_AFTER_RESET: (&str, Condition) = OTHERS[1];
const STOPPED: (&str, Condition) = OTHERS[2];
const DELIVERED: (&str, Condition) = OTHERS[3];
const DROPPED: (&str, Condition) = OTHERS[4];
const STREAM_BLOCKED: (&str, Condition) = OTHERS[5];
const STREAM_RAISED: (&str, Condition) = OTHERS[6];
const CONNECTION_BLOCKED: (&str, Condition) = OTHERS[7];
const CONNECTION_RAISED: (&str, Condition) = OTHERS[8];
const STREAMS_BLOCKED: (&str, Condition) = OTHERS[9];
const STREAMS_RAISED: (&str, Condition) = OTHERS[10];
const CLOSED: (&str, Condition) = OTHERS[11];

const OTHERS: [(&str, Condition); 12] = [
    ("§3.2 Data Recvd -> Reset Recvd is taken (optional)", by_recv_edge::<2, 3>),
    ("§3.2 Reset Recvd -> Data Recvd is taken (optional)", by_recv_edge::<3, 2>),
    ("§3.5 a stopped sender resets", stopped_and_reset),
    ("§3.1 a stream is delivered and read to its end", delivered_and_read),
    ("§2.4 both handles are dropped early", dropped_both),
    ("§4.1 a stream's limit stops a writer", blocked_on_stream),
    ("§4.1 more is sent on a stream than its first limit", stream_limit_raised),
    ("§4.1 the connection's limit stops a writer", blocked_on_connection),
    ("§4.1 more is sent on the connection than its first limit", connection_limit_raised),
    ("§4.6 the limit on streams stops an open", blocked_on_streams),
    ("§4.6 more streams are opened than the first limit", stream_opened_late),
    ("§10.2 a peer's close arrives", closed_by_peer),
];

/// Adds what must be reachable in a preset.
pub(super) fn add(preset: &Preset, properties: &mut Vec<Property<StreamsWorld>>) {
    let mut reach = |conditions: &[(&'static str, Condition)]| {
        for (name, condition) in conditions {
            let expectation = Expectation::Sometimes;
            properties.push(Property { expectation, name, condition: *condition });
        }
    };
    let life = preset.hostility == Hostility::StreamLife;
    let Calls { reset, abort_reading, drop, close, open, .. } = preset.calls;
    if life && reset && abort_reading {
        add_figures(preset, &mut reach);
    }
    if preset.hostile.is_some() {
        return;
    }
    reach(&[DELIVERED]);
    if drop && !reset {
        reach(&[DROPPED]);
    }
    if close {
        reach(&[CLOSED]);
    }
    if preset.name.starts_with("bidi") {
        reach(&COMPOSITES);
    }
    let other = preset.parameters_of(preset.opener.peer());
    let limit = other.max_stream_data_uni;
    if preset.length > limit && preset.handshakes.is_empty() {
        reach(&[STREAM_BLOCKED, STREAM_RAISED]);
    }
    if preset.length * preset.opened.max(1) > other.max_data {
        reach(&[CONNECTION_BLOCKED, CONNECTION_RAISED]);
    }
    if open > other.max_streams_uni {
        reach(&[STREAMS_BLOCKED, STREAMS_RAISED]);
    }
}

fn add_figures(preset: &Preset, reach: &mut impl FnMut(&[(&'static str, Condition)])) {
    let two = preset.hostile.is_none();
    // Without data nothing waits between the end and the last byte, and Send is passed at once.
    let data = preset.length > 0;
    if Needs::Sender.met(preset) && data {
        reach(&SEND_STATES);
        reach(&SEND_EDGES);
        if preset.calls.abort_reading || !two {
            reach(&[STOPPED]);
        }
    }
    if Needs::Receiver.met(preset) && data {
        reach(&RECV_STATES);
        reach(&RECV_EDGES);
        if preset.way.choices.reset_after_all_data != Choice::Never {
            reach(&[RESET_AFTER_ALL_DATA]);
        }
        if preset.way.choices.data_completes_after_reset != Choice::Never {
            reach(&[DATA_AFTER_RESET]);
        }
    }
}
