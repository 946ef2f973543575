//! QUIC packets and frames as values, and a scripted peer that sends exactly what it is told, right or wrong.
//!
//! [`wire`] turns frames and packets into bytes and back, [`puppet`] is the peer. Both are plain values and method
//! calls: datagrams go in and come out, nothing waits, nothing reads a clock.
//!
//! Deliberately not here: any model of QUIC's rules (who broke one is for others to say), any QUIC stack, any
//! cryptography. Packets are readable as they are, unless the caller hands the puppet a
//! [`Protection`](puppet::Protection): `streamproof-harness-tls` has one that is real TLS. `streamproof-simulation`
//! puts quinn opposite the puppet in virtual time.

mod limits;
pub mod puppet;
mod side;
pub mod wire;

pub use limits::{LimitError, SideLimits};
pub use side::Side;
