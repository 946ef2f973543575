//! §13.3 Retransmission of information: where a piece of information stands on its way to the peer.
//!
//! What is sent again after a loss is information, not packets; each kind says in its own file what it
//! sends then.

use serde::{Deserialize, Serialize};

/// Where a piece of information stands on its way to the peer.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub enum Delivery {
    /// To be sent for the first time.
    Due,
    /// Sent, neither acknowledged nor declared lost.
    InFlight,
    /// Declared lost and not sent again since.
    Lost,
    /// Acknowledged.
    Acked,
}

impl Delivery {
    /// Whether it has to be sent (again).
    pub const fn is_owed(self) -> bool {
        match self {
            Self::Due | Self::Lost => true,
            Self::InFlight | Self::Acked => false,
        }
    }

    /// After a frame that carries it was sent.
    pub(crate) const fn sent(self) -> Self {
        match self {
            Self::Due | Self::InFlight | Self::Lost => Self::InFlight,
            Self::Acked => Self::Acked,
        }
    }

    /// After everything in flight was declared lost.
    pub(super) const fn declared_lost(self) -> Self {
        match self {
            Self::InFlight => Self::Lost,
            Self::Due | Self::Lost | Self::Acked => self,
        }
    }
}
