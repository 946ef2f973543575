//! What is remembered of the streams of a random run, and what has to be true of them at its end.
//!
//! Dumber than the manager on purpose: counts, flags, and a payload that is a function of stream and
//! offset.

use bytes::Bytes;
use streamproof::{FinishError, RecvHandle, RecvOutcome, SendHandle, SendOutcome};
use streamproof_harness::wire::Frame;
use streamproof_simulation::TaskHandle;

use crate::askers::finish_told;
use crate::death::Death;
use crate::support::{DROP_RESET, Stage, stop_sending};

/// How the puppet ended a stream.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum End {
    Fin,
    Reset(u32),
}

/// The sending part of a stream, and what is remembered of it.
pub(crate) struct Sending {
    pub(crate) handle: Option<SendHandle>,
    pub(crate) waiter: TaskHandle<SendOutcome>,
    pub(crate) finishes: Vec<TaskHandle<Result<(), FinishError>>>,
    pub(crate) written: usize,
    pub(crate) is_finished: bool,
    pub(crate) stopped: Option<u32>,
    pub(crate) told: Option<SendOutcome>,
}

/// The receiving part of a stream, and what is remembered of it.
pub(crate) struct Receiving {
    pub(crate) handle: Option<RecvHandle>,
    pub(crate) puppet_sent: u64,
    pub(crate) puppet_end: Option<End>,
    pub(crate) read: usize,
    pub(crate) expected_stop: Option<u32>,
    pub(crate) told: Option<RecvOutcome>,
}

pub(crate) struct Stream {
    pub(crate) id: u64,
    pub(crate) sending: Option<Sending>,
    pub(crate) receiving: Option<Receiving>,
}

/// The payload is a function of stream and offset, so that content is compared too.
pub(crate) fn payload(id: u64, offset: u64, length: u64) -> Bytes {
    (offset..offset + length).map(|at| (id * 31 + at * 7 % 251) as u8).collect()
}

/// What was told once is told for ever.
pub(crate) fn remember(stream: &mut Stream, seed: u64) {
    let id = stream.id;
    if let Some(sending) = &mut stream.sending {
        let outcome = sending.handle.as_ref().and_then(SendHandle::outcome);
        let is_told = sending.told.is_some() && sending.handle.is_some();
        assert!(!is_told || outcome == sending.told, "seed {seed}, stream {id}: {outcome:?}");
        sending.told = sending.told.take().or(outcome);
    }
    if let Some(receiving) = &mut stream.receiving {
        let outcome = receiving.handle.as_ref().and_then(RecvHandle::outcome);
        let is_told = receiving.told.is_some() && receiving.handle.is_some();
        assert!(!is_told || outcome == receiving.told, "seed {seed}, stream {id}: {outcome:?}");
        receiving.told = receiving.told.take().or(outcome);
    }
}

/// What became of a sending part, and what of it was seen on the wire.
pub(crate) fn judge_sending(stage: &mut Stage, stream: &Stream, death: Option<Death>, seed: u64) {
    let Some(sending) = &stream.sending else { return };
    let at = format!("seed {seed}, stream {}", stream.id);
    let outcome = sending.waiter.take().expect("told to the one who waited");
    assert!(sending.told.as_ref().is_none_or(|told| *told == outcome), "{at}: {outcome}");
    for finish in &sending.finishes {
        assert_eq!(finish.take(), Some(finish_told(&outcome)), "{at}");
    }
    let frames = stage.sent_on(stream.id);
    let is_reset = |frame: &Frame| matches!(frame, Frame::ResetStream { .. });
    let resets: Vec<&Frame> = frames.iter().skip_while(|frame| !is_reset(frame)).collect();
    assert!(resets.windows(2).all(|pair| pair[0] == pair[1]), "{at}: {resets:?} after a reset");
    let (arrived, final_size) = stage.arrived(stream.id);
    let written = payload(stream.id, 0, sending.written as u64);
    assert!(written.starts_with(&arrived), "{at}");
    assert!(final_size.is_none_or(|size| size == written.len() as u64), "{at}");
    assert!(final_size.is_none() || sending.is_finished, "{at}: FIN without finish");
    let reset = |number| crate::support::reset(stream.id, number, written.len() as u64);
    let number = outcome.code().map(|code| u32::try_from(code.into_inner()).unwrap_or(u32::MAX));
    match outcome {
        SendOutcome::Delivered => {
            assert_eq!(resets.len(), 0, "{at}");
            assert_eq!(
                (arrived, final_size),
                (written.to_vec(), Some(written.len() as u64)),
                "{at}"
            );
        }
        SendOutcome::Reset { .. } | SendOutcome::Stopped { .. } => {
            let expected = number.map(reset);
            let seen = resets.first().map(|frame| (*frame).clone());
            // A connection that died at once may have swallowed it.
            assert!(seen == expected || (death.is_some() && seen.is_none()), "{at}: {seen:?}");
            let is_stopped = matches!(outcome, SendOutcome::Stopped { .. });
            assert!(!is_stopped || number == sending.stopped, "{at}: {number:?}");
            let is_dropped = number == Some(DROP_RESET) && !is_stopped;
            assert!(!is_dropped || !sending.is_finished, "{at}: finished and reset by a drop");
        }
        SendOutcome::ConnectionLost(_) => assert!(death.is_some(), "{at}"),
        SendOutcome::ZeroRttRejected => panic!("{at}: no 0-RTT here"),
    }
}

/// What the application was told of a receiving part, and what of it was seen on the wire.
pub(crate) fn judge_receiving(stage: &mut Stage, stream: &Stream, death: Option<Death>, seed: u64) {
    let Some(receiving) = &stream.receiving else { return };
    let at = format!("seed {seed}, stream {}", stream.id);
    let mut stops = stage.stops_on(stream.id);
    stops.dedup();
    let expected: Vec<Frame> =
        receiving.expected_stop.iter().map(|number| stop_sending(stream.id, *number)).collect();
    assert!(stops == expected || (death.is_some() && stops.is_empty()), "{at}: {stops:?}");
    match &receiving.told {
        Some(RecvOutcome::ReadToEnd) => {
            assert_eq!(receiving.puppet_end, Some(End::Fin), "{at}");
            assert_eq!(receiving.read as u64, receiving.puppet_sent, "{at}");
        }
        Some(RecvOutcome::Reset { code }) => {
            let number = u32::try_from(code.into_inner()).unwrap_or(u32::MAX);
            assert_eq!(receiving.puppet_end, Some(End::Reset(number)), "{at}");
        }
        Some(RecvOutcome::ConnectionLost(_)) => assert!(death.is_some(), "{at}"),
        Some(RecvOutcome::Stopped { .. }) | None => {}
        Some(RecvOutcome::ZeroRttRejected) => panic!("{at}: no 0-RTT here"),
    }
}
