//! The contract of the stream manager, point by point, on real quinn opposite the puppet.
//!
//! One file for each point of the contract (its list stands in `streamproof`'s own documentation); each
//! test runs in both roles and for every way in which a part can come to be: opened or accepted,
//! unidirectional or bidirectional. Time is virtual and nothing is retried. After every case the stage
//! checks that each part was released exactly once ([`support`]).
//!
//! Deliberately not here: what the RFC asks for in every state (the tours over the model's edges do
//! that) and races between threads: the arena has one thread and one schedule.

mod askers;
mod death;
mod judge;
mod support;

mod bounds;
mod cancel_recv;
mod cancel_send;
mod deadlines;
mod drain;
mod drop_recv;
mod drop_send;
mod events;
mod faults;
mod finish;
mod interleavings;
mod once;
mod outcome_recv;
mod outcome_send;
mod release;
mod snapshot;
mod stop_sending;
mod tokio_io;
mod words;
