//! §2.2 to §3.5 and §4.5: one direction of one stream.

use crate::rfc::receiving::RecvState;
use crate::rfc::sending::{ResetCause, SendState};
use crate::rfc::violation::TransportError;

use super::{Condition, FlowView, Needs, StreamsState, StreamsWorld, every_flow};

pub(super) const INVARIANTS: &[(&str, Needs, Condition)] = &[
    (
        "§2.2 what the reader gets is a prefix of what was written",
        Needs::Receiver,
        reader_gets_a_prefix,
    ),
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
    ("§3.3 MAX_STREAM_DATA is sent only in Recv", Needs::Receiver, limit_only_in_recv),
    ("§3.5 STOP_SENDING is answered with RESET_STREAM", Needs::Sender, stop_is_answered),
    ("§3.5 the answer carries the code of STOP_SENDING", Needs::Sender, answer_copies_code),
    ("§4.5 an announced final size never changes", Needs::Sender, announced_size_is_fixed),
    ("§4.5 a reset's final size is what was sent", Needs::Sender, reset_size_is_what_was_sent),
    ("§4.5 final size never changes", Needs::Receiver, final_size_never_changes),
    ("§4.5 no byte at or beyond the final size is accepted", Needs::Receiver, none_beyond),
    ("§4.5 both ends agree on the final size", Needs::Both, sizes_agree),
];

fn reader_gets_a_prefix(_: &StreamsWorld, state: &StreamsState) -> bool {
    every_flow(state, |flow| {
        let Some(part) = flow.receiving else { return true };
        let arrived = part.read == 0 || flow.notes.arrived.gaps(&(0..part.read)).next().is_none();
        arrived && flow.sending.is_none_or(|sending| part.read <= sending.written)
    })
}

fn drop_is_no_end(_: &StreamsWorld, state: &StreamsState) -> bool {
    every_flow(state, |flow| {
        !flow.notes.dropped_early || flow.sending.is_none_or(|part| !part.ended)
    })
}

fn one_send_outcome(_: &StreamsWorld, state: &StreamsState) -> bool {
    every_flow(state, |flow| !flow.notes.send_outcome_changed)
}

fn one_recv_outcome(_: &StreamsWorld, state: &StreamsState) -> bool {
    every_flow(state, |flow| !flow.notes.recv_outcome_changed)
}

fn acknowledged_means_delivered(_: &StreamsWorld, state: &StreamsState) -> bool {
    every_flow(state, |flow| {
        let acknowledged = flow.sending.is_some_and(|part| part.state == SendState::DataRecvd);
        let delivered = flow.receiving.is_some_and(|part| {
            let all = part.state != RecvState::Recv && part.state != RecvState::SizeKnown;
            all || part.is_complete()
        });
        !acknowledged || delivered
    })
}

fn sending_stays_terminal(_: &StreamsWorld, state: &StreamsState) -> bool {
    every_flow(state, |flow| !flow.notes.left_terminal_sending)
}

fn end_after_all(_: &StreamsWorld, state: &StreamsState) -> bool {
    every_flow(state, |flow| {
        let Some(part) = flow.receiving else { return true };
        // A reset may be suppressed once everything has arrived (C-1, C-3), so the sender need not have
        // ended the stream itself: what counts is that the final size it announced was read.
        let announced = flow.sending.is_none() || flow.notes.announced == Some(part.read);
        !flow.notes.end_told || (flow.notes.arrived_final_size == Some(part.read) && announced)
    })
}

fn no_end_after_reset(_: &StreamsWorld, state: &StreamsState) -> bool {
    every_flow(state, |flow| !flow.notes.end_after_reset)
}

fn receiving_stays_terminal(_: &StreamsWorld, state: &StreamsState) -> bool {
    every_flow(state, |flow| !flow.notes.left_terminal_receiving)
}

fn only_repeats_after_reset(_: &StreamsWorld, state: &StreamsState) -> bool {
    every_flow(state, |flow| !flow.notes.sent_after_reset)
}

fn silent_when_terminal(_: &StreamsWorld, state: &StreamsState) -> bool {
    every_flow(state, |flow| !flow.notes.sent_from_terminal)
}

fn no_needless_stop(_: &StreamsWorld, state: &StreamsState) -> bool {
    every_flow(state, |flow| !flow.notes.needless_stop)
}

fn limit_only_in_recv(_: &StreamsWorld, state: &StreamsState) -> bool {
    every_flow(state, |flow| !flow.notes.needless_limit)
}

fn stop_is_answered(_: &StreamsWorld, state: &StreamsState) -> bool {
    // Asked for, so that it goes out before anything else does; that it does go out is the judge's.
    every_flow(state, |flow| {
        let asked = flow.notes.stop_arrived.is_some();
        !asked || flow.sending.is_none_or(|part| part.reset.is_some())
    })
}

fn answer_copies_code(_: &StreamsWorld, state: &StreamsState) -> bool {
    every_flow(state, |flow| {
        let reset = flow.sending.and_then(|part| part.reset);
        match (flow.notes.stop_arrived, reset) {
            (Some(code), Some(reset)) if reset.cause == ResetCause::StopSending => {
                reset.code == code
            }
            (Some(_) | None, _) => true,
        }
    })
}

fn announced_size_is_fixed(_: &StreamsWorld, state: &StreamsState) -> bool {
    every_flow(state, |flow| !flow.notes.announced_changed)
}

fn reset_size_is_what_was_sent(_: &StreamsWorld, state: &StreamsState) -> bool {
    every_flow(state, |flow| {
        let size = flow.notes.reset_sent.and_then(|frame| frame.final_size());
        match (size, flow.sending) {
            (Some(size), Some(part)) => size == part.sent.last().map_or(0, |range| range.end),
            (Some(_) | None, _) => true,
        }
    })
}

fn final_size_never_changes(_: &StreamsWorld, state: &StreamsState) -> bool {
    // A frame that changes it is answered, not believed: the first size stays, or the end comes.
    let contradicted = state
        .history
        .due
        .is_some_and(|due| !due.optional && due.errors.has(TransportError::FinalSizeError));
    every_flow(state, |flow| {
        let Some(endpoint) = flow.receiver else { return true };
        let known = flow.receiving.and_then(|part| part.final_size);
        let believed = known.is_none() || known == flow.notes.arrived_final_size;
        believed && (!contradicted || endpoint.closed.is_some())
    })
}

fn none_beyond(_: &StreamsWorld, state: &StreamsState) -> bool {
    every_flow(state, |flow| {
        let open = flow.receiver.is_some_and(|endpoint| endpoint.closed.is_none());
        match (flow.notes.arrived_final_size, flow.receiving.filter(|_| open)) {
            (Some(size), Some(part)) => part.received.last().is_none_or(|range| range.end <= size),
            (Some(_), None) | (None, _) => true,
        }
    })
}

fn sizes_agree(_: &StreamsWorld, state: &StreamsState) -> bool {
    every_flow(state, |flow| {
        let believed = flow.receiving.and_then(|part| part.final_size);
        believed.is_none() || believed == meant(flow)
    })
}

fn meant(flow: &FlowView<'_>) -> Option<u64> {
    let part = flow.sending?;
    match part.reset {
        Some(reset) if reset.final_size.is_some() => reset.final_size,
        Some(_) | None => part.ended.then_some(part.written),
    }
}
