//! The systems under test by name: those of this crate, and whatever a binary adds.

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

use streamproof_model::rfc::choices::Choices;

use super::Bad;
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

/// The system with other choices: each a field of [`Choices`] and its way.
pub(super) fn choosing(sut: Box<dyn Sut>, ways: &[String]) -> Result<Box<dyn Sut>, Bad> {
    if ways.is_empty() {
        return Ok(sut);
    }
    let bad = |way: &str, why: &str| Bad(format!("--choice {way}: {why}"));
    let mut value = serde_json::to_value(sut.choices()).map_err(|error| Bad(error.to_string()))?;
    for way in ways {
        let (choice, goes) =
            way.split_once('=').ok_or_else(|| bad(way, "wants CHOICE=always or =never"))?;
        let field = value.get_mut(choice).ok_or_else(|| bad(way, "there is no such choice"))?;
        match goes {
            "always" | "never" => *field = goes.into(),
            _ => return Err(bad(way, "goes always or never")),
        }
    }
    let choices: Choices = serde_json::from_value(value).map_err(|error| Bad(error.to_string()))?;
    Ok(Box::new(Choosing { sut, choices }))
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
