//! What a hostile peer sends: any of the frames of §19.4, §19.5 and §19.8, with any field within the
//! bounds and one beyond.

use crate::rfc::endpoint::Endpoint;
use crate::rfc::frame::{ErrorCode, Frame};
use crate::rfc::identity::{Direction, StreamId};

use super::action::Role;

/// The code in a hostile peer's frames.
pub const HOSTILE_CODE: ErrorCode = ErrorCode(66);

/// Every frame on the victim's stream with sizes up to one beyond `length` (bytes) if the hostile peer is
/// its sender, and each frame once on streams that the victim would have to open.
pub fn frames(victim: &Endpoint, length: u64, hostile: Role) -> Vec<Frame> {
    let sizes = match hostile {
        Role::Sender => length + 1,
        Role::Receiver => 0,
    };
    let uncreated = StreamId::new(victim.side, Direction::Unidirectional, 1);
    let uncreated_both = StreamId::new(victim.side, Direction::Bidirectional, 0);
    let mut frames = on_stream(victim.stream_id, sizes);
    frames.extend(on_stream(uncreated, 0));
    // RFC 9000 says nothing of RESET_STREAM on a bidirectional stream not yet created (C-11).
    let both = on_stream(uncreated_both, 0).into_iter();
    frames.extend(both.filter(|frame| !matches!(frame, Frame::ResetStream { .. })));
    frames
}

fn on_stream(stream_id: StreamId, sizes: u64) -> Vec<Frame> {
    let application_protocol_error_code = HOSTILE_CODE;
    let mut frames = vec![Frame::StopSending { stream_id, application_protocol_error_code }];
    for final_size in 0..=sizes {
        frames.push(Frame::ResetStream { stream_id, application_protocol_error_code, final_size });
    }
    for offset in 0..=sizes {
        for length in 0..=sizes - offset {
            for fin in [false, true] {
                frames.push(Frame::Stream { stream_id, offset, length, fin });
            }
        }
    }
    frames
}
