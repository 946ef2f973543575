//! The sending part between threads: every interleaving of its locks and atomics, within a bound, with loom;
//! many of larger scenes with shuttle. `make threads` runs both.
//!
//! The [`stream`] is a stand-in; part, cell, waiters and registry are the real ones. Each scene ends in the same
//! [judgement](Scene::judge). Each fault that is a matter of threads is planted and found by both tools.

pub(crate) mod once;
pub(crate) mod stream;

#[cfg(test)]
mod scenes;

#[cfg(test)]
mod tests;
