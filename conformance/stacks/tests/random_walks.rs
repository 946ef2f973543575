//! Walks beyond the presets' bounds: thousands of bytes, any order of calls, frames, losses and
//! acknowledgements, legal and hostile, against all systems. Whatever deviates must be listed.
//!
//! The walks are the same in every run. STREAMPROOF_SEED takes others, STREAMPROOF_WALKS more; a
//! failure is minimized, and names the seed that repeats it.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use streamproof::Fault;
use streamproof_conformance::deviations::Known;
use streamproof_conformance::replay::{Outstanding, walk};
use streamproof_conformance::sut::{Setup, Sut};
use streamproof_model::rfc::call::Call;
use streamproof_model::rfc::frame::{ErrorCode, Frame};
use streamproof_model::rfc::identity::{Direction, Side, StreamId};
use streamproof_model::trace::stimulus::Stimulus;
use streamproof_model::worlds::streams::presets::Preset;
use streamproof_stacks::manager::Manager;
use streamproof_stacks::quinn::BareQuinn;
use streamproof_stacks::toy::Toy;

/// The largest stream of a walk, in bytes: several packets' worth.
const SIZE: u64 = 6_000;

/// The one stream of a walk: the client opens it.
const ID: StreamId = StreamId::new(Side::Client, Direction::Unidirectional, 0);

/// One step of a walk; what it means exactly depends on what the system has sent by then.
#[derive(Clone, Debug)]
enum Move {
    Call(Call),
    Settle,
    Lose,
    /// Acknowledges the packets that carry any of what the n-th unacknowledged one does.
    Acknowledge(usize),
    /// The same among those that were declared lost: a late acknowledgement.
    AcknowledgeLate(usize),
    StopSending(u64),
    Stream {
        offset: u64,
        length: u64,
    },
    Reset(u64),
    /// A frame that a sender who keeps the rules would not send.
    Hostile {
        offset: u64,
        length: u64,
        fin: bool,
        reset: bool,
    },
}

fn moves(side: Side, hostile: bool) -> impl Strategy<Value = Vec<Move>> {
    let code = (0..1u64 << 20).prop_map(ErrorCode);
    let sending = prop_oneof![
        6 => (1..2_500u64).prop_map(|length| Move::Call(Call::Write { stream_id: ID, length })),
        2 => Just(Move::Call(Call::End { stream_id: ID })),
        1 => code.clone().prop_map(|code| Move::Call(Call::Reset { stream_id: ID, code })),
        1 => Just(Move::Call(Call::DropSend { stream_id: ID })),
        4 => Just(Move::Settle),
        3 => Just(Move::Lose),
        10 => (0..8usize).prop_map(Move::Acknowledge),
        1 => (0..8usize).prop_map(Move::AcknowledgeLate),
        1 => (0..1u64 << 20).prop_map(Move::StopSending),
    ];
    let receiving = prop_oneof![
        6 => (0..SIZE, 0..1_200u64).prop_map(|(offset, length)| Move::Stream { offset, length }),
        1 => (0..1u64 << 20).prop_map(Move::Reset),
        4 => Just(Move::Call(Call::Read { stream_id: ID })),
        1 => code.prop_map(|code| Move::Call(Call::AbortReading { stream_id: ID, code })),
        1 => Just(Move::Call(Call::DropRecv { stream_id: ID })),
        2 => Just(Move::Settle),
        1 => Just(Move::Lose),
        1 => (0..3usize).prop_map(Move::Acknowledge),
    ];
    let unlawful = (0..SIZE, 0..1_200u64, any::<bool>(), any::<bool>())
        .prop_map(|(offset, length, fin, reset)| Move::Hostile { offset, length, fin, reset });
    let lawful = match side {
        Side::Client => sending.boxed(),
        Side::Server => receiving.boxed(),
    };
    let weight = u32::from(hostile);
    prop::collection::vec(prop_oneof![9 => lawful, weight => unlawful], 1..40)
}

/// A move as a stimulus, on a stream of `size` bytes.
fn stimulus(next: &Move, size: u64, outstanding: &Outstanding<'_>) -> Option<Stimulus> {
    let code = ErrorCode;
    let deliver = |frame: Frame| Some(Stimulus::Deliver { frames: frame.into() });
    match *next {
        Move::Call(call) => Some(Stimulus::Call { call }),
        Move::Settle => Some(Stimulus::Settle),
        Move::Lose => Some(Stimulus::LoseOutstanding),
        Move::Acknowledge(nth) => acknowledge(&outstanding.in_flight, nth),
        Move::AcknowledgeLate(nth) => acknowledge(&outstanding.lost, nth),
        Move::StopSending(reason) => deliver(Frame::StopSending {
            stream_id: ID,
            application_protocol_error_code: code(reason),
        }),
        Move::Stream { offset, length } => {
            let offset = offset.min(size);
            let length = length.min(size - offset);
            deliver(Frame::Stream { stream_id: ID, offset, length, fin: offset + length == size })
        }
        Move::Reset(reason) => deliver(Frame::ResetStream {
            stream_id: ID,
            application_protocol_error_code: code(reason),
            final_size: size,
        }),
        Move::Hostile { offset, length, reset: false, fin } => {
            deliver(Frame::Stream { stream_id: ID, offset, length, fin })
        }
        Move::Hostile { offset, reset: true, .. } => deliver(Frame::ResetStream {
            stream_id: ID,
            application_protocol_error_code: code(66),
            final_size: offset,
        }),
    }
}

fn acknowledge(packets: &[&[Frame]], nth: usize) -> Option<Stimulus> {
    let packet = packets.get(nth % packets.len().max(1))?;
    Some(Stimulus::Acknowledge { frames: packet.to_vec().into() })
}

/// The unlisted deviations of a walk.
fn unlisted(sut: &dyn Sut, known: &Known, side: Side, size: u64, moves: &[Move]) -> Vec<String> {
    let setup = Setup::new(Preset::find("uni-lossy").expect("a preset"), side);
    let mut rest = moves.iter();
    let replay = walk(sut, &setup, |outstanding| {
        // Moves that mean nothing just then are skipped.
        rest.find_map(|next| stimulus(next, size, outstanding))
    })
    .expect("a connection");
    let found =
        replay.found.into_iter().filter(|found| known.entry(found.deviation.breach).is_none());
    found.map(|found| format!("after move {}: {:?}", found.at + 1, found.deviation)).collect()
}

fn number(variable: &str, default: u64) -> u64 {
    match std::env::var(variable) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{variable}={text} is no number")),
        Err(_) => default,
    }
}

/// Walks; the error is what a minimized walk shows, and how to repeat it.
fn try_run(sut: &dyn Sut, side: Side, hostile: bool) -> Result<(), String> {
    let seed = number("STREAMPROOF_SEED", 9000);
    let cases = number("STREAMPROOF_WALKS", 2_000) as u32;
    let config = Config {
        cases,
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        ..Config::default()
    };
    let known = Known::of(sut).expect("a well-formed list");
    let strategy = (0..SIZE, moves(side, hostile));
    let result = TestRunner::new(config).run(&strategy, |(size, moves)| {
        let unlisted = unlisted(sut, &known, side, size, &moves);
        prop_assert!(unlisted.is_empty(), "{}", unlisted.join("\n"));
        Ok(())
    });
    result.map_err(|error| {
        format!("{} as {side}: repeat with STREAMPROOF_SEED={seed}: {error}", sut.name())
    })
}

fn run(sut: &dyn Sut, side: Side, hostile: bool) {
    if let Err(error) = try_run(sut, side, hostile) {
        panic!("{error}");
    }
}

#[test]
fn planted_faults_are_found_by_walks() {
    let faulty = |fault| Manager::with(|config| config.fault = Some(fault));
    let found = try_run(&faulty(Fault::LeaveStopUnanswered), Side::Client, false);
    assert!(found.expect_err("a finding").contains("StopUnanswered"));
    let found = try_run(&faulty(Fault::EndAfterReset), Side::Server, false);
    assert!(found.expect_err("a finding").contains("EndAfterReset"));
}

#[test]
fn manager_as_sender_shows_nothing_unlisted() {
    run(&Manager::default(), Side::Client, false);
}

#[test]
fn manager_as_receiver_shows_nothing_unlisted() {
    run(&Manager::default(), Side::Server, false);
}

#[test]
fn manager_against_a_hostile_sender_shows_nothing_unlisted() {
    run(&Manager::default(), Side::Server, true);
}

#[test]
fn manager_against_a_hostile_receiver_shows_nothing_unlisted() {
    run(&Manager::default(), Side::Client, true);
}

#[test]
fn quinn_as_sender_shows_nothing_unlisted() {
    run(&BareQuinn, Side::Client, false);
}

#[test]
fn quinn_as_receiver_shows_nothing_unlisted() {
    run(&BareQuinn, Side::Server, false);
}

#[test]
fn quinn_against_a_hostile_sender_shows_nothing_unlisted() {
    run(&BareQuinn, Side::Server, true);
}

#[test]
fn toy_as_sender_shows_nothing() {
    run(&Toy::default(), Side::Client, false);
    run(&Toy::default(), Side::Client, true);
}

#[test]
fn toy_as_receiver_shows_nothing() {
    run(&Toy::default(), Side::Server, false);
    run(&Toy::default(), Side::Server, true);
}
