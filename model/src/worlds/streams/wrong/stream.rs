//! §2.2 to §3.5: what is read and told, the states of both parts, and STOP_SENDING.

use super::Class::{Credit, Error, FinalSize, Lifecycle};
use super::{Mutant, mutant, rules};
use crate::rfc::frame::{ErrorCode, FrameType};
use crate::rfc::permitted::Category;
use crate::rfc::receiving::RecvState;
use crate::rfc::rules::{RFC9000, Rules};
use crate::rfc::sending::SendState;

#[rustfmt::skip] // a table
pub(super) const MUTANTS: &[Mutant] = &[
    mutant("deliver across a gap", "2.2", Error, "uni",
        "§2.2 what the reader gets is a prefix of what was written",
        Rules { readable: rules::across_gaps, ..RFC9000 }),
    mutant("end the stream when its handle is dropped", "2.4", Error, "uni-drop",
        "§2.4 a dropped handle never looks like a complete message",
        Rules { drop_resets: || false, ..RFC9000 }),
    mutant("leave a stream unread when its handle is dropped", "2.4", Credit, "uni-drop",
        "§2.4 a reader learns of the end in the end",
        Rules { drop_stops: || false, ..RFC9000 })
        .seen(&["quic-go #4182"]),
    mutant("let STOP_SENDING overwrite a reset", "2.4", Error, "uni",
        "§2.4 a sending part has one outcome",
        Rules { first_reset_wins: || false, ..RFC9000 }),
    mutant("let RESET_STREAM overwrite a stop", "2.4", Error, "uni",
        "§2.4 a receiving part has one outcome",
        Rules { side_effect: rules::reset_overwrites_stop, ..RFC9000 }),
    mutant("take data after the end", "2.4", FinalSize, "uni",
        "§4.5 an announced final size never changes",
        Rules { write_is_over: |_| false, ..RFC9000 }),

    mutant("call it acknowledged with data missing", "3.1", Error, "uni",
        "§3.1 acknowledged means delivered",
        Rules { all_acknowledged: rules::fin_alone, ..RFC9000 }),
    mutant("call it acknowledged with the end missing", "3.1", Error, "uni",
        "§3.1 acknowledged means delivered",
        Rules { all_acknowledged: rules::data_alone, ..RFC9000 })
        .seen(&["quinn #617"]),
    mutant("never notice that all is acknowledged", "3.1", Lifecycle, "uni",
        "§2.4 a sending part that was ended or reset has an outcome in the end",
        Rules { all_acknowledged: |_| false, ..RFC9000 }),
    mutant("take a second ACK for a reason to reset again", "3.1", Lifecycle, "uni-double",
        "§3.1 a terminal sending state stays terminal",
        Rules { send_table: rules::second_ack_reopens, ..RFC9000 })
        .seen(&["picoquic #1520"]),
    mutant("let STOP_SENDING revive a delivered stream", "3.1", Lifecycle, "hostile-receiver",
        "§3.1 a terminal sending state stays terminal",
        Rules { side_effect: rules::stop_revives, ..RFC9000 })
        .seen(&["aioquic #629"]),

    mutant("report the end before all data arrived", "3.2", Error, "uni",
        "§3.2 the end is told only when everything was delivered",
        Rules { end_is_reported: |part| part.final_size.is_some(), ..RFC9000 }),
    mutant("read a clean end after a reset", "3.2", Error, "uni",
        "§3.2 a reset is never followed by a clean end",
        Rules { reset_is_final: || false, ..RFC9000 }),
    mutant("leave Data Read on RESET_STREAM", "3.2", Lifecycle, "hostile-sender",
        "§3.2 a terminal receiving state stays terminal",
        Rules { recv_table: rules::reset_after_data_read, ..RFC9000 }),
    mutant("leave Reset Read on RESET_STREAM", "3.2", Lifecycle, "hostile-sender",
        "§3.2 a terminal receiving state stays terminal",
        Rules { recv_table: rules::reset_after_reset_read, ..RFC9000 }),
    mutant("let STREAM revive a reset stream", "3.2", Lifecycle, "hostile-sender",
        "§3.2 a terminal receiving state stays terminal",
        Rules { side_effect: rules::stream_revives, ..RFC9000 })
        .seen(&["web-transport #306"]),
    mutant("take RESET_STREAM after FIN for a repeat", "3.2", Lifecycle, "uni-lossy",
        "§2.4 a reader learns of the end in the end",
        Rules { discards: |endpoint, frame| (RFC9000.discards)(endpoint, frame)
            || rules::resets(endpoint, frame, |part| part.state == RecvState::SizeKnown), ..RFC9000 })
        .seen(&["bun #35762"]),
    mutant("create only the part a frame is about", "3.2", Lifecycle, "bidi",
        "§3.4 a bidirectional stream has both its parts",
        Rules { side_effect: rules::stop_creates_sending_part, ..RFC9000 }),
    mutant("ignore STOP_SENDING for a stream not yet created", "3.2", Lifecycle, "bidi",
        "§3.5 a stopped stream comes to its end by itself",
        Rules { permitted: |frame, category| {
            let creates = (frame, matches!(category, Category::PeersNotCreated(_)));
            if creates == (FrameType::StopSending, true) { None } else { (RFC9000.permitted)(frame, category) }
        }, ..RFC9000 }),

    mutant("send STREAM after RESET_STREAM", "3.3", Lifecycle, "uni-free",
        "§3.3 nothing but a repeat follows RESET_STREAM",
        Rules { may_send_stream: |_| true, ..RFC9000 })
        .seen(&["trafficserver #4295"]),
    mutant("send STREAM_DATA_BLOCKED after RESET_STREAM", "3.3", Lifecycle, "credit-stream",
        "§3.3 nothing but a repeat follows RESET_STREAM",
        Rules { blocked_due: |part| part.credit.due(), ..RFC9000 }),
    mutant("reset a delivered stream", "3.3", Error, "uni-free",
        "§3.3 nothing is sent from a terminal state",
        Rules { may_send_reset: |_| true, ..RFC9000 })
        .seen(&["quic-go #4404"]),
    mutant("send STOP_SENDING after a reset", "3.3", Lifecycle, "uni-free",
        "§3.3 no STOP_SENDING follows a received reset",
        Rules { may_send_stop: |_| true, ..RFC9000 }),
    mutant("send MAX_STREAM_DATA after the final size is known", "3.3", Credit, "credit-stream",
        "§3.3 MAX_STREAM_DATA is sent only in Recv",
        Rules { wants_more: |part| part.stop.is_none(), ..RFC9000 }),

    mutant("close the whole stream on RESET_STREAM", "3.4", Lifecycle, "bidi",
        "§3.4 a bidirectional stream has both its parts",
        Rules { side_effect: rules::closes_sending_part, ..RFC9000 })
        .seen(&["erlang_quic #113"]),
    mutant("close the whole stream on STOP_SENDING", "3.4", Error, "bidi",
        "§3.4 a bidirectional stream has both its parts",
        Rules { side_effect: rules::closes_receiving_part, ..RFC9000 })
        .seen(&["netty-quic #790"]),
    mutant("reset both directions", "3.4", Lifecycle, "bidi",
        "§11.2 nobody resets unasked",
        Rules { side_effect: rules::reset_answers_reset, ..RFC9000 }),

    mutant("leave STOP_SENDING unanswered", "3.5", Error, "uni",
        "§3.5 STOP_SENDING is answered with RESET_STREAM",
        Rules { stop_is_answered: |_| false, ..RFC9000 }),
    mutant("answer STOP_SENDING only before data", "3.5", Error, "uni",
        "§3.5 STOP_SENDING is answered with RESET_STREAM",
        Rules { stop_is_answered: |state| state == SendState::Ready, ..RFC9000 }),
    mutant("answer STOP_SENDING with code 0", "3.5", Error, "uni",
        "§3.5 the answer carries the code of STOP_SENDING",
        Rules { answering_code: |_| ErrorCode(0), ..RFC9000 })
        .seen(&["MsQuic #5387"]),
];
