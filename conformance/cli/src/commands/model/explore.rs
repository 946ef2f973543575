//! `streamproof model explore`.

use clap::Args;
use std::net::SocketAddr;
use streamproof_model::check::explorer::serve;
use streamproof_model::worlds::streams::StreamsWorld;

use crate::commands::{UsageError, Verdict, find_preset};

/// Walk through a preset in the browser.
#[derive(Args, Debug)]
#[command(after_help = "Example:
  streamproof model explore limits-bidi --addr 127.0.0.1:8080")]
pub(in crate::commands) struct ExploreArgs {
    /// The preset.
    #[arg(default_value = "uni")]
    pub(in crate::commands) preset: String,
    /// Where to listen: an address of this machine alone.
    #[arg(long, default_value = "127.0.0.1:3000")]
    pub(in crate::commands) addr: SocketAddr,
}

pub(in crate::commands) fn run(args: &ExploreArgs) -> Result<Verdict, UsageError> {
    let preset = find_preset(&args.preset)?;
    let ready = |addr| errln!("exploring {} at http://{addr}/ (Ctrl-C ends it)", preset.name);
    serve(StreamsWorld::new(preset), args.addr, ready)
        .map_err(|error| UsageError(format!("cannot listen on {}: {error}", args.addr)))?;
    Ok(Verdict::Holds)
}
