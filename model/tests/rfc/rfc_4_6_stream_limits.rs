//! §4.6 Controlling concurrency: limits on streams, both ways.

use streamproof_model::rfc::call::{Answer, Call};
use streamproof_model::rfc::frame::{Frame, FrameType};
use streamproof_model::rfc::identity::{Direction, Side, StreamId};
use streamproof_model::rfc::limits::MAX_STREAM_LIMIT;
use streamproof_model::rfc::parameters::Parameters;
use streamproof_model::rfc::violation::TransportError;

use super::support::{BIDI, End, UNI, reset, shows, stop, stream};

/// One stream of each direction.
const ONE: Parameters = Parameters { max_streams_bidi: 1, max_streams_uni: 1, ..Parameters::WIDE };
const OPEN: Call = Call::Open { direction: Direction::Unidirectional };

const fn second(direction: Direction) -> StreamId {
    StreamId::new(Side::Client, direction, 1)
}

const fn max_streams(maximum_streams: u64) -> Frame {
    Frame::MaxStreams { direction: Direction::Unidirectional, maximum_streams }
}

#[test]
fn open_waits_at_the_limit_says_so_and_goes_on_when_it_is_raised() {
    shows(
        |rules| {
            let mut end = End::client(rules, ONE);
            assert_eq!(end.call(OPEN), Answer::Opened { stream_id: UNI });
            assert_eq!(end.call(OPEN), Answer::Blocked);
            let (direction, maximum_streams) = (Direction::Unidirectional, 1);
            assert_eq!(end.sends(), [Frame::StreamsBlocked { direction, maximum_streams }]);
            end.receives([max_streams(2)]);
            assert_eq!(end.call(OPEN), Answer::Opened { stream_id: second(direction) });
        },
        |rules| rules.may_open = |_, _| true,
    );
}

#[test]
fn limit_of_one_direction_is_not_that_of_the_other() {
    let mut end = End::client(streamproof_model::rfc::rules::RFC9000, ONE);
    end.call(OPEN);
    let other = Call::Open { direction: Direction::Bidirectional };
    assert_eq!(end.call(other), Answer::Opened { stream_id: BIDI });
}

#[test]
fn limit_smaller_than_the_last_is_ignored() {
    shows(
        |rules| {
            let mut end = End::client(rules, ONE);
            end.receives([max_streams(3), max_streams(2)]);
            assert_eq!(end.at.opens.of(Direction::Unidirectional).credit.limit, 3);
        },
        |rules| rules.raised_limit = |_, advertised| advertised,
    );
}

#[test]
fn every_frame_for_a_stream_beyond_the_limit_is_an_error() {
    let beyond = second(Direction::Bidirectional);
    let frames = [
        stream(beyond, 0, 1, false),
        reset(beyond, 0),
        stop(beyond),
        Frame::MaxStreamData { stream_id: beyond, maximum_stream_data: 9 },
        Frame::StreamDataBlocked { stream_id: beyond, maximum_stream_data: 9 },
    ];
    for frame in frames {
        let refused = |rules| {
            let mut end = End::server(rules, ONE);
            end.receives([frame]);
            assert!(end.closes_with(TransportError::StreamLimitError), "{frame}");
        };
        shows(refused, |rules| rules.is_beyond_stream_limit = |_, _| false);
        shows(refused, |rules| rules.stream_limit_is_enforced = |_| false);
    }
}

#[test]
fn limit_that_counts_is_the_one_that_was_advertised() {
    shows(
        |rules| {
            let mut end = End::server(rules, ONE);
            end.receives([stream(UNI, 0, 0, true)]);
            // The stream is over, and the peer does not know that it may open another.
            end.call(Call::Read { stream_id: UNI });
            end.receives([stream(second(Direction::Unidirectional), 0, 1, false)]);
            assert!(end.closes_with(TransportError::StreamLimitError));
        },
        |rules| rules.enforced_limit = |credit, released| credit.internal(released),
    );
}

#[test]
fn stream_that_is_over_lets_the_peer_open_another() {
    shows(
        |rules| {
            let mut end = End::server(rules, ONE);
            end.receives([stream(UNI, 0, 0, true)]);
            assert_eq!(end.sends(), [], "the application has not read the end");
            end.call(Call::Read { stream_id: UNI });
            assert_eq!(end.sends(), [max_streams(2)]);
        },
        |rules| rules.released_streams = |_| 0,
    );
}

#[test]
fn bidirectional_stream_is_over_when_both_its_parts_are() {
    let mut end = End::server(streamproof_model::rfc::rules::RFC9000, ONE);
    end.receives([stream(BIDI, 0, 0, true)]);
    end.call(Call::Read { stream_id: BIDI });
    end.call(Call::End { stream_id: BIDI });
    let fin = end.sends();
    assert_eq!(fin, [stream(BIDI, 0, 0, true)]);
    end.is_acknowledged(&fin);
    let raised = Frame::MaxStreams { direction: Direction::Bidirectional, maximum_streams: 2 };
    assert_eq!(end.sends(), [raised]);
}

#[test]
fn limit_beyond_two_to_the_sixtieth_is_an_error() {
    let too_large = [
        max_streams(MAX_STREAM_LIMIT + 1),
        Frame::StreamsBlocked {
            direction: Direction::Unidirectional,
            maximum_streams: MAX_STREAM_LIMIT + 1,
        },
    ];
    for frame in too_large {
        shows(
            |rules| {
                let mut end = End::client(rules, ONE);
                end.receives([max_streams(MAX_STREAM_LIMIT)]);
                assert!(end.is_open());
                end.receives([frame]);
                assert!(end.closes_with(TransportError::FrameEncodingError), "{frame}");
            },
            |rules| rules.limit_is_too_large = |_, _| false,
        );
    }
}

#[test]
fn blocked_open_is_told_once_for_each_limit() {
    shows(
        |rules| {
            let mut end = End::client(rules, Parameters { max_streams_uni: 0, ..ONE });
            end.call(OPEN);
            end.call(OPEN);
            assert_eq!(end.sends().len(), 1);
            end.call(OPEN);
            assert_eq!(end.sends(), []);
        },
        |rules| rules.blocked_is_told = |frame| frame != FrameType::StreamsBlocked,
    );
}
