//! The streams of one connection and the limits they share; the application's calls on them (§2.4).

use std::collections::BTreeMap;

use streamproof_model::rfc::call::{Answer, Call};
use streamproof_model::rfc::identity::{Direction, Side, StreamId};
use streamproof_model::rfc::parameters::Parameters;

use super::bug::{Bug, Switch};
use super::credit::{Grant, Limit};
use super::receiving::Receiving;
use super::sending::Sending;
use streamproof_conformance::abstraction::first_wrong;
use streamproof_conformance::concretize;

/// §2.1: the two lowest bits of a stream ID.
pub(super) const SERVER_BIT: u64 = 0b01;
pub(super) const ONE_WAY_BIT: u64 = 0b10;

/// The parts of a stream that this endpoint has.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    pub(super) sending: Option<Sending>,
    pub(super) receiving: Option<Receiving>,
}

impl Stream {
    /// Whether nothing is left to be sent or told, so that the peer may have another (§4.6).
    fn is_over(&self) -> bool {
        self.sending.as_ref().is_none_or(Sending::is_over)
            && self.receiving.as_ref().is_none_or(Receiving::is_over)
    }

    /// Whether both parts are in terminal states (§3.4).
    pub(super) fn is_closed(&self) -> bool {
        self.sending.as_ref().is_none_or(Sending::is_over)
            && self.receiving.as_ref().is_none_or(Receiving::is_closed)
    }
}

/// The streams of one direction (§4.6): how many each side has opened, and may.
#[derive(Clone, Debug)]
pub(super) struct Count {
    pub(super) ours: u64,
    pub(super) limit: Limit,
    pub(super) theirs: u64,
    pub(super) grant: Grant,
    /// Whether the peer has said that it is blocked.
    pub(super) asked: bool,
}

/// How the connection ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    /// The transport error, if it was one; the application's code.
    pub(super) code: u64,
    pub(super) is_error: bool,
    /// Whether CONNECTION_CLOSE was sent, or need not be.
    pub(super) announced: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Connection {
    pub(super) side: Side,
    pub(super) switch: Switch,
    pub(super) local: Parameters,
    pub(super) peer: Parameters,
    /// Whether the peer's answer to the handshake is still to come (§7.4.1).
    pub(super) early: bool,
    pub(super) streams: BTreeMap<u64, Stream>,
    /// What the peer lets us send, and we it.
    pub(super) limit: Limit,
    pub(super) grant: Grant,
    /// Whether the peer has said that it is blocked.
    pub(super) asked: bool,
    /// Bidirectional streams, then unidirectional ones.
    pub(super) counts: [Count; 2],
    pub(super) end: Option<End>,
}

/// The place of a direction among the counts.
pub(super) const fn place(direction: Direction) -> usize {
    match direction {
        Direction::Bidirectional => 0,
        Direction::Unidirectional => 1,
    }
}

impl Connection {
    pub(super) fn new(side: Side, local: Parameters, peer: Parameters, switch: Switch) -> Self {
        let count = |limit, window| Count {
            ours: 0,
            limit: Limit::new(limit),
            theirs: 0,
            grant: Grant::new(window),
            asked: false,
        };
        Self {
            side,
            switch,
            local,
            peer,
            early: false,
            streams: BTreeMap::new(),
            limit: Limit::new(peer.max_data),
            grant: Grant::new(local.max_data),
            asked: false,
            counts: [
                count(peer.max_streams_bidi, local.max_streams_bidi),
                count(peer.max_streams_uni, local.max_streams_uni),
            ],
            end: None,
        }
    }

    pub(super) fn is_ours(&self, id: u64) -> bool {
        (id & SERVER_BIT != 0) == (self.side == Side::Server)
    }

    /// A stream comes to be, with the limits of the transport parameters (§18.2).
    pub(super) fn create(&mut self, id: u64) {
        let (local, peer) = (self.local, self.peer);
        let mixed = self.switch.is(Bug::MixUpLimits);
        let (sends, receives) = match (id & ONE_WAY_BIT != 0, self.is_ours(id)) {
            (true, true) => (Some(peer.max_stream_data_uni), None),
            (true, false) => (None, Some(local.max_stream_data_uni)),
            (false, ours) if ours != mixed => {
                (Some(peer.max_stream_data_bidi_remote), Some(local.max_stream_data_bidi_local))
            }
            (false, _) => {
                (Some(peer.max_stream_data_bidi_local), Some(local.max_stream_data_bidi_remote))
            }
        };
        let stream = Stream {
            sending: sends.map(|limit| Sending::new(id, limit, self.switch)),
            receiving: receives.map(|window| Receiving::new(window, self.switch)),
        };
        self.streams.insert(id, stream);
    }

    pub(super) fn sending(&mut self, id: StreamId) -> Option<&mut Sending> {
        self.streams.get_mut(&id.value())?.sending.as_mut().filter(|part| part.is_held())
    }

    pub(super) fn receiving(&mut self, id: StreamId) -> Option<&mut Receiving> {
        self.streams.get_mut(&id.value())?.receiving.as_mut().filter(|part| part.is_held())
    }

    pub(super) fn sending_parts(&self) -> impl Iterator<Item = &Sending> {
        self.streams.values().filter_map(|stream| stream.sending.as_ref())
    }

    pub(super) fn receiving_parts(&self) -> impl Iterator<Item = &Receiving> {
        self.streams.values().filter_map(|stream| stream.receiving.as_ref())
    }

    /// How much of the peer's credit our streams hold, sent or not.
    pub(super) fn claimed(&self) -> u64 {
        self.sending_parts().map(Sending::claimed).sum()
    }

    /// How much of our credit the peer has got back.
    pub(super) fn given_back(&self) -> u64 {
        self.receiving_parts().map(Receiving::given_back).sum()
    }

    /// How many of the peer's streams of a direction are over.
    pub(super) fn streams_over(&self, place: usize) -> u64 {
        let one_way = place == 1;
        let theirs = |id: &u64| !self.is_ours(*id) && (*id & ONE_WAY_BIT != 0) == one_way;
        let over = self.streams.iter().filter(|(id, stream)| theirs(id) && stream.is_over());
        let each = if self.switch.is(Bug::GiveStreamBackTwice) { 2 } else { 1 };
        over.count() as u64 * each
    }

    pub(super) fn wake_writers(&mut self) {
        self.streams
            .values_mut()
            .filter_map(|stream| stream.sending.as_mut())
            .for_each(Sending::wake);
    }

    pub(super) fn close(&mut self, end: End) {
        self.end.get_or_insert(end);
        for stream in self.streams.values_mut() {
            stream.sending.as_mut().into_iter().for_each(Sending::wake);
            stream.receiving.as_mut().into_iter().for_each(Receiving::wake);
        }
    }

    // ---- calls -------------------------------------------------------------------------------

    pub(super) fn call(&mut self, call: Call) -> Answer {
        let closed = self.end.is_some();
        match call {
            Call::Open { direction } => self.open(direction),
            Call::Write { stream_id, length } => self.write(stream_id, length),
            Call::End { stream_id } => {
                self.sending(stream_id).map_or(Answer::Closed, |part| part.end(closed))
            }
            Call::Reset { stream_id, code } => {
                let answer = self.sending(stream_id).map(|part| part.reset(code.0, closed));
                // What it had written and not sent is credit again.
                self.wake_writers();
                answer.unwrap_or(Answer::Closed)
            }
            Call::DropSend { stream_id } => {
                let dropped = self.sending(stream_id).map(|part| part.drop_handle(closed));
                self.wake_writers();
                dropped.map_or(Answer::Closed, |()| Answer::Accepted)
            }
            Call::Read { stream_id } => self.read(stream_id),
            Call::AbortReading { stream_id, code } => {
                self.receiving(stream_id).map_or(Answer::Closed, |part| part.abort(code.0, closed))
            }
            Call::DropRecv { stream_id } => {
                let dropped = self.receiving(stream_id).map(Receiving::drop_handle);
                dropped.map_or(Answer::Closed, |()| Answer::Accepted)
            }
            Call::CloseConnection { code } => {
                self.close(End { code: code.0, is_error: false, announced: false });
                Answer::Accepted
            }
            Call::ResizeWindow { window } => {
                let given_back = self.given_back();
                self.grant.resize(window, given_back);
                Answer::Accepted
            }
            Call::ResizeStreams { direction, window } => {
                let over = self.streams_over(place(direction));
                self.counts[place(direction)].grant.resize(window, over);
                Answer::Accepted
            }
        }
    }

    fn open(&mut self, direction: Direction) -> Answer {
        if self.end.is_some() && !self.switch.is(Bug::OpenAfterClose) {
            return Answer::ConnectionLost;
        }
        let bits = match (self.side, direction) {
            (Side::Client, Direction::Bidirectional) => 0,
            (Side::Server, Direction::Bidirectional) => SERVER_BIT,
            (Side::Client, Direction::Unidirectional) => ONE_WAY_BIT,
            (Side::Server, Direction::Unidirectional) => SERVER_BIT | ONE_WAY_BIT,
        };
        let first_is_over = self.streams.get(&bits).is_some_and(Stream::is_closed);
        let again = first_is_over && self.switch.is(Bug::ReuseId);
        let more = u64::from(self.switch.is(Bug::OpenOneMore));
        let count = &mut self.counts[place(direction)];
        // §4.6
        if count.ours >= count.limit.value + more {
            count.limit.block();
            return Answer::Blocked;
        }
        let id = if again { bits } else { count.ours << 2 | bits };
        // No limit lets IDs grow beyond what a frame can carry (§4.6).
        let Some(stream_id) = StreamId::from_wire(id) else { return Answer::Blocked };
        count.ours += 1;
        self.create(id);
        Answer::Opened { stream_id }
    }

    /// Takes as much as the peer's limits leave room for.
    fn write(&mut self, stream_id: StreamId, length: u64) -> Answer {
        let closed = self.end.is_some();
        let on_connection = match self.switch.is(Bug::SendBeyondConnectionLimit) {
            true => length,
            false => self.limit.value.saturating_sub(self.claimed()),
        };
        let beyond = self.switch.is(Bug::SendBeyondStreamLimit);
        let Some(part) = self.sending(stream_id) else { return Answer::Closed };
        if let Some(refusal) = part.refusal(closed) {
            return refusal;
        }
        let room = part.limit.value.saturating_sub(part.written());
        let on_stream = if beyond { length } else { room };
        let fits = length.min(on_stream).min(on_connection);
        if fits > 0 || length == 0 {
            part.write(&concretize::data(stream_id, part.written() + part.skipped, fits));
            return Answer::Wrote { length: fits };
        }
        part.give_up_write(length);
        // §4.1: whoever is stopped by both tells of the connection's.
        match on_connection {
            0 => self.limit.block(),
            _ => part.limit.block(),
        }
        Answer::Blocked
    }

    fn read(&mut self, stream_id: StreamId) -> Answer {
        let closed = self.end.is_some();
        let Some(part) = self.receiving(stream_id) else { return Answer::Closed };
        let offset = part.read_so_far();
        match part.read(closed) {
            Err(answer) => answer,
            Ok(bytes) => match first_wrong(stream_id, offset, &bytes) {
                Some(offset) => Answer::Corrupt { offset },
                None => Answer::Data { length: bytes.len() as u64 },
            },
        }
    }
}
