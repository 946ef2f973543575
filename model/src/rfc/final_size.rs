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
    let end = offset + length;
    if fin {
        let stated = (rules.final_size_of_fin)(offset, length);
        check_stated(rules, part, stated, |choices| choices.fin_below_empty_frame)?;
    }
    // rfc9000 4.5: data at or beyond the final size.
    match part.final_size {
        Some(known) if (rules.data_is_beyond)(known, end) => Err(match length {
            0 => Objection::Doubtful(Violation::DataBeyondFinalSize, |choices| {
                choices.empty_frame_beyond_final_size
            }),
            _ => Objection::Clear(Violation::DataBeyondFinalSize),
        }),
        Some(_) | None => Ok(()),
    }
}

/// What §4.5 says to a frame that states this final size (bytes); `doubt` is the choice that decides
/// where only an empty frame speaks against it.
pub(super) fn check_stated(
    rules: &Rules,
    part: &ReceivingPart,
    stated: u64,
    doubt: fn(&Choices) -> Choice,
) -> Result<(), Objection> {
    match part.final_size {
        // rfc9000 4.5: once known, it cannot change.
        Some(known) if (rules.final_size_changes)(known, stated) => {
            Err(Objection::Clear((rules.changed_final_size)()))
        }
        Some(_) => Ok(()),
        // rfc9000 20.1: not below what was already received.
        None if (rules.final_size_is_below)(part.largest_received(), stated) => {
            Err(Objection::Clear(Violation::FinalSizeBelowReceived))
        }
        None if stated < part.named => {
            Err(Objection::Doubtful(Violation::FinalSizeBelowReceived, doubt))
        }
        None => Ok(()),
    }
}
