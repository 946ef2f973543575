//! What must be reachable, or the invariants would hold of an empty world: every state and edge of Figures 2
//! and 3 (§5.3), and the situations that §4 to §5.4 speak of.

use stateright::{Expectation, Property};

use crate::rfc::receiving::RecvState;
use crate::rfc::sending::SendState;

use super::super::frame::{Delivery, Frame, Packet};
use super::super::receiver::Told;
use super::super::sender::{Extent, Sender};
use super::super::violation::Violation;
use super::{Condition, ResetStreamAtPreset, ResetStreamAtState, ResetStreamAtWorld};

const SENDER: &[(&str, Condition)] = &[
    ("§4 RESET_STREAM_AT waits for credit", frame_waits),
    ("§5.1 RESET_STREAM_AT follows a FIN", frame_after_fin),
    ("§5.1 RESET_STREAM_AT overtakes the FIN", frame_before_fin),
    ("§5.2 a smaller Reliable Size follows while data is lost", lowered_after_loss),
    ("§5.2 RESET_STREAM follows RESET_STREAM_AT", reset_after_frame),
    ("§5.2 a larger Reliable Size arrives after a smaller one", overtaken),
    ("§5.3 Ready is reached", in_send_state::<0>),
    ("§5.3 Send is reached", in_send_state::<1>),
    ("§5.3 Data Sent is reached", in_send_state::<2>),
    ("§5.3 Reset Sent is reached", in_send_state::<3>),
    ("§5.3 Data Recvd is reached by the sender", in_send_state::<4>),
    ("§5.3 Reset Recvd is reached by the sender", in_send_state::<5>),
    ("§5.3 Ready -> Send is taken", by_send_edge::<0, 1>),
    ("§5.3 Ready -> Reset Sent is taken", by_send_edge::<0, 3>),
    ("§5.3 Send -> Data Sent is taken", by_send_edge::<1, 2>),
    ("§5.3 Send -> Reset Sent is taken", by_send_edge::<1, 3>),
    ("§5.3 Data Sent -> Reset Sent is taken", by_send_edge::<2, 3>),
    ("§5.3 Data Sent -> Data Recvd is taken after RESET_STREAM_AT", done_by_frame),
    ("§5.3 Data Sent -> Data Recvd is taken by FIN before RESET_STREAM_AT", done_by_fin),
    ("§5.3 Reset Sent -> Reset Recvd is taken", by_send_edge::<3, 5>),
    ("§5.4 STOP_SENDING is answered after RESET_STREAM_AT", stopped_after_frame),
];

const RECEIVER: &[(&str, Condition)] = &[
    ("§5 data beyond the Reliable Size is delivered", read_beyond),
    ("§5 the reset is told at the Reliable Size", told_at_reliable_size),
    ("§5 a reset signal is suppressed", suppressed),
    ("§5.3 Recv is reached", in_recv_state::<0>),
    ("§5.3 Size Known is reached", in_recv_state::<1>),
    ("§5.3 Data Recvd is reached by the receiver", in_recv_state::<2>),
    ("§5.3 Reset Recvd is reached by the receiver", in_recv_state::<3>),
    ("§5.3 Data Read is reached", in_recv_state::<4>),
    ("§5.3 Reset Read is reached", in_recv_state::<5>),
    ("§5.3 Recv -> Size Known is taken", by_recv_edge::<0, 1>),
    ("§5.3 Recv -> Reset Recvd is taken", by_recv_edge::<0, 3>),
    ("§5.3 Size Known -> Data Recvd is taken", by_recv_edge::<1, 2>),
    ("§5.3 Size Known -> Reset Recvd is taken", by_recv_edge::<1, 3>),
    ("§5.3 Data Recvd -> Reset Recvd is taken (optional)", by_recv_edge::<2, 3>),
    ("§5.3 Data Recvd -> Data Read is taken", by_recv_edge::<2, 4>),
    ("§5.3 Reset Recvd -> Reset Read is taken", by_recv_edge::<3, 5>),
];

const HOSTILE: &[(&str, Condition)] = &[
    ("§3 ParameterNotEmpty is met", closed_for::<0>),
    ("§3 FrameNotNegotiated is met", closed_for::<1>),
    ("§4 ReliableBeyondFinalSize is met", closed_for::<2>),
    ("§4 BeyondStreamLimit is met", closed_for::<3>),
    ("§4 BeyondConnectionLimit is met", closed_for::<4>),
    ("§5.2 FinalSizeChanges is met", closed_for::<5>),
    ("§5.2 FinalSizeBelowReceived is met", closed_for::<6>),
    ("§5.2 DataBeyondFinalSize is met", closed_for::<7>),
    ("§5.2 CodeChanges is met", closed_for::<8>),
];

const VIOLATIONS: [Violation; 9] = [
    Violation::ParameterNotEmpty,
    Violation::FrameNotNegotiated,
    Violation::ReliableBeyondFinalSize,
    Violation::BeyondStreamLimit,
    Violation::BeyondConnectionLimit,
    Violation::FinalSizeChanges,
    Violation::FinalSizeBelowReceived,
    Violation::DataBeyondFinalSize,
    Violation::CodeChanges,
];

/// The Reliable Size of a RESET_STREAM_AT of this part and where it stands.
fn at(part: &Sender) -> Option<(u8, Delivery)> {
    let reset = part.reset?;
    match reset.extent {
        Extent::At(size) => Some((size, reset.delivery)),
        Extent::Nothing => None,
    }
}

fn frame_waits(world: &ResetStreamAtWorld, state: &ResetStreamAtState) -> bool {
    let due = state.sender.and_then(|part| at(&part)).map(|(_, delivery)| delivery);
    let frames = world.owed(state);
    due == Some(Delivery::Due)
        && !frames.iter().any(|frame| matches!(frame, Frame::ResetStreamAt { .. }))
}

fn frame_after_fin(_: &ResetStreamAtWorld, state: &ResetStreamAtState) -> bool {
    let Some(part) = state.sender else { return false };
    part.fin.was_sent() && at(&part).is_some_and(|(_, delivery)| delivery.was_sent())
}

fn frame_before_fin(_: &ResetStreamAtWorld, state: &ResetStreamAtState) -> bool {
    let fin = |packet: &Packet| matches!(packet, Packet::Frame(Frame::Stream { fin: true, .. }));
    let missing = state.receiver.is_some_and(|part| {
        part.reset.is_some() && part.final_size.is_some_and(|size| part.received.end() < size)
    });
    missing && state.network.iter().any(fin)
}

fn lowered_after_loss(_: &ResetStreamAtWorld, state: &ResetStreamAtState) -> bool {
    let Some(part) = state.sender else { return false };
    let sent = state.history.reliable_size.is_some_and(|size| part.lost.contains(size.max(1) - 1));
    sent && at(&part).is_some_and(|(size, _)| Some(size) < state.history.reliable_size)
}

fn reset_after_frame(_: &ResetStreamAtWorld, state: &ResetStreamAtState) -> bool {
    let frames = |plain: bool| {
        state.network.iter().any(|packet| match packet {
            Packet::Frame(Frame::ResetStream { .. }) => plain,
            Packet::Frame(Frame::ResetStreamAt { .. }) => !plain,
            Packet::Frame(Frame::StopSending { .. } | Frame::Stream { .. }) | Packet::Ack(_) => {
                false
            }
        })
    };
    frames(true) && frames(false)
}

fn overtaken(_: &ResetStreamAtWorld, state: &ResetStreamAtState) -> bool {
    let known = state.receiver.and_then(|part| part.reset).map(|reset| reset.reliable_size);
    state.network.iter().any(|packet| match packet {
        Packet::Frame(frame @ Frame::ResetStreamAt { .. }) => {
            known.is_some() && frame.reliable_size() > known
        }
        Packet::Frame(_) | Packet::Ack(_) => false,
    })
}

fn done_by_frame(world: &ResetStreamAtWorld, state: &ResetStreamAtState) -> bool {
    by_send_edge::<2, 4>(world, state) && state.history.reliable_size_acked.is_some_and(|s| s > 0)
}

fn done_by_fin(world: &ResetStreamAtWorld, state: &ResetStreamAtState) -> bool {
    let open = state.sender.and_then(|part| at(&part)).map(|(_, delivery)| delivery);
    by_send_edge::<2, 4>(world, state) && open == Some(Delivery::InFlight)
}

fn stopped_after_frame(_: &ResetStreamAtWorld, state: &ResetStreamAtState) -> bool {
    let Some(part) = state.sender else { return false };
    let stopped = state.receiver.is_some_and(|part| part.stop == Some(Delivery::Acked));
    stopped && part.state == SendState::ResetSent && state.history.reliable_size_acked == Some(1)
}

fn in_send_state<const STATE: usize>(_: &ResetStreamAtWorld, state: &ResetStreamAtState) -> bool {
    state.sender.is_some_and(|part| part.state == SendState::ALL[STATE])
}

fn by_send_edge<const FROM: usize, const TO: usize>(
    _: &ResetStreamAtWorld,
    state: &ResetStreamAtState,
) -> bool {
    state.history.send_from == Some(SendState::ALL[FROM])
        && state.sender.is_some_and(|part| part.state == SendState::ALL[TO])
}

fn read_beyond(_: &ResetStreamAtWorld, state: &ResetStreamAtState) -> bool {
    state.receiver.is_some_and(|part| {
        let reset = part.reset.filter(|_| part.told == Told::Reset);
        reset.is_some_and(|reset| part.read > reset.reliable_size)
    })
}

fn told_at_reliable_size(_: &ResetStreamAtWorld, state: &ResetStreamAtState) -> bool {
    state.receiver.is_some_and(|part| {
        let reset = part.reset.filter(|_| part.told == Told::Reset);
        reset.is_some_and(|reset| reset.reliable_size > 0 && part.read == reset.reliable_size)
            && part.final_size > Some(part.read)
    })
}

fn suppressed(_: &ResetStreamAtWorld, state: &ResetStreamAtState) -> bool {
    state.receiver.is_some_and(|part| part.told == Told::End && part.reset.is_some())
}

fn in_recv_state<const STATE: usize>(_: &ResetStreamAtWorld, state: &ResetStreamAtState) -> bool {
    state.receiver.is_some_and(|part| part.state == RecvState::ALL[STATE])
}

fn by_recv_edge<const FROM: usize, const TO: usize>(
    _: &ResetStreamAtWorld,
    state: &ResetStreamAtState,
) -> bool {
    state.history.recv_from == Some(RecvState::ALL[FROM])
        && state.receiver.is_some_and(|part| part.state == RecvState::ALL[TO])
}

fn closed_for<const VIOLATION: usize>(_: &ResetStreamAtWorld, state: &ResetStreamAtState) -> bool {
    state.receiver.is_some_and(|part| part.closed == Some(VIOLATIONS[VIOLATION]))
}

/// Everything that must be reachable in `preset`.
pub(super) fn all(preset: &ResetStreamAtPreset) -> Vec<Property<ResetStreamAtWorld>> {
    let own = if preset.hostile { HOSTILE } else { SENDER };
    let conditions = own.iter().chain(RECEIVER);
    conditions
        .map(|(name, condition)| Property {
            expectation: Expectation::Sometimes,
            name,
            condition: *condition,
        })
        .collect()
}
