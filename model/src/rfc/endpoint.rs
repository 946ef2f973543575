//! One endpoint and its streams: frames and calls go in, frames and answers come out.
//!
//! This file and its children only route: what a frame, a call or an acknowledgement does to a part or to
//! a limit stands in that part's own file. Everything here is a plain function of the endpoint.
//!
//! | file | what goes through it |
//! |---|---|
//! | `incoming` | the peer's frames (§3.2, §4.6, §7.4.1) |
//! | `outgoing` | what is sent next, what was sent, acknowledgements and losses (§13.3) |
//! | `application` | the application's calls (§2.4) |

mod application;
mod incoming;
mod outgoing;

use serde::{Deserialize, Serialize};

use std::collections::BTreeMap;
use std::sync::Arc;

use super::call::{RecvOutcome, SendOutcome};
use super::credit::{ReceiveCredit, SendCredit};
use super::frame::ErrorCode;
use super::identity::{ByDirection, Direction, Side, StreamId, StreamRole};
use super::limits::{Admits, Opens};
use super::parameters::Parameters;
use super::permitted::Category;
use super::receiving::{ReceivingPart, RecvState};
use super::rules::{RFC9000, Rules};
use super::sending::{ResetCause, SendState, SendingPart};
use super::stream::Stream;
use super::violation::{Standing, TransportError, Violation};

/// The code of a RESET_STREAM for a sending handle dropped without an end. The RFC knows no handles: that
/// there is a code for them, and which, is a promise of the interface.
pub const DROP_RESET_CODE: ErrorCode = ErrorCode(0xd5);
/// The code of a STOP_SENDING for a receiving handle dropped early; as [`DROP_RESET_CODE`].
pub const DROP_STOP_CODE: ErrorCode = ErrorCode(0xd6);

/// Why the connection is over.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub enum Cause {
    /// The peer broke a rule.
    Violation {
        /// Which, or one of those it broke.
        violation: Violation,
        /// Where the stream stood then.
        standing: Standing,
        /// Which errors may answer it.
        errors: Errors,
    },
    /// Our application closed it (§10.2).
    Application {
        /// The application's code.
        code: ErrorCode,
    },
    /// The peer closed it.
    Peer,
    /// It was closed for no reason that the RFC knows. Never so under its rules.
    None,
}

/// A set of transport errors.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct Errors(u64);

impl Errors {
    /// None of them.
    pub const fn none() -> Self {
        Self(0)
    }

    /// The errors that may answer any of these violations.
    pub fn of(violations: &[Violation]) -> Self {
        let errors = violations.iter().flat_map(|violation| violation.errors());
        Self(errors.fold(0, |set, error| set | 1 << error.code()))
    }

    /// The same and this one.
    pub const fn and(self, error: TransportError) -> Self {
        Self(self.0 | 1 << error.code())
    }

    /// Whether a code fits: one of the set, another that applies, or a generic one, which may stand for any (§11).
    pub const fn permit(self, code: u64) -> bool {
        // rfc9000 11/3
        let generic = 1 << TransportError::InternalError.code()
            | 1 << TransportError::ProtocolViolation.code();
        // A frame beyond the limit on streams, or beside the final size, is one that its stream's state does not permit.
        let of_state =
            self.has(TransportError::StreamLimitError) || self.has(TransportError::FinalSizeError);
        let applicable = (of_state as u64) << TransportError::StreamStateError.code();
        code < 64 && (self.0 | generic | applicable) & (1 << code) != 0
    }

    /// Whether one of the set is this.
    pub const fn has(self, error: TransportError) -> bool {
        self.0 & (1 << error.code()) != 0
    }
}

/// The end of the connection.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct Close {
    /// Why.
    pub cause: Cause,
    /// Whether CONNECTION_CLOSE has been sent, or need not be.
    pub announced: bool,
}

/// An endpoint with its streams and their credit.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct Endpoint {
    /// Its role in the connection.
    pub side: Side,
    /// What it advertised when the connection began.
    pub local: Parameters,
    /// What its peer advertised then, or what it remembers of an earlier connection.
    pub peer: Parameters,
    /// Whether its peer's answer to the handshake is still to come, so that `peer` is remembered and
    /// all it sends is 0-RTT (§7.4.1).
    pub early: bool,
    /// The streams that have been created, closed ones included. Shared between the states that do
    /// not differ in them.
    pub streams: BTreeMap<StreamId, Arc<Stream>>,
    /// What the peer lets us send on the connection.
    pub send_credit: SendCredit,
    /// What we let the peer send on the connection.
    pub receive_credit: ReceiveCredit,
    /// The streams we open.
    pub opens: ByDirection<Opens>,
    /// The streams the peer opens.
    pub admits: ByDirection<Admits>,
    /// Set once the connection is over.
    pub closed: Option<Close>,
    /// A rule was broken and nothing was done about it: no rule says what follows.
    pub unspecified: bool,
    /// MAX_STREAMS, though due, waits for the next packet to arrive. Never so under the RFC's rules.
    pub max_streams_waits: bool,
}

impl Endpoint {
    /// An endpoint at the beginning of a connection: what it advertises, and what its peer does.
    pub fn new(side: Side, local: Parameters, peer: Parameters) -> Self {
        Self {
            side,
            local,
            peer,
            early: false,
            streams: BTreeMap::new(),
            send_credit: SendCredit::new(peer.max_data),
            receive_credit: ReceiveCredit::new(local.max_data),
            opens: ByDirection {
                bidirectional: Opens::new(peer.max_streams_bidi),
                unidirectional: Opens::new(peer.max_streams_uni),
            },
            admits: ByDirection {
                bidirectional: Admits::new(local.max_streams_bidi),
                unidirectional: Admits::new(local.max_streams_uni),
            },
            closed: None,
            unspecified: false,
            max_streams_waits: false,
        }
    }

    /// The same endpoint with a stream opened.
    pub fn with_open(mut self, direction: Direction) -> Self {
        let ordinal = self.opens.of(direction).opened;
        self.create_next(&RFC9000, direction, ordinal);
        self
    }

    /// The sending part of a stream, if the endpoint has it.
    pub fn sending(&self, stream_id: StreamId) -> Option<&SendingPart> {
        self.streams.get(&stream_id)?.sending.as_ref()
    }

    /// The receiving part of a stream, if the endpoint has it.
    pub fn receiving(&self, stream_id: StreamId) -> Option<&ReceivingPart> {
        self.streams.get(&stream_id)?.receiving.as_ref()
    }

    /// Every sending part, in order of ID.
    pub fn sending_parts(&self) -> impl Iterator<Item = (StreamId, &SendingPart)> {
        self.streams.iter().filter_map(|(id, stream)| Some((*id, stream.sending.as_ref()?)))
    }

    /// Every receiving part, in order of ID.
    pub fn receiving_parts(&self) -> impl Iterator<Item = (StreamId, &ReceivingPart)> {
        self.streams.iter().filter_map(|(id, stream)| Some((*id, stream.receiving.as_ref()?)))
    }

    /// How much of the connection's credit the peer has used: the sum over all streams (§4.1).
    pub fn consumed(&self) -> u64 {
        self.receiving_parts().map(|(_, part)| part.consumed()).sum()
    }

    /// How much has been given back to it (§4.2).
    pub fn released(&self) -> u64 {
        self.receiving_parts().map(|(_, part)| part.released).sum()
    }

    /// How much of the connection's credit our streams hold.
    pub fn claimed(&self, rules: &Rules) -> u64 {
        self.sending_parts().map(|(_, part)| part.claimed(rules)).sum()
    }

    /// What a stream is to the endpoint now.
    pub fn category(&self, rules: &Rules, stream_id: StreamId) -> Category {
        let direction = stream_id.direction();
        let ours = stream_id.initiator() == self.side;
        match (self.streams.get(&stream_id), ours) {
            (Some(stream), true) if stream.is_closed() => Category::OursClosed(direction),
            (Some(_), true) => Category::OursLive(direction),
            (None, true) => Category::OursNotCreated(direction),
            (Some(stream), false) if stream.is_closed() => Category::PeersClosed(direction),
            (Some(_), false) => Category::PeersLive(direction),
            (None, false) => {
                let limit = self.admits.of(direction).credit.advertised;
                match (rules.is_beyond_stream_limit)(stream_id.ordinal(), limit) {
                    true => Category::PeersBeyondLimit(direction),
                    false => Category::PeersNotCreated(direction),
                }
            }
        }
    }

    /// Opens our next stream of a direction.
    pub(super) fn create_next(
        &mut self,
        rules: &Rules,
        direction: Direction,
        ordinal: u64,
    ) -> StreamId {
        let stream_id = StreamId::new(self.side, direction, ordinal);
        self.opens.of_mut(direction).opened += 1;
        self.insert(rules, stream_id);
        stream_id
    }

    /// The peer opens a stream, and with it all of the same type with lower IDs (§2.1, §3.2).
    fn create_up_to(&mut self, rules: &Rules, stream_id: StreamId) {
        let opened = self.admits.of(stream_id.direction()).opened;
        // rfc9000 2.1/7, 3.2/1
        let first = (rules.first_opened)(opened, stream_id.ordinal());
        for ordinal in first..=stream_id.ordinal() {
            self.insert(rules, StreamId::new(self.side.peer(), stream_id.direction(), ordinal));
        }
        self.admits.of_mut(stream_id.direction()).opened = stream_id.ordinal() + 1;
    }

    fn insert(&mut self, rules: &Rules, stream_id: StreamId) {
        let (sends, receives) = match stream_id.role(self.side) {
            StreamRole::SendOnly => (true, false),
            StreamRole::ReceiveOnly => (false, true),
            StreamRole::Both => (true, true),
        };
        // rfc9000 18.2/13, 18.2/14, 18.2/15: the peer's parameters, seen from the peer's side.
        let limit = (rules.first_limit)(self, stream_id);
        let window = self.local.on_stream(self.side, stream_id);
        let stream = Stream {
            sending: sends.then(|| SendingPart::new(limit)),
            receiving: receives.then(|| ReceivingPart::new(window)),
        };
        self.streams.insert(stream_id, Arc::new(stream));
    }

    /// What became of a sending part, once that is decided.
    pub fn send_outcome(&self, stream_id: StreamId) -> Option<SendOutcome> {
        let part = self.sending(stream_id)?;
        if let Some(reset) = part.reset {
            return Some(match reset.cause {
                ResetCause::Application | ResetCause::Dropped => {
                    SendOutcome::Reset { code: reset.code }
                }
                ResetCause::StopSending => SendOutcome::Stopped { code: reset.code },
            });
        }
        if part.state == SendState::DataRecvd {
            return Some(SendOutcome::Delivered);
        }
        match (part.stop_unanswered, self.closed) {
            (Some(code), _) => Some(SendOutcome::Stopped { code }),
            (None, Some(_)) => Some(SendOutcome::ConnectionLost),
            (None, None) => None,
        }
    }

    /// What became of a receiving part, once that is decided.
    pub fn recv_outcome(&self, stream_id: StreamId) -> Option<RecvOutcome> {
        let part = self.receiving(stream_id)?;
        match (part.told, part.state, part.stop) {
            (true, RecvState::DataRead, _) => Some(RecvOutcome::ReadToEnd),
            (true, RecvState::ResetRead, _) => part.reset.map(|code| RecvOutcome::Reset { code }),
            (true, _, _) => Some(RecvOutcome::ConnectionLost),
            (false, _, Some(stop)) => Some(RecvOutcome::Stopped { code: stop.code }),
            (false, _, None) => None,
        }
    }

    /// Whether the peer left the protocol and the endpoint let it pass, so that no rule says what
    /// follows.
    pub fn is_unspecified(&self) -> bool {
        self.unspecified || self.receiving_parts().any(|(_, part)| part.unspecified)
    }

    /// Which errors may answer what the peer did; `None` if it kept every rule.
    pub fn errors_due(&self) -> Option<Errors> {
        match self.closed?.cause {
            Cause::Violation { errors, .. } => Some(errors),
            Cause::Application { .. } | Cause::Peer | Cause::None => None,
        }
    }

    /// The endpoint with a change.
    pub(super) fn with(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut next = self.clone();
        change(&mut next);
        next
    }

    /// The sending part of a stream, to be changed.
    pub(crate) fn sending_mut(&mut self, stream_id: StreamId) -> Option<&mut SendingPart> {
        Arc::make_mut(self.streams.get_mut(&stream_id)?).sending.as_mut()
    }

    /// The receiving part of a stream, to be changed.
    pub(crate) fn receiving_mut(&mut self, stream_id: StreamId) -> Option<&mut ReceivingPart> {
        Arc::make_mut(self.streams.get_mut(&stream_id)?).receiving.as_mut()
    }
}
