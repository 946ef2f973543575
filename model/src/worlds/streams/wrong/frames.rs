//! §11.1, §19, §20.1: which frame may arrive where, and the error that answers one that may not.

use super::Class::{Error, Lifecycle, Streams};
use super::rules::{accept, outdated_limit, refuse, resets};
use super::{Mutant, mutant};
use crate::rfc::frame::{Frame, FrameType};
use crate::rfc::identity::Direction::Unidirectional as Uni;
use crate::rfc::limits::MAX_STREAM_LIMIT;
use crate::rfc::permitted::Category as C;
use crate::rfc::rules::{RFC9000, Rules};
use crate::rfc::violation::Violation;

const OWN_ERROR: &str = "§20.1 a violation is answered with its own error";

#[rustfmt::skip] // a table
pub(super) const MUTANTS: &[Mutant] = &[
    mutant("accept RESET_STREAM on a send-only stream", "19.4", Lifecycle, "hostile-receiver", OWN_ERROR,
        Rules { permitted: |f, c| accept(f, c, matches!((f, c),
            (FrameType::ResetStream, C::OursNotCreated(Uni) | C::OursLive(Uni) | C::OursClosed(Uni)))), ..RFC9000 }),
    mutant("accept STOP_SENDING for a stream not created", "19.5", Lifecycle, "hostile-receiver", OWN_ERROR,
        Rules { permitted: |f, c| accept(f, c, matches!((f, c),
            (FrameType::StopSending, C::OursNotCreated(_)))), ..RFC9000 }),
    mutant("accept STOP_SENDING on a receive-only stream", "19.5", Lifecycle, "hostile-sender", OWN_ERROR,
        Rules { permitted: |f, c| accept(f, c, matches!((f, c),
            (FrameType::StopSending, C::PeersNotCreated(Uni) | C::PeersLive(Uni) | C::PeersClosed(Uni)))), ..RFC9000 }),
    mutant("accept STREAM for a stream not created", "19.8", Lifecycle, "hostile-receiver", OWN_ERROR,
        Rules { permitted: |f, c| accept(f, c, matches!((f, c),
            (FrameType::Stream, C::OursNotCreated(_)))), ..RFC9000 }),
    mutant("accept STREAM on a send-only stream", "19.8", Lifecycle, "hostile-receiver", OWN_ERROR,
        Rules { permitted: |f, c| accept(f, c, matches!((f, c),
            (FrameType::Stream, C::OursLive(Uni) | C::OursClosed(Uni)))), ..RFC9000 }),
    mutant("accept MAX_STREAM_DATA for a stream not created", "19.10", Lifecycle, "hostile-frames-uni", OWN_ERROR,
        Rules { permitted: |f, c| accept(f, c, matches!((f, c),
            (FrameType::MaxStreamData, C::OursNotCreated(_)))), ..RFC9000 }),
    mutant("accept MAX_STREAM_DATA on a receive-only stream", "19.10", Lifecycle, "hostile-frames-uni", OWN_ERROR,
        Rules { permitted: |f, c| accept(f, c, matches!((f, c),
            (FrameType::MaxStreamData, C::PeersNotCreated(Uni) | C::PeersLive(Uni) | C::PeersClosed(Uni)))), ..RFC9000 }),
    mutant("accept MAX_STREAMS beyond 2^60", "19.11", Streams, "hostile-frames-uni", OWN_ERROR,
        Rules { limit_is_too_large: |frame, limit| frame == FrameType::StreamsBlocked && limit > MAX_STREAM_LIMIT, ..RFC9000 }),
    mutant("accept STREAM_DATA_BLOCKED on a send-only stream", "19.13", Lifecycle, "hostile-frames-uni", OWN_ERROR,
        Rules { permitted: |f, c| accept(f, c, matches!((f, c),
            (FrameType::StreamDataBlocked, C::OursNotCreated(Uni) | C::OursLive(Uni) | C::OursClosed(Uni)))), ..RFC9000 }),
    mutant("accept STREAMS_BLOCKED beyond 2^60", "19.14", Streams, "hostile-frames-uni", OWN_ERROR,
        Rules { limit_is_too_large: |frame, limit| frame == FrameType::MaxStreams && limit > MAX_STREAM_LIMIT, ..RFC9000 }),
    mutant("call a stream beyond the limit a state error", "20.1", Error, "hostile-frames-uni", OWN_ERROR,
        Rules { permitted: |f, c| refuse((f, c), matches!((f, c),
            (FrameType::Stream, C::PeersBeyondLimit(_))), Violation::StreamOnSendOnly), ..RFC9000 }),

    mutant("close on STOP_SENDING", "19.5", Error, "uni", "§11.1 a legal peer is never closed on",
        Rules { permitted: |f, c| refuse((f, c), f == FrameType::StopSending, Violation::StopSendingNotCreated), ..RFC9000 }),
    mutant("close on an empty frame", "19.8", Error, "hostile-sender", "§11.1 a frame without fault never closes",
        Rules { extra_violation: |_, frame| {
            matches!(frame, Frame::Stream { length: 0, .. }).then_some(Violation::StreamOnSendOnly)
        }, ..RFC9000 }),
    mutant("close on a repeated RESET_STREAM", "3.2", Lifecycle, "uni-double", "§11.1 a legal peer is never closed on",
        Rules { extra_violation: |endpoint, frame| {
            resets(endpoint, frame, |part| part.reset.is_some()).then_some(Violation::ResetStreamOnSendOnly)
        }, ..RFC9000 })
        .seen(&["picoquic #1597"]),
    mutant("close on a frame for a closed stream", "3.3", Lifecycle, "uni-double", "§11.1 a legal peer is never closed on",
        Rules { permitted: |f, c| refuse((f, c), matches!(c, C::PeersClosed(_)), Violation::StreamNotCreated), ..RFC9000 }),
    mutant("close on an outdated limit", "13.3", Error, "hostile-frames-uni", "§11.1 a frame without fault never closes",
        Rules { extra_violation: outdated_limit, ..RFC9000 }),
];
