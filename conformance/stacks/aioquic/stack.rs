//! aioquic behind `agent.py`, as client and as server.

use crate::Stack;
use streamproof_model::judging::way::Way;
use streamproof_model::rfc::choices::{Choice, Choices};
use streamproof_model::rfc::parameters::Parameters;
use streamproof_model::worlds::streams::presets::Preset;

use crate::quinn::departures::{
    BLOCKED_CREATES_NOTHING, BLOCKED_OUTLIVES_WRITERS, BLOCKED_WAITS, EARLY_LIMITS_STAY,
    FIN_BELOW_DATA_PASSES, INTERNAL_LIMITS_COUNT, LIMIT_OVERLOOKED, MOOT_STOP_IS_SENT,
    RESET_COUNTS_UNSENT, RESET_DROPS_FRAMES, STOP_GOES_OUT_LATE, STOPPED_IS_FORGOTTEN,
    STREAMS_BLOCKED_IS_SILENT,
};
use streamproof_adapter::agent::{Agent, wants};

/// The entry in the list of stacks.
pub const STACK: Stack = Stack { name: "aioquic", make: || Box::new(aioquic()), own_test: None };

/// aioquic, run by the Python that `make stacks` has set up, or by that which `STREAMPROOF_PYTHON` names.
pub fn aioquic() -> Agent {
    let command = || {
        let python = wants("STREAMPROOF_PYTHON", "target/stacks/python/bin/python3")?;
        let agent = wants("STREAMPROOF_AIOQUIC", "conformance/stacks/aioquic/agent.py")?;
        Ok(vec![python, agent])
    };
    Agent::new("aioquic", WAY, command, include_str!("deviations.toml")).with_fit(fit)
}

fn fit(preset: Preset) -> Result<Preset, &'static str> {
    if preset.calls.open > preset.opened {
        return Err("aioquic opens streams ahead of the peer's limit");
    }
    if preset.parameters != [Parameters::WIDE; 2] {
        return Err(
            "aioquic takes every write and hands data over at once: its application is never blocked by credit",
        );
    }
    Ok(preset)
}

/// Its departures are those of `deviations.toml`.
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
