//! A drain: no new streams, running ones finish, the rest is reset with a code, and the report says which.

use std::time::Duration;

use streamproof::{
    Drain, DrainReport, OpenError, Part, PartOutcome, ReadError, RecvOutcome, SendOutcome,
};
use streamproof_simulation::TaskHandle;

use crate::support::{Direction, SIDES, Setup, Stage, code, data, fin, now, ok};

const AFTER: Duration = Duration::from_secs(10);

fn drain(stage: &mut Stage) -> TaskHandle<DrainReport> {
    let manager = stage.manager.clone();
    let mut drain = Drain::within(AFTER);
    drain.reset_code = code(0x77);
    drain.close_code = code(0x78);
    stage.spawn(async move { manager.drain(drain).await })
}

#[test]
fn streams_that_finish_in_time_are_delivered_before_the_connection_closes() {
    for side in SIDES {
        let mut stage = Stage::new(Setup::default().on(side));
        let mut send = ok(now(stage.manager.open_uni()));
        let id = stage.puppet_id(Direction::Uni, 0);
        stage.deliver(&[data(id, 0, b"hel")]);
        let mut recv = ok(now(stage.manager.accept_uni()));
        let report = drain(&mut stage);
        stage.arena.advance(Duration::from_secs(1));
        ok(now(send.write_all(b"hello")));
        let finish = stage.spawn(send.finish());
        stage.deliver(&[fin(id, 3, b"lo")]);
        assert_eq!(now(recv.read_to_end(9)), Ok(b"hello".to_vec()));
        stage.settle();
        assert_eq!(report.take(), None, "the peer has not everything yet");
        assert_eq!(stage.arena.close_reason(), None);
        stage.acknowledge_all();
        assert_eq!(finish.take(), Some(Ok(())));
        let report = report.take().expect("it is over");
        assert!(report.is_clean());
        let outcomes: Vec<_> = report.parts.iter().map(|part| part.outcome.clone()).collect();
        assert_eq!(outcomes.len(), 2);
        assert!(outcomes.contains(&Some(PartOutcome::Sending(SendOutcome::Delivered))));
        assert!(outcomes.contains(&Some(PartOutcome::Receiving(RecvOutcome::ReadToEnd))));
        assert_eq!(report.took, Duration::from_secs(1));
        assert!(stage.arena.close_reason().is_some());
        stage.assert_all_released();
    }
}

#[test]
fn nothing_new_is_taken_and_who_waits_is_told() {
    for side in SIDES {
        let mut setup = Setup::default().on(side);
        setup.arena.limits.puppet.max_streams_uni = 0;
        let mut stage = Stage::new(setup);
        let (send, recv) = ok(now(stage.manager.open_bi()));
        let (opener, accepter) = (stage.manager.clone(), stage.manager.clone());
        let open = stage.spawn(async move { opener.open_uni().await.err() });
        let accept = stage.spawn(async move { accepter.accept_bi().await.err() });
        let report = drain(&mut stage);
        assert_eq!(open.take(), Some(Some(OpenError::Draining)));
        assert_eq!(accept.take(), Some(Some(OpenError::Draining)));
        assert_eq!(now(stage.manager.open_bi()).err(), Some(OpenError::Draining));
        assert_eq!(report.take(), None);
        drop((send, recv));
        stage.settle();
        assert!(report.take().is_some(), "a drop ends a part, too");
        stage.assert_all_released();
    }
}

#[test]
fn what_is_left_at_the_deadline_is_reset_and_stopped() {
    for side in SIDES {
        let mut stage = Stage::new(Setup::default().on(side));
        let mut send = ok(now(stage.manager.open_uni()));
        ok(now(send.write_all(b"hel")));
        let id = stage.puppet_id(Direction::Uni, 0);
        let other = stage.puppet_id(Direction::Uni, 1);
        stage.deliver(&[data(id, 0, b"hel"), data(other, 0, b"hel")]);
        let mut recv = ok(now(stage.manager.accept_uni()));
        let unused = ok(now(stage.manager.accept_uni()));
        let read = stage.spawn(async move { recv.read_to_end(9).await.err() });
        let report = drain(&mut stage);
        stage.arena.advance(AFTER - Duration::from_millis(1));
        assert_eq!((report.take(), send.outcome()), (None, None));
        stage.arena.advance(Duration::from_millis(2));
        assert_eq!(send.outcome(), Some(SendOutcome::Reset { code: code(0x77) }));
        let stopped = ReadError::Stopped { code: code(0x77) };
        assert_eq!(read.take(), Some(Some(stopped.into())));
        assert_eq!(stage.stops_on(id).len(), 1);
        assert_eq!(report.take(), None, "one reader does not come");
        stage.arena.advance(AFTER / 10);
        let report = report.take().expect("it is over");
        assert!(!report.is_clean());
        let left: Vec<_> = report.parts.iter().filter(|part| part.outcome.is_none()).collect();
        assert_eq!((left.len(), left[0].part, left[0].id), (1, Part::Receiving, unused.id()));
        assert_eq!(report.took, AFTER + AFTER / 10);
        drop((send, unused));
        stage.assert_all_released();
    }
}

#[test]
fn a_drain_of_nothing_is_over_at_once() {
    for side in SIDES {
        let mut stage = Stage::new(Setup::default().on(side));
        let report = drain(&mut stage).take().expect("at once");
        assert_eq!((report.parts.len(), report.took), (0, Duration::ZERO));
        assert!(stage.arena.close_reason().is_some());
    }
}
