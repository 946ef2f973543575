//! §7.4.1, §10.2, §13.3: 0-RTT, the connection's end, and what is sent again.

use super::Class::{Credit, Error, Lifecycle, Streams};
use super::{Mutant, mutant};
use crate::rfc::frame::{ErrorCode, FrameType};
use crate::rfc::identity::MAX_VARINT;
use crate::rfc::rules::{RFC9000, Rules};

const REPAIRED: &str = "§13.3 what is in flight is acknowledged or sent again in the end";

fn all_but(frame: FrameType, forgotten: FrameType) -> bool {
    frame != forgotten && (RFC9000.is_sent_again)(frame)
}

#[rustfmt::skip] // a table
pub(super) const MUTANTS: &[Mutant] = &[
    mutant("use new limits in 0-RTT", "7.4.1", Credit, "zero-rtt",
        "§7.4.1 0-RTT is under the remembered limits",
        Rules { first_limit: |endpoint, id| match endpoint.early {
            true => MAX_VARINT,
            false => (RFC9000.first_limit)(endpoint, id),
        }, ..RFC9000 }),
    mutant("keep the remembered limits after the handshake", "7.4.1", Credit, "zero-rtt",
        "§4.1 a limit that was advertised arrives in the end",
        Rules { limits_after_handshake: |remembered, _| *remembered, ..RFC9000 }),
    mutant("keep the streams of rejected 0-RTT", "7.4.1", Lifecycle, "zero-rtt",
        "§7.4.1 rejected 0-RTT leaves nothing behind",
        Rules { rejection_forgets: || false, ..RFC9000 })
        .seen(&["quinn #223"]),
    mutant("shrink a limit on accepting 0-RTT", "7.4.1", Credit, "hostile-zero-rtt",
        "§20.1 a violation is answered with its own error",
        Rules { covers: |_, _| true, ..RFC9000 }),

    mutant("send a stream frame after CONNECTION_CLOSE", "10.2", Lifecycle, "close",
        "§10.2 nothing follows CONNECTION_CLOSE",
        Rules { silent_after_close: || false, ..RFC9000 }),
    mutant("leave streams open when the connection closes", "10.2", Error, "close",
        "§10.2 whoever is told of a close is closed",
        Rules { discards: |_, frame| frame.frame_type() == FrameType::ConnectionClose, ..RFC9000 }),
    mutant("take in data after the close", "10.2", Lifecycle, "close",
        "§4.5 final size never changes",
        Rules { discards: |_, _| false, ..RFC9000 }),

    mutant("change the code when RESET_STREAM is repeated", "13.3", Error, "uni-lossy",
        "§3.3 nothing but a repeat follows RESET_STREAM",
        Rules { reset_code: |reset| ErrorCode(reset.code.0 + reset.final_size.map_or(0, |_| 1)), ..RFC9000 }),
    mutant("forget lost data", "13.3", Error, "uni-lossy",
        "§2.4 a sending part that was ended or reset has an outcome in the end",
        Rules { is_sent_again: |frame| all_but(frame, FrameType::Stream), ..RFC9000 }),
    mutant("forget a lost RESET_STREAM", "13.3", Lifecycle, "uni-lossy",
        "§2.4 a sending part that was ended or reset has an outcome in the end",
        Rules { is_sent_again: |frame| all_but(frame, FrameType::ResetStream), ..RFC9000 })
        .seen(&["quiche #2358"]),
    mutant("forget a lost STOP_SENDING", "13.3", Error, "uni-lossy",
        "§3.5 a stopped stream comes to its end by itself",
        Rules { is_sent_again: |frame| all_but(frame, FrameType::StopSending), ..RFC9000 }),
    mutant("forget a lost limit", "13.3", Credit, "credit-stream-lossy", REPAIRED,
        Rules { is_sent_again: |frame| {
            let limit = matches!(frame, FrameType::MaxData | FrameType::MaxStreamData | FrameType::MaxStreams);
            !limit && (RFC9000.is_sent_again)(frame)
        }, ..RFC9000 }),
    mutant("forget a lost MAX_DATA", "13.3", Credit, "credit-connection-lossy",
        "§4.1 a blocked writer goes on or is told why not in the end",
        Rules { is_sent_again: |frame| all_but(frame, FrameType::MaxData), ..RFC9000 }),
    mutant("forget a lost MAX_STREAM_DATA", "13.3", Credit, "credit-stream-lossy",
        "§4.1 a blocked writer goes on or is told why not in the end",
        Rules { is_sent_again: |frame| all_but(frame, FrameType::MaxStreamData), ..RFC9000 }),
    mutant("forget a lost MAX_STREAMS", "13.3", Streams, "limits-lossy",
        "§4.6 a blocked open goes on or is told why not in the end",
        Rules { is_sent_again: |frame| all_but(frame, FrameType::MaxStreams), ..RFC9000 }),
    mutant("forget a lost DATA_BLOCKED", "13.3", Credit, "credit-connection-lossy", REPAIRED,
        Rules { is_sent_again: |frame| all_but(frame, FrameType::DataBlocked), ..RFC9000 }),
    mutant("forget a lost STREAM_DATA_BLOCKED", "13.3", Credit, "credit-stream-lossy", REPAIRED,
        Rules { is_sent_again: |frame| all_but(frame, FrameType::StreamDataBlocked), ..RFC9000 }),
    mutant("forget a lost STREAMS_BLOCKED", "13.3", Streams, "limits-lossy", REPAIRED,
        Rules { is_sent_again: |frame| all_but(frame, FrameType::StreamsBlocked), ..RFC9000 }),
];
