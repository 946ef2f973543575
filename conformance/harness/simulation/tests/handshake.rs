//! The handshake of real quinn in the arena, in both roles.
//!
//! §7 and §18.2, with the null handshake. 0-RTT is in `zero_rtt`.

mod support;

use std::time::Duration;

use bytes::Bytes;
use streamproof_harness::SideLimits;
use streamproof_harness::wire::Frame;
use streamproof_simulation::{Arena, ArenaConfig, ArenaError, Limits, poll_once};
use support::plain::*;
use support::{SIDES, now, ok};

#[test]
fn handshake_in_either_role_is_confirmed_in_no_time() {
    for side in SIDES {
        let mut arena = arena(side);
        assert!(arena.puppet.is_handshake_confirmed());
        assert_eq!(arena.puppet.complaints(), []);
        assert_eq!(arena.connection.side(), side);
        assert_eq!(arena.world.now(), Duration::ZERO);
        assert_eq!(arena.puppet.outstanding(), [0u64; 0]);
        assert_eq!(arena.received(), []);
        assert_eq!(arena.log(), [""; 0]);
    }
}

#[test]
fn transport_parameters_of_both_sides_are_known() {
    for side in SIDES {
        let advertised = SideLimits {
            max_data: 100,
            max_stream_data: 50,
            max_streams_bidi: 2,
            max_streams_uni: 1,
            ..SideLimits::default()
        };
        let limits =
            Limits { sut: SideLimits { max_streams_uni: 3, ..advertised }, puppet: advertised };
        let mut arena = ok(Arena::new(&ArenaConfig { limits, ..config(side) }));
        let of_sut = arena.puppet.peer_parameters().expect("parameters");
        assert_eq!(of_sut.initial_max_data, 100);
        assert_eq!(of_sut.initial_max_stream_data_uni, 50);
        assert_eq!(of_sut.initial_max_streams_bidi, 2);
        assert_eq!(of_sut.initial_max_streams_uni, 3);

        let (mut send, id) = open_uni(&arena);
        assert!(poll_once(arena.connection.open_uni()).is_pending());
        assert_eq!(ok(now(send.write(&[7; 80]))), 50);
        arena.settle();
        let data = Bytes::from_static(&[7; 50]);
        let expected = Frame::Stream { stream_id: id, offset: 0, fin: false, data };
        assert!(sent(&mut arena).contains(&expected));
    }
}

#[test]
fn illegal_limits_are_refused() {
    let too_large = SideLimits { max_data: 1 << 62, ..SideLimits::default() };
    let many_streams = SideLimits { max_streams_uni: (1 << 60) + 1, ..SideLimits::default() };
    let refused = |limits| {
        Arena::new(&ArenaConfig { limits, ..ArenaConfig::default() }).expect_err("no arena")
    };
    let default = SideLimits::default();
    for limits in
        [Limits { sut: too_large, puppet: default }, Limits { sut: default, puppet: too_large }]
    {
        let error = refused(limits);
        assert_eq!(error.to_string(), format!("max_data = {} is 2^62 or more", 1u64 << 62));
    }
    // §4.6: quinn closes the connection on such a parameter.
    let error = refused(Limits { sut: default, puppet: many_streams });
    assert!(matches!(error, ArenaError::Handshake(_)), "{error}");
}
