//! Random interleavings of application calls and puppet frames on eight streams at once: two hundred seeds, bytes
//! that proptest makes (and makes shorter when they fail), and bytes that a fuzzer makes (`impl/fuzz/`).
//!
//! The puppet is legal, the application does anything. A seed is a run; every assertion names it. Whether the
//! driver runs between two calls is random too. The oracle only remembers: bytes written, bytes read, what the
//! puppet did, what was told first.

use std::ops::Range;
use std::task::Poll;

use bytes::Bytes;
use quinn::VarInt;
use streamproof::{ReadError, ReadToEndError, RecvHandle, RecvOutcome, SendHandle};
use streamproof_harness::wire::Frame;
use streamproof_simulation::{self as world, poll_once};
use tokio::io::AsyncWriteExt;

use crate::askers::read_told;
use crate::death::Death;
use crate::judge::{
    End, Receiving, Sending, Stream, judge_receiving, judge_sending, payload, remember,
};
use crate::support::{
    DROP_STOP, Direction, SIDES, Setup, Stage, code, data, now, ok, stop_sending,
};

pub(crate) const SEEDS: Range<u64> = 0..200;

/// Calls and frames in one run.
const STEPS: usize = 120;

/// Where choices come from.
enum Dice<'a> {
    /// A seed, and how many steps are left.
    Seed(world::Dice, usize),
    /// Two bytes for each choice; when there are no more, the run ends.
    Bytes(&'a [u8]),
}

impl Dice<'_> {
    fn roll(&mut self, sides: u64) -> u64 {
        match self {
            Self::Seed(dice, _) => dice.roll(sides),
            Self::Bytes(bytes) => {
                let Some((two, rest)) = bytes.split_first_chunk::<2>() else { return 0 };
                *bytes = rest;
                u64::from(u16::from_le_bytes(*two)) % sides
            }
        }
    }

    /// Whether there is another step.
    fn goes_on(&mut self) -> bool {
        match self {
            Self::Seed(_, left) => std::mem::replace(left, left.saturating_sub(1)) > 0,
            Self::Bytes(bytes) => bytes.len() > 1,
        }
    }

    /// A code that no dropped handle sends.
    fn code(&mut self) -> u32 {
        1000 + u32::try_from(self.roll(1000)).unwrap_or(0)
    }
}

/// One run from a seed.
pub(crate) fn run(setup: Setup, seed: u64) {
    println!("seed {seed}");
    play(setup, seed, Dice::Seed(world::Dice::new(seed), STEPS));
}

/// One run from bytes, whatever they are.
pub(crate) fn run_bytes(setup: Setup, bytes: &[u8]) {
    play(setup, 0, Dice::Bytes(bytes));
}

fn play(mut setup: Setup, seed: u64, mut dice: Dice<'_>) {
    setup.arena.seed = seed;
    setup.arena.limits.puppet.max_stream_data = 40;
    let mut stage = Stage::new(setup);
    let mut streams = eight_streams(&mut stage);
    while dice.goes_on() {
        let stream = &mut streams[dice.roll(8) as usize];
        step(&mut stage, &mut dice, stream, seed);
        if dice.roll(2) == 0 {
            stage.settle();
        }
        for stream in &mut streams {
            remember(stream, seed);
        }
    }
    assert_eq!(stage.arena.close_reason(), None, "seed {seed}: a legal peer was punished");
    let death = match dice.roll(8) {
        0 => Some(Death::ClosedByPeer),
        1 => Some(Death::ClosedByUs),
        2 => Some(Death::DriverDropped),
        _ => None,
    };
    if let Some(death) = death {
        death.strike(&mut stage);
    }
    for stream in &mut streams {
        remember(stream, seed);
        drop_send(stream);
        drop_recv(stream, death.is_some());
    }
    stage.assert_all_released();
    for stream in &streams {
        judge_sending(&mut stage, stream, death, seed);
        judge_receiving(&mut stage, stream, death, seed);
    }
}

/// Two of each: opened and accepted, unidirectional and bidirectional.
fn eight_streams(stage: &mut Stage) -> Vec<Stream> {
    let mut streams = Vec::new();
    for n in 0..2 {
        let (uni, bi) = (stage.puppet_id(Direction::Uni, n), stage.puppet_id(Direction::Bi, n));
        stage.deliver(&[data(uni, 0, b""), data(bi, 0, b"")]);
        let accepted = ok(now(stage.manager.accept_bi()));
        streams.push(stream(stage, None, Some(ok(now(stage.manager.accept_uni())))));
        streams.push(stream(stage, Some(accepted.0), Some(accepted.1)));
        streams.push(stream(stage, Some(ok(now(stage.manager.open_uni()))), None));
        let (mut send, recv) = ok(now(stage.manager.open_bi()));
        // So that the puppet knows of it.
        ok(now(send.write_all(&payload(VarInt::from(send.id()).into_inner(), 0, 1))));
        let mut opened = stream(stage, Some(send), Some(recv));
        opened.sending.iter_mut().for_each(|sending| sending.written = 1);
        streams.push(opened);
    }
    streams
}

fn stream(stage: &mut Stage, send: Option<SendHandle>, recv: Option<RecvHandle>) -> Stream {
    let id = send.as_ref().map(SendHandle::id).or(recv.as_ref().map(RecvHandle::id));
    let id = VarInt::from(id.expect("one part at least")).into_inner();
    let sending = send.map(|send| Sending {
        waiter: stage.spawn(send.closed()),
        handle: Some(send),
        finishes: Vec::new(),
        written: 0,
        is_finished: false,
        stopped: None,
        told: None,
    });
    let receiving = recv.map(|recv| Receiving {
        handle: Some(recv),
        puppet_sent: 0,
        puppet_end: None,
        read: 0,
        expected_stop: None,
        told: None,
    });
    Stream { id, sending, receiving }
}

fn step(stage: &mut Stage, dice: &mut Dice<'_>, stream: &mut Stream, seed: u64) {
    match dice.roll(20) {
        0..=4 => call_send(stage, dice, stream),
        5..=9 => call_recv(dice, stream, seed),
        10..=13 => puppet_sends(stage, dice, stream),
        14 => puppet_stops(stage, dice, stream),
        15 => {
            let maximum_stream_data = 40 + dice.roll(200);
            if stream.sending.is_some() {
                let stream_id = stream.id;
                stage.deliver(&[Frame::MaxStreamData { stream_id, maximum_stream_data }]);
            }
        }
        16 | 17 => {
            let mut packets = stage.outstanding();
            packets.retain(|_| dice.roll(3) > 0);
            stage.acknowledge(&packets);
        }
        18 => drop(stage.arena.lose_outstanding()),
        _ => stage.arena.advance(std::time::Duration::from_micros(dice.roll(3000))),
    }
}

fn call_send(stage: &mut Stage, dice: &mut Dice<'_>, stream: &mut Stream) {
    let Some(sending) = &mut stream.sending else { return };
    let Some(send) = &mut sending.handle else { return };
    match dice.roll(16) {
        0..=8 => {
            let bytes = payload(stream.id, sending.written as u64, dice.roll(30));
            if let Poll::Ready(Ok(count)) = poll_once(send.write(&bytes)) {
                sending.written += count;
            }
        }
        9 | 10 => {
            sending.is_finished = true;
            let finish = send.finish();
            sending.finishes.push(stage.arena.world.spawn(finish));
        }
        11 => {
            sending.is_finished = true;
            let _ = poll_once(send.shutdown());
        }
        12 => drop(send.reset(code(dice.code()))),
        13 => drop(poll_once(send.stopped())),
        14 => drop(send.set_priority(3)),
        _ => drop_send(stream),
    }
}

fn drop_send(stream: &mut Stream) {
    if let Some(sending) = &mut stream.sending {
        sending.handle = None;
    }
}

fn call_recv(dice: &mut Dice<'_>, stream: &mut Stream, seed: u64) {
    let Some(receiving) = &mut stream.receiving else { return };
    let Some(recv) = &mut receiving.handle else { return };
    let mut offset = receiving.read as u64;
    let before = recv.outcome();
    let mut buffer = vec![0; dice.roll(20) as usize + 1];
    let read = match dice.roll(16) {
        0..=7 => poll_once(recv.read(&mut buffer))
            .map_ok(|count| count.map(|count| Bytes::copy_from_slice(&buffer[..count]))),
        8 => poll_once(recv.read_chunk(buffer.len(), true))
            .map_ok(|chunk| chunk.map(|chunk| chunk.bytes)),
        9 => poll_once(recv.read_chunk(buffer.len(), false)).map_ok(|chunk| {
            let chunk = chunk?;
            offset = chunk.offset;
            Some(chunk.bytes)
        }),
        10 => match poll_once(recv.read_to_end(buffer.len())) {
            Poll::Ready(Ok(whole)) => Poll::Ready(Ok(Some(Bytes::from(whole)))),
            Poll::Ready(Err(ReadToEndError::Read(error))) => Poll::Ready(Err(error)),
            Poll::Ready(Err(ReadToEndError::TooLong { .. })) | Poll::Pending => Poll::Pending,
        },
        11..=13 => {
            let _ = poll_once(recv.received_reset());
            Poll::Pending
        }
        14 => {
            stop(receiving, code(dice.code()));
            return;
        }
        _ => return drop_recv(stream, false),
    };
    match &read {
        Poll::Ready(Ok(Some(bytes))) => {
            let expected = payload(stream.id, offset, bytes.len() as u64);
            assert_eq!(*bytes, expected, "seed {seed}, stream {}", stream.id);
            receiving.read += bytes.len();
        }
        Poll::Ready(Ok(None)) => assert_read_told(&before, None, seed),
        Poll::Ready(Err(error)) => assert_read_told(&before, Some(error.clone()), seed),
        Poll::Pending => {}
    }
}

/// A read after the end is told the end that was there before.
fn assert_read_told(before: &Option<RecvOutcome>, told: Option<ReadError>, seed: u64) {
    if let Some(outcome) = before {
        assert_eq!(told, read_told(outcome), "seed {seed}");
    }
}

fn stop(receiving: &mut Receiving, stop_code: VarInt) {
    let Some(recv) = &mut receiving.handle else { return };
    if recv.outcome().is_none() && receiving.puppet_end.is_none() {
        receiving.expected_stop = u32::try_from(stop_code.into_inner()).ok();
    }
    drop(recv.stop(stop_code));
}

fn drop_recv(stream: &mut Stream, is_dead: bool) {
    let Some(receiving) = &mut stream.receiving else { return };
    let Some(recv) = receiving.handle.take() else { return };
    if recv.outcome().is_none() && receiving.puppet_end.is_none() && !is_dead {
        receiving.expected_stop = Some(DROP_STOP);
    }
}

fn puppet_sends(stage: &mut Stage, dice: &mut Dice<'_>, stream: &mut Stream) {
    let Some(receiving) = &mut stream.receiving else { return };
    if receiving.puppet_end.is_some() {
        return;
    }
    let (stream_id, offset) = (stream.id, receiving.puppet_sent);
    let frame = |offset, length, fin| Frame::Stream {
        stream_id,
        offset,
        fin,
        data: payload(stream_id, offset, length),
    };
    let (first, second) = (dice.roll(15), dice.roll(15));
    let fin = dice.roll(5) == 0;
    if dice.roll(12) == 0 {
        let number = dice.code();
        receiving.puppet_end = Some(End::Reset(number));
        stage.deliver(&[crate::support::reset(stream_id, number, offset + first)]);
        return;
    }
    if fin {
        receiving.puppet_end = Some(End::Fin);
    }
    receiving.puppet_sent += first + second;
    // The second half may overtake the first, and the first may come twice.
    let mut frames = vec![frame(offset, first, false), frame(offset + first, second, fin)];
    match dice.roll(3) {
        0 => frames.reverse(),
        1 => frames.push(frame(offset, first, false)),
        _ => {}
    }
    frames.iter().for_each(|frame| stage.deliver(std::slice::from_ref(frame)));
}

fn puppet_stops(stage: &mut Stage, dice: &mut Dice<'_>, stream: &mut Stream) {
    let Some(sending) = &mut stream.sending else { return };
    let number = dice.code();
    sending.stopped.get_or_insert(number);
    stage.deliver(&[stop_sending(stream.id, number)]);
}

#[test]
fn any_interleaving_ends_every_part_exactly_once() {
    for seed in SEEDS {
        for side in SIDES {
            run(Setup::default().on(side), seed);
        }
    }
}

#[cfg(test)]
proptest::proptest! {
    /// `PROPTEST_CASES` says how many (`make deep-fuzz`: for ten minutes).
    #[test]
    fn any_sequence_of_calls_ends_every_part_exactly_once(
        bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..600),
        is_client in proptest::bool::ANY,
    ) {
        let side = SIDES[usize::from(is_client)];
        run_bytes(Setup::default().on(side), &bytes);
    }
}
