//! Where the RFC leaves an endpoint free, and how a stack uses that freedom.
//!
//! The numbers are those of `specs/choices.md`. A checked preset tries every permitted way
//! ([`Choices::PERMITTED`]; of C-5 only where endpoints send freely); a replayed one goes the way the system under test says it goes, so that
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
    /// C-4: a frame that contradicts the final size of a closed stream closes the connection.
    pub late_final_size_error: Choice,
    /// C-6: a RESET_STREAM interrupts reading; data that had arrived is not handed over any more.
    pub reset_interrupts_reading: Choice,
    /// C-5: data that waits to be sent when STOP_SENDING arrives goes out before the answering reset.
    pub data_before_answer: Choice,
    /// C-8: a RESET_STREAM with a final size below an offset that only an empty STREAM frame named
    /// closes the connection.
    pub reset_below_empty_frame: Choice,
    /// C-8: the same for a STREAM frame with FIN.
    pub fin_below_empty_frame: Choice,
    /// C-8: an empty STREAM frame beyond the final size closes the connection.
    pub empty_frame_beyond_final_size: Choice,
    /// Not permitted, but done (D-1): the final size of a reset counts bytes never sent.
    pub reset_counts_unsent: Choice,
    /// Not permitted after a reset, but done (D-2): a STOP_SENDING once asked for goes out whatever
    /// has arrived since.
    pub stop_goes_out_late: Choice,
    /// Against a SHOULD, but done (D-3): after a RESET_STREAM, STREAM frames are dropped unread.
    pub reset_drops_frames: Choice,
    /// Against a SHOULD, but done (D-4): a FIN below data already received is not noticed.
    pub fin_below_data_passes: Choice,
    /// Against a SHOULD, but done (D-5): a stopped part is forgotten once its final size is known.
    pub stopped_is_forgotten: Choice,
}

impl Choices {
    /// Everything the RFC permits, and nothing else.
    pub const PERMITTED: Self = Self {
        reset_after_all_data: Choice::Either,
        data_completes_after_reset: Choice::Either,
        late_final_size_error: Choice::Either,
        reset_interrupts_reading: Choice::Either,
        data_before_answer: Choice::Either,
        reset_below_empty_frame: Choice::Either,
        fin_below_empty_frame: Choice::Either,
        empty_frame_beyond_final_size: Choice::Either,
        reset_counts_unsent: Choice::Never,
        stop_goes_out_late: Choice::Never,
        reset_drops_frames: Choice::Never,
        fin_below_data_passes: Choice::Never,
        stopped_is_forgotten: Choice::Never,
    };

    /// Whether every choice goes one way, so that what an endpoint does follows from what is done to it.
    pub fn is_decided(&self) -> bool {
        let Self {
            reset_after_all_data,
            data_completes_after_reset,
            reset_interrupts_reading,
            late_final_size_error,
            data_before_answer,
            reset_below_empty_frame,
            fin_below_empty_frame,
            empty_frame_beyond_final_size,
            reset_counts_unsent,
            stop_goes_out_late,
            reset_drops_frames,
            fin_below_data_passes,
            stopped_is_forgotten,
        } = *self;
        let choices = [
            reset_after_all_data,
            data_completes_after_reset,
            reset_interrupts_reading,
            late_final_size_error,
            data_before_answer,
            reset_below_empty_frame,
            fin_below_empty_frame,
            empty_frame_beyond_final_size,
            reset_counts_unsent,
            stop_goes_out_late,
            reset_drops_frames,
            fin_below_data_passes,
            stopped_is_forgotten,
        ];
        choices.iter().all(|choice| *choice != Choice::Either)
    }

    /// What quinn does. Its departures are among the known deviations; they stand here so that tours
    /// lead on from them.
    pub const QUINN: Self = Self {
        reset_after_all_data: Choice::Always,
        data_completes_after_reset: Choice::Never,
        late_final_size_error: Choice::Never,
        reset_interrupts_reading: Choice::Always,
        data_before_answer: Choice::Always,
        reset_below_empty_frame: Choice::Always,
        fin_below_empty_frame: Choice::Never,
        empty_frame_beyond_final_size: Choice::Always,
        reset_counts_unsent: Choice::Always,
        stop_goes_out_late: Choice::Always,
        reset_drops_frames: Choice::Always,
        fin_below_data_passes: Choice::Always,
        stopped_is_forgotten: Choice::Always,
    };
}
