//! The loads.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use quinn::{Connection, Endpoint, VarInt};
use streamproof::{Config, StreamManager};

use super::{kind::Kind, tls};

/// A load.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) has_latency: bool,
    load: Load,
    count: usize,
}

#[derive(Clone, Copy)]
enum Load {
    /// So many requests in flight, each of 100 bytes, answered with as many.
    Requests { in_flight: usize },
    /// One stream of so many megabytes.
    Bulk,
    /// Streams that are opened, written to and reset.
    Resets,
}

pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "request/response, 1 in flight",
        unit: "requests a second",
        has_latency: true,
        load: Load::Requests { in_flight: 1 },
        count: 4_000,
    },
    Scenario {
        name: "request/response, 100 in flight",
        unit: "requests a second",
        has_latency: true,
        load: Load::Requests { in_flight: 100 },
        count: 30_000,
    },
    Scenario {
        name: "bulk",
        unit: "MB a second",
        has_latency: false,
        load: Load::Bulk,
        count: 200,
    },
    Scenario {
        name: "open and reset",
        unit: "streams a second",
        has_latency: false,
        load: Load::Resets,
        count: 20_000,
    },
];

/// What one round gave.
pub(crate) struct Sample {
    pub(crate) rate: f64,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
}

/// Either way to open streams.
#[derive(Clone)]
enum Opener {
    Bare(Connection),
    Managed(StreamManager),
}

/// One round on a fresh connection.
pub(crate) fn run(
    scenario: &Scenario,
    kind: Kind,
    address: SocketAddr,
    certificate: &[u8],
    quick: bool,
) -> crate::Result<Sample> {
    let count = if quick { scenario.count / 20 } else { scenario.count };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (endpoint, connection, opener) = connect(kind, address, certificate).await?;
        // Warm: the first requests pay for path MTU discovery and the congestion window.
        requests(&opener, 10, 200).await?;
        let start = Instant::now();
        let mut latencies = match scenario.load {
            Load::Requests { in_flight } => requests(&opener, in_flight, count).await?,
            Load::Bulk => bulk(&opener, count).await.map(|()| Vec::new())?,
            Load::Resets => resets(&opener, count).await.map(|()| Vec::new())?,
        };
        let rate = count as f64 / start.elapsed().as_secs_f64();
        connection.close(VarInt::from_u32(0), b"");
        endpoint.wait_idle().await;
        latencies.sort_unstable();
        let at = |share: usize| {
            latencies.get(latencies.len() * share / 100).copied().unwrap_or_default()
        };
        Ok(Sample { rate, p50: at(50), p99: at(99) })
    })
}

async fn connect(
    kind: Kind,
    address: SocketAddr,
    certificate: &[u8],
) -> crate::Result<(Endpoint, Connection, Opener)> {
    let endpoint = Endpoint::client(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    let client = tls::client(certificate)?;
    let connection = endpoint.connect_with(client, address, "localhost")?.await?;
    let opener = match kind {
        Kind::Bare => Opener::Bare(connection.clone()),
        Kind::Managed => {
            let (manager, driver) = StreamManager::new(connection.clone(), Config::default());
            tokio::spawn(driver);
            Opener::Managed(manager)
        }
    };
    Ok((endpoint, connection, opener))
}

async fn requests(opener: &Opener, in_flight: usize, count: usize) -> crate::Result<Vec<Duration>> {
    let left = Arc::new(AtomicUsize::new(count));
    let workers: Vec<_> = (0..in_flight)
        .map(|_| {
            let (opener, left) = (opener.clone(), left.clone());
            tokio::spawn(async move {
                let mut latencies = Vec::new();
                while take(&left) {
                    let start = Instant::now();
                    request(&opener).await.map_err(|error| error.to_string())?;
                    latencies.push(start.elapsed());
                }
                Ok::<_, String>(latencies)
            })
        })
        .collect();
    let mut latencies = Vec::new();
    for worker in workers {
        latencies.extend(worker.await??);
    }
    Ok(latencies)
}

fn take(left: &AtomicUsize) -> bool {
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
}

async fn request(opener: &Opener) -> crate::Result<()> {
    let answer = match opener {
        Opener::Bare(connection) => {
            let (mut send, mut recv) = connection.open_bi().await?;
            send.write_all(&[7; 100]).await?;
            send.finish()?;
            recv.read_to_end(1000).await?
        }
        Opener::Managed(manager) => {
            let (mut send, mut recv) = manager.open_bi().await?;
            send.write_all(&[7; 100]).await?;
            drop(send.finish());
            recv.read_to_end(1000).await?
        }
    };
    if answer.len() == 100 { Ok(()) } else { Err("a wrong answer".into()) }
}

async fn bulk(opener: &Opener, megabytes: usize) -> crate::Result<()> {
    let megabyte = vec![7; 1_000_000];
    match opener {
        Opener::Bare(connection) => {
            let mut send = connection.open_uni().await?;
            for _ in 0..megabytes {
                send.write_all(&megabyte).await?;
            }
            send.finish()?;
            send.stopped().await?;
        }
        Opener::Managed(manager) => {
            let mut send = manager.open_uni().await?;
            for _ in 0..megabytes {
                send.write_all(&megabyte).await?;
            }
            send.finish().await?;
        }
    }
    Ok(())
}

async fn resets(opener: &Opener, streams: usize) -> crate::Result<()> {
    for number in 0..streams {
        match opener {
            Opener::Bare(connection) => {
                let mut send = connection.open_uni().await?;
                send.write_all(&[7; 10]).await?;
                send.reset(VarInt::from_u32(1))?;
            }
            Opener::Managed(manager) => {
                let mut send = manager.open_uni().await?;
                send.write_all(&[7; 10]).await?;
                send.reset(VarInt::from_u32(1))?;
            }
        }
        // As a busy program would, and so that packets go out meanwhile.
        if number % 16 == 0 {
            tokio::task::yield_now().await;
        }
    }
    // The answer comes after everything before it.
    request(opener).await
}

/// Opens so many streams, sends a byte on each, and prints how many bytes of memory each has added.
pub(crate) fn idle(
    kind: Kind,
    address: SocketAddr,
    certificate: &[u8],
    streams: usize,
) -> crate::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (_endpoint, _connection, opener) = connect(kind, address, certificate).await?;
        requests(&opener, 10, 200).await?;
        // The handles themselves count, the list that holds them does not.
        let (mut bare, mut managed) = (Vec::new(), Vec::new());
        match kind {
            Kind::Bare => bare.reserve_exact(streams),
            Kind::Managed => managed.reserve_exact(streams),
        }
        let before = resident()?;
        for _ in 0..streams {
            match &opener {
                Opener::Bare(connection) => {
                    let (mut send, recv) = connection.open_bi().await?;
                    send.write_all(&[7]).await?;
                    bare.push((send, recv));
                }
                Opener::Managed(manager) => {
                    let (mut send, recv) = manager.open_bi().await?;
                    send.write_all(&[7]).await?;
                    managed.push((send, recv));
                }
            }
            tokio::task::yield_now().await;
        }
        request(&opener).await?;
        println!("{:.1}", (resident()? - before) as f64 / streams as f64);
        std::process::exit(0) // Without the long goodbye of each stream.
    })
}

/// Resident memory of this process, in bytes.
fn resident() -> crate::Result<u64> {
    let text = std::fs::read_to_string("/proc/self/statm")?;
    let pages: u64 = text.split_whitespace().nth(1).ok_or("no figure")?.parse()?;
    Ok(pages * 4096)
}
