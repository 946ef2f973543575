//! §4.5 Stream final size: once known it cannot change, it covers what was received, and nothing at
//! or beyond it is accepted.
//!
//! How much credit a final size consumes (§4.1, §4.2) is not here.

use super::choices::{Choice, Choices};
use super::receiving::ReceivingPart;
use super::rules::Rules;
use super::violation::Violation;

/// What §4.5 says against a frame.
#[derive(Clone, Copy, Debug)]
pub(super) enum Objection {
    /// The rule is broken.
    Clear(Violation),
    /// Only an empty STREAM frame speaks for it: it names an offset and brings no data (C-8). Which
    /// choice decides.
    Doubtful(Violation, fn(&Choices) -> Choice),
}

/// What §4.5 says to a STREAM frame.
pub(super) fn check_stream(
    rules: &Rules,
    part: &ReceivingPart,
    (offset, length, fin): (u64, u64, bool),
) -> Result<(), Objection> {
    if fin {
        let stated = (rules.final_size_of_fin)(offset, length);
        let faults = Faults {
            changed: Violation::FinChangesFinalSize,
            below: Violation::FinBelowReceived,
            doubt: |choices| choices.fin_below_empty_frame,
        };
        check_stated(rules, part, stated, faults)?;
    }
    // rfc9000 4.5/4: data at or beyond the final size.
    match part.final_size {
        Some(known) if (rules.data_is_beyond)(known, offset + length) => Err(match length {
            0 => Objection::Doubtful(Violation::DataBeyondFinalSize, |choices| {
                choices.empty_frame_beyond_final_size
            }),
            _ => Objection::Clear(Violation::DataBeyondFinalSize),
        }),
        Some(_) | None => Ok(()),
    }
}

/// What §4.5 says to a RESET_STREAM with this final size (bytes).
pub(super) fn check_reset(
    rules: &Rules,
    part: &ReceivingPart,
    final_size: u64,
) -> Result<(), Objection> {
    let faults = Faults {
        changed: Violation::ResetChangesFinalSize,
        below: Violation::ResetBelowReceived,
        doubt: |choices| choices.reset_below_empty_frame,
    };
    check_stated(rules, part, final_size, faults)
}

/// What a frame that states a final size can do wrong, and the choice that decides where only an empty
/// frame speaks against it.
struct Faults {
    changed: Violation,
    below: Violation,
    doubt: fn(&Choices) -> Choice,
}

fn check_stated(
    rules: &Rules,
    part: &ReceivingPart,
    stated: u64,
    faults: Faults,
) -> Result<(), Objection> {
    match part.final_size {
        // rfc9000 4.5/3: once known, it cannot change.
        Some(known) if (rules.final_size_changes)(known, stated) => {
            Err(Objection::Clear((rules.changed_final_size)(faults.changed)))
        }
        Some(_) => Ok(()),
        // rfc9000 20.1/6: not below what was already received.
        None if (rules.final_size_is_below)(part.largest_received(), stated) => {
            Err(Objection::Clear(faults.below))
        }
        None if stated < part.named => Err(Objection::Doubtful(faults.below, faults.doubt)),
        None => Ok(()),
    }
}
