//! The judge: plays the model's traces against a QUIC stack, compares after every step, and says which rule was broken.
//!
//! A trace's step is made concrete ([`concretize`]), the system under test ([`sut`]) moves until it settles, what it did
//! is put into the model's words ([`abstraction`]), and the [`referee`] keeps the model endpoints that explain it.
//! [`replay`] is that loop; [`tours`] runs it over every edge of a preset, finds the shortest trace of what deviates and
//! minimizes it; [`deviations`] knows what is known already. [`picture`] draws a replay, [`record`] writes it as a file, [`export`] makes a trace into a
//! capture or a test that runs without this suite. [`compare`] compares what two versions of a stack have shown.
//!
//! The maintainer of a stack writes one file, `impl Sut for MyStack`, and begins with [`suite`].
//!
//! What it deliberately does not know: any stack, any TLS library, the command line.

pub mod abstraction;
pub mod compare;
pub mod concretize;
pub mod deviations;
pub mod export;
mod guarded;
pub mod picture;
pub mod record;
pub mod referee;
pub mod replay;
pub mod situation;
pub mod suite;
pub mod sut;
pub mod table;
pub mod tours;
