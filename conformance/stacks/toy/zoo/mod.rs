//! The zoo on a real loop: the toy stack with one bug at a time, and tours that find each of them.
//!
//! The model's zoo ([`streamproof_model::worlds::streams::wrong::ZOO`]) shows that a *rule* with the bug is caught by a property.
//! Here a *stack* has it, and nobody has written a scenario for it: the generated tours of a preset are played
//! until the judge names the breach. [`PLANTED`] says for each bug where it was seen, which presets are tried in
//! which order, and what it must be found as; [`NOT_PLANTED`] which animals no such stack can have, and why.

mod table;

use std::collections::HashMap;
use std::num::NonZero;

use streamproof_model::judging::breach::Breach;
use streamproof_model::rfc::identity::Side;
use streamproof_model::worlds::streams::presets::Preset;

pub use table::PLANTED;

use super::{Bug, Toy};
use streamproof_conformance::sut::StartError;
use streamproof_conformance::tours::{Caught, Criterion, Tours};

/// A bug of the toy stack, and what becomes of it.
#[derive(Clone, Copy, Debug)]
pub struct Planted {
    /// Which.
    pub bug: Bug,
    /// The project and issue it is modelled on; "derived" where the zoo only derives it; empty where nobody is
    /// known to have had it.
    pub seen: &'static str,
    /// The presets that are tried, in this order.
    pub presets: &'static [&'static str],
    /// The breach that names it: its [`id`](streamproof_model::judging::breach::Breach::id).
    pub breach: &'static str,
}

/// Animals that no stack without threads, futures or extensions can have, each with the reason.
pub const NOT_PLANTED: &[(&str, &str)] = &[
    ("MsQuic #5387", "§3.5 lets the answer carry any code; a control (conformance/controls)"),
    ("MsQuic #6024", "reliable resets are an extension that the toy does not have"),
    (
        "incident: release and access",
        "two threads on one part; the toy has one. Planted in the manager (fault ReleaseBeforeLastAccess)",
    ),
    (
        "incident: nil guard",
        "as above; a design of the lifecycle model (streamproof model designs)",
    ),
];

/// Switches of the toy that only look like bugs: what the RFC leaves free, and no [`Choices`] names. Controls
/// (`conformance/controls`) play them.
///
/// [`Choices`]: streamproof_model::rfc::choices::Choices
pub const PERMITTED: &[Bug] = &[
    Bug::HideDataBlocked,
    Bug::HideStreamDataBlocked,
    Bug::AnswerWithCodeZero,
    Bug::CallFinalSizeState,
    Bug::CallStreamLimitState,
];

/// Bugs that are a race or a cancelled future upstream: the toy has what it leads to.
pub const BY_EFFECT: &[&str] = &[
    "quic-go #3239",
    "MsQuic #4311",
    "quic-go #5035",
    "h3 #360",
    "web-transport #323",
    "web-transport #300",
];

/// Where a bug was found, and how.
#[derive(Clone, Debug)]
pub struct Find {
    /// The preset's name.
    pub preset: &'static str,
    /// The side that the toy took.
    pub side: Side,
    /// What was found.
    pub caught: Caught,
}

/// Hunts bugs; it keeps the tours that it has made.
#[derive(Default)]
pub struct Hunter {
    tours: HashMap<(&'static str, Side), Tours>,
}

impl Hunter {
    /// Plays the tours of the bug's presets, in order, on each side, until one shows its breach; `None` if
    /// none does.
    ///
    /// # Errors
    ///
    /// When the toy gives no connection.
    pub fn hunt(
        &mut self,
        planted: &Planted,
        threads: NonZero<usize>,
    ) -> Result<Option<Find>, StartError> {
        let toy = Toy::with(planted.bug);
        for preset in planted.presets.iter().filter_map(|name| Preset::find(name)) {
            for side in preset.sides() {
                let tours = self
                    .tours
                    .entry((preset.name, side))
                    .or_insert_with(|| Tours::with(preset, side, &toy, Criterion::Edges));
                let wanted = |breach: Breach| breach.id() == planted.breach;
                if let Some(caught) = tours.hunt(&toy, threads, wanted)? {
                    return Ok(Some(Find { preset: preset.name, side, caught }));
                }
            }
        }
        Ok(None)
    }

    /// Plays every edge of the presets that were hunted in with the toy as it should be, and says how many
    /// breaches that showed: there should be none.
    ///
    /// # Errors
    ///
    /// When the toy gives no connection.
    pub fn blamed(&mut self, threads: NonZero<usize>) -> Result<usize, StartError> {
        let mut blamed = 0;
        for tours in self.tours.values_mut() {
            blamed += tours.run(&Toy::default(), threads, &|_| {})?.findings.len();
        }
        Ok(blamed)
    }
}
