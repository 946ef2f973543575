//! RFC 9000 §4.6 MUST: The connection stays open after MAX_STREAM_DATA for a stream beyond the
//! limit.
//!
//! quinn-proto 0.11.18 as server: silence. Permitted: CONNECTION_CLOSE with transport error 0x04.
//! This test fails as long as that is so.
//!
//! `peer.rs` speaks for the peer, because no quinn sends this by its API: STREAM 0 0..0 FIN;
//! MAX_STREAM_DATA 64 8.
//!
//! Written by `streamproof trace export --upstream`. It belongs into `src/tests`, `peer.rs` beside
//! it, and into the list of modules in `src/tests/mod.rs`.

use super::peer::Peer;
use super::*;

#[test]
fn max_stream_data_after_a_stream() {
    let _guard = subscribe();
    let own = TransportConfig {
        receive_window: 64u32.into(),
        stream_receive_window: 128u32.into(),
        max_concurrent_bidi_streams: 16u32.into(),
        max_concurrent_uni_streams: 16u32.into(),
        ..TransportConfig::default()
    };
    let peers = TransportConfig::default();
    let (mut pair, ch, mut peer) = Peer::connect(Side::Server, own, peers);
    peer.receives(&mut pair);
    // STREAM 0 0..0 FIN arrives
    peer.sends(&mut pair, &hex!("0b0000"));

    // MAX_STREAM_DATA 64 8 arrives
    peer.sends(&mut pair, &hex!("11404008"));
    assert!(
        pair.server_conn_mut(ch).is_closed(),
        "RFC 9000 §4.6 MUST: The connection stays open after MAX_STREAM_DATA for a stream beyond the limit. Permitted: CONNECTION_CLOSE with transport error 0x04."
    );
}
