//! The systems under test by name.

use std::fmt;
use std::str::FromStr;

use clap::Args;
use streamproof_model::judging::departures::{Departure, listed};
use streamproof_model::judging::way::Way;
use streamproof_model::rfc::choices::{Choice, Choices};

use streamproof_conformance::sut::{Overridden, Sut};
use streamproof_stacks::{STACKS, Stack, departures};

use crate::commands::{UsageError, names};

/// The manager, which is played if no other system is named.
pub(in crate::commands) const MANAGER: &str = "manager";

/// The system under test, and the way that it is believed to go.
#[derive(Args, Debug)]
pub(in crate::commands) struct SutArgs {
    /// The system under test. `judge run` takes another version of quinn-proto behind an @: quinn@0.11.17.
    #[arg(long, value_name = "STACK", default_value = MANAGER)]
    sut: SutArg,
    /// Override one of the stack's declared choices or departures (specs/choices.md): its name, and "always" or
    /// "never".
    #[arg(long, value_name = "CHOICE=WAY")]
    choice: Vec<String>,
}

impl SutArgs {
    /// The system, on that way.
    pub(in crate::commands) fn sut(&self) -> Result<Box<dyn Sut>, UsageError> {
        choosing(self.sut.sut()?, &self.choice)
    }

    /// The version that was asked for, with the stack's name, if one was.
    pub(super) fn version(&self) -> Option<(&'static str, &str)> {
        self.sut.version()
    }
}

/// The system with another way: each of `ways` is a choice, or a departure, and whether it is so.
pub(in crate::commands) fn choosing(
    sut: Box<dyn Sut>,
    ways: &[String],
) -> Result<Box<dyn Sut>, UsageError> {
    if ways.is_empty() {
        return Ok(sut);
    }
    let mut way = sut.way();
    for one in ways {
        let bad = |why: &str| UsageError(format!("--choice {one}: {why}"));
        let (name, goes) =
            one.split_once('=').ok_or_else(|| bad("wants CHOICE=always or =never"))?;
        let goes = match goes.parse() {
            Ok(goes @ (Choice::Always | Choice::Never)) => goes,
            Ok(Choice::Either) | Err(_) => return Err(bad("goes always or never")),
        };
        way = gone(way, name, goes).ok_or_else(|| {
            let known = Choices::ALL.iter().map(|choice| choice.name);
            let known = known.chain(departures().iter().map(|departure| departure.id));
            let meant = names::nearest(name, known);
            let meant = meant.map_or_else(String::new, |meant| format!("; did you mean {meant}?"));
            bad(&format!("there is no such choice or departure{meant}"))
        })?;
    }
    Ok(Box::new(Overridden { sut, way }))
}

/// The way with one choice made so, or one departure taken or left; `None` if there is none of that name.
fn gone(mut way: Way, name: &str, goes: Choice) -> Option<Way> {
    if let Some(choice) = Choices::find(name) {
        (choice.set)(&mut way.choices, goes);
        return Some(way);
    }
    // Both spellings: choices have underscores.
    let id = name.replace('_', "-");
    let departure = *Departure::find(departures(), &id).or(Departure::find(way.departures, &id))?;
    let others = way.departures.iter().filter(|other| **other != departure).copied();
    let taken = (goes == Choice::Always).then_some(departure);
    way.departures = listed(others.chain(taken).collect());
    Some(way)
}

/// A system under test by name, and the version that is wanted of it if it is not the one that was built in.
#[derive(Clone)]
pub(in crate::commands) struct SutArg {
    stack: Stack,
    version: Option<String>,
}

impl SutArg {
    /// The name it was found by.
    pub(in crate::commands) const fn name(&self) -> &'static str {
        self.stack.name
    }

    /// The version that was asked for, with the stack's name, if one was.
    pub(in crate::commands) fn version(&self) -> Option<(&'static str, &str)> {
        Some((self.name(), self.version.as_deref()?))
    }

    /// The system as it was built in.
    pub(in crate::commands) fn sut(&self) -> Result<Box<dyn Sut>, UsageError> {
        match &self.version {
            None => Ok((self.stack.make)()),
            Some(version) => {
                let name = self.stack.name;
                let line = "other versions are built by `judge run` and `trace play` alone";
                Err(UsageError(format!("--sut {name}@{version}: {line}")))
            }
        }
    }
}

impl From<Stack> for SutArg {
    fn from(stack: Stack) -> Self {
        Self { stack, version: None }
    }
}

impl fmt::Debug for SutArg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for SutArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, version) = match text.split_once('@') {
            Some((name, version)) => (name, Some(version.to_owned())),
            None => (text, None),
        };
        Stack::find(name).map(|stack| Self { stack, version }).ok_or_else(|| {
            let known: Vec<&str> = STACKS.iter().map(|stack| stack.name).collect();
            let meant = names::nearest(name, known.iter().copied());
            let meant =
                meant.map_or_else(String::new, |meant| format!("did you mean \"{meant}\"? "));
            format!("no stack is called \"{name}\"; {meant}there are {}", known.join(", "))
        })
    }
}
