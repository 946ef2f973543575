//! `streamproof model presets`.

use clap::Args;
use serde_json::json;
use streamproof_model::check::any::all;
use streamproof_model::worlds::About;

use crate::commands::{UsageError, Verdict, of_schema, out};

/// List the presets.
#[derive(Args, Debug)]
#[command(after_help = "Example:
  streamproof model presets --json")]
pub(in crate::commands) struct PresetsArgs {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(in crate::commands) fn run(args: &PresetsArgs) -> Result<Verdict, UsageError> {
    let abouts: Vec<About> = all().iter().map(|world| world.about()).collect();
    if args.json {
        let preset = |about: &About| {
            json!({
                "name": about.name,
                "about": about.about,
                "leaves_out": about.abstraction,
                "not_replayed": about.not_replayed,
                "tier": format!("{:?}", about.tier).to_lowercase(),
            })
        };
        let presets: Vec<_> = abouts.iter().map(preset).collect();
        outln!("{:#}", of_schema("model-presets", json!({ "presets": presets })));
        return Ok(Verdict::Holds);
    }
    for About { name, about, abstraction, not_replayed, .. } in abouts {
        outln!("{name}");
        out::paragraph("    ", about);
        if let Some(abstraction) = abstraction {
            out::paragraph("    ", &format!("Leaves out: {abstraction}"));
        }
        if let Some(why) = not_replayed {
            out::paragraph("    ", why);
        }
    }
    Ok(Verdict::Holds)
}
