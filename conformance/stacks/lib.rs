//! Every QUIC stack that is judged here. A stack is a folder: its adapter (`stack.rs`), what it is known to do wrong
//! (`deviations.toml`) with a trace of each (`traces/`), its agent if it runs in a process of its own, and a README that
//! says what the adapter calls, sets and cannot see. Adding one is a folder and a line in [`STACKS`].

use std::sync::OnceLock;

use streamproof_conformance::export::OwnTest;
use streamproof_conformance::sut::Sut;
use streamproof_model::judging::departures::Departure;

#[path = "aioquic/stack.rs"]
pub mod aioquic;
#[path = "manager/stack.rs"]
pub mod manager;
#[path = "ngtcp2/stack.rs"]
pub mod ngtcp2;
#[path = "quic-go/stack.rs"]
pub mod quic_go;
#[path = "quiche/stack.rs"]
pub mod quiche;
#[path = "quinn/stack.rs"]
pub mod quinn;
#[path = "s2n-quic/stack.rs"]
pub mod s2n_quic;
#[path = "toy/stack.rs"]
pub mod toy;

/// A stack that can be judged.
#[derive(Clone, Copy, Debug)]
pub struct Stack {
    /// Its name on the command line, and its folder's.
    pub name: &'static str,
    /// Makes it.
    pub make: fn() -> Box<dyn Sut>,
    /// Writes a deviation as a test in the style of the stack's own, where there is such a style.
    pub own_test: Option<OwnTest>,
}

/// Every stack, in the order in which the tables have them.
pub const STACKS: [Stack; 8] = [
    manager::STACK,
    self::quinn::STACK,
    toy::STACK,
    aioquic::STACK,
    ngtcp2::STACK,
    quic_go::STACK,
    quiche::STACK,
    s2n_quic::STACK,
];

impl Stack {
    /// The stack with this name.
    pub fn find(name: &str) -> Option<Self> {
        STACKS.into_iter().find(|stack| stack.name == name)
    }
}

/// Every departure that a stack here has: those that a trace or the command line may name.
pub fn departures() -> &'static [Departure] {
    static ALL: OnceLock<Vec<Departure>> = OnceLock::new();
    ALL.get_or_init(|| {
        let mut all: Vec<Departure> = Vec::new();
        for departure in STACKS.iter().flat_map(|stack| (stack.make)().way().departures) {
            if Departure::find(&all, departure.id).is_none() {
                all.push(*departure);
            }
        }
        all
    })
}
