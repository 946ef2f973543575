//! quinn in virtual time opposite the puppet of `streamproof-harness`.
//!
//! RFC 9000 has no section on it; it exists so that a real quinn connection runs the same way every time, stops exactly
//! when nothing is left to do, and is cheap enough to be made for each run. [`World`] is executor, clock and
//! network without threads or real time, [`Arena`] puts a quinn connection and a puppet into one, [`Pair`] two quinn
//! connections.
//!
//! Nothing happens behind the caller's back: a call on quinn only changes its state and wakes a task; frames appear when
//! the world settles, time passes when it is told to.
//!
//! Deliberately not here: any model of QUIC's rules, any judgement of what quinn does, any application above quinn, and
//! real cryptography: keys protect nothing, unless the caller brings some along ([`Secured`]).

mod arena;
mod config;
mod crypto;
mod error;
mod keys;
mod pair;
mod quinn_config;
mod runtime;
mod socket;
mod world;

pub use arena::Arena;
pub use config::{ArenaConfig, Early, Limits, Secured};
pub use error::ArenaError;
pub use pair::{Dice, Pair, PairConfig};
pub use world::{Chooser, LeakProbe, TaskHandle, World, poll_once, yield_now};
