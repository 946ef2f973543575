//! A server that goes down in good order: what runs may finish, the rest is reset, and the report says which.
//! `cargo run --example drain`.

mod support;

use std::time::Duration;

use streamproof::{Config, Drain, StreamManager, VarInt};
use support::{Error, pair};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let (client, server, _endpoints) = pair().await?;
    let (manager, driver) = StreamManager::new(server, Config::default());
    tokio::spawn(driver);
    let (peer, driver) = StreamManager::new(client, Config::default());
    tokio::spawn(driver);
    tokio::spawn(async move {
        while let Ok(mut recv) = peer.accept_uni().await {
            tokio::spawn(async move { recv.read_to_end(1 << 20).await });
        }
    });

    let mut quick = manager.open_uni().await?;
    let mut slow = manager.open_uni().await?;
    slow.write_all(b"a beginning without an end").await?;
    tokio::spawn(async move {
        let _ = quick.write_all(b"soon done").await;
        let _ = quick.finish().await;
    });

    let mut drain = Drain::within(Duration::from_millis(100));
    drain.reset_code = VarInt::from_u32(0x100); // H3_NO_ERROR
    let report = manager.drain(drain).await;
    for part in &report.parts {
        let outcome = part.outcome.as_ref().map_or_else(|| "left".to_owned(), ToString::to_string);
        println!("{} {}: {outcome}", part.id, part.part);
    }
    println!("everything in time: {}", report.is_clean());
    println!("the slow one: {:?}", slow.outcome());
    Ok(())
}
