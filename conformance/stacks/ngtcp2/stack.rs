//! ngtcp2 behind `agent.c`, as client and as server.

use crate::Stack;
use streamproof_model::judging::way::Way;
use streamproof_model::rfc::choices::{Choice, Choices};

use crate::quinn::departures::{
    BLOCKED_CREATES_NOTHING, BLOCKED_OUTLIVES_WRITERS, BLOCKED_WAITS, EARLY_LIMITS_STAY,
    LIMIT_OVERLOOKED, STREAMS_BLOCKED_IS_SILENT,
};
use streamproof_adapter::agent::{Agent, wants};
use streamproof_adapter::datagrams::LossTrigger;

/// The entry in the list of stacks.
pub const STACK: Stack = Stack { name: "ngtcp2", make: || Box::new(ngtcp2()), own_test: None };

/// ngtcp2, in the agent that `make stacks` has compiled, or that which `STREAMPROOF_NGTCP2` names.
pub fn ngtcp2() -> Agent {
    let command = || Ok(vec![wants("STREAMPROOF_NGTCP2", "target/stacks/agents/ngtcp2")?]);
    Agent::new("ngtcp2", WAY, command, include_str!("deviations.toml"))
        .with_loss_trigger(LossTrigger::AckEliciting)
}

/// Its departures are those of `deviations.toml`. A stream that only the peer sends on stays for ever unless it
/// begins with its reset, so that whatever contradicts its final size is noticed, late as it may be.
/// STOP_SENDING is thrown away once an end or a reset is known, and limits hold as they were sent.
const WAY: Way = Way {
    name: "ngtcp2",
    choices: Choices {
        // The agent has everything by then, and goes on reading.
        reset_after_all_data: Choice::Never,
        data_completes_after_reset: Choice::Never,
        late_final_size_error: Choice::Always,
        reset_interrupts_reading: Choice::Always,
        // What waits stays in the agent once RESET_STREAM is due.
        data_before_answer: Choice::Never,
        reset_below_empty_frame: Choice::Always,
        // An empty frame counts as data that was received, against a FIN too.
        fin_below_empty_frame: Choice::Always,
        empty_frame_beyond_final_size: Choice::Always,
        not_created_is_error: Choice::Always,
        blocked_not_created_is_error: Choice::Never,
    },
    departures: &[
        BLOCKED_CREATES_NOTHING,
        LIMIT_OVERLOOKED,
        STREAMS_BLOCKED_IS_SILENT,
        EARLY_LIMITS_STAY,
        BLOCKED_WAITS,
        BLOCKED_OUTLIVES_WRITERS,
    ],
};
