//! Why an arena has no connection.

use std::io;

use quinn::{ConnectError, ConnectionError};
use streamproof_harness::LimitError;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ArenaError {
    /// A limit has no encoding.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// The limits to be remembered are not legal transport parameters (§18.2).
    #[error("quinn cannot remember such limits")]
    Remembered,
    /// The handshake is not held up on this side.
    #[error("no handshake waits for the puppet")]
    NotHeldBack,
    /// There is no ticket for a protected connection.
    #[error("0-RTT is not played on a protected connection")]
    EarlySecured,
    /// quinn could not make an endpoint.
    #[error("no endpoint: {0}")]
    Endpoint(#[from] io::Error),
    /// quinn refused to connect.
    #[error("no connection attempt: {0}")]
    Connect(#[from] ConnectError),
    /// The handshake ended in an error.
    #[error("handshake failed: {0}")]
    Handshake(#[from] ConnectionError),
    /// The handshake halted, for example because the puppet's limits are not legal.
    #[error("handshake did not finish")]
    Unfinished,
}
