//! A state of the world: the sender of a stream, a network, its receiver, and the observer's notes.

use std::collections::BTreeSet;

use super::frame::Packet;
use super::history::History;
use super::receiver::Receiver;
use super::sender::Sender;

/// Everything at one moment.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct ResetStreamAtState {
    /// The sending part; `None` before there is a connection, and for the hostile peer.
    pub sender: Option<Sender>,
    /// The receiving part; `None` before there is a connection.
    pub receiver: Option<Receiver>,
    /// The packets in flight; a set, because a second copy behaves as a duplicate of the first.
    pub network: BTreeSet<Packet>,
    /// The observer's notes.
    pub history: History,
}
