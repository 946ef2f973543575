//! aioquic behind `conformance/agents/aioquic_agent.py`, as client and as server.

use std::path::PathBuf;

use streamproof_model::rfc::choices::{Choice, Choices};
use streamproof_model::rfc::parameters::Parameters;
use streamproof_model::worlds::streams::presets::Preset;

use super::agent::{Agent, wants};

/// aioquic, run by the Python that `make stacks` has set up, or by that which `STREAMPROOF_PYTHON` names.
pub fn aioquic() -> Agent {
    Agent::new("aioquic", CHOICES, fit, || {
        let python = std::env::var_os("STREAMPROOF_PYTHON").map(PathBuf::from);
        let python = python.unwrap_or_else(|| PathBuf::from("target/stacks/python/bin/python3"));
        let agent = PathBuf::from("conformance/agents/aioquic_agent.py");
        wants(&python, ", or set STREAMPROOF_PYTHON")?;
        wants(&agent, "")?;
        Ok(vec![python, agent])
    })
}

fn fit(preset: Preset) -> Result<Preset, &'static str> {
    if preset.calls.open > preset.opened {
        return Err("aioquic opens streams ahead of the peer's limit");
    }
    if preset.parameters != [Parameters::WIDE; 2] {
        return Err(
            "aioquic takes every write and hands data over at once: its application feels no credit",
        );
    }
    Ok(preset)
}

/// Its departures are those of `deviations/aioquic.toml`.
const CHOICES: Choices = Choices {
    moot_stop_is_sent: Choice::Always,
    data_before_answer: Choice::Never,
    ..Choices::QUINN
};
