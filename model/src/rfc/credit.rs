//! §4.1, §4.2, §4.6: credit, for data on a stream, for data on the connection, and for streams.
//!
//! The three have one shape. The peer sets us a limit ([`SendCredit`]); we set the peer one
//! ([`ReceiveCredit`]). A limit is what was *advertised*; what we would grant by now is the internal
//! limit, and nothing but a frame turns one into the other. How much of a limit is used is never stored:
//! it follows from the parts of the streams.

use serde::{Deserialize, Serialize};

use super::carriage::Carriage;
use super::rules::Rules;

/// What we tell the peer when its limit stops us (§4.1, §4.6).
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct Blocked {
    /// The limit that stopped us.
    pub at: u64,
    /// Where the frame stands.
    pub carriage: Carriage,
}

/// A limit that the peer sets us. In bytes, or in streams.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct SendCredit {
    /// The largest limit the peer has advertised.
    pub limit: u64,
    /// Set once that limit has stopped us.
    pub blocked: Option<Blocked>,
}

impl SendCredit {
    /// The limit of the transport parameters (§18.2).
    pub const fn new(limit: u64) -> Self {
        Self { limit, blocked: None }
    }

    /// A MAX_DATA, MAX_STREAM_DATA or MAX_STREAMS frame arrived.
    pub(super) fn advertised(&mut self, rules: &Rules, maximum: u64) {
        // rfc9000 4.1/3, 4.6/4, 19.11/2: a limit that is not higher has no effect.
        self.limit = (rules.raised_limit)(self.limit, maximum);
        if self.blocked.is_some_and(|blocked| (rules.blocked_is_over)(blocked.at, self.limit)) {
            self.blocked = None;
        }
    }

    /// The limit stopped us.
    pub(super) fn block(&mut self) {
        let blocked = Blocked { at: self.limit, carriage: Carriage::Due };
        self.blocked.get_or_insert(blocked);
    }

    /// The limit to tell the peer of, if that is due.
    pub fn due(&self) -> Option<u64> {
        self.blocked.filter(|blocked| blocked.carriage.is_owed()).map(|blocked| blocked.at)
    }

    /// A frame said that we are blocked at `limit`; whether we are.
    pub(super) fn told(&mut self, limit: u64) -> bool {
        match &mut self.blocked {
            Some(blocked) if blocked.at == limit => {
                blocked.carriage = blocked.carriage.sent();
                true
            }
            Some(_) | None => false,
        }
    }

    pub(super) fn on_acked(&mut self, limit: u64) {
        if let Some(blocked) = self.blocked.as_mut().filter(|blocked| blocked.at == limit) {
            blocked.carriage = Carriage::Acked;
        }
    }

    pub(super) fn on_all_lost(&mut self) {
        if let Some(blocked) = &mut self.blocked {
            blocked.carriage = blocked.carriage.declared_lost();
        }
    }
}

/// A limit that we set the peer. In bytes, or in streams.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct ReceiveCredit {
    /// How much the peer may use beyond what it has been given back.
    pub window: u64,
    /// What was promised before the window shrank: a limit is never taken back.
    pub promised: u64,
    /// The largest limit that we have advertised.
    pub advertised: u64,
    /// Where the frame with the latest limit stands.
    pub carriage: Carriage,
}

impl ReceiveCredit {
    /// The limit of the transport parameters (§18.2), which arrive or there is no connection.
    pub const fn new(window: u64) -> Self {
        Self { window, promised: 0, advertised: window, carriage: Carriage::Acked }
    }

    /// The internal limit: what we would advertise now, with so much given back.
    pub const fn internal(&self, released: u64) -> u64 {
        let limit = self.window.saturating_add(released);
        if limit > self.promised { limit } else { self.promised }
    }

    /// The window changes while the connection runs.
    pub(super) fn resize(&mut self, window: u64, released: u64) {
        // rfc9000 4.1/9: what was promised stays promised.
        self.promised = self.internal(released);
        self.window = window;
    }

    /// The limit to advertise, if that is due: the latest was lost, or `step` more is to be had.
    pub fn due(&self, released: u64, step: u64) -> Option<u64> {
        let internal = self.internal(released);
        let raised = internal > self.advertised && internal - self.advertised >= step;
        (raised || self.carriage.is_owed()).then_some(internal.max(self.advertised))
    }

    /// A frame advertised `maximum`; whether we may grant so much.
    pub(super) fn on_sent(&mut self, maximum: u64, released: u64) -> bool {
        let granted = maximum <= self.internal(released).max(self.advertised);
        // rfc9000 4.1/9, 4.6/10: a smaller limit than before has no effect.
        if maximum > self.advertised {
            self.advertised = maximum;
            self.carriage = Carriage::InFlight;
        } else if maximum == self.advertised {
            self.carriage = self.carriage.sent();
        }
        granted
    }

    pub(super) fn on_acked(&mut self, maximum: u64) {
        if maximum == self.advertised {
            self.carriage = Carriage::Acked;
        }
    }

    pub(super) fn on_all_lost(&mut self) {
        self.carriage = self.carriage.declared_lost();
    }
}
