//! Systems under test behind one trait, one file each.
//!
//! A [`Sut`] makes [`Session`]s: one fresh connection, driven step by step. A session
//! does what it is told and reports what it sees; it knows no rule and compares nothing.
//!
//! Both traits are for stacks outside this crate too: [`suite`](crate::suite) plays them, and
//! `examples/own-stack` implements them. A session is used by one thread, from its start to its end; many
//! sessions run at once on several. It has to do the same whenever the same is done to it: no clock, no chance.
//! Frames come and go decoded ([`wire::Frame`]); [`concretize::data`](crate::concretize::data) says which bytes
//! belong at which place of a stream. What a stack cannot show, it leaves out of its [`Observation`]s; what a preset
//! asks for and a stack does not have is a reason not to name that preset.

pub use streamproof_harness as harness;

use streamproof_harness::LimitError;
use streamproof_harness::puppet::{ReceivedPacket, Tap};
use streamproof_harness::wire;
use streamproof_model::judging::way::Way;
use streamproof_model::rfc::call::{Answer, Call, RecvOutcome, SendOutcome};
use streamproof_model::rfc::choices::Choices;
use streamproof_model::rfc::endpoint::Endpoint;
use streamproof_model::rfc::identity::{Side, StreamId};
use streamproof_model::rfc::parameters::Parameters;
use streamproof_model::worlds::streams::first_endpoint;
use streamproof_model::worlds::streams::presets::Preset;

/// Enough for every read of this suite, in bytes.
pub const READ_BUFFER: usize = 64 * 1024;

/// What a session is for.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The world that is played.
    pub preset: Preset,
    /// The side of the connection that the system under test is.
    pub side: Side,
    /// What the server advertises, where that is not what the preset says: 0-RTT was answered (§7.4.1).
    pub server: Option<Parameters>,
    /// Whether the session keeps an event log.
    pub log: bool,
    /// With it the connection is protected by TLS, and all of it is kept.
    pub tap: Option<Tap>,
    /// What the judge leaves free: everything that the RFC does. A test that plants an unsound judge takes some away.
    pub permitted: Choices,
}

impl Setup {
    /// A session of a preset, without a log.
    pub const fn new(preset: Preset, side: Side) -> Self {
        Self { preset, side, server: None, log: false, tap: None, permitted: Choices::PERMITTED }
    }

    /// What a side advertises.
    pub fn parameters_of(&self, side: Side) -> Parameters {
        match (side, self.server) {
            (Side::Server, Some(parameters)) => parameters,
            (Side::Server | Side::Client, _) => self.preset.parameters_of(side),
        }
    }

    /// Whether the system under test is a client that begins with 0-RTT.
    pub fn is_early(&self) -> bool {
        self.side == Side::Client && !self.preset.handshakes.is_empty()
    }

    /// The endpoint that the session begins with.
    pub fn first_endpoint(&self) -> Endpoint {
        match (self.side, self.server) {
            (Side::Server, Some(parameters)) => {
                Endpoint::new(Side::Server, parameters, self.preset.parameters_of(Side::Client))
            }
            (Side::Server | Side::Client, _) => first_endpoint(&self.preset, self.side),
        }
    }
}

/// Why a system under test gives no session.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A limit of the preset has no encoding.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// The handshake halted.
    #[error("handshake did not finish")]
    Unfinished,
    /// The stack, or what it needs, failed, for a reason that only it knows.
    #[error("{0}")]
    Other(String),
}

/// A system under test.
pub trait Sut: Sync {
    /// Its name on the command line.
    fn name(&self) -> &'static str;

    /// Which version of it is played; empty if it is not known.
    fn version(&self) -> String {
        String::new()
    }

    /// Which way it goes where the RFC is free, and where it departs, so that tours can be made which it can take.
    fn way(&self) -> Way;

    /// The preset as far as the system can be asked to do what it wants: without the calls that it does not have.
    /// Nothing is left out without a reason.
    ///
    /// # Errors
    ///
    /// Why nothing of the preset can be played.
    fn fit(&self, preset: Preset) -> Result<Preset, &'static str> {
        Ok(preset)
    }

    /// Whether the manager's contract is promised, beside what the RFC says. Where it is not, nothing is said of it.
    fn has_contract(&self) -> bool {
        true
    }

    /// What is known to deviate: the text of its `deviations.toml` ([`deviations`](crate::deviations)).
    fn deviations(&self) -> &'static str {
        ""
    }

    /// In which situations those show: the text of its `situations.toml`. Without it they may show in any.
    fn situations(&self) -> &'static str {
        ""
    }

    /// A fresh connection, with the streams open that the preset begins with.
    ///
    /// # Errors
    ///
    /// When there is no connection; [`StartError::Other`] for reasons that only the stack knows.
    fn start(&self, setup: &Setup) -> Result<Box<dyn Session>, StartError>;
}

/// A system under test of which another way is believed.
pub struct Overridden {
    /// The system.
    pub sut: Box<dyn Sut>,
    /// Which way it goes.
    pub way: Way,
}

impl Sut for Overridden {
    fn name(&self) -> &'static str {
        self.sut.name()
    }

    fn version(&self) -> String {
        self.sut.version()
    }

    fn way(&self) -> Way {
        self.way
    }

    fn fit(&self, preset: Preset) -> Result<Preset, &'static str> {
        self.sut.fit(preset)
    }

    fn has_contract(&self) -> bool {
        self.sut.has_contract()
    }

    fn deviations(&self) -> &'static str {
        self.sut.deviations()
    }

    fn situations(&self) -> &'static str {
        self.sut.situations()
    }

    fn start(&self, setup: &Setup) -> Result<Box<dyn Session>, StartError> {
        self.sut.start(setup)
    }
}

/// What can be seen of a stream in a settled session beside frames and answers. `None` where the system
/// has no way to tell.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Observation {
    /// The stream.
    pub stream_id: StreamId,
    /// What the sending part is told to have become, if asked now.
    pub send_outcome: Option<Option<SendOutcome>>,
    /// The same for the receiving part.
    pub recv_outcome: Option<Option<RecvOutcome>>,
    /// What a task has been told that has waited for the sending part's outcome since the start.
    pub send_waiter: Option<Option<SendOutcome>>,
    /// Whether a read that had to wait has been woken since.
    pub read_woken: bool,
    /// Whether a write that had to wait has been woken since.
    pub write_woken: bool,
    /// Whether the system lists the sending part, and the receiving part, as alive.
    pub alive: Option<(bool, bool)>,
}

impl Observation {
    /// Of a stream of which nothing is to be seen.
    pub const fn of(stream_id: StreamId) -> Self {
        Self {
            stream_id,
            send_outcome: None,
            recv_outcome: None,
            send_waiter: None,
            read_woken: false,
            write_woken: false,
            alive: None,
        }
    }
}

/// One connection, driven step by step.
pub trait Session {
    /// The application calls (§2.4); a call that has to wait is given up, and answered by
    /// [`Answer::Blocked`] or [`Answer::NoData`]. Nothing else runs, and nothing is sent.
    fn call(&mut self, call: Call) -> Answer;

    /// Everything runs until nothing is left to do.
    fn settle(&mut self);

    /// The peer has sent this many packets by now, counted from the start of the session. Those that have not arrived
    /// are late or lost. Of use to a session whose packets have numbers.
    fn peer_has_sent(&mut self, _packets: u64) {}

    /// The packet at this place among those of the peer, from 0, arrives with these frames; settles.
    fn deliver(&mut self, packet: u64, frames: &[wire::Frame]);

    /// The server's part of the handshake arrives at a client that has begun with 0-RTT; settles. After
    /// a rejection the session has no streams.
    fn finish_handshake(&mut self, accepted: bool, server: &Parameters);

    /// The packet at this place among those of the peer arrives and acknowledges packets, by number (§13.2);
    /// settles. A number may come again, and one that was declared lost may still come.
    fn acknowledge(&mut self, packet: u64, packet_numbers: &[u64]);

    /// Everything in flight is declared lost (§13.3); settles. Says whether there was anything to lose.
    fn lose_outstanding(&mut self) -> bool;

    /// The packets sent since the last call, in order.
    fn received(&mut self) -> Vec<ReceivedPacket>;

    /// A look at the settled session: every stream that the application has ever had, those that the peer has
    /// opened included, once each and in order of ID.
    fn observe(&mut self) -> Vec<Observation>;

    /// How the stack has failed, if there is nothing left to ask: its process has ended, say. A stack that panics need
    /// not tell.
    fn failure(&self) -> Option<String> {
        None
    }

    /// The judge remarks on what was just done, for the event log.
    fn note(&mut self, _: std::fmt::Arguments<'_>) {}

    /// The event log; empty if none is kept.
    fn log(&self) -> &[String];
}
