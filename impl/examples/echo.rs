//! A request and its answer, and what became of every part of the stream: `cargo run --example echo`.

mod support;

use streamproof::{Config, StreamManager, VarInt};
use support::{Error, pair};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let (client, server, _endpoints) = pair().await?;
    let (server, driver) = StreamManager::new(server, Config::default());
    tokio::spawn(driver);
    tokio::spawn(async move {
        while let Ok((mut send, mut recv)) = server.accept_bi().await {
            // A request over the limit is not answered: dropping `send` resets the stream.
            let Ok(request) = recv.read_to_end(64 * 1024).await else { continue };
            if send.write_all(&request).await.is_ok() {
                drop(send.finish()); // The driver sees to it that the peer gets everything.
            }
        }
    });

    let (manager, driver) = StreamManager::new(client, Config::default());
    tokio::spawn(driver);
    let (mut send, mut recv) = manager.open_bi().await?;
    send.write_all(b"hello").await?;
    send.finish().await?; // Ok only when the peer has acknowledged everything.
    let answer = recv.read_to_end(64 * 1024).await?;
    println!("the answer: {}", String::from_utf8_lossy(&answer));
    println!("sending part: {:?}; receiving part: {:?}", send.outcome(), recv.outcome());
    manager.close(VarInt::from_u32(0), b"done");
    Ok(())
}
