//! §4.1, §4.2: limits on data, of a stream and of the connection, at both ends.

use super::Class::{Credit, FinalSize, Race};
use super::{Mutant, mutant, rules};
use crate::rfc::frame::FrameType;
use crate::rfc::receiving::RecvState;
use crate::rfc::rules::{RFC9000, Rules};

#[rustfmt::skip] // a table
pub(super) const MUTANTS: &[Mutant] = &[
    // ---- who sends -------------------------------------------------------------------------------
    mutant("send beyond the stream's limit", "4.1", Credit, "credit-stream",
        "§4.1 no data is sent beyond the stream's limit",
        Rules { room_of_both: |_, connection| connection, ..RFC9000 }),
    mutant("send beyond the connection's limit", "4.1", Credit, "credit-connection",
        "§4.1 no data is sent beyond the connection's limit",
        Rules { room_of_both: |stream, _| stream, ..RFC9000 }),
    mutant("let a smaller limit count", "4.1", Credit, "hostile-frames-uni",
        "§4.1 a limit never shrinks",
        Rules { raised_limit: |_, advertised| advertised, ..RFC9000 }),
    mutant("ignore a raised limit", "4.1", Credit, "credit-stream-lossy",
        "§4.1 a limit that was advertised arrives in the end",
        Rules { raised_limit: |limit, _| limit, ..RFC9000 }),
    mutant("mix up the limits of bidirectional streams", "4.1", Credit, "credit-bidi",
        "§4.1 a limit that was advertised arrives in the end",
        Rules { first_limit: |endpoint, id| endpoint.peer.on_stream(endpoint.side, id), ..RFC9000 }),
    mutant("forget the other direction's credit on RESET_STREAM", "4.4", Credit, "bidi",
        "§4.1 a limit that was advertised arrives in the end",
        Rules { side_effect: rules::other_directions_credit_forgotten, ..RFC9000 }),
    mutant("never say that a stream's limit stops us", "4.1", Credit, "credit-stream",
        "§4.1 who is blocked says so",
        Rules { blocked_is_told: |frame| frame != FrameType::StreamDataBlocked, ..RFC9000 }),
    mutant("never say that the connection's limit stops us", "4.1", Credit, "credit-connection-lossy",
        "§4.1 who is blocked says so",
        Rules { blocked_is_told: |frame| frame != FrameType::DataBlocked, ..RFC9000 }),
    mutant("let writers sleep on when MAX_DATA arrives", "4.1", Race, "credit-connection-lossy",
        "§4.1 a blocked writer goes on or is told why not in the end",
        Rules { blocked_is_over: |_, _| false, side_effect: rules::writers_sleep_on, ..RFC9000 }),

    // ---- who is sent to: what counts ----------------------------------------------------------------
    mutant("accept data beyond the stream's limit", "4.1", Credit, "hostile-credit",
        "§20.1 a violation is answered with its own error",
        Rules { exceeds_stream_limit: |_, _, _| false, ..RFC9000 }),
    mutant("skip the stream's limit for RESET_STREAM", "4.1", FinalSize, "hostile-credit",
        "§20.1 a violation is answered with its own error",
        Rules { exceeds_stream_limit: |frame, end, limit| frame == FrameType::Stream && end > limit, ..RFC9000 })
        .seen(&["nginx #1587"]),
    mutant("accept data beyond the connection's limit", "4.1", Credit, "hostile-credit",
        "§20.1 a violation is answered with its own error",
        Rules { exceeds_connection_limit: |_, _| false, ..RFC9000 }),
    mutant("accept data beyond 2^62-1", "19.8", Credit, "hostile-credit",
        "§20.1 a violation is answered with its own error",
        Rules {
            offset_is_too_large: |_| false,
            exceeds_stream_limit: |_, end, limit| rules::overflowing(end, limit),
            exceeds_connection_limit: rules::overflowing,
            ..RFC9000
        }),
    mutant("hold the peer to the internal limit", "4.1", Credit, "hostile-credit",
        "§20.1 a violation is answered with its own error",
        Rules { stream_limit: |part| part.credit.internal(part.read), ..RFC9000 }),
    mutant("close on the last byte of the stream's limit", "4.1", Credit, "credit-stream-lossy",
        "§11.1 a legal peer is never closed on",
        Rules { exceeds_stream_limit: |_, end, limit| end >= limit, ..RFC9000 }),
    mutant("close on the last byte of the connection's limit", "4.1", Credit, "credit-connection-lossy",
        "§11.1 a legal peer is never closed on",
        Rules { exceeds_connection_limit: |used, limit| used >= limit, ..RFC9000 }),
    mutant("leave a reset's unseen bytes uncharged", "4.5", Credit, "hostile-credit",
        "§20.1 a violation is answered with its own error",
        Rules { used_after: |part, frame, end| {
            if frame == FrameType::ResetStream { part.consumed() } else { part.consumed().max(end) }
        }, ..RFC9000 })
        .seen(&["web-transport #306"]),
    mutant("charge a FIN only once its data has arrived", "4.5", Credit, "hostile-credit-connection",
        "§20.1 a violation is answered with its own error",
        Rules { used_after: |part, frame, end| {
            let nothing_yet = frame == FrameType::Stream && part.largest_received() == 0;
            if nothing_yet { part.consumed() } else { part.consumed().max(end) }
        }, ..RFC9000 })
        .seen(&["MsQuic #5176"]),
    mutant("charge a repeated frame again", "4.1", Credit, "hostile-credit",
        "§11.1 a frame without fault never closes",
        Rules { used_after: |part, _, end| part.consumed() + end, ..RFC9000 }),

    mutant("count a repeated frame again", "4.1", Credit, "credit-stream-lossy",
        "§4.1 both ends count the same data",
        Rules { side_effect: rules::repeats_count, ..RFC9000 }),

    // ---- who is sent to: what is given back ----------------------------------------------------------
    mutant("never raise a stream's limit", "4.2", Credit, "credit-stream",
        "§4.2 the stream's credit is never lost",
        Rules { wants_more: |_| false, ..RFC9000 }),
    mutant("never raise the connection's limit", "4.2", Credit, "credit-connection-lossy",
        "§4.2 the connection's credit is never lost",
        Rules { update_step: |_| u64::MAX, ..RFC9000 }),
    mutant("wait for a blocked frame before giving credit", "4.2", Credit, "credit-connection-lossy",
        "§4.2 the connection's credit is never lost",
        Rules { updates_unasked: rules::only_if_asked, side_effect: rules::asked_for, ..RFC9000 }),
    mutant("give a stream's credit back before its data is read", "4.2", Credit, "credit-stream",
        "§4.2 the stream's credit is never given twice",
        Rules { released_on_stream: |part| part.largest_received(), ..RFC9000 })
        .seen(&["web-transport #307"]),
    mutant("give the connection's credit back before its data is read", "4.2", Credit, "credit-connection-lossy",
        "§4.2 the connection's credit is never given twice",
        Rules { released: |part| part.consumed(), ..RFC9000 })
        .seen(&["web-transport #307"]),
    mutant("release credit twice after a reset", "4.4", Credit, "uni",
        "§4.2 the connection's credit is never given twice",
        Rules { released: |part| match part.reset {
            Some(_) => part.consumed() + part.read,
            None => (RFC9000.released)(part),
        }, ..RFC9000 }),
    mutant("release credit twice after a stop", "4.4", Credit, "uni",
        "§4.2 the connection's credit is never given twice",
        Rules { released: |part| match part.stop {
            Some(_) => part.consumed() + part.read,
            None => (RFC9000.released)(part),
        }, ..RFC9000 }),
    mutant("release the rest before the final size is known", "4.5", Credit, "credit-connection",
        "§4.2 the connection's credit is never given twice",
        Rules { released: |part| {
            let early = part.stop.is_some() && part.final_size.is_none();
            if early { part.credit.advertised } else { (RFC9000.released)(part) }
        }, ..RFC9000 }),
    mutant("keep the credit of discarded data", "4.4", Credit, "credit-connection",
        "§4.2 the connection's credit is never lost",
        Rules { released: |part| part.read, ..RFC9000 })
        .seen(&["quiche #2158"]),
    mutant("keep the credit that a cancelled read leaves", "4.4", Credit, "credit-connection",
        "§4.2 the connection's credit is never lost",
        Rules { released: |part| if part.reset.is_some() { part.consumed() } else { part.read }, ..RFC9000 })
        .seen(&["quic-go #1545"]),
    mutant("keep the credit of data that arrives after STOP_SENDING", "3.5", Credit, "credit-connection",
        "§4.2 the connection's credit is never lost",
        Rules { released: rules::released_at_stop_only, ..RFC9000 })
        .seen(&["quiche #1320"]),
    mutant("keep the credit of a stream that is dropped after its end", "4.4", Credit, "credit-connection",
        "§4.2 the connection's credit is never lost",
        Rules { released: |part| {
            let ended = matches!(part.state, RecvState::SizeKnown | RecvState::DataRecvd);
            if ended { part.read } else { (RFC9000.released)(part) }
        }, ..RFC9000 })
        .seen(&["s2n-quic #3093"]),
    mutant("replenish only what arrived before a reset", "4.5", Credit, "uni",
        "§4.2 the connection's credit is never lost",
        Rules { released: |part| match part.reset {
            Some(_) => part.largest_received(),
            None => (RFC9000.released)(part),
        }, ..RFC9000 })
        .seen(&["web-transport #306"]),
];
