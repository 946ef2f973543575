//! What a snapshot shows of a live part: how long it has been there, and how far it has come.

use std::time::Duration;

use crate::support::{
    Receiver, Sender, Setup, Stage, code, data, each_receiver, each_sender, now, ok,
};

const BEFORE: Duration = Duration::from_secs(5);
const SINCE: Duration = Duration::from_secs(3);

#[test]
fn age_counts_from_when_the_part_was_registered() {
    let mut stage = Stage::new(Setup::default());
    stage.arena.advance(BEFORE);
    let (mut send, mut recv) = ok(now(stage.manager.open_bi()));
    stage.arena.advance(SINCE);
    let ages: Vec<Duration> = stage.manager.snapshot().iter().map(|part| part.age).collect();
    assert_eq!(ages, [SINCE, SINCE]);
    ok(send.reset(code(1)));
    ok(recv.stop(code(1)));
}

#[test]
fn offset_of_a_receiving_part_counts_each_byte_once() {
    each_receiver(Setup::default(), |stage, Receiver { mut recv, id, .. }| {
        let live = |stage: &Stage| {
            let parts = stage.manager.snapshot();
            let part = parts.iter().find(|part| part.state == recv_state());
            part.map(|part| part.offset)
        };
        stage.deliver(&[data(id, 0, b"abc")]);
        let read = stage.spawn(async move {
            let mut buf = [0; 5];
            let read = recv.read_exact(&mut buf).await;
            (read, recv)
        });
        stage.settle();
        assert_eq!(live(stage), Some(3));
        stage.deliver(&[data(id, 3, b"de")]);
        assert_eq!(live(stage), Some(5), "three, and two behind them");
        let (read, mut recv) = read.take().expect("five bytes were there");
        ok(read);
        ok(recv.stop(code(1)));
    });
}

fn recv_state() -> streamproof::PartState {
    streamproof::PartState::Receiving(streamproof::RecvState::Recv)
}

#[test]
fn offset_of_a_sending_part_counts_what_was_written() {
    each_sender(Setup::default(), |stage, Sender { mut send, .. }| {
        ok(now(send.write_all(b"abc")));
        ok(now(send.write_all(b"de")));
        let parts = stage.manager.snapshot();
        let sending = parts.iter().find(|part| part.part() == streamproof::Part::Sending);
        assert_eq!(sending.map(|part| part.offset), Some(5));
        ok(send.reset(code(1)));
    });
}
