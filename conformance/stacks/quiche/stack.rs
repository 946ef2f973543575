//! Cloudflare's quiche behind the program in `agent/`, as client and as server.

use streamproof_adapter::agent::{Agent, wants};
use streamproof_model::judging::way::Way;
use streamproof_model::rfc::choices::{Choice, Choices};

use crate::Stack;
use crate::quinn::departures::{
    BLOCKED_CREATES_NOTHING, BLOCKED_OUTLIVES_WRITERS, BLOCKED_WAITS, EARLY_LIMITS_STAY,
    FIN_BELOW_DATA_PASSES, INTERNAL_LIMITS_COUNT, LIMIT_OVERLOOKED, RESET_COUNTS_UNSENT,
    RESET_DROPS_FRAMES, STOP_GOES_OUT_LATE, STOPPED_IS_FORGOTTEN,
};

/// The entry in the list of stacks.
pub const STACK: Stack = Stack { name: "quiche", make: || Box::new(quiche()), own_test: None };

/// quiche, in the agent that `make stacks` has built, or that which `STREAMPROOF_QUICHE` names.
pub fn quiche() -> Agent {
    let command = || Ok(vec![wants("STREAMPROOF_QUICHE", "target/stacks/agents/quiche")?]);
    Agent::new("quiche", WAY, command, include_str!("deviations.toml"))
}

/// Its departures are those of `deviations.toml`.
const WAY: Way = Way {
    name: "quiche",
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
        EARLY_LIMITS_STAY,
        BLOCKED_WAITS,
        BLOCKED_OUTLIVES_WRITERS,
    ],
};
