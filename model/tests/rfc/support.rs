//! Endpoints to try a rule on, and what they do.

use std::panic::{AssertUnwindSafe, catch_unwind};

use streamproof_model::rfc::call::{Answer, Call};
use streamproof_model::rfc::choices::{Choice, Choices};
use streamproof_model::rfc::endpoint::Endpoint;
use streamproof_model::rfc::frame::{ErrorCode, Frame};
use streamproof_model::rfc::identity::{Direction, Side, StreamId};
use streamproof_model::rfc::parameters::Parameters;
use streamproof_model::rfc::rules::{RFC9000, Rules};
use streamproof_model::rfc::violation::TransportError;

/// The client's first unidirectional stream, and its first bidirectional one.
pub(crate) const UNI: StreamId = StreamId::new(Side::Client, Direction::Unidirectional, 0);
pub(crate) const BIDI: StreamId = StreamId::new(Side::Client, Direction::Bidirectional, 0);
/// An application's code.
pub(crate) const CODE: ErrorCode = ErrorCode(5);

/// Where the RFC is free, what is optional does not happen.
pub(crate) const CHOICES: Choices = Choices {
    reset_after_all_data: Choice::Never,
    data_completes_after_reset: Choice::Never,
    late_final_size_error: Choice::Never,
    reset_interrupts_reading: Choice::Never,
    data_before_answer: Choice::Never,
    reset_below_empty_frame: Choice::Never,
    fin_below_empty_frame: Choice::Never,
    empty_frame_beyond_final_size: Choice::Never,
    not_created_is_error: Choice::Never,
    blocked_not_created_is_error: Choice::Never,
};

/// Runs a test under RFC 9000's rules, where it must pass, and under rules that are broken in one place, where it must
/// fail: what it shows depends on that rule.
pub(crate) fn shows(test: impl Fn(Rules), breaks: impl FnOnce(&mut Rules)) {
    test(RFC9000);
    let mut broken = RFC9000;
    breaks(&mut broken);
    let passed = catch_unwind(AssertUnwindSafe(|| test(broken))).is_ok();
    assert!(!passed, "the test passes although the rule is broken");
}

/// An endpoint, with the rules that it follows.
#[derive(Clone, Debug)]
pub(crate) struct End {
    pub(crate) at: Endpoint,
    rules: Rules,
}

impl End {
    /// The client, with nothing open yet; both endpoints advertise `parameters`.
    pub(crate) fn client(rules: Rules, parameters: Parameters) -> Self {
        Self { at: Endpoint::new(Side::Client, parameters, parameters), rules }
    }

    /// The server, likewise.
    pub(crate) fn server(rules: Rules, parameters: Parameters) -> Self {
        Self { at: Endpoint::new(Side::Server, parameters, parameters), rules }
    }

    /// The client with [`UNI`] and [`BIDI`] open, under limits that nothing comes near.
    pub(crate) fn sender(rules: Rules) -> Self {
        let mut end = Self::client(rules, Parameters::WIDE);
        end.call(Call::Open { direction: Direction::Unidirectional });
        end.call(Call::Open { direction: Direction::Bidirectional });
        end
    }

    /// The application calls; the answer.
    pub(crate) fn call(&mut self, call: Call) -> Answer {
        let (answer, next) = self.at.call(&self.rules, &CHOICES, call).remove(0);
        self.at = next;
        answer
    }

    /// Frames arrive.
    pub(crate) fn receives(&mut self, frames: impl IntoIterator<Item = Frame>) {
        for frame in frames {
            self.at = self.at.on_frame(&self.rules, &CHOICES, &frame).remove(0);
        }
    }

    /// Everything that is due goes out.
    pub(crate) fn sends(&mut self) -> Vec<Frame> {
        let mut frames = Vec::new();
        while let Some(frame) = self.at.next_frame(&self.rules, &CHOICES) {
            assert!(frames.len() < 16, "endless: {frame}");
            self.at.on_sent(&self.rules, &frame);
            frames.push(frame);
        }
        frames
    }

    /// What it has sent is acknowledged.
    pub(crate) fn is_acknowledged(&mut self, frames: &[Frame]) {
        frames.iter().for_each(|frame| self.at.on_acknowledged(&self.rules, frame));
    }

    /// What it has in flight is lost.
    pub(crate) fn loses(&mut self) {
        self.at.on_all_lost(&self.rules);
    }

    /// Whether it closes the connection with this error.
    pub(crate) fn closes_with(&self, error: TransportError) -> bool {
        self.at.errors_due().is_some_and(|errors| errors.has(error))
    }

    /// Whether the connection goes on.
    pub(crate) fn is_open(&self) -> bool {
        self.at.closed.is_none()
    }
}

/// A STREAM frame with `length` bytes from `offset` on.
pub(crate) const fn stream(stream_id: StreamId, offset: u64, length: u64, fin: bool) -> Frame {
    Frame::Stream { stream_id, offset, length, fin }
}

/// A RESET_STREAM.
pub(crate) const fn reset(stream_id: StreamId, final_size: u64) -> Frame {
    Frame::ResetStream { stream_id, application_protocol_error_code: CODE, final_size }
}

/// A STOP_SENDING.
pub(crate) const fn stop(stream_id: StreamId) -> Frame {
    Frame::StopSending { stream_id, application_protocol_error_code: CODE }
}
