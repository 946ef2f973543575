//! §4.1 Data flow control, §4.2 Increasing flow control limits: limits, and what is left of them.
//!
//! Those on a stream's data, on the connection's data and on streams ([`limits`](super::limits)) have one shape. The peer sets us a limit ([`SendCredit`]); we set the peer one
//! ([`ReceiveCredit`]). A limit is what was *advertised*; what we would grant by now is the internal
//! limit, and nothing but a frame turns one into the other. How much of a limit is used is never stored:
//! it follows from the parts of the streams.

use serde::{Deserialize, Serialize};

use super::delivery::Delivery;
use super::rules::Rules;

/// What we tell the peer when its limit stops us.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct Blocked {
    /// The limit that stopped us.
    pub at: u64,
    /// Where the frame stands.
    pub delivery: Delivery,
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
        let blocked = Blocked { at: self.limit, delivery: Delivery::Due };
        self.blocked.get_or_insert(blocked);
    }

    /// The limit to tell the peer of, if that is due.
    pub fn due(&self) -> Option<u64> {
        self.blocked.filter(|blocked| blocked.delivery.is_owed()).map(|blocked| blocked.at)
    }

    /// Whether this limit has stopped us.
    pub fn is_blocked_at(&self, limit: u64) -> bool {
        self.blocked.is_some_and(|blocked| blocked.at == limit)
    }

    /// A frame said that we are blocked at `limit`.
    pub(super) fn told(&mut self, limit: u64) {
        if let Some(blocked) = self.blocked.as_mut().filter(|blocked| blocked.at == limit) {
            blocked.delivery = blocked.delivery.sent();
        }
    }

    pub(super) fn on_acked(&mut self, limit: u64) {
        if let Some(blocked) = self.blocked.as_mut().filter(|blocked| blocked.at == limit) {
            blocked.delivery = Delivery::Acked;
        }
    }

    pub(super) fn on_all_lost(&mut self) {
        if let Some(blocked) = &mut self.blocked {
            blocked.delivery = blocked.delivery.declared_lost();
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
    pub delivery: Delivery,
}

impl ReceiveCredit {
    /// The limit of the transport parameters (§18.2), which arrive or there is no connection.
    pub const fn new(window: u64) -> Self {
        Self { window, promised: 0, advertised: window, delivery: Delivery::Acked }
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
        (raised || self.delivery.is_owed()).then_some(internal.max(self.advertised))
    }

    /// Whether we may grant so much.
    pub fn may_grant(&self, maximum: u64, released: u64) -> bool {
        maximum <= self.internal(released).max(self.advertised)
    }

    /// A frame advertised `maximum`.
    pub(super) fn on_sent(&mut self, maximum: u64) {
        // rfc9000 4.1/9, 4.6/10: a smaller limit than before has no effect.
        if maximum > self.advertised {
            self.advertised = maximum;
            self.delivery = Delivery::InFlight;
        } else if maximum == self.advertised {
            self.delivery = self.delivery.sent();
        }
    }

    pub(super) fn on_acked(&mut self, maximum: u64) {
        if maximum == self.advertised {
            self.delivery = Delivery::Acked;
        }
    }

    pub(super) fn on_all_lost(&mut self) {
        self.delivery = self.delivery.declared_lost();
    }
}
