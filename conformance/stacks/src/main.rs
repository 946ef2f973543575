//! The `streamproof` command with every stack that can be played in process: `make stacks`.

mod quiche;

use std::process::ExitCode;

fn main() -> ExitCode {
    streamproof_conformance::cli::run_with(&[("quiche", || Box::new(quiche::Quiche::default()))])
}
