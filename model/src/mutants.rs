//! Every wrong rule, one line each, and the property that kills it.
//!
//! A mutant shows that a property can fail. Each is checked in one preset, in which RFC 9000's own
//! rules hold, and must break the property it names as soon as any: no shorter way to any other fault
//! exists there.

use crate::rfc::frame::{ErrorCode, Frame};
use crate::rfc::identity::StreamRole;
use crate::rfc::receiving::{ReceivingPart, RecvEvent, RecvState};
use crate::rfc::rules::{RFC9000, Rules};
use crate::rfc::sending::{SendEvent, SendState, SendingPart, Step};
use crate::rfc::violation::Violation;

/// A wrong rule.
#[derive(Clone, Copy, Debug)]
pub struct Mutant {
    /// The wrong behaviour, in the imperative.
    pub name: &'static str,
    /// The section it breaks.
    pub section: &'static str,
    /// The preset in which it is looked for.
    pub preset: &'static str,
    /// The property it breaks.
    pub killed_by: &'static str,
    /// The rules with the mistake.
    pub rules: Rules,
}

const fn mutant(
    name: &'static str,
    section: &'static str,
    preset: &'static str,
    killed_by: &'static str,
    rules: Rules,
) -> Mutant {
    Mutant { name, section, preset, killed_by, rules }
}

/// Every mutant, in the order of the sections they break.
#[rustfmt::skip] // one mutant, one line
pub const MUTANTS: &[Mutant] = &[
    mutant("deliver across a gap", "2.2", "uni", "§2.2 what the reader gets is a prefix of what was written", Rules { readable: across_gaps, ..RFC9000 }),
    mutant("end the stream when its handle is dropped", "2.4", "uni-drop", "§2.4 a dropped handle never looks like a complete message", Rules { drop_resets: || false, ..RFC9000 }),
    mutant("let STOP_SENDING overwrite a reset", "2.4", "uni", "§2.4 a sending part has one outcome", Rules { first_reset_wins: || false, ..RFC9000 }),
    mutant("call it acknowledged with data missing", "3.1", "uni", "§3.1 acknowledged means delivered", Rules { all_acknowledged: fin_alone, ..RFC9000 }),
    mutant("call it acknowledged with the end missing", "3.1", "uni", "§3.1 acknowledged means delivered", Rules { all_acknowledged: data_alone, ..RFC9000 }),
    mutant("take a second ACK for a reason to reset again", "3.1", "uni-double", "§3.1 a terminal sending state stays terminal", Rules { send_table: second_ack_reopens, ..RFC9000 }),
    mutant("report the end before all data arrived", "3.2", "uni", "§3.2 the end is told only when everything was delivered", Rules { end_is_reported: once_size_is_known, ..RFC9000 }),
    mutant("read a clean end after a reset", "3.2", "uni", "§3.2 a reset is never followed by a clean end", Rules { reset_is_final: || false, ..RFC9000 }),
    mutant("leave Data Read on RESET_STREAM", "3.2", "hostile-sender", "§3.2 a terminal receiving state stays terminal", Rules { recv_table: reset_after_read, ..RFC9000 }),
    mutant("send STREAM after RESET_STREAM", "3.3", "uni-free", "§3.3 nothing but a repeat follows RESET_STREAM", Rules { may_send_stream: |_| true, ..RFC9000 }),
    mutant("reset a delivered stream", "3.3", "uni-free", "§3.3 nothing is sent from a terminal state", Rules { may_send_reset: |_| true, ..RFC9000 }),
    mutant("send STOP_SENDING after a reset", "3.3", "uni-free", "§3.3 no STOP_SENDING follows a received reset", Rules { may_send_stop: |_| true, ..RFC9000 }),
    mutant("leave STOP_SENDING unanswered", "3.5", "uni", "§3.5 STOP_SENDING is answered with RESET_STREAM", Rules { stop_is_answered: |_| false, ..RFC9000 }),
    mutant("answer STOP_SENDING only before data", "3.5", "uni", "§3.5 STOP_SENDING is answered with RESET_STREAM", Rules { stop_is_answered: |state| matches!(state, SendState::Ready), ..RFC9000 }),
    mutant("answer STOP_SENDING with code 0", "3.5", "uni", "§3.5 the answer carries the code of STOP_SENDING", Rules { answering_code: |_| ErrorCode(0), ..RFC9000 }),
    mutant("change the code when RESET_STREAM is repeated", "13.3", "uni-lossy", "§3.3 nothing but a repeat follows RESET_STREAM", Rules { reset_code: |reset| ErrorCode(reset.code.0 + reset.final_size.map_or(0, |_| 1)), ..RFC9000 }),
    mutant("count unsent bytes into a reset's final size", "4.5", "uni", "§4.5 a reset's final size is what was sent", Rules { reset_final_size: |part| part.written, ..RFC9000 }),
    mutant("reset with final size 0", "4.5", "uni", "§4.5 a reset's final size is what was sent", Rules { reset_final_size: |_| 0, ..RFC9000 }),
    mutant("leave the last frame's data out of the final size", "4.5", "uni", "§4.5 both ends agree on the final size", Rules { final_size_of_fin: |offset, _| offset, ..RFC9000 }),
    mutant("forget final size", "4.5", "hostile-sender", "§4.5 final size never changes", Rules { final_size_changes: |_, _| false, ..RFC9000 }),
    mutant("accept a larger final size", "4.5", "hostile-sender", "§4.5 final size never changes", Rules { final_size_changes: |known, stated| stated < known, ..RFC9000 }),
    mutant("accept a final size below what was received", "4.5", "hostile-sender", "§4.5 final size never changes", Rules { final_size_is_below: |_, _| false, ..RFC9000 }),
    mutant("accept data beyond final size", "4.5", "hostile-sender", "§4.5 no byte at or beyond the final size is accepted", Rules { data_is_beyond: |_, _| false, ..RFC9000 }),
    mutant("compare with the final size off by one", "4.5", "uni", "§11.1 a legal peer is never closed on", Rules { data_is_beyond: |known, end| end >= known, ..RFC9000 }),
    mutant("call a changed final size a state error", "20.1", "hostile-sender", "§20.1 a violation is answered with its own error", Rules { changed_final_size: |_| Violation::StreamOnSendOnly, ..RFC9000 }),
    mutant("accept RESET_STREAM on a send-only stream", "19.4", "hostile-receiver", "§20.1 a violation is answered with its own error", Rules { permitted: reset_anywhere, ..RFC9000 }),
    mutant("accept STOP_SENDING on a receive-only stream", "19.5", "hostile-sender", "§20.1 a violation is answered with its own error", Rules { permitted: stop_anywhere, ..RFC9000 }),
    mutant("close on STOP_SENDING", "19.5", "uni", "§11.1 a legal peer is never closed on", Rules { permitted: stop_nowhere, ..RFC9000 }),
    mutant("close on an empty frame", "19.8", "hostile-sender", "§11.1 a frame without fault never closes", Rules { permitted: empty_frames_nowhere, ..RFC9000 }),
];

fn across_gaps(part: &ReceivingPart) -> u64 {
    part.largest_received().saturating_sub(part.read)
}

fn fin_alone(part: &SendingPart) -> bool {
    part.fin == crate::rfc::sending::Carriage::Acked
}

fn data_alone(part: &SendingPart) -> bool {
    part.ended && (part.acked.gaps(&(0..part.written.max(1))).next().is_none())
}

fn second_ack_reopens(state: SendState, event: SendEvent) -> Step<SendState> {
    match (state, event) {
        (SendState::ResetRecvd, SendEvent::RecvResetAck) => Step::Goto(SendState::ResetSent),
        (state, event) => state.on(event),
    }
}

fn once_size_is_known(part: &ReceivingPart) -> bool {
    part.final_size.is_some()
}

fn reset_after_read(state: RecvState, event: RecvEvent) -> Step<RecvState> {
    match (state, event) {
        (RecvState::DataRead, RecvEvent::RecvResetStream) => Step::Goto(RecvState::ResetRecvd),
        (state, event) => state.on(event),
    }
}

fn reset_anywhere(role: StreamRole, uncreated: bool, frame: &Frame) -> Result<(), Violation> {
    match frame {
        Frame::ResetStream { .. } => Ok(()),
        Frame::StopSending { .. } | Frame::Stream { .. } => {
            (RFC9000.permitted)(role, uncreated, frame)
        }
    }
}

fn stop_anywhere(role: StreamRole, uncreated: bool, frame: &Frame) -> Result<(), Violation> {
    match frame {
        Frame::StopSending { .. } => Ok(()),
        Frame::ResetStream { .. } | Frame::Stream { .. } => {
            (RFC9000.permitted)(role, uncreated, frame)
        }
    }
}

fn stop_nowhere(role: StreamRole, uncreated: bool, frame: &Frame) -> Result<(), Violation> {
    match frame {
        Frame::StopSending { .. } => Err(Violation::StopSendingNotCreated),
        Frame::ResetStream { .. } | Frame::Stream { .. } => {
            (RFC9000.permitted)(role, uncreated, frame)
        }
    }
}

fn empty_frames_nowhere(role: StreamRole, uncreated: bool, frame: &Frame) -> Result<(), Violation> {
    match frame {
        Frame::Stream { length: 0, .. } => Err(Violation::StreamOnSendOnly),
        Frame::Stream { .. } | Frame::ResetStream { .. } | Frame::StopSending { .. } => {
            (RFC9000.permitted)(role, uncreated, frame)
        }
    }
}
