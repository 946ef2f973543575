//! The rules as values: a struct of functions, and [`RFC9000`], their right constant.
//!
//! A mutant is `Rules { final_size_changes: forget, ..RFC9000 }`; see [`mutants`](crate::mutants).
//! Each field's right function stands here, under the section it comes from, and nowhere else.

use super::frame::{ErrorCode, Frame};
use super::identity::StreamRole;
use super::receiving::{ReceivingPart, RecvEvent, RecvState};
use super::sending::{Carriage, Reset, SendEvent, SendState, SendingPart, Step, covers};
use super::violation::Violation;

/// Everything about the model that a mutant may replace.
#[derive(Clone, Copy)]
#[allow(missing_docs)] // each field is documented at its right function below
pub struct Rules {
    pub send_table: fn(SendState, SendEvent) -> Step<SendState>,
    pub recv_table: fn(RecvState, RecvEvent) -> Step<RecvState>,
    pub may_send_stream: fn(SendState) -> bool,
    pub may_send_reset: fn(SendState) -> bool,
    pub may_send_stop: fn(RecvState) -> bool,
    pub all_acknowledged: fn(&SendingPart) -> bool,
    pub all_received: fn(&ReceivingPart) -> bool,
    pub readable: fn(&ReceivingPart) -> u64,
    pub end_is_reported: fn(&ReceivingPart) -> bool,
    pub reset_is_final: fn() -> bool,
    pub first_reset_wins: fn() -> bool,
    pub stop_is_answered: fn(SendState) -> bool,
    pub answering_code: fn(ErrorCode) -> ErrorCode,
    pub reset_code: fn(&Reset) -> ErrorCode,
    pub reset_final_size: fn(&SendingPart) -> u64,
    pub drop_resets: fn() -> bool,
    pub final_size_changes: fn(u64, u64) -> bool,
    pub final_size_is_below: fn(u64, u64) -> bool,
    pub data_is_beyond: fn(u64, u64) -> bool,
    pub final_size_of_fin: fn(u64, u64) -> u64,
    pub changed_final_size: fn(Violation) -> Violation,
    pub permitted: fn(StreamRole, bool, &Frame) -> Result<(), Violation>,
}

impl std::fmt::Debug for Rules {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Rules")
    }
}

/// The rules as RFC 9000 has them.
pub const RFC9000: Rules = Rules {
    send_table: SendState::on,
    recv_table: RecvState::on,
    may_send_stream,
    may_send_reset,
    may_send_stop,
    all_acknowledged,
    all_received: ReceivingPart::is_complete,
    readable: ReceivingPart::readable,
    end_is_reported,
    reset_is_final: || true,
    first_reset_wins: || true,
    stop_is_answered,
    answering_code: |code| code,
    reset_code: |reset| reset.code,
    reset_final_size: SendingPart::largest_sent,
    drop_resets: || true,
    final_size_changes: |known, stated| known != stated,
    final_size_is_below: |received, stated| stated < received,
    data_is_beyond: |known, end| end > known,
    final_size_of_fin: |offset, length| offset + length,
    changed_final_size: |violation| violation,
    permitted: super::permitted::permitted,
};

/// §3.3: a sender sends STREAM in Ready, Send and Data Sent, that is, until RESET_STREAM was sent or
/// everything was acknowledged.
fn may_send_stream(state: SendState) -> bool {
    match state {
        SendState::Ready | SendState::Send | SendState::DataSent => true,
        SendState::ResetSent | SendState::DataRecvd | SendState::ResetRecvd => false,
    }
}

/// §3.3: a sender sends RESET_STREAM in every state that is not terminal.
fn may_send_reset(state: SendState) -> bool {
    !state.is_terminal()
}

/// §3.3: a receiver sends STOP_SENDING until it has received a RESET_STREAM.
fn may_send_stop(state: RecvState) -> bool {
    match state {
        RecvState::Recv | RecvState::SizeKnown | RecvState::DataRecvd | RecvState::DataRead => true,
        RecvState::ResetRecvd | RecvState::ResetRead => false,
    }
}

/// §3.1: all data and the end of the stream are acknowledged.
fn all_acknowledged(part: &SendingPart) -> bool {
    part.ended && part.fin == Carriage::Acked && covers(&part.acked, part.written)
}

/// §3.2: the end is told when all data was received and all of it was read.
fn end_is_reported(part: &ReceivingPart) -> bool {
    let all_received = matches!(part.state, RecvState::DataRecvd | RecvState::DataRead);
    all_received && part.final_size == Some(part.read)
}

/// §3.5: STOP_SENDING must be answered in Ready and Send; in Data Sent the answer may wait, which
/// the manager's contract does not (C-2).
fn stop_is_answered(state: SendState) -> bool {
    match state {
        SendState::Ready | SendState::Send | SendState::DataSent => true,
        SendState::ResetSent | SendState::DataRecvd | SendState::ResetRecvd => false,
    }
}
