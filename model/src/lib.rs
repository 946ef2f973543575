//! RFC 9000's stream rules as a model that can be checked exhaustively.
//!
//! [`rfc`] holds the rules as pure functions, one file for each section; [`judging`] asks them which rule an
//! endpoint broke, and has what a stack does against them; [`worlds`] put endpoints that keep
//! them (or a wrong rule, or a hostile peer) on a network, within a preset's bounds; [`packed`] keeps the states of
//! the largest in few bytes; [`check`] explores them; [`trace`] turns a graph into paths worth replaying against
//! real stacks; [`diagram`] draws them. Nothing here knows quinn or the stream manager.
//!
//! ```
//! use streamproof_model::check::any::find;
//! use streamproof_model::check::search::Options;
//!
//! let world = find("hostile-receiver").expect("a preset of this name");
//! let report = world.check(&Options::default(), &mut |_| {}).expect("a temporary folder");
//! assert!(report.holds());
//! ```

pub mod check;
pub mod diagram;
pub mod judging;
pub mod packed;
pub mod rfc;
pub mod trace;
pub mod worlds;
