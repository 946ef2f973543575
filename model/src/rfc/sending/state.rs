//! Figure 2: the states of a sending part and the edges between them, as one total table.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a table says about one event in one state.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Step<S> {
    /// The figure's edge to this state.
    Goto(S),
    /// Legal, and the state stays.
    Stay,
    /// Cannot happen to an endpoint that keeps the rules: our own mistake.
    Never,
}

/// Figure 2.
///
/// ```text
///   Ready --SendStream--> Send --SendStreamFin--> DataSent --RecvAllAcks--> DataRecvd
///     |                     |                        |
///     +---------------------+---- SendResetStream ---+--> ResetSent --RecvResetAck--> ResetRecvd
/// ```
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[allow(missing_docs)] // the figure's own words
pub enum SendState {
    Ready,
    Send,
    DataSent,
    ResetSent,
    DataRecvd,
    ResetRecvd,
}

/// The labels of Figure 2's edges.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SendEvent {
    /// "Send STREAM / STREAM_DATA_BLOCKED".
    SendStream,
    /// "Send STREAM + FIN".
    SendStreamFin,
    /// "Send RESET_STREAM".
    SendResetStream,
    /// "Recv All ACKs".
    RecvAllAcks,
    /// "Recv ACK", of the RESET_STREAM.
    RecvResetAck,
}

impl SendEvent {
    /// Every event, in the figure's order.
    pub const ALL: [Self; 5] = [
        Self::SendStream,
        Self::SendStreamFin,
        Self::SendResetStream,
        Self::RecvAllAcks,
        Self::RecvResetAck,
    ];
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

    /// The figure as a total table.
    pub const fn on(self, event: SendEvent) -> Step<Self> {
        use SendEvent as E;
        use Step::{Goto, Never, Stay};
        match (self, event) {
            (Self::Ready, E::SendStream) => Goto(Self::Send),
            (Self::Ready, E::SendResetStream) => Goto(Self::ResetSent),
            // Sending a first frame with FIN is two events, one after the other (§3).
            (Self::Ready, E::SendStreamFin | E::RecvAllAcks | E::RecvResetAck) => Never,

            (Self::Send, E::SendStream) => Stay,
            (Self::Send, E::SendStreamFin) => Goto(Self::DataSent),
            (Self::Send, E::SendResetStream) => Goto(Self::ResetSent),
            (Self::Send, E::RecvAllAcks | E::RecvResetAck) => Never,

            // Sent again, with FIN or without (§3.1).
            (Self::DataSent, E::SendStream | E::SendStreamFin) => Stay,
            (Self::DataSent, E::SendResetStream) => Goto(Self::ResetSent),
            (Self::DataSent, E::RecvAllAcks) => Goto(Self::DataRecvd),
            (Self::DataSent, E::RecvResetAck) => Never,

            (Self::ResetSent, E::SendStream | E::SendStreamFin) => Never,
            (Self::ResetSent, E::SendResetStream | E::RecvAllAcks) => Stay,
            (Self::ResetSent, E::RecvResetAck) => Goto(Self::ResetRecvd),

            (Self::DataRecvd, E::SendStream | E::SendStreamFin | E::SendResetStream) => Never,
            (Self::DataRecvd, E::RecvAllAcks) => Stay,
            (Self::DataRecvd, E::RecvResetAck) => Never,

            (Self::ResetRecvd, E::SendStream | E::SendStreamFin | E::SendResetStream) => Never,
            (Self::ResetRecvd, E::RecvAllAcks | E::RecvResetAck) => Stay,
        }
    }

    /// Whether the state is terminal (§3.1).
    pub const fn is_terminal(self) -> bool {
        match self {
            Self::DataRecvd | Self::ResetRecvd => true,
            Self::Ready | Self::Send | Self::DataSent | Self::ResetSent => false,
        }
    }
}

impl fmt::Display for SendState {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_has_the_edges_of_figure_2_and_no_others() {
        let mut edges = Vec::new();
        for state in SendState::ALL {
            for event in SendEvent::ALL {
                if let Step::Goto(to) = state.on(event) {
                    edges.push(format!("{state:?}\t{event:?}\t{to:?}"));
                }
            }
        }
        let figure = include_str!("../../../../specs/figures/sending.tsv");
        assert_eq!(edges, figure.lines().skip(1).collect::<Vec<_>>());
    }
}
