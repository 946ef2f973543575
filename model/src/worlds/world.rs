//! What every world is, whatever happens in it.

use std::fmt::Debug;
use std::hash::Hash;

use serde::Serialize;
use stateright::Model;

use crate::diagram::Diagram;

/// A preset under a set of rules, as a stateright [`Model`] that can be checked, listed and drawn.
pub trait World:
    Model<State: WorldState, Action: WorldAction> + Clone + Send + Sync + 'static
{
    /// Whose rules hold if no wrong one was asked for, as in "RFC 9000's rules".
    const RULES: &str;

    /// Every preset of this type of world under the right rules, in the order in which they are listed.
    fn all() -> Vec<Self>;

    /// The wrong rules of this type of world, in the order in which they are listed.
    fn wrong() -> Vec<Wrong>;

    /// The same preset under the wrong rule of this name; `None` if this type of world has no such rule.
    fn under(&self, wrong: &str) -> Option<Self>;

    /// What the list of presets says of this one.
    fn about(&self) -> About;

    /// A path of this world as a sequence diagram.
    fn draw(&self, path: &PathOf<Self>) -> Diagram;

    /// The preset's name.
    fn name(&self) -> &'static str {
        self.about().name
    }

    /// How many threads a search of this world takes of the `asked` ones. A world that takes one gives the same
    /// depth in every run.
    fn threads(&self, asked: usize) -> usize {
        asked
    }
}

/// What a state has to be.
pub trait WorldState: Clone + Debug + Eq + Hash + Send + Sync {}
impl<S: Clone + Debug + Eq + Hash + Send + Sync> WorldState for S {}

/// What an action has to be.
pub trait WorldAction: Clone + Debug + Eq + Send + Serialize + Sync {}
impl<A: Clone + Debug + Eq + Send + Serialize + Sync> WorldAction for A {}

/// A sequence of states, each with the action that leaves it; the last one with none.
pub type StatePath<S, A> = Vec<(S, Option<A>)>;

/// A path of a model.
pub type PathOf<M> = StatePath<<M as Model>::State, <M as Model>::Action>;

/// How long a preset takes to check.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Tier {
    /// Seconds; checked in every run of the tests.
    Quick,
    /// Minutes; checked at night.
    Full,
    /// Checked where it is named, and in no tier: a part of the project needs it for something else.
    Named,
}

/// What the list of presets says of one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct About {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is for, in one line.
    pub about: &'static str,
    /// What it leaves out, and why that is sound, in one line; `None` if it leaves out nothing that needs words.
    pub abstraction: Option<&'static str>,
    /// How long it takes.
    pub tier: Tier,
    /// Why no stack is ever asked to replay it; `None` where the type of world has traces.
    pub not_replayed: Option<&'static str>,
}

/// A wrong rule, or a design with a fault, by name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Wrong {
    /// The wrong behaviour, as [`World::under`] takes it.
    pub name: &'static str,
    /// The preset in which it is looked for.
    pub preset: &'static str,
}
