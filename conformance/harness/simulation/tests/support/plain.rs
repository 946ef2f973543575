//! An arena with the limits out of the way, and what the tests do to its streams.

use std::task::Poll;

use quinn::{ReadError, RecvStream, SendStream, Side, VarInt};
use streamproof_harness::wire::Frame;
use streamproof_simulation::{Arena, ArenaConfig, poll_once};

use super::{now, ok};

pub fn config(side: Side) -> ArenaConfig {
    ArenaConfig { side, log: true, ..ArenaConfig::default() }
}

pub fn arena(side: Side) -> Arena {
    Arena::new(&config(side)).expect("a handshake")
}

/// The first unidirectional stream that the system under test opens, and its number.
pub fn open_uni(arena: &Arena) -> (SendStream, u64) {
    let send = ok(now(arena.connection.open_uni()));
    let id = u64::from(VarInt::from(send.id()));
    (send, id)
}

/// The number of the puppet's first unidirectional stream (§2.1).
pub fn puppet_uni(side: Side) -> u64 {
    match side {
        Side::Client => 3,
        Side::Server => 2,
    }
}

/// What the system under test has sent since the last call, without acknowledgements.
pub fn sent(arena: &mut Arena) -> Vec<Frame> {
    let frames = arena.received().into_iter().flat_map(|packet| packet.frames);
    frames.filter(|frame| !matches!(frame, Frame::Ack { .. } | Frame::Padding)).collect()
}

pub fn read(stream: &mut RecvStream, size: usize) -> Poll<Result<Option<Vec<u8>>, ReadError>> {
    let mut buffer = vec![0; size];
    let read = poll_once(stream.read(&mut buffer));
    read.map_ok(|count| count.map(|count| buffer[..count].to_vec()))
}
