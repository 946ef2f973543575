//! Events and snapshots: what can be seen of parts from outside, in order, and at no cost when nobody looks.

use std::time::Duration;

use streamproof::{
    EventKind, Heard, Part, PartOutcome, PartState, RecvOutcome, RecvState, SendOutcome, SendState,
};

use crate::deadlines::heard;
use crate::support::{
    Receiver, SIDES, SendWay, Sender, Setup, Stage, code, each_receiver, each_sender, fin, now, ok,
};

#[test]
fn sending_part_tells_every_edge_and_its_end() {
    each_sender(Setup::default(), |stage, Sender { mut send, other, .. }| {
        drop(other);
        stage.settle();
        let mut events = stage.manager.events(100);
        ok(now(send.write_all(b"hello")));
        ok(now(send.write_all(b"hello")));
        drop(send.finish());
        stage.acknowledge_all();
        let moved = |from, to| EventKind::Moved {
            from: PartState::Sending(from),
            to: PartState::Sending(to),
        };
        assert_eq!(
            heard(&mut events),
            [
                moved(SendState::Ready, SendState::Send),
                moved(SendState::Send, SendState::DataSent),
                moved(SendState::DataSent, SendState::DataRecvd),
                EventKind::Ended { outcome: PartOutcome::Sending(SendOutcome::Delivered) },
            ]
        );
    });
}

#[test]
fn receiving_part_tells_its_end() {
    each_receiver(Setup::default(), |stage, Receiver { mut recv, other, id }| {
        drop(other);
        stage.settle();
        let mut events = stage.manager.events(100);
        stage.deliver(&[fin(id, 0, b"hello")]);
        ok(now(recv.read_to_end(9)));
        assert_eq!(
            heard(&mut events),
            [
                EventKind::Moved {
                    from: PartState::Receiving(RecvState::Recv),
                    to: PartState::Receiving(RecvState::DataRead),
                },
                EventKind::Ended { outcome: PartOutcome::Receiving(RecvOutcome::ReadToEnd) },
            ]
        );
    });
}

#[test]
fn listener_that_does_not_come_is_told_how_many_it_lost() {
    for side in SIDES {
        let stage = Stage::new(Setup::default().on(side));
        let mut events = stage.manager.events(2);
        let mut other = stage.manager.events(100);
        for _ in 0..3 {
            drop(ok(now(stage.manager.open_uni())));
        }
        // Registered, moved to "Reset Sent", ended: three times.
        assert_eq!(now(events.next()), Some(Heard::Lost(7)));
        assert!(matches!(now(events.next()), Some(Heard::Event(_))));
        assert_eq!(heard(&mut events).len(), 1);
        assert_eq!(heard(&mut other).len(), 9);
        drop(stage);
        assert_eq!(now(other.next()), None, "everybody is gone");
    }
}

#[test]
fn waiting_listener_is_woken() {
    for side in SIDES {
        let mut stage = Stage::new(Setup::default().on(side));
        let Sender { mut send, .. } = stage.sender(SendWay::OpenedUni);
        let mut events = stage.manager.events(10);
        let next = stage.spawn(async move { events.next().await });
        ok(now(send.write_all(b"hello")));
        stage.settle();
        let Some(Some(Heard::Event(event))) = next.take() else { panic!("not woken") };
        assert_eq!((event.id, event.part), (send.id(), Part::Sending));
    }
}

#[test]
fn snapshot_shows_offsets_and_ages() {
    for side in SIDES {
        let mut stage = Stage::new(Setup::default().on(side));
        let Sender { mut send, other, id } = stage.sender(SendWay::AcceptedBi);
        let mut recv = other.expect("bidirectional");
        stage.arena.advance(Duration::from_secs(3));
        ok(now(send.write_all(b"hello")));
        stage.deliver(&[fin(id, 0, b"abc")]);
        assert_eq!(now(recv.read(&mut [0; 2])), Ok(Some(2)));
        let shown = stage.manager.snapshot();
        let shown: Vec<_> = shown.iter().map(|part| (part.part(), part.offset, part.age)).collect();
        let age = Duration::from_secs(3);
        assert_eq!(shown, [(Part::Sending, 5, age), (Part::Receiving, 2, age)]);
        ok(send.reset(code(1)));
        assert_eq!(stage.manager.snapshot().len(), 1);
    }
}
