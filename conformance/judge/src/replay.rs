//! The loop: do a step, let the system settle, see what it did, ask the referee. It knows no QUIC.
//!
//! After the last step comes the liveness probe: everything is delivered and acknowledged, the
//! application ends or reads on, and every task that waits must be told.

mod packet;
mod probe;
mod walk;

use streamproof_harness::puppet::PACKET_THRESHOLD;
use streamproof_model::judging::breach::Breach;
use streamproof_model::rfc::call::{Answer, Call};
use streamproof_model::rfc::citation::Level;
use streamproof_model::rfc::endpoint::Endpoint;
use streamproof_model::rfc::frame::{Frame, FrameType};
use streamproof_model::rfc::identity::{ByDirection, Side};
use streamproof_model::trace::stimulus::Stimulus;
use streamproof_model::worlds::streams::presets::Handshake;

pub use self::walk::{Outstanding, walk};

use self::packet::{Fate, LEAST_WINDOW, Packet, is_same};
use crate::abstraction::{self, Seen};
use crate::concretize;
use crate::guarded::Guarded;
use crate::referee::{Deviation, Referee};
use crate::situation::Scene;
use crate::sut::{Setup, StartError, Sut};

/// A deviation and where it was found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Found {
    /// The stimulus after which it was seen, from 0; those of the probe are counted on from the script's.
    pub at: usize,
    /// In which situation ([`situation`](crate::situation)).
    pub situation: String,
    /// What it is.
    pub deviation: Deviation,
}

/// How a stimulus went.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum StepResult {
    /// The endpoint that the trace predicts explains what was seen, or nothing was predicted.
    Predicted,
    /// It does not: the system did something else.
    Diverged,
    /// It could not be applied: there was nothing to acknowledge, or nothing to lose.
    NotApplicable,
}

/// What a replay has shown.
#[derive(Clone, Debug, Default)]
pub struct Replay {
    /// The deviations, in order.
    pub found: Vec<Found>,
    /// What the RFC asks for and the same text calls not mandatory: seen, and not reported.
    pub waived: Vec<Found>,
    /// For each stimulus of the script how it went. Shorter than the script if the peer left the protocol and the
    /// system let it pass, or if the system failed.
    pub results: Vec<StepResult>,
    /// What the liveness probe did.
    pub probe: Vec<Stimulus>,
    /// For each stimulus, the probe's included, the replies, for people. Empty unless a log is kept.
    pub replies: Vec<Vec<String>>,
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
        if player.failed || (is_legal && player.lacks_room(stimulus)) {
            break;
        }
        player.peer_has_sent(peer_sent);
        player.packet = packet;
        player.step(stimulus);
        let predicted = predicted.is_none_or(|endpoint| player.referee.explains(endpoint));
        let went = match (player.void, predicted && !player.failed) {
            (true, _) => StepResult::NotApplicable,
            (false, true) => StepResult::Predicted,
            (false, false) => StepResult::Diverged,
        };
        player.replay.results.push(went);
        if player.is_over() {
            break;
        }
    }
    player.finish(probe);
    Ok(player.replay)
}

struct Player {
    session: Guarded,
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
    /// How a handshake that was held up is eventually finished.
    handshake: Option<Handshake>,
    /// Whether the last stimulus could not be applied: there was no such packet.
    void: bool,
    /// How many packets the peer has sent.
    peer_sent: u64,
    /// The place of the packet that arrives next, if it is not the next to be sent.
    packet: Option<u64>,
    /// How many stimuli are done.
    done: usize,
    /// Whether the system has panicked, or its process has ended.
    failed: bool,
    /// What is done just now, and to what.
    scene: Scene,
}

impl Player {
    fn new(sut: &dyn Sut, setup: &Setup) -> Result<Self, StartError> {
        let own = setup.parameters_of(setup.side);
        let mut player = Self {
            session: Guarded::start(sut, setup)?,
            referee: Referee::new(setup.first_endpoint(), sut.way()).permitting(setup.permitted),
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
            failed: false,
            scene: Scene::default(),
        };
        player.look_for_failure();
        Ok(player)
    }

    /// Whether there is nothing more to judge.
    fn is_over(&self) -> bool {
        self.failed || self.referee.is_over()
    }

    /// A stack that is not there any more is a finding, whatever it promises.
    fn look_for_failure(&mut self) {
        if let Some(seen) = self.session.take_failure() {
            let permitted = vec!["to go on".to_owned()];
            let deviation = Deviation { breach: Breach::StackFailed, seen, permitted };
            self.found(deviation);
            self.failed = true;
        }
    }

    /// The peer has sent this many packets by now.
    fn peer_has_sent(&mut self, packets: u64) {
        if packets > self.peer_sent {
            self.peer_sent = packets;
            self.session.ask(|session| session.peer_has_sent(packets));
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

    fn found(&mut self, deviation: Deviation) {
        let situation = self.scene.of(deviation.breach, &self.referee.states()[0]);
        self.replay.found.push(Found { at: self.done, situation, deviation });
    }

    fn report(&mut self, deviation: Option<Deviation>) {
        let withholds = |deviation: &Deviation| deviation.breach == Breach::CreditWithheld;
        self.starved |= deviation.as_ref().is_some_and(withholds);
        let applies = |deviation: &Deviation| match deviation.breach.citation().level {
            Level::Contract => self.has_contract || deviation.breach == Breach::ClosedUnasked,
            // What the RFC calls not mandatory is not reported.
            Level::Waived => false,
            Level::May | Level::Should | Level::Stated | Level::Must => true,
        };
        if let Some(waived) =
            deviation.as_ref().filter(|one| one.breach.citation().level == Level::Waived)
        {
            let situation = self.scene.of(waived.breach, &self.referee.states()[0]);
            let deviation = waived.clone();
            self.replay.waived.push(Found { at: self.done, situation, deviation });
        }
        let deviation = deviation.filter(applies);
        if let Some(deviation) = deviation {
            let breach = deviation.breach;
            self.session.ask(|session| session.note(format_args!("deviates: {breach}")));
            self.found(deviation);
        }
    }

    fn step(&mut self, stimulus: &Stimulus) {
        self.void = false;
        self.scene = Scene::before(stimulus, &self.referee.states()[0]);
        let mut replies = Vec::new();
        match stimulus {
            Stimulus::Call { call } => {
                replies.extend(self.call(*call).map(|answer| answer.to_string()));
            }
            Stimulus::Settle => self.settle(),
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
                self.session.ask(|session| session.finish_handshake(*accepted, parameters));
                self.referee.handshake_completed(*accepted, parameters);
                if !accepted {
                    self.sent.clear();
                }
            }
            Stimulus::AcknowledgeAll => self.acknowledge_all(&mut replies),
            Stimulus::LoseOutstanding => {
                // What waits to be sent is sent first, and lost with the rest.
                self.settle();
                self.settled(&mut replies);
                let lost = self.session.ask(|session| session.lose_outstanding());
                self.void = lost == Some(false);
                if !self.void {
                    self.referee.all_lost();
                    self.sent.iter_mut().for_each(|packet| packet.fate = Fate::Lost);
                }
            }
        }
        if stimulus.settles() {
            self.settled(&mut replies);
        }
        if self.log {
            self.replay.replies.push(replies);
        }
        self.look_for_failure();
        self.done += 1;
    }

    /// A packet with these frames arrives; nothing is judged yet.
    fn deliver(&mut self, frames: &[Frame]) {
        let on_the_wire: Vec<_> = frames.iter().map(concretize::frame).collect();
        let place = self.arriving();
        self.session.ask(|session| session.deliver(place, &on_the_wire));
        frames.iter().for_each(|frame| self.referee.arrived(frame));
    }

    fn call(&mut self, call: Call) -> Option<Answer> {
        let answer = self.session.ask(|session| session.call(call))?;
        let deviation = self.referee.answered(call, answer);
        self.report(deviation);
        Some(answer)
    }

    fn settle(&mut self) {
        self.session.ask(|session| session.settle());
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
        self.session.ask(|session| session.acknowledge(place, &numbers));
    }

    /// Everything that was sent, and what waits to be sent, is acknowledged, until nothing more comes. What was
    /// declared lost is lost.
    fn acknowledge_all(&mut self, replies: &mut Vec<String>) {
        self.settle();
        self.settled(replies);
        let due = |packet: &Packet| !packet.acknowledged && packet.fate != Fate::Lost;
        while self.sent.iter().any(due) {
            self.acknowledge(due);
            self.settled(replies);
        }
    }

    /// The session has settled: judge everything it sent, then its silence, then what it shows.
    fn settled(&mut self, replies: &mut Vec<String>) {
        let Some(packets) = self.session.ask(|session| session.received()) else { return };
        for packet in packets {
            let mut frames = Vec::new();
            for frame in &packet.frames {
                let seen = abstraction::frame(frame);
                if self.log && !matches!(seen, Seen::Transport) {
                    replies.push(frame.to_string());
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
        let in_flight = self.sent.iter().filter(|packet| packet.is_in_flight());
        // A full congestion window is a reason to be silent, and no rule of streams says how full it may be.
        if in_flight.clone().count() < LEAST_WINDOW {
            let in_flight = in_flight.count() > 0;
            for deviation in self.referee.silent(in_flight, self.has_contract) {
                self.report(Some(deviation));
            }
        }
        if self.referee.is_over() {
            return; // No rule says what follows.
        }
        let Some(seen) = self.session.ask(|session| session.observe()) else { return };
        for deviation in self.referee.observed(&seen) {
            self.report(Some(deviation));
        }
    }

    fn finish(&mut self, probe: Option<&[Stimulus]>) {
        if !self.is_over() && !self.starved {
            match probe {
                Some(stimuli) => stimuli.iter().for_each(|stimulus| self.probe_with(stimulus)),
                None => self.probe(),
            }
        }
        self.replay.log = self.session.log();
    }
}
