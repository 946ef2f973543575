//! The one list of worlds.

use super::lifecycle::LifecycleWorld;
use super::reset_stream_at::ResetStreamAtWorld;
use super::streams::StreamsWorld;
use super::world::World;

/// What is done with each type of world.
pub trait Visitor {
    /// Does it with the type `W`.
    fn visit<W: World>(&mut self);
}

/// Shows every type of world to `visitor`, in the order in which worlds are listed.
pub fn each(visitor: &mut impl Visitor) {
    visitor.visit::<StreamsWorld>();
    visitor.visit::<ResetStreamAtWorld>();
    visitor.visit::<LifecycleWorld>();
}
