//! The sending part of a stream: RFC 9000 §3.1, figure 2, as a total table.
//!
//! Deliberately not here: what a STOP_SENDING asks for (§3.5). It is no edge of the figure; the answer
//! to it, RESET_STREAM, is.

use std::fmt;

use super::{Machine, Step};
use crate::outcome::SendOutcome;

/// A state of the sending part, in the figure's order.
///
/// ```text
///      open, or accepted (bidirectional)
///                    |
///                +---v---+
///                | Ready |------------- SendResetStream -----.
///                +---+---+                                   |
///                    | SendStream                            |
///                +---v---+                                   |
///                | Send  |------------- SendResetStream -----|
///                +---+---+                                   |
///                    | SendStreamFin                         |
///              +-----v----+                             +----v------+
///              | DataSent |------------ SendResetStream ->  ResetSent |
///              +-----+----+                             +----+------+
///                    | RecvAllAcks                           | RecvResetAck
///             +------v-----+                           +-----v------+
///             | DataRecvd  |                           | ResetRecvd |
///             +------------+                           +------------+
/// ```
///
/// The manager moves a part when it gives quinn the bytes, the FIN or the reset; the frame itself may
/// still wait in quinn for credit or for a packet.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum SendState {
    /// Created; nothing written yet.
    Ready,
    /// Data was written, the end was not.
    Send,
    /// The end was written; not everything is acknowledged.
    DataSent,
    /// The sending was given up; the reset is not acknowledged.
    ResetSent,
    /// Terminal: everything is acknowledged.
    DataRecvd,
    /// Terminal: the reset is acknowledged.
    ResetRecvd,
}

/// An edge of figure 2.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum SendEvent {
    /// A STREAM or STREAM_DATA_BLOCKED frame is sent.
    SendStream,
    /// A STREAM frame with FIN is sent.
    SendStreamFin,
    /// A RESET_STREAM frame is sent.
    SendResetStream,
    /// The last outstanding acknowledgement of data and FIN arrives.
    RecvAllAcks,
    /// The acknowledgement of the RESET_STREAM arrives.
    RecvResetAck,
}

impl SendState {
    /// Every state, in the figure's order.
    pub const ALL: [Self; 6] = [
        Self::Ready,
        Self::Send,
        Self::DataSent,
        Self::ResetSent,
        Self::DataRecvd,
        Self::ResetRecvd,
    ];

    /// What `event` does to a sending part in this state.
    pub const fn on(self, event: SendEvent) -> Step<Self> {
        use SendEvent as E;
        use SendState as S;
        match (self, event) {
            (S::Ready, E::SendStream) => Step::Goto(S::Send),
            (S::Ready | S::Send | S::DataSent, E::SendResetStream) => Step::Goto(S::ResetSent),
            (S::Ready, E::SendStreamFin | E::RecvAllAcks | E::RecvResetAck) => Step::Never,

            (S::Send, E::SendStreamFin) => Step::Goto(S::DataSent),
            (S::Send, E::SendStream) => Step::Stay,
            (S::Send, E::RecvAllAcks | E::RecvResetAck) => Step::Never,

            (S::DataSent, E::RecvAllAcks) => Step::Goto(S::DataRecvd),
            // A retransmission.
            (S::DataSent, E::SendStream | E::SendStreamFin) => Step::Stay,
            (S::DataSent, E::RecvResetAck) => Step::Never,

            (S::ResetSent, E::RecvResetAck) => Step::Goto(S::ResetRecvd),
            // A retransmission, or acknowledgements of data that was under way before the reset.
            (S::ResetSent, E::SendResetStream | E::RecvAllAcks) => Step::Stay,
            // Nothing but the reset may follow a reset (§3.3).
            (S::ResetSent, E::SendStream | E::SendStreamFin) => Step::Never,

            (S::DataRecvd, E::RecvAllAcks) => Step::Stay,
            (S::ResetRecvd, E::RecvAllAcks | E::RecvResetAck) => Step::Stay,
            (S::DataRecvd, E::RecvResetAck) => Step::Never,
            // No frame of the stream may be sent in a terminal state (§3.3).
            (
                S::DataRecvd | S::ResetRecvd,
                E::SendStream | E::SendStreamFin | E::SendResetStream,
            ) => Step::Never,
        }
    }

    /// Whether nothing more can happen to the part (§3.1).
    pub const fn is_terminal(self) -> bool {
        match self {
            Self::Ready | Self::Send | Self::DataSent | Self::ResetSent => false,
            Self::DataRecvd | Self::ResetRecvd => true,
        }
    }
}

impl fmt::Display for SendState {
    /// The RFC's words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ready => "Ready",
            Self::Send => "Send",
            Self::DataSent => "Data Sent",
            Self::ResetSent => "Reset Sent",
            Self::DataRecvd => "Data Recvd",
            Self::ResetRecvd => "Reset Recvd",
        })
    }
}

impl Machine for SendState {
    type Event = SendEvent;
    type Outcome = SendOutcome;

    const INITIAL: Self = Self::Ready;

    fn on(self, event: SendEvent) -> Step<Self> {
        Self::on(self, event)
    }

    fn edges_to(outcome: &SendOutcome) -> &'static [SendEvent] {
        match outcome {
            SendOutcome::Delivered => &[SendEvent::RecvAllAcks],
            // The part is released when the reset is handed to quinn; the acknowledgement of it is
            // quinn's affair, so `ResetRecvd` is not seen from here.
            SendOutcome::Reset { .. } | SendOutcome::Stopped { .. } => {
                &[SendEvent::SendResetStream]
            }
            SendOutcome::ConnectionLost(_) | SendOutcome::ZeroRttRejected => &[],
        }
    }

    fn to_index(self) -> u8 {
        self as u8
    }

    fn from_index(index: u8) -> Self {
        // Only `to_index` writes the atomic, so the index is always one of ours.
        Self::ALL[usize::from(index)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENTS: [SendEvent; 5] = [
        SendEvent::SendStream,
        SendEvent::SendStreamFin,
        SendEvent::SendResetStream,
        SendEvent::RecvAllAcks,
        SendEvent::RecvResetAck,
    ];

    #[test]
    fn table_has_the_edges_of_figure_2_and_no_others() {
        let mut ours = std::collections::BTreeSet::new();
        for from in SendState::ALL {
            for event in EVENTS {
                if let Step::Goto(to) = from.on(event) {
                    ours.insert(format!("{from:?}\t{event:?}\t{to:?}"));
                }
            }
        }
        let figure = include_str!("../../../specs/figures/sending.tsv");
        assert_eq!(ours, crate::lifecycle::edges_of_figure(figure));
    }

    #[test]
    fn terminal_states_are_left_by_nothing() {
        for from in SendState::ALL {
            let leaves = EVENTS.iter().any(|&event| matches!(from.on(event), Step::Goto(_)));
            assert_eq!(leaves, !from.is_terminal(), "{from}");
        }
    }

    #[test]
    fn reset_sent_sends_no_stream_frame() {
        assert_eq!(SendState::ResetSent.on(SendEvent::SendStream), Step::Never);
        assert_eq!(SendState::ResetSent.on(SendEvent::SendStreamFin), Step::Never);
        assert_eq!(SendState::ResetSent.on(SendEvent::SendResetStream), Step::Stay);
    }

    #[test]
    fn index_and_state_are_one_to_one() {
        for state in SendState::ALL {
            assert_eq!(SendState::from_index(state.to_index()), state);
        }
    }
}
