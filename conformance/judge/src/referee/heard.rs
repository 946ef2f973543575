//! What went over the wire, as far as a verdict depends on it and no state of an endpoint remembers it.

use std::collections::{BTreeMap, BTreeSet};

use streamproof_model::rfc::endpoint::Endpoint;
use streamproof_model::rfc::frame::{ErrorCode, Frame};
use streamproof_model::rfc::identity::StreamId;

/// The frames of the peer, and the codes of the resets that answered.
#[derive(Clone, Debug, Default)]
pub(super) struct Heard {
    frames: BTreeSet<Frame>,
    stops: BTreeSet<(StreamId, ErrorCode)>,
    /// With which code the first RESET_STREAM of each stream was sent.
    resets: BTreeMap<StreamId, ErrorCode>,
    /// Whether the last frame had been received before, or states a limit that is not higher than an earlier one.
    pub(super) nothing_new: bool,
}

impl Heard {
    /// A frame arrived.
    pub(super) fn frame(&mut self, frame: &Frame) {
        let is_outdated = |earlier: &Frame| {
            earlier.is_of_scope(frame)
                && earlier.limit().is_some()
                && earlier.limit() >= frame.limit()
        };
        self.nothing_new = self.frames.contains(frame) || self.frames.iter().any(is_outdated);
        self.frames.insert(*frame);
        if let Frame::StopSending { stream_id, application_protocol_error_code: code } = *frame {
            self.stops.insert((stream_id, code));
        }
    }

    /// The endpoint sends a frame. What it is judged as: a RESET_STREAM that answers STOP_SENDING may carry any code
    /// (§3.5), and has to carry it again whenever it is repeated (§13.3).
    pub(super) fn as_judged(&self, endpoint: &mut Endpoint, frame: &Frame) -> Frame {
        let Frame::ResetStream { stream_id, application_protocol_error_code: code, final_size } =
            *frame
        else {
            return *frame;
        };
        self.choose_code(endpoint, frame);
        let believed = endpoint.sending(stream_id).and_then(|part| part.reset).map(|r| r.code);
        let code = match (self.resets.get(&stream_id), believed) {
            (Some(first), Some(believed)) if *first == code => believed,
            // Another code than the first time, even if it is the one that was expected then.
            (Some(_), Some(believed)) if believed == code => ErrorCode(code.0.wrapping_add(1)),
            (_, _) => code,
        };
        Frame::ResetStream { stream_id, application_protocol_error_code: code, final_size }
    }

    /// The endpoint has sent a frame.
    pub(super) fn sent(&mut self, frame: &Frame) {
        if let Frame::ResetStream { stream_id, application_protocol_error_code: code, .. } = *frame
        {
            self.resets.entry(stream_id).or_insert(code);
        }
    }

    /// A RESET_STREAM that waits to be sent may take the code of a STOP_SENDING that arrives meanwhile, although the
    /// application had asked for the reset before (§3.5, C-18): which it is, is seen when it is sent.
    fn choose_code(&self, endpoint: &mut Endpoint, frame: &Frame) {
        let Frame::ResetStream { stream_id, application_protocol_error_code: code, .. } = *frame
        else {
            return;
        };
        if self.stops.contains(&(stream_id, code)) {
            endpoint.take_code_of_stop(stream_id, code);
        }
    }
}
