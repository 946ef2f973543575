//! What an answer to the application means that was not permitted.

use streamproof_model::judging::breach::Breach;
use streamproof_model::rfc::call::{Answer, Call, RecvOutcome, SendOutcome};
use streamproof_model::rfc::endpoint::Endpoint;

/// The endpoint after an answer that was not permitted: what the application was told has happened.
pub(super) fn as_answered(
    before: &Endpoint,
    permitted: Endpoint,
    call: Call,
    answer: Answer,
) -> Endpoint {
    match (call, answer) {
        (Call::Write { stream_id, .. }, Answer::Wrote { length }) => {
            before.with_written(stream_id, length)
        }
        (Call::Open { direction }, Answer::Opened { .. }) => before.clone().with_open(direction),
        (Call::Open { .. } | Call::Write { .. }, Answer::Blocked) => before.clone(),
        _ => permitted,
    }
}

/// Which rule an answer breaks, given one that would have been right.
pub(super) fn answer_breach(call: Call, permitted: Answer, got: Answer) -> Breach {
    use Answer as A;
    use RecvOutcome as R;
    use SendOutcome as S;
    match (call, permitted, got) {
        (_, _, A::Corrupt { .. }) => Breach::WrongBytes,
        (Call::Open { .. }, A::Opened { stream_id: next }, A::Opened { stream_id: got }) => {
            // rfc9000 2.1/6: an ID is used once; one that is left out opens with the next.
            match got.ordinal() < next.ordinal() {
                true => Breach::StreamIdReused,
                false => Breach::WrongStreamOpened,
            }
        }
        (Call::Open { .. }, A::Blocked, A::Opened { .. }) => Breach::OpenBeyondLimit,
        (Call::Open { .. }, A::Opened { .. }, A::Blocked) => Breach::OpenRefused,
        (Call::Write { .. }, A::Wrote { .. } | A::Blocked, A::Wrote { .. } | A::Blocked) => {
            Breach::WriteBesideCredit
        }
        (Call::End { .. }, A::SendEnded { outcome: S::ConnectionLost }, A::Accepted) => {
            Breach::FinishAcceptedAfterLoss
        }
        (Call::End { .. }, A::SendEnded { outcome: S::Stopped { .. } }, A::Accepted) => {
            Breach::FinishAcceptedAfterStop
        }
        (Call::End { .. }, A::Accepted, A::Closed) => Breach::FinishNotIdempotent,
        (Call::Read { .. }, A::RecvEnded { outcome: R::Reset { .. } }, A::EndOfStream) => {
            Breach::EndAfterReset
        }
        (Call::Read { .. }, A::RecvEnded { outcome: R::Stopped { .. } }, A::EndOfStream) => {
            Breach::EndAfterStop
        }
        (Call::Read { .. }, A::RecvEnded { outcome: R::ConnectionLost }, A::EndOfStream) => {
            Breach::EndAfterLoss
        }
        (_, A::SendEnded { .. } | A::Finished, A::SendEnded { .. })
        | (_, A::RecvEnded { .. }, A::RecvEnded { .. }) => Breach::OutcomeWrong,
        (Call::Read { .. }, A::NoData | A::Data { .. }, A::EndOfStream) => Breach::EndToldEarly,
        (Call::AbortReading { .. }, A::RecvEnded { outcome: R::Reset { .. } }, A::Accepted) => {
            Breach::StopHidesReset
        }
        (_, A::SendEnded { .. } | A::RecvEnded { .. }, A::Closed | A::Accepted) => {
            Breach::OutcomeWithheld
        }
        (_, _, _) => Breach::WrongAnswer,
    }
}
