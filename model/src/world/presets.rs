//! Named bounds. A preset says who takes part, what the applications may do, what the network may
//! do, and how much of it; it holds no rule.

use crate::rfc::choices::Choices;
use crate::rfc::identity::Side;

use super::action::Role;

/// When and how an endpoint sends what it owes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sends {
    /// Whenever its driver runs, all of it, in as few frames as possible: what a real stack that is
    /// not congested does. Its driver runs when a packet arrives, or by itself after any number of
    /// calls. Only such worlds can be replayed edge by edge.
    AtOnce,
    /// Any frame the rules permit, cut anywhere, again and again, at any time.
    Freely,
}

/// The applications' calls that a preset offers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Calls {
    /// The sending application resets.
    pub reset: bool,
    /// The receiving application aborts reading.
    pub abort_reading: bool,
    /// Either application drops its handle.
    pub drop: bool,
    /// Applications go on calling after their part has ended.
    pub late: bool,
}

/// What the network does besides delivering packets in any order.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Weather {
    /// It loses packets; once all of an endpoint's are gone, its loss detection says so.
    pub loses: bool,
    /// It delivers packets twice.
    pub duplicates: bool,
}

/// A named, bounded world.
#[derive(Clone, Copy, Debug)]
pub struct Preset {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is for, in one line.
    pub about: &'static str,
    /// What it leaves out, and why that is sound, in one line.
    pub abstraction: &'static str,
    /// Which side of the connection sends on the stream.
    pub sender: Side,
    /// The peer that keeps no rule, if there is one.
    pub hostile: Option<Role>,
    /// How many bytes the application writes at most, one at a time.
    pub length: u64,
    /// With how many packets in flight an endpoint still starts to send.
    pub in_flight: usize,
    /// How endpoints send.
    pub sends: Sends,
    /// What applications do.
    pub calls: Calls,
    /// What the network does.
    pub weather: Weather,
    /// Which of the permitted ways endpoints go.
    pub choices: Choices,
}

impl Preset {
    /// Whether its edges can be replayed against a real stack.
    pub fn is_replayed(&self) -> bool {
        self.sends == Sends::AtOnce
    }

    /// The roles a system under test can take: those that keep the rules.
    pub fn roles(&self) -> Vec<Role> {
        Role::ALL.into_iter().filter(|role| self.hostile != Some(*role)).collect()
    }

    /// The preset with this name.
    pub fn find(name: &str) -> Option<Self> {
        PRESETS.iter().find(|preset| preset.name == name).copied()
    }
}

const ALL_CALLS: Calls = Calls { reset: true, abort_reading: true, drop: true, late: true };
const CLEAR: Weather = Weather { loses: false, duplicates: false };

const BASE: Preset = Preset {
    name: "",
    about: "",
    abstraction: "",
    sender: Side::Client,
    hostile: None,
    length: 2,
    in_flight: 2,
    sends: Sends::AtOnce,
    calls: ALL_CALLS,
    weather: CLEAR,
    choices: Choices::PERMITTED,
};

/// Every preset, in the order in which they are checked and listed.
pub const PRESETS: &[Preset] = &[
    Preset {
        name: "uni",
        about: "two bytes, every call but drops, packets in any order",
        abstraction: "no loss and no copies: uni-lossy and uni-double have them, on one byte",
        calls: Calls { drop: false, ..ALL_CALLS },
        ..BASE
    },
    Preset {
        name: "uni-lossy",
        about: "one byte, every call but drops; any packet may be lost",
        abstraction: "one byte: what is lost is repaired alike wherever it \
                      stands; orders of arrival are in uni",
        length: 1,
        calls: Calls { drop: false, late: false, ..ALL_CALLS },
        weather: Weather { loses: true, duplicates: false },
        ..BASE
    },
    Preset {
        name: "uni-double",
        about: "one byte, every call but drops; every frame may arrive again and again; the server \
                sends",
        abstraction: "one byte and no loss: a copy is a copy wherever it stands, and a lost one is \
                      none",
        sender: Side::Server,
        length: 1,
        calls: Calls { drop: false, late: false, ..ALL_CALLS },
        weather: Weather { loses: false, duplicates: true },
        ..BASE
    },
    Preset {
        name: "uni-drop",
        about: "one byte; handles are dropped at any moment; packets are lost; the server sends",
        abstraction: "neither reset nor abort: nobody is left to call after a drop, and before it \
                      they are in uni",
        sender: Side::Server,
        length: 1,
        calls: Calls { reset: false, abort_reading: false, late: false, drop: true },
        weather: Weather { loses: true, duplicates: false },
        ..BASE
    },
    Preset {
        name: "uni-free",
        about: "two bytes; endpoints send any permitted frame at any time (checked, not replayed)",
        abstraction: "no drops and no late calls: a drop sends what a reset or an abort sends, and a \
                      late call changes no state",
        calls: Calls { late: false, drop: false, ..ALL_CALLS },
        weather: Weather { loses: true, duplicates: false },
        sends: Sends::Freely,
        ..BASE
    },
    Preset {
        name: "hostile-sender",
        about: "a receiver against a peer that sends any frame with any field",
        abstraction: "no network: a hostile peer is one; sizes up to two reach below, at and beyond a \
                      final size, and leave a gap",
        hostile: Some(Role::Sender),
        length: 1,
        ..BASE
    },
    Preset {
        name: "hostile-receiver",
        about: "a sender against a peer that sends any frame with any field",
        abstraction: "no network: a hostile peer is one; it acknowledges only what was sent, as \
                      anything else is no stream matter",
        sender: Side::Server,
        hostile: Some(Role::Receiver),
        ..BASE
    },
];
