//! §3.4 Bidirectional stream states: a stream as one endpoint has it, and what both parts make of it.

use serde::{Deserialize, Serialize};

use super::receiving::{ReceivingPart, RecvState};
use super::sending::{SendState, SendingPart};

/// A stream as one endpoint has it: the sending part, the receiving part, or both.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct Stream {
    /// The sending part.
    pub sending: Option<SendingPart>,
    /// The receiving part.
    pub receiving: Option<ReceivingPart>,
}

/// What a bidirectional stream is as a whole (Table 2). The first row that fits counts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[allow(missing_docs)] // the table's own words
pub enum Composite {
    Idle,
    Open,
    HalfClosedRemote,
    HalfClosedLocal,
    Closed,
}

impl Composite {
    /// All of them, in the order of the enum.
    pub const ALL: [Self; 5] =
        [Self::Idle, Self::Open, Self::HalfClosedRemote, Self::HalfClosedLocal, Self::Closed];

    /// The row of Table 2 for the states of both parts.
    pub const fn of(sending: SendState, receiving: RecvState) -> Self {
        use RecvState as R;
        use SendState as S;
        match (sending, receiving) {
            (S::Ready, R::Recv) => Self::Idle,
            (S::Ready, R::SizeKnown) | (S::Send | S::DataSent, R::Recv | R::SizeKnown) => {
                Self::Open
            }
            (
                S::Ready | S::Send | S::DataSent,
                R::DataRecvd | R::ResetRecvd | R::DataRead | R::ResetRead,
            ) => Self::HalfClosedRemote,
            (S::ResetSent | S::DataRecvd | S::ResetRecvd, R::Recv | R::SizeKnown) => {
                Self::HalfClosedLocal
            }
            (
                S::ResetSent | S::DataRecvd | S::ResetRecvd,
                R::DataRecvd | R::ResetRecvd | R::DataRead | R::ResetRead,
            ) => Self::Closed,
        }
    }
}

impl Stream {
    /// What the stream is as a whole; `None` if it has one part only.
    ///
    /// Once a frame has named an offset, a stream is not idle any more (the table's note). Frames that name none
    /// leave no trace in a part, so of them this does not know.
    pub fn composite(&self) -> Option<Composite> {
        let (sending, receiving) = (self.sending.as_ref()?, self.receiving.as_ref()?);
        let touched = receiving.named > 0 || !receiving.received.is_empty();
        let row = Composite::of(sending.state, receiving.state);
        Some(if row == Composite::Idle && touched { Composite::Open } else { row })
    }

    /// Whether all its parts are terminal, so that nothing that arrives for it changes it.
    pub fn is_closed(&self) -> bool {
        self.sending.as_ref().is_none_or(|part| part.state.is_terminal())
            && self.receiving.as_ref().is_none_or(|part| part.state.is_terminal())
    }
}
