//! The `streamproof` command; everything is in [`streamproof_cli::commands`].

use std::process::ExitCode;

fn main() -> ExitCode {
    streamproof_cli::commands::run()
}
