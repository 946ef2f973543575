//! RFC 9000 §4.6 MUST: The connection stays open after MAX_STREAM_DATA for a stream beyond the
//! limit.
//!
//! quinn-proto 0.11.18 as server: silence. Permitted: CONNECTION_CLOSE with transport error 0x04.
//! This test fails as long as that is so.
//!
//! `peer.rs` speaks for the peer, because no quinn sends this by its API: MAX_STREAM_DATA 4 0.
//!
//! Written by `streamproof trace export --upstream`. It belongs into `src/tests`, `peer.rs` beside
//! it, and into the list of modules in `src/tests/mod.rs`.

use super::peer::Peer;
use super::*;

#[test]
fn max_stream_data_at_once() {
    let _guard = subscribe();
    let own = TransportConfig {
        receive_window: 8u32.into(),
        stream_receive_window: 8u32.into(),
        max_concurrent_bidi_streams: 1u32.into(),
        max_concurrent_uni_streams: 1u32.into(),
        ..TransportConfig::default()
    };
    let peers = TransportConfig {
        receive_window: 8u32.into(),
        stream_receive_window: 8u32.into(),
        max_concurrent_bidi_streams: 1u32.into(),
        max_concurrent_uni_streams: 1u32.into(),
        ..TransportConfig::default()
    };
    let (mut pair, ch, mut peer) = Peer::connect(Side::Server, own, peers);
    peer.receives(&mut pair);

    // MAX_STREAM_DATA 4 0 arrives
    peer.sends(&mut pair, &hex!("110400"));
    assert!(
        pair.server_conn_mut(ch).is_closed(),
        "RFC 9000 §4.6 MUST: The connection stays open after MAX_STREAM_DATA for a stream beyond the limit. Permitted: CONNECTION_CLOSE with transport error 0x04."
    );
}
