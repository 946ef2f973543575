//! The line in which a test fails as long as the deviation is there: what of the connection is looked at.

use std::fmt::Write as _;

use streamproof_conformance::abstraction::{self, Seen};
use streamproof_conformance::export::script::Op;
use streamproof_conformance::export::{ExportError, Shown};
use streamproof_harness::wire::Frame;
use streamproof_model::judging::breach::Breach;
use streamproof_model::rfc::identity::StreamId;

use super::calls::Scene;

/// What is looked at, after the last step.
pub(super) struct Shows {
    /// The last lines of the test.
    pub(super) lines: String,
    /// Whether they look at the frames of the last step, in an iterator `frames`.
    pub(super) wants_frames: bool,
}

impl Shows {
    /// How the deviation shows.
    ///
    /// # Errors
    ///
    /// When it is not known how to look at it.
    pub(super) fn of(shown: &Shown, scene: &Scene, message: &str) -> Result<Self, ExportError> {
        let deviation = &shown.deviation;
        let lines = |lines: String| Ok(Self { lines, wants_frames: false });
        let connection = scene.connection();
        if matches!(deviation.breach, Breach::ViolationIgnored(..)) {
            return lines(asserts("assert", &[&format!("{connection}.is_closed()")], message));
        }
        let closes = [Breach::ClosedOnLegalPeer, Breach::ClosedOnRepeatedFrame];
        if closes.contains(&deviation.breach) {
            return lines(asserts("assert", &[&format!("!{connection}.is_closed()")], message));
        }
        if deviation.breach == Breach::StreamNotOpened {
            let id = last_named(shown).ok_or(ExportError::NotInRust("this stream"))?;
            let has = format!("peer.accepted.iter().any(|id| u64::from(*id) == {id})");
            return lines(asserts("assert", &[&has], message));
        }
        if deviation.seen == "silence" {
            // The first that was permitted is the one that is missing.
            let missing = deviation.permitted.iter().find_map(|frame| counter(frame));
            let counter = missing.ok_or(ExportError::NotInRust("this silence"))?;
            let before = count(shown, counter);
            let sent = format!("{connection}.stats().frame_tx.{counter}");
            return lines(asserts("assert_ne", &[&sent, &before.to_string()], message));
        }
        let (_, frame) = shown
            .done
            .last()
            .and_then(|done| {
                done.seen.iter().zip(&done.frames).find(|(t, _)| **t == deviation.seen)
            })
            .ok_or(ExportError::NotInRust("this answer"))?;
        let counter = counter(&deviation.seen).ok_or(ExportError::NotInRust("this frame"))?;
        let kind = deviation.seen.split(' ').next().unwrap_or_default();
        if !deviation.permitted.iter().any(|other| other.starts_with(kind)) {
            let before = count(shown, counter) - 1;
            let sent = format!("{connection}.stats().frame_tx.{counter}");
            return lines(asserts("assert_eq", &[&sent, &before.to_string()], message));
        }
        let is_wrong = pattern(frame).ok_or(ExportError::NotInRust("this frame"))?;
        let lines = asserts("assert", &[&format!("!frames.any(|frame| {is_wrong})")], message);
        Ok(Self { lines, wants_frames: true })
    }
}

/// An assertion, laid out as rustfmt does a long one.
fn asserts(which: &str, about: &[&str], message: &str) -> String {
    let mut lines = format!("    {which}!(\n");
    for about in about {
        // rustfmt breaks such a chain.
        let about = match about.split_once(".stats().frame_tx.") {
            Some((connection, counter)) => format!(
                "{connection}\n            .stats()\n            .frame_tx\n            .{counter}"
            ),
            None => (*about).to_owned(),
        };
        let _ = writeln!(lines, "        {about},");
    }
    let _ = writeln!(lines, "        {message:?}\n    );");
    lines
}

/// The stream that the peer's last frame names.
fn last_named(shown: &Shown) -> Option<u64> {
    let Op::Deliver(_, frames) = &shown.done.last()?.op else { return None };
    let Seen::Frame(frame) = abstraction::frame(frames.last()?) else { return None };
    frame.stream_id().map(StreamId::value)
}

/// How often frames of a kind were sent in all.
fn count(shown: &Shown, of: &str) -> usize {
    let frames = shown.done.iter().flat_map(|done| &done.seen);
    frames.filter(|frame| counter(frame) == Some(of)).count()
}

/// quinn's counter for frames like this one.
fn counter(frame: &str) -> Option<&'static str> {
    let mut words = frame.split(' ');
    Some(match (words.next()?, words.next()) {
        ("RESET_STREAM", _) => "reset_stream",
        ("STOP_SENDING", _) => "stop_sending",
        ("STREAM", _) => "stream",
        ("MAX_DATA", _) => "max_data",
        ("MAX_STREAM_DATA", _) => "max_stream_data",
        ("MAX_STREAMS", Some("bidirectional")) => "max_streams_bidi",
        ("MAX_STREAMS", _) => "max_streams_uni",
        ("DATA_BLOCKED", _) => "data_blocked",
        ("STREAM_DATA_BLOCKED", _) => "stream_data_blocked",
        ("STREAMS_BLOCKED", Some("bidirectional")) => "streams_blocked_bidi",
        ("STREAMS_BLOCKED", _) => "streams_blocked_uni",
        _ => return None,
    })
}

/// Whether `frame` is this one, as an expression: of the kinds in which a field can be wrong.
fn pattern(frame: &Frame) -> Option<String> {
    let is = |kind: &str, fields: &[(&str, u64)]| {
        let fields: Vec<String> =
            fields.iter().map(|(name, value)| format!("u64::from({name}) == {value}")).collect();
        let fields = fields.join("\n                && ");
        format!(
            "matches!(\n            frame,\n            Frame::{kind}\n                if {fields}\n        )"
        )
    };
    if let Frame::ResetStream { stream_id, application_protocol_error_code: code, final_size } =
        frame
    {
        let fields =
            [("it.id", *stream_id), ("it.error_code", *code), ("it.final_offset", *final_size)];
        return Some(is("ResetStream(it)", &fields));
    }
    if let Frame::StopSending { stream_id, application_protocol_error_code: code } = frame {
        return Some(is("StopSending(it)", &[("it.id", *stream_id), ("it.error_code", *code)]));
    }
    if let Frame::MaxData { maximum_data } = frame {
        return Some(is("MaxData(limit)", &[("limit", *maximum_data)]));
    }
    if let Frame::MaxStreamData { stream_id, maximum_stream_data } = frame {
        let fields = [("id", *stream_id), ("offset", *maximum_stream_data)];
        return Some(is("MaxStreamData { id, offset }", &fields));
    }
    None
}
