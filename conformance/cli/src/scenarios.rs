//! The scenarios: one trace for each story that `specs/requirements` tells of a rule.
//!
//! `conformance/scenarios/scenarios.toml` says what has to happen, in order; what is replayed is the
//! shortest path of the preset's world in which it does, in `conformance/scenarios/<id>.ndjson`. The search
//! is breadth first over (state, how many steps have happened), so the same list gives the same files.

use std::collections::HashSet;
use std::rc::Rc;

use serde::Deserialize;
use stateright::Model;
use streamproof_model::rfc::identity::Side;
use streamproof_model::trace::{NotEnabled, Trace, file};
use streamproof_model::worlds::streams::StreamsWorld;
use streamproof_model::worlds::streams::action::Action;
use streamproof_model::worlds::streams::presets::Preset;
use streamproof_model::worlds::streams::state::StreamsState;

use crate::requirements::place;
use streamproof_conformance::sut::Sut;
use streamproof_conformance::tours::{ReplayError, replay_trace};
use streamproof_stacks::manager::Manager;

/// Where the list and the traces are, from the root of the repository.
pub const FOLDER: &str = "conformance/scenarios";
/// The list in that folder.
pub const LIST: &str = "scenarios.toml";
/// How many states a search looks at before it gives up.
const MOST_STATES: usize = 500_000;

/// One story.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Its name: a section, and what happens.
    pub id: String,
    /// The preset in whose world it happens.
    pub preset: String,
    /// The side of the system under test.
    pub side: Side,
    /// What has to happen, in this order: each is found in an action's text, where `*` stands for
    /// anything.
    pub steps: Vec<String>,
    /// What must not happen on the way.
    #[serde(default)]
    pub without: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    scenario: Vec<Scenario>,
}

/// Why there is no trace of a scenario.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// The list is no TOML of the right form.
    #[error("{0}")]
    List(String),
    /// Two scenarios have one name.
    #[error("{0}: twice in the list")]
    Twice(String),
    /// No such preset, or none that is replayed with a system under test on that side.
    #[error("{id}: preset {preset} has no system under test as {side}")]
    Preset {
        /// The scenario.
        id: String,
        /// The preset.
        preset: String,
        /// The side.
        side: Side,
    },
    /// It does not happen in that world, or only beyond what is searched.
    #[error("{id}: no path in {preset} with step {step}: {text}")]
    NoPath {
        /// The scenario.
        id: String,
        /// The preset.
        preset: String,
        /// The first step to which no path leads, from 1.
        step: usize,
        /// What it says.
        text: String,
    },
    /// The path found is none: a world that is not deterministic.
    #[error(transparent)]
    Walk(#[from] NotEnabled),
    /// It cannot be played.
    #[error(transparent)]
    Replay(#[from] ReplayError),
}

/// The scenarios of a list, by name.
///
/// # Errors
///
/// When it is not of the right form, or a name stands twice.
pub fn read(text: &str) -> Result<Vec<Scenario>, ScenarioError> {
    let list: List =
        toml::from_str(text).map_err(|error| ScenarioError::List(place(text, &error)))?;
    let mut scenarios = list.scenario;
    scenarios.sort_by(|a, b| a.id.cmp(&b.id));
    match scenarios.windows(2).find(|pair| pair[0].id == pair[1].id) {
        Some(pair) => Err(ScenarioError::Twice(pair[0].id.clone())),
        None => Ok(scenarios),
    }
}

/// A state on the way, how many steps have happened, and from where it was reached by what.
struct Node {
    at: Rc<(StreamsState, usize)>,
    reached: Option<(usize, Action)>,
}

impl Scenario {
    /// Its trace: a shortest path in which every step happens, and behind it all that the liveness probe does to the
    /// manager there, so that every call stands in the file.
    ///
    /// # Errors
    ///
    /// When there is none, or no such world; or when the manager gives no connection.
    pub fn trace(&self) -> Result<Trace, ScenarioError> {
        self.trace_on(&Manager::default())
    }

    /// The same for another stack, on its way.
    ///
    /// # Errors
    ///
    /// As [`trace`](Self::trace).
    pub fn trace_on(&self, sut: &dyn Sut) -> Result<Trace, ScenarioError> {
        let found = Preset::find(&self.preset);
        let mut preset = found
            .filter(|preset| preset.is_replayed() && preset.sides().contains(&self.side))
            .ok_or_else(|| ScenarioError::Preset {
                id: self.id.clone(),
                preset: self.preset.clone(),
                side: self.side,
            })?;
        preset.way = sut.way();
        let actions = self.search(&StreamsWorld::new(preset))?;
        let trace = Trace { preset, side: self.side, actions, probe: None };
        let probe = Some(replay_trace(sut, &trace)?.probe);
        Ok(Trace { probe, ..trace })
    }

    /// The trace's file.
    ///
    /// # Errors
    ///
    /// As [`trace`](Self::trace).
    pub fn file(&self) -> Result<String, ScenarioError> {
        Ok(file::write(&self.trace()?)?)
    }

    fn search(&self, world: &StreamsWorld) -> Result<Vec<Action>, ScenarioError> {
        let first = Rc::new((world.init_states().remove(0), 0));
        let mut seen: HashSet<Rc<(StreamsState, usize)>> = HashSet::new();
        seen.insert(Rc::clone(&first));
        let mut nodes = vec![Node { at: first, reached: None }];
        let mut actions = Vec::new();
        let mut furthest = 0;
        let mut from = 0;
        while from < nodes.len() && nodes.len() < MOST_STATES {
            let at = Rc::clone(&nodes[from].at);
            let (state, happened) = (&at.0, at.1);
            world.actions(state, &mut actions);
            for action in actions.drain(..) {
                let text = action.to_string();
                if self.without.iter().any(|pattern| matches(pattern, &text)) {
                    continue;
                }
                let Some(next) = world.next_state(state, action.clone()) else { continue };
                let here = self.steps.get(happened).is_some_and(|step| matches(step, &text));
                let happened = happened + usize::from(here);
                furthest = furthest.max(happened);
                let next = Rc::new((next, happened));
                if seen.insert(Rc::clone(&next)) {
                    nodes.push(Node { at: next, reached: Some((from, action)) });
                    if happened == self.steps.len() {
                        return Ok(way(&nodes));
                    }
                }
            }
            from += 1;
        }
        Err(ScenarioError::NoPath {
            id: self.id.clone(),
            preset: self.preset.clone(),
            step: furthest + 1,
            text: self.steps.get(furthest).cloned().unwrap_or_default(),
        })
    }
}

/// What happened up to the last node.
fn way(nodes: &[Node]) -> Vec<Action> {
    let mut way = Vec::new();
    let mut at = nodes.last();
    while let Some((from, action)) = at.and_then(|node| node.reached.as_ref()) {
        way.push(action.clone());
        at = nodes.get(*from);
    }
    way.reverse();
    way
}

/// Whether the parts of `pattern` between its asterisks are in `text`, one behind the other; one that
/// ends with a dollar sign ends with the text.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, whole) = match pattern.strip_suffix('$') {
        Some(pattern) => (pattern, true),
        None => (pattern, false),
    };
    let mut rest = text;
    let mut parts = pattern.split('*').peekable();
    while let Some(part) = parts.next() {
        if whole && parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pattern_is_found_in_order() {
        let text = "Deliver to server: STREAM 2 0..1, STREAM_DATA_BLOCKED 2 at 8";
        assert!(matches("STREAM 2", text) && matches("to server*STREAM 2*at 8", text));
        assert!(matches("at 8$", text) && !matches("STREAM 2 0..1$", text));
        assert!(!matches("at 8*STREAM", text) && !matches("to client", text));
    }

    #[test]
    fn shortest_path_is_found_and_a_missing_one_reported() {
        let mut scenario = Scenario {
            id: "3.1-example".to_owned(),
            preset: "uni".to_owned(),
            side: Side::Client,
            steps: vec![
                "App at client: write 1".to_owned(),
                "Deliver to server: STREAM 2".to_owned(),
            ],
            without: Vec::new(),
        };
        assert_eq!(scenario.trace().expect("a path").actions.len(), 3);
        scenario.without = vec!["Transmit".to_owned(), "Deliver".to_owned(), "Read".to_owned()];
        scenario.steps[1] = "Deliver".to_owned();
        let error = scenario.trace().expect_err("no path").to_string();
        assert_eq!(error, "3.1-example: no path in uni with step 2: Deliver");
    }

    #[test]
    fn list_with_a_name_twice_is_refused() {
        let one = "[[scenario]]\nid = \"2.1-a\"\npreset = \"uni\"\nside = \"client\"\nsteps = []\n";
        assert_eq!(read(one).expect("a list").len(), 1);
        assert_eq!(read(&one.repeat(2)).unwrap_err().to_string(), "2.1-a: twice in the list");
        assert!(matches!(read("scenario = 1"), Err(ScenarioError::List(_))));
    }
}
