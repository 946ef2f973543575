//! What is true of every state, and what must be reachable. In RFC order; each name is a true
//! sentence with its section first.
//!
//! Invariants compare the endpoints with one another and with the observer's
//! [`History`](super::history::History); none of them calls a rule.

use stateright::{Expectation, Property};

use crate::rfc::call::SendOutcome;
use crate::rfc::choices::Choice;
use crate::rfc::receiving::{RecvState, StopCause};
use crate::rfc::sending::{ResetCause, SendState, SendingPart};

use super::action::Role;
use super::presets::Preset;
use super::system::{World, WorldState};

/// Whether a property has a subject in a preset.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Needs {
    Sender,
    Receiver,
    Both,
    Hostile,
}

impl Needs {
    fn met(self, preset: &Preset) -> bool {
        match self {
            Self::Sender => preset.hostile != Some(Role::Sender),
            Self::Receiver => preset.hostile != Some(Role::Receiver),
            Self::Both => preset.hostile.is_none(),
            Self::Hostile => preset.hostile.is_some(),
        }
    }
}

type Condition = fn(&World, &WorldState) -> bool;

const INVARIANTS: &[(&str, Needs, Condition)] = &[
    (PREFIX, Needs::Receiver, reader_gets_a_prefix),
    ("§2.4 a dropped handle never looks like a complete message", Needs::Sender, drop_is_no_end),
    ("§2.4 a sending part has one outcome", Needs::Sender, one_send_outcome),
    ("§2.4 a receiving part has one outcome", Needs::Receiver, one_recv_outcome),
    ("§3.1 acknowledged means delivered", Needs::Both, acknowledged_means_delivered),
    ("§3.1 a terminal sending state stays terminal", Needs::Sender, sending_stays_terminal),
    ("§3.2 the end is told only when everything was delivered", Needs::Receiver, end_after_all),
    ("§3.2 a reset is never followed by a clean end", Needs::Receiver, no_end_after_reset),
    ("§3.2 a terminal receiving state stays terminal", Needs::Receiver, receiving_stays_terminal),
    ("§3.3 nothing but a repeat follows RESET_STREAM", Needs::Sender, only_repeats_after_reset),
    ("§3.3 nothing is sent from a terminal state", Needs::Sender, silent_when_terminal),
    ("§3.3 no STOP_SENDING follows a received reset", Needs::Receiver, no_needless_stop),
    ("§3.5 STOP_SENDING is answered with RESET_STREAM", Needs::Sender, stop_is_answered),
    ("§3.5 the answer carries the code of STOP_SENDING", Needs::Sender, answer_copies_code),
    ("§4.5 an announced final size never changes", Needs::Sender, announced_size_is_fixed),
    ("§4.5 a reset's final size is what was sent", Needs::Sender, reset_size_is_what_was_sent),
    ("§4.5 final size never changes", Needs::Receiver, final_size_never_changes),
    ("§4.5 no byte at or beyond the final size is accepted", Needs::Receiver, none_beyond),
    ("§4.5 both ends agree on the final size", Needs::Both, sizes_agree),
    ("§11.1 a legal peer is never closed on", Needs::Both, legal_peer_keeps_connection),
    ("§11.1 a frame without fault never closes", Needs::Hostile, close_has_a_reason),
    ("§20.1 a violation is answered with its own error", Needs::Hostile, violation_is_answered),
];

const PREFIX: &str = "§2.2 what the reader gets is a prefix of what was written";

fn reader_gets_a_prefix(_: &World, state: &WorldState) -> bool {
    let Some(part) = state.receiver.as_ref().and_then(|e| e.receiving.as_ref()) else {
        return true;
    };
    let arrived = part.read == 0 || state.history.arrived.gaps(&(0..part.read)).next().is_none();
    let written = sending(state).is_none_or(|sending| part.read <= sending.written);
    arrived && written
}

fn sending(state: &WorldState) -> Option<&SendingPart> {
    state.sender.as_ref()?.sending.as_ref()
}

fn drop_is_no_end(_: &World, state: &WorldState) -> bool {
    !state.history.dropped_early || sending(state).is_none_or(|part| !part.ended)
}

fn one_send_outcome(_: &World, state: &WorldState) -> bool {
    !state.history.send_outcome_changed
}

fn one_recv_outcome(_: &World, state: &WorldState) -> bool {
    !state.history.recv_outcome_changed
}

fn acknowledged_means_delivered(_: &World, state: &WorldState) -> bool {
    let delivered = || {
        let part = state.receiver.as_ref()?.receiving.as_ref()?;
        let all = part.state != RecvState::Recv && part.state != RecvState::SizeKnown;
        Some(all || part.is_complete())
    };
    let acknowledged = sending(state).is_some_and(|part| part.state == SendState::DataRecvd);
    !acknowledged || delivered() == Some(true)
}

fn sending_stays_terminal(_: &World, state: &WorldState) -> bool {
    !state.history.left_terminal_sending
}

fn end_after_all(_: &World, state: &WorldState) -> bool {
    let Some(part) = state.receiver.as_ref().and_then(|e| e.receiving.as_ref()) else {
        return true;
    };
    // A reset may be suppressed once everything has arrived (C-1, C-3), so the sender need not have
    // ended the stream itself: what counts is that the final size it announced was read.
    let announced = sending(state).is_none() || state.history.announced == Some(part.read);
    !state.history.end_told || (state.history.arrived_final_size == Some(part.read) && announced)
}

fn no_end_after_reset(_: &World, state: &WorldState) -> bool {
    !state.history.end_after_reset
}

fn receiving_stays_terminal(_: &World, state: &WorldState) -> bool {
    !state.history.left_terminal_receiving
}

fn only_repeats_after_reset(_: &World, state: &WorldState) -> bool {
    !state.history.sent_after_reset
}

fn silent_when_terminal(_: &World, state: &WorldState) -> bool {
    !state.history.sent_from_terminal
}

fn no_needless_stop(_: &World, state: &WorldState) -> bool {
    !state.history.needless_stop
}

fn stop_is_answered(_: &World, state: &WorldState) -> bool {
    let Some(part) = sending(state) else {
        return true;
    };
    // Asked for, so that it goes out before anything else does; that it does go out is the judge's.
    state.history.stop_arrived.is_none() || part.reset.is_some()
}

fn answer_copies_code(_: &World, state: &WorldState) -> bool {
    let reset = sending(state).and_then(|part| part.reset);
    match (state.history.stop_arrived, reset) {
        (Some(code), Some(reset)) if reset.cause == ResetCause::StopSending => reset.code == code,
        (Some(_) | None, _) => true,
    }
}

fn announced_size_is_fixed(_: &World, state: &WorldState) -> bool {
    !state.history.announced_changed
}

fn reset_size_is_what_was_sent(_: &World, state: &WorldState) -> bool {
    let size = state.history.reset_sent.and_then(|frame| frame.final_size());
    match (size, sending(state)) {
        (Some(size), Some(part)) => size == part.sent.last().map_or(0, |range| range.end),
        (Some(_) | None, _) => true,
    }
}

fn final_size_never_changes(_: &World, state: &WorldState) -> bool {
    let Some(endpoint) = &state.receiver else {
        return true;
    };
    let known = endpoint.receiving.as_ref().and_then(|part| part.final_size);
    // A frame that changes it is answered, not believed: the first size stays, or the end comes.
    let contradicted = state.history.due.is_some_and(|due| {
        !due.optional && due.error == crate::rfc::violation::TransportError::FinalSizeError
    });
    let believed = known.is_none() || known == state.history.arrived_final_size;
    believed && (!contradicted || endpoint.closed.is_some())
}

fn none_beyond(_: &World, state: &WorldState) -> bool {
    let open = state.receiver.as_ref().filter(|endpoint| endpoint.closed.is_none());
    let part = open.and_then(|endpoint| endpoint.receiving.as_ref());
    match (state.history.arrived_final_size, part) {
        (Some(size), Some(part)) => part.received.last().is_none_or(|range| range.end <= size),
        (Some(_), None) | (None, _) => true,
    }
}

fn sizes_agree(_: &World, state: &WorldState) -> bool {
    let receiving = state.receiver.as_ref().and_then(|endpoint| endpoint.receiving.as_ref());
    let believed = receiving.and_then(|part| part.final_size);
    let meant = sending(state).and_then(|part| match part.reset {
        Some(reset) if reset.final_size.is_some() => reset.final_size,
        Some(_) | None => part.ended.then_some(part.written),
    });
    believed.is_none() || believed == meant
}

fn legal_peer_keeps_connection(_: &World, state: &WorldState) -> bool {
    Role::ALL.iter().all(|role| state.endpoint(*role).is_none_or(|e| e.closed.is_none()))
}

fn victim_error(state: &WorldState) -> Option<crate::rfc::violation::TransportError> {
    let closed = Role::ALL.iter().find_map(|role| state.endpoint(*role)?.closed);
    closed.map(|close| close.violation.transport_error())
}

fn close_has_a_reason(_: &World, state: &WorldState) -> bool {
    state.history.due.is_some() || victim_error(state).is_none()
}

fn violation_is_answered(_: &World, state: &WorldState) -> bool {
    match (state.history.due, victim_error(state)) {
        (Some(due), Some(error)) => due.error == error,
        (Some(due), None) => due.optional,
        (None, _) => true,
    }
}

// ---- reachability ---------------------------------------------------------------------------------

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

const RESET_AFTER_ALL_DATA: (&str, Condition) =
    ("§3.2 Data Recvd -> Reset Recvd is taken (optional)", by_recv_edge::<2, 3>);
const DATA_AFTER_RESET: (&str, Condition) =
    ("§3.2 Reset Recvd -> Data Recvd is taken (optional)", by_recv_edge::<3, 2>);

fn in_send_state<const STATE: usize>(_: &World, state: &WorldState) -> bool {
    sending(state).is_some_and(|part| part.state == SendState::ALL[STATE])
}

fn by_send_edge<const FROM: usize, const TO: usize>(_: &World, state: &WorldState) -> bool {
    state.history.send_from == Some(SendState::ALL[FROM])
        && sending(state).is_some_and(|part| part.state == SendState::ALL[TO])
}

fn recv_state(state: &WorldState) -> Option<RecvState> {
    Some(state.receiver.as_ref()?.receiving.as_ref()?.state)
}

fn in_recv_state<const STATE: usize>(_: &World, state: &WorldState) -> bool {
    recv_state(state) == Some(RecvState::ALL[STATE])
}

fn by_recv_edge<const FROM: usize, const TO: usize>(_: &World, state: &WorldState) -> bool {
    state.history.recv_from == Some(RecvState::ALL[FROM])
        && recv_state(state) == Some(RecvState::ALL[TO])
}

fn stopped_and_reset(_: &World, state: &WorldState) -> bool {
    let stopped = sending(state).and_then(|part| part.reset);
    stopped.is_some_and(|reset| reset.cause == ResetCause::StopSending)
}

fn delivered_and_read(_: &World, state: &WorldState) -> bool {
    let delivered = state.history.send_outcome == Some(SendOutcome::Delivered);
    delivered && state.history.end_told && sending(state).is_some_and(|part| part.written > 0)
}

fn dropped_both(_: &World, state: &WorldState) -> bool {
    let receiving = state.receiver.as_ref().and_then(|endpoint| endpoint.receiving.as_ref());
    let stop = receiving.and_then(|part| part.stop);
    state.history.dropped_early && stop.is_some_and(|stop| stop.cause == StopCause::Dropped)
}

/// Every property that has a subject in `preset`.
pub fn all(preset: &Preset) -> Vec<Property<World>> {
    let mut properties = Vec::new();
    let mut push = |expectation: Expectation, name: &'static str, condition: Condition| {
        properties.push(Property { expectation, name, condition });
    };
    for (name, needs, condition) in INVARIANTS {
        if needs.met(preset) {
            push(Expectation::Always, name, *condition);
        }
    }
    let mut reach = |conditions: &[(&'static str, Condition)]| {
        for (name, condition) in conditions {
            push(Expectation::Sometimes, name, *condition);
        }
    };
    if Needs::Sender.met(preset) {
        reach(&SEND_STATES);
        reach(&SEND_EDGES);
        reach(&[("§3.5 a stopped sender resets", stopped_and_reset)]);
    }
    if Needs::Receiver.met(preset) {
        reach(&RECV_STATES);
        reach(&RECV_EDGES);
        if preset.choices.reset_after_all_data != Choice::Never {
            reach(&[RESET_AFTER_ALL_DATA]);
        }
        if preset.choices.data_completes_after_reset != Choice::Never {
            reach(&[DATA_AFTER_RESET]);
        }
    }
    if Needs::Both.met(preset) {
        reach(&[("§3.1 a stream is delivered and read to its end", delivered_and_read)]);
        if preset.calls.drop {
            reach(&[("§2.4 both handles are dropped early", dropped_both)]);
        }
    }
    properties
}
