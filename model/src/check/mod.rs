//! The engines: stateright's own searches for verdicts, and the exact graph for tours and shortest
//! counterexamples.

pub mod dataflow;
pub mod engine;
pub mod graph;
pub mod liveness;
pub mod packed_graph;
pub mod progress;
pub mod search;
