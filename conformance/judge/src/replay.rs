//! The loop: do a step, let the system settle, see what it did, ask the referee. It knows no QUIC.
//!
//! After the last step comes the liveness probe: everything is delivered and acknowledged, the
//! application ends or reads on, and whoever waits must be told.

use streamproof_harness::puppet::PACKET_THRESHOLD;
use streamproof_model::judging::breach::Breach;
use streamproof_model::rfc::call::{Answer, Call};
use streamproof_model::rfc::citation::Level;
use streamproof_model::rfc::endpoint::Endpoint;
use streamproof_model::rfc::frame::{Frame, FrameType};
use streamproof_model::rfc::identity::{ByDirection, Side, StreamId};
use streamproof_model::trace::stimulus::Stimulus;
use streamproof_model::worlds::streams::presets::Handshake;

use crate::abstraction::{self, Seen};
use crate::concretize;
use crate::referee::{Deviation, Referee};
use crate::sut::{Session, Setup, StartError, Sut};

/// A deviation and where it was found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Found {
    /// The stimulus after which it was seen, from 0; those of the probe are counted on from the script's.
    pub at: usize,
    /// What it is.
    pub deviation: Deviation,
}

/// How a stimulus went.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Went {
    /// The endpoint that the trace predicts explains what was seen, or nothing was predicted.
    AsPredicted,
    /// It does not: the system did something else.
    Astray,
    /// It could not be applied: there was nothing to acknowledge, or nothing to lose.
    Void,
}

/// What a replay has shown.
#[derive(Clone, Debug, Default)]
pub struct Replay {
    /// The deviations, in order.
    pub found: Vec<Found>,
    /// For each stimulus of the script how it went. Shorter than the script if the peer left the protocol and the
    /// system let it pass.
    pub went: Vec<Went>,
    /// What the liveness probe did.
    pub probe: Vec<Stimulus>,
    /// For each stimulus, the probe's included, what came back, for people. Empty unless a log is kept.
    pub came_back: Vec<Vec<String>>,
    /// The session's event log. Empty unless a log is kept.
    pub log: Vec<String>,
}

/// One step of a script.
#[derive(Clone, Debug)]
pub struct ScriptStep<'a> {
    /// What is done to the system under test.
    pub stimulus: &'a Stimulus,
    /// How many packets the peer has sent before, those that are late or lost included.
    pub peer_sent: u64,
    /// The place among them of the packet that arrives; the next one if `None`.
    pub packet: Option<u64>,
    /// The endpoint that the trace predicts afterwards; `None` where nothing is predicted.
    pub predicted: Option<&'a Endpoint>,
}

/// Plays `script` against a fresh session, then the liveness probe: these stimuli, or whatever is still open
/// asks for.
///
/// # Errors
///
/// When the system under test gives no connection.
pub fn replay<'a>(
    sut: &dyn Sut,
    setup: &Setup,
    script: impl IntoIterator<Item = ScriptStep<'a>>,
    probe: Option<&[Stimulus]>,
) -> Result<Replay, StartError> {
    let mut player = Player::new(sut, setup)?;
    let is_legal = setup.preset.hostile.is_none();
    for ScriptStep { stimulus, peer_sent, packet, predicted } in script {
        // The script goes on as predicted, also where the system has not given what was predicted. A legal peer must
        // not use it: what came of that would be its own fault.
        if is_legal && player.lacks_room(stimulus) {
            break;
        }
        player.peer_has_sent(peer_sent);
        player.packet = packet;
        player.step(stimulus);
        let predicted = predicted.is_none_or(|endpoint| player.referee.may_be(endpoint));
        let went = match (player.void, predicted) {
            (true, _) => Went::Void,
            (false, true) => Went::AsPredicted,
            (false, false) => Went::Astray,
        };
        player.replay.went.push(went);
        if player.referee.is_over() {
            break;
        }
    }
    player.finish(probe);
    Ok(player.replay)
}

/// The frames of each packet that the system has sent and nobody has acknowledged.
#[derive(Clone, Debug, Default)]
pub struct Outstanding<'a> {
    /// Of packets that may be under way.
    pub in_flight: Vec<&'a [Frame]>,
    /// Of packets that were declared lost, or that the system may think lost.
    pub lost: Vec<&'a [Frame]>,
}

/// Plays whatever `next` asks for, step by step, until it asks for nothing more; it is shown what is
/// not yet acknowledged. Then the liveness probe.
///
/// # Errors
///
/// When the system under test gives no connection.
pub fn walk(
    sut: &dyn Sut,
    setup: &Setup,
    mut next: impl FnMut(&Outstanding<'_>) -> Option<Stimulus>,
) -> Result<Replay, StartError> {
    let mut player = Player::new(sut, setup)?;
    while !player.referee.is_over() {
        let mut outstanding = Outstanding::default();
        for packet in player.sent.iter().filter(|packet| !packet.acknowledged) {
            match packet.fate {
                Fate::InFlight => outstanding.in_flight.push(&packet.frames),
                Fate::Doubtful | Fate::Lost => outstanding.lost.push(&packet.frames),
            }
        }
        let Some(stimulus) = next(&outstanding) else { break };
        player.step(&stimulus);
        player.replay.went.push(Went::AsPredicted);
    }
    player.starved = false; // A walk keeps to what was advertised.
    player.finish(None);
    Ok(player.replay)
}

/// How much data a frame of the liveness probe carries, in bytes; it fits every packet.
const PROBE_FRAME: u64 = 1_000;

/// Whether two frames are one for whoever acknowledges them. A stream has one RESET_STREAM and one
/// STOP_SENDING, whatever code and size a system gives them.
fn is_same(one: &Frame, other: &Frame) -> bool {
    let named =
        |frame: &Frame| matches!(frame, Frame::ResetStream { .. } | Frame::StopSending { .. });
    one == other
        || (named(one)
            && one.frame_type() == other.frame_type()
            && one.stream_id() == other.stream_id())
}

struct Packet {
    number: u64,
    frames: Vec<Frame>,
    acknowledged: bool,
    fate: Fate,
}

/// What the sender of a packet may think of it, as long as it is not acknowledged.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Fate {
    /// It is under way.
    InFlight,
    /// One sent at least three packets later was acknowledged, so that it may think it lost
    /// (RFC 9002 §6.1.1).
    Doubtful,
    /// It was declared lost.
    Lost,
}

struct Player {
    session: Box<dyn Session>,
    referee: Referee,
    sent: Vec<Packet>,
    replay: Replay,
    log: bool,
    side: Side,
    /// Whether it withholds credit for data that the script may go on with.
    starved: bool,
    /// How many streams of each direction the system has let its peer open.
    streams: ByDirection<u64>,
    /// Whether the system promises the manager's contract.
    has_contract: bool,
    /// How a handshake that was held up is finished in the end.
    handshake: Option<Handshake>,
    /// Whether the last stimulus could not be applied: there was no such packet.
    void: bool,
    /// How many packets the peer has sent.
    peer_sent: u64,
    /// The place of the packet that arrives next, if it is not the next to be sent.
    packet: Option<u64>,
    /// How many stimuli are done.
    done: usize,
}

impl Player {
    fn new(sut: &dyn Sut, setup: &Setup) -> Result<Self, StartError> {
        let own = setup.parameters_of(setup.side);
        Ok(Self {
            session: sut.start(setup)?,
            referee: Referee::new(setup.first_endpoint(), sut.way()),
            sent: Vec::new(),
            replay: Replay::default(),
            log: setup.log,
            starved: false,
            streams: ByDirection {
                bidirectional: own.max_streams_bidi,
                unidirectional: own.max_streams_uni,
            },
            side: setup.side,
            has_contract: sut.has_contract(),
            handshake: setup.preset.handshakes.first().copied(),
            void: false,
            peer_sent: 0,
            packet: None,
            done: 0,
        })
    }

    /// The peer has sent so many packets by now.
    fn peer_has_sent(&mut self, packets: u64) {
        if packets > self.peer_sent {
            self.peer_sent = packets;
            self.session.peer_has_sent(packets);
        }
    }

    /// The place of the packet that arrives now.
    fn arriving(&mut self) -> u64 {
        let next = self.peer_sent;
        let place = self.packet.take().unwrap_or(next);
        self.peer_sent = next.max(place + 1);
        place
    }

    /// Whether the peer would go beyond what it was given, if this arrived.
    fn lacks_room(&self, stimulus: &Stimulus) -> bool {
        let Stimulus::Deliver { frames } = stimulus else { return false };
        frames.iter().any(|frame| {
            let is_data = frame.frame_type() == FrameType::Stream;
            let beyond = frame.stream_id().is_some_and(|id| {
                id.initiator() != self.side && id.ordinal() >= *self.streams.of(id.direction())
            });
            beyond || (is_data && self.starved)
        })
    }

    fn report(&mut self, deviation: Option<Deviation>) {
        let withholds = |deviation: &Deviation| deviation.breach == Breach::CreditWithheld;
        self.starved |= deviation.as_ref().is_some_and(withholds);
        let applies = |deviation: &Deviation| {
            self.has_contract || deviation.breach.citation().level != Level::Contract
        };
        let deviation = deviation.filter(applies);
        let at = self.done;
        if let Some(deviation) = deviation {
            self.session.note(format_args!("deviates: {}", deviation.breach));
            self.replay.found.push(Found { at, deviation });
        }
    }

    fn step(&mut self, stimulus: &Stimulus) {
        self.void = false;
        let mut came_back = Vec::new();
        match stimulus {
            Stimulus::Call { call } => {
                let answer = self.call(*call);
                came_back.push(answer.to_string());
            }
            Stimulus::Settle => self.session.settle(),
            Stimulus::Deliver { frames } => self.deliver(frames),
            Stimulus::Acknowledge { frames } => {
                // A copy that was declared lost is only meant where there is no other.
                let has = |packet: &Packet| {
                    packet.frames.iter().any(|sent| frames.iter().any(|frame| is_same(sent, frame)))
                };
                let alive = |packet: &Packet| has(packet) && packet.fate != Fate::Lost;
                let any = self.sent.iter().any(alive);
                self.acknowledge(|packet| alive(packet) || (!any && has(packet)));
            }
            Stimulus::Handshake { accepted, parameters } => {
                self.session.finish_handshake(*accepted, parameters);
                self.referee.shook_hands(*accepted, parameters);
                if !accepted {
                    self.sent.clear();
                }
            }
            Stimulus::AcknowledgeAll => self.acknowledge_all(&mut came_back),
            Stimulus::LoseOutstanding => {
                // What waits to be sent is sent first, and lost with the rest.
                self.session.settle();
                self.settled(&mut came_back);
                self.void = !self.session.lose_outstanding();
                if !self.void {
                    self.referee.all_lost();
                    self.sent.iter_mut().for_each(|packet| packet.fate = Fate::Lost);
                }
            }
        }
        if stimulus.settles() {
            self.settled(&mut came_back);
        }
        if self.log {
            self.replay.came_back.push(came_back);
        }
        self.done += 1;
    }

    /// A packet with these frames arrives; nothing is judged yet.
    fn deliver(&mut self, frames: &[Frame]) {
        let on_the_wire: Vec<_> = frames.iter().map(concretize::frame).collect();
        let place = self.arriving();
        self.session.deliver(place, &on_the_wire);
        frames.iter().for_each(|frame| self.referee.arrived(frame));
    }

    fn call(&mut self, call: Call) -> Answer {
        let answer = self.session.call(call);
        let deviation = self.referee.answered(call, answer);
        self.report(deviation);
        answer
    }

    fn acknowledge(&mut self, which: impl Fn(&Packet) -> bool) {
        let mut numbers = Vec::new();
        for packet in self.sent.iter_mut().filter(|packet| which(packet)) {
            packet.acknowledged = true;
            numbers.push(packet.number);
            match packet.fate {
                Fate::InFlight => self.referee.acknowledged(&packet.frames),
                Fate::Doubtful | Fate::Lost => self.referee.acknowledged_late(&packet.frames),
            }
        }
        let largest = numbers.iter().max().copied().unwrap_or(0);
        for packet in &mut self.sent {
            let behind = packet.number + PACKET_THRESHOLD <= largest;
            if behind && !packet.acknowledged && packet.fate == Fate::InFlight {
                packet.fate = Fate::Doubtful;
            }
        }
        self.void = numbers.is_empty();
        let place = self.arriving();
        self.session.acknowledge(place, &numbers);
    }

    /// Everything that was sent, and what waits to be sent, is acknowledged, until nothing more comes. What was
    /// declared lost is lost.
    fn acknowledge_all(&mut self, came_back: &mut Vec<String>) {
        self.session.settle();
        self.settled(came_back);
        let due = |packet: &Packet| !packet.acknowledged && packet.fate != Fate::Lost;
        while self.sent.iter().any(due) {
            self.acknowledge(due);
            self.settled(came_back);
        }
    }

    /// The session has settled: judge everything it sent, then its silence, then what it shows.
    fn settled(&mut self, came_back: &mut Vec<String>) {
        for packet in self.session.received() {
            let mut frames = Vec::new();
            for frame in &packet.frames {
                let seen = abstraction::frame(frame);
                if self.log && !matches!(seen, Seen::Transport) {
                    came_back.push(frame.to_string());
                }
                // A close is never acknowledged: it would only be answered with another (§10.2).
                if let Seen::Frame(Frame::MaxStreams { direction, maximum_streams }) = seen {
                    let limit = self.streams.of_mut(direction);
                    *limit = maximum_streams.max(*limit);
                }
                if let Seen::Frame(frame) = seen
                    && !matches!(frame, Frame::ConnectionClose { .. })
                {
                    frames.push(frame);
                }
                if !self.referee.is_over() {
                    let deviation = self.referee.sent(&seen);
                    self.report(deviation);
                }
            }
            if !frames.is_empty() {
                let number = packet.packet_number;
                self.sent.push(Packet {
                    number,
                    frames,
                    acknowledged: false,
                    fate: Fate::InFlight,
                });
            }
        }
        if self.referee.is_over() {
            return; // No rule says what follows.
        }
        for deviation in self.referee.silent() {
            self.report(Some(deviation));
        }
        if self.referee.is_over() {
            return; // No rule says what follows.
        }
        for deviation in self.referee.observed(&self.session.observe()) {
            self.report(Some(deviation));
        }
    }

    fn finish(&mut self, probe: Option<&[Stimulus]>) {
        if !self.referee.is_over() && !self.starved {
            match probe {
                Some(stimuli) => stimuli.iter().for_each(|stimulus| self.probe_with(stimulus)),
                None => self.probe(),
            }
        }
        self.replay.log = self.session.log().to_vec();
    }

    // ---- the liveness probe -------------------------------------------------------------------

    /// Asks for whatever is still open.
    fn probe(&mut self) {
        if let Some(handshake) = self.handshake.filter(|_| self.referee.states()[0].early) {
            let Handshake { accepted, parameters } = handshake;
            self.probe_with(&Stimulus::Handshake { accepted, parameters });
        }
        self.probe_with(&Stimulus::Settle);
        let streams: Vec<StreamId> = self.referee.states()[0].streams.keys().copied().collect();
        for stream_id in &streams {
            self.probe_with(&Stimulus::Call { call: Call::End { stream_id: *stream_id } });
        }
        self.probe_with(&Stimulus::Settle);
        for stream_id in streams {
            for frame in self.remaining_frames(stream_id) {
                self.probe_with(&Stimulus::Deliver { frames: frame.into() });
            }
            // Data, then the end; or at once what it became. A third time: told again.
            for _ in 0..3 {
                self.probe_with(&Stimulus::Call { call: Call::Read { stream_id } });
            }
        }
        self.probe_with(&Stimulus::AcknowledgeAll);
    }

    /// One step of the probe, if it still can be taken: nobody calls on a handle that is gone, and nothing is
    /// asked once the peer has left the protocol.
    fn probe_with(&mut self, stimulus: &Stimulus) {
        let can = match stimulus {
            Stimulus::Call { call } => {
                self.referee.states().iter().any(|state| state.can_call(*call))
            }
            Stimulus::Settle
            | Stimulus::Deliver { .. }
            | Stimulus::Acknowledge { .. }
            | Stimulus::AcknowledgeAll
            | Stimulus::LoseOutstanding
            | Stimulus::Handshake { .. } => true,
        };
        if can {
            self.replay.probe.push(stimulus.clone());
            self.step(stimulus);
        }
    }

    /// What a sender who keeps every rule still has to send: all data, and the end if no reset said
    /// where the stream ends.
    fn remaining_frames(&self, stream_id: StreamId) -> Vec<Frame> {
        let state = &self.referee.states()[0];
        let Some(part) = state.receiving(stream_id).filter(|_| state.closed.is_none()) else {
            return Vec::new();
        };
        // One byte at least, where there is room for it.
        let left = state.receive_credit.advertised.saturating_sub(state.consumed());
        let least = u64::from(part.credit.advertised > 0 && (left > 0 || part.named > 0));
        let size = part.final_size.unwrap_or_else(|| part.named.max(least));
        let ends = (1..=size.div_ceil(PROBE_FRAME)).map(|n| (n * PROBE_FRAME).min(size));
        let frame = |end: u64| {
            let offset = end.saturating_sub(1) / PROBE_FRAME * PROBE_FRAME;
            let (length, fin) = (end - offset, end == size);
            Frame::Stream { stream_id, offset, length, fin }
        };
        match size {
            0 => vec![frame(0)],
            _ => ends.map(frame).collect(),
        }
    }
}
