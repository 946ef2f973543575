//! §4.5 Stream final size: it is known once, it covers what arrived, and nothing comes beyond it.

use streamproof_model::rfc::call::Call;
use streamproof_model::rfc::frame::Frame;
use streamproof_model::rfc::parameters::Parameters;
use streamproof_model::rfc::receiving::RecvState;
use streamproof_model::rfc::rules::Rules;
use streamproof_model::rfc::violation::TransportError;

use super::support::{CODE, End, UNI, reset, shows, stream};

fn refused(rules: Rules, frames: impl IntoIterator<Item = Frame>) {
    let mut end = End::server(rules, Parameters::WIDE);
    end.receives(frames);
    assert!(end.closes_with(TransportError::FinalSizeError));
}

#[test]
fn final_size_is_that_of_the_first_fin_or_reset() {
    for frame in [stream(UNI, 2, 2, true), reset(UNI, 4)] {
        let mut end = End::server(streamproof_model::rfc::rules::RFC9000, Parameters::WIDE);
        end.receives([frame]);
        assert_eq!(end.at.receiving(UNI).expect("the stream").final_size, Some(4), "{frame}");
    }
}

#[test]
fn final_size_that_changes_is_an_error() {
    for first in [stream(UNI, 1, 3, true), reset(UNI, 4)] {
        for second in [stream(UNI, 2, 1, true), reset(UNI, 5)] {
            let breaks = |rules: &mut Rules| rules.final_size_changes = |_, _| false;
            shows(|rules| refused(rules, [first, second]), breaks);
        }
    }
}

#[test]
fn final_size_below_what_has_arrived_is_an_error() {
    for frame in [stream(UNI, 0, 2, true), reset(UNI, 2)] {
        let breaks = |rules: &mut Rules| rules.final_size_is_below = |_, _| false;
        shows(|rules| refused(rules, [stream(UNI, 0, 4, false), frame]), breaks);
    }
}

#[test]
fn fin_below_what_has_arrived_is_noticed() {
    let frames = [stream(UNI, 0, 4, false), stream(UNI, 0, 2, true)];
    shows(|rules| refused(rules, frames), |rules| rules.fin_below_is_noticed = || false);
}

#[test]
fn data_beyond_the_final_size_is_an_error_in_every_state_that_is_not_terminal() {
    let beyond = stream(UNI, 4, 1, false);
    for frames in [[stream(UNI, 1, 3, true), beyond], [stream(UNI, 0, 4, true), beyond]] {
        let breaks = |rules: &mut Rules| rules.data_is_beyond = |_, _| false;
        shows(|rules| refused(rules, frames), breaks);
    }
    shows(
        |rules| refused(rules, [reset(UNI, 4), beyond]),
        |rules| rules.stream_frames_are_read = |state| state != RecvState::ResetRecvd,
    );
}

#[test]
fn stopped_part_keeps_its_final_size() {
    shows(
        |rules| {
            let mut end = End::server(rules, Parameters::WIDE);
            end.receives([stream(UNI, 1, 3, true)]);
            end.call(Call::AbortReading { stream_id: UNI, code: CODE });
            end.receives([reset(UNI, 5)]);
            assert!(end.closes_with(TransportError::FinalSizeError));
        },
        |rules| rules.is_forgotten = |part| part.stop.is_some(),
    );
}

#[test]
fn reset_states_how_much_was_sent() {
    for (broken, wrong) in [(3, false), (0, true)] {
        shows(
            |rules| {
                let mut end = End::sender(rules);
                end.call(Call::Write { stream_id: UNI, length: 2 });
                end.sends();
                end.call(Call::Write { stream_id: UNI, length: 1 });
                end.call(Call::Reset { stream_id: UNI, code: CODE });
                assert_eq!(end.sends(), [reset(UNI, 2)], "not {broken}");
            },
            |rules| {
                rules.reset_final_size = if wrong { |_| 0 } else { |part| part.written };
            },
        );
    }
}
