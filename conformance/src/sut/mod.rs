//! Systems under test behind one trait, one file each.
//!
//! A [`Sut`] makes [`Session`]s: one fresh connection with one stream, driven step by step. A session
//! does what it is told and reports what it sees; it knows no rule and compares nothing.

mod bare;
mod manager;
mod quinn_session;

use streamproof_model::rfc::call::{Answer, Call, RecvOutcome, SendOutcome};
use streamproof_model::rfc::choices::Choices;
use streamproof_model::rfc::identity::Side;
use streamproof_model::world::action::Role;

pub use bare::BareQuinn;
pub use manager::Manager;

use crate::puppet::ReceivedPacket;
use crate::wire;
use crate::world::ArenaError;

/// What a session is for.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// The endpoint of the stream that the system under test is.
    pub role: Role,
    /// The side of the connection that sends on the stream.
    pub sender: Side,
    /// Whether the session keeps an event log.
    pub log: bool,
}

impl Setup {
    /// The side of the connection that the system under test is.
    pub fn side(&self) -> Side {
        match self.role {
            Role::Sender => self.sender,
            Role::Receiver => self.sender.peer(),
        }
    }
}

/// A system under test.
pub trait Sut: Sync {
    /// Its name on the command line.
    fn name(&self) -> &'static str;

    /// Which of the permitted ways it goes, so that tours can be made which it can take.
    fn choices(&self) -> Choices;

    /// A fresh connection, the stream opened if the system is to send on it.
    ///
    /// # Errors
    ///
    /// When there is no connection.
    fn start(&self, setup: &Setup) -> Result<Box<dyn Session>, ArenaError>;
}

/// What can be seen of a settled session beside frames and answers. `None` where the system has no
/// way to tell.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Observation {
    /// What the sending part is told to have become, if asked now.
    pub send_outcome: Option<Option<SendOutcome>>,
    /// The same for the receiving part.
    pub recv_outcome: Option<Option<RecvOutcome>>,
    /// What a task has been told that has waited for the sending part's outcome since the start.
    pub send_waiter: Option<Option<SendOutcome>>,
    /// Whether a read that had to wait has been woken since.
    pub read_woken: bool,
    /// Whether the system lists the sending part, and the receiving part, as alive.
    pub alive: Option<(bool, bool)>,
}

/// One connection with one stream, driven step by step.
pub trait Session {
    /// The application calls; a call that has to wait is given up. Nothing else runs.
    fn call(&mut self, call: Call) -> Answer;

    /// Everything runs until nothing is left to do.
    fn settle(&mut self);

    /// A packet with this frame arrives; settles.
    fn deliver(&mut self, frame: &wire::Frame);

    /// Packets are acknowledged, by number; settles.
    fn acknowledge(&mut self, packet_numbers: &[u64]);

    /// Everything in flight is declared lost; settles. Says whether there was anything to lose.
    fn lose_outstanding(&mut self) -> bool;

    /// The packets sent since the last call, in order.
    fn received(&mut self) -> Vec<ReceivedPacket>;

    /// A look at the settled session.
    fn observe(&mut self) -> Observation;

    /// The event log; empty if none is kept.
    fn log(&self) -> &[String];
}
