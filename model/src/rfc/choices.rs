//! Where the RFC leaves an endpoint free, and how a stack uses that freedom.
//!
//! The numbers are those of `specs/choices.md`. A checked preset tries every permitted way
//! ([`Choices::PERMITTED`]); a replayed one goes the way the system under test says it goes, so that
//! its tours are tours that this system can take. The referee permits every way again.

use serde::{Deserialize, Serialize};

/// Whether something optional happens.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Choice {
    /// Both are tried.
    Either,
    /// It happens.
    Always,
    /// It does not happen.
    Never,
}

impl Choice {
    /// The states after something optional: `without` it, `with` it, or both; only `without` where
    /// it is not possible at all.
    pub(super) fn branches<T>(
        self,
        possible: bool,
        without: impl FnOnce() -> T,
        with: impl FnOnce() -> T,
    ) -> Vec<T> {
        match (possible, self) {
            (false, _) | (true, Self::Never) => vec![without()],
            (true, Self::Always) => vec![with()],
            (true, Self::Either) => vec![without(), with()],
        }
    }
}

/// One answer to each choice.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Choices {
    /// C-1: a RESET_STREAM after all data discards the data.
    pub reset_after_all_data: Choice,
    /// C-3: data that completes the stream after a RESET_STREAM brings the stream back.
    pub data_completes_after_reset: Choice,
    /// C-6: a RESET_STREAM interrupts reading; data that had arrived is not handed over any more.
    pub reset_interrupts_reading: Choice,
    /// C-4: a frame that contradicts the final size of a closed stream closes the connection.
    pub late_final_size_error: Choice,
    /// C-8: an empty STREAM frame counts as data at its offset when it contradicts a final size.
    pub empty_frame_counts: Choice,
}

impl Choices {
    /// Everything the RFC permits.
    pub const PERMITTED: Self = Self {
        reset_after_all_data: Choice::Either,
        data_completes_after_reset: Choice::Either,
        reset_interrupts_reading: Choice::Either,
        late_final_size_error: Choice::Either,
        empty_frame_counts: Choice::Either,
    };

    /// What quinn does: a reset discards what was not read, and a closed stream is forgotten.
    pub const QUINN: Self = Self {
        reset_after_all_data: Choice::Always,
        data_completes_after_reset: Choice::Never,
        reset_interrupts_reading: Choice::Always,
        late_final_size_error: Choice::Never,
        empty_frame_counts: Choice::Always,
    };
}
