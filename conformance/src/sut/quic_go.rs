//! quic-go behind `conformance/agents/quic_go_agent`, as client and as server.

use std::path::PathBuf;

use streamproof_model::rfc::choices::{Choice, Choices};
use streamproof_model::rfc::parameters::Parameters;
use streamproof_model::world::presets::Preset;

use super::agent::{Agent, wants};

/// quic-go, run by the agent that `make stacks` has built, or by that which `STREAMPROOF_QUIC_GO` names.
pub fn quic_go() -> Agent {
    Agent::new("quic-go", CHOICES, fit, || {
        let agent = std::env::var_os("STREAMPROOF_QUIC_GO").map(PathBuf::from);
        let agent = agent.unwrap_or_else(|| PathBuf::from("target/stacks/agents/quic-go"));
        wants(&agent, ", or set STREAMPROOF_QUIC_GO")?;
        Ok(vec![agent])
    })
}

fn fit(preset: Preset) -> Result<Preset, &'static str> {
    if preset.parameters != [Parameters::WIDE; 2] {
        return Err("quic-go takes a small write whole, whatever the peer's credit");
    }
    Ok(preset)
}

/// Its departures are those of `deviations/quic-go.toml`.
const CHOICES: Choices = Choices { data_before_answer: Choice::Never, ..Choices::QUINN };
