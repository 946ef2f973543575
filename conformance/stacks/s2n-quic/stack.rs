//! AWS's s2n-quic behind the program in `agent/`, as client and as server.

use streamproof_adapter::agent::{Agent, wants};
use streamproof_model::judging::way::Way;
use streamproof_model::rfc::choices::{Choice, Choices};
use streamproof_model::rfc::identity::{Direction, Side};
use streamproof_model::worlds::streams::presets::Preset;

use crate::Stack;
use crate::quinn::departures::{
    BLOCKED_OUTLIVES_WRITERS, BLOCKED_WAITS, EARLY_LIMITS_STAY, INTERNAL_LIMITS_COUNT,
    RESET_DROPS_FRAMES, STOPPED_IS_FORGOTTEN, STREAMS_BLOCKED_IS_SILENT,
};

/// The entry in the list of stacks.
pub const STACK: Stack = Stack { name: "s2n-quic", make: || Box::new(s2n_quic()), own_test: None };

/// s2n-quic, in the agent that `make stacks` has built, or that which `STREAMPROOF_S2N_QUIC` names.
pub fn s2n_quic() -> Agent {
    let command = || Ok(vec![wants("STREAMPROOF_S2N_QUIC", "target/stacks/agents/s2n-quic")?]);
    Agent::new("s2n-quic", WAY, command, include_str!("deviations.toml")).with_fit(fit)
}

/// s2n-quic takes every write into its buffer, whatever the peer permits: only a sender that never meets a limit
/// on data can be played.
fn fit(preset: Preset) -> Result<Preset, &'static str> {
    let writes = |side: &Side| {
        *side == preset.opener || preset.directions.contains(&Direction::Bidirectional)
    };
    let streams = preset.calls.open.max(preset.opened) * preset.directions.len() as u64;
    let meets_a_limit = |side: Side| {
        let parameters = preset.parameters_of(side.peer());
        parameters.max_data < preset.length * streams
            || parameters.max_stream_data_uni < preset.length
    };
    if preset.sides().into_iter().filter(writes).any(meets_a_limit) {
        return Err(
            "s2n-quic takes every write into its buffer: its application is never blocked by credit",
        );
    }
    Ok(preset)
}

/// Two go both ways and stand as they are mostly taken. A STOP_SENDING that waits is withdrawn when the peer resets,
/// and not always when the rest of the data arrives. STREAMS_BLOCKED is sent, but only beside something else. What is
/// about blocked writers and 0-RTT is not played.
const WAY: Way = Way {
    name: "s2n-quic",
    choices: Choices {
        reset_after_all_data: Choice::Never,
        data_completes_after_reset: Choice::Never,
        late_final_size_error: Choice::Never,
        reset_interrupts_reading: Choice::Always,
        data_before_answer: Choice::Never,
        reset_below_empty_frame: Choice::Never,
        fin_below_empty_frame: Choice::Never,
        empty_frame_beyond_final_size: Choice::Always,
        not_created_is_error: Choice::Always,
        blocked_not_created_is_error: Choice::Always,
    },
    departures: &[
        RESET_DROPS_FRAMES,
        STOPPED_IS_FORGOTTEN,
        INTERNAL_LIMITS_COUNT,
        STREAMS_BLOCKED_IS_SILENT,
        EARLY_LIMITS_STAY,
        BLOCKED_WAITS,
        BLOCKED_OUTLIVES_WRITERS,
    ],
};
