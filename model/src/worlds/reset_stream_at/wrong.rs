//! Every wrong rule of §3 to §5.4, one line each, and the property that kills it.
//!
//! Each is checked in one preset, in which the draft's own rules hold, and must break the property it names as
//! soon as any.

use crate::rfc::frame::ErrorCode;
use crate::rfc::receiving::{RecvEvent, RecvState};
use crate::rfc::sending::{SendEvent, SendState, Step};

use super::bytes::Size;
use super::frame::{Delivery, Frame};
use super::receiver::Receiver;
use super::rules::{DRAFT, Rules};
use super::sender::{Extent, Reset, Sender};
use super::violation::Violation;

/// A wrong rule.
#[derive(Clone, Copy, Debug)]
pub struct Mutant {
    /// The wrong behaviour, in the imperative.
    pub name: &'static str,
    /// The section of the draft it breaks.
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
    mutant("accept a parameter with a value", "3", "reset-at-hostile", "§3 a parameter with a value closes the connection", Rules { is_legal: |_| true, ..DRAFT }),
    mutant("withdraw the extension from a resumed connection", "3", "reset-at", "§3 an offer is kept when the connection is resumed", Rules { kept_on_resumption: || false, ..DRAFT }),
    mutant("send RESET_STREAM_AT to whoever did not ask for it", "3", "reset-at", "§3 the frame goes only to a peer that receives it", Rules { may_use: |_| true, ..DRAFT }),
    mutant("accept RESET_STREAM_AT without having asked for it", "3", "reset-at-hostile", "§4 a malformed or unexpected frame closes the connection", Rules { is_known: |_| true, ..DRAFT }),
    mutant("accept a Reliable Size beyond the final size", "4", "reset-at-hostile", "§4 a malformed or unexpected frame closes the connection", Rules { reliable_is_beyond: |_, _| false, ..DRAFT }),
    mutant("refuse a Reliable Size equal to the final size", "4", "reset-at", "RFC 9000 §11.1 a legal peer is never closed on", Rules { reliable_is_beyond: |reliable_size, final_size| reliable_size >= final_size, ..DRAFT }),
    mutant("announce only what was sent as the final size", "4", "reset-at", "§4 the Reliable Size is within the final size", Rules { final_size: |part, _| part.sent.end(), ..DRAFT }),
    mutant("send RESET_STREAM_AT before there is credit", "4", "reset-at", "§4 nothing exceeds the receiver's limits", Rules { within_limits: |_, _| true, ..DRAFT }),
    mutant("skip the stream's limit for RESET_STREAM_AT", "4", "reset-at-hostile", "§4 a final size beyond a limit closes the connection", Rules { beyond_stream_limit: |frame, end, limit| end > limit && !is_at(frame), ..DRAFT }),
    mutant("skip the connection's limit for RESET_STREAM_AT", "4", "reset-at-hostile", "§4 a final size beyond a limit closes the connection", Rules { beyond_connection_limit: |frame, end, limit| end > limit && !is_at(frame), ..DRAFT }),
    mutant("charge the Reliable Size instead of the final size", "4", "reset-at", "§4 the whole final size takes credit, once", Rules { charged: up_to_the_reliable_size, ..DRAFT }),
    // RESET_STREAM's accounting for RESET_STREAM_AT as well.
    mutant("give unread credit back when RESET_STREAM_AT arrives", "4", "reset-at", "§4 no credit comes back twice", Rules { released_on_arrival: all_unread, ..DRAFT }),
    // MsQuic #6024, as its thread quotes it: that accounting, where nothing is left to deliver.
    mutant("give credit back only if all was read when RESET_STREAM_AT arrives", "4", "reset-at", "§4 at the end all credit has come back", Rules { released_on_arrival: unread_if_delivered, released_at_end: |_| 0, ..DRAFT }),
    mutant("keep the credit beyond the Reliable Size", "4", "reset-at", "§4 at the end all credit has come back", Rules { released_at_end: |_| 0, ..DRAFT }),
    mutant("forget a lost RESET_STREAM_AT", "4", "reset-at", "§4 a lost reset is sent again", Rules { reset_is_repeated: |_| false, ..DRAFT }),
    mutant("stop delivering as with RESET_STREAM", "5", "reset-at", "§5 what is below the Reliable Size is on its way", Rules { delivered: without_reset, sent_again: without_reset, ..DRAFT }),
    mutant("send lost data only without a reset", "5", "reset-at", "§5 what is below the Reliable Size is on its way", Rules { sent_again: without_reset, ..DRAFT }),
    mutant("send everything lost again", "5", "reset-at", "§5 nothing beyond the Reliable Size is sent again", Rules { sent_again: beyond_the_reliable_size, ..DRAFT }),
    mutant("deliver across a gap", "5", "reset-at", "§5 the reader gets what was sent, in order", Rules { readable: |part| part.received.end().saturating_sub(part.read), ..DRAFT }),
    mutant("tell the reset at once, as with RESET_STREAM", "5", "reset-at", "§5 the reset is told after everything below the Reliable Size", Rules { reset_is_told: |part| part.reset.is_some(), ..DRAFT }),
    mutant("tell a clean end at the Reliable Size", "5", "reset-at", "§5 the end is told only if nothing is missing", Rules { end_is_told: at_the_reliable_size, ..DRAFT }),
    mutant("raise the Reliable Size with another frame", "5.2", "reset-at", "§5.2 the Reliable Size never grows", Rules { may_send_another: |known, asked| known != asked, ..DRAFT }),
    mutant("obey the last RESET_STREAM_AT", "5.2", "reset-at", "§5.2 the receiver expects the smallest Reliable Size", Rules { lowers: |_, _| true, ..DRAFT }),
    mutant("obey only the first RESET_STREAM_AT", "5.2", "reset-at", "§5.2 the receiver expects the smallest Reliable Size", Rules { lowers: |_, _| false, ..DRAFT }),
    mutant("change the code in a second reset", "5.2", "reset-at", "§5.2 the code never changes", Rules { code_sent: |part, code| ErrorCode(code.0 + part.announced.map_or(0, u64::from)), ..DRAFT }),
    mutant("lower the final size with the Reliable Size", "5.2", "reset-at", "§5.2 the final size never changes", Rules { final_size_repeated: |part, _| part.sent.end(), ..DRAFT }),
    mutant("forget the final size", "5.2", "reset-at-hostile", "§5.2 a changed final size closes the connection", Rules { final_size_changes: |_, _| false, ..DRAFT }),
    mutant("accept a final size below what was received", "5.2", "reset-at-hostile", "§5.2 a changed final size closes the connection", Rules { final_size_is_below: |_, _| false, ..DRAFT }),
    mutant("accept data beyond the final size", "5.2", "reset-at-hostile", "§5.2 a changed final size closes the connection", Rules { data_is_beyond: |_, _| false, ..DRAFT }),
    mutant("accept another code", "5.2", "reset-at-hostile", "§5.2 a changed code closes the connection", Rules { code_changes: |_, _| false, ..DRAFT }),
    mutant("call another code another final size", "5.2", "reset-at-hostile", "RFC 9000 §11.1 a violation is answered with its own error", Rules { changed_code: || Violation::FinalSizeChanges, ..DRAFT }),
    mutant("close on a repeated code", "5.2", "reset-at", "RFC 9000 §11.1 a legal peer is never closed on", Rules { code_changes: |_, _| true, ..DRAFT }),
    mutant("enter Reset Sent with RESET_STREAM_AT", "5.3", "reset-at", "§5.3 the first RESET_STREAM_AT leads to Data Sent", Rules { event_of_frame: || SendEvent::SendResetStream, ..DRAFT }),
    mutant("count the acknowledgement of any RESET_STREAM_AT", "5.3", "reset-at", "§5.3 Data Recvd of the sender waits for all acknowledgements", Rules { is_smallest: any_frame, ..DRAFT }),
    mutant("enter Data Recvd as soon as the data is acknowledged", "5.3", "reset-at", "§5.3 Data Recvd of the sender waits for all acknowledgements", Rules { all_acknowledged: without_the_frame, ..DRAFT }),
    mutant("enter Data Recvd with the frame's acknowledgement alone", "5.3", "reset-at", "§5.3 Data Recvd of the sender waits for all acknowledgements", Rules { all_acknowledged: without_the_data, ..DRAFT }),
    mutant("wait for acknowledgements up to the final size", "5.3", "reset-at", "§5.3 Data Recvd of the sender comes with the last of them", Rules { all_acknowledged: up_to_the_final_size, ..DRAFT }),
    mutant("enter Data Recvd with the frame alone", "5.3", "reset-at", "§5.3 Data Recvd waits for all data below the Reliable Size", Rules { all_received: |part| part.reset.is_some() || (DRAFT.all_received)(part), ..DRAFT }),
    mutant("wait for data up to the final size", "5.3", "reset-at", "§5.3 Size Known ends with the last of it", Rules { all_received: |part| part.final_size.is_some_and(|size| part.received.covers(size)), ..DRAFT }),
    mutant("reopen a stream that was read", "5.3", "reset-at", "§5.3 a terminal state stays terminal", Rules { takes_no_notice: |_| false, recv_table: reopened, ..DRAFT }),
    mutant("leave STOP_SENDING unanswered", "5.4", "reset-at", "§5.4 STOP_SENDING is answered with RESET_STREAM", Rules { stop_is_answered: |state| state == SendState::DataSent, ..DRAFT }),
    mutant("copy the code of STOP_SENDING after RESET_STREAM_AT", "5.4", "reset-at", "§5.2 the code never changes", Rules { answering_code: |_, stated| stated, ..DRAFT }),
    mutant("send data after the RESET_STREAM that follows RESET_STREAM_AT", "5.4", "reset-at", "§5.4 nothing but a repeat follows RESET_STREAM", Rules { delivered: everything, ..DRAFT }),
];

const fn is_at(frame: &Frame) -> bool {
    matches!(frame, Frame::ResetStreamAt { .. })
}

fn up_to_the_reliable_size(part: &Receiver) -> Size {
    let size = part.reset.map(|reset| reset.reliable_size).or(part.final_size);
    size.unwrap_or(0).max(part.received.end())
}

fn all_unread(part: &Receiver) -> Size {
    part.final_size.unwrap_or(0) - part.read
}

fn unread_if_delivered(part: &Receiver) -> Size {
    let delivered = (DRAFT.reset_is_told)(part) && (DRAFT.readable)(part) == 0;
    if delivered { all_unread(part) } else { 0 }
}

fn without_reset(part: &Sender) -> Size {
    if part.reset.is_some() { 0 } else { part.written }
}

fn beyond_the_reliable_size(part: &Sender) -> Size {
    match part.reset.map(|reset| reset.extent) {
        Some(Extent::At(_)) | None => part.written,
        Some(Extent::Nothing) => 0,
    }
}

fn everything(part: &Sender) -> Size {
    match part.reset.map(|reset| reset.extent) {
        Some(Extent::Nothing) => part.written,
        Some(Extent::At(_)) | None => (DRAFT.delivered)(part),
    }
}

fn reopened(state: RecvState, event: RecvEvent) -> Step<RecvState> {
    match (state, event) {
        (RecvState::DataRead, RecvEvent::RecvStreamFin) => Step::Goto(RecvState::SizeKnown),
        (state, event) => state.on(event),
    }
}

fn at_the_reliable_size(part: &Receiver) -> bool {
    let size = part.reset.map(|reset| reset.reliable_size).or(part.final_size);
    size == Some(part.read)
}

fn any_frame(reset: &Reset, frame: &Frame) -> bool {
    match reset.extent {
        Extent::At(_) => is_at(frame),
        Extent::Nothing => matches!(frame, Frame::ResetStream { .. }),
    }
}

fn without_the_frame(part: &Sender) -> bool {
    let size = part.reset.map(|reset| reset.extent.reliable_size());
    (DRAFT.all_acknowledged)(part) || size.is_some_and(|size| part.acked.covers(size))
}

fn without_the_data(part: &Sender) -> bool {
    let acked = part.reset.is_some_and(|reset| reset.delivery == Delivery::Acked);
    (DRAFT.all_acknowledged)(part) || acked
}

fn up_to_the_final_size(part: &Sender) -> bool {
    (DRAFT.all_acknowledged)(part) && part.announced.is_some_and(|size| part.acked.covers(size))
}
