//! What the system has sent, and what became of it.

use streamproof_model::rfc::frame::Frame;

/// Whether two frames are one to their acknowledgement. A stream has one RESET_STREAM and one
/// STOP_SENDING, whatever code and size a system gives them.
pub(super) fn is_same(one: &Frame, other: &Frame) -> bool {
    let named =
        |frame: &Frame| matches!(frame, Frame::ResetStream { .. } | Frame::StopSending { .. });
    one == other
        || (named(one)
            && one.frame_type() == other.frame_type()
            && one.stream_id() == other.stream_id())
}

/// A packet that the system has sent.
pub(super) struct Packet {
    pub(super) number: u64,
    pub(super) frames: Vec<Frame>,
    pub(super) acknowledged: bool,
    pub(super) fate: Fate,
}

impl Packet {
    /// Whether its sender waits for its acknowledgement.
    pub(super) fn is_in_flight(&self) -> bool {
        !self.acknowledged && self.fate != Fate::Lost
    }
}

/// With so many packets in flight a sender may have to wait: the window that every sender may begin with
/// (RFC 9002 §7.2).
pub(super) const LEAST_WINDOW: usize = 10;

/// What the sender of a packet may think of it, as long as it is not acknowledged.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Fate {
    /// It is under way.
    InFlight,
    /// One sent at least three packets later was acknowledged, so that it may think it lost
    /// (RFC 9002 §6.1.1).
    Doubtful,
    /// It was declared lost.
    Lost,
}
