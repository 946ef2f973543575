//! A task that is cancelled in the middle of a message: the peer is told, and never takes the half for the whole.
//! `cargo run --example cancel`.

mod support;

use std::time::Duration;

use streamproof::{Config, StreamManager, VarInt};
use support::{Error, pair};

const CANCELLED: u32 = 0x10c; // H3_REQUEST_CANCELLED

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let (client, server, _endpoints) = pair().await?;
    let mut config = Config::default();
    config.drop_reset_code = VarInt::from_u32(CANCELLED);
    let (manager, driver) = StreamManager::new(client, config);
    tokio::spawn(driver);
    let (peer, driver) = StreamManager::new(server, Config::default());
    tokio::spawn(driver);

    let mut send = manager.open_uni().await?;
    let closed = send.closed();
    let upload = async move {
        loop {
            send.write_all(b"a part of something long").await?;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        #[allow(unreachable_code)]
        Ok::<(), Error>(())
    };
    // Dropped in the middle, and the handle with it.
    let _ = tokio::time::timeout(Duration::from_millis(20), upload).await;
    println!("here: {}", closed.await);

    let mut recv = peer.accept_uni().await?;
    match recv.read_to_end(1 << 20).await {
        Ok(bytes) => println!("there: {} bytes, and they look whole", bytes.len()),
        Err(error) => println!("there: {error}"),
    }
    Ok(())
}
