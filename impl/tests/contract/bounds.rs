//! Bounds: on streams that live, on calls that wait to open one, on bytes read into memory.

use quinn::VarInt;
use streamproof::{OpenError, ReadToEndError};

use crate::support::{
    Direction, Receiver, SIDES, Setup, Stage, blocks, code, data, each_receiver, fin, now, ok,
};

fn with(live: Option<usize>, waiting: Option<usize>) -> Setup {
    let mut setup = Setup::default();
    setup.config.max_live_streams = live;
    setup.config.max_waiting_opens = waiting;
    setup
}

#[test]
fn opening_waits_while_as_many_live_as_may() {
    for side in SIDES {
        let mut stage = Stage::new(with(Some(2), None).on(side));
        let mut uni = ok(now(stage.manager.open_uni()));
        let (send, recv) = ok(now(stage.manager.open_bi()));
        let opener = stage.manager.clone();
        let open = stage.spawn(async move { opener.open_uni().await });
        drop(send);
        stage.settle();
        assert!(open.take().is_none(), "the receiving part lives");
        drop(recv);
        stage.settle();
        let third = ok(open.take().expect("a place"));
        assert!(blocks(stage.manager.open_bi()));
        ok(uni.reset(code(1)));
        assert!(now(stage.manager.open_bi()).is_ok(), "the handle of the ended one is still held");
        drop((uni, third));
        stage.assert_all_released();
    }
}

#[test]
fn accepting_waits_too_and_takes_nothing_meanwhile() {
    for side in SIDES {
        let mut stage = Stage::new(with(Some(1), None).on(side));
        let ids = [stage.puppet_id(Direction::Uni, 0), stage.puppet_id(Direction::Uni, 1)];
        stage.deliver(&[fin(ids[0], 0, b"a"), fin(ids[1], 0, b"b")]);
        let first = ok(now(stage.manager.accept_uni()));
        let accepter = stage.manager.clone();
        let accept = stage.spawn(async move { accepter.accept_uni().await });
        stage.abort(&accept);
        let accepter = stage.manager.clone();
        let accept = stage.spawn(async move { accepter.accept_uni().await });
        assert!(accept.take().is_none());
        drop(first);
        stage.settle();
        let second = ok(accept.take().expect("a place"));
        assert_eq!(VarInt::from(second.id()).into_inner(), ids[1], "none is lost");
        drop(second);
        stage.assert_all_released();
    }
}

#[test]
fn who_waits_to_accept_keeps_nobody_from_opening() {
    for side in SIDES {
        let mut stage = Stage::new(with(Some(1), None).on(side));
        let accepter = stage.manager.clone();
        let accept = stage.spawn(async move { accepter.accept_uni().await });
        let send = ok(now(stage.manager.open_uni()));
        let id = stage.puppet_id(Direction::Uni, 0);
        stage.deliver(&[fin(id, 0, b"a")]);
        assert!(accept.take().is_none(), "the place is taken");
        drop(send);
        stage.settle();
        drop(ok(accept.take().expect("a place")));
        stage.assert_all_released();
    }
}

#[test]
fn one_more_than_may_wait_is_refused_at_once() {
    for side in SIDES {
        let mut setup = with(None, Some(2)).on(side);
        setup.arena.limits.puppet.max_streams_uni = 0;
        let mut stage = Stage::new(setup);
        let open = |stage: &mut Stage| {
            let opener = stage.manager.clone();
            stage.spawn(async move { opener.open_uni().await.err() })
        };
        let (first, second, third) = (open(&mut stage), open(&mut stage), open(&mut stage));
        assert_eq!((first.take(), second.take()), (None, None));
        assert_eq!(third.take(), Some(Some(OpenError::TooManyWaiting { limit: 2 })));
        assert!(now(stage.manager.open_bi()).is_ok(), "who need not wait is not counted");
        stage.abort(&first);
        let fourth = open(&mut stage);
        assert_eq!(fourth.take(), None, "there is room again");
        drop(second);
        stage.assert_all_released();
    }
}

#[test]
fn read_to_end_over_the_limit_loses_nothing() {
    each_receiver(Setup::default(), |stage, Receiver { mut recv, other: _other, id }| {
        stage.deliver(&[data(id, 0, b"hello")]);
        let too_long = Err(ReadToEndError::TooLong { limit: 3 });
        assert_eq!(now(recv.read_to_end(3)), too_long);
        assert_eq!(now(recv.read_to_end(3)), too_long);
        stage.deliver(&[fin(id, 5, b"")]);
        assert_eq!(now(recv.read_to_end(5)), Ok(b"hello".to_vec()));
    });
}
