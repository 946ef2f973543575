//! The `streamproof` command; everything is in [`streamproof_conformance::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    streamproof_conformance::cli::run()
}
