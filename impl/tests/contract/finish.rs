//! `finish().await` resolves when the peer has acknowledged everything, or says why it never will.

use streamproof::{FinishError, SendHandle, SendOutcome, SendState};
use streamproof_simulation::TaskHandle;

use crate::death::Death;
use crate::support::{
    Sender, Setup, Stage, blocks, code, data, each_sender, fin, now, ok, stop_sending,
};

type Finishing = TaskHandle<Result<(), FinishError>>;

/// Data in one packet, FIN in another, a task that waits for both; and the packets' numbers.
fn finish_in_two_packets(
    stage: &mut Stage,
    send: &mut SendHandle,
    id: u64,
) -> (Finishing, [u64; 2]) {
    ok(now(send.write_all(b"hello")));
    stage.settle();
    let finish = send.finish();
    let finish = stage.spawn(finish);
    assert_eq!(stage.sent_on(id), [data(id, 0, b"hello"), fin(id, 5, b"")]);
    let packets = stage.outstanding().try_into().expect("two packets");
    (finish, packets)
}

#[test]
fn resolves_only_when_data_and_fin_are_acknowledged() {
    for data_first in [true, false] {
        each_sender(Setup::default(), |stage, Sender { mut send, other: _other, id }| {
            let (finish, mut packets) = finish_in_two_packets(stage, &mut send, id);
            if !data_first {
                packets.reverse();
            }
            assert_eq!(finish.take(), None, "nothing is acknowledged");
            stage.acknowledge(&packets[..1]);
            assert_eq!(finish.take(), None, "half is acknowledged");
            assert!(blocks(send.finish()));
            assert_eq!(send.outcome(), None);
            stage.acknowledge(&packets[1..]);
            assert_eq!(finish.take(), Some(Ok(())));
            assert_eq!(send.outcome(), Some(SendOutcome::Delivered));
        });
    }
}

#[test]
fn resolves_when_one_acknowledgement_covers_both() {
    each_sender(Setup::default(), |stage, Sender { mut send, other: _other, id }| {
        let (finish, packets) = finish_in_two_packets(stage, &mut send, id);
        stage.acknowledge(&packets);
        assert_eq!(finish.take(), Some(Ok(())));
    });
}

#[test]
fn resolves_for_an_empty_stream_when_fin_is_acknowledged() {
    each_sender(Setup::default(), |stage, Sender { mut send, other: _other, id }| {
        let finish = send.finish();
        let finish = stage.spawn(finish);
        assert_eq!(stage.sent_on(id), [fin(id, 0, b"")]);
        assert_eq!(finish.take(), None);
        stage.acknowledge_all();
        assert_eq!(finish.take(), Some(Ok(())));
    });
}

#[test]
fn resolves_after_losses_when_what_was_sent_again_is_acknowledged() {
    each_sender(Setup::default(), |stage, Sender { mut send, other: _other, id }| {
        let (finish, packets) = finish_in_two_packets(stage, &mut send, id);
        stage.acknowledge(&packets[1..]);
        for _ in 0..3 {
            assert_eq!(stage.arena.lose_outstanding().len(), 1);
            assert_eq!(finish.take(), None);
        }
        // The first transmission may have arrived late: its acknowledgement counts for nothing that
        // is in flight again, and harms nobody.
        stage.acknowledge_all();
        assert_eq!(finish.take(), Some(Ok(())));
        assert_eq!(stage.arrived(id), (b"hello".to_vec(), Some(5)));
    });
}

#[test]
fn resolves_without_time_passing() {
    each_sender(Setup::default(), |stage, Sender { mut send, other: _other, id }| {
        let (finish, packets) = finish_in_two_packets(stage, &mut send, id);
        let before = stage.arena.world.now();
        stage.acknowledge(&packets);
        assert_eq!(finish.take(), Some(Ok(())));
        assert_eq!(stage.arena.world.now(), before);
    });
}

#[test]
fn waits_as_long_as_the_peer_says_nothing() {
    each_sender(Setup::default(), |stage, Sender { mut send, other: _other, id }| {
        let (finish, _) = finish_in_two_packets(stage, &mut send, id);
        stage.arena.advance(std::time::Duration::from_secs(3600));
        assert_eq!(finish.take(), None);
        assert_eq!(send.state(), SendState::DataSent);
        stage.acknowledge_all();
        assert_eq!(finish.take(), Some(Ok(())));
    });
}

#[test]
fn resolves_with_all_credit_spent_because_fin_needs_none() {
    for setup in [Setup::stream_limit(3), Setup::connection_limit(3)] {
        each_sender(setup, |stage, Sender { mut send, other: _other, id }| {
            assert_eq!(now(send.write(b"hello")), Ok(3));
            assert!(blocks(send.write(b"lo")));
            let finish = send.finish();
            let finish = stage.spawn(finish);
            assert_eq!(finish.take(), None);
            stage.acknowledge_all();
            assert_eq!(finish.take(), Some(Ok(())));
            assert_eq!(stage.arrived(id), (b"hel".to_vec(), Some(3)));
        });
    }
}

#[test]
fn queues_the_end_even_if_it_is_never_polled() {
    each_sender(Setup::default(), |stage, Sender { mut send, other: _other, id }| {
        ok(now(send.write_all(b"hello")));
        drop(send.finish());
        assert_eq!(stage.sent_on(id), [fin(id, 0, b"hello")]);
        stage.acknowledge_all();
        assert_eq!(send.outcome(), Some(SendOutcome::Delivered));
    });
}

#[test]
fn repeated_sends_one_fin_and_waits_for_the_same() {
    each_sender(Setup::default(), |stage, Sender { mut send, other: _other, id }| {
        ok(now(send.write_all(b"hello")));
        let finishes: Vec<_> = (0..5)
            .map(|_| {
                let finish = send.finish();
                stage.spawn(finish)
            })
            .collect();
        assert_eq!(stage.sent_on(id).len(), 1);
        stage.acknowledge_all();
        assert!(finishes.iter().all(|finish| finish.take() == Some(Ok(()))));
    });
}

#[test]
fn is_never_ok_if_the_connection_was_dead_before() {
    for death in Death::ALL {
        each_sender(Setup::default(), |stage, Sender { mut send, other: _other, id }| {
            ok(now(send.write_all(b"hello")));
            stage.acknowledge_all();
            let lost = Err(FinishError::ConnectionLost(death.strike(stage)));
            assert_eq!(now(send.finish()), lost);
            assert_eq!(now(send.finish()), lost, "nor ever after");
            assert_eq!(stage.arrived(id).1, None);
        });
    }
}

#[test]
fn is_never_ok_if_the_driver_has_not_seen_the_death_yet() {
    each_sender(Setup::default(), |stage, Sender { mut send, other: _other, .. }| {
        stage.manager.close(code(9), b"bye");
        let lost = Err(FinishError::ConnectionLost(quinn::ConnectionError::LocallyClosed));
        assert_eq!(now(send.finish()), lost);
    });
}

#[test]
fn is_never_ok_if_the_connection_dies_before_the_last_acknowledgement() {
    let none: fn([u64; 2]) -> Vec<u64> = |_| Vec::new();
    let only_data: fn([u64; 2]) -> Vec<u64> = |packets| vec![packets[0]];
    let only_fin: fn([u64; 2]) -> Vec<u64> = |packets| vec![packets[1]];
    for acknowledged in [none, only_data, only_fin] {
        for death in Death::ALL {
            each_sender(Setup::default(), |stage, Sender { mut send, other: _other, id }| {
                let (finish, packets) = finish_in_two_packets(stage, &mut send, id);
                stage.acknowledge(&acknowledged(packets));
                let unpolled = send.finish();
                let lost = Err(FinishError::ConnectionLost(death.strike(stage)));
                assert_eq!(finish.take(), Some(lost.clone()));
                assert_eq!(now(unpolled), lost);
                // Too late: an acknowledgement that arrives after the end changes nothing.
                let _ = stage.arena.acknowledge(&packets);
                assert_eq!(now(send.finish()), lost);
            });
        }
    }
}

#[test]
fn is_ok_if_the_connection_dies_after_the_last_acknowledgement() {
    for death in Death::ALL {
        each_sender(Setup::default(), |stage, Sender { mut send, other: _other, id }| {
            let (finish, packets) = finish_in_two_packets(stage, &mut send, id);
            stage.acknowledge(&packets);
            death.strike(stage);
            assert_eq!(finish.take(), Some(Ok(())));
            assert_eq!(now(send.finish()), Ok(()));
        });
    }
}

#[test]
fn is_ok_if_the_last_acknowledgement_and_the_close_share_a_packet() {
    use streamproof_harness::wire::Frame;
    each_sender(Setup::default(), |stage, Sender { mut send, other: _other, id }| {
        let (finish, packets) = finish_in_two_packets(stage, &mut send, id);
        let ack = Frame::acknowledging(&packets).expect("packets");
        let reason = bytes::Bytes::new();
        let close = Frame::ConnectionClose { error_code: 9, frame_type: None, reason };
        stage.deliver(&[ack, close]);
        assert!(stage.arena.close_reason().is_some());
        assert_eq!(finish.take(), Some(Ok(())), "the peer has everything, and said so");
        assert_eq!(send.outcome(), Some(SendOutcome::Delivered));
    });
}

#[test]
fn says_that_the_peer_stopped_before_or_after_it() {
    for finished_first in [true, false] {
        each_sender(Setup::default(), |stage, Sender { mut send, other: _other, id }| {
            ok(now(send.write_all(b"hello")));
            stage.settle();
            let before = finished_first.then(|| send.finish());
            stage.settle();
            stage.deliver(&[stop_sending(id, 8)]);
            let stopped = Err(FinishError::Stopped { code: code(8) });
            if let Some(finish) = before {
                assert_eq!(now(finish), stopped);
            }
            assert_eq!(now(send.finish()), stopped);
            let fins = stage.arrived(id).1.is_some();
            assert_eq!(fins, finished_first, "no FIN after the stop");
        });
    }
}

#[test]
fn says_that_we_reset_before_or_after_it() {
    for finished_first in [true, false] {
        each_sender(Setup::default(), |_, Sender { mut send, other: _other, .. }| {
            ok(now(send.write_all(b"hello")));
            let before = finished_first.then(|| send.finish());
            ok(send.reset(code(7)));
            let reset = Err(FinishError::Reset { code: code(7) });
            if let Some(finish) = before {
                assert_eq!(now(finish), reset);
            }
            assert_eq!(now(send.finish()), reset);
        });
    }
}
