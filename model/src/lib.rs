//! RFC 9000's stream rules as a model that can be checked exhaustively.
//!
//! [`rfc`] holds the rules as pure functions, one file for each section; [`judging`] asks them which rule an
//! endpoint broke, and has what a stack does against them; [`world`] puts two endpoints
//! (or one and a hostile peer) on a network, within a preset's bounds; [`check`] explores that
//! world; [`trace`] turns its graph into paths worth replaying against real stacks; [`diagram`] and
//! [`explore`] draw them. [`reset_at`] is a world of its own, for an
//! extension, and [`lifecycle`] one for the tasks inside an endpoint. Nothing here knows quinn or the stream manager.
//!
//! ```
//! use streamproof_model::check::engine::{Search, check};
//! use streamproof_model::world::presets::Preset;
//! use streamproof_model::world::system::World;
//!
//! let preset = Preset::find("hostile-receiver").expect("a preset of this name");
//! let report = check(World::new(preset), Search::Bfs, 1, &mut |_| {});
//! assert!(report.holds());
//! ```

pub mod check;
pub mod diagram;
pub mod explore;
pub mod judging;
pub mod lifecycle;
pub mod mutants;
pub mod packed;
pub mod reset_at;
pub mod rfc;
pub mod trace;
pub mod world;
