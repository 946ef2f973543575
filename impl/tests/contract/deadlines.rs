//! Deadlines: a write, a read, a part that makes no progress is ended in time, not before, and says why.

use std::time::Duration;

use streamproof::{
    Deadline, Event, EventKind, Events, Heard, PartOutcome, PartState, Patience, ReadError,
    RecvOutcome, RecvState, SendOutcome, SendState, WriteError,
};

use crate::support::{
    Receiver, Sender, Setup, Stage, blocks, code, data, each_receiver, each_sender, fin, now, ok,
    stop_sending,
};

const CODE: u32 = 0x99;
const AFTER: Duration = Duration::from_secs(2);
const ALMOST: Duration = Duration::from_millis(1999);
const A_BIT: Duration = Duration::from_millis(2);

fn setup(change: impl FnOnce(&mut streamproof::Deadlines)) -> Setup {
    let mut setup = Setup::stream_limit(3);
    setup.config.deadline_code = code(CODE);
    change(&mut setup.config.deadlines);
    setup
}

/// The kinds of all events so far.
pub(crate) fn heard(events: &mut Events) -> Vec<EventKind> {
    let mut kinds = Vec::new();
    while let std::task::Poll::Ready(Some(heard)) = streamproof_simulation::poll_once(events.next())
    {
        match heard {
            Heard::Event(Event { kind, .. }) => kinds.push(kind),
            Heard::Lost(lost) => panic!("{lost} events lost"),
        }
    }
    kinds
}

/// What the events say of the deadline: the chain, without states and ends.
fn chain(events: &mut Events) -> Vec<EventKind> {
    let of_chain = |kind: &EventKind| {
        !matches!(kind, EventKind::Registered | EventKind::Moved { .. } | EventKind::Ended { .. })
    };
    heard(events).into_iter().filter(of_chain).collect()
}

fn timed_out(deadline: Deadline, attempt: u32) -> EventKind {
    EventKind::TimedOut { deadline, attempt }
}

#[test]
fn write_that_waits_too_long_resets_the_stream_and_says_why() {
    let setup = setup(|deadlines| deadlines.write = Some(AFTER.into()));
    each_sender(setup, |stage, Sender { mut send, other: _other, id }| {
        let mut events = stage.manager.events(100);
        ok(now(send.write_all(b"abc")));
        let write = stage.spawn(async move {
            let result = send.write_all(b"d").await;
            (result, send.outcome())
        });
        stage.arena.advance(ALMOST);
        assert_eq!(write.take(), None);
        stage.arena.advance(A_BIT);
        let reset = SendOutcome::Reset { code: code(CODE) };
        let refused = Err(WriteError::Reset { code: code(CODE) });
        assert_eq!(write.take(), Some((refused, Some(reset))));
        let state = PartState::Sending(SendState::Send);
        let deadline = Deadline::Write;
        assert_eq!(
            chain(&mut events),
            [
                timed_out(deadline, 1),
                EventKind::RetriesExhausted { deadline },
                EventKind::Intent { code: code(CODE) },
                EventKind::Validated { state },
                EventKind::Executed,
            ]
        );
        assert!(stage.sent_on(id).contains(&crate::support::reset(id, CODE, 3)));
    });
}

#[test]
fn retries_wait_once_more_and_progress_begins_anew() {
    let patience = Patience { after: AFTER, retries: 1 };
    let setup = setup(|deadlines| deadlines.write = Some(patience));
    each_sender(setup, |stage, Sender { mut send, other: _other, id }| {
        let mut events = stage.manager.events(100);
        ok(now(send.write_all(b"abc")));
        let write = stage.spawn(async move { send.write_all(b"de").await });
        stage.arena.advance(AFTER + ALMOST);
        assert_eq!(write.take(), None, "one retry");
        let credit = |maximum_stream_data| {
            let stream_id = id;
            streamproof_harness::wire::Frame::MaxStreamData { stream_id, maximum_stream_data }
        };
        stage.deliver(&[credit(4)]);
        stage.arena.advance(AFTER + ALMOST);
        assert_eq!(write.take(), None, "and one more after the byte that went out");
        stage.arena.advance(A_BIT);
        assert_eq!(write.take(), Some(Err(WriteError::Reset { code: code(CODE) })));
        let attempts: Vec<_> = chain(&mut events)
            .into_iter()
            .filter(|kind| matches!(kind, EventKind::TimedOut { .. }))
            .collect();
        let write = |attempt| timed_out(Deadline::Write, attempt);
        assert_eq!(attempts, [write(1), write(1), write(2)]);
    });
}

#[test]
fn part_that_was_stopped_has_nothing_to_expire() {
    let setup = setup(|deadlines| deadlines.idle = Some(AFTER));
    each_sender(setup, |stage, Sender { mut send, other, id }| {
        drop(other);
        let mut events = stage.manager.events(100);
        ok(now(send.write_all(b"abc")));
        stage.deliver(&[stop_sending(id, 7)]);
        stage.arena.advance(AFTER + AFTER);
        let outcome = SendOutcome::Stopped { code: code(7) };
        assert_eq!(send.outcome(), Some(outcome));
        assert_eq!(chain(&mut events), [], "nothing left to expire");
    });
}

#[test]
fn read_that_waits_too_long_stops_the_stream_and_says_why() {
    let setup = setup(|deadlines| deadlines.read = Some(AFTER.into()));
    each_receiver(setup, |stage, Receiver { mut recv, other: _other, id }| {
        stage.deliver(&[data(id, 0, b"abc")]);
        let mut events = stage.manager.events(100);
        let read = stage.spawn(async move {
            let whole = recv.read_to_end(10).await;
            (whole, recv.read(&mut [0; 4]).await, recv.outcome())
        });
        stage.arena.advance(ALMOST);
        assert_eq!(read.take(), None);
        stage.arena.advance(A_BIT);
        let stopped = RecvOutcome::Stopped { code: code(CODE) };
        let refused = ReadError::Stopped { code: code(CODE) };
        assert_eq!(read.take(), Some((Err(refused.clone().into()), Err(refused), Some(stopped))));
        let deadline = Deadline::Read;
        assert_eq!(
            chain(&mut events),
            [
                timed_out(deadline, 1),
                EventKind::RetriesExhausted { deadline },
                EventKind::Intent { code: code(CODE) },
                EventKind::Validated { state: PartState::Receiving(RecvState::Recv) },
                EventKind::Executed,
            ]
        );
        assert_eq!(stage.stops_on(id), [stop_sending(id, CODE)]);
    });
}

#[test]
fn read_is_tried_once_more_for_each_retry() {
    let setup = setup(|deadlines| deadlines.read = Some(Patience { after: AFTER, retries: 1 }));
    each_receiver(setup, |stage, Receiver { mut recv, other: _other, .. }| {
        let mut events = stage.manager.events(100);
        let read = stage.spawn(async move { recv.read(&mut [0; 8]).await });
        stage.arena.advance(AFTER + ALMOST);
        assert_eq!(read.take(), None, "one retry");
        stage.arena.advance(A_BIT);
        assert_eq!(read.take(), Some(Err(ReadError::Stopped { code: code(CODE) })));
        let attempts = chain(&mut events);
        let read = |attempt| timed_out(Deadline::Read, attempt);
        assert_eq!(attempts[..2], [read(1), read(2)]);
    });
}

#[test]
#[should_panic(expected = "deadlines need a runtime to take timers from")]
fn deadline_without_a_runtime_is_refused_at_once() {
    let stage = Stage::new(Setup::default());
    let with = setup(|deadlines| deadlines.idle = Some(AFTER));
    // (No tokio runs here.)
    drop(streamproof::StreamManager::new(stage.arena.connection.clone(), with.config));
}

#[test]
fn read_deadline_meets_a_stream_that_is_complete() {
    // FIN arrives in the same moment: whoever reads first is right, and nothing is stopped.
    let setup = setup(|deadlines| deadlines.read = Some(AFTER.into()));
    each_receiver(setup, |stage, Receiver { mut recv, other: _other, id }| {
        let read = stage.spawn(async move { recv.read_to_end(10).await });
        stage.arena.advance(ALMOST);
        stage.deliver(&[fin(id, 0, b"abc")]);
        stage.arena.advance(AFTER);
        assert_eq!(read.take(), Some(Ok(b"abc".to_vec())));
        assert_eq!(stage.stops_on(id), []);
    });
}

#[test]
fn idle_sending_part_is_reset_by_the_driver() {
    let setup = setup(|deadlines| deadlines.idle = Some(AFTER));
    for finished in [false, true] {
        each_sender(setup, |stage, Sender { mut send, other, .. }| {
            drop(other);
            stage.arena.advance(AFTER / 2);
            ok(now(send.write_all(b"abc")));
            if finished {
                drop(send.finish());
            }
            let closed = stage.spawn(send.closed());
            // A write is progress, and so is a finish.
            stage.arena.advance(ALMOST);
            assert_eq!(closed.take(), None);
            stage.arena.advance(AFTER / 8 + A_BIT);
            assert_eq!(closed.take(), Some(SendOutcome::Reset { code: code(CODE) }));
        });
    }
}

/// The looking must not become the work: a part that is due soon after another is found with the next look.
#[test]
fn idle_parts_are_looked_for_no_more_than_eight_times_in_a_deadline() {
    let setup = setup(|deadlines| deadlines.idle = Some(8 * AFTER));
    each_sender(setup, |stage, Sender { send, other, .. }| {
        drop(other);
        let Ok(second) = now(stage.manager.open_uni()) else { panic!("a second stream") };
        stage.arena.advance(AFTER / 2);
        let mut second = second;
        ok(now(second.write_all(b"abc")));
        let (first, second) = (stage.spawn(send.closed()), stage.spawn(second.closed()));
        stage.arena.advance(8 * AFTER - AFTER / 2 + A_BIT);
        let reset = Some(SendOutcome::Reset { code: code(CODE) });
        assert_eq!(first.take(), reset);
        // It is due half an AFTER later, the next look is a whole one later.
        stage.arena.advance(AFTER - 2 * A_BIT);
        assert_eq!(second.take(), None);
        stage.arena.advance(2 * A_BIT);
        assert_eq!(second.take(), reset);
    });
}

#[test]
fn idle_receiving_part_is_stopped_by_its_reader() {
    let setup = setup(|deadlines| deadlines.idle = Some(AFTER));
    each_receiver(setup, |stage, Receiver { mut recv, other, id }| {
        drop(other);
        stage.deliver(&[data(id, 0, b"abc")]);
        let mut events = stage.manager.events(100);
        let read = stage.spawn(async move {
            let mut buffer = [0; 8];
            let first = recv.read(&mut buffer).await;
            (first, recv.read(&mut buffer).await)
        });
        stage.arena.advance(AFTER + AFTER / 8 + A_BIT);
        let stopped = ReadError::Stopped { code: code(CODE) };
        assert_eq!(read.take(), Some((Ok(Some(3)), Err(stopped))));
        assert_eq!(stage.stops_on(id).first(), Some(&stop_sending(id, CODE)));
        let last = EventKind::Ended {
            outcome: PartOutcome::Receiving(RecvOutcome::Stopped { code: code(CODE) }),
        };
        assert_eq!(heard(&mut events).last(), Some(&last));
    });
}

#[test]
fn idle_receiving_part_that_nobody_reads_is_stopped_when_it_is_used() {
    let setup = setup(|deadlines| deadlines.idle = Some(AFTER));
    each_receiver(setup, |stage, Receiver { mut recv, other, .. }| {
        drop(other);
        let mut events = stage.manager.events(100);
        stage.arena.advance(AFTER * 3);
        assert_eq!(recv.outcome(), None, "only its handle can");
        assert_eq!(chain(&mut events), [timed_out(Deadline::Idle, 1)], "once");
        let stopped = Err(ReadError::Stopped { code: code(CODE) });
        assert_eq!(now(recv.read(&mut [0; 4])), stopped);
        assert_eq!(chain(&mut events).last(), Some(&EventKind::Executed));
    });
}

#[test]
fn without_deadlines_nothing_expires() {
    each_sender(Setup::stream_limit(3), |stage: &mut Stage, Sender { mut send, other, .. }| {
        drop(other);
        ok(now(send.write_all(b"abc")));
        stage.arena.advance(Duration::from_secs(20));
        assert!(blocks(send.write(b"d")));
        assert_eq!(send.outcome(), None);
    });
}

#[test]
fn stop_by_the_application_is_no_deadline() {
    each_receiver(Setup::default(), |stage, Receiver { mut recv, other: _other, .. }| {
        let mut events = stage.manager.events(100);
        ok(recv.stop(code(1)));
        assert_eq!(chain(&mut events), []);
    });
}
