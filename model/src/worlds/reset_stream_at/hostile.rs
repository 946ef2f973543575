//! A sender that keeps no rule: §4 and §5.2 from the other side. It raises the Reliable Size, changes the
//! final size and the code, names a Reliable Size beyond the final size, exceeds the limits, and sends the
//! frame to whoever did not ask for it (§3).

use crate::rfc::frame::ErrorCode;

use super::action::RESET_CODE;
use super::bytes::Size;
use super::frame::Frame;

/// The code in those of a hostile peer's frames that do not carry [`RESET_CODE`].
pub const OTHER_CODE: ErrorCode = ErrorCode(66);

/// Every frame with sizes up to `size` bytes, and a Reliable Size up to one more.
pub fn frames(size: Size) -> Vec<Frame> {
    let mut frames = Vec::new();
    for application_protocol_error_code in [RESET_CODE, OTHER_CODE] {
        for final_size in 0..=size {
            frames.push(Frame::ResetStream { application_protocol_error_code, final_size });
            for reliable_size in 0..=final_size + 1 {
                frames.push(Frame::ResetStreamAt {
                    application_protocol_error_code,
                    final_size,
                    reliable_size,
                });
            }
        }
    }
    for offset in 0..=size {
        // An empty frame without FIN says nothing, and what it is worth is C-8.
        frames.push(Frame::Stream { offset, length: 0, fin: true });
        for length in 1..=size - offset {
            frames.push(Frame::Stream { offset, length, fin: false });
            frames.push(Frame::Stream { offset, length, fin: true });
        }
    }
    frames
}
