//! §2.4 Operations on streams.

use streamproof_model::rfc::call::{Answer, Call, RecvOutcome, SendOutcome};
use streamproof_model::rfc::frame::{ErrorCode, Frame};
use streamproof_model::rfc::parameters::Parameters;

use super::support::{CODE, End, UNI, reset, shows, stop, stream};

#[test]
fn what_is_written_and_ended_goes_out_with_the_end() {
    shows(
        |rules| {
            let mut end = End::sender(rules);
            assert_eq!(
                end.call(Call::Write { stream_id: UNI, length: 3 }),
                Answer::Wrote { length: 3 }
            );
            assert_eq!(end.call(Call::End { stream_id: UNI }), Answer::Accepted);
            assert_eq!(end.call(Call::Write { stream_id: UNI, length: 1 }), Answer::Finished);
            assert_eq!(end.sends(), [stream(UNI, 0, 3, true)]);
        },
        |rules| rules.write_is_over = |_| false,
    );
}

#[test]
fn reset_goes_out_with_the_code_of_the_application() {
    shows(
        |rules| {
            let mut end = End::sender(rules);
            assert_eq!(end.call(Call::Reset { stream_id: UNI, code: CODE }), Answer::Accepted);
            assert_eq!(end.sends(), [reset(UNI, 0)]);
            let outcome = SendOutcome::Reset { code: CODE };
            assert_eq!(end.call(Call::End { stream_id: UNI }), Answer::SendEnded { outcome });
        },
        |rules| rules.reset_code = |_| ErrorCode(0),
    );
}

#[test]
fn first_reset_is_the_one_that_is_sent() {
    shows(
        |rules| {
            let mut end = End::sender(rules);
            end.call(Call::Reset { stream_id: UNI, code: CODE });
            end.receives([Frame::StopSending {
                stream_id: UNI,
                application_protocol_error_code: ErrorCode(9),
            }]);
            assert_eq!(end.sends(), [reset(UNI, 0)]);
        },
        |rules| rules.first_reset_wins = || false,
    );
}

#[test]
fn data_is_read_in_order_and_then_the_end() {
    shows(
        |rules| {
            let mut end = End::server(rules, Parameters::WIDE);
            let read = Call::Read { stream_id: UNI };
            end.receives([stream(UNI, 2, 2, true)]);
            assert_eq!(end.call(read), Answer::NoData);
            end.receives([stream(UNI, 0, 2, false)]);
            assert_eq!(
                [end.call(read), end.call(read)],
                [Answer::Data { length: 4 }, Answer::EndOfStream]
            );
            assert_eq!(end.at.recv_outcome(UNI), Some(RecvOutcome::ReadToEnd));
        },
        |rules| rules.end_is_reported = |_| true,
    );
}

#[test]
fn aborted_reading_asks_the_peer_to_stop_with_the_code_of_the_application() {
    let mut end = End::server(streamproof_model::rfc::rules::RFC9000, Parameters::WIDE);
    end.receives([stream(UNI, 0, 1, false)]);
    assert_eq!(end.call(Call::AbortReading { stream_id: UNI, code: CODE }), Answer::Accepted);
    assert_eq!(end.sends(), [stop(UNI)]);
    let outcome = RecvOutcome::Stopped { code: CODE };
    assert_eq!(end.call(Call::Read { stream_id: UNI }), Answer::RecvEnded { outcome });
}

#[test]
fn reset_of_the_peer_is_told_once_all_that_arrived_before_it_is_read() {
    shows(
        |rules| {
            let mut end = End::server(rules, Parameters::WIDE);
            end.receives([stream(UNI, 0, 2, false), reset(UNI, 2)]);
            let outcome = RecvOutcome::Reset { code: CODE };
            let read = Call::Read { stream_id: UNI };
            let answers = [end.call(read), end.call(read), end.call(read)];
            let told = Answer::RecvEnded { outcome };
            assert_eq!(answers, [Answer::Data { length: 2 }, told, told]);
        },
        |rules| rules.reset_is_final = || false,
    );
}
