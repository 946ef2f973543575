//! The life of one stream inside an endpoint, at the grain of atomic steps between tasks.
//!
//! The rest of the model says what two endpoints may do to one another. This says what the tasks of *one*
//! endpoint may do to one another: a user who writes, finishes, cancels in the middle of a wait; a reader; a
//! deadline; quinn's driver, which hands over what the peer did; and others who wait to be told how the stream
//! ended. It began with an incident: a local cancel released a stream's send buffer while the handler of a
//! received RESET_STREAM was about to touch it.
//!
//! A [`Design`](design::Design) says how an implementation does it: the stream manager's, or one with a fault. The [`LifecycleWorld`]
//! lets its tasks take their steps in every order; the [`properties`] say what must hold in each of them, **no
//! access after release** first. That the manager is built as its design says is what its tests show, which
//! run the same races on the real code.
//!
//! | file | |
//! |---|---|
//! | [`state`] | what the tasks share, and where each stands |
//! | [`action`] | a step |
//! | `guards` | who can take which step |
//! | `effects` | what a step does |
//! | [`presets`] | who takes part, and what may come from the peer |
//! | [`properties`] | what must hold |
//! | [`picture`] | interleavings as sequence diagrams |
//! | [`design`] | what designs differ in, and the manager's |
//! | [`wrong`] | its faults, and the fixes that were tried; [`check::designs`](crate::check::designs) judges each |

pub mod action;
pub mod design;
mod effects;
mod guards;
pub mod picture;
pub mod presets;
pub mod properties;
pub mod state;
mod world;
pub mod wrong;

pub use world::LifecycleWorld;
