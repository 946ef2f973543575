//! A state of the world: two endpoints, or one and a hostile peer, the packets between them, and the
//! observer's notes.

use std::collections::BTreeSet;

use crate::rfc::delivery::Delivery;
use crate::rfc::endpoint::Endpoint;
use crate::rfc::identity::{Direction, Side};
use crate::rfc::sending::SendingPart;

use super::action::{Carries, Packet};
use super::history::History;

/// Everything at one moment. `None` stands for the hostile peer.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct StreamsState {
    /// The client.
    pub client: Option<Endpoint>,
    /// The server.
    pub server: Option<Endpoint>,
    /// The packets in flight; a set, because a second copy behaves as a duplicate of the first.
    pub network: BTreeSet<Packet>,
    /// The observer's notes.
    pub history: History,
}

impl StreamsState {
    /// The endpoint on this side, unless it is the hostile peer.
    pub const fn endpoint(&self, side: Side) -> Option<&Endpoint> {
        match side {
            Side::Client => self.client.as_ref(),
            Side::Server => self.server.as_ref(),
        }
    }

    /// The endpoints that keep the rules.
    pub fn endpoints(&self) -> impl Iterator<Item = &Endpoint> {
        self.client.iter().chain(&self.server)
    }

    /// Whether the client still waits for the server's part of the handshake (§7.4.1).
    pub fn is_early(&self) -> bool {
        self.client.as_ref().is_some_and(|client| client.early)
    }
}

/// Whether neither a frame of `side` nor an acknowledgement for it is left in the network: what it
/// waits for will not come. (A loss detected wrongly sends a second copy, as a network that doubles
/// does.)
pub(super) fn nothing_under_way(state: &StreamsState, side: Side) -> bool {
    state.network.iter().all(|packet| match packet.carries {
        Carries::Frames(_) => packet.to == side,
        Carries::Ack(_) => packet.to != side,
    })
}

/// Whether an endpoint waits for an acknowledgement.
pub(super) fn has_in_flight(endpoint: &Endpoint) -> bool {
    let in_flight = |delivery: Delivery| delivery == Delivery::InFlight;
    let blocked = |credit: crate::rfc::credit::SendCredit| {
        credit.blocked.is_some_and(|blocked| in_flight(blocked.delivery))
    };
    let sending = endpoint.sending_parts().any(|(_, part)| sends_in_flight(part));
    let receiving = endpoint.receiving_parts().any(|(_, part)| {
        let stop = part.stop.is_some_and(|stop| in_flight(stop.delivery));
        (part.state.awaits_data() && stop) || (part.wants_more() && in_flight(part.credit.delivery))
    });
    let limits = Direction::ALL.into_iter().any(|direction| {
        in_flight(endpoint.admits.of(direction).credit.delivery)
            || blocked(endpoint.opens.of(direction).credit)
    });
    let connection = in_flight(endpoint.receive_credit.delivery) || blocked(endpoint.send_credit);
    endpoint.closed.is_none() && (sending || receiving || limits || connection)
}

fn sends_in_flight(part: &SendingPart) -> bool {
    let live = !part.state.is_terminal();
    let blocked = part.credit.blocked.is_some_and(|blocked| blocked.delivery == Delivery::InFlight);
    match part.reset {
        Some(reset) => live && reset.delivery == Delivery::InFlight,
        None => {
            let unacked = part.sent.iter().any(|range| part.acked.gaps(range).next().is_some());
            let fin = part.ended && part.fin == Delivery::InFlight;
            live && (unacked || fin || (blocked && !part.ended))
        }
    }
}
