//! What can happen next, one atomic step each, and the packets that the network holds.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::rfc::call::{Answer, Call};
use crate::rfc::frame::Frame;

/// Which of the two endpoints of the one stream.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The endpoint with the sending part.
    Sender,
    /// The endpoint with the receiving part.
    Receiver,
}

impl Role {
    /// Both, the sender first.
    pub const ALL: [Self; 2] = [Self::Sender, Self::Receiver];

    /// The other endpoint.
    pub const fn peer(self) -> Self {
        match self {
            Self::Sender => Self::Receiver,
            Self::Receiver => Self::Sender,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sender => "sender",
            Self::Receiver => "receiver",
        })
    }
}

/// What a packet carries: one frame, or the acknowledgement of the packet that carried one.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Carries {
    /// A frame.
    Frame(Frame),
    /// The acknowledgement of a packet with this frame.
    Ack(Frame),
}

/// A packet in flight.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Packet {
    /// Where it goes.
    pub to: Role,
    /// What it carries.
    pub carries: Carries,
}

impl fmt::Display for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.carries {
            Carries::Frame(frame) => frame.fmt(f),
            Carries::Ack(frame) => write!(f, "ACK of {frame}"),
        }
    }
}

/// One atomic step of the world.
///
/// `branch` counts the endpoints that the RFC permits after a frame (see
/// [`Choices`](crate::rfc::choices::Choices)); where there is only one it is 0.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Action {
    /// An application calls, and is answered.
    App {
        /// The call.
        call: Call,
        /// What it is answered with.
        answer: Answer,
    },
    /// An endpoint sends all it owes.
    Transmit {
        /// Which.
        role: Role,
    },
    /// An endpoint sends one frame, in worlds where it is free when and how.
    SendFrame {
        /// Which.
        role: Role,
        /// The frame.
        frame: Frame,
    },
    /// The network delivers a packet.
    Deliver {
        /// The packet.
        packet: Packet,
        /// Which permitted endpoint follows.
        branch: usize,
    },
    /// The network delivers a packet and keeps a copy.
    Duplicate {
        /// The packet.
        packet: Packet,
        /// Which permitted endpoint follows.
        branch: usize,
    },
    /// The network loses a packet.
    Lose {
        /// The packet.
        packet: Packet,
    },
    /// An endpoint's loss detection finds that everything it had in flight is lost.
    DetectLoss {
        /// Which.
        role: Role,
    },
    /// The hostile peer sends a frame.
    Hostile {
        /// The frame.
        frame: Frame,
        /// Which permitted endpoint follows.
        branch: usize,
    },
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::App { call, answer } => write!(f, "App: {call} -> {answer}"),
            Self::Transmit { role } => write!(f, "Transmit: {role}"),
            Self::SendFrame { role, frame } => write!(f, "Send: {role} {frame}"),
            Self::Deliver { packet, .. } => write!(f, "Deliver to {}: {packet}", packet.to),
            Self::Duplicate { packet, .. } => {
                write!(f, "Deliver and keep to {}: {packet}", packet.to)
            }
            Self::Lose { packet } => write!(f, "Lose: {packet}"),
            Self::DetectLoss { role } => write!(f, "Detect loss: {role}"),
            Self::Hostile { frame, .. } => write!(f, "Hostile: {frame}"),
        }
    }
}
