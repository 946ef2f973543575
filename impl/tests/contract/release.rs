//! Every part is released exactly once, at its end; any later call gets the latched outcome.
//!
//! That a later call never panics is checked in every test that ends a part ([`crate::askers`] makes
//! all of them), and the registry at the end of every case; here is what those do not show.

use quinn::{ConnectionError, VarInt};
use streamproof::{
    LivePart, OpenError, PartState, RecvOutcome, RecvState, SendHandle, SendOutcome, SendState,
    StreamManager, Tally,
};

use crate::askers::{assert_recv_ended, assert_send_ended};
use crate::death::Death;
use crate::support::{
    Direction, Receiver, SIDES, SendWay, Sender, Setup, Stage, blocks, code, data, each_receiver,
    each_sender, fin, now, ok, read, reset, stop_sending,
};

fn states(stage: &Stage) -> Vec<(u64, PartState)> {
    let show = |part: &LivePart| (VarInt::from(part.id).into_inner(), part.state);
    stage.manager.snapshot().iter().map(show).collect()
}

#[test]
fn snapshot_shows_each_live_part_in_its_state() {
    each_sender(Setup::default(), |stage, Sender { mut send, other, id }| {
        let receiving = PartState::Receiving(RecvState::Recv);
        let expect = |state| {
            let sending = Some((id, PartState::Sending(state)));
            sending.into_iter().chain(other.as_ref().map(|_| (id, receiving))).collect::<Vec<_>>()
        };
        assert_eq!(states(stage), expect(SendState::Ready));
        ok(now(send.write_all(b"hello")));
        assert_eq!(states(stage), expect(SendState::Send));
        drop(send.finish());
        assert_eq!(states(stage), expect(SendState::DataSent));
        stage.acknowledge_all();
        assert_eq!(send.state(), SendState::DataRecvd);
        assert_eq!(states(stage).len(), usize::from(other.is_some()), "released at its end");
    });
}

#[test]
fn sending_part_leaves_at_its_end_and_not_at_the_drop_of_its_handle() {
    type End = fn(&mut Stage, &mut SendHandle, u64);
    let ends: [End; 4] = [
        |stage, send, _| {
            drop(send.finish());
            stage.acknowledge_all();
        },
        |_, send, _| ok(send.reset(code(7))),
        |stage, _, id| stage.deliver(&[stop_sending(id, 8)]),
        |stage, _, _| drop(Death::ClosedByPeer.strike(stage)),
    ];
    for end in ends {
        each_sender(Setup::default(), |stage, Sender { mut send, other, id }| {
            drop(other);
            stage.settle();
            assert_eq!(stage.manager.snapshot().len(), 1);
            end(stage, &mut send, id);
            assert_eq!(stage.manager.snapshot(), [], "before the handle is dropped");
            let tally = stage.manager.tally();
            let outcome = send.outcome().expect("it has ended");
            assert_send_ended(stage, &mut send, &outcome);
            drop(send);
            stage.acknowledge_all();
            assert_eq!(stage.manager.tally(), tally, "and only once");
        });
    }
}

#[test]
fn receiving_part_leaves_at_its_end_and_not_at_the_drop_of_its_handle() {
    for end in 0..4 {
        each_receiver(Setup::default(), |stage, Receiver { mut recv, other, id }| {
            drop(other);
            stage.settle();
            assert_eq!(stage.manager.snapshot().len(), 1);
            match end {
                0 => stage.deliver(&[fin(id, 0, b"")]),
                1 => stage.deliver(&[reset(id, 7, 0)]),
                2 => ok(recv.stop(code(8))),
                _ => drop(Death::ClosedByPeer.strike(stage)),
            }
            let _ = read(&mut recv, 8);
            assert_eq!(stage.manager.snapshot(), [], "before the handle is dropped");
            let tally = stage.manager.tally();
            let outcome = recv.outcome().expect("it has ended");
            assert_recv_ended(stage, &mut recv, &outcome);
            drop(recv);
            stage.acknowledge_all();
            assert_eq!(stage.manager.tally(), tally, "and only once");
        });
    }
}

#[test]
fn dropped_finished_part_stays_until_it_is_acknowledged() {
    each_sender(Setup::default(), |stage, Sender { mut send, other, .. }| {
        drop(other);
        drop(send.finish());
        drop(send);
        stage.settle();
        assert_eq!(stage.manager.snapshot().len(), 1);
        stage.acknowledge_all();
        assert_eq!(stage.manager.snapshot(), []);
    });
}

#[test]
fn streams_cannot_be_opened_on_a_dead_connection_and_nothing_is_registered() {
    for death in Death::ALL {
        for side in SIDES {
            let mut stage = Stage::new(Setup::default().on(side));
            let cause = OpenError::from(death.strike(&mut stage));
            assert_eq!(now(stage.manager.open_uni()).err(), Some(cause.clone()));
            assert_eq!(now(stage.manager.open_bi()).err(), Some(cause.clone()));
            assert_eq!(now(stage.manager.accept_uni()).err(), Some(cause.clone()));
            assert_eq!(now(stage.manager.accept_bi()).err(), Some(cause));
            assert_eq!(stage.manager.tally(), Tally::default());
        }
    }
}

#[test]
fn waiting_opens_and_accepts_are_told_of_the_death() {
    for death in Death::ALL {
        let mut setup = Setup::default();
        setup.arena.limits.puppet.max_streams_uni = 0;
        let mut stage = Stage::new(setup);
        let (opener, accepter) = (stage.manager.clone(), stage.manager.clone());
        let open = stage.spawn(async move { opener.open_uni().await.err() });
        let accept = stage.spawn(async move { accepter.accept_bi().await.err() });
        let cause = OpenError::from(death.strike(&mut stage));
        assert_eq!(open.take(), Some(Some(cause.clone())));
        assert_eq!(accept.take(), Some(Some(cause)));
        stage.assert_all_released();
    }
}

#[test]
fn stream_that_arrived_before_the_death_is_accepted_and_ends_as_lost() {
    for death in Death::ALL {
        for side in SIDES {
            let mut stage = Stage::new(Setup::default().on(side));
            let (bi, uni) = (stage.puppet_id(Direction::Bi, 0), stage.puppet_id(Direction::Uni, 0));
            stage.deliver(&[data(bi, 0, b"hello"), fin(uni, 0, b"hello")]);
            let cause = death.strike(&mut stage);
            // quinn hands them out still; the driver has ended.
            let (mut send, mut recv) = ok(now(stage.manager.accept_bi()));
            assert_send_ended(&mut stage, &mut send, &SendOutcome::ConnectionLost(cause.clone()));
            assert_eq!(now(recv.read(&mut [0; 8])), Ok(Some(5)));
            assert!(now(recv.read(&mut [0; 8])).is_err());
            assert_recv_ended(&mut stage, &mut recv, &RecvOutcome::ConnectionLost(cause));
            let mut whole = ok(now(stage.manager.accept_uni()));
            assert_eq!(now(whole.read_to_end(8)), Ok(b"hello".to_vec()));
            drop((send, recv, whole));
            stage.assert_all_released();
        }
    }
}

#[test]
fn driver_ends_with_the_connection() {
    for death in [Death::ClosedByPeer, Death::PeerBrokeARule, Death::ClosedByUs] {
        each_sender(Setup::default(), |stage, Sender { mut send, other: _other, .. }| {
            ok(now(send.write_all(b"hello")));
            drop(send.finish());
            stage.settle();
            assert_eq!(stage.driver.take(), None);
            death.strike(stage);
            assert_eq!(stage.driver.take(), Some(()));
        });
    }
}

#[test]
fn driver_ends_when_the_manager_is_gone_and_everything_is_delivered() {
    for side in SIDES {
        let mut stage = Stage::new(Setup::default().on(side));
        let connection = stage.arena.connection.clone();
        let (manager, driver) = StreamManager::new(connection, Setup::default().config);
        let driver = stage.spawn(driver);
        let mut send = ok(now(manager.open_uni()));
        let clone = manager.clone();
        drop(manager);
        stage.settle();
        assert_eq!(driver.take(), None);
        drop(clone);
        ok(now(send.write_all(b"hello")));
        let finish = send.finish();
        drop(send);
        stage.settle();
        assert_eq!(driver.take(), None, "it still waits for the acknowledgement");
        stage.acknowledge_all();
        assert_eq!(driver.take(), Some(()));
        assert_eq!(now(finish), Ok(()));
        assert_eq!(stage.arena.close_reason(), None, "others may use the connection");
    }
}

#[test]
fn driver_dropped_before_it_ever_ran_ends_what_there_is() {
    for side in SIDES {
        let mut stage = Stage::new(Setup::default().on(side));
        let connection = stage.arena.connection.clone();
        let (manager, driver) = StreamManager::new(connection, Setup::default().config);
        let mut early = ok(now(manager.open_uni()));
        let closed = early.closed();
        let id = stage.puppet_id(Direction::Bi, 0);
        stage.deliver(&[data(id, 0, b"hello")]);
        drop(driver);
        let outcome = SendOutcome::ConnectionLost(ConnectionError::LocallyClosed);
        assert_eq!(now(closed), outcome);
        assert_send_ended(&mut stage, &mut early, &outcome);
        let (mut late, recv) = ok(now(manager.accept_bi()));
        assert_eq!(late.outcome(), Some(outcome.clone()), "nobody else would end it");
        assert_send_ended(&mut stage, &mut late, &outcome);
        drop((early, late, recv));
        assert_eq!(manager.snapshot(), []);
        assert_eq!(manager.tally().own_faults, 0);
    }
}

#[test]
fn handles_and_futures_outlive_everything_else() {
    for side in SIDES {
        let mut stage = Stage::new(Setup::default().on(side));
        let Sender { mut send, other, .. } = stage.sender(SendWay::OpenedBi);
        let mut recv = other.expect("bidirectional");
        ok(now(send.write_all(b"hello")));
        let (finish, closed) = (send.finish(), send.closed());
        assert!(blocks(recv.received_reset()));
        drop(stage);
        let outcome = SendOutcome::ConnectionLost(ConnectionError::LocallyClosed);
        assert_eq!(send.outcome(), Some(outcome.clone()));
        assert_eq!(now(closed), outcome);
        assert!(now(finish).is_err());
        assert!(now(send.write(b"x")).is_err());
        assert!(now(recv.read(&mut [0; 8])).is_err());
        drop(send);
        assert!(matches!(recv.outcome(), Some(RecvOutcome::ConnectionLost(_))));
    }
}

#[test]
fn nothing_keeps_the_world_alive_once_all_is_dropped() {
    for round in 0..8 {
        let mut stage = Stage::new(Setup::default());
        let Sender { mut send, other, id } = stage.sender(SendWay::AcceptedBi);
        let mut recv = other.expect("bidirectional");
        ok(now(send.write_all(b"hello")));
        let waiting = (stage.spawn(send.closed()), send.closed());
        match round {
            0 => drop(send.finish()),
            1 => ok(send.reset(code(7))),
            2 => stage.deliver(&[stop_sending(id, 8)]),
            3 => stage.deliver(&[fin(id, 0, b"")]),
            4 => stage.deliver(&[reset(id, 7, 0)]),
            5 => ok(recv.stop(code(8))),
            6 => drop(Death::ClosedByPeer.strike(&mut stage)),
            _ => {}
        }
        let _ = read(&mut recv, 8);
        let probe = stage.arena.world.leak_probe();
        drop((send, recv, waiting, stage));
        assert!(probe.is_released(), "round {round}");
    }
}

#[test]
fn a_thousand_streams_leave_nothing_behind() {
    let mut stage = Stage::new(Setup::default());
    for n in 0..1000 {
        let id = stage.puppet_id(Direction::Bi, n);
        stage.deliver(&[fin(id, 0, b"hello")]);
        let (mut send, mut recv) = ok(now(stage.manager.accept_bi()));
        assert_eq!(now(recv.read_to_end(8)), Ok(b"hello".to_vec()));
        match n % 3 {
            0 => drop(send.finish()),
            1 => ok(send.reset(code(7))),
            _ => {}
        }
        drop((send, recv));
        stage.acknowledge_all();
        assert_eq!(stage.manager.snapshot(), []);
    }
    let tally = stage.manager.tally();
    assert_eq!((tally.sending.registered, tally.sending.ended()), (1000, 1000));
    assert_eq!((tally.sending.delivered, tally.sending.reset), (334, 666));
    assert_eq!(tally.receiving.read_to_end, 1000);
    assert_eq!(stage.arena.close_reason(), None);
    stage.assert_all_released();
}

#[test]
fn driver_ends_when_the_manager_goes_and_nothing_is_left() {
    let mut stage = Stage::new(Setup::default());
    let connection = stage.arena.connection.clone();
    let (manager, driver) = StreamManager::new(connection.clone(), Setup::default().config);
    let idle = stage.arena.world.spawn(driver);
    stage.settle();
    assert!(!idle.is_finished());
    drop(manager);
    stage.settle();
    assert!(idle.is_finished(), "there never was a stream");

    let (manager, driver) = StreamManager::new(connection, Setup::default().config);
    let last = stage.arena.world.spawn(driver);
    let mut send = ok(now(manager.open_uni()));
    drop(manager);
    stage.settle();
    assert!(!last.is_finished());
    ok(send.reset(code(7)));
    stage.settle();
    assert!(last.is_finished(), "the last part has ended");
}

/// Counts how often it is woken.
#[derive(Default)]
struct Count(std::sync::atomic::AtomicUsize);

impl std::task::Wake for Count {
    fn wake(self: std::sync::Arc<Self>) {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }
}

#[test]
fn driver_is_woken_in_the_task_that_polled_it_last() {
    let mut stage = Stage::new(Setup::default());
    let connection = stage.arena.connection.clone();
    let (manager, driver) = StreamManager::new(connection, Setup::default().config);
    let mut driver = Box::pin(driver);
    let counts = [std::sync::Arc::new(Count::default()), std::sync::Arc::new(Count::default())];
    for count in &counts {
        let waker = std::task::Waker::from(count.clone());
        let mut cx = std::task::Context::from_waker(&waker);
        assert!(driver.as_mut().poll(&mut cx).is_pending());
    }
    let send = ok(now(manager.open_uni()));
    let id = VarInt::from(send.id()).into_inner();
    stage.deliver(&[stop_sending(id, 9)]);
    let woken = counts.map(|count| count.0.load(std::sync::atomic::Ordering::Relaxed));
    assert!(woken[0] == 0 && woken[1] > 0, "{woken:?}");
    drop((send, driver, manager));
}

#[test]
fn read_is_woken_in_the_task_that_polled_it_last() {
    let mut setup = Setup::default();
    setup.config.deadlines.idle = Some(std::time::Duration::from_secs(2));
    each_receiver(setup, |stage, Receiver { mut recv, other, .. }| {
        drop(other);
        let counts = [std::sync::Arc::new(Count::default()), std::sync::Arc::new(Count::default())];
        let mut buffer = [0; 8];
        let mut read = Box::pin(recv.read(&mut buffer));
        for count in &counts {
            let waker = std::task::Waker::from(count.clone());
            let mut cx = std::task::Context::from_waker(&waker);
            assert!(read.as_mut().poll(&mut cx).is_pending());
        }
        // The driver asks for the stop; quinn knows of nothing.
        stage.arena.advance(std::time::Duration::from_secs(3));
        let woken = counts.map(|count| count.0.load(std::sync::atomic::Ordering::Relaxed));
        assert!(woken[0] == 0 && woken[1] > 0, "{woken:?}");
    });
}

#[test]
fn write_of_nothing_changes_nothing() {
    each_sender(Setup::default(), |_, Sender { mut send, other: _other, .. }| {
        assert_eq!(now(send.write(b"")), Ok(0));
        assert_eq!(send.state(), SendState::Ready);
    });
}

/// Somebody who waits and gives up.
struct Nobody;

impl std::task::Wake for Nobody {
    fn wake(self: std::sync::Arc<Self>) {}
}

#[test]
fn waiter_who_gave_up_is_not_kept() {
    each_sender(Setup::default(), |stage, Sender { send, other, .. }| {
        let nobody = std::sync::Arc::new(Nobody);
        let waker = std::task::Waker::from(nobody.clone());
        let mut cx = std::task::Context::from_waker(&waker);
        for _ in 0..3 {
            let mut closed = Box::pin(send.closed());
            assert!(closed.as_mut().poll(&mut cx).is_pending());
            drop(closed);
        }
        drop(waker);
        stage.settle();
        assert_eq!(std::sync::Arc::strong_count(&nobody), 1);
        drop((send, other));
    });
}
