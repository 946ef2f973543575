//! Every world behind one trait, whatever its states are: what the command lists, finds and checks.
//!
//! It stands here and not beside [`World`], because a world knows no engine.

use std::any::Any;

use crate::diagram::Diagram;
use crate::worlds::streams::StreamsWorld;
use crate::worlds::{About, PathOf, Visitor, World, Wrong, each};

use super::engine::{self, Search};
use super::report::Report;
use super::{search, streams};

/// A world of any type, with its rules.
pub trait AnyWorld {
    /// What the list of presets says of it.
    fn about(&self) -> About;

    /// Whose rules hold if no wrong one was asked for, for people.
    fn rules(&self) -> &'static str;

    /// The same preset under the wrong rule of this name; `None` if its type of world has no such rule.
    fn under(&self, wrong: &str) -> Option<Box<dyn AnyWorld>>;

    /// The world of streams that it is, if it is one: those have packed states, graphs, goals and traces.
    fn as_streams(&self) -> Option<&StreamsWorld>;

    /// Checks it by the default engine of its type of world, goals included; `progress` is told about four times
    /// a second. What is not of streams is small: it knows no limit, no checkpoint and no exact states, and of
    /// `options` takes the threads.
    ///
    /// # Errors
    ///
    /// As [`search::run`].
    fn check(
        &self,
        options: &search::Options,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Report<Counterexample>, search::Failure>;
}

/// How far a run has come.
#[derive(Clone, Copy, Debug)]
pub enum Progress {
    /// Of the project's own engine.
    Levels(search::Progress),
    /// Of stateright.
    States(engine::Progress),
}

/// A way to a state that breaks an invariant, or in which a goal does not come any more.
#[derive(Clone, Debug)]
pub struct Counterexample {
    /// Its steps, as JSON.
    pub steps: Vec<serde_json::Value>,
    /// Its picture.
    pub diagram: Diagram,
}

impl Counterexample {
    /// A path of `world`.
    ///
    /// # Panics
    ///
    /// If an action of the world is no JSON: none has a map whose keys are not text.
    pub fn of<W: World>(world: &W, path: &PathOf<W>) -> Self {
        let step = |action| {
            serde_json::to_value(action).unwrap_or_else(|error| unreachable!("an action: {error}"))
        };
        let steps = path.iter().filter_map(|(_, action)| action.as_ref()).map(step).collect();
        Self { steps, diagram: world.draw(path) }
    }
}

impl<W: World> AnyWorld for W {
    fn about(&self) -> About {
        World::about(self)
    }

    fn rules(&self) -> &'static str {
        W::RULES
    }

    fn under(&self, wrong: &str) -> Option<Box<dyn AnyWorld>> {
        Some(Box::new(World::under(self, wrong)?))
    }

    fn as_streams(&self) -> Option<&StreamsWorld> {
        (self as &dyn Any).downcast_ref()
    }

    fn check(
        &self,
        options: &search::Options,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Report<Counterexample>, search::Failure> {
        if let Some(world) = self.as_streams() {
            let tell = &mut |so_far| progress(Progress::Levels(so_far));
            let report = streams::check(world, options, tell)?;
            return Ok(report.map(|path| Counterexample::of(world, &path)));
        }
        let tell = &mut |so_far| progress(Progress::States(so_far));
        let threads = self.threads(options.threads);
        let report = engine::check(self.clone(), Search::Bfs, threads, tell);
        Ok(report.map(|path| Counterexample::of(self, &path)))
    }
}

/// Every preset of every type of world under its right rules, in the order in which they are listed.
pub fn all() -> Vec<Box<dyn AnyWorld>> {
    struct All(Vec<Box<dyn AnyWorld>>);
    impl Visitor for All {
        fn visit<W: World>(&mut self) {
            self.0.extend(W::all().into_iter().map(|world| Box::new(world) as Box<dyn AnyWorld>));
        }
    }
    let mut all = All(Vec::new());
    each(&mut all);
    all.0
}

/// The preset of this name under its right rules.
pub fn find(name: &str) -> Option<Box<dyn AnyWorld>> {
    all().into_iter().find(|world| world.about().name == name)
}

/// Every wrong rule of every type of world, in the order in which they are listed.
pub fn wrong() -> Vec<Wrong> {
    struct All(Vec<Wrong>);
    impl Visitor for All {
        fn visit<W: World>(&mut self) {
            self.0.extend(W::wrong());
        }
    }
    let mut all = All(Vec::new());
    each(&mut all);
    all.0
}
