//! What a step of the world is to the one endpoint that is a real system: something done to it, or
//! nothing at all.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::rfc::call::Call;
use crate::rfc::identity::Side;
use crate::rfc::parameters::Parameters;
use crate::worlds::streams::action::{Action, Carries, Frames, Packet};

/// Something done to the system under test.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(tag = "stimulus", rename_all = "snake_case")]
pub enum Stimulus {
    /// Its application calls. Nothing else runs.
    Call {
        /// The call.
        call: Call,
    },
    /// Its tasks and its driver run until nothing is left to do.
    Settle,
    /// A packet with these frames arrives; then as [`Settle`](Self::Settle).
    Deliver {
        /// The frames.
        frames: Frames,
    },
    /// Its packets with these frames are acknowledged; then as [`Settle`](Self::Settle).
    Acknowledge {
        /// The frames.
        frames: Frames,
    },
    /// Everything it has sent that was not declared lost is acknowledged, and what it sends then, until nothing is
    /// left; then as [`Settle`](Self::Settle). Only the liveness probe does that.
    AcknowledgeAll,
    /// Everything it has in flight is lost, and it finds out; then as [`Settle`](Self::Settle).
    LoseOutstanding,
    /// The server's part of the handshake arrives at the client under test; then as
    /// [`Settle`](Self::Settle).
    Handshake {
        /// Whether the server takes what was sent in 0-RTT.
        accepted: bool,
        /// The server's transport parameters.
        parameters: Parameters,
    },
}

impl Stimulus {
    /// What `action` is to the endpoint on `side`; `None` if it sees nothing of it. A peer that is
    /// `hostile` acknowledges what it receives at once.
    pub fn of(action: &Action, side: Side, hostile: bool) -> Option<Self> {
        match action.clone() {
            Action::App { side: at, call, .. } => (at == side).then_some(Self::Call { call }),
            Action::Transmit { side: at } => (at == side).then_some(Self::Settle),
            Action::Deliver { packet, .. } | Action::Duplicate { packet, .. } => {
                Self::of_packet(&packet, side, hostile)
            }
            Action::DetectLoss { side: at } => (at == side).then_some(Self::LoseOutstanding),
            Action::Handshake { accepted, parameters } => {
                (side == Side::Client).then_some(Self::Handshake { accepted, parameters })
            }
            Action::Hostile { frame, .. } => Some(Self::Deliver { frames: frame.into() }),
            Action::Lose { .. } | Action::SendFrame { .. } => None,
        }
    }

    fn of_packet(packet: &Packet, side: Side, hostile: bool) -> Option<Self> {
        match packet.carries.clone() {
            Carries::Frames(frames) if packet.to == side => Some(Self::Deliver { frames }),
            Carries::Frames(frames) if hostile => Some(Self::Acknowledge { frames }),
            Carries::Ack(frames) if packet.to == side => Some(Self::Acknowledge { frames }),
            Carries::Frames(_) | Carries::Ack(_) => None,
        }
    }

    /// Whether the system has run until nothing was left to do when the stimulus is over.
    pub const fn settles(&self) -> bool {
        match self {
            Self::Call { .. } => false,
            Self::Settle
            | Self::Deliver { .. }
            | Self::Acknowledge { .. }
            | Self::AcknowledgeAll
            | Self::LoseOutstanding
            | Self::Handshake { .. } => true,
        }
    }
}

impl fmt::Display for Stimulus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call { call } => write!(f, "the application: {call}"),
            Self::Settle => f.write_str("the driver runs"),
            Self::Deliver { frames } => write!(f, "arrives: {frames}"),
            Self::Acknowledge { frames } => write!(f, "acknowledged: {frames}"),
            Self::AcknowledgeAll => f.write_str("acknowledged: all that was sent"),
            Self::LoseOutstanding => f.write_str("all in flight is lost"),
            Self::Handshake { accepted: true, .. } => f.write_str("handshake: 0-RTT accepted"),
            Self::Handshake { accepted: false, .. } => f.write_str("handshake: 0-RTT rejected"),
        }
    }
}
