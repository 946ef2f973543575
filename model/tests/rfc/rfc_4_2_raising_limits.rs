//! §4.2 Increasing flow control limits: when MAX_DATA and MAX_STREAM_DATA go out, and with what.

use streamproof_model::rfc::call::Call;
use streamproof_model::rfc::frame::Frame;
use streamproof_model::rfc::parameters::Parameters;

use super::support::{CODE, End, UNI, reset, shows, stream};

const NARROW: Parameters = Parameters { max_data: 5, ..Parameters::WIDE.with_stream_limit(4) };

const fn max_data(maximum_data: u64) -> Frame {
    Frame::MaxData { maximum_data }
}

const fn max_stream_data(maximum_stream_data: u64) -> Frame {
    Frame::MaxStreamData { stream_id: UNI, maximum_stream_data }
}

#[test]
fn what_was_read_is_given_back_to_both_limits() {
    shows(
        |rules| {
            let mut end = End::server(rules, NARROW);
            end.receives([stream(UNI, 0, 3, false)]);
            assert_eq!(end.sends(), [], "nothing was read");
            end.call(Call::Read { stream_id: UNI });
            assert_eq!(end.sends(), [max_data(8), max_stream_data(7)]);
        },
        |rules| rules.released_on_stream = |_| 0,
    );
}

#[test]
fn limit_of_a_stream_is_not_raised_once_its_final_size_is_known() {
    shows(
        |rules| {
            let mut end = End::server(rules, NARROW);
            end.receives([stream(UNI, 0, 2, false), stream(UNI, 3, 1, true)]);
            end.call(Call::Read { stream_id: UNI });
            assert_eq!(end.sends(), [max_data(7)]);
        },
        |rules| rules.wants_more = |_| true,
    );
}

#[test]
fn reset_gives_all_that_the_peer_has_used_back_to_the_connection() {
    shows(
        |rules| {
            let mut end = End::server(rules, NARROW);
            end.receives([stream(UNI, 0, 1, false), reset(UNI, 4)]);
            assert_eq!(end.sends(), [max_data(9)]);
        },
        |rules| rules.released = |part| part.read,
    );
}

#[test]
fn stopped_reader_gives_back_what_arrives() {
    shows(
        |rules| {
            let mut end = End::server(rules, NARROW);
            end.receives([stream(UNI, 0, 1, false)]);
            end.call(Call::AbortReading { stream_id: UNI, code: CODE });
            end.receives([stream(UNI, 1, 2, false)]);
            assert!(end.sends().contains(&max_data(8)));
        },
        |rules| rules.released = |part| part.read,
    );
}

#[test]
fn small_rise_is_not_worth_a_frame() {
    shows(
        |rules| {
            let wide = Parameters { max_data: 64, ..Parameters::WIDE.with_stream_limit(64) };
            let mut end = End::server(rules, wide);
            end.receives([stream(UNI, 0, 7, false)]);
            end.call(Call::Read { stream_id: UNI });
            assert_eq!(end.sends(), []);
            end.receives([stream(UNI, 7, 1, false)]);
            end.call(Call::Read { stream_id: UNI });
            assert_eq!(end.sends(), [max_data(72), max_stream_data(72)]);
        },
        |rules| rules.update_step = |_| 1,
    );
}
