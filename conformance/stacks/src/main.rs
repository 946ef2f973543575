//! The `streamproof` command with every stack that can be played in process: `make stacks`.

mod quiche;
mod s2n;

use std::process::ExitCode;

fn main() -> ExitCode {
    streamproof_conformance::cli::run_with(&[
        ("quiche", || Box::new(quiche::Quiche::default())),
        ("s2n-quic", || Box::new(s2n::S2n::default())),
    ])
}
