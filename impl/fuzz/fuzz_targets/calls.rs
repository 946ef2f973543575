//! Any sequence of calls on eight streams and of frames from a legal peer: `make deep-fuzz`.
//!
//! The run and its judgement are the contract suite's own (`impl/tests/contract/interleavings.rs`).

#![no_main]
#![allow(dead_code)]

#[path = "../../tests/contract/askers.rs"]
mod askers;
#[path = "../../tests/contract/death.rs"]
mod death;
#[path = "../../tests/contract/interleavings.rs"]
mod interleavings;
#[path = "../../tests/contract/judge.rs"]
mod judge;
#[path = "../../tests/contract/support.rs"]
mod support;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((first, bytes)) = bytes.split_first() else { return };
    let side = support::SIDES[usize::from(first % 2)];
    interleavings::run_bytes(support::Setup::default().on(side), bytes);
});
