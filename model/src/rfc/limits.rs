//! §4.6 Controlling concurrency: limits on streams, those the peer sets us and those we set the peer.
//!
//! There is one for each direction. A limit on streams has the shape of every other limit
//! ([`credit`](super::credit)); what is used of it are streams. Which streams a frame may name is in
//! [`permitted`](super::permitted).

use serde::{Deserialize, Serialize};

use super::call::Answer;
use super::coverage::{Guard, guard};
use super::credit::{ReceiveCredit, SendCredit};
use super::endpoint::Endpoint;
use super::frame::{Frame, FrameType};
use super::identity::{Direction, StreamId};
use super::permitted::Category;
use super::rules::Rules;
use super::stream::Stream;
use super::violation::Violation;

/// The largest limit on streams of one type: more would need an ID above
/// [`MAX_VARINT`](super::identity::MAX_VARINT).
pub const MAX_STREAM_LIMIT: u64 = 1 << 60;

/// The streams we open, of one direction.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct Opens {
    /// How many we have opened.
    pub opened: u64,
    /// How many the peer lets us open.
    pub credit: SendCredit,
}

impl Opens {
    /// None opened yet, and so many permitted.
    pub(super) const fn new(limit: u64) -> Self {
        Self { opened: 0, credit: SendCredit::new(limit) }
    }
}

/// The streams the peer opens, of one direction.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct Admits {
    /// How many it has opened.
    pub opened: u64,
    /// How many we let it open.
    pub credit: ReceiveCredit,
}

impl Admits {
    /// None opened yet, and so many permitted.
    pub(super) const fn new(window: u64) -> Self {
        Self { opened: 0, credit: ReceiveCredit::new(window) }
    }
}

impl Stream {
    /// Whether it is over for its endpoint: nothing it could do would be sent or told any more. Then
    /// the peer may open another.
    pub fn is_released(&self) -> bool {
        let sent = self.sending.as_ref().is_none_or(|part| part.state.is_terminal());
        let received = self.receiving.as_ref().is_none_or(|part| {
            let read = part.told || part.state.is_terminal();
            read || (part.stop.is_some() && part.final_size.is_some())
        });
        sent && received
    }
}

impl Endpoint {
    /// How many of the peer's streams of one direction are over.
    pub fn released_streams(&self, rules: &Rules, direction: Direction) -> u64 {
        let peers = self
            .streams
            .iter()
            .filter(|(id, _)| id.initiator() != self.side && id.direction() == direction);
        peers.map(|(_, stream)| (rules.released_streams)(stream)).sum()
    }

    /// The application opens a stream: what it is answered, and the endpoint then.
    pub(super) fn open(&self, rules: &Rules, direction: Direction) -> (Answer, Self) {
        if self.closed.is_some() {
            return (Answer::ConnectionLost, self.clone());
        }
        let opens = self.opens.of(direction);
        let mut next = self.clone();
        // rfc9000 4.6/2, 19.11/3
        match (rules.may_open)((rules.streams_used)(self, direction), opens.credit.limit) {
            true => {
                let ordinal = (rules.next_ordinal)(self, direction);
                let stream_id = next.create_next(rules, direction, ordinal);
                (Answer::Opened { stream_id }, next)
            }
            false => {
                next.opens.of_mut(direction).credit.block();
                (Answer::Blocked, next)
            }
        }
    }

    /// MAX_STREAMS arrived.
    pub(super) fn on_max_streams(&self, rules: &Rules, direction: Direction, maximum: u64) -> Self {
        // rfc9000 4.6/1, 19.11/1
        match (rules.limit_is_too_large)(FrameType::MaxStreams, maximum) {
            true => self.close(None, &vec![Violation::MaxStreamsTooLarge]),
            false => self.with(|next| {
                next.opens.of_mut(direction).credit.advertised(rules, maximum);
            }),
        }
    }

    /// STREAMS_BLOCKED arrived: news, and no more, unless it names a limit that cannot be.
    pub(super) fn on_streams_blocked(&self, rules: &Rules, maximum: u64) -> Self {
        // rfc9000 19.14/2
        match (rules.limit_is_too_large)(FrameType::StreamsBlocked, maximum) {
            true => self.close(None, &vec![Violation::StreamsBlockedTooLarge]),
            false => self.clone(),
        }
    }

    /// Whether a stream beyond the advertised limit is let pass: under the RFC's rules none is.
    pub(super) fn overlooks_limit(
        &self,
        rules: &Rules,
        (frame, stream_id): (&Frame, StreamId),
        category: Category,
    ) -> bool {
        match category {
            Category::PeersBeyondLimit(direction) => {
                let credit = self.admits.of(direction).credit;
                let enforced =
                    (rules.enforced_limit)(&credit, self.released_streams(rules, direction));
                let taken = (credit.advertised..enforced).contains(&stream_id.ordinal());
                taken || !(rules.stream_limit_is_enforced)(frame.frame_type())
            }
            Category::OursNotCreated(_)
            | Category::OursLive(_)
            | Category::OursClosed(_)
            | Category::PeersNotCreated(_)
            | Category::PeersLive(_)
            | Category::PeersClosed(_) => false,
        }
    }

    /// The frames about limits on streams that are due: MAX_STREAMS, and STREAMS_BLOCKED.
    pub(super) fn stream_limit_frames(
        &self,
        rules: &Rules,
        direction: Direction,
    ) -> impl Iterator<Item = Frame> + use<> {
        // rfc9000 4.6/6
        let credit = self.admits.of(direction).credit;
        let released = self.released_streams(rules, direction);
        let raised = credit.due(released, (rules.streams_step)(credit.window));
        guard(Guard::UpdateOfStreamsIsDue, raised.is_some());
        let raised = raised.map(|maximum_streams| Frame::MaxStreams { direction, maximum_streams });
        let blocked = self.opens.of(direction).credit.due();
        let blocked = blocked.filter(|_| (rules.blocked_is_told)(FrameType::StreamsBlocked));
        let blocked =
            blocked.map(|maximum_streams| Frame::StreamsBlocked { direction, maximum_streams });
        raised.into_iter().chain(blocked)
    }
}
