//! The judge: plays the model's traces against real QUIC stacks, compares after every step, and says
//! which rule was broken.
//!
//! A trace's step is made concrete ([`concretize`]), the system under test ([`sut`]) moves until it
//! settles in a deterministic world (`streamproof-simulation`) opposite a scripted puppet (`streamproof-harness`), what it did is put into the
//! model's words ([`abstraction`]), and the [`referee`] keeps the model endpoints that explain it.
//! [`replay`] is that loop; [`conform`] runs it over every edge of a preset; [`deviations`] knows what
//! is known already. [`requirements`] is the list of rules, and what stands for each, [`scenarios`] the
//! traces that show them. [`schedules`] runs races of tasks inside the manager in every order,
//! [`storm`] runs streams by the million between two managers. [`upgrade`] compares what two versions of a
//! stack have shown. [`export`] makes a trace into a capture or a test that runs without this suite.
//!
//! Whoever maintains a stack writes one file, `impl Sut for MyStack`, and begins with [`suite`]. [`zoo`] shows what
//! the tours find in a stack that has the bugs of others.

pub mod abstraction;
pub mod cli;
pub mod concretize;
pub mod conform;
pub mod deviations;
pub mod export;
pub mod picture;
pub mod referee;
pub mod replay;
pub mod requirements;
pub mod scenarios;
pub mod schedules;
pub mod storm;
pub mod suite;
pub mod sut;
pub mod upgrade;
pub mod zoo;
