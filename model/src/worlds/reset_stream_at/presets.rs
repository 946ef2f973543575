//! Named bounds for §3 to §5.4. They are checked, not replayed: no stack at hand has the extension.

use super::bytes::Size;
use super::rules::Limits;

/// A named, bounded world.
#[derive(Clone, Copy, Debug)]
pub struct ResetStreamAtPreset {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is for, in one line.
    pub about: &'static str,
    /// What it leaves out, and why that is sound, in one line.
    pub abstraction: &'static str,
    /// Whether the sender keeps no rule.
    pub hostile: bool,
    /// How many bytes the application writes at most; of a hostile sender, the largest offset.
    pub length: Size,
    /// With how many packets in flight an endpoint still starts to send.
    pub in_flight: usize,
    /// The limits at first.
    pub limits: Limits,
    /// How much the receiver grants beyond what came back: it raises its limits up to that.
    pub windows: Limits,
    /// Whether the network loses packets, and acknowledgements.
    pub loses: bool,
    /// Whether the network delivers packets twice.
    pub duplicates: bool,
}

/// Every preset, in the order in which they are checked and listed.
pub const PRESETS: &[ResetStreamAtPreset] = &[
    ResetStreamAtPreset {
        name: "reset-at",
        about: "two endpoints with RESET_STREAM_AT, two bytes, credit that comes late, every reset, stop and loss",
        abstraction: "a raised limit is known at once: one that comes later is one that was raised later; \
                      no copies: whoever loses an acknowledgement sends one",
        hostile: false,
        length: 2,
        in_flight: 2,
        limits: Limits { stream: 2, connection: 1 },
        windows: Limits { stream: 2, connection: 2 },
        loses: true,
        duplicates: false,
    },
    ResetStreamAtPreset {
        name: "reset-at-hostile",
        about: "a receiver of RESET_STREAM_AT against a peer that sends any frame with any field",
        abstraction: "no network: a hostile peer is one; sizes up to three reach below, at and beyond a \
                      final size and either limit",
        hostile: true,
        length: 3,
        in_flight: 0,
        limits: Limits { stream: 2, connection: 2 },
        windows: Limits { stream: 2, connection: 2 },
        loses: false,
        duplicates: false,
    },
];

impl ResetStreamAtPreset {
    /// The preset with this name.
    pub fn find(name: &str) -> Option<Self> {
        PRESETS.iter().find(|preset| preset.name == name).copied()
    }
}

/// What the list of presets says of these.
pub const NOT_REPLAYED: &str = "checked, not replayed: no stack at hand has the extension";
