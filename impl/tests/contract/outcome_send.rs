//! Every sending part ends in exactly one outcome, told to whoever asks, as often as asked.

use streamproof::{Ended, FinishError, SendOutcome};

use crate::askers::{Waiting, assert_send_ended, finish_told};
use crate::death::Death;
use crate::support::{
    SendWay, Sender, Setup, Stage, code, data, each_sender, fin, now, ok, reset, stop_sending,
};

#[test]
fn delivered_is_told_to_every_asker() {
    each_sender(Setup::default(), |stage, Sender { mut send, other: _other, id }| {
        let waiting = Waiting::on(stage, &send);
        ok(now(send.write_all(b"hello")));
        let finishing = send.finish();
        let finishing = [stage.spawn(finishing), stage.spawn(send.finish())];
        let never_polled_before = (send.finish(), send.closed(), send.stopped());
        waiting.assert_untold();
        assert_eq!(send.outcome(), None);
        stage.acknowledge_all();
        waiting.assert_told(&SendOutcome::Delivered);
        assert_eq!(finishing.each_ref().map(|task| task.take()), [Some(Ok(())), Some(Ok(()))]);
        let (finish, closed, stopped) = never_polled_before;
        assert_eq!(now(finish), Ok(()));
        assert_eq!(now(closed), SendOutcome::Delivered);
        assert_eq!(now(stopped), Ok(None));
        assert_send_ended(stage, &mut send, &SendOutcome::Delivered);
        assert_eq!(stage.arrived(id), (b"hello".to_vec(), Some(5)));
        assert_eq!(stage.manager.tally().sending.delivered, 1);
    });
}

#[test]
fn reset_by_us_is_told_to_every_asker() {
    each_sender(Setup::default(), |stage, Sender { mut send, other: _other, id }| {
        let waiting = Waiting::on(stage, &send);
        ok(now(send.write_all(b"hello")));
        stage.settle();
        ok(send.reset(code(7)));
        let outcome = SendOutcome::Reset { code: code(7) };
        assert_eq!(send.outcome(), Some(outcome.clone()), "at once");
        assert_send_ended(stage, &mut send, &outcome);
        waiting.assert_told(&outcome);
        assert_eq!(stage.sent_on(id), [data(id, 0, b"hello"), reset(id, 7, 5)]);
        stage.acknowledge_all();
        assert_send_ended(stage, &mut send, &outcome);
        assert_eq!(stage.manager.tally().sending.reset, 1);
    });
}

#[test]
fn reset_after_finish_is_told_to_the_finish() {
    each_sender(Setup::default(), |stage, Sender { mut send, other: _other, id }| {
        ok(now(send.write_all(b"hello")));
        let finish = send.finish();
        let finish = stage.spawn(finish);
        ok(send.reset(code(7)));
        stage.settle();
        assert_eq!(finish.take(), Some(Err(FinishError::Reset { code: code(7) })));
        assert_send_ended(stage, &mut send, &SendOutcome::Reset { code: code(7) });
        assert_eq!(stage.sent_on(id), [fin(id, 0, b"hello"), reset(id, 7, 5)]);
    });
}

#[test]
fn stopped_by_the_peer_is_told_to_every_asker() {
    each_sender(Setup::default(), |stage, Sender { mut send, other: _other, id }| {
        let waiting = Waiting::on(stage, &send);
        ok(now(send.write_all(b"hello")));
        stage.settle();
        stage.deliver(&[stop_sending(id, 8)]);
        let outcome = SendOutcome::Stopped { code: code(8) };
        waiting.assert_told(&outcome);
        assert_send_ended(stage, &mut send, &outcome);
        stage.acknowledge_all();
        assert_send_ended(stage, &mut send, &outcome);
        assert_eq!(stage.manager.tally().sending.stopped, 1);
    });
}

#[test]
fn connection_lost_is_told_with_its_cause_to_every_asker() {
    for death in Death::ALL {
        each_sender(Setup::default(), |stage, Sender { mut send, other: _other, .. }| {
            let waiting = Waiting::on(stage, &send);
            ok(now(send.write_all(b"hello")));
            let unpolled = (send.closed(), send.stopped());
            let outcome = SendOutcome::ConnectionLost(death.strike(stage));
            assert_eq!(send.outcome(), Some(outcome.clone()), "nobody had to ask");
            waiting.assert_told(&outcome);
            assert_eq!(now(unpolled.0), outcome);
            assert!(now(unpolled.1).is_err());
            assert_send_ended(stage, &mut send, &outcome);
            assert_eq!(stage.manager.tally().sending.connection_lost, 1);
        });
    }
}

#[test]
fn connection_lost_is_learned_by_the_first_call_that_asks() {
    // Before the driver has run: the close of our own is known to quinn in the same moment.
    each_sender(Setup::default(), |stage, Sender { mut send, other: _other, .. }| {
        stage.manager.close(code(9), b"bye");
        let cause = stage.arena.close_reason().expect("closed");
        let outcome = SendOutcome::ConnectionLost(cause);
        assert_eq!(send.outcome(), None, "the driver has not run");
        assert_eq!(send.reset(code(7)), Err(Ended { outcome: outcome.clone() }));
        assert_send_ended(stage, &mut send, &outcome);
    });
}

#[test]
fn first_end_stands_against_every_later_one() {
    let outcomes = [
        SendOutcome::Delivered,
        SendOutcome::Reset { code: code(7) },
        SendOutcome::Stopped { code: code(8) },
    ];
    for outcome in &outcomes {
        for death in Death::ALL {
            each_sender(Setup::default(), |stage, Sender { mut send, other: _other, id }| {
                println!("outcome: {outcome}");
                ok(now(send.write_all(b"hello")));
                end(stage, &mut send, id, outcome);
                let tally = stage.manager.tally().sending;
                stage.deliver(&[stop_sending(id, 99)]);
                assert!(send.reset(code(98)).is_err());
                stage.acknowledge_all();
                death.strike(stage);
                assert_send_ended(stage, &mut send, outcome);
                assert_eq!(stage.manager.tally().sending, tally, "counted once");
            });
        }
    }
}

/// Ends a part with this outcome.
fn end(stage: &mut Stage, send: &mut streamproof::SendHandle, id: u64, outcome: &SendOutcome) {
    match outcome {
        SendOutcome::Delivered => {
            let finish = send.finish();
            stage.acknowledge_all();
            assert_eq!(now(finish), Ok(()));
        }
        SendOutcome::Reset { code } => ok(send.reset(*code)),
        SendOutcome::Stopped { code } => {
            let code = u32::try_from(code.into_inner()).expect("a small code");
            stage.settle();
            stage.deliver(&[stop_sending(id, code)]);
        }
        SendOutcome::ConnectionLost(_) | SendOutcome::ZeroRttRejected => panic!("not here"),
    }
    assert_eq!(send.outcome().as_ref(), Some(outcome));
}

#[test]
fn stop_and_last_acknowledgement_at_once_have_one_winner() {
    for acknowledged_first in [true, false] {
        each_sender(Setup::default(), |stage, Sender { mut send, other: _other, id }| {
            let waiting = Waiting::on(stage, &send);
            ok(now(send.write_all(b"hello")));
            let finish = send.finish();
            let finish = stage.spawn(finish);
            let outstanding = stage.outstanding();
            let ack = streamproof_harness::wire::Frame::acknowledging(&outstanding);
            let mut frames = [ack.expect("packets"), stop_sending(id, 8)];
            if !acknowledged_first {
                frames.reverse();
            }
            stage.deliver(&frames);
            let outcome = send.outcome().expect("it has ended");
            // Both had arrived before anybody asked, so either may count as the first.
            let stopped = SendOutcome::Stopped { code: code(8) };
            assert!([SendOutcome::Delivered, stopped].contains(&outcome), "{outcome}");
            waiting.assert_told(&outcome);
            assert_eq!(finish.take(), Some(finish_told(&outcome)));
            assert_send_ended(stage, &mut send, &outcome);
            assert_eq!(stage.manager.tally().sending.ended(), 1);
        });
    }
}

#[test]
fn tally_counts_each_outcome_once() {
    let mut stage = Stage::new(Setup::default());
    let mut open = || {
        let mut sender = stage.sender(SendWay::OpenedUni);
        ok(now(sender.send.write_all(b"hello")));
        sender
    };
    let (mut delivered, mut reset) = (open(), open());
    let (stopped, dropped, mut abandoned, lost) = (open(), open(), open(), open());
    let finish = delivered.send.finish();
    ok(reset.send.reset(code(7)));
    drop(dropped);
    drop(abandoned.send.finish());
    drop(abandoned);
    stage.deliver(&[stop_sending(stopped.id, 8)]);
    stage.acknowledge_all();
    assert_eq!(now(finish), Ok(()));
    Death::ClosedByPeer.strike(&mut stage);
    let tally = stage.manager.tally().sending;
    assert_eq!((tally.registered, tally.ended()), (6, 6));
    assert_eq!((tally.delivered, tally.reset), (2, 2), "finished and dropped, dropped");
    assert_eq!((tally.stopped, tally.connection_lost, tally.zero_rtt_rejected), (1, 1, 0));
    drop((delivered, reset, stopped, lost));
    assert_eq!(stage.manager.tally().sending, tally, "a drop after the end counts nothing");
    stage.assert_all_released();
}
