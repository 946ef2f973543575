//! Which frame may arrive for which stream: one total table, from §3 and §19.
//!
//! Every frame that names a stream meets every [`Category`] a stream can be in. What a frame that may
//! arrive does to each state of a part stands with the part.

use super::choices::{Choice, Choices};
use super::coverage;
use super::frame::FrameType;
use super::identity::Direction::{self, Bidirectional as Bidi, Unidirectional as Uni};
use super::violation::Violation;

/// What a stream is to an endpoint when a frame for it arrives. The initiator's side first, then how
/// far the stream has come.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Category {
    /// We would have to open it, and have not.
    OursNotCreated(Direction),
    /// We opened it, and a part of it is not terminal.
    OursLive(Direction),
    /// We opened it, and all its parts are terminal.
    OursClosed(Direction),
    /// The peer may open it, and has not.
    PeersNotCreated(Direction),
    /// The peer may not open it: the limit we advertised is lower (§4.6).
    PeersBeyondLimit(Direction),
    /// The peer opened it, and a part of it is not terminal.
    PeersLive(Direction),
    /// The peer opened it, and all its parts are terminal.
    PeersClosed(Direction),
}

impl Category {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::OursNotCreated(Bidi),
        Self::OursNotCreated(Uni),
        Self::OursLive(Bidi),
        Self::OursLive(Uni),
        Self::OursClosed(Bidi),
        Self::OursClosed(Uni),
        Self::PeersNotCreated(Bidi),
        Self::PeersNotCreated(Uni),
        Self::PeersBeyondLimit(Bidi),
        Self::PeersBeyondLimit(Uni),
        Self::PeersLive(Bidi),
        Self::PeersLive(Uni),
        Self::PeersClosed(Bidi),
        Self::PeersClosed(Uni),
    ];

    /// Its place in [`ALL`](Self::ALL).
    pub fn index(self) -> usize {
        Self::ALL.iter().position(|other| *other == self).unwrap_or_default()
    }
}

/// What becomes of a frame before its stream looks at it.
#[derive(Clone, Copy, Debug)]
pub enum Reception {
    /// It goes to the stream, which is there.
    Reaches,
    /// It creates the stream, and all that the peer may open before it; then it goes there.
    Creates,
    /// It comes late: the stream is closed.
    Late,
    /// It breaks a rule.
    Breaks(Violation),
    /// The RFC does not say (C-11): it may be treated as breaking a rule.
    Unclear(Violation, fn(&Choices) -> Choice),
}

/// What §19 and §4.6 say to a frame of this type for a stream in this category. `None` for frames that
/// name no stream.
pub(super) fn permitted(frame: FrameType, category: Category) -> Option<Reception> {
    let reception = match frame {
        FrameType::ResetStream => reset_stream(category),
        FrameType::StopSending => stop_sending(category),
        FrameType::Stream => stream(category),
        FrameType::MaxStreamData => max_stream_data(category),
        FrameType::StreamDataBlocked => stream_data_blocked(category),
        FrameType::MaxData
        | FrameType::MaxStreams
        | FrameType::DataBlocked
        | FrameType::StreamsBlocked
        | FrameType::ConnectionClose => return None,
    };
    coverage::met(frame, category);
    Some(reception)
}

fn reset_stream(category: Category) -> Reception {
    match category {
        // rfc9000 19.4/1
        Category::OursNotCreated(Uni) | Category::OursLive(Uni) | Category::OursClosed(Uni) => {
            Reception::Breaks(Violation::ResetStreamOnSendOnly)
        }
        Category::OursNotCreated(Bidi) => {
            Reception::Unclear(Violation::ResetStreamNotCreated, |c| c.not_created_is_error)
        }
        Category::OursLive(Bidi) | Category::PeersLive(Bidi | Uni) => Reception::Reaches,
        Category::OursClosed(Bidi) | Category::PeersClosed(Bidi | Uni) => Reception::Late,
        Category::PeersNotCreated(Bidi | Uni) => Reception::Creates,
        // rfc9000 4.6/3
        Category::PeersBeyondLimit(Bidi | Uni) => {
            Reception::Breaks(Violation::ResetStreamBeyondLimit)
        }
    }
}

fn stop_sending(category: Category) -> Reception {
    match category {
        // rfc9000 19.5/1
        Category::OursNotCreated(Bidi | Uni) => Reception::Breaks(Violation::StopSendingNotCreated),
        Category::OursLive(Bidi | Uni) | Category::PeersLive(Bidi) => Reception::Reaches,
        Category::OursClosed(Bidi | Uni) | Category::PeersClosed(Bidi) => Reception::Late,
        // rfc9000 3.2/4: it creates a bidirectional stream, as MAX_STREAM_DATA does.
        Category::PeersNotCreated(Bidi) => Reception::Creates,
        // rfc9000 4.6/3
        Category::PeersBeyondLimit(Bidi) => Reception::Breaks(Violation::StopSendingBeyondLimit),
        // rfc9000 19.5/2
        Category::PeersNotCreated(Uni)
        | Category::PeersBeyondLimit(Uni)
        | Category::PeersLive(Uni)
        | Category::PeersClosed(Uni) => Reception::Breaks(Violation::StopSendingOnReceiveOnly),
    }
}

fn stream(category: Category) -> Reception {
    match category {
        // rfc9000 19.8/1
        Category::OursNotCreated(Bidi) => Reception::Breaks(Violation::StreamNotCreated),
        Category::OursNotCreated(Uni) | Category::OursLive(Uni) | Category::OursClosed(Uni) => {
            Reception::Breaks(Violation::StreamOnSendOnly)
        }
        Category::OursLive(Bidi) | Category::PeersLive(Bidi | Uni) => Reception::Reaches,
        Category::OursClosed(Bidi) | Category::PeersClosed(Bidi | Uni) => Reception::Late,
        Category::PeersNotCreated(Bidi | Uni) => Reception::Creates,
        // rfc9000 4.6/3
        Category::PeersBeyondLimit(Bidi | Uni) => Reception::Breaks(Violation::StreamBeyondLimit),
    }
}

fn max_stream_data(category: Category) -> Reception {
    match category {
        // rfc9000 19.10/1
        Category::OursNotCreated(Bidi | Uni) => {
            Reception::Breaks(Violation::MaxStreamDataNotCreated)
        }
        Category::OursLive(Bidi | Uni) | Category::PeersLive(Bidi) => Reception::Reaches,
        Category::OursClosed(Bidi | Uni) | Category::PeersClosed(Bidi) => Reception::Late,
        Category::PeersNotCreated(Bidi) => Reception::Creates,
        // rfc9000 4.6/3
        Category::PeersBeyondLimit(Bidi) => Reception::Breaks(Violation::MaxStreamDataBeyondLimit),
        // rfc9000 19.10/2
        Category::PeersNotCreated(Uni)
        | Category::PeersBeyondLimit(Uni)
        | Category::PeersLive(Uni)
        | Category::PeersClosed(Uni) => Reception::Breaks(Violation::MaxStreamDataOnReceiveOnly),
    }
}

fn stream_data_blocked(category: Category) -> Reception {
    match category {
        // rfc9000 19.13/2
        Category::OursNotCreated(Uni) | Category::OursLive(Uni) | Category::OursClosed(Uni) => {
            Reception::Breaks(Violation::StreamDataBlockedOnSendOnly)
        }
        Category::OursNotCreated(Bidi) => {
            Reception::Unclear(Violation::StreamDataBlockedNotCreated, |c| {
                c.blocked_not_created_is_error
            })
        }
        Category::OursLive(Bidi) | Category::PeersLive(Bidi | Uni) => Reception::Reaches,
        Category::OursClosed(Bidi) | Category::PeersClosed(Bidi | Uni) => Reception::Late,
        Category::PeersNotCreated(Bidi | Uni) => Reception::Creates,
        // rfc9000 4.6/3
        Category::PeersBeyondLimit(Bidi | Uni) => {
            Reception::Breaks(Violation::StreamDataBlockedBeyondLimit)
        }
    }
}
