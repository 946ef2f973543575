//! How a stack joins the suite: `impl Sut`, and one test.
//!
//! The stack here only receives, on unidirectional streams, from a peer that keeps every rule; that is what the
//! preset `uni` needs of it on the server's side. It is wrong in three ways, each marked WRONG, and the
//! suite finds just these: `cargo test` asserts it, `cargo run` prints the report.

use std::collections::BTreeMap;

use streamproof_conformance::concretize::data;
use streamproof_conformance::suite::model::judging::way::Way;
use streamproof_conformance::suite::model::rfc::call::{Answer, Call, RecvOutcome};
use streamproof_conformance::suite::model::rfc::choices::{Choice, Choices};
use streamproof_conformance::suite::model::rfc::frame::ErrorCode;
use streamproof_conformance::suite::model::rfc::identity::{Side, StreamId};
use streamproof_conformance::suite::model::rfc::parameters::Parameters;
use streamproof_conformance::suite::{Report, Suite, SuiteError};
use streamproof_conformance::sut::harness::puppet::ReceivedPacket;
use streamproof_conformance::sut::harness::wire::Frame;
use streamproof_conformance::sut::harness::wire::packet::PacketType;
use streamproof_conformance::sut::{Observation, Session, Setup, StartError, Sut};

// ---- the stack -----------------------------------------------------------------------------------

/// A stream that the peer sends on.
#[derive(Default)]
struct Stream {
    bytes: BTreeMap<u64, u8>,
    size: Option<u64>,
    read: u64,
    reset: Option<u64>,
    stop_is_due: bool,
    told: Option<RecvOutcome>,
}

impl Stream {
    fn is_complete(&self) -> bool {
        self.size.is_some_and(|size| self.bytes.len() as u64 == size)
    }

    fn tell(&mut self, outcome: RecvOutcome) -> Answer {
        self.told = Some(outcome);
        match outcome {
            RecvOutcome::ReadToEnd => Answer::EndOfStream,
            RecvOutcome::Reset { .. }
            | RecvOutcome::Stopped { .. }
            | RecvOutcome::ConnectionLost => Answer::RecvEnded { outcome },
        }
    }

    fn read(&mut self, id: StreamId) -> Answer {
        if let Some(outcome) = self.told {
            return self.tell(outcome);
        }
        if let Some(code) = self.reset {
            return self.tell(RecvOutcome::Reset { code: ErrorCode(code) });
        }
        let bytes: Vec<u8> = (self.read..).map_while(|at| self.bytes.get(&at).copied()).collect();
        let (offset, length) = (self.read, bytes.len() as u64);
        self.read += length;
        if length > 0 && data(id, offset, length) != bytes {
            return Answer::Corrupt { offset };
        }
        match (length, self.is_complete()) {
            (0, true) => self.tell(RecvOutcome::ReadToEnd),
            (0, false) => Answer::NoData,
            (length, _) => Answer::Data { length },
        }
    }

    fn abort(&mut self, code: u64) -> Answer {
        if self.told.is_some() {
            // WRONG: whoever aborts too late is not told what became of the stream (§2.4).
            return Answer::Closed;
        }
        if let Some(code) = self.reset {
            return self.tell(RecvOutcome::Reset { code: ErrorCode(code) });
        }
        self.stop_is_due = !self.is_complete();
        self.told = Some(RecvOutcome::Stopped { code: ErrorCode(code) });
        Answer::Accepted
    }
}

#[derive(Default)]
struct Connection {
    streams: BTreeMap<u64, Stream>,
    sent: Vec<ReceivedPacket>,
    next: u64,
}

impl Connection {
    fn on_frame(&mut self, frame: &Frame) {
        if let Frame::Stream { stream_id, offset, fin, data } = frame {
            let stream = self.streams.entry(*stream_id).or_default();
            stream.bytes.extend((*offset..).zip(data.iter().copied()));
            if *fin {
                stream.size = Some(offset + data.len() as u64);
            }
        }
        if let Frame::ResetStream { stream_id, application_protocol_error_code, final_size } = frame
        {
            let stream = self.streams.entry(*stream_id).or_default();
            if !stream.is_complete() {
                stream.reset.get_or_insert(*application_protocol_error_code);
                stream.size = Some(*final_size);
            }
        }
    }

    fn send(&mut self) {
        let mut frames = Vec::new();
        for (id, stream) in &mut self.streams {
            // WRONG: it is not looked whether the stream was reset meanwhile (§3.5).
            if std::mem::take(&mut stream.stop_is_due) && !stream.is_complete() {
                frames.push(Frame::StopSending {
                    stream_id: *id,
                    // WRONG: the application gave a code (§2.4).
                    application_protocol_error_code: 0,
                });
            }
        }
        if !frames.is_empty() {
            let (packet_type, packet_number) = (PacketType::OneRtt, self.next);
            self.next += 1;
            self.sent.push(ReceivedPacket { packet_type, packet_number, frames });
        }
    }
}

// ---- what the suite needs of it ------------------------------------------------------------------

/// The stack, as the suite plays it.
#[derive(Clone, Copy, Debug, Default)]
pub struct OwnStack;

impl Sut for OwnStack {
    fn name(&self) -> &'static str {
        "own-stack"
    }

    /// Where the RFC leaves it free, every choice must go one way; and it departs from nothing.
    fn way(&self) -> Way {
        let choices = Choices {
            reset_after_all_data: Choice::Never,
            data_completes_after_reset: Choice::Never,
            late_final_size_error: Choice::Never,
            reset_interrupts_reading: Choice::Always,
            data_before_answer: Choice::Never,
            reset_below_empty_frame: Choice::Never,
            fin_below_empty_frame: Choice::Never,
            empty_frame_beyond_final_size: Choice::Never,
            not_created_is_error: Choice::Never,
            blocked_not_created_is_error: Choice::Never,
        };
        Way { name: "own-stack", choices, departures: &[] }
    }

    fn start(&self, _: &Setup) -> Result<Box<dyn Session>, StartError> {
        Ok(Box::new(Connection::default()))
    }
}

impl Session for Connection {
    fn call(&mut self, call: Call) -> Answer {
        let mut on = |id: StreamId, act: fn(&mut Stream, StreamId, u64) -> Answer, code: u64| {
            self.streams.get_mut(&id.value()).map_or(Answer::Closed, |stream| act(stream, id, code))
        };
        match call {
            Call::Read { stream_id } => on(stream_id, |stream, id, _| stream.read(id), 0),
            Call::AbortReading { stream_id, code } => {
                on(stream_id, |stream, _, code| stream.abort(code), code.0)
            }
            // What a stack that only receives is never asked.
            Call::Open { .. }
            | Call::Write { .. }
            | Call::End { .. }
            | Call::Reset { .. }
            | Call::DropSend { .. }
            | Call::DropRecv { .. }
            | Call::CloseConnection { .. }
            | Call::ResizeWindow { .. }
            | Call::ResizeStreams { .. } => Answer::Closed,
        }
    }

    fn settle(&mut self) {
        self.send();
    }

    fn deliver(&mut self, _packet: u64, frames: &[Frame]) {
        frames.iter().for_each(|frame| self.on_frame(frame));
        self.send();
    }

    fn finish_handshake(&mut self, _accepted: bool, _server: &Parameters) {}

    fn acknowledge(&mut self, _packet: u64, _packet_numbers: &[u64]) {
        self.send();
    }

    fn lose_outstanding(&mut self) -> bool {
        false
    }

    fn received(&mut self) -> Vec<ReceivedPacket> {
        std::mem::take(&mut self.sent)
    }

    fn observe(&mut self) -> Vec<Observation> {
        // Whoever reads here asks again after every step, so nobody needs to be woken.
        let ids = self.streams.keys().filter_map(|id| StreamId::from_wire(*id));
        ids.map(|id| Observation { read_woken: true, ..Observation::of(id) }).collect()
    }

    fn log(&self) -> &[String] {
        &[]
    }
}

// ---- the run -------------------------------------------------------------------------------------

/// Plays every edge of the preset against the stack.
///
/// # Errors
///
/// When the suite cannot be run; a broken rule is no error.
pub fn run() -> Result<Report, SuiteError> {
    Suite::quick().presets(["uni"]).side(Side::Server).run(&OwnStack)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_three_faults_are_found_and_nothing_else() {
        let report = super::run().expect("a connection");
        let expected = ["stop-after-reset", "stop-code-changed", "outcome-withheld"];
        assert_eq!(report.breaches(), expected, "{report}");
    }
}
