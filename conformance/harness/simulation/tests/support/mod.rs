//! What the tests share: small limits ([`plain`] has others), frames in few words, and wakers that count.

// Each test binary uses a part of it.
#![allow(dead_code, unreachable_pub)]

pub mod plain;

use std::fmt::Debug;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use bytes::Bytes;
use quinn::{RecvStream, SendStream, Side, VarInt};
use streamproof_harness::SideLimits;
use streamproof_harness::wire::{Direction, Frame};
use streamproof_simulation::{Arena, ArenaConfig, Limits, poll_once};

pub const SIDES: [Side; 2] = [Side::Client, Side::Server];
pub const UNI: Direction = Direction::Unidirectional;
pub const BIDI: Direction = Direction::Bidirectional;

/// The limits of nearly every test. quinn announces from an eighth of a window on: one byte on the
/// stream, two on the connection.
pub const SMALL: SideLimits = limits(16, 8, 1);

/// Bytes on the connection, bytes on each stream, streams of each direction.
pub const fn limits(max_data: u64, max_stream_data: u64, streams: u64) -> SideLimits {
    SideLimits {
        max_data,
        max_stream_data,
        max_streams_bidi: streams,
        max_streams_uni: streams,
        max_stream_data_bidi_local: None,
        max_stream_data_bidi_remote: None,
        max_stream_data_uni: None,
    }
}

pub fn config(side: Side, sut: SideLimits, puppet: SideLimits) -> ArenaConfig {
    ArenaConfig { side, limits: Limits { sut, puppet }, log: true, ..ArenaConfig::default() }
}

pub fn arena(side: Side, sut: SideLimits, puppet: SideLimits) -> Arena {
    Arena::new(&config(side, sut, puppet)).expect("a handshake")
}

/// The output of a call that doesn't block.
pub fn now<F: Future>(future: F) -> F::Output {
    match poll_once(future) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the call would block"),
    }
}

pub fn ok<T, E: Debug>(result: Result<T, E>) -> T {
    result.expect("the call succeeds")
}

pub const fn code(value: u32) -> VarInt {
    VarInt::from_u32(value)
}

pub fn open_uni(arena: &Arena) -> SendStream {
    ok(now(arena.connection.open_uni()))
}

pub fn accept_uni(arena: &Arena) -> RecvStream {
    ok(now(arena.connection.accept_uni()))
}

/// The `n`th unidirectional stream of quinn (§2.1).
pub fn own(side: Side, n: u64) -> u64 {
    4 * n + 2 + u64::from(side.is_server())
}

/// The `n`th unidirectional stream of the puppet.
pub fn theirs(side: Side, n: u64) -> u64 {
    own(!side, n)
}

/// Writes as much as is taken; `None` if the call would block.
pub fn write(send: &mut SendStream, data: &[u8]) -> Option<usize> {
    match poll_once(send.write(data)) {
        Poll::Ready(written) => Some(ok(written)),
        Poll::Pending => None,
    }
}

/// Reads up to `size` bytes: what came, `Some("")` for the end, `None` if the call would block.
pub fn read(recv: &mut RecvStream, size: usize) -> Option<String> {
    let mut buffer = vec![0; size];
    match poll_once(recv.read(&mut buffer)) {
        Poll::Ready(Ok(count)) => {
            let text = std::str::from_utf8(&buffer[..count.unwrap_or(0)]).expect("text");
            Some(text.to_owned())
        }
        Poll::Ready(Err(error)) => panic!("{error}"),
        Poll::Pending => None,
    }
}

/// What quinn has sent since the last call and streams are about, in order.
pub fn sent(arena: &mut Arena) -> Vec<Frame> {
    arena.settle();
    let frames = arena.received().into_iter().flat_map(|packet| packet.frames);
    let is_of_streams = |frame: &Frame| {
        !matches!(
            frame,
            Frame::Ack { .. } | Frame::Padding | Frame::Ping | Frame::NewConnectionId { .. }
        )
    };
    frames.filter(is_of_streams).collect()
}

/// Everything that was sent is lost and sent again: those frames.
pub fn sent_after_loss(arena: &mut Arena) -> Vec<Frame> {
    sent(arena);
    assert!(!arena.lose_outstanding().is_empty(), "nothing was lost");
    sent(arena)
}

pub fn acknowledge_all(arena: &mut Arena) {
    arena.settle();
    let outstanding = arena.puppet.outstanding();
    ok(arena.acknowledge(&outstanding));
}

/// The error code with which quinn has closed the connection.
pub fn closed_with(arena: &mut Arena) -> Option<u64> {
    let closes = |frame: Frame| {
        if let Frame::ConnectionClose { error_code, .. } = frame { Some(error_code) } else { None }
    };
    sent(arena).into_iter().find_map(closes)
}

pub fn stream(stream_id: u64, offset: u64, data: &'static [u8], fin: bool) -> Frame {
    Frame::Stream { stream_id, offset, fin, data: Bytes::from_static(data) }
}

pub fn reset(stream_id: u64, final_size: u64) -> Frame {
    Frame::ResetStream { stream_id, application_protocol_error_code: 7, final_size }
}

pub fn stop_sending(stream_id: u64) -> Frame {
    Frame::StopSending { stream_id, application_protocol_error_code: 7 }
}

pub fn max_data(maximum_data: u64) -> Frame {
    Frame::MaxData { maximum_data }
}

pub fn max_stream_data(stream_id: u64, maximum_stream_data: u64) -> Frame {
    Frame::MaxStreamData { stream_id, maximum_stream_data }
}

pub fn max_streams(direction: Direction, maximum_streams: u64) -> Frame {
    Frame::MaxStreams { direction, maximum_streams }
}

pub fn data_blocked(maximum_data: u64) -> Frame {
    Frame::DataBlocked { maximum_data }
}

pub fn stream_data_blocked(stream_id: u64, maximum_stream_data: u64) -> Frame {
    Frame::StreamDataBlocked { stream_id, maximum_stream_data }
}

/// Counts how often it was woken.
#[derive(Default)]
pub struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Count {
    pub fn new() -> (Arc<Self>, Waker) {
        let count = Arc::<Self>::default();
        (count.clone(), count.into())
    }

    pub fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

pub fn poll_with<F: Future>(waker: &Waker, future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(waker))
}
