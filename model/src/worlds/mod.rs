//! The worlds in which rules are checked, one folder each, with the same file names in each as far as it has
//! such a thing: `state`, `action`, `guards`, `effects`, `presets`, `properties`, `picture`, `wrong`.
//!
//! A world holds rules to properties and knows no engine: [`check`](crate::check) stands above. What every world
//! answers is the trait [`World`]; which worlds there are says the one list, [`each`]. A new world is a folder
//! and a line there.
//!
//! | world | what happens in it |
//! |---|---|
//! | [`streams`] | two endpoints, or one and a hostile peer, under RFC 9000's rules |
//! | [`reset_stream_at`] | one stream under the rules of draft-ietf-quic-reliable-stream-reset |
//! | [`lifecycle`] | one stream between the tasks of one endpoint |

pub mod lifecycle;
mod list;
pub mod reset_stream_at;
pub mod streams;
mod world;

pub use list::{Visitor, each};
pub use world::{About, PathOf, StatePath, Tier, World, WorldAction, WorldState, Wrong};
