//! What is asked of worlds, and the engines that answer.
//!
//! | file | what |
//! |---|---|
//! | [`any`] | every world behind one trait: what the command lists and checks |
//! | [`report`] | what a run says of each property |
//! | [`search`] | the default engine for worlds of [`streams`](crate::worlds::streams): breadth first on packed states |
//! | [`streams`] | a world of streams by that engine, its goals included |
//! | [`engine`] | stateright, for every other world, and as oracle in tests |
//! | [`graph`], [`packed_graph`] | the exact graph, for tours and shortest counterexamples; readable and packed |
//! | [`packed_model`] | packed states under stateright: the oracle on the engine's own states |
//! | [`fairness`] | whether a goal comes in the end |
//! | [`kill`], [`designs`] | wrong rules of streams, designs of the lifecycle: what each breaks |
//! | [`explorer`] | stateright's Explorer in the browser |

pub mod any;
pub mod designs;
pub mod engine;
pub mod explorer;
pub mod fairness;
pub mod graph;
mod guard;
pub mod kill;
pub mod packed_graph;
pub mod packed_model;
pub mod report;
pub mod search;
pub mod streams;
