//! `streamproof explore`.

use streamproof_model::check::explorer::serve;
use streamproof_model::worlds::streams::StreamsWorld;

use super::args::ExploreArgs;
use super::{Bad, Verdict, find_preset};

pub(super) fn run(args: &ExploreArgs) -> Result<Verdict, Bad> {
    let preset = find_preset(&args.preset)?;
    let ready = |addr| errln!("exploring {} at http://{addr}/ (Ctrl-C ends it)", preset.name);
    serve(StreamsWorld::new(preset), args.addr, ready)
        .map_err(|error| Bad(format!("cannot listen on {}: {error}", args.addr)))?;
    Ok(Verdict::Holds)
}
