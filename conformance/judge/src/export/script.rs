//! What a replay does to a session, call by call and packet by packet, the liveness probe included.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use streamproof_harness::puppet::ReceivedPacket;
use streamproof_harness::wire::Frame;
use streamproof_model::judging::way::Way;
use streamproof_model::rfc::call::{Answer, Call};
use streamproof_model::rfc::parameters::Parameters;

use crate::abstraction::{self, Seen};
use crate::sut::{Observation, Session, Setup, StartError, Sut};

/// Something done to a session.
#[derive(Clone, Debug)]
pub enum Op {
    /// The application calls.
    Call(Call),
    /// The driver runs.
    Settle,
    /// The peer sends this many packets that are lost, or late.
    HoldBack(u64),
    /// A packet arrives: the next that the peer sends, or the one at a place among all that it has sent.
    Deliver(Option<u64>, Vec<Frame>),
    /// A packet arrives, as in `Deliver`, and acknowledges packets: those that were about streams, counted from 0.
    Acknowledge(Option<u64>, Vec<usize>),
    /// All in flight is lost.
    LoseOutstanding,
    /// The handshake goes on after 0-RTT.
    Handshake,
}

/// What was done, and what came of it.
#[derive(Clone, Debug)]
pub struct Done {
    /// What was done.
    pub op: Op,
    /// The answer, or the frames about streams that were sent.
    pub seen: Vec<String>,
    /// The answer, if it was a call.
    pub answer: Option<Answer>,
    /// The frames about streams that were sent.
    pub frames: Vec<Frame>,
}

/// All that was done in a replay.
#[derive(Debug, Default)]
pub struct Script {
    /// In order.
    pub done: Vec<Done>,
    /// For each deviation how much was done before it was found, and whether it was found by a look at the session.
    pub deviations: Vec<(usize, bool)>,
    /// The numbers of the packets that were about streams.
    packets: Vec<u64>,
    /// How many packets the peer has sent.
    sent: u64,
    is_looking: bool,
}

/// A system under test whose sessions keep a script.
pub struct Recorder<'a> {
    sut: &'a dyn Sut,
    script: Arc<Mutex<Script>>,
}

impl<'a> Recorder<'a> {
    /// Keeps what is done to the sessions of this system.
    pub fn new(sut: &'a dyn Sut) -> Self {
        Self { sut, script: Arc::default() }
    }

    /// The script of the last session.
    pub fn take(&self) -> Script {
        std::mem::take(&mut lock(&self.script))
    }
}

fn lock(script: &Mutex<Script>) -> MutexGuard<'_, Script> {
    script.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Sut for Recorder<'_> {
    fn name(&self) -> &'static str {
        self.sut.name()
    }

    fn way(&self) -> Way {
        self.sut.way()
    }

    fn has_contract(&self) -> bool {
        self.sut.has_contract()
    }

    fn start(&self, setup: &Setup) -> Result<Box<dyn Session>, StartError> {
        *lock(&self.script) = Script::default();
        let inner = self.sut.start(setup)?;
        Ok(Box::new(Recorded { inner, script: self.script.clone() }))
    }
}

struct Recorded {
    inner: Box<dyn Session>,
    script: Arc<Mutex<Script>>,
}

impl Recorded {
    /// Whether the packet at this place is the next that the peer sends. What it has sent before and not yet
    /// delivered is held back.
    fn late(&mut self, place: u64) -> Option<u64> {
        let sent = lock(&self.script).sent;
        if place > sent {
            self.done(Op::HoldBack(place - sent));
        }
        lock(&self.script).sent = sent.max(place + 1);
        (place < sent).then_some(place)
    }

    fn done(&mut self, op: Op) {
        let mut script = lock(&self.script);
        script.is_looking = false;
        script.done.push(Done { op, seen: Vec::new(), answer: None, frames: Vec::new() });
    }
}

impl Session for Recorded {
    fn call(&mut self, call: Call) -> Answer {
        self.done(Op::Call(call));
        let answer = self.inner.call(call);
        if let Some(done) = lock(&self.script).done.last_mut() {
            done.seen.push(answer.to_string());
            done.answer = Some(answer);
        }
        answer
    }

    fn settle(&mut self) {
        self.done(Op::Settle);
        self.inner.settle();
    }

    fn peer_has_sent(&mut self, packets: u64) {
        self.inner.peer_has_sent(packets);
    }

    fn deliver(&mut self, packet: u64, frames: &[Frame]) {
        let late = self.late(packet);
        self.done(Op::Deliver(late, frames.to_vec()));
        self.inner.deliver(packet, frames);
    }

    fn finish_handshake(&mut self, accepted: bool, server: &Parameters) {
        self.done(Op::Handshake);
        self.inner.finish_handshake(accepted, server);
    }

    fn acknowledge(&mut self, packet: u64, packet_numbers: &[u64]) {
        let late = self.late(packet);
        let place =
            |number: &u64| lock(&self.script).packets.iter().position(|packet| packet == number);
        let packets = packet_numbers.iter().filter_map(place).collect();
        self.done(Op::Acknowledge(late, packets));
        self.inner.acknowledge(packet, packet_numbers);
    }

    fn lose_outstanding(&mut self) -> bool {
        self.done(Op::LoseOutstanding);
        self.inner.lose_outstanding()
    }

    fn received(&mut self) -> Vec<ReceivedPacket> {
        let packets = self.inner.received();
        let mut script = lock(&self.script);
        for packet in &packets {
            let about_streams = |frame: &&Frame| abstraction::frame(frame) != Seen::Transport;
            let frames: Vec<Frame> = packet.frames.iter().filter(about_streams).cloned().collect();
            if frames.is_empty() {
                continue;
            }
            script.packets.push(packet.packet_number);
            if let Some(done) = script.done.last_mut() {
                done.seen.extend(frames.iter().map(plain));
                done.frames.extend(frames);
            }
        }
        packets
    }

    fn observe(&mut self) -> Vec<Observation> {
        lock(&self.script).is_looking = true;
        self.inner.observe()
    }

    fn note(&mut self, line: std::fmt::Arguments<'_>) {
        let mut script = lock(&self.script);
        let place = (script.done.len(), script.is_looking);
        script.deviations.push(place);
        drop(script);
        self.inner.note(line);
    }

    fn failure(&self) -> Option<String> {
        self.inner.failure()
    }

    fn log(&self) -> &[String] {
        self.inner.log()
    }
}

/// A frame as text, a close without the reason that is given for people.
fn plain(frame: &Frame) -> String {
    let Frame::ConnectionClose { error_code, frame_type, .. } = frame else {
        return frame.to_string();
    };
    match frame_type {
        Some(_) => format!("CONNECTION_CLOSE transport 0x{error_code:02x}"),
        None => format!("CONNECTION_CLOSE application {error_code}"),
    }
}
