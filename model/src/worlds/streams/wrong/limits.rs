//! §2.1, §3.2, §4.6: the numbers of streams, and the limits on them.

use super::Class::{Lifecycle, Race, Streams};
use super::{Mutant, mutant, rules};
use crate::rfc::frame::FrameType;
use crate::rfc::permitted::{Category, Reception};
use crate::rfc::rules::{RFC9000, Rules};

#[rustfmt::skip] // a table
pub(super) const MUTANTS: &[Mutant] = &[
    mutant("use a stream ID twice", "2.1", Lifecycle, "limits-uni",
        "§2.1 a stream's ID is never used twice",
        Rules { next_ordinal: |endpoint, d| endpoint.opens.of(d).opened.saturating_sub(1), ..RFC9000 }),
    mutant("use the ID of a closed stream again", "2.1", Lifecycle, "limits-bidi",
        "§2.1 a stream's ID is never used twice",
        Rules { next_ordinal: rules::lowest_closed, ..RFC9000 }),
    mutant("leave lower-numbered streams uncreated", "3.2", Streams, "hostile-credit",
        "§3.2 a stream opens all before it",
        Rules { first_opened: |_, ordinal| ordinal, ..RFC9000 }),

    mutant("open a stream beyond the limit", "4.6", Streams, "limits-bidi",
        "§4.6 no stream is opened beyond the peer's limit",
        Rules { may_open: |_, _| true, ..RFC9000 }),
    mutant("open one stream more than the limit", "4.6", Streams, "limits-bidi",
        "§4.6 no stream is opened beyond the peer's limit",
        Rules { may_open: |opened, limit| opened <= limit, ..RFC9000 }),
    mutant("count only open streams against the limit", "4.6", Streams, "limits-bidi",
        "§4.6 no stream is opened beyond the peer's limit",
        Rules { streams_used: rules::open_streams, ..RFC9000 }),
    mutant("let a smaller stream limit count", "4.6", Streams, "hostile-frames-uni",
        "§4.1 a limit never shrinks",
        Rules { side_effect: rules::any_max_streams_counts, ..RFC9000 }),
    mutant("never say that the limit on streams stops us", "4.6", Streams, "limits-bidi",
        "§4.1 who is blocked says so",
        Rules { blocked_is_told: |frame| frame != FrameType::StreamsBlocked, ..RFC9000 }),
    mutant("say that we are blocked by a limit that was raised", "19.14", Streams, "limits-bidi",
        "§19.12 who says that it is blocked is blocked there",
        Rules { blocked_is_over: |_, _| false, ..RFC9000 }),
    mutant("let openers sleep on when MAX_STREAMS arrives", "4.6", Race, "limits-bidi",
        "§4.6 a blocked open goes on or is told why not in the end",
        Rules { blocked_is_over: |_, _| false, side_effect: rules::openers_sleep_on, ..RFC9000 }),

    mutant("accept a stream beyond the limit", "4.6", Streams, "hostile-frames-uni",
        "§20.1 a violation is answered with its own error",
        Rules { is_beyond_stream_limit: |_, _| false, ..RFC9000 }),
    mutant("accept one stream more than the limit", "4.6", Streams, "hostile-frames-uni",
        "§20.1 a violation is answered with its own error",
        Rules { is_beyond_stream_limit: |ordinal, limit| ordinal > limit, ..RFC9000 }),
    mutant("close on the last stream of the limit", "4.6", Streams, "limits-bidi",
        "§11.1 a legal peer is never closed on",
        Rules { is_beyond_stream_limit: |ordinal, limit| ordinal + 1 >= limit, ..RFC9000 }),
    mutant("check the limit on streams for STREAM alone", "4.6", Streams, "hostile-frames-uni",
        "§20.1 a violation is answered with its own error",
        Rules { permitted: |frame, category| {
            let beyond = matches!(category, Category::PeersBeyondLimit(_)) && frame != FrameType::Stream;
            if beyond { Some(Reception::Creates) } else { (RFC9000.permitted)(frame, category) }
        }, ..RFC9000 }),

    mutant("close the stream with its first part", "3.4", Lifecycle, "limits-bidi",
        "§4.6 credit for streams is never given twice",
        Rules { released_streams: |stream| {
            let sent = stream.sending.as_ref().is_some_and(|part| part.state.is_terminal());
            u64::from(sent || stream.receiving.as_ref().is_some_and(|part| part.told))
        }, ..RFC9000 }),
    mutant("give a stream back before its end is read", "4.6", Streams, "limits-uni",
        "§4.6 credit for streams is never given twice",
        Rules { released_streams: |stream| {
            u64::from(stream.receiving.as_ref().is_none_or(|part| part.final_size.is_some()))
        }, ..RFC9000 })
        .seen(&["web-transport #307"]),
    mutant("give a stream back twice", "4.6", Streams, "limits-bidi",
        "§4.6 credit for streams is never given twice",
        Rules { released_streams: |stream| 2 * u64::from(stream.is_released()), ..RFC9000 }),
    mutant("keep a stopped stream that is reset", "4.6", Lifecycle, "limits-cancel",
        "§4.6 credit for streams is never lost",
        Rules { released_streams: |stream| {
            let stopped = stream.receiving.as_ref().is_some_and(|part| part.stop.is_some() && part.reset.is_some());
            u64::from(stream.is_released() && !stopped)
        }, ..RFC9000 })
        .seen(&["quinn #948"]),
    mutant("keep a stream that was stopped with data in flight", "4.6", Lifecycle, "limits-cancel",
        "§4.6 credit for streams is never lost",
        Rules { released_streams: |stream| {
            let stopped = stream.receiving.as_ref().is_some_and(|part| part.stop.is_some_and(|stop| !stop.moot));
            u64::from(stream.is_released() && !stopped)
        }, ..RFC9000 })
        .seen(&["quinn #1421"]),
    mutant("keep a stream that its peer cancels", "4.6", Streams, "limits-bidi-full",
        "§4.6 credit for streams is never lost",
        Rules { released_streams: |stream| {
            let reset = stream.receiving.as_ref().is_some_and(|part| part.reset.is_some());
            u64::from(stream.is_released() && !reset)
        }, ..RFC9000 })
        .seen(&["lsquic #435"]),
    mutant("wait for STREAMS_BLOCKED before giving streams", "4.6", Streams, "limits-bidi",
        "§4.6 credit for streams is never lost",
        Rules { updates_unasked: rules::only_if_asked, side_effect: rules::asked_for, ..RFC9000 }),
];
