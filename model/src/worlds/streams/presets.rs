//! Named bounds. A preset says who takes part, what the applications may do, what the network may
//! do, and how much of it; it holds no rule. `catalogue` lists them.

mod catalogue;

pub use catalogue::PRESETS;

use crate::judging::way::Way;
use crate::rfc::identity::{Direction, Side};
use crate::rfc::parameters::Parameters;
use crate::worlds::Tier;

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

/// The applications' calls that a preset offers. Writing, ending and reading are always offered where
/// there is something to write.
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
    /// How many streams of each direction the opening side's application opens, those included that
    /// are there from the beginning.
    pub open: u64,
    /// Either application closes the connection.
    pub close: bool,
    /// The other side's application changes its connection's window to so many bytes.
    pub resize_window: &'static [u64],
    /// The other side's application lets so many streams be open at a time.
    pub resize_streams: &'static [u64],
}

/// What the network may do beyond delivering packets in any order.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NetworkFaults {
    /// It loses packets; once all of an endpoint's are gone, its loss detection says so.
    pub loses: bool,
    /// It delivers packets twice.
    pub duplicates: bool,
    /// It keeps every packet for ever: what was sent once may arrive at any time, any number of times.
    pub keeps: bool,
}

/// What a hostile peer sends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Hostility {
    /// The frames of a stream's own life (§19.4, §19.5, §19.8), with every size up to one beyond the
    /// preset's length.
    StreamLife,
    /// Every frame for every kind of stream, with the few values that are at a boundary.
    EveryFrame,
    /// Data and final sizes around the limits that were advertised.
    Credit,
    /// What lies between a limit that was advertised and the one that is still to be advertised, and beyond both.
    Slack,
    /// Nothing but a handshake that lowers what the client remembers (§7.4.1).
    Handshake,
}

/// An answer to 0-RTT (§7.4.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Handshake {
    /// Whether the server takes it.
    pub accepted: bool,
    /// The server's transport parameters now.
    pub parameters: Parameters,
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
    /// How long it takes.
    pub tier: Tier,
    /// Which side of the connection opens streams.
    pub opener: Side,
    /// The directions of its streams: those in which its application opens some, if it opens any.
    pub directions: &'static [Direction],
    /// How many of each direction are open when the world begins.
    pub opened: u64,
    /// What the client, and what the server, advertises.
    pub parameters: [Parameters; 2],
    /// The peer that keeps no rule, if there is one.
    pub hostile: Option<Side>,
    /// What such a peer sends.
    pub hostility: Hostility,
    /// How the handshake may go, if the client begins with 0-RTT; what it remembers are the server's
    /// `parameters`.
    pub handshakes: &'static [Handshake],
    /// How many bytes the application writes on a stream at most.
    pub length: u64,
    /// How many of them at a time.
    pub unit: u64,
    /// With how many packets in flight an endpoint still starts to send.
    pub in_flight: usize,
    /// How endpoints send.
    pub sends: Sends,
    /// What applications do.
    pub calls: Calls,
    /// What the network does.
    pub network_faults: NetworkFaults,
    /// Which way endpoints go.
    pub way: Way,
    /// Whether the world has a twin in the second model, in Promela: its observer takes no notes, so that
    /// nothing is checked but the endpoints' own states, and each frame has a packet of its own. Otherwise
    /// what is sent at once travels in one packet, as far as it can.
    pub twin: bool,
}

impl Preset {
    /// Whether its edges can be replayed against a real stack.
    pub fn is_replayed(&self) -> bool {
        self.sends == Sends::AtOnce && !self.twin
    }

    /// The sides a system under test can take: those that keep the rules, and that give streams of every
    /// kind the same limit, as most stacks do.
    pub fn sides(&self) -> Vec<Side> {
        let keeps_rules = |side: &Side| self.hostile != Some(*side);
        let plain = |side: &Side| self.parameters_of(*side).has_one_stream_limit();
        Side::ALL.into_iter().filter(keeps_rules).filter(plain).collect()
    }

    /// What a side advertises when the connection begins.
    pub const fn parameters_of(&self, side: Side) -> Parameters {
        match side {
            Side::Client => self.parameters[0],
            Side::Server => self.parameters[1],
        }
    }

    /// What a side is to the preset's streams, for people.
    pub fn role_name(&self, side: Side) -> &'static str {
        let one_way = self.directions == [Direction::Unidirectional];
        match (one_way, side == self.opener, side) {
            (true, true, _) => "sender",
            (true, false, _) => "receiver",
            (false, _, Side::Client) => "client",
            (false, _, Side::Server) => "server",
        }
    }

    /// The preset with this name.
    pub fn find(name: &str) -> Option<Self> {
        PRESETS.iter().find(|preset| preset.name == name).copied()
    }
}
