//! The manager of one connection's streams: where parts come from, and where they can be counted.
//!
//! Deliberately not here: who is let in ([`admission`](crate::admission)), and how a manager comes to its end
//! ([`drain`](crate::drain)).

use std::{fmt, sync::Arc, task::Waker};

use crate::{
    admission::Place,
    clock::Clock,
    config::{Config, Deadlines},
    drain::{self, Drain, DrainReport},
    driver::Driver,
    error::OpenError,
    events::{EventKind, Events},
    lifecycle::Part,
    quinn::{self, Connection, ConnectionError, RecvStream, VarInt},
    recv::RecvHandle,
    recv_part::ReceivingPart,
    registry::LivePart,
    send::SendHandle,
    send_part::SendingPart,
    shared::Shared,
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
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.shared.watching.unmanage();
    }
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
    ///
    /// # Panics
    ///
    /// If the configuration has a deadline and there is no runtime to take timers from, for example because
    /// quinn's feature `runtime-tokio` is off or tokio does not run: a deadline that never comes is worse
    /// than none. See [`with_runtime`](Self::with_runtime).
    pub fn new(connection: Connection, config: Config) -> (Self, Driver) {
        Self::on(connection, config, quinn::default_runtime())
    }

    /// A manager with the clock and the timers of `runtime`, which should be the endpoint's.
    pub fn with_runtime(
        connection: Connection,
        config: Config,
        runtime: Arc<dyn quinn::Runtime>,
    ) -> (Self, Driver) {
        Self::on(connection, config, Some(runtime))
    }

    fn on(
        connection: Connection,
        config: Config,
        runtime: Option<Arc<dyn quinn::Runtime>>,
    ) -> (Self, Driver) {
        let clock = Clock::new(runtime);
        assert!(
            clock.has_timers() || config.deadlines == Deadlines::default(),
            "deadlines need a runtime to take timers from: StreamManager::with_runtime"
        );
        let span = tracing::debug_span!("connection", id = connection.stable_id(), side = ?connection.side());
        let shared = Arc::new(Shared::new(config, clock, span));
        let driver = Driver::new(connection.clone(), shared.clone());
        let inner = Inner { connection, shared };
        let manager = Self { inner: Arc::new(inner) };
        (manager, driver)
    }

    /// Opens a unidirectional stream. Waits while the peer's limit (§4.6) or
    /// [`Config::max_live_streams`] is reached.
    ///
    /// # Errors
    ///
    /// [`OpenError`]: the connection has ended, the manager drains, or too many wait already.
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe: no stream is opened unless it resolves.
    pub async fn open_uni(&self) -> Result<SendHandle, OpenError> {
        let open = self.inner.connection.open_uni();
        let (send, place) = self.inner.shared.admission.open(open).await?;
        Ok(self.sending(send, place, self.now()))
    }

    /// Opens a bidirectional stream. Waits while the peer's limit (§4.6) or
    /// [`Config::max_live_streams`] is reached. The peer learns of the stream only when something is sent on
    /// it.
    ///
    /// # Errors
    ///
    /// [`OpenError`]: the connection has ended, the manager drains, or too many wait already.
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe: no stream is opened unless it resolves.
    pub async fn open_bi(&self) -> Result<(SendHandle, RecvHandle), OpenError> {
        let open = self.inner.connection.open_bi();
        let ((send, recv), place) = self.inner.shared.admission.open(open).await?;
        let now = self.now();
        Ok((self.sending(send, place.clone(), now), self.receiving(recv, place, now)))
    }

    /// Accepts the peer's next unidirectional stream. Waits while there is none, or while
    /// [`Config::max_live_streams`] is reached.
    ///
    /// # Errors
    ///
    /// [`OpenError`]: the connection has ended and every stream that had arrived is accepted, or the manager
    /// drains.
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe: no stream is taken unless it resolves.
    pub async fn accept_uni(&self) -> Result<RecvHandle, OpenError> {
        let accept = self.inner.connection.accept_uni();
        let (recv, place) = self.inner.shared.admission.accept(accept).await?;
        Ok(self.receiving(recv, place, self.now()))
    }

    /// Accepts the peer's next bidirectional stream. Waits while there is none, or while
    /// [`Config::max_live_streams`] is reached.
    ///
    /// # Errors
    ///
    /// [`OpenError`]: the connection has ended and every stream that had arrived is accepted, or the manager
    /// drains.
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe: no stream is taken unless it resolves.
    pub async fn accept_bi(&self) -> Result<(SendHandle, RecvHandle), OpenError> {
        let accept = self.inner.connection.accept_bi();
        let ((send, recv), place) = self.inner.shared.admission.accept(accept).await?;
        let now = self.now();
        Ok((self.sending(send, place.clone(), now), self.receiving(recv, place, now)))
    }

    /// Every live part and its state, ordered by stream id, the sending part first.
    pub fn snapshot(&self) -> Vec<LivePart> {
        self.inner.shared.registry.snapshot(self.now())
    }

    /// Listens to what happens to parts from now on, holding at most `limit` events (at least one) that are
    /// not taken. See [`Events`].
    pub fn events(&self, limit: usize) -> Events {
        self.inner.shared.listeners.listen(limit)
    }

    /// Comes to an end in good order: no new streams; those that live may finish until the deadline; the rest
    /// is reset and stopped with a code; then the connection is closed.
    ///
    /// Sending parts that finish are waited for until the peer has acknowledged everything. A receiving part
    /// is stopped when its handle is next used: a read that waits is woken, and one whose handle nobody uses
    /// is left, and reported so. Calls that wait to open or accept are told [`OpenError::Draining`].
    ///
    /// Called more than once, each call reports on what lives when it begins; the first deadline to pass
    /// ends what is left.
    ///
    /// # Panics
    ///
    /// If there is no runtime to take a timer from (see [`new`](Self::new)).
    ///
    /// # Cancel safety
    ///
    /// Dropped before it resolves, it has closed the door for new streams and may have reset some; the
    /// connection is not closed. A new call goes on.
    pub async fn drain(&self, drain: Drain) -> DrainReport {
        drain::drain(&self.inner.connection, &self.inner.shared, drain).await
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

    /// In nanoseconds of the manager.
    fn now(&self) -> u64 {
        self.inner.shared.nanos()
    }

    /// Takes a sending part in and has it watched.
    fn sending(&self, stream: ::quinn::SendStream, place: Place, now: u64) -> SendHandle {
        let stream = quinn::own(stream);
        let shared = &self.inner.shared;
        let id = stream.id();
        let make = |key| Arc::new(SendingPart::new(key, shared.clone(), stream, place, now));
        let part = shared.registry.register(id, Part::Sending, make);
        shared.tell(part.key(), || EventKind::Registered).into_iter().for_each(Waker::wake);
        part.watch();
        if shared.watching.is_closed() {
            // The driver has ended, and it does so only after the connection: a stream that had
            // arrived can be accepted still.
            let cause = self.inner.connection.close_reason();
            part.on_connection_lost(&cause.unwrap_or(ConnectionError::LocallyClosed));
        }
        SendHandle::new(part)
    }

    /// Takes a receiving part in.
    fn receiving(&self, stream: RecvStream, place: Place, now: u64) -> RecvHandle {
        let shared = &self.inner.shared;
        let make = |key| Arc::new(ReceivingPart::new(key, shared.clone(), now));
        let part = shared.registry.register(stream.id(), Part::Receiving, make);
        part.tell_event(|| EventKind::Registered);
        RecvHandle::new(part, stream, place)
    }
}

impl fmt::Debug for StreamManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamManager").field("tally", &self.tally()).finish_non_exhaustive()
    }
}
