//! The systems under test by name: those of this crate, and whatever a binary adds.

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

use streamproof_model::judging::departures::{Departure, listed};
use streamproof_model::judging::way::Way;
use streamproof_model::rfc::choices::{Choice, Choices};

use super::Bad;
use crate::sut::departures::KNOWN;
use crate::sut::{BareQuinn, Choosing, Manager, Sut, Toy, aioquic, ngtcp2, quic_go};

/// Makes a system under test.
pub type Maker = fn() -> Box<dyn Sut>;

/// The manager, which is played if no other system is named.
pub(super) const MANAGER: &str = "manager";

const OURS: [(&str, Maker); 6] = [
    (MANAGER, || Box::new(Manager::default())),
    ("quinn", || Box::new(BareQuinn)),
    ("toy", || Box::new(Toy::default())),
    ("aioquic", || Box::new(aioquic::aioquic())),
    ("ngtcp2", || Box::new(ngtcp2::ngtcp2())),
    ("quic-go", || Box::new(quic_go::quic_go())),
];

static MORE: OnceLock<Vec<(&'static str, Maker)>> = OnceLock::new();

/// Adds systems to those of this crate. Only the first call counts.
pub(super) fn add(more: &[(&'static str, Maker)]) {
    let _ = MORE.set(more.to_vec());
}

/// Every system, by name.
pub(super) fn all() -> Vec<(&'static str, Maker)> {
    OURS.into_iter().chain(MORE.get().into_iter().flatten().copied()).collect()
}

/// The system with another way: each of `ways` is a choice, or a departure, and whether it is so.
pub(super) fn choosing(sut: Box<dyn Sut>, ways: &[String]) -> Result<Box<dyn Sut>, Bad> {
    if ways.is_empty() {
        return Ok(sut);
    }
    let mut way = sut.way();
    for one in ways {
        let bad = |why: &str| Bad(format!("--choice {one}: {why}"));
        let (name, goes) =
            one.split_once('=').ok_or_else(|| bad("wants CHOICE=always or =never"))?;
        let goes = match goes.parse() {
            Ok(goes @ (Choice::Always | Choice::Never)) => goes,
            Ok(Choice::Either) | Err(_) => return Err(bad("goes always or never")),
        };
        way = gone(way, name, goes).ok_or_else(|| bad("there is no such choice or departure"))?;
    }
    Ok(Box::new(Choosing { sut, way }))
}

/// The way with one choice made so, or one departure taken or left; `None` if there is none of that name.
fn gone(mut way: Way, name: &str, goes: Choice) -> Option<Way> {
    if let Some(choice) = Choices::find(name) {
        (choice.set)(&mut way.choices, goes);
        return Some(way);
    }
    // Both spellings: choices have underscores.
    let id = name.replace('_', "-");
    let departure = *Departure::find(KNOWN, &id).or(Departure::find(way.departures, &id))?;
    let others = way.departures.iter().filter(|other| **other != departure).copied();
    let taken = (goes == Choice::Always).then_some(departure);
    way.departures = listed(others.chain(taken).collect());
    Some(way)
}

/// A system under test by name.
#[derive(Clone, Copy)]
pub(super) struct SutArg {
    name: &'static str,
    make: Maker,
}

impl SutArg {
    /// The name it was found by.
    pub(super) const fn name(self) -> &'static str {
        self.name
    }

    pub(super) fn sut(self) -> Box<dyn Sut> {
        (self.make)()
    }
}

impl From<(&'static str, Maker)> for SutArg {
    fn from((name, make): (&'static str, Maker)) -> Self {
        Self { name, make }
    }
}

impl fmt::Debug for SutArg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl FromStr for SutArg {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = all();
        match known.iter().find(|(known, _)| *known == name) {
            Some((name, make)) => Ok(Self { name, make: *make }),
            None => {
                let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
                Err(format!("no stack is called \"{name}\"; there are {}", names.join(", ")))
            }
        }
    }
}
