//! Checks that are larger than one machine: the model's breadth-first search on timely dataflow, on threads,
//! processes and hosts.
//!
//! It searches worlds of [`streams`](streamproof_model::worlds::streams) by the tables of
//! [`packed`](streamproof_model::packed), with the same counts and the same verdicts as
//! [`search`](streamproof_model::check::search). Who checks on one machine needs neither this crate nor timely.

pub mod dataflow;
