//! §4.1, §4.2, §4.6, §13.3: limits, those the peer sets us and those we set it, and where a piece of
//! information stands on its way.

use super::bug::{Bug, Switch};

/// The largest value that a frame can carry (§16).
pub(super) const MAX_VARINT: u64 = (1 << 62) - 1;

/// Where something that the peer is to know stands (§13.3).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Way {
    /// It waits to be sent.
    Waiting,
    /// It is under way.
    Sent,
    /// What carried it was lost.
    Lost,
    /// The peer has it.
    Arrived,
}

impl Way {
    /// Whether it has to be sent, again or for the first time.
    pub(super) fn is_owed(self) -> bool {
        matches!(self, Self::Waiting | Self::Lost)
    }

    pub(super) fn send(&mut self) {
        if *self != Self::Arrived {
            *self = Self::Sent;
        }
    }

    pub(super) fn lose(&mut self) {
        if *self == Self::Sent {
            *self = Self::Lost;
        }
    }
}

/// A limit that the peer sets us.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit {
    pub(super) value: u64,
    /// At which limit we were stopped, and where the frame that says so stands.
    blocked: Option<(u64, Way)>,
}

impl Limit {
    pub(super) fn new(value: u64) -> Self {
        Self { value, blocked: None }
    }

    /// A frame, or the handshake, names a limit. §4.1: a smaller one says nothing.
    pub(super) fn raise(&mut self, to: u64) {
        self.set(self.value.max(to));
    }

    pub(super) fn set(&mut self, to: u64) {
        self.value = to;
        self.blocked = self.blocked.filter(|(at, _)| *at == to);
    }

    /// We were stopped here.
    pub(super) fn block(&mut self) {
        self.blocked.get_or_insert((self.value, Way::Waiting));
    }

    pub(super) fn is_blocked(&self) -> bool {
        self.blocked.is_some()
    }

    /// The limit that the peer is to be told of.
    pub(super) fn owed(&self) -> Option<u64> {
        self.blocked.filter(|(_, way)| way.is_owed()).map(|(at, _)| at)
    }

    pub(super) fn told(&mut self) {
        if let Some((_, way)) = &mut self.blocked {
            way.send();
        }
    }

    pub(super) fn arrived(&mut self, limit: u64) {
        if let Some((_, way)) = self.blocked.as_mut().filter(|(at, _)| *at == limit) {
            *way = Way::Arrived;
        }
    }

    pub(super) fn lose(&mut self, switch: Switch) {
        if let (Some((_, way)), false) = (&mut self.blocked, switch.is(Bug::ForgetLostBlocked)) {
            way.lose();
        }
    }
}

/// A limit that we set the peer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grant {
    window: u64,
    /// §4.1: what was promised under a larger window stays promised.
    promised: u64,
    pub(super) advertised: u64,
    way: Way,
}

impl Grant {
    pub(super) fn new(window: u64) -> Self {
        // The transport parameters have arrived, or there would be no connection.
        Self { window, promised: 0, advertised: window, way: Way::Arrived }
    }

    /// What we would advertise by now, with so much given back.
    pub(super) fn by_now(&self, given_back: u64) -> u64 {
        (self.window + given_back).max(self.promised)
    }

    pub(super) fn resize(&mut self, window: u64, given_back: u64) {
        self.promised = self.by_now(given_back);
        self.window = window;
    }

    /// The limit to be advertised, if one is: the latest was lost, or `step` more is to be had.
    pub(super) fn due(&self, switch: Switch, given_back: u64, step: u64) -> Option<u64> {
        if switch.is(Bug::UnderflowWindow) && self.window + given_back < self.advertised {
            let growth = (self.window + given_back).wrapping_sub(self.advertised);
            let limit = self.advertised.saturating_add(growth).min(MAX_VARINT);
            return (self.advertised < limit).then_some(limit);
        }
        let limit = self.by_now(given_back).max(self.advertised);
        (limit - self.advertised >= step || self.way.is_owed()).then_some(limit)
    }

    /// An eighth of the window, but no less than one.
    pub(super) fn step(&self) -> u64 {
        (self.window / 8).max(1)
    }

    /// More than an eighth of the streams that may be open at a time.
    pub(super) fn step_of_streams(&self) -> u64 {
        self.window / 8 + 1
    }

    pub(super) fn advertise(&mut self, limit: u64) {
        self.advertised = limit;
        self.way = Way::Sent;
    }

    pub(super) fn arrived(&mut self, limit: u64) {
        if limit == self.advertised {
            self.way = Way::Arrived;
        }
    }

    pub(super) fn lose(&mut self) {
        self.way.lose();
    }
}
