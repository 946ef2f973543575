//! The manager where it is hardest: [`races`] runs its tasks on real quinn in every order up to a bound, [`storm`] runs
//! streams by the million between two managers, with cancels, resets, stops, deadlines and losses.

pub mod races;
pub mod storm;
