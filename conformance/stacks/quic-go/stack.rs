//! quic-go behind the program in `agent/`, as client and as server.

use crate::Stack;
use streamproof_model::judging::way::Way;
use streamproof_model::rfc::choices::{Choice, Choices};
use streamproof_model::rfc::identity::Direction;
use streamproof_model::rfc::parameters::Parameters;
use streamproof_model::worlds::streams::presets::Preset;

use crate::quinn::departures::{
    BLOCKED_CREATES_NOTHING, BLOCKED_OUTLIVES_WRITERS, EARLY_LIMITS_STAY, LIMIT_OVERLOOKED,
    MOOT_STOP_IS_SENT, RESET_DROPS_FRAMES, STOP_GOES_OUT_LATE, STOPPED_IS_FORGOTTEN,
};
use streamproof_adapter::agent::{Agent, wants};

/// The entry in the list of stacks.
pub const STACK: Stack = Stack { name: "quic-go", make: || Box::new(quic_go()), own_test: None };

/// quic-go, run by the agent that `make stacks` has built, or by that which `STREAMPROOF_QUIC_GO` names.
pub fn quic_go() -> Agent {
    let command = || Ok(vec![wants("STREAMPROOF_QUIC_GO", "target/stacks/agents/quic-go")?]);
    Agent::new("quic-go", WAY, command, include_str!("deviations.toml")).with_fit(fit)
}

/// quic-go raises the limit on streams by one whenever a stream has come to its end, which the RFC permits and the
/// worlds do not foresee: behind it no tour would go on. With the largest limit there is none to raise it to.
const MOST_STREAMS: u64 = 1 << 60;

fn fit(preset: Preset) -> Result<Preset, &'static str> {
    let streamless = |limits| Parameters { max_streams_bidi: 0, max_streams_uni: 0, ..limits };
    let is_wide = preset.parameters.map(streamless) == [streamless(Parameters::WIDE); 2];
    if !is_wide && writes(&preset) {
        return Err(
            "quic-go takes a small write whole and keeps it: its application is never blocked by credit",
        );
    }
    if preset.parameters != [Parameters::WIDE; 2] {
        // The limits on streams are what the world is about.
        return Ok(preset);
    }
    let parameters = Parameters {
        max_streams_bidi: MOST_STREAMS,
        max_streams_uni: MOST_STREAMS,
        ..Parameters::WIDE
    };
    Ok(Preset { parameters: [parameters; 2], ..preset })
}

/// Whether the side under test has anything to write: of one-way streams a hostile peer may be the only sender.
fn writes(preset: &Preset) -> bool {
    let only_the_peer =
        preset.directions == [Direction::Unidirectional] && preset.hostile == Some(preset.opener);
    preset.length > 0 && !only_the_peer
}

/// Its departures are those of `deviations.toml`. That a stream is never complete for it once a reset has
/// followed a FIN has no field: there a late final size is an error, elsewhere it is not.
const WAY: Way = Way {
    name: "quic-go",
    choices: Choices {
        reset_after_all_data: Choice::Always,
        data_completes_after_reset: Choice::Never,
        late_final_size_error: Choice::Never,
        reset_interrupts_reading: Choice::Always,
        data_before_answer: Choice::Never,
        reset_below_empty_frame: Choice::Always,
        fin_below_empty_frame: Choice::Always,
        empty_frame_beyond_final_size: Choice::Always,
        not_created_is_error: Choice::Always,
        blocked_not_created_is_error: Choice::Never,
    },
    departures: &[
        STOP_GOES_OUT_LATE,
        RESET_DROPS_FRAMES,
        STOPPED_IS_FORGOTTEN,
        BLOCKED_CREATES_NOTHING,
        LIMIT_OVERLOOKED,
        EARLY_LIMITS_STAY,
        MOOT_STOP_IS_SENT,
        BLOCKED_OUTLIVES_WRITERS,
    ],
};
