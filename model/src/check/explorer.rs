//! Stateright's Explorer over a preset, with a sequence diagram for each path, behind a guard (`guard.rs`).

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use stateright::Model;

use super::guard::Guard;
use crate::worlds::streams::StreamsWorld;

/// Serves the Explorer on `addr` until the process ends. `ready` is told the address, with its port, when requests
/// are answered there.
///
/// # Errors
///
/// When `addr` is not of this machine alone, or nothing can listen there, for example because it is in use.
pub fn serve(
    world: StreamsWorld,
    addr: SocketAddr,
    ready: impl FnOnce(SocketAddr),
) -> io::Result<()> {
    if !addr.ip().is_loopback() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "others could come to it; a loopback address such as 127.0.0.1:3000 is needed",
        ));
    }
    let listener = TcpListener::bind(addr)?;
    let addr = listener.local_addr()?;
    let explorer = start(world)?;
    ready(addr);
    Guard::new(addr, explorer).stand(&listener)
}

/// Starts Stateright's own server where the guard alone looks for it, and waits for it to answer.
fn start(world: StreamsWorld) -> io::Result<SocketAddr> {
    let addr = TcpListener::bind((hidden(), 0))?.local_addr()?;
    std::thread::spawn(move || world.checker().serve(addr));
    let begin = Instant::now();
    while let Err(error) = TcpStream::connect(addr) {
        if begin.elapsed() > Duration::from_secs(10) {
            return Err(error);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(addr)
}

/// A loopback address that no web page can guess, where there is more than one: Stateright's server would answer
/// everybody.
fn hidden() -> IpAddr {
    let random = RandomState::new().hash_one(()).to_le_bytes();
    match cfg!(target_os = "linux") {
        true => Ipv4Addr::new(127, random[0], random[1], random[2].clamp(2, 254)).into(),
        false => Ipv4Addr::LOCALHOST.into(),
    }
}
