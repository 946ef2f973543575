//! RFC 9000 §4.1 SHOULD: A write was stopped by the stream's limit, and no STREAM_DATA_BLOCKED was
//! sent.
//!
//! quinn-proto 0.11.17 as client: silence. Permitted: STREAM_DATA_BLOCKED 2 at 8. This test fails
//! as long as that is so.
//!
//! Both ends are quinn-proto.
//!
//! Written by `streamproof trace export --upstream`. It belongs into `src/tests`, and into the list
//! of modules in `src/tests/mod.rs`.

use super::*;

#[test]
fn stream_data_blocked_not_sent() {
    let _guard = subscribe();
    let client = TransportConfig {
        stream_receive_window: 8u32.into(),
        ..TransportConfig::default()
    };
    let client = ClientConfig {
        transport: Arc::new(client),
        ..client_config()
    };
    let server = TransportConfig {
        stream_receive_window: 8u32.into(),
        ..TransportConfig::default()
    };
    let server = ServerConfig {
        transport: Arc::new(server),
        ..server_config()
    };
    let mut pair = Pair::new(Default::default(), server);
    let (client_ch, _server_ch) = pair.connect_with(client);
    let s2 = pair.client_streams(client_ch).open(Dir::Uni).unwrap();
    pair.drive_client();
    // write 4 on 2 -> wrote 4
    assert_eq!(pair.client_send(client_ch, s2).write(&[0; 4]), Ok(4));
    // write 4 on 2 -> wrote 4
    assert_eq!(pair.client_send(client_ch, s2).write(&[0; 4]), Ok(4));
    // write 4 on 2 -> blocked
    assert_eq!(
        pair.client_send(client_ch, s2).write(&[0; 4]),
        Err(WriteError::Blocked)
    );

    // the driver runs -> STREAM 2 0..8
    pair.drive_client();
    pair.drive_server();
    assert_ne!(
        pair.client_conn_mut(client_ch)
            .stats()
            .frame_tx
            .stream_data_blocked,
        0,
        "RFC 9000 §4.1 SHOULD: A write was stopped by the stream's limit, and no STREAM_DATA_BLOCKED was sent. Permitted: STREAM_DATA_BLOCKED 2 at 8."
    );
}
