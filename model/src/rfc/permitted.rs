//! §3.3 and §19.4, §19.5, §19.8: which frame may arrive for which stream.
//!
//! Stream limits (§4.6) and the other frame types are not here.

use super::frame::Frame;
use super::identity::StreamRole;
use super::violation::Violation;

/// Whether a frame may arrive at an endpoint to which its stream is `role`; `ours_and_uncreated`
/// says that the endpoint itself would have to open the stream and has not.
pub(super) fn permitted(
    role: StreamRole,
    ours_and_uncreated: bool,
    frame: &Frame,
) -> Result<(), Violation> {
    match (frame, role) {
        // rfc9000 19.4
        (Frame::ResetStream { .. }, StreamRole::SendOnly) => Err(Violation::ResetStreamOnSendOnly),
        (Frame::ResetStream { .. }, StreamRole::ReceiveOnly | StreamRole::Both) => Ok(()),
        // rfc9000 19.5
        (Frame::StopSending { .. }, StreamRole::ReceiveOnly) => {
            Err(Violation::StopSendingOnReceiveOnly)
        }
        (Frame::StopSending { .. }, StreamRole::SendOnly | StreamRole::Both) => {
            match ours_and_uncreated {
                true => Err(Violation::StopSendingNotCreated),
                false => Ok(()),
            }
        }
        // rfc9000 19.8
        (Frame::Stream { .. }, StreamRole::SendOnly) => Err(Violation::StreamOnSendOnly),
        (Frame::Stream { .. }, StreamRole::ReceiveOnly | StreamRole::Both) => {
            match ours_and_uncreated {
                true => Err(Violation::StreamNotCreated),
                false => Ok(()),
            }
        }
    }
}
