//! Connections to all other processes: each listens on its own address, and calls those before it in the list.
//!
//! Who calls says what it is about to check, so that two runs never mix.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::{Cluster, Failure};

/// How long to wait before another try.
const PAUSE: Duration = Duration::from_millis(20);

/// A connection to each other process, in order; none at this one's place.
pub(super) fn connect(cluster: &Cluster, run: u64) -> Result<Vec<Option<TcpStream>>, Failure> {
    let Cluster { hosts, process, patience } = cluster;
    let end = Instant::now() + *patience;
    let own = &hosts[*process];
    let at_own =
        |error: io::Error| Failure::Address { address: own.clone(), why: error.to_string() };
    let listener = TcpListener::bind(own).map_err(at_own)?;
    listener.set_nonblocking(true).map_err(at_own)?;
    let mut sockets: Vec<Option<TcpStream>> = hosts.iter().map(|_| None).collect();
    let missing = || Failure::MissingPeer { hosts: hosts.clone(), patience: *patience };
    for (place, host) in hosts.iter().enumerate().take(*process) {
        let mut socket = loop {
            match TcpStream::connect(host) {
                Ok(socket) => break socket,
                // It has not begun yet.
                Err(_) if Instant::now() < end => sleep(PAUSE),
                Err(_) => return Err(missing()),
            }
        };
        greet(&mut socket, *process, run, end).map_err(|_| missing())?;
        sockets[place] = Some(socket);
    }
    while sockets.iter().skip(process + 1).any(Option::is_none) {
        match listener.accept() {
            Ok((mut socket, _)) => {
                if let Some(place) = greeted(&mut socket, run, end) {
                    match sockets.get_mut(place) {
                        Some(free @ None) if place > *process => *free = Some(socket),
                        // Somebody else; the connection ends here.
                        Some(_) | None => {}
                    }
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                if Instant::now() > end {
                    return Err(missing());
                }
                sleep(PAUSE);
            }
            Err(error) => return Err(at_own(error)),
        }
    }
    Ok(sockets)
}

/// What is said first on both ends: which run, and which process.
fn greeting(process: usize, run: u64) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&run.to_le_bytes());
    bytes[8..].copy_from_slice(&(process as u64).to_le_bytes());
    bytes
}

/// Says who we are and waits to be taken.
fn greet(socket: &mut TcpStream, process: usize, run: u64, end: Instant) -> io::Result<()> {
    socket.set_nodelay(true)?;
    socket.write_all(&greeting(process, run))?;
    let mut answer = [0; 16];
    read(socket, &mut answer, end)?;
    if answer[..8] == run.to_le_bytes() { Ok(()) } else { Err(io::ErrorKind::InvalidData.into()) }
}

/// Who calls, if it is one of this run.
fn greeted(socket: &mut TcpStream, run: u64, end: Instant) -> Option<usize> {
    socket.set_nonblocking(false).ok()?;
    socket.set_nodelay(true).ok()?;
    let mut bytes = [0; 16];
    read(socket, &mut bytes, end).ok()?;
    let (theirs, place) = bytes.split_at(8);
    let place = usize::try_from(u64::from_le_bytes(place.try_into().ok()?)).ok()?;
    // Answered either way, so that a stranger ends at once and not by waiting.
    socket.write_all(&greeting(place, run)).ok()?;
    (theirs == run.to_le_bytes()).then_some(place)
}

fn read(socket: &mut TcpStream, bytes: &mut [u8], end: Instant) -> io::Result<()> {
    let left = end.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
    socket.set_read_timeout(Some(left))?;
    socket.read_exact(bytes)?;
    socket.set_read_timeout(None)
}
