//! §3.2 Receiving stream states: what takes a part along the edges of Figure 3, and what creates a stream.

use streamproof_model::rfc::call::Call;
use streamproof_model::rfc::frame::{Frame, FrameType};
use streamproof_model::rfc::parameters::Parameters;
use streamproof_model::rfc::receiving::{RecvEvent, RecvState};
use streamproof_model::rfc::sending::Step;

use super::support::{BIDI, End, UNI, reset, shows, stop, stream};

fn state(end: &End) -> RecvState {
    end.at.receiving(UNI).expect("the stream").state
}

#[test]
fn data_takes_a_part_from_recv_to_data_read() {
    shows(
        |rules| {
            let mut end = End::server(rules, Parameters::WIDE);
            let read = Call::Read { stream_id: UNI };
            end.receives([stream(UNI, 0, 1, false)]);
            assert_eq!(state(&end), RecvState::Recv);
            end.receives([stream(UNI, 2, 1, true)]);
            assert_eq!(state(&end), RecvState::SizeKnown, "a byte is missing");
            end.receives([stream(UNI, 1, 1, false)]);
            assert_eq!(state(&end), RecvState::DataRecvd);
            end.call(read);
            end.call(read);
            assert_eq!(state(&end), RecvState::DataRead);
        },
        |rules| rules.all_received = |part| part.final_size.is_some(),
    );
}

#[test]
fn reset_takes_a_part_from_recv_and_size_known_to_reset_read() {
    for before in [stream(UNI, 0, 1, false), stream(UNI, 1, 1, true)] {
        shows(
            |rules| {
                let mut end = End::server(rules, Parameters::WIDE);
                end.receives([before, reset(UNI, 2)]);
                assert_eq!(state(&end), RecvState::ResetRecvd);
                end.call(Call::Read { stream_id: UNI });
                end.call(Call::Read { stream_id: UNI });
                assert_eq!(state(&end), RecvState::ResetRead);
            },
            |rules| {
                rules.recv_table = |state, event| match event {
                    RecvEvent::RecvResetStream => Step::Stay,
                    RecvEvent::RecvStreamFin
                    | RecvEvent::RecvAllData
                    | RecvEvent::AppReadAllData
                    | RecvEvent::AppReadReset => state.on(event),
                };
            },
        );
    }
}

#[test]
fn every_frame_that_the_peer_may_send_first_creates_the_stream() {
    let frames = [
        stream(BIDI, 0, 1, false),
        reset(BIDI, 0),
        stop(BIDI),
        Frame::MaxStreamData { stream_id: BIDI, maximum_stream_data: 9 },
        Frame::StreamDataBlocked { stream_id: BIDI, maximum_stream_data: 9 },
    ];
    shows(
        |rules| {
            for frame in frames {
                let mut end = End::server(rules, Parameters::WIDE);
                end.receives([frame]);
                assert!(end.at.streams.contains_key(&BIDI), "{frame}");
            }
        },
        |rules| rules.creates_stream = |frame| frame != FrameType::StreamDataBlocked,
    );
}
