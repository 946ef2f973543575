//! Stateright's Explorer over a preset, with a sequence diagram for each path.

use std::io;
use std::net::{SocketAddr, TcpListener};

use stateright::Model;

use crate::worlds::streams::StreamsWorld;

/// Serves the Explorer on `addr` until the process ends. `ready` is called when that address is known to
/// be free.
///
/// # Errors
///
/// When nothing can listen on `addr`, for example because it is in use. Stateright itself would
/// panic; the address is tried first.
pub fn serve(world: StreamsWorld, addr: SocketAddr, ready: impl FnOnce()) -> io::Result<()> {
    drop(TcpListener::bind(addr)?);
    ready();
    world.checker().serve(addr);
    Ok(())
}
