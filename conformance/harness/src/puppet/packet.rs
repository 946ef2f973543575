//! What the puppet has received, for the caller to look at.

use crate::wire::Frame;
use crate::wire::packet::PacketType;

/// A 0-RTT or 1-RTT packet from the system under test.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReceivedPacket {
    /// Which of the two it is.
    pub packet_type: PacketType,
    /// Its packet number.
    pub packet_number: u64,
    /// Its frames, in order.
    pub frames: Vec<Frame>,
}

impl ReceivedPacket {
    /// Whether the packet asks for an acknowledgement (§13.2).
    pub fn is_ack_eliciting(&self) -> bool {
        self.frames.iter().any(Frame::is_ack_eliciting)
    }
}
