//! What stacks do against the rules: each departure once, for every stack that has it.
//!
//! A stack names those it has in its [`Way`](streamproof_model::judging::way::Way), so that tours lead on from them;
//! the judge reports each one all the same. `specs/choices.md` tells of them at length.

use streamproof_model::judging::departures::Departure;
use streamproof_model::rfc::call::Call;
use streamproof_model::rfc::endpoint::Endpoint;
use streamproof_model::rfc::frame::FrameType;
use streamproof_model::rfc::identity::StreamId;
use streamproof_model::rfc::receiving::{ReceivingPart, RecvState};
use streamproof_model::rfc::rules::RFC9000;

/// All of them: what quinn does without the manager.
pub const ALL: &[Departure] = &[
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
    DROP_ENDS_STREAM,
    STOP_IS_LEFT,
    STOPPED_STREAMS_WAIT,
    BLOCKED_WAITS,
    MOOT_STOP_IS_SENT,
    BLOCKED_OUTLIVES_WRITERS,
];

/// §4.5.
pub const RESET_COUNTS_UNSENT: Departure = Departure {
    id: "reset-counts-unsent",
    about: "The final size of RESET_STREAM counts bytes that were written and never sent.",
    change: |rules| rules.reset_final_size = |part| part.written,
};

/// §3.5.
pub const STOP_GOES_OUT_LATE: Departure = Departure {
    id: "stop-goes-out-late",
    about: "STOP_SENDING, once asked for, goes out whatever has arrived since.",
    change: |rules| rules.stop_is_overtaken = |_, _| false,
};

/// §4.5.
pub const RESET_DROPS_FRAMES: Departure = Departure {
    id: "reset-drops-frames",
    about: "After a RESET_STREAM, STREAM frames are dropped unread.",
    change: |rules| rules.stream_frames_are_read = |state| state != RecvState::ResetRecvd,
};

/// §4.5, §20.1.
pub const FIN_BELOW_DATA_PASSES: Departure = Departure {
    id: "fin-below-data-passes",
    about: "A FIN that ends below data already received is not noticed.",
    change: |rules| rules.fin_below_is_noticed = || false,
};

/// §4.5.
pub const STOPPED_IS_FORGOTTEN: Departure = Departure {
    id: "stopped-is-forgotten",
    about: "A receiving part that the application has stopped is forgotten once its final size is known.",
    change: |rules| {
        rules.is_forgotten = |part| part.stop.is_some() && part.final_size.is_some();
    },
};

/// §4.1, §4.6.
pub const INTERNAL_LIMITS_COUNT: Departure = Departure {
    id: "internal-limits-count",
    about: "The connection's limit and the limits on streams are enforced as they would be advertised now, not as they \
            were.",
    change: |rules| {
        rules.enforced_limit = |credit, released| credit.internal(released).max(credit.advertised);
    },
};

/// §3.2.
pub const BLOCKED_CREATES_NOTHING: Departure = Departure {
    id: "blocked-creates-nothing",
    about: "STREAM_DATA_BLOCKED does not open a stream.",
    change: |rules| rules.creates_stream = |frame| frame != FrameType::StreamDataBlocked,
};

/// §4.6.
pub const LIMIT_OVERLOOKED: Departure = Departure {
    id: "limit-overlooked",
    about: "STOP_SENDING and STREAM_DATA_BLOCKED for a stream beyond the limit are ignored.",
    change: |rules| {
        rules.stream_limit_is_enforced =
            |frame| !matches!(frame, FrameType::StopSending | FrameType::StreamDataBlocked);
    },
};

/// §4.6, §19.14.
pub const STREAMS_BLOCKED_IS_SILENT: Departure = Departure {
    id: "streams-blocked-is-silent",
    about: "STREAMS_BLOCKED is never sent.",
    change: |rules| rules.blocked_is_told = |frame| frame != FrameType::StreamsBlocked,
};

/// §7.4.1.
pub const EARLY_LIMITS_STAY: Departure = Departure {
    id: "early-limits-stay",
    about: "A stream used in 0-RTT keeps the remembered limit when the server advertises a higher one.",
    change: |rules| {
        rules.limit_follows_handshake =
            |part| part.written == 0 && !part.ended && part.reset.is_none();
    },
};

/// §2.4; against the manager's contract.
pub const DROP_ENDS_STREAM: Departure = Departure {
    id: "drop-ends-stream",
    about: "A sending handle that is dropped ends the stream.",
    change: |rules| rules.drop_resets = || false,
};

/// §3.5.
pub const STOP_IS_LEFT: Departure = Departure {
    id: "stop-is-left",
    about: "STOP_SENDING is left to the application, which answers it by a reset or by dropping its handle.",
    change: |rules| rules.stop_waits_for_application = || true,
};

/// §4.6; against the manager's contract.
pub const STOPPED_STREAMS_WAIT: Departure = Departure {
    id: "stopped-streams-wait",
    about: "A stream that was stopped when its final size was known raises the limit on streams only when the next \
            packet arrives.",
    change: |rules| rules.call_side_effect = max_streams_waits_after_stop,
};

/// §4.1.
pub const BLOCKED_WAITS: Departure = Departure {
    id: "blocked-waits",
    about: "DATA_BLOCKED and STREAM_DATA_BLOCKED go out only when something else does.",
    change: |rules| {
        rules.goes_out_alone =
            |frame| !matches!(frame, FrameType::DataBlocked | FrameType::StreamDataBlocked);
    },
};

/// §3.5; against the manager's contract.
pub const MOOT_STOP_IS_SENT: Departure = Departure {
    id: "moot-stop-is-sent",
    about: "STOP_SENDING is sent although everything had arrived when the application stopped.",
    change: |rules| rules.stop_is_moot = |_| false,
};

/// §13.3.
pub const BLOCKED_OUTLIVES_WRITERS: Departure = Departure {
    id: "blocked-outlives-writers",
    about: "DATA_BLOCKED goes out although the limit keeps nothing back any more.",
    change: |rules| rules.blocked_needs_writer = || false,
};

/// Who stops a stream whose final size is known, and so is done with it, tells of the limit that this raises when it
/// next hears from the peer.
fn max_streams_waits_after_stop(before: &Endpoint, after: &mut Endpoint, call: Call) {
    match call {
        Call::AbortReading { stream_id, .. } | Call::DropRecv { stream_id } => {
            let over = |endpoint: &Endpoint| {
                endpoint.streams.get(&stream_id).is_some_and(|stream| stream.is_released())
            };
            let waits = over(after) && !over(before);
            // What is to be told anyway takes the new limit along.
            let told = !before.max_streams_waits && max_streams_is_due(before, stream_id);
            after.max_streams_waits |= waits && !told;
        }
        Call::Read { stream_id } => {
            let live = |part: &ReceivingPart| part.stop.is_none() && !part.told;
            if before.receiving(stream_id).is_some_and(live) {
                after.max_streams_waits = false;
            }
        }
        Call::Open { .. }
        | Call::Write { .. }
        | Call::End { .. }
        | Call::Reset { .. }
        | Call::DropSend { .. }
        | Call::CloseConnection { .. }
        | Call::ResizeWindow { .. }
        | Call::ResizeStreams { .. } => {}
    }
}

fn max_streams_is_due(endpoint: &Endpoint, stream_id: StreamId) -> bool {
    let credit = endpoint.admits.of(stream_id.direction()).credit;
    let released = endpoint.released_streams(&RFC9000, stream_id.direction());
    credit.due(released, (RFC9000.streams_step)(credit.window)).is_some()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_departure_has_a_name_of_its_own_and_one_sentence() {
        let names: BTreeSet<_> = ALL.iter().map(|departure| departure.id).collect();
        assert_eq!(names.len(), ALL.len());
        for Departure { id, about, .. } in ALL {
            let kebab = id.chars().all(|c| c.is_ascii_lowercase() || c == '-');
            assert!(kebab, "{id}");
            assert!(about.ends_with('.') && about.matches(". ").count() == 0, "{about}");
        }
    }

    #[test]
    fn every_departure_is_told_of_among_the_choices() {
        let page = include_str!("../../../specs/choices.md");
        for Departure { id, .. } in ALL {
            assert!(page.contains(&format!("| `{id}` |")), "{id}");
        }
    }
}
