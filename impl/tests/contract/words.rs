//! What a log line says: the RFC's words for states, one sentence for each outcome.

use streamproof::{
    ConnectionError, Ended, FinishError, Part, PartOutcome, PartState, ReadError, RecvOutcome,
    RecvState, SendOutcome, SendState, StoppedError, VarInt, WriteError,
};

const CODE: VarInt = VarInt::from_u32(7);

#[test]
fn states_have_the_names_of_the_figures() {
    let sending = [
        (SendState::Ready, "Ready"),
        (SendState::Send, "Send"),
        (SendState::DataSent, "Data Sent"),
        (SendState::ResetSent, "Reset Sent"),
        (SendState::DataRecvd, "Data Recvd"),
        (SendState::ResetRecvd, "Reset Recvd"),
    ];
    for (state, name) in sending {
        assert_eq!(state.to_string(), name);
        assert_eq!(PartState::Sending(state).to_string(), name);
    }
    let receiving = [
        (RecvState::Recv, "Recv"),
        (RecvState::SizeKnown, "Size Known"),
        (RecvState::DataRecvd, "Data Recvd"),
        (RecvState::DataRead, "Data Read"),
        (RecvState::ResetRecvd, "Reset Recvd"),
        (RecvState::ResetRead, "Reset Read"),
    ];
    for (state, name) in receiving {
        assert_eq!(state.to_string(), name);
        assert_eq!(PartState::Receiving(state).to_string(), name);
    }
    assert_eq!(Part::Sending.to_string(), "sending");
    assert_eq!(Part::Receiving.to_string(), "receiving");
}

#[test]
fn outcomes_say_who_ended_the_part_and_with_which_code() {
    let sending = [
        (SendOutcome::Delivered, "delivered", None),
        (SendOutcome::Reset { code: CODE }, "reset by us with code 7", Some(CODE)),
        (SendOutcome::Stopped { code: CODE }, "stopped by the peer with code 7", Some(CODE)),
        (
            SendOutcome::ConnectionLost(ConnectionError::TimedOut),
            "connection lost: timed out",
            None,
        ),
        (SendOutcome::ZeroRttRejected, "0-RTT rejected", None),
    ];
    for (outcome, says, code) in sending {
        assert_eq!(outcome.to_string(), says);
        assert_eq!(outcome.code(), code);
        assert_eq!(PartOutcome::Sending(outcome.clone()).to_string(), says);
        let ended = Ended { outcome }.to_string();
        assert_eq!(ended, format!("the part had ended before: {says}"));
    }
    let receiving = [
        (RecvOutcome::ReadToEnd, "read to the end", None),
        (RecvOutcome::Reset { code: CODE }, "reset by the peer with code 7", Some(CODE)),
        (RecvOutcome::Stopped { code: CODE }, "stopped by us with code 7", Some(CODE)),
        (
            RecvOutcome::ConnectionLost(ConnectionError::TimedOut),
            "connection lost: timed out",
            None,
        ),
        (RecvOutcome::ZeroRttRejected, "0-RTT rejected", None),
    ];
    for (outcome, says, code) in receiving {
        assert_eq!(outcome.to_string(), says);
        assert_eq!(outcome.code(), code);
        assert_eq!(PartOutcome::Receiving(outcome.clone()).to_string(), says);
    }
}

#[test]
fn errors_have_the_code_of_what_ended_the_part_and_only_where_there_is_one() {
    let lost = || ConnectionError::TimedOut;
    let with = [
        WriteError::Reset { code: CODE }.code(),
        WriteError::Stopped { code: CODE }.code(),
        FinishError::Reset { code: CODE }.code(),
        FinishError::Stopped { code: CODE }.code(),
        StoppedError::Reset { code: CODE }.code(),
        ReadError::Reset { code: CODE }.code(),
        ReadError::Stopped { code: CODE }.code(),
    ];
    assert_eq!(with, [Some(CODE); 7]);
    let without = [
        WriteError::Finished.code(),
        WriteError::ConnectionLost(lost()).code(),
        WriteError::ZeroRttRejected.code(),
        FinishError::ConnectionLost(lost()).code(),
        FinishError::ZeroRttRejected.code(),
        StoppedError::ConnectionLost(lost()).code(),
        StoppedError::ZeroRttRejected.code(),
        ReadError::ConnectionLost(lost()).code(),
        ReadError::ZeroRttRejected.code(),
        ReadError::IllegalOrderedRead.code(),
    ];
    assert_eq!(without, [None; 10]);
}
