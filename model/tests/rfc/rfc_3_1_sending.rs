//! §3.1 Sending stream states: what takes a part along the edges of Figure 2.

use streamproof_model::rfc::call::Call;
use streamproof_model::rfc::sending::{SendEvent, SendState, Step};

use super::support::{CODE, End, UNI, reset, shows};

fn state(end: &End) -> SendState {
    end.at.sending(UNI).expect("the stream").state
}

#[test]
fn data_and_its_end_take_a_part_from_ready_to_data_recvd() {
    shows(
        |rules| {
            let mut end = End::sender(rules);
            assert_eq!(state(&end), SendState::Ready);
            end.call(Call::Write { stream_id: UNI, length: 2 });
            let data = end.sends();
            assert_eq!(state(&end), SendState::Send);
            end.call(Call::End { stream_id: UNI });
            let fin = end.sends();
            assert_eq!(state(&end), SendState::DataSent);
            end.is_acknowledged(&fin);
            assert_eq!(state(&end), SendState::DataSent, "the data is not acknowledged yet");
            end.is_acknowledged(&data);
            assert_eq!(state(&end), SendState::DataRecvd);
        },
        |rules| rules.all_acknowledged = |part| part.ended,
    );
}

#[test]
fn reset_takes_a_part_to_reset_recvd_from_ready_send_and_data_sent() {
    for (written, ended) in [(0, false), (2, false), (2, true)] {
        shows(
            |rules| {
                let mut end = End::sender(rules);
                end.call(Call::Write { stream_id: UNI, length: written });
                if ended {
                    end.call(Call::End { stream_id: UNI });
                }
                end.sends();
                end.call(Call::Reset { stream_id: UNI, code: CODE });
                assert_eq!(end.sends(), [reset(UNI, written)]);
                assert_eq!(state(&end), SendState::ResetSent);
                end.is_acknowledged(&[reset(UNI, written)]);
                assert_eq!(state(&end), SendState::ResetRecvd);
            },
            |rules| {
                rules.send_table = |state, event| match event {
                    SendEvent::RecvResetAck => Step::Stay,
                    SendEvent::SendStream
                    | SendEvent::SendStreamFin
                    | SendEvent::SendResetStream
                    | SendEvent::RecvAllAcks => state.on(event),
                };
            },
        );
    }
}

#[test]
fn part_in_a_terminal_state_sends_nothing_more() {
    let mut end = End::sender(streamproof_model::rfc::rules::RFC9000);
    end.call(Call::End { stream_id: UNI });
    let fin = end.sends();
    end.is_acknowledged(&fin);
    assert!(state(&end).is_terminal());
    end.call(Call::Reset { stream_id: UNI, code: CODE });
    end.loses();
    assert_eq!(end.sends(), []);
}
