//! The loop: do a step, let the system settle, see what it did, ask the referee. It knows no QUIC.
//!
//! After the last step comes the liveness probe: everything is delivered and acknowledged, the
//! application ends or reads on, and whoever waits must be told.

use streamproof_model::rfc::breach::Breach;
use streamproof_model::rfc::call::{Answer, Call};
use streamproof_model::rfc::citation::Level;
use streamproof_model::rfc::endpoint::Endpoint;
use streamproof_model::rfc::frame::{Frame, FrameType};
use streamproof_model::rfc::identity::{ByDirection, Side, StreamId};
use streamproof_model::trace::stimulus::Stimulus;
use streamproof_model::worlds::streams::presets::Handshake;

use crate::abstraction::{self, Seen};
use crate::concretize;
use crate::puppet::PACKET_THRESHOLD;
use crate::referee::{Deviation, Referee};
use crate::sut::{Session, Setup, Sut};
use crate::world::ArenaError;

/// A deviation and where it was found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Found {
    /// The stimulus after which it was seen, from 0; the number of stimuli for the probe.
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
    /// For each stimulus how it went. Shorter than the script if the peer left the protocol and the
    /// system let it pass.
    pub went: Vec<Went>,
    /// For each stimulus what came back, for people. Empty unless a log is kept.
    pub came_back: Vec<Vec<String>>,
    /// The session's event log. Empty unless a log is kept.
    pub log: Vec<String>,
}

/// Plays `script` against a fresh session: stimuli, each with the endpoint that the trace predicts
/// (`None` where nothing is predicted).
///
/// # Errors
///
/// When the system under test gives no connection.
pub fn replay<'a>(
    sut: &dyn Sut,
    setup: &Setup,
    script: impl IntoIterator<Item = (Stimulus, Option<&'a Endpoint>)>,
) -> Result<Replay, ArenaError> {
    let mut player = Player::new(sut, setup)?;
    let is_legal = setup.preset.hostile.is_none();
    for (stimulus, predicted) in script {
        // The script goes on as predicted, also where the system has not given what was predicted. A legal peer must
        // not use it: what came of that would be its own fault.
        if is_legal && player.lacks_room(&stimulus) {
            break;
        }
        player.step(&stimulus);
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
    player.finish();
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
) -> Result<Replay, ArenaError> {
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
    player.finish();
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
}

impl Player {
    fn new(sut: &dyn Sut, setup: &Setup) -> Result<Self, ArenaError> {
        let own = setup.parameters_of(setup.side);
        Ok(Self {
            session: sut.start(setup)?,
            referee: Referee::new(setup.first_endpoint(), sut.choices()),
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
        })
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
        let at = self.replay.went.len();
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
    }

    /// A packet with these frames arrives; nothing is judged yet.
    fn deliver(&mut self, frames: &[Frame]) {
        let on_the_wire: Vec<_> = frames.iter().map(concretize::frame).collect();
        self.session.deliver(&on_the_wire);
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
        self.session.acknowledge(&numbers);
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

    fn finish(&mut self) {
        if !self.referee.is_over() && !self.starved {
            self.probe();
        }
        self.replay.log = self.session.log().to_vec();
    }

    // ---- the liveness probe -------------------------------------------------------------------

    fn probe(&mut self) {
        let mut came_back = Vec::new();
        if let Some(handshake) = self.handshake.filter(|_| self.referee.states()[0].early) {
            let Handshake { accepted, parameters } = handshake;
            self.step(&Stimulus::Handshake { accepted, parameters });
        }
        self.session.settle();
        self.settled(&mut came_back);
        let streams: Vec<StreamId> = self.referee.states()[0].streams.keys().copied().collect();
        for stream_id in &streams {
            self.call_if_held(Call::End { stream_id: *stream_id });
        }
        self.session.settle();
        self.settled(&mut came_back);
        for stream_id in &streams {
            self.finish_receiving(*stream_id, &mut came_back);
        }
        // What was declared lost is lost.
        let due = |packet: &Packet| !packet.acknowledged && packet.fate != Fate::Lost;
        while self.sent.iter().any(due) {
            self.acknowledge(due);
            self.settled(&mut came_back);
        }
        if self.log {
            self.replay.came_back.push(came_back);
        }
    }

    /// The peer sends what it still has on a stream, and the application reads it.
    fn finish_receiving(&mut self, stream_id: StreamId, came_back: &mut Vec<String>) {
        for frame in self.remaining_frames(stream_id) {
            self.deliver(&[frame]);
            self.settled(came_back);
        }
        // Data, then the end; or at once what it became. A third time: told again.
        for _ in 0..3 {
            self.call_if_held(Call::Read { stream_id });
        }
    }

    fn call_if_held(&mut self, call: Call) {
        if self.referee.states().iter().any(|state| state.can_call(call)) {
            self.call(call);
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
