//! §4.1 Data flow control: the limit of a stream, the limit of the connection, and who is stopped by them.

use streamproof_model::rfc::call::{Answer, Call};
use streamproof_model::rfc::frame::Frame;
use streamproof_model::rfc::parameters::Parameters;
use streamproof_model::rfc::violation::TransportError;

use super::support::{BIDI, CODE, End, UNI, reset, shows, stream};

/// Three bytes on a stream, five on the connection.
const NARROW: Parameters = Parameters { max_data: 5, ..Parameters::WIDE.with_stream_limit(3) };

fn sender(rules: streamproof_model::rfc::rules::Rules) -> End {
    let mut end = End::sender(rules);
    let at = &mut end.at;
    at.send_credit.limit = NARROW.max_data;
    for id in [UNI, BIDI] {
        let stream = at.streams.get_mut(&id).map(std::sync::Arc::make_mut).expect("open");
        stream.sending.as_mut().expect("a sending part").credit.limit = NARROW.max_stream_data_uni;
    }
    end
}

#[test]
fn data_beyond_the_limit_of_a_stream_is_a_flow_control_error() {
    shows(
        |rules| {
            let mut end = End::server(rules, NARROW);
            end.receives([stream(UNI, 0, 3, false)]);
            assert!(end.is_open());
            end.receives([stream(UNI, 3, 1, false)]);
            assert!(end.closes_with(TransportError::FlowControlError));
        },
        |rules| rules.exceeds_stream_limit = |_, _, _| false,
    );
}

#[test]
fn data_of_all_streams_counts_against_the_limit_of_the_connection() {
    shows(
        |rules| {
            let mut end = End::server(rules, NARROW);
            end.receives([stream(UNI, 0, 3, false), stream(BIDI, 0, 2, false)]);
            assert!(end.is_open());
            end.receives([stream(BIDI, 2, 1, false)]);
            assert!(end.closes_with(TransportError::FlowControlError));
        },
        |rules| rules.exceeds_connection_limit = |_, _| false,
    );
}

#[test]
fn limit_that_counts_is_the_one_that_was_advertised() {
    shows(
        |rules| {
            let mut end = End::server(rules, NARROW);
            end.receives([stream(UNI, 0, 3, false)]);
            // What is read is given back, and not told yet.
            end.call(Call::Read { stream_id: UNI });
            end.receives([stream(BIDI, 0, 3, false)]);
            assert!(end.closes_with(TransportError::FlowControlError));
        },
        |rules| rules.enforced_limit = |credit, released| credit.internal(released),
    );
}

#[test]
fn final_size_of_a_reset_counts_as_data_does() {
    shows(
        |rules| {
            let mut end = End::server(rules, NARROW);
            end.receives([reset(UNI, 4)]);
            assert!(end.closes_with(TransportError::FlowControlError));
        },
        |rules| {
            rules.exceeds_stream_limit = |frame, end, limit| {
                frame == streamproof_model::rfc::frame::FrameType::Stream && end > limit
            };
        },
    );
}

#[test]
fn writer_is_stopped_by_the_smaller_of_both_limits_and_says_by_which() {
    shows(
        |rules| {
            let mut end = sender(rules);
            let write = |stream_id| Call::Write { stream_id, length: 4 };
            assert_eq!(end.call(write(UNI)), Answer::Wrote { length: 3 });
            assert_eq!(end.call(write(UNI)), Answer::Blocked);
            assert_eq!(end.call(write(BIDI)), Answer::Wrote { length: 2 });
            assert_eq!(end.call(write(BIDI)), Answer::Blocked);
            let sent = end.sends();
            assert!(
                sent.contains(&Frame::StreamDataBlocked { stream_id: UNI, maximum_stream_data: 3 })
            );
            assert!(sent.contains(&Frame::DataBlocked { maximum_data: 5 }));
        },
        |rules| rules.room_of_both = |stream, _| stream,
    );
}

#[test]
fn limit_smaller_than_the_last_is_ignored() {
    shows(
        |rules| {
            let mut end = sender(rules);
            end.receives([Frame::MaxData { maximum_data: 9 }, Frame::MaxData { maximum_data: 2 }]);
            assert_eq!(end.at.send_credit.limit, 9);
        },
        |rules| rules.raised_limit = |_, advertised| advertised,
    );
}

#[test]
fn reset_gives_back_what_was_claimed_and_never_sent() {
    shows(
        |rules| {
            let mut end = sender(rules);
            end.call(Call::Write { stream_id: UNI, length: 3 });
            end.call(Call::Reset { stream_id: UNI, code: CODE });
            assert_eq!(
                end.call(Call::Write { stream_id: BIDI, length: 3 }),
                Answer::Wrote { length: 3 }
            );
        },
        |rules| rules.reset_final_size = |part| part.written,
    );
}
