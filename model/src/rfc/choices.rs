//! Where the RFC leaves an endpoint free, and how a stack uses that freedom.
//!
//! The numbers are those of `specs/choices.md`. A checked preset tries every permitted way
//! ([`Choices::PERMITTED`]; of C-5 only where endpoints send freely); a replayed one goes the way the system
//! under test says it goes, so that its tours are tours that this system can take. The referee permits every
//! way again.

use serde::{Deserialize, Serialize};

use super::credit::ReceiveCredit;
use super::endpoint::Endpoint;
use super::frame::{Frame, FrameType};
use super::violation::Violation;

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
    /// C-11: a RESET_STREAM for a bidirectional stream of ours that was not created closes the
    /// connection.
    pub not_created_is_error: Choice,
    /// Against a SHOULD, but done (D-5): a stopped part is forgotten once its final size is known.
    pub stopped_is_forgotten: Choice,
    /// Not permitted, but done (D-6): the connection's limit and the limits on streams are enforced as they
    /// would be advertised now, not as they were.
    pub internal_limits_count: Choice,
    /// Not permitted, but done (D-7): STREAM_DATA_BLOCKED does not open a stream.
    pub blocked_creates_nothing: Choice,
    /// Not permitted, but done (D-8): STOP_SENDING and STREAM_DATA_BLOCKED for a stream beyond the limit
    /// are ignored.
    pub limit_overlooked: Choice,
    /// Against the manager's contract, but done by bare quinn (D-12): a dropped handle ends the stream.
    pub drop_ends_stream: Choice,
    /// Against a MUST, but done by bare quinn (D-13): STOP_SENDING is left to the application, which answers it
    /// by a reset or by dropping its handle.
    pub stop_is_left: Choice,
    /// Not asked for, but done (D-18): DATA_BLOCKED goes out although nothing is kept back any more.
    pub blocked_outlives_writers: Choice,
    /// Not permitted, but done (D-11): a stream opened in 0-RTT keeps the remembered limit when the server
    /// advertises a higher one.
    pub early_limits_stay: Choice,
    /// Against the manager's contract, but done by bare quinn (D-17): STOP_SENDING is sent although everything
    /// had arrived when the application stopped.
    pub moot_stop_is_sent: Choice,
    /// C-11: the same for STREAM_DATA_BLOCKED.
    pub blocked_not_created_is_error: Choice,
    /// Against the contract, but done by bare quinn (D-14): a stream that was stopped when its final
    /// size was known raises the limit on streams only when the next packet arrives.
    pub stopped_streams_wait: Choice,
    /// Against a SHOULD, but done (D-9): STREAMS_BLOCKED is never sent.
    pub streams_blocked_is_silent: Choice,
    /// Against a SHOULD, but done (D-15): DATA_BLOCKED and STREAM_DATA_BLOCKED go out only when something
    /// else does.
    pub blocked_waits: Choice,
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
        not_created_is_error: Choice::Either,
        internal_limits_count: Choice::Never,
        blocked_creates_nothing: Choice::Never,
        limit_overlooked: Choice::Never,
        drop_ends_stream: Choice::Never,
        stop_is_left: Choice::Never,
        blocked_outlives_writers: Choice::Never,
        early_limits_stay: Choice::Never,
        moot_stop_is_sent: Choice::Never,
        blocked_not_created_is_error: Choice::Either,
        stopped_streams_wait: Choice::Never,
        streams_blocked_is_silent: Choice::Never,
        blocked_waits: Choice::Never,
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
            not_created_is_error,
            internal_limits_count,
            blocked_creates_nothing,
            limit_overlooked,
            drop_ends_stream,
            stop_is_left,
            blocked_outlives_writers,
            early_limits_stay,
            moot_stop_is_sent,
            blocked_not_created_is_error,
            stopped_streams_wait,
            streams_blocked_is_silent,
            blocked_waits,
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
            not_created_is_error,
            internal_limits_count,
            blocked_creates_nothing,
            limit_overlooked,
            drop_ends_stream,
            stop_is_left,
            blocked_outlives_writers,
            early_limits_stay,
            moot_stop_is_sent,
            blocked_not_created_is_error,
            stopped_streams_wait,
            streams_blocked_is_silent,
            blocked_waits,
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
        not_created_is_error: Choice::Always,
        internal_limits_count: Choice::Always,
        blocked_creates_nothing: Choice::Always,
        limit_overlooked: Choice::Always,
        drop_ends_stream: Choice::Never,
        stop_is_left: Choice::Never,
        blocked_outlives_writers: Choice::Always,
        early_limits_stay: Choice::Always,
        moot_stop_is_sent: Choice::Never,
        blocked_not_created_is_error: Choice::Never,
        stopped_streams_wait: Choice::Never,
        streams_blocked_is_silent: Choice::Always,
        blocked_waits: Choice::Always,
    };

    /// The limit that lets a frame pass although it is beyond the advertised one: the internal one, for
    /// a stack that holds its peer to that (D-6).
    pub(super) fn limit_tolerated(&self, credit: &ReceiveCredit, released: u64) -> u64 {
        match self.internal_limits_count {
            Choice::Always => credit.internal(released).max(credit.advertised),
            Choice::Either | Choice::Never => credit.advertised,
        }
    }

    /// Whether a frame that should create a stream leaves it uncreated (D-7).
    pub(super) fn leaves_uncreated(&self, frame: &Frame) -> bool {
        frame.frame_type() == FrameType::StreamDataBlocked
            && self.blocked_creates_nothing == Choice::Always
    }

    /// Whether a violation is not noticed (D-8).
    pub(super) fn overlooks(&self, violation: Violation) -> bool {
        let at_limit = matches!(
            violation,
            Violation::StopSendingBeyondLimit | Violation::StreamDataBlockedBeyondLimit
        );
        at_limit && self.limit_overlooked == Choice::Always
    }

    /// What quinn does without the manager.
    pub const BARE_QUINN: Self = Self {
        stop_is_left: Choice::Always,
        moot_stop_is_sent: Choice::Always,
        drop_ends_stream: Choice::Always,
        stopped_streams_wait: Choice::Always,
        ..Self::QUINN
    };

    /// Whether a frame that is due is not sent by a stack with these choices (D-9, D-14).
    pub fn never_sends(&self, frame: &Frame, endpoint: &Endpoint) -> bool {
        match frame {
            Frame::StreamsBlocked { .. } => self.streams_blocked_is_silent == Choice::Always,
            // rfc9000 13.3: only while the limit keeps something back.
            Frame::DataBlocked { .. } => {
                self.blocked_outlives_writers != Choice::Always && !endpoint.is_held_back()
            }
            Frame::MaxStreams { .. } => {
                endpoint.streams_wait && self.stopped_streams_wait == Choice::Always
            }
            Frame::ResetStream { .. }
            | Frame::StopSending { .. }
            | Frame::Stream { .. }
            | Frame::MaxData { .. }
            | Frame::MaxStreamData { .. }
            | Frame::StreamDataBlocked { .. }
            | Frame::ConnectionClose { .. } => false,
        }
    }
}
