//! What can happen next, one atomic step each, and the packets that the network holds.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::rfc::call::{Answer, Call};
use crate::rfc::frame::{ErrorCode, Frame};
use crate::rfc::identity::Side;
use crate::rfc::parameters::Parameters;

/// The code with which the sending application resets.
pub const RESET_CODE: ErrorCode = ErrorCode(7);
/// The code with which the receiving application aborts reading.
pub const ABORT_CODE: ErrorCode = ErrorCode(9);
/// The code with which an application closes the connection.
pub const CLOSE_CODE: ErrorCode = ErrorCode(11);

/// The frames of one packet, in order; at least one. Cheap to copy.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(from = "Vec<Frame>", into = "Vec<Frame>")]
pub struct Frames(Arc<[Frame]>);

impl From<Vec<Frame>> for Frames {
    fn from(frames: Vec<Frame>) -> Self {
        Self(frames.into())
    }
}

impl From<Frames> for Vec<Frame> {
    fn from(frames: Frames) -> Self {
        frames.0.to_vec()
    }
}

impl From<Frame> for Frames {
    fn from(frame: Frame) -> Self {
        Self(Arc::new([frame]))
    }
}

impl std::ops::Deref for Frames {
    type Target = [Frame];

    fn deref(&self) -> &[Frame] {
        &self.0
    }
}

impl fmt::Display for Frames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, frame) in self.0.iter().enumerate() {
            let comma = if place > 0 { ", " } else { "" };
            write!(f, "{comma}{frame}")?;
        }
        Ok(())
    }
}

/// What a packet carries: frames, or the acknowledgement of the packet that carried them.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Carries {
    /// Frames.
    Frames(Frames),
    /// The acknowledgement of a packet with these frames.
    Ack(Frames),
}

/// A packet in flight.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Packet {
    /// Where it goes.
    pub to: Side,
    /// What it carries.
    pub carries: Carries,
}

impl fmt::Display for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.carries {
            Carries::Frames(frames) => frames.fmt(f),
            Carries::Ack(frames) => write!(f, "ACK of {frames}"),
        }
    }
}

/// One atomic step of the world.
///
/// `branch` counts the endpoints that the RFC permits after a frame (see
/// [`Choices`](crate::rfc::choices::Choices)); where there is only one it is 0.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Action {
    /// An application calls, and is answered.
    App {
        /// Whose.
        side: Side,
        /// The call.
        call: Call,
        /// What it is answered with.
        answer: Answer,
    },
    /// An endpoint sends all it owes, in one packet where it can.
    Transmit {
        /// Which.
        side: Side,
    },
    /// An endpoint sends one frame, in worlds where it is free when and how.
    SendFrame {
        /// Which.
        side: Side,
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
        side: Side,
    },
    /// The server's part of the handshake reaches the client, which has sent 0-RTT so far (§7.4.1).
    Handshake {
        /// Whether the server takes what was sent in 0-RTT.
        accepted: bool,
        /// The server's transport parameters.
        parameters: Parameters,
    },
    /// The hostile peer sends a frame.
    Hostile {
        /// The frame.
        frame: Frame,
        /// Which permitted endpoint follows.
        branch: usize,
    },
}

impl Action {
    /// What kind of step it is: its place in this enum, from 0.
    pub const fn kind(&self) -> usize {
        match self {
            Self::App { .. } => 0,
            Self::Transmit { .. } => 1,
            Self::SendFrame { .. } => 2,
            Self::Deliver { .. } => 3,
            Self::Duplicate { .. } => 4,
            Self::Lose { .. } => 5,
            Self::DetectLoss { .. } => 6,
            Self::Handshake { .. } => 7,
            Self::Hostile { .. } => 8,
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::App { side, call, answer } => write!(f, "App at {side}: {call} -> {answer}"),
            Self::Transmit { side } => write!(f, "Transmit: {side}"),
            Self::SendFrame { side, frame } => write!(f, "Send: {side} {frame}"),
            Self::Deliver { packet, .. } => write!(f, "Deliver to {}: {packet}", packet.to),
            Self::Duplicate { packet, .. } => {
                write!(f, "Deliver and keep to {}: {packet}", packet.to)
            }
            Self::Lose { packet } => write!(f, "Lose: {packet}"),
            Self::DetectLoss { side } => write!(f, "Detect loss: {side}"),
            Self::Handshake { accepted: true, .. } => f.write_str("Handshake: 0-RTT accepted"),
            Self::Handshake { accepted: false, .. } => f.write_str("Handshake: 0-RTT rejected"),
            Self::Hostile { frame, .. } => write!(f, "Hostile: {frame}"),
        }
    }
}
