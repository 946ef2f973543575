//! §19.8 STREAM frames: for which streams they may arrive, and how far they may reach.

use streamproof_model::rfc::frame::FrameType;
use streamproof_model::rfc::identity::{Direction, MAX_VARINT, Side, StreamId};
use streamproof_model::rfc::parameters::Parameters;
use streamproof_model::rfc::permitted::{Category, Reception};
use streamproof_model::rfc::rules::{RFC9000, Rules};
use streamproof_model::rfc::violation::TransportError;

use super::support::{BIDI, End, UNI, shows, stream};

/// Every STREAM frame reaches its stream, whatever that is.
fn reaches_all(rules: &mut Rules) {
    rules.permitted = |frame, category| match frame {
        FrameType::Stream => Some(Reception::Reaches),
        FrameType::ResetStream
        | FrameType::StopSending
        | FrameType::MaxData
        | FrameType::MaxStreamData
        | FrameType::MaxStreams
        | FrameType::DataBlocked
        | FrameType::StreamDataBlocked
        | FrameType::StreamsBlocked
        | FrameType::ConnectionClose => (RFC9000.permitted)(frame, category),
    };
}

#[test]
fn stream_for_a_send_only_stream_is_an_error() {
    shows(
        |rules| {
            let mut end = End::sender(rules);
            end.receives([stream(UNI, 0, 1, false)]);
            assert!(end.closes_with(TransportError::StreamStateError));
        },
        reaches_all,
    );
}

#[test]
fn stream_for_a_stream_of_ours_that_is_not_open_is_an_error() {
    shows(
        |rules| {
            let mut end = End::client(rules, Parameters::WIDE);
            end.receives([stream(BIDI, 0, 1, false)]);
            assert!(end.closes_with(TransportError::StreamStateError));
        },
        reaches_all,
    );
}

#[test]
fn stream_reaches_every_open_stream_on_which_the_peer_sends() {
    let theirs = StreamId::new(Side::Server, Direction::Unidirectional, 0);
    let mut end = End::sender(RFC9000);
    end.receives([stream(BIDI, 0, 1, false), stream(theirs, 0, 1, false)]);
    assert!(end.is_open());
    for id in [BIDI, theirs] {
        assert_eq!(end.at.receiving(id).expect("a receiving part").largest_received(), 1);
        assert!(matches!(
            end.at.category(&RFC9000, id),
            Category::OursLive(_) | Category::PeersLive(_)
        ));
    }
}

#[test]
fn data_ends_at_the_largest_offset_at_most() {
    let endless = Parameters { max_data: u64::MAX, ..Parameters::WIDE.with_stream_limit(u64::MAX) };
    shows(
        |rules| {
            let mut end = End::server(rules, endless);
            end.receives([stream(UNI, MAX_VARINT - 1, 1, false)]);
            assert!(end.is_open());
            end.receives([stream(UNI, MAX_VARINT, 1, false)]);
            assert!(end.closes_with(TransportError::FrameEncodingError));
        },
        |rules| rules.offset_is_too_large = |_| false,
    );
}

#[test]
fn fin_stands_behind_the_last_byte_and_may_come_alone() {
    shows(
        |rules| {
            let mut end = End::server(rules, Parameters::WIDE);
            end.receives([stream(UNI, 0, 3, false), stream(UNI, 3, 0, true)]);
            assert_eq!(end.at.receiving(UNI).expect("the stream").final_size, Some(3));
        },
        |rules| rules.final_size_of_fin = |offset, length| offset + length + 1,
    );
}
