//! Any stack that takes and gives datagrams, opposite the puppet with real TLS: the session is here, what differs
//! from stack to stack is a [`Stack`].
//!
//! No time passes and nothing runs between the steps: a datagram of the puppet's is given to the stack, and what it
//! sends at once in return is taken, until neither has anything for the other.

mod calls;

use std::collections::BTreeMap;

use bytes::Bytes;
use streamproof_harness::puppet::{
    FIRST_DESTINATION, MAX_FENCE, Puppet, PuppetConfig, ReceivedPacket,
};
use streamproof_harness::wire::Frame;
use streamproof_harness_tls::{Certificate, PROTOCOL, TlsConfig};
use streamproof_model::rfc::call::{Answer, Call, RecvOutcome, SendOutcome};
use streamproof_model::rfc::frame::ErrorCode;
use streamproof_model::rfc::identity::{Direction, StreamId};
use streamproof_model::rfc::parameters::Parameters;
use streamproof_model::worlds::streams::presets::{Calls, Preset};

use streamproof_conformance::concretize;
use streamproof_conformance::sut::{Observation, Session, Setup, StartError};

/// A stack behind its own interface for one connection: it takes datagrams and calls, and does nothing by itself
/// between them.
pub trait Stack {
    /// A datagram arrives from the puppet.
    fn receive(&mut self, datagram: &[u8]);

    /// Everything that the stack sends now, in order.
    fn transmit(&mut self) -> Vec<Vec<u8>>;

    /// The handshake is complete for the stack.
    fn is_established(&self) -> bool;

    /// Opens the next stream of a direction: `Opened`, `Blocked` by the peer's limit, or `ConnectionLost`.
    fn open(&mut self, direction: Direction) -> Answer;

    /// Writes a prefix of `data`: `Wrote`, `Blocked`, or why not.
    fn write(&mut self, id: StreamId, data: &[u8]) -> Answer;

    /// Ends the stream.
    fn finish(&mut self, id: StreamId) -> Answer;

    /// Resets the stream with a code.
    fn reset(&mut self, id: StreamId, code: ErrorCode) -> Answer;

    /// Reads what is there into `buffer`.
    fn read(&mut self, id: StreamId, buffer: &mut [u8]) -> Read;

    /// Asks the peer to send no more.
    fn stop(&mut self, id: StreamId, code: ErrorCode) -> Answer;

    /// The code of the peer's reset, if the stack has told the application of it without being asked.
    fn was_reset(&mut self, _: StreamId) -> Option<ErrorCode> {
        None
    }

    /// Closes the connection.
    fn close(&mut self, code: ErrorCode) -> Answer;

    /// The streams of the peer's of which the application has learned since the last call.
    fn accept(&mut self) -> Vec<StreamId>;

    /// How the stack has failed, if there is nothing left to ask: its process has ended, say.
    fn failure(&self) -> Option<String> {
        None
    }

    /// What makes the stack look for lost packets.
    fn loss_trigger(&self) -> LossTrigger {
        LossTrigger::AnyPacket
    }
}

/// Whose acknowledgement makes a stack look for packets lost before it. Either will do: it looks when a packet is newly
/// acknowledged (RFC 9002 §A.7), and need not remember those that ask for no acknowledgement.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LossTrigger {
    /// That of any packet.
    AnyPacket,
    /// That of a packet which asks for it; the stack sends a PING of its own now and then.
    AckEliciting,
}

/// What a read gives.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Read {
    /// This many bytes, and whether they are the last ones.
    Data {
        /// In bytes.
        length: usize,
        /// Whether the stream ends behind them.
        fin: bool,
    },
    /// Nothing yet.
    Nothing,
    /// The peer has reset the stream.
    Reset(ErrorCode),
    /// Anything else.
    Other(Answer),
}

/// A sending part, as far as the application knows it.
#[derive(Clone, Copy, Debug, Default)]
struct Sending {
    written: u64,
    finished: bool,
    outcome: Option<SendOutcome>,
}

/// A receiving part, as far as the application knows it.
#[derive(Clone, Copy, Debug, Default)]
struct Receiving {
    offset: u64,
    /// The end was told together with the last bytes; the model has it told after them.
    ended: bool,
    outcome: Option<RecvOutcome>,
}

/// What a stack and the puppet need for TLS.
#[derive(Debug)]
pub struct Credentials {
    /// The puppet's.
    pub puppet: TlsConfig,
    /// The stack's, as a server.
    pub certificate: Certificate,
}

impl Credentials {
    /// Makes them for the stack with this name.
    ///
    /// # Errors
    ///
    /// In one line, why they cannot be made.
    pub fn make(name: &str) -> Result<Self, String> {
        let puppet = TlsConfig::new(&[PROTOCOL]).map_err(|error| error.to_string())?;
        let certificate = Certificate::make(name).map_err(|error| error.to_string())?;
        Ok(Self { puppet, certificate })
    }
}

/// A session of a [`Stack`].
pub struct DatagramSession<S> {
    stack: S,
    puppet: Puppet,
    sending: BTreeMap<StreamId, Sending>,
    receiving: BTreeMap<StreamId, Receiving>,
}

/// A handshake that takes more exchanges than this goes round in circles.
const MAX_EXCHANGES: usize = 10_000;

impl<S: Stack> DatagramSession<S> {
    /// A connection between `stack` and a puppet, with the handshake behind it and the streams open that the preset
    /// begins with.
    ///
    /// # Errors
    ///
    /// When the handshake does not finish.
    pub fn new(stack: S, setup: &Setup, tls: &TlsConfig) -> Result<Self, StartError> {
        let side = setup.side.peer();
        let parameters = concretize::limits(&setup.parameters_of(side)).parameters()?;
        let tap = setup.tap.clone();
        let side = concretize::side(side);
        let protection = match &tap {
            Some(tap) => tls.tapped(tap).protection(side),
            None => tls.protection(side),
        };
        let puppet = Puppet::new(PuppetConfig {
            side,
            parameters,
            first_destination: FIRST_DESTINATION,
            holds_back: false,
            protection: Some(protection),
            tap,
            log: setup.log,
        });
        let (sending, receiving) = (BTreeMap::new(), BTreeMap::new());
        let mut session = Self { stack, puppet, sending, receiving };
        session.exchange();
        if !session.stack.is_established() || !session.puppet.is_handshake_confirmed() {
            return Err(session.failed());
        }
        session.clear_the_stage();
        session.open_first(setup);
        Ok(session)
    }

    fn failed(&self) -> StartError {
        let complaints: Vec<String> =
            self.puppet.complaints().iter().map(ToString::to_string).collect();
        match complaints.is_empty() {
            true => StartError::Unfinished,
            false => StartError::Other(complaints.join("; ")),
        }
    }

    /// Acknowledges what the stack sends after the handshake, until it has nothing more to say.
    fn clear_the_stage(&mut self) {
        for _ in 0..MAX_FENCE {
            let outstanding = self.puppet.outstanding();
            if outstanding.is_empty() || self.puppet.acknowledge(&outstanding).is_err() {
                break;
            }
            self.exchange();
        }
        drop(self.puppet.take_received());
        self.puppet.log_mut().clear();
    }

    fn open_first(&mut self, setup: &Setup) {
        if setup.side == setup.preset.opener {
            for direction in setup.preset.directions {
                for _ in 0..setup.preset.opened {
                    self.open(*direction);
                }
            }
        }
        self.settle();
    }

    fn exchange(&mut self) {
        for _ in 0..MAX_EXCHANGES {
            let outgoing = self.puppet.take_outgoing();
            let nothing = outgoing.is_empty();
            for datagram in outgoing {
                self.stack.receive(&datagram);
            }
            let sent = self.stack.transmit();
            if nothing && sent.is_empty() {
                break;
            }
            sent.into_iter().for_each(|datagram| self.puppet.receive(Bytes::from(datagram)));
        }
        for id in self.stack.accept() {
            self.receiving.entry(id).or_default();
            if id.direction() == Direction::Bidirectional {
                self.sending.entry(id).or_default();
            }
        }
    }

    /// What the stack has sent after a packet and wants acknowledged, once there is something: as it was settled then,
    /// this is nothing but PING.
    fn pings_above(&self, last: u64) -> Option<Vec<u64>> {
        let outstanding = self.puppet.outstanding().into_iter();
        let pings: Vec<u64> = outstanding.filter(|number| *number > last).collect();
        (!pings.is_empty()).then_some(pings)
    }
}

impl<S: Stack> Session for DatagramSession<S> {
    fn call(&mut self, call: Call) -> Answer {
        let answer = self.make(call);
        self.puppet.log_mut().note(format_args!("app {call} -> {answer}"));
        answer
    }

    fn settle(&mut self) {
        self.exchange();
    }

    fn peer_has_sent(&mut self, packets: u64) {
        self.puppet.has_sent(packets);
    }

    fn deliver(&mut self, packet: u64, frames: &[Frame]) {
        self.puppet.send_at(packet, frames);
        self.exchange();
    }

    fn finish_handshake(&mut self, _: bool, _: &Parameters) {
        // 0-RTT is not played here: its presets are skipped.
    }

    fn acknowledge(&mut self, packet: u64, packet_numbers: &[u64]) {
        // Only packets that were received are named, so there is nothing to refuse.
        let _ = self.puppet.acknowledge_at(packet, packet_numbers);
        self.exchange();
    }

    fn lose_outstanding(&mut self) -> bool {
        self.exchange();
        let lost = self.puppet.outstanding();
        let Some(&last) = lost.last() else { return false };
        for _ in 0..MAX_FENCE {
            if let Some(mut fence) = self.puppet.fence(last) {
                let pings = match self.stack.loss_trigger() {
                    LossTrigger::AnyPacket => Some(Vec::new()),
                    LossTrigger::AckEliciting => self.pings_above(last),
                };
                if let Some(pings) = pings {
                    fence.extend(pings);
                    fence.sort_unstable();
                    let _ = self.puppet.acknowledge(&fence);
                    self.exchange();
                    return true;
                }
                self.puppet.send(&[Frame::Ping]);
            }
            self.exchange();
        }
        false
    }

    fn received(&mut self) -> Vec<ReceivedPacket> {
        self.puppet.take_received()
    }

    fn observe(&mut self) -> Vec<Observation> {
        let mut ids: Vec<StreamId> =
            self.sending.keys().chain(self.receiving.keys()).copied().collect();
        ids.sort_unstable();
        ids.dedup();
        // The stacks are asked and not waited for: nobody sleeps.
        let awake = |id| Observation { read_woken: true, write_woken: true, ..Observation::of(id) };
        ids.into_iter().map(awake).collect()
    }

    fn failure(&self) -> Option<String> {
        self.stack.failure()
    }

    fn note(&mut self, line: std::fmt::Arguments<'_>) {
        self.puppet.log_mut().note(line);
    }

    fn log(&self) -> &[String] {
        self.puppet.log().lines()
    }
}

/// A preset as far as it can be played with a [`Stack`], which has no handles to drop.
///
/// # Errors
///
/// Why nothing of it can be played.
pub fn fit(preset: Preset) -> Result<Preset, &'static str> {
    let calls = preset.calls;
    if !preset.handshakes.is_empty() {
        return Err("0-RTT is not played with TLS");
    }
    if !calls.resize_window.is_empty() || !calls.resize_streams.is_empty() {
        return Err("no windows that could be changed at run time");
    }
    if calls.drop && !calls.reset && !calls.abort_reading {
        return Err("no handles that could be dropped");
    }
    Ok(Preset { calls: Calls { drop: false, ..calls }, ..preset })
}
