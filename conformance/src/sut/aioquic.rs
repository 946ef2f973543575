//! aioquic behind `conformance/agents/aioquic_agent.py`, as client and as server.

use std::path::PathBuf;

use streamproof_model::judging::way::Way;
use streamproof_model::rfc::choices::{Choice, Choices};
use streamproof_model::rfc::parameters::Parameters;
use streamproof_model::worlds::streams::presets::Preset;

use super::agent::{Agent, wants};
use super::departures::{
    BLOCKED_CREATES_NOTHING, BLOCKED_OUTLIVES_WRITERS, BLOCKED_WAITS, EARLY_LIMITS_STAY,
    FIN_BELOW_DATA_PASSES, INTERNAL_LIMITS_COUNT, LIMIT_OVERLOOKED, MOOT_STOP_IS_SENT,
    RESET_COUNTS_UNSENT, RESET_DROPS_FRAMES, STOP_GOES_OUT_LATE, STOPPED_IS_FORGOTTEN,
    STREAMS_BLOCKED_IS_SILENT,
};

/// aioquic, run by the Python that `make stacks` has set up, or by that which `STREAMPROOF_PYTHON` names.
pub fn aioquic() -> Agent {
    Agent::new("aioquic", WAY, fit, || {
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
const WAY: Way = Way {
    name: "aioquic",
    choices: Choices {
        reset_after_all_data: Choice::Always,
        data_completes_after_reset: Choice::Never,
        late_final_size_error: Choice::Never,
        reset_interrupts_reading: Choice::Always,
        data_before_answer: Choice::Never,
        reset_below_empty_frame: Choice::Always,
        fin_below_empty_frame: Choice::Never,
        empty_frame_beyond_final_size: Choice::Always,
        not_created_is_error: Choice::Always,
        blocked_not_created_is_error: Choice::Never,
    },
    departures: &[
        RESET_COUNTS_UNSENT,
        STOP_GOES_OUT_LATE,
        RESET_DROPS_FRAMES,
        FIN_BELOW_DATA_PASSES,
        STOPPED_IS_FORGOTTEN,
        INTERNAL_LIMITS_COUNT,
        BLOCKED_CREATES_NOTHING,
        LIMIT_OVERLOOKED,
        STREAMS_BLOCKED_IS_SILENT,
        EARLY_LIMITS_STAY,
        BLOCKED_WAITS,
        MOOT_STOP_IS_SENT,
        BLOCKED_OUTLIVES_WRITERS,
    ],
};
