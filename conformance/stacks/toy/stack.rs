//! A toy stack: the streams of one connection and nothing else, no packets, no crypto, no time. It takes frames
//! and calls, and gives frames.
//!
//! It is written from RFC 9000 (§2 to §4, §13.3, §19, §20.1) and from the contract of an application's calls, and
//! shares no rule with the model: an oracle must not judge itself. It is right, so that tours reach every edge of
//! every replayed preset and find nothing; and it can be made wrong, one [`Bug`] at a time, to show that they
//! find something ([`zoo`]).
//!
//! | file | what stands there |
//! |---|---|
//! | `connection` | the streams and what they share; calls (§2.4) |
//! | `incoming` | the peer's frames, and the errors that answer them (§3.2, §4.5, §4.6, §19, §20.1) |
//! | `outgoing` | what is owed, acknowledged, lost (§13.3) |
//! | `sending` `receiving` | a part of a stream (§3.1, §3.2) |
//! | `credit` | limits on both sides (§4) |
//! | `bug` | the switches |

mod bug;
mod codes;
mod connection;
mod credit;
mod incoming;
mod outgoing;
mod receiving;
mod sending;
pub mod zoo;

use crate::Stack;
use streamproof_harness::puppet::ReceivedPacket;
use streamproof_harness::wire::Frame;
use streamproof_harness::wire::packet::PacketType;
use streamproof_model::judging::way::Way;
use streamproof_model::rfc::call::{Answer, Call};
use streamproof_model::rfc::choices::{Choice, Choices};
use streamproof_model::rfc::identity::{Side, StreamId};
use streamproof_model::rfc::parameters::Parameters;

pub use bug::Bug;

use bug::Switch;
use connection::Connection;

use streamproof_conformance::sut::{Observation, Session, Setup, StartError, Sut};

/// The entry in the list of stacks.
pub const STACK: Stack = Stack { name: "toy", make: || Box::new(Toy::default()), own_test: None };

/// The toy stack: right, or wrong in one way.
#[derive(Clone, Copy, Debug)]
pub struct Toy {
    bug: Option<Bug>,
    choices: Choices,
}

impl Default for Toy {
    /// The right one, with the choices that most of its bugs are planted among.
    fn default() -> Self {
        Self { bug: None, choices: Self::CHOICES }
    }
}

impl Toy {
    /// The toy with this bug.
    pub const fn with(bug: Bug) -> Self {
        Self { bug: Some(bug), choices: Self::CHOICES }
    }

    /// The right toy that goes this way where the RFC leaves it free.
    pub const fn choosing(choices: Choices) -> Self {
        Self { bug: None, choices }
    }

    /// Which way it goes by itself: it keeps the final size of every stream, tells of a reset at once, and treats what the
    /// RFC leaves open as an error.
    pub const CHOICES: Choices = Choices {
        reset_after_all_data: Choice::Never,
        data_completes_after_reset: Choice::Never,
        late_final_size_error: Choice::Always,
        reset_interrupts_reading: Choice::Always,
        data_before_answer: Choice::Never,
        reset_below_empty_frame: Choice::Always,
        fin_below_empty_frame: Choice::Always,
        empty_frame_beyond_final_size: Choice::Always,
        not_created_is_error: Choice::Always,
        blocked_not_created_is_error: Choice::Always,
    };
}

impl Sut for Toy {
    fn name(&self) -> &'static str {
        "toy"
    }

    fn way(&self) -> Way {
        Way { name: "toy", choices: self.choices, departures: &[] }
    }

    fn start(&self, setup: &Setup) -> Result<Box<dyn Session>, StartError> {
        let local = setup.parameters_of(setup.side);
        // What a client remembers of its server is what the preset says.
        let peer = match setup.side {
            Side::Client => setup.preset.parameters_of(Side::Server),
            Side::Server => setup.parameters_of(Side::Client),
        };
        let mut connection =
            Connection::new(setup.side, local, peer, Switch(self.bug, self.choices));
        connection.early = setup.is_early();
        if setup.side == setup.preset.opener {
            for direction in setup.preset.directions {
                for _ in 0..setup.preset.opened {
                    connection.call(Call::Open { direction: *direction });
                }
            }
        }
        Ok(Box::new(ToySession {
            connection,
            sent: Vec::new(),
            leaving: Vec::new(),
            log: setup.log.then(Vec::new),
        }))
    }
}

/// A packet that was sent.
struct Sent {
    frames: Vec<Frame>,
    /// Whether it is neither acknowledged nor lost.
    under_way: bool,
}

struct ToySession {
    connection: Connection,
    /// Every packet, in order of its number.
    sent: Vec<Sent>,
    leaving: Vec<ReceivedPacket>,
    log: Option<Vec<String>>,
}

impl ToySession {
    fn note(&mut self, line: impl FnOnce() -> String) {
        if let Some(log) = &mut self.log {
            log.push(line());
        }
    }

    fn send(&mut self) {
        // What one round leaves behind, the next takes; a toy with a bug might never be done.
        for _ in 0..2 {
            for frames in self.connection.packets() {
                let number = self.sent.len() as u64;
                self.note(|| format!("sent {number}: {}", list(&frames)));
                let early = self.connection.early;
                let packet_type = if early { PacketType::ZeroRtt } else { PacketType::OneRtt };
                self.sent.push(Sent { frames: frames.clone(), under_way: true });
                self.leaving.push(ReceivedPacket { packet_type, packet_number: number, frames });
            }
        }
    }
}

fn list(frames: &[Frame]) -> String {
    let frames: Vec<String> = frames.iter().map(Frame::to_string).collect();
    frames.join(", ")
}

impl Session for ToySession {
    fn call(&mut self, call: Call) -> Answer {
        let answer = self.connection.call(call);
        self.note(|| format!("app {call} -> {answer}"));
        answer
    }

    fn settle(&mut self) {
        self.send();
    }

    fn deliver(&mut self, _: u64, frames: &[Frame]) {
        self.note(|| format!("arrived {}", list(frames)));
        frames.iter().for_each(|frame| self.connection.on_frame(frame));
        self.send();
    }

    fn finish_handshake(&mut self, accepted: bool, server: &Parameters) {
        if !accepted {
            self.sent.iter_mut().for_each(|packet| packet.under_way = false);
        }
        self.connection.on_handshake(accepted, server);
        self.send();
    }

    fn acknowledge(&mut self, _: u64, packet_numbers: &[u64]) {
        for number in packet_numbers {
            let packet = usize::try_from(*number).ok().and_then(|at| self.sent.get_mut(at));
            let Some(packet) = packet else { continue };
            packet.under_way = false;
            let frames = packet.frames.clone();
            frames.iter().for_each(|frame| self.connection.on_acked(frame));
        }
        self.send();
    }

    fn lose_outstanding(&mut self) -> bool {
        let any = self.sent.iter().any(|packet| packet.under_way);
        self.sent.iter_mut().for_each(|packet| packet.under_way = false);
        self.connection.on_lost();
        self.send();
        any
    }

    fn received(&mut self) -> Vec<ReceivedPacket> {
        std::mem::take(&mut self.leaving)
    }

    fn observe(&mut self) -> Vec<Observation> {
        let closed = self.connection.end.is_some();
        let asleep = |switch: Switch, stopped: bool| {
            (closed && switch.is(Bug::WaitersSleepOnAtLoss))
                || (stopped && switch.is(Bug::StopTellsNobody))
        };
        let switch = self.connection.switch;
        let streams = self.connection.streams.iter_mut();
        let seen = streams.filter_map(|(id, stream)| {
            let mut seen = Observation::of(StreamId::from_wire(*id)?);
            let (mut sends, mut receives) = (false, false);
            if let Some(part) = &mut stream.sending {
                let outcome = part.outcome(closed);
                if part.told.is_none() && !asleep(switch, part.is_stopped()) {
                    part.told = outcome;
                }
                seen.send_outcome = Some(outcome);
                seen.send_waiter = Some(part.told);
                seen.write_woken = part.write_woken;
                sends = outcome.is_none();
            }
            if let Some(part) = &stream.receiving {
                seen.recv_outcome = Some(part.outcome());
                seen.read_woken = part.read_woken;
                receives = part.outcome().is_none();
            }
            seen.alive = Some((sends, receives));
            Some(seen)
        });
        seen.collect()
    }

    fn log(&self) -> &[String] {
        self.log.as_deref().unwrap_or_default()
    }
}
