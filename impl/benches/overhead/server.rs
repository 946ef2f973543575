//! The server: echoes what comes on bidirectional streams, swallows what comes on unidirectional ones.

use std::net::{Ipv4Addr, SocketAddr};

use quinn::{Connection, Endpoint};
use streamproof::{Config, StreamManager};

use super::{kind::Kind, tls};

/// Longer requests are not answered.
const LIMIT: usize = 1 << 16;

/// Serves for ever, so many streams at once; its first line says where, and with which certificate.
pub(crate) fn run(kind: Kind, streams: u32) -> crate::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (config, certificate) = tls::server(streams)?;
        let endpoint = Endpoint::server(config, SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        println!("{} {}", endpoint.local_addr()?, tls::hex(&certificate));
        while let Some(incoming) = endpoint.accept().await {
            let Ok(connection) = incoming.await else { continue };
            match kind {
                Kind::Bare => bare(&connection),
                Kind::Managed => managed(connection),
            }
        }
        Ok(())
    })
}

fn bare(connection: &Connection) {
    let (uni, bi) = (connection.clone(), connection.clone());
    tokio::spawn(async move {
        while let Ok(mut recv) = uni.accept_uni().await {
            tokio::spawn(
                async move { while let Ok(Some(_)) = recv.read_chunk(1 << 20, true).await {} },
            );
        }
    });
    tokio::spawn(async move {
        while let Ok((mut send, mut recv)) = bi.accept_bi().await {
            tokio::spawn(async move {
                if let Ok(request) = recv.read_to_end(LIMIT).await {
                    let _ = send.write_all(&request).await;
                    let _ = send.finish();
                }
            });
        }
    });
}

fn managed(connection: Connection) {
    let (manager, driver) = StreamManager::new(connection, Config::default());
    tokio::spawn(driver);
    let (uni, bi) = (manager.clone(), manager);
    tokio::spawn(async move {
        while let Ok(mut recv) = uni.accept_uni().await {
            tokio::spawn(
                async move { while let Ok(Some(_)) = recv.read_chunk(1 << 20, true).await {} },
            );
        }
    });
    tokio::spawn(async move {
        while let Ok((mut send, mut recv)) = bi.accept_bi().await {
            tokio::spawn(async move {
                if let Ok(request) = recv.read_to_end(LIMIT).await {
                    let _ = send.write_all(&request).await;
                    drop(send.finish());
                }
            });
        }
    });
}
