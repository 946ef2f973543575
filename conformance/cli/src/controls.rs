//! Controls: behaviour that looks odd and is permitted. `conformance/controls/controls.toml` says what happens, what
//! permits it, who shows it, and which forbidden neighbour is reported; each is played, and nothing may be reported.

use serde::Deserialize;
use streamproof_conformance::sut::Sut;
use streamproof_conformance::tours::{ReplayError, replay_trace};
use streamproof_model::rfc::choices::{Choice, Choices};
use streamproof_model::rfc::identity::Side;
use streamproof_model::trace::Trace;
use streamproof_stacks::Stack;
use streamproof_stacks::toy::zoo::{PERMITTED, PLANTED, Planted};
use streamproof_stacks::toy::{Bug, Toy};

use crate::scenarios::{Scenario, ScenarioError};

/// Where the list is, from the root of the repository.
pub const LIST: &str = "conformance/controls/controls.toml";
const TEXT: &str = include_str!("../../controls/controls.toml");
/// What [`Control::seen`] says of a stack that stays silent.
const NOTHING: &str = "nothing";

/// One behaviour.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Control {
    /// Its name.
    pub id: String,
    /// What a stack does, as a sentence.
    pub does: String,
    /// Which text of the RFC permits it, in our own words.
    pub permits: String,
    /// The choice of `specs/choices.md`.
    pub choice: Option<String>,
    /// The preset in whose world it happens.
    pub preset: String,
    /// The side of the stack.
    pub side: Side,
    /// What has to happen, as in a [`Scenario`].
    pub steps: Vec<String>,
    /// What must not happen on the way.
    #[serde(default)]
    pub without: Vec<String>,
    /// What the last step shows; `nothing` if the stack is silent.
    pub seen: String,
    /// The breach that it would be if the RFC did not take the rule back.
    pub waived: Option<String>,
    /// The stacks that show it, each with the choice or the switch that makes it do so.
    pub shown_by: Vec<String>,
    /// The forbidden neighbour: a bug of the toy.
    pub opposite: String,
    /// What the judge reports of that.
    pub reported_as: String,
}

/// What came of a control with one stack.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Played {
    /// It was shown, and nothing was reported.
    Passed,
    /// Something else than the control says was seen: what.
    NotShown(String),
    /// The ids of what was reported.
    Blamed(Vec<String>),
}

/// Why a control cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The list is not of the right form.
    #[error("{LIST}: {0}")]
    List(String),
    /// It names what there is not.
    #[error("{id}: there is no {what}")]
    Unknown {
        /// The control.
        id: String,
        /// What is not there.
        what: String,
    },
    /// It does not happen.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// The stack gives no connection.
    #[error(transparent)]
    Replay(#[from] ReplayError),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    control: Vec<Control>,
}

/// Every control, in the order of the list.
///
/// # Errors
///
/// When the list is not of the right form.
pub fn all() -> Result<Vec<Control>, ControlError> {
    let list: List = toml::from_str(TEXT).map_err(|error| ControlError::List(error.to_string()))?;
    Ok(list.control)
}

impl Control {
    fn unknown(&self, what: &str) -> ControlError {
        ControlError::Unknown { id: self.id.clone(), what: what.to_owned() }
    }

    /// A stack that shows it, by its name in [`shown_by`](Self::shown_by).
    ///
    /// # Errors
    ///
    /// When there is no such stack, choice or switch.
    pub fn stack(&self, shown_by: &str) -> Result<Box<dyn Sut>, ControlError> {
        let (name, how) = match shown_by.split_once(' ') {
            Some((name, how)) => (name, Some(how)),
            None => (shown_by, None),
        };
        let Some(how) = how else {
            let stack = Stack::find(name).ok_or_else(|| self.unknown(&format!("stack {name}")))?;
            return Ok((stack.make)());
        };
        let Some((choice, way)) = how.split_once('=') else {
            let bug = bug(how).ok_or_else(|| self.unknown(&format!("switch {how}")))?;
            return Ok(Box::new(Toy::with(bug)));
        };
        let none = || self.unknown(&format!("choice {how}"));
        let mut choices = Toy::CHOICES;
        let way: Choice = way.parse().map_err(|_| none())?;
        (Choices::find(choice).ok_or_else(none)?.set)(&mut choices, way);
        Ok(Box::new(Toy::choosing(choices)))
    }

    /// The shortest path to it on a stack's way.
    ///
    /// # Errors
    ///
    /// When it does not happen in that world.
    pub fn trace(&self, sut: &dyn Sut) -> Result<Trace, ControlError> {
        let Self { id, preset, side, steps, without, .. } = self.clone();
        Ok(Scenario { id, preset, side, steps, without }.trace_on(sut)?)
    }

    /// Plays it.
    ///
    /// # Errors
    ///
    /// When it does not happen on the stack's way, or the stack gives no connection.
    pub fn play(&self, sut: &dyn Sut) -> Result<Played, ControlError> {
        let replay = replay_trace(sut, &self.trace(sut)?)?;
        // What the liveness probe shows afterwards is another matter.
        let reported = replay.found.iter().filter(|found| found.at < replay.results.len());
        let ids: Vec<_> = reported.map(|found| found.deviation.breach.id()).collect();
        if !ids.is_empty() {
            return Ok(Played::Blamed(ids));
        }
        let last = replay.results.len().checked_sub(1).and_then(|last| replay.replies.get(last));
        let seen = last.map(|replies| replies.join(", ")).unwrap_or_default();
        let is_seen = match &*self.seen {
            NOTHING => seen.is_empty() || seen == "blocked",
            text => seen.contains(text),
        };
        let is_waived =
            |id: &String| replay.waived.iter().any(|found| found.deviation.breach.id() == *id);
        Ok(match is_seen && self.waived.iter().all(is_waived) {
            true => Played::Passed,
            false => Played::NotShown(if seen.is_empty() { NOTHING.to_owned() } else { seen }),
        })
    }

    /// The forbidden neighbour, as it is planted.
    ///
    /// # Errors
    ///
    /// When no such bug is planted, or it is found as another breach.
    pub fn planted(&self) -> Result<Planted, ControlError> {
        let planted = PLANTED.iter().find(|planted| planted.bug.id() == self.opposite);
        planted.copied().filter(|planted| planted.breach == self.reported_as).ok_or_else(|| {
            self.unknown(&format!("bug {} found as {}", self.opposite, self.reported_as))
        })
    }
}

fn bug(id: &str) -> Option<Bug> {
    let planted = PLANTED.iter().map(|planted| planted.bug);
    planted.chain(PERMITTED.iter().copied()).find(|bug| bug.id() == id)
}
