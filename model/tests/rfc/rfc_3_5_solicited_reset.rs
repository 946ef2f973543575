//! §3.5 Solicited state transitions: STOP_SENDING, and the RESET_STREAM that answers it.

use streamproof_model::rfc::call::{Call, SendOutcome};
use streamproof_model::rfc::frame::ErrorCode;
use streamproof_model::rfc::parameters::Parameters;

use super::support::{CODE, End, UNI, reset, shows, stop, stream};

#[test]
fn stop_sending_is_answered_by_reset_with_its_code() {
    shows(
        |rules| {
            let mut end = End::sender(rules);
            end.call(Call::Write { stream_id: UNI, length: 2 });
            end.sends();
            end.receives([stop(UNI)]);
            assert_eq!(end.sends(), [reset(UNI, 2)]);
            assert_eq!(end.at.send_outcome(UNI), Some(SendOutcome::Stopped { code: CODE }));
        },
        |rules| rules.answering_code = |_| ErrorCode(0),
    );
}

#[test]
fn stop_sending_is_answered_in_ready_and_send_without_the_application() {
    for length in [0, 2] {
        shows(
            |rules| {
                let mut end = End::sender(rules);
                end.call(Call::Write { stream_id: UNI, length });
                end.sends();
                end.receives([stop(UNI)]);
                assert_eq!(end.sends(), [reset(UNI, length)]);
            },
            |rules| rules.stop_waits_for_application = || true,
        );
    }
}

#[test]
fn stop_sending_for_what_has_arrived_is_not_answered() {
    shows(
        |rules| {
            let mut end = End::sender(rules);
            end.call(Call::End { stream_id: UNI });
            let fin = end.sends();
            end.is_acknowledged(&fin);
            end.receives([stop(UNI)]);
            assert_eq!(
                (end.sends(), end.at.send_outcome(UNI)),
                (vec![], Some(SendOutcome::Delivered))
            );
        },
        |rules| rules.send_table = |_, _| streamproof_model::rfc::sending::Step::Stay,
    );
}

#[test]
fn stop_sending_goes_out_only_while_something_is_still_to_come() {
    let abort = Call::AbortReading { stream_id: UNI, code: CODE };
    for (before, goes_out) in [
        (vec![stream(UNI, 0, 1, false)], true),
        (vec![stream(UNI, 1, 1, true)], true),
        (vec![stream(UNI, 0, 1, true)], false),
    ] {
        shows(
            |rules| {
                let mut end = End::server(rules, Parameters::WIDE);
                end.receives(before.clone());
                end.call(abort);
                assert_eq!(end.sends().contains(&stop(UNI)), goes_out, "{before:?}");
            },
            |rules| match goes_out {
                true => rules.stop_is_overtaken = |_, _| true,
                false => rules.stop_is_moot = |_| false,
            },
        );
    }
}

#[test]
fn stop_sending_is_not_sent_once_a_reset_has_arrived() {
    shows(
        |rules| {
            let mut end = End::server(rules, Parameters::WIDE);
            end.receives([stream(UNI, 0, 1, false)]);
            end.call(Call::AbortReading { stream_id: UNI, code: CODE });
            end.receives([reset(UNI, 1)]);
            assert!(!end.sends().contains(&stop(UNI)));
        },
        |rules| rules.stop_is_overtaken = |_, _| false,
    );
}
