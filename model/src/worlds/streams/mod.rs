//! The streams of one connection, where RFC 9000's rules are checked: two endpoints, or one and a hostile
//! peer, on a network that reorders, loses and doubles, all within a preset's bounds.

pub mod action;
mod effects;
mod guards;
pub mod history;
pub mod hostile;
pub mod picture;
pub mod presets;
pub mod properties;
pub mod state;
mod world;
pub mod wrong;

pub use world::{StreamsWorld, first_endpoint};
