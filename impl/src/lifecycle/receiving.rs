//! The receiving part of a stream: RFC 9000 §3.2, figure 3, as a total table.
//!
//! Deliberately not here: STOP_SENDING. Sending it moves no receiving part (§3.5); only the manager's
//! outcome records that the application stopped reading.

use std::fmt;

use super::{Machine, Step};
use crate::outcome::RecvOutcome;

/// A state of the receiving part, in the figure's order.
///
/// ```text
///      open (bidirectional), or first frame of the peer
///                    |
///                +---v---+
///                | Recv  |--------- RecvResetStream -----.
///                +---+---+                               |
///                    | RecvStreamFin                     |
///              +-----v-----+                             |
///              | SizeKnown |------- RecvResetStream -----|
///              +-----+-----+                             |
///                    | RecvAllData                       |
///              +-----v-----+ -- RecvResetStream *  +-----v------+
///              | DataRecvd |---------------------->| ResetRecvd |
///              |           |<----------------------|            |
///              +-----+-----+    RecvAllData * --   +-----+------+
///                    | AppReadAllData                    | AppReadReset
///              +-----v-----+                       +-----v------+
///              | DataRead  |                       | ResetRead  |
///              +-----------+                       +------------+
///
///      * optional: an endpoint may treat either as having come first
/// ```
///
/// quinn does not tell when the size is known or all data is there, so a live receiving part is `Recv`
/// until the application meets the end, and then takes the remaining edges at once.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum RecvState {
    /// Data may arrive; the final size is unknown.
    Recv,
    /// The final size is known; data is missing.
    SizeKnown,
    /// All data has arrived; the application has not read it all.
    DataRecvd,
    /// The peer reset the stream; the application does not know.
    ResetRecvd,
    /// Terminal: the application has read everything.
    DataRead,
    /// Terminal: the application knows of the reset.
    ResetRead,
}

/// An edge of figure 3.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum RecvEvent {
    /// A STREAM frame with FIN arrives.
    RecvStreamFin,
    /// The last missing byte arrives.
    RecvAllData,
    /// A RESET_STREAM frame arrives.
    RecvResetStream,
    /// The application has read all data and the end.
    AppReadAllData,
    /// The application was told of the reset.
    AppReadReset,
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

    /// What `event` does to a receiving part in this state.
    pub const fn on(self, event: RecvEvent) -> Step<Self> {
        use RecvEvent as E;
        use RecvState as S;
        match (self, event) {
            (S::Recv, E::RecvStreamFin) => Step::Goto(S::SizeKnown),
            // The edge out of `DataRecvd` is optional (§3.2).
            (S::Recv | S::SizeKnown | S::DataRecvd, E::RecvResetStream) => {
                Step::Goto(S::ResetRecvd)
            }
            (S::Recv, E::RecvAllData | E::AppReadAllData | E::AppReadReset) => Step::Never,

            (S::SizeKnown, E::RecvAllData) => Step::Goto(S::DataRecvd),
            (S::SizeKnown, E::RecvStreamFin) => Step::Stay,
            (S::SizeKnown, E::AppReadAllData | E::AppReadReset) => Step::Never,

            (S::DataRecvd, E::AppReadAllData) => Step::Goto(S::DataRead),
            (S::DataRecvd, E::RecvStreamFin | E::RecvAllData) => Step::Stay,
            (S::DataRecvd, E::AppReadReset) => Step::Never,

            // Optional (§3.2).
            (S::ResetRecvd, E::RecvAllData) => Step::Goto(S::DataRecvd),
            (S::ResetRecvd, E::AppReadReset) => Step::Goto(S::ResetRead),
            (S::ResetRecvd, E::RecvStreamFin | E::RecvResetStream) => Step::Stay,
            (S::ResetRecvd, E::AppReadAllData) => Step::Never,

            // What still arrives for a part the application is done with changes nothing, and a
            // reader who asks again is told the same again.
            (
                S::DataRead | S::ResetRead,
                E::RecvStreamFin | E::RecvAllData | E::RecvResetStream,
            )
            | (S::DataRead, E::AppReadAllData)
            | (S::ResetRead, E::AppReadReset) => Step::Stay,
            // A reset is never followed by a clean end, nor an end by a reset.
            (S::DataRead, E::AppReadReset) | (S::ResetRead, E::AppReadAllData) => Step::Never,
        }
    }

    /// Whether nothing more can happen to the part (§3.2).
    pub const fn is_terminal(self) -> bool {
        match self {
            Self::Recv | Self::SizeKnown | Self::DataRecvd | Self::ResetRecvd => false,
            Self::DataRead | Self::ResetRead => true,
        }
    }
}

impl fmt::Display for RecvState {
    /// The RFC's words.
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

impl Machine for RecvState {
    type Event = RecvEvent;
    type Outcome = RecvOutcome;

    const INITIAL: Self = Self::Recv;

    fn on(self, event: RecvEvent) -> Step<Self> {
        Self::on(self, event)
    }

    fn edges_to(outcome: &RecvOutcome) -> &'static [RecvEvent] {
        match outcome {
            RecvOutcome::ReadToEnd => {
                &[RecvEvent::RecvStreamFin, RecvEvent::RecvAllData, RecvEvent::AppReadAllData]
            }
            RecvOutcome::Reset { .. } => &[RecvEvent::RecvResetStream, RecvEvent::AppReadReset],
            RecvOutcome::Stopped { .. }
            | RecvOutcome::ConnectionLost(_)
            | RecvOutcome::ZeroRttRejected => &[],
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

    const EVENTS: [RecvEvent; 5] = [
        RecvEvent::RecvStreamFin,
        RecvEvent::RecvAllData,
        RecvEvent::RecvResetStream,
        RecvEvent::AppReadAllData,
        RecvEvent::AppReadReset,
    ];

    #[test]
    fn table_has_the_edges_of_figure_3_and_no_others() {
        let mut ours = std::collections::BTreeSet::new();
        for from in RecvState::ALL {
            for event in EVENTS {
                if let Step::Goto(to) = from.on(event) {
                    ours.insert(format!("{from:?}\t{event:?}\t{to:?}"));
                }
            }
        }
        let figure = include_str!("../../../specs/figures/receiving.tsv");
        assert_eq!(ours, crate::lifecycle::edges_of_figure(figure));
    }

    #[test]
    fn terminal_states_are_left_by_nothing() {
        for from in RecvState::ALL {
            let leaves = EVENTS.iter().any(|&event| matches!(from.on(event), Step::Goto(_)));
            assert_eq!(leaves, !from.is_terminal(), "{from}");
        }
    }

    #[test]
    fn reset_read_app_read_all_data_is_never() {
        assert_eq!(RecvState::ResetRead.on(RecvEvent::AppReadAllData), Step::Never);
        assert_eq!(RecvState::ResetRead.on(RecvEvent::AppReadReset), Step::Stay);
    }

    #[test]
    fn index_and_state_are_one_to_one() {
        for state in RecvState::ALL {
            assert_eq!(RecvState::from_index(state.to_index()), state);
        }
    }
}
