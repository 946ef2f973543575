//! RFC 9000 §4.1 SHOULD: A write was stopped by the connection's limit, and no DATA_BLOCKED was
//! sent.
//!
//! quinn-proto 0.11.17 as client: silence. Permitted: DATA_BLOCKED 8. This test fails as long as
//! that is so.
//!
//! Both ends are quinn-proto.
//!
//! Written by `streamproof trace export --upstream`. It belongs into `src/tests`, and into the list
//! of modules in `src/tests/mod.rs`.

use super::*;

#[test]
fn data_blocked_not_sent() {
    let _guard = subscribe();
    let client = TransportConfig {
        receive_window: 8u32.into(),
        ..TransportConfig::default()
    };
    let client = ClientConfig {
        transport: Arc::new(client),
        ..client_config()
    };
    let server = TransportConfig {
        receive_window: 8u32.into(),
        ..TransportConfig::default()
    };
    let server = ServerConfig {
        transport: Arc::new(server),
        ..server_config()
    };
    let mut pair = Pair::new(Default::default(), server);
    let (client_ch, _server_ch) = pair.connect_with(client);
    let s2 = pair.client_streams(client_ch).open(Dir::Uni).unwrap();
    let s6 = pair.client_streams(client_ch).open(Dir::Uni).unwrap();
    pair.drive_client();
    // write 8 on 2 -> wrote 8
    assert_eq!(pair.client_send(client_ch, s2).write(&[0; 8]), Ok(8));
    // write 8 on 6 -> blocked
    assert_eq!(
        pair.client_send(client_ch, s6).write(&[0; 8]),
        Err(WriteError::Blocked)
    );

    // the driver runs -> STREAM 2 0..8
    pair.drive_client();
    pair.drive_server();
    assert_ne!(
        pair.client_conn_mut(client_ch)
            .stats()
            .frame_tx
            .data_blocked,
        0,
        "RFC 9000 §4.1 SHOULD: A write was stopped by the connection's limit, and no DATA_BLOCKED was sent. Permitted: DATA_BLOCKED 8."
    );
}
