//! States in 28 bytes, and their successors from tables.
//!
//! A world's state is a tuple of few parts: the client, the server, the observer's notes, and the set of
//! packets in flight. Each part takes few values, states are their many combinations. So every value of a
//! part is kept once, a [`PackedState`] holds their numbers and one bit for each packet, and what a step does
//! to a part is asked of the readable model once, by its own [`next_state`](stateright::Model::next_state),
//! and kept. Packing is representation: no rule stands here, and a state unpacks to exactly the
//! [`StreamsState`](crate::worlds::streams::state::StreamsState) it came from.
//!
//! That a step reads and changes no more than the parts it is asked with is what this rests on; the tests
//! compare states and edges with the readable model's, state by state.
//!
//! | file | |
//! |---|---|
//! | `state` | the packed state, its network, and the fixed hash |
//! | `store` | the values of a part, each with a number and a hash of its content |
//! | `world` | the tables |
//! | `fill` | how they are filled from the readable model |
//! | `expand` | successors from the tables: what an engine spends its time on |
//! | `verdict` | what the properties say of a state |
//! | [`reduce`] | reductions, each a switch |
//! | `wire` | values of parts for another process |
//! | `contents` | fingerprints of readable states, and of edges |

mod contents;
mod expand;
mod fill;
pub mod reduce;
mod state;
mod store;
mod verdict;
mod wire;
mod world;

pub use contents::Fingerprints;
pub use expand::{Mode, StepCode, Successor};
pub use state::{Fingerprint, Network, PackedState};
pub use store::Full;
pub(crate) use store::Quick;
pub use verdict::{Verdict, VerdictClass};
pub use wire::{Definition, Table, Undefined};
pub use world::PackedWorld;

/// The fixed hash of a text: the same in every process.
pub fn hash_of(text: &str) -> u64 {
    state::hash(0, text.as_bytes())
}
