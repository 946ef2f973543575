//! An upload to a peer who does not read: the deadline ends it, and the events say why.
//! `cargo run --example upload`.

mod support;

use std::time::Duration;

use streamproof::{Config, Heard, Patience, StreamManager, VarInt};
use support::{Error, pair};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let (client, server, _endpoints) = pair().await?;
    let mut config = Config::default();
    let patience = Patience { after: Duration::from_millis(100), retries: 1 };
    config.deadlines.write = Some(patience);
    config.deadline_code = VarInt::from_u32(7);
    let (manager, driver) = StreamManager::new(client, config);
    tokio::spawn(driver);
    // Nobody accepts here, so nobody reads, and the credit runs out (§4.1).
    let (_peer, driver) = StreamManager::new(server, Config::default());
    tokio::spawn(driver);

    let mut events = manager.events(100);
    let mut send = manager.open_uni().await?;
    match send.write_all(&vec![0; 64 << 20]).await {
        Ok(()) => println!("everything was written"),
        Err(error) => println!("the write: {error}"),
    }
    drop((send, manager));
    while let Ok(Some(heard)) = tokio::time::timeout(Duration::from_millis(50), events.next()).await
    {
        match heard {
            Heard::Event(event) => println!("{}: {:?}", event.id, event.kind),
            Heard::Lost(count) => println!("{count} events lost"),
        }
    }
    Ok(())
}
