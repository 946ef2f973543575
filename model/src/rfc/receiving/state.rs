//! Figure 3: the states of a receiving part and the edges between them, as one total table.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::rfc::sending::Step;

/// Figure 3.
///
/// ```text
///   Recv --RecvStreamFin--> SizeKnown --RecvAllData--> DataRecvd --AppReadAllData--> DataRead
///     |                         |                       |     ^
///     |                         |       RecvResetStream |     | RecvAllData    (both optional)
///     |                         |                       v     |
///     +---- RecvResetStream ----+--------------------> ResetRecvd --AppReadReset--> ResetRead
/// ```
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[allow(missing_docs)] // the figure's own words
pub enum RecvState {
    Recv,
    SizeKnown,
    DataRecvd,
    ResetRecvd,
    DataRead,
    ResetRead,
}

/// The labels of Figure 3's edges.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RecvEvent {
    /// "Recv STREAM + FIN".
    RecvStreamFin,
    /// "Recv All Data".
    RecvAllData,
    /// "Recv RESET_STREAM".
    RecvResetStream,
    /// "App Read All Data".
    AppReadAllData,
    /// "App Read Reset".
    AppReadReset,
}

impl RecvEvent {
    /// Every event, in the figure's order.
    pub const ALL: [Self; 5] = [
        Self::RecvStreamFin,
        Self::RecvAllData,
        Self::RecvResetStream,
        Self::AppReadAllData,
        Self::AppReadReset,
    ];
}

impl RecvState {
    /// Every state, in the figure's order.
    pub const ALL: [Self; 6] = [
        Self::Recv,
        Self::SizeKnown,
        Self::DataRecvd,
        Self::ResetRecvd,
        Self::DataRead,
        Self::ResetRead,
    ];

    /// The figure as a total table. Its two optional edges are edges here; whether they are taken
    /// is a choice (C-1, C-3).
    pub const fn on(self, event: RecvEvent) -> Step<Self> {
        use RecvEvent as E;
        use Step::{Goto, Never, Stay};
        match (self, event) {
            (Self::Recv, E::RecvStreamFin) => Goto(Self::SizeKnown),
            (Self::Recv, E::RecvResetStream) => Goto(Self::ResetRecvd),
            (Self::Recv, E::RecvAllData | E::AppReadAllData | E::AppReadReset) => Never,

            (Self::SizeKnown, E::RecvStreamFin) => Stay,
            (Self::SizeKnown, E::RecvAllData) => Goto(Self::DataRecvd),
            (Self::SizeKnown, E::RecvResetStream) => Goto(Self::ResetRecvd),
            (Self::SizeKnown, E::AppReadAllData | E::AppReadReset) => Never,

            (Self::DataRecvd, E::RecvStreamFin | E::RecvAllData) => Stay,
            (Self::DataRecvd, E::RecvResetStream) => Goto(Self::ResetRecvd),
            (Self::DataRecvd, E::AppReadAllData) => Goto(Self::DataRead),
            (Self::DataRecvd, E::AppReadReset) => Never,

            (Self::ResetRecvd, E::RecvStreamFin | E::RecvResetStream) => Stay,
            (Self::ResetRecvd, E::RecvAllData) => Goto(Self::DataRecvd),
            (Self::ResetRecvd, E::AppReadAllData) => Never,
            (Self::ResetRecvd, E::AppReadReset) => Goto(Self::ResetRead),

            (Self::DataRead, E::RecvStreamFin | E::RecvAllData | E::RecvResetStream) => Stay,
            (Self::DataRead, E::AppReadAllData) => Stay,
            (Self::DataRead, E::AppReadReset) => Never,

            (Self::ResetRead, E::RecvStreamFin | E::RecvAllData | E::RecvResetStream) => Stay,
            (Self::ResetRead, E::AppReadAllData) => Never,
            (Self::ResetRead, E::AppReadReset) => Stay,
        }
    }

    /// Whether the state is terminal (§3.2).
    pub const fn is_terminal(self) -> bool {
        match self {
            Self::DataRead | Self::ResetRead => true,
            Self::Recv | Self::SizeKnown | Self::DataRecvd | Self::ResetRecvd => false,
        }
    }

    /// Whether STOP_SENDING still serves a purpose (§3.5): "Recv" and "Size Known".
    pub const fn awaits_data(self) -> bool {
        match self {
            Self::Recv | Self::SizeKnown => true,
            Self::DataRecvd | Self::ResetRecvd | Self::DataRead | Self::ResetRead => false,
        }
    }
}

impl fmt::Display for RecvState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Recv => "Recv",
            Self::SizeKnown => "Size Known",
            Self::DataRecvd => "Data Recvd",
            Self::ResetRecvd => "Reset Recvd",
            Self::DataRead => "Data Read",
            Self::ResetRead => "Reset Read",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_has_the_edges_of_figure_3_and_no_others() {
        let mut edges = Vec::new();
        for state in RecvState::ALL {
            for event in RecvEvent::ALL {
                if let Step::Goto(to) = state.on(event) {
                    edges.push(format!("{state:?}\t{event:?}\t{to:?}"));
                }
            }
        }
        let figure = include_str!("../../../../specs/figures/receiving.tsv");
        assert_eq!(edges, figure.lines().skip(1).collect::<Vec<_>>());
    }
}
