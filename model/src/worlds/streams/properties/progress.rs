//! §2.4, §4.1, §4.2, §4.6: what must come in the end, given a network that delivers in the end and an
//! application that reads.
//!
//! A goal says: whenever `from` is true, `to` becomes true by helpful actions alone. That a way exists from
//! *every* such state, whatever was done before, makes it come in the end under strong fairness: a way that
//! stays open for ever is taken. [`check::fairness`](crate::check::fairness) finds a state without one.

use crate::rfc::call::{Answer, Call};
use crate::rfc::endpoint::Endpoint;
use crate::rfc::identity::Direction;
use crate::rfc::sending::SendState;
use crate::worlds::streams::action::Action;
use crate::worlds::streams::presets::{Preset, Sends};

use super::{StreamsState, flows, has_in_flight};

/// Something that must come in the end.
#[derive(Clone, Copy, Debug)]
pub struct Goal {
    /// A true sentence with its section.
    pub name: &'static str,
    /// In which presets it can be promised.
    pub applies: fn(&Preset) -> bool,
    /// When it is awaited.
    pub from: fn(&StreamsState) -> bool,
    /// That it has come.
    pub to: fn(&StreamsState) -> bool,
    /// What a cooperating application and a fair network do.
    pub helps: fn(&Action) -> bool,
}

/// Every goal, in RFC order.
pub const GOALS: &[Goal] = &[
    Goal {
        name: "§2.4 a reader learns of the end in the end",
        applies: both_keep_the_rules,
        from: some_reader_waits,
        to: no_reader_waits,
        helps: reads_and_ends,
    },
    Goal {
        name: "§2.4 a sending part that was ended or reset has an outcome in the end",
        applies: both_keep_the_rules,
        from: some_end_waits,
        to: no_end_waits,
        helps: reads,
    },
    Goal {
        name: "§3.5 a stopped stream comes to its end by itself",
        applies: both_keep_the_rules,
        from: some_stop_waits,
        to: no_stop_waits,
        helps: fair_network,
    },
    Goal {
        name: "§4.1 a blocked writer goes on or is told why not in the end",
        applies: both_keep_the_rules,
        from: some_writer_is_blocked,
        to: no_writer_is_blocked,
        // Who ends the stream is not blocked any more either, and has not been helped.
        helps: reads,
    },
    Goal {
        name: "§4.6 a blocked open goes on or is told why not in the end",
        applies: both_keep_the_rules,
        from: some_open_is_blocked,
        to: no_open_is_blocked,
        helps: reads_and_ends,
    },
    Goal {
        name: "§13.3 what is in flight is acknowledged or sent again in the end",
        applies: acknowledges_everything,
        from: something_is_in_flight,
        to: nothing_is_in_flight,
        helps: fair_network,
    },
];

/// A hostile peer promises nothing, and one that sends freely may send for ever.
fn both_keep_the_rules(preset: &Preset) -> bool {
    preset.hostile.is_none() && !preset.twin && preset.sends == Sends::AtOnce
}

/// Where nothing is lost, only data and resets are acknowledged.
fn acknowledges_everything(preset: &Preset) -> bool {
    both_keep_the_rules(preset) && preset.network_faults.loses
}

fn fair_network(action: &Action) -> bool {
    match action {
        Action::Transmit { .. }
        | Action::SendFrame { .. }
        | Action::Deliver { .. }
        | Action::DetectLoss { .. }
        | Action::Handshake { .. } => true,
        Action::App { .. }
        | Action::Duplicate { .. }
        | Action::Lose { .. }
        | Action::Hostile { .. } => false,
    }
}

fn reads(action: &Action) -> bool {
    let reads = matches!(action, Action::App { call: Call::Read { .. }, answer, .. }
        if *answer != Answer::NoData);
    reads || fair_network(action)
}

fn reads_and_ends(action: &Action) -> bool {
    reads(action) || matches!(action, Action::App { call: Call::End { .. }, .. })
}

fn open(endpoint: &Endpoint) -> bool {
    endpoint.closed.is_none()
}

fn some_reader_waits(state: &StreamsState) -> bool {
    state.endpoints().filter(|endpoint| open(endpoint)).any(|endpoint| {
        endpoint.receiving_parts().any(|(id, _)| endpoint.recv_outcome(id).is_none())
    })
}

fn no_reader_waits(state: &StreamsState) -> bool {
    !some_reader_waits(state)
}

fn some_end_waits(state: &StreamsState) -> bool {
    flows(state).any(|flow| {
        let live = flow.sender.is_some_and(open);
        let asked = flow.sending.is_some_and(|part| part.ended || part.reset.is_some());
        let done = flow.sending.is_some_and(|part| match part.state {
            SendState::DataRecvd | SendState::ResetRecvd => true,
            SendState::Ready | SendState::Send | SendState::DataSent | SendState::ResetSent => {
                false
            }
        });
        live && asked && !done
    })
}

fn no_end_waits(state: &StreamsState) -> bool {
    !some_end_waits(state)
}

fn some_stop_waits(state: &StreamsState) -> bool {
    state.endpoints().filter(|endpoint| open(endpoint)).any(|endpoint| {
        let mut parts = endpoint.receiving_parts();
        parts.any(|(_, part)| part.stop.is_some() && part.state.awaits_data())
    })
}

fn no_stop_waits(state: &StreamsState) -> bool {
    !some_stop_waits(state)
}

fn something_is_in_flight(state: &StreamsState) -> bool {
    state.endpoints().any(has_in_flight)
}

fn nothing_is_in_flight(state: &StreamsState) -> bool {
    !something_is_in_flight(state)
}

fn some_writer_is_blocked(state: &StreamsState) -> bool {
    state.endpoints().filter(|endpoint| open(endpoint)).any(|endpoint| {
        let writes = |id| endpoint.send_outcome(id).is_none();
        let writers = endpoint.sending_parts().filter(|(id, part)| writes(*id) && !part.ended);
        let blocked_by_connection = endpoint.send_credit.blocked.is_some_and(|blocked| {
            // Room that a reset of its own has made is the application's to find.
            endpoint.is_held_back() || endpoint.send_credit.limit > blocked.at
        });
        writers.into_iter().any(|(_, part)| blocked_by_connection || part.credit.blocked.is_some())
    })
}

fn no_writer_is_blocked(state: &StreamsState) -> bool {
    !some_writer_is_blocked(state)
}

fn some_open_is_blocked(state: &StreamsState) -> bool {
    state.endpoints().filter(|endpoint| open(endpoint)).any(|endpoint| {
        Direction::ALL.into_iter().any(|d| endpoint.opens.of(d).credit.blocked.is_some())
    })
}

fn no_open_is_blocked(state: &StreamsState) -> bool {
    !some_open_is_blocked(state)
}
