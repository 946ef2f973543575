//! What is true of every state, in the draft's order, §3 to §5.4. Each name is a true sentence with its section
//! first; the two of RFC 9000 come last.
//!
//! Invariants compare the endpoints with one another and with the observer's
//! [`History`](super::history::History); none of them decides by a rule. What must be reachable is in
//! `reachability`.

mod reachability;

use stateright::{Expectation, Property};

use crate::rfc::receiving::RecvState;
use crate::rfc::sending::SendState;

use super::bytes::Size;
use super::frame::{Delivery, Frame, Packet};
use super::presets::ResetStreamAtPreset;
use super::receiver::{Receiver, Told};
use super::sender::{Extent, Sender, is_newest};
use super::state::ResetStreamAtState;
use super::violation::TransportError;
use super::world::ResetStreamAtWorld;

/// Whether a property has a subject in a preset.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Needs {
    Sender,
    Receiver,
    Hostile,
}

impl Needs {
    const fn met(self, preset: &ResetStreamAtPreset) -> bool {
        match self {
            Self::Sender => !preset.hostile,
            Self::Receiver => true,
            Self::Hostile => preset.hostile,
        }
    }
}

type Condition = fn(&ResetStreamAtWorld, &ResetStreamAtState) -> bool;

const INVARIANTS: &[(&str, Needs, Condition)] = &[
    ("§3 an offer is kept when the connection is resumed", Needs::Sender, offer_is_kept),
    ("§3 the frame goes only to a peer that receives it", Needs::Sender, frame_is_expected),
    ("§3 a parameter with a value closes the connection", Needs::Hostile, parameter_is_answered),
    ("§4 the Reliable Size is within the final size", Needs::Sender, reliable_within_final),
    ("§4 a malformed or unexpected frame closes the connection", Needs::Hostile, frame_is_answered),
    ("§4 nothing exceeds the receiver's limits", Needs::Sender, limits_are_kept),
    ("§4 a final size beyond a limit closes the connection", Needs::Hostile, limits_are_enforced),
    ("§4 the whole final size takes credit, once", Needs::Receiver, final_size_is_charged),
    ("§4 no credit comes back twice", Needs::Receiver, credit_comes_back_once),
    ("§4 at the end all credit has come back", Needs::Receiver, credit_comes_back),
    ("§4 a lost reset is sent again", Needs::Sender, reset_is_repeated),
    ("§5 what is below the Reliable Size is on its way", Needs::Sender, data_is_on_its_way),
    ("§5 nothing beyond the Reliable Size is sent again", Needs::Sender, nothing_needless),
    ("§5 the reader gets what was sent, in order", Needs::Receiver, reader_gets_a_prefix),
    (
        "§5 the reset is told after everything below the Reliable Size",
        Needs::Receiver,
        told_in_time,
    ),
    ("§5 the end is told only if nothing is missing", Needs::Receiver, end_in_time),
    ("§5.2 the Reliable Size never grows", Needs::Sender, reliable_size_shrinks),
    ("§5.2 the receiver expects the smallest Reliable Size", Needs::Receiver, smallest_counts),
    ("§5.2 the code never changes", Needs::Sender, code_is_fixed),
    ("§5.2 the final size never changes", Needs::Sender, final_size_is_fixed),
    ("§5.2 a changed final size closes the connection", Needs::Hostile, size_change_is_answered),
    ("§5.2 a changed code closes the connection", Needs::Hostile, code_change_is_answered),
    ("§5.3 the first RESET_STREAM_AT leads to Data Sent", Needs::Sender, frame_is_a_fin),
    ("§5.3 Data Recvd of the sender waits for all acknowledgements", Needs::Sender, not_too_soon),
    ("§5.3 Data Recvd of the sender comes with the last of them", Needs::Sender, not_too_late),
    ("§5.3 acknowledged means delivered", Needs::Sender, acknowledged_means_delivered),
    ("§5.3 Data Recvd waits for all data below the Reliable Size", Needs::Receiver, data_is_there),
    ("§5.3 Size Known ends with the last of it", Needs::Receiver, size_known_ends),
    ("§5.3 a terminal state stays terminal", Needs::Receiver, terminal_stays),
    ("§5.4 STOP_SENDING is answered with RESET_STREAM", Needs::Sender, stop_is_answered),
    ("§5.4 nothing but a repeat follows RESET_STREAM", Needs::Sender, silent_after_reset),
    ("RFC 9000 §11.1 a legal peer is never closed on", Needs::Sender, legal_peer_is_kept),
    ("RFC 9000 §11.1 a violation is answered with its own error", Needs::Hostile, close_is_right),
];

fn is_closed(state: &ResetStreamAtState) -> Option<TransportError> {
    state.receiver?.closed.map(|violation| violation.transport_error())
}

/// Whether a violation that calls for `error` was answered, or may be passed over.
fn answered(state: &ResetStreamAtState, error: TransportError) -> bool {
    let due = state.history.due.filter(|due| !due.optional && due.permits(error));
    due.is_none() || is_closed(state).is_some()
}

fn offer_is_kept(_: &ResetStreamAtWorld, state: &ResetStreamAtState) -> bool {
    !state.history.withdrawn
}

fn frame_is_expected(_: &ResetStreamAtWorld, state: &ResetStreamAtState) -> bool {
    !state.history.unasked
}

fn parameter_is_answered(_: &ResetStreamAtWorld, state: &ResetStreamAtState) -> bool {
    answered(state, TransportError::TransportParameterError)
}

fn reliable_within_final(_: &ResetStreamAtWorld, state: &ResetStreamAtState) -> bool {
    !state.history.beyond_final_size
}

fn frame_is_answered(_: &ResetStreamAtWorld, state: &ResetStreamAtState) -> bool {
    answered(state, TransportError::FrameEncodingError)
}

fn limits_are_kept(_: &ResetStreamAtWorld, state: &ResetStreamAtState) -> bool {
    !state.history.beyond_limit
}

fn limits_are_enforced(_: &ResetStreamAtWorld, state: &ResetStreamAtState) -> bool {
    answered(state, TransportError::FlowControlError)
}

fn final_size_is_charged(world: &ResetStreamAtWorld, state: &ResetStreamAtState) -> bool {
    let Some(part) = open(state) else { return true };
    world.charged(&part) == consumed(state)
}

fn open(state: &ResetStreamAtState) -> Option<Receiver> {
    let unspecified = state.history.due.is_some_and(|due| !due.optional);
    state.receiver.filter(|part| part.closed.is_none() && !unspecified)
}

/// How much credit the sender has consumed, from the notes alone.
fn consumed(state: &ResetStreamAtState) -> Size {
    state.history.highest.max(state.history.arrived_final_size.unwrap_or(0))
}

fn credit_comes_back_once(_: &ResetStreamAtWorld, state: &ResetStreamAtState) -> bool {
    open(state).is_none_or(|part| part.released <= consumed(state))
}

fn credit_comes_back(_: &ResetStreamAtWorld, state: &ResetStreamAtState) -> bool {
    open(state).is_none_or(|part| {
        let over = part.told != Told::Nothing && part.final_size.is_some();
        !over || part.released >= consumed(state)
    })
}

/// Whether a packet with a frame like this, or its acknowledgement, is in the network.
fn under_way(state: &ResetStreamAtState, like: impl Fn(&Frame) -> bool) -> bool {
    state.network.iter().any(|packet| match packet {
        Packet::Frame(frame) | Packet::Ack(frame) => like(frame),
    })
}

fn reset_is_repeated(world: &ResetStreamAtWorld, state: &ResetStreamAtState) -> bool {
    let open = is_closed(state).is_none();
    let Some(sender) = state.sender.filter(|part| open && !part.state.is_terminal()) else {
        return true;
    };
    let Some(reset) = sender.reset.filter(|reset| reset.delivery.was_sent()) else { return true };
    let owed = || world.owed(state).iter().any(|frame| is_newest(&reset, frame));
    let waits = under_way(state, |frame| is_newest(&reset, frame));
    reset.delivery == Delivery::Acked || waits || owed()
}

fn data_is_on_its_way(world: &ResetStreamAtWorld, state: &ResetStreamAtState) -> bool {
    let Some(sender) = state.sender.filter(|part| part.state == SendState::DataSent) else {
        return true;
    };
    let end = match sender.reset.map(|reset| reset.extent) {
        // One that was asked for and has not left promises nothing yet.
        Some(Extent::At(size)) => state.history.reliable_size.map_or(0, |sent| sent.min(size)),
        Some(Extent::Nothing) | None => return true,
    };
    let waits = |offset| under_way(state, |frame| frame.bytes().contains(offset));
    let missing = (0..end).find(|offset| !sender.acked.contains(*offset) && !waits(*offset));
    missing
        .is_none_or(|offset| world.owed(state).iter().any(|frame| frame.bytes().contains(offset)))
}

fn nothing_needless(_: &ResetStreamAtWorld, state: &ResetStreamAtState) -> bool {
    !state.history.needless
}

fn reader_gets_a_prefix(_: &ResetStreamAtWorld, state: &ResetStreamAtState) -> bool {
    state.receiver.is_none_or(|part| state.history.arrived.covers(part.read))
}

fn told_in_time(_: &ResetStreamAtWorld, state: &ResetStreamAtState) -> bool {
    !state.history.told_early
}

fn end_in_time(_: &ResetStreamAtWorld, state: &ResetStreamAtState) -> bool {
    !state.history.end_told_early
}

fn reliable_size_shrinks(_: &ResetStreamAtWorld, state: &ResetStreamAtState) -> bool {
    !state.history.reliable_size_grew
}

fn smallest_counts(_: &ResetStreamAtWorld, state: &ResetStreamAtState) -> bool {
    let waiting = open(state).filter(|part| part.state.awaits_data());
    let expected = waiting.map(|part| part.reset.map(|reset| reset.reliable_size));
    let right = expected.is_none_or(|size| size == state.history.arrived_reliable_size);
    right && !state.history.expects_more
}

fn code_is_fixed(_: &ResetStreamAtWorld, state: &ResetStreamAtState) -> bool {
    !state.history.code_changed
}

fn final_size_is_fixed(_: &ResetStreamAtWorld, state: &ResetStreamAtState) -> bool {
    !state.history.announced_changed
}

fn size_change_is_answered(_: &ResetStreamAtWorld, state: &ResetStreamAtState) -> bool {
    answered(state, TransportError::FinalSizeError)
}

fn code_change_is_answered(_: &ResetStreamAtWorld, state: &ResetStreamAtState) -> bool {
    answered(state, TransportError::StreamStateError)
}

fn frame_is_a_fin(_: &ResetStreamAtWorld, state: &ResetStreamAtState) -> bool {
    !state.history.not_data_sent
}

/// Whether the sender has every acknowledgement that §5.3 asks for, from the notes alone.
fn all_acknowledged(state: &ResetStreamAtState, sender: &Sender) -> bool {
    let notes = &state.history;
    let by_fin = notes.fin_acked && notes.announced.is_some_and(|size| notes.acked.covers(size));
    let by_frame = notes
        .reliable_size_acked
        .is_some_and(|size| notes.reliable_size == Some(size) && notes.acked.covers(size));
    let at = sender.reset.is_some_and(|reset| reset.extent != Extent::Nothing);
    let fin_without_reset = sender.reset.is_none_or(|_| at);
    by_frame && at || by_fin && fin_without_reset
}

fn not_too_soon(_: &ResetStreamAtWorld, state: &ResetStreamAtState) -> bool {
    let done = state.sender.filter(|part| part.state == SendState::DataRecvd);
    done.is_none_or(|part| all_acknowledged(state, &part))
}

fn not_too_late(_: &ResetStreamAtWorld, state: &ResetStreamAtState) -> bool {
    let waiting = state.sender.filter(|part| part.state == SendState::DataSent);
    waiting.is_none_or(|part| {
        // A reset that was asked for and has not left goes out first.
        let due = part.reset.is_some_and(|reset| reset.delivery == Delivery::Due);
        due || !all_acknowledged(state, &part)
    })
}

fn acknowledged_means_delivered(_: &ResetStreamAtWorld, state: &ResetStreamAtState) -> bool {
    let (Some(sender), Some(receiver)) = (&state.sender, &state.receiver) else { return true };
    let notes = &state.history;
    let size_known =
        notes.arrived_final_size.is_some() && notes.arrived_final_size == notes.announced;
    let promised = notes.reliable_size.or(notes.announced).unwrap_or(0);
    let over = receiver.told != Told::Nothing || receiver.state == RecvState::ResetRecvd;
    match sender.state {
        SendState::DataRecvd => size_known && (over || notes.arrived.covers(promised)),
        SendState::ResetRecvd => size_known,
        SendState::Ready | SendState::Send | SendState::DataSent | SendState::ResetSent => true,
    }
}

fn data_is_there(_: &ResetStreamAtWorld, state: &ResetStreamAtState) -> bool {
    let done = open(state).filter(|part| part.state == RecvState::DataRecvd);
    let notes = &state.history;
    done.is_none_or(|_| {
        let below = notes.arrived_reliable_size.or(notes.arrived_final_size);
        below.is_some_and(|size| notes.arrived.covers(size))
    })
}

fn size_known_ends(_: &ResetStreamAtWorld, state: &ResetStreamAtState) -> bool {
    let waiting = open(state).filter(|part| part.state == RecvState::SizeKnown);
    let notes = &state.history;
    waiting.is_none_or(|_| {
        let below = notes.arrived_reliable_size.or(notes.arrived_final_size);
        !below.is_some_and(|size| notes.arrived.covers(size))
    })
}

fn terminal_stays(_: &ResetStreamAtWorld, state: &ResetStreamAtState) -> bool {
    !state.history.left_terminal
}

fn stop_is_answered(_: &ResetStreamAtWorld, state: &ResetStreamAtState) -> bool {
    let reset = state.sender.and_then(|part| part.reset);
    !state.history.stop_arrived || reset.is_some_and(|reset| reset.extent == Extent::Nothing)
}

fn silent_after_reset(_: &ResetStreamAtWorld, state: &ResetStreamAtState) -> bool {
    !state.history.sent_late
}

fn legal_peer_is_kept(_: &ResetStreamAtWorld, state: &ResetStreamAtState) -> bool {
    is_closed(state).is_none()
}

fn close_is_right(_: &ResetStreamAtWorld, state: &ResetStreamAtState) -> bool {
    match (is_closed(state), state.history.due) {
        (Some(error), Some(due)) => due.permits(error),
        (Some(_), None) => false,
        (None, _) => true,
    }
}

/// Every property that has a subject in `preset`.
pub fn all(preset: &ResetStreamAtPreset) -> Vec<Property<ResetStreamAtWorld>> {
    let invariants = INVARIANTS.iter().filter(|(_, needs, _)| needs.met(preset));
    let mut properties: Vec<_> = invariants
        .map(|(name, _, condition)| Property {
            expectation: Expectation::Always,
            name,
            condition: *condition,
        })
        .collect();
    properties.extend(reachability::all(preset));
    properties
}
