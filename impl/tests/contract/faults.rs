//! The suite can fail: each fault that can be planted in the manager is visible to what the other
//! files look at.
//!
//! Each test runs the same steps twice, without the fault and with it, and compares what it saw.

use std::fmt::Debug;

use quinn::Side;
use streamproof::{Fault, ReadError, SendOutcome};
use streamproof_harness::wire::Frame;

use crate::support::{
    DROP_RESET, DROP_STOP, Receiver, RecvWay, SIDES, SendWay, Sender, Setup, Stage, code, data,
    fin, now, ok, reset, stop_sending,
};

/// Runs `steps` without the fault and with it: the first sees `right`, the second `wrong`.
fn assert_visible<T: Debug + PartialEq>(
    fault: Fault,
    steps: impl Fn(&mut Stage) -> T,
    [right, wrong]: [T; 2],
) {
    for side in SIDES {
        let run = |fault| steps(&mut Stage::new(Setup::fault(fault).on(side)));
        assert_eq!(run(None), right, "{side:?}");
        assert_eq!(run(Some(fault)), wrong, "{side:?}");
    }
}

/// The frames of the first stream with their numbers left out: both roles give the same.
fn shown(mut frames: Vec<Frame>) -> Vec<Frame> {
    for frame in &mut frames {
        if let Frame::Stream { stream_id, .. }
        | Frame::ResetStream { stream_id, .. }
        | Frame::StopSending { stream_id, .. } = frame
        {
            *stream_id = 0;
        }
    }
    frames
}

fn written(stage: &mut Stage) -> Sender {
    let mut sender = stage.sender(SendWay::OpenedUni);
    ok(now(sender.send.write_all(b"hello")));
    stage.settle();
    sender
}

#[test]
fn drop_finishes_is_visible() {
    let steps = |stage: &mut Stage| {
        let Sender { send, id, .. } = written(stage);
        drop(send);
        shown(stage.sent_on(id))
    };
    let right = vec![data(0, 0, b"hello"), reset(0, DROP_RESET, 5)];
    let wrong = vec![data(0, 0, b"hello"), fin(0, 5, b"")];
    assert_visible(Fault::DropFinishes, steps, [right, wrong]);
}

#[test]
fn end_after_reset_is_visible() {
    let steps = |stage: &mut Stage| {
        let Receiver { mut recv, id, .. } = stage.receiver(RecvWay::AcceptedUni);
        stage.deliver(&[reset(id, 7, 0)]);
        [(); 3].map(|()| now(recv.read(&mut [0; 8])))
    };
    let reset = || Err(ReadError::Reset { code: code(7) });
    let (right, wrong) = ([reset(), reset(), reset()], [reset(), Ok(None), Ok(None)]);
    assert_visible(Fault::EndAfterReset, steps, [right, wrong]);
}

#[test]
fn leave_stop_unanswered_is_visible() {
    let steps = |stage: &mut Stage| {
        let Sender { send, id, .. } = written(stage);
        stage.deliver(&[stop_sending(id, 8)]);
        (shown(stage.sent_on(id)), send.outcome())
    };
    let right =
        (vec![data(0, 0, b"hello"), reset(0, 8, 5)], Some(SendOutcome::Stopped { code: code(8) }));
    let wrong = (vec![data(0, 0, b"hello")], None);
    assert_visible(Fault::LeaveStopUnanswered, steps, [right, wrong]);
}

#[test]
fn tell_outcome_twice_is_visible() {
    let steps = |stage: &mut Stage| {
        let Sender { mut send, .. } = written(stage);
        ok(send.reset(code(7)));
        let first = send.outcome();
        assert!(send.reset(code(9)).is_err());
        (first, send.outcome(), stage.manager.tally().sending.ended())
    };
    let outcome = |number| Some(SendOutcome::Reset { code: code(number) });
    let right = (outcome(7), outcome(7), 1);
    let wrong = (outcome(7), outcome(9), 2);
    assert_visible(Fault::TellOutcomeTwice, steps, [right, wrong]);
}

#[test]
fn release_before_last_access_of_a_sending_part_is_visible() {
    let steps = |stage: &mut Stage| {
        let Sender { mut send, id, .. } = written(stage);
        ok(send.reset(code(7)));
        shown(stage.sent_on(id))
    };
    let right = vec![data(0, 0, b"hello"), reset(0, 7, 5)];
    let wrong = vec![data(0, 0, b"hello"), fin(0, 5, b"")];
    assert_visible(Fault::ReleaseBeforeLastAccess, steps, [right, wrong]);
}

#[test]
fn release_before_last_access_of_a_receiving_part_is_visible() {
    let steps = |stage: &mut Stage| {
        let Receiver { recv, id, .. } = stage.receiver(RecvWay::AcceptedUni);
        drop(recv);
        shown(stage.stops_on(id))
    };
    let right = vec![stop_sending(0, DROP_STOP)];
    let wrong = vec![stop_sending(0, 0)];
    assert_visible(Fault::ReleaseBeforeLastAccess, steps, [right, wrong]);
}

#[test]
fn interleavings_without_a_fault_pass_and_with_one_fail() {
    use crate::interleavings::{SEEDS, run};
    use std::panic::catch_unwind;
    for fault in [
        Fault::DropFinishes,
        Fault::EndAfterReset,
        Fault::LeaveStopUnanswered,
        Fault::TellOutcomeTwice,
        Fault::ReleaseBeforeLastAccess,
    ] {
        let setup = Setup::fault(Some(fault)).on(Side::Server);
        let caught = SEEDS.into_iter().find(|seed| catch_unwind(|| run(setup, *seed)).is_err());
        assert!(caught.is_some(), "{fault:?} survives all seeds");
    }
}
