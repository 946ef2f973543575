//! What a step of the world is to the one endpoint that is a real system: something done to it, or
//! nothing at all.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::rfc::call::Call;
use crate::rfc::frame::Frame;
use crate::world::action::{Action, Carries, Packet, Role};

/// Something done to the system under test.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(tag = "stimulus", rename_all = "snake_case")]
pub enum Stimulus {
    /// Its application calls. Nothing else runs.
    Call {
        /// The call.
        call: Call,
    },
    /// Its tasks and its driver run until nothing is left to do.
    Settle,
    /// A packet with this frame arrives; then as [`Settle`](Self::Settle).
    Deliver {
        /// The frame.
        frame: Frame,
    },
    /// Its packets with this frame are acknowledged; then as [`Settle`](Self::Settle).
    Acknowledge {
        /// The frame.
        frame: Frame,
    },
    /// Everything it has in flight is lost, and it finds out; then as [`Settle`](Self::Settle).
    LoseOutstanding,
}

impl Stimulus {
    /// What `action` is to the endpoint in `role`; `None` if it does not feel it. A peer that is
    /// `hostile` acknowledges what it receives at once.
    pub fn of(action: &Action, role: Role, hostile: bool) -> Option<Self> {
        match *action {
            Action::App { call, .. } => {
                (call.is_sending() == (role == Role::Sender)).then_some(Self::Call { call })
            }
            Action::Transmit { role: at } => (at == role).then_some(Self::Settle),
            Action::Deliver { packet, .. } | Action::Duplicate { packet, .. } => {
                Self::of_packet(&packet, role, hostile)
            }
            Action::DetectLoss { role: at } => (at == role).then_some(Self::LoseOutstanding),
            Action::Hostile { frame, .. } => Some(Self::Deliver { frame }),
            Action::Lose { .. } | Action::SendFrame { .. } => None,
        }
    }

    fn of_packet(packet: &Packet, role: Role, hostile: bool) -> Option<Self> {
        match packet.carries {
            Carries::Frame(frame) if packet.to == role => Some(Self::Deliver { frame }),
            Carries::Frame(frame) if hostile => Some(Self::Acknowledge { frame }),
            Carries::Ack(frame) if packet.to == role => Some(Self::Acknowledge { frame }),
            Carries::Frame(_) | Carries::Ack(_) => None,
        }
    }

    /// Whether the system has run until nothing was left to do when the stimulus is over.
    pub const fn settles(&self) -> bool {
        match self {
            Self::Call { .. } => false,
            Self::Settle
            | Self::Deliver { .. }
            | Self::Acknowledge { .. }
            | Self::LoseOutstanding => true,
        }
    }
}

impl fmt::Display for Stimulus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call { call } => write!(f, "the application: {call}"),
            Self::Settle => f.write_str("the driver runs"),
            Self::Deliver { frame } => write!(f, "arrives: {frame}"),
            Self::Acknowledge { frame } => write!(f, "acknowledged: {frame}"),
            Self::LoseOutstanding => f.write_str("all in flight is lost"),
        }
    }
}
