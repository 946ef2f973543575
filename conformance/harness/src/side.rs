//! The two sides of a connection.

/// A side of a connection (§1.2). The harness has its own, so that it depends on no stack and on no model.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Side {
    /// The endpoint that begins the connection.
    Client,
    /// The endpoint that accepts it.
    Server,
}

impl Side {
    /// Whether this is the client.
    pub const fn is_client(self) -> bool {
        matches!(self, Self::Client)
    }

    /// Whether this is the server.
    pub const fn is_server(self) -> bool {
        matches!(self, Self::Server)
    }
}
