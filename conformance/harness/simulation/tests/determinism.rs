//! Virtual time, runs that are the same every time, and worlds that leave nothing behind.

mod support;

use std::process::Command;
use std::time::Duration;

use quinn::{Side, VarInt};
use streamproof_simulation::{Arena, ArenaConfig, poll_once};
use support::plain::*;
use support::{SIDES, now, ok, stream};

#[test]
fn timers_fire_when_time_passes_and_only_then() {
    for side in SIDES {
        let mut arena = arena(side);
        let (mut send, _) = open_uni(&arena);
        ok(now(send.write(b"hello")));
        arena.settle();
        assert_eq!(arena.received().len(), 1);
        // A probe timeout (RFC 9002 §6.2) repeats what was never acknowledged.
        let at = arena.advance_to_next_timer().expect("a timer");
        assert!(at > Duration::ZERO);
        assert_eq!(arena.world.now(), at);
        arena.advance(Duration::from_secs(1));
        assert_eq!(arena.world.now(), at + Duration::from_secs(1));
        assert!(!arena.received().is_empty());
        assert!(!arena.world.is_stuck());
    }
}

#[test]
fn connection_survives_quinns_key_update() {
    // quinn updates its keys after 10 to 1000 packets; the puppet doesn't follow.
    for side in SIDES {
        let mut arena = arena(side);
        let id = puppet_uni(side);
        let first = arena.deliver(&[stream(id, 0, b"hello", false)]);
        let (mut send, _) = open_uni(&arena);
        for _ in 0..1100 {
            ok(now(send.write(b"x")));
            arena.settle();
            let outstanding = arena.puppet.outstanding();
            ok(arena.acknowledge(&outstanding));
        }
        arena.advance(Duration::from_secs(10));
        ok(arena.deliver_again(first));
        assert_eq!(arena.close_reason(), None);
    }
}

/// A run with a bit of everything, and its log.
fn log_of_a_run(side: Side, seed: u64) -> Vec<String> {
    let mut arena = ok(Arena::new(&ArenaConfig { seed, ..config(side) }));
    let (mut send, _) = open_uni(&arena);
    let (mut both, _recv) = ok(now(arena.connection.open_bi()));
    for round in 0..80 {
        let written = now(send.write(b"some data"));
        arena.note(format_args!("write {written:?}"));
        ok(now(both.write(b"more")));
        arena.settle();
        if round % 3 == 0 {
            arena.lose_outstanding();
        }
        let outstanding = arena.puppet.outstanding();
        ok(arena.acknowledge(&outstanding));
    }
    let id = puppet_uni(side);
    let number = arena.deliver(&[stream(id, 0, b"hello", false)]);
    ok(arena.deliver_again(number));
    arena.advance(Duration::from_millis(30));
    ok(both.reset(VarInt::from_u32(3)));
    arena.advance_to_next_timer();
    arena.deliver(&[stream(id, 0, b"hello", true), stream(id, 5, b"!", false)]);
    arena.advance(Duration::from_secs(5));
    arena.log().to_vec()
}

#[test]
fn same_run_in_one_process_writes_equal_logs() {
    for side in SIDES {
        let log = log_of_a_run(side, 1);
        assert!(log.len() > 250, "{}", log.len());
        assert_eq!(log, log_of_a_run(side, 1));
        assert_ne!(log, log_of_a_run(side, 2), "the seed changes which numbers are skipped");
    }
}

#[test]
fn same_run_in_two_processes_writes_equal_logs() {
    const NAME: &str = "same_run_in_two_processes_writes_equal_logs";
    if std::env::var_os(NAME).is_some() {
        for line in SIDES.into_iter().flat_map(|side| log_of_a_run(side, 1)) {
            println!("\nLOG {line}");
        }
        return;
    }
    let run = || {
        let exe = std::env::current_exe().expect("this test has a file");
        let mut command = Command::new(exe);
        command.args(["--exact", NAME, "--nocapture"]).env(NAME, "1");
        let output = command.output().expect("the child runs");
        assert!(output.status.success());
        let text = String::from_utf8(output.stdout).expect("text");
        let log: Vec<String> =
            text.lines().filter(|line| line.starts_with("LOG ")).map(str::to_owned).collect();
        log
    };
    let (first, second) = (run(), run());
    assert!(first.len() > 500, "{}", first.len());
    assert_eq!(first, second);
}

#[test]
fn log_switched_off_stays_empty_and_changes_nothing() {
    let quiet = ArenaConfig { log: false, ..config(Side::Client) };
    let mut frames = Vec::new();
    for config in [quiet, config(Side::Client)] {
        let mut arena = ok(Arena::new(&config));
        let (mut send, _) = open_uni(&arena);
        ok(now(send.write(b"hello")));
        arena.lose_outstanding();
        assert_eq!(arena.log().is_empty(), !config.log);
        frames.push(arena.received());
    }
    assert_eq!(frames[0], frames[1]);
}

#[test]
fn arenas_dropped_leave_nothing_behind() {
    for round in 0..200 {
        let side = SIDES[round % 2];
        let mut arena = arena(side);
        let (mut send, _) = open_uni(&arena);
        ok(now(send.write(b"hello")));
        let connection = arena.connection.clone();
        let _running = arena.world.spawn(async move { connection.closed().await });
        arena.deliver(&[stream(puppet_uni(side), 0, b"hello", false)]);
        if round % 3 == 0 {
            arena.deliver_payload(b"\x1f");
        }
        let connection = arena.connection.clone();
        let _never_polled = arena.world.spawn(async move { connection.closed().await });
        let probe = arena.world.leak_probe();
        assert!(!probe.is_released());
        drop((send, arena));
        assert!(probe.is_released(), "round {round}");
    }
}

#[test]
fn handles_that_outlive_the_arena_keep_nothing_but_themselves() {
    let arena = arena(Side::Client);
    let (mut send, _) = open_uni(&arena);
    let probe = arena.world.leak_probe();
    drop(arena);
    assert!(!probe.is_released());
    let _ = poll_once(send.write(b"hello"));
    drop(send);
    assert!(probe.is_released());
}
