//! The manager of one connection's streams: where parts come from, and where they can be counted.
//!
//! Deliberately not here: admission, deadlines, draining. quinn owns the stream limits.

use std::{fmt, sync::Arc};

use tokio::sync::mpsc::{self, UnboundedSender};

use crate::{
    config::Config,
    driver::Driver,
    lifecycle::Part,
    quinn::{self, Connection, ConnectionError, RecvStream, VarInt},
    recv::RecvHandle,
    recv_part::ReceivingPart,
    registry::{LivePart, Shared},
    send::SendHandle,
    send_part::SendingPart,
    tally::Tally,
};

/// Opens and accepts the streams of one connection, and knows what became of each.
///
/// Cheap to clone; all clones are the same manager. Streams opened or accepted on the
/// [`connection`](Self::connection) itself, past the manager, are quinn's and not known here.
#[derive(Clone)]
pub struct StreamManager {
    inner: Arc<Inner>,
}

struct Inner {
    connection: Connection,
    shared: Arc<Shared>,
    /// To the driver.
    watched: UnboundedSender<Arc<SendingPart>>,
}

impl StreamManager {
    /// A manager for `connection`, and the task that has to be spawned for it.
    ///
    /// ```no_run
    /// # fn f(connection: quinn::Connection, spawn: impl Fn(streamproof::Driver)) {
    /// use streamproof::{Config, StreamManager};
    /// let (manager, driver) = StreamManager::new(connection, Config::default());
    /// spawn(driver); // for example tokio::spawn
    /// # }
    /// ```
    pub fn new(connection: Connection, config: Config) -> (Self, Driver) {
        let shared = Arc::new(Shared { config, ..Shared::default() });
        let (watched, arriving) = mpsc::unbounded_channel();
        let driver = Driver::new(connection.clone(), shared.clone(), arriving);
        let inner = Inner { connection, shared, watched };
        let manager = Self { inner: Arc::new(inner) };
        (manager, driver)
    }

    /// Opens a unidirectional stream. Waits while the peer's limit is reached (§4.6).
    ///
    /// # Errors
    ///
    /// quinn's [`ConnectionError`] if the connection has ended.
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe: no stream is opened unless it resolves.
    pub async fn open_uni(&self) -> Result<SendHandle, ConnectionError> {
        let send = self.inner.connection.open_uni().await?;
        Ok(self.sending(send))
    }

    /// Opens a bidirectional stream. Waits while the peer's limit is reached (§4.6). The peer learns of
    /// the stream only when something is sent on it.
    ///
    /// # Errors
    ///
    /// quinn's [`ConnectionError`] if the connection has ended.
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe: no stream is opened unless it resolves.
    pub async fn open_bi(&self) -> Result<(SendHandle, RecvHandle), ConnectionError> {
        let (send, recv) = self.inner.connection.open_bi().await?;
        Ok((self.sending(send), self.receiving(recv)))
    }

    /// Accepts the peer's next unidirectional stream. Waits while there is none.
    ///
    /// # Errors
    ///
    /// quinn's [`ConnectionError`] if the connection has ended and every stream that had arrived is
    /// accepted.
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe: no stream is taken unless it resolves.
    pub async fn accept_uni(&self) -> Result<RecvHandle, ConnectionError> {
        let recv = self.inner.connection.accept_uni().await?;
        Ok(self.receiving(recv))
    }

    /// Accepts the peer's next bidirectional stream. Waits while there is none.
    ///
    /// # Errors
    ///
    /// quinn's [`ConnectionError`] if the connection has ended and every stream that had arrived is
    /// accepted.
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe: no stream is taken unless it resolves.
    pub async fn accept_bi(&self) -> Result<(SendHandle, RecvHandle), ConnectionError> {
        let (send, recv) = self.inner.connection.accept_bi().await?;
        Ok((self.sending(send), self.receiving(recv)))
    }

    /// Every live part and its state, ordered by stream id, the sending part first.
    pub fn snapshot(&self) -> Vec<LivePart> {
        self.inner.shared.registry.snapshot()
    }

    /// How many parts there were, and what became of them.
    pub fn tally(&self) -> Tally {
        self.inner.shared.registry.tally()
    }

    /// quinn's connection under the manager.
    pub fn connection(&self) -> &Connection {
        &self.inner.connection
    }

    /// Closes the connection at once (§10.2). Nothing more is delivered; every sending part that lives
    /// ends as connection lost. A receiving part stays readable as far as its data had arrived, and ends
    /// with the read that meets the end, the reset or the loss, or with its handle.
    pub fn close(&self, error_code: VarInt, reason: &[u8]) {
        self.inner.connection.close(error_code, reason);
    }

    /// Takes a sending part in and has it watched.
    fn sending(&self, stream: ::quinn::SendStream) -> SendHandle {
        let stream = quinn::own(stream);
        let shared = &self.inner.shared;
        let id = stream.id();
        let make = |key| Arc::new(SendingPart::new(key, shared.clone(), stream));
        let part = shared.registry.register(id, Part::Sending, make);
        if self.inner.watched.send(part.clone()).is_err() {
            // The driver has ended, and it does so only after the connection: a stream that had
            // arrived can be accepted still.
            let cause = self.inner.connection.close_reason();
            part.on_connection_lost(&cause.unwrap_or(ConnectionError::LocallyClosed));
        }
        SendHandle::new(part)
    }

    /// Takes a receiving part in.
    fn receiving(&self, stream: RecvStream) -> RecvHandle {
        let shared = &self.inner.shared;
        let make = |key| Arc::new(ReceivingPart::new(key, shared.clone()));
        let part = shared.registry.register(stream.id(), Part::Receiving, make);
        RecvHandle::new(part, stream)
    }
}

impl fmt::Debug for StreamManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamManager").field("tally", &self.tally()).finish_non_exhaustive()
    }
}
