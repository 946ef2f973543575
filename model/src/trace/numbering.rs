//! Packet numbers for what the peer of the system under test sends (§12.3): each packet has its number when
//! it is sent, so that one that is lost leaves a gap and one that is late has a smaller number than
//! those that overtook it.
//!
//! A copy that the network keeps ([`Action::Duplicate`]) is a packet of its own: a stack drops a second datagram
//! with the same number unread, and what the model delivers twice is what a peer sends again.

use std::collections::BTreeMap;

use crate::rfc::identity::Side;
use crate::worlds::streams::action::{Action, Packet};
use crate::worlds::streams::state::StreamsState;

/// What becomes of a packet in a step.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PacketFate {
    /// The packet with this number arrives.
    Arrives(u64),
    /// The packet with this number is lost.
    Lost(u64),
}

impl PacketFate {
    /// The packet's number.
    pub const fn number(self) -> u64 {
        match self {
            Self::Arrives(number) | Self::Lost(number) => number,
        }
    }

    /// The packet's number, if it arrives.
    pub const fn arriving(self) -> Option<u64> {
        match self {
            Self::Arrives(number) => Some(number),
            Self::Lost(_) => None,
        }
    }
}

/// Follows a path step by step and numbers the packets to one side, from 0.
#[derive(Clone, Debug)]
pub struct Numbering {
    side: Side,
    sent: u64,
    /// The packets on their way.
    numbers: BTreeMap<Packet, u64>,
}

impl Numbering {
    /// A numbering of the packets to the endpoint on `side`, before anything is sent.
    pub const fn new(side: Side) -> Self {
        Self { side, sent: 0, numbers: BTreeMap::new() }
    }

    /// How many packets the peer has sent so far, those that are lost or still on their way included.
    pub const fn sent(&self) -> u64 {
        self.sent
    }

    /// Goes on by one step, and returns what becomes in it of a packet that the peer has sent before; `None` if
    /// there is none, or if a hostile peer sends it at that moment.
    pub fn follow(
        &mut self,
        before: &StreamsState,
        action: &Action,
        after: &StreamsState,
    ) -> Option<PacketFate> {
        let fate = match action {
            Action::Deliver { packet, .. } => self.numbers.remove(packet).map(PacketFate::Arrives),
            Action::Duplicate { packet, .. } => {
                let arrived = self.numbers.remove(packet);
                if arrived.is_some() {
                    self.send(packet.clone());
                }
                arrived.map(PacketFate::Arrives)
            }
            Action::Lose { packet } => self.numbers.remove(packet).map(PacketFate::Lost),
            Action::App { .. }
            | Action::Transmit { .. }
            | Action::SendFrame { .. }
            | Action::DetectLoss { .. }
            | Action::Handshake { .. }
            | Action::Hostile { .. } => None,
        };
        for packet in &after.network {
            if packet.to == self.side && !before.network.contains(packet) {
                self.send(packet.clone());
            }
        }
        fate
    }

    fn send(&mut self, packet: Packet) {
        self.numbers.insert(packet, self.sent);
        self.sent += 1;
    }
}
