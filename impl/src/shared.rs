//! What all parts of one connection share, and how far each has come.

use std::{task::Waker, time::Instant};

use crate::{
    admission::Admission,
    clock::Clock,
    config::Config,
    events::{Event, EventKind, Listeners},
    registry::{Key, Registry},
    sync::atomic::{AtomicU64, Ordering},
    watching::Watching,
};

/// What all parts of one connection share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) registry: Registry,
    pub(crate) admission: Admission,
    pub(crate) watching: Watching,
    pub(crate) listeners: Listeners,
    pub(crate) clock: Clock,
    /// The connection's span: every event of a part is in it.
    pub(crate) span: tracing::Span,
    /// When the manager was made; parts count their time from here.
    epoch: Instant,
}

impl Default for Shared {
    fn default() -> Self {
        Self::new(Config::default(), Clock::default(), tracing::Span::none())
    }
}

impl Shared {
    pub(crate) fn new(config: Config, clock: Clock, span: tracing::Span) -> Self {
        Self {
            registry: Registry::default(),
            admission: Admission::new(&config),
            watching: Watching::default(),
            listeners: Listeners::default(),
            epoch: clock.now(),
            config,
            clock,
            span,
        }
    }

    /// How long the manager has been there, in nanoseconds.
    pub(crate) fn nanos(&self) -> u64 {
        let since = self.clock.now().saturating_duration_since(self.epoch);
        u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
    }

    /// Tells whoever listens what happened to a part. The wakers are to be woken outside of any lock.
    #[must_use = "to be woken outside of any lock"]
    pub(crate) fn tell(&self, key: Key, kind: impl FnOnce() -> EventKind) -> Vec<Waker> {
        if !self.listeners.is_heard() {
            return Vec::new();
        }
        let at = self.clock.now();
        self.listeners.tell(&Event { at, id: key.id, part: key.part, kind: kind() })
    }
}

#[cfg(feature = "faults")]
impl Shared {
    /// Whether `fault` is the one that was planted.
    pub(crate) fn has(&self, fault: crate::Fault) -> bool {
        self.config.fault == Some(fault)
    }
}

/// How far a part has come, and when it last moved.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    bytes: AtomicU64,
    /// In nanoseconds of the manager; kept only if there is an idle deadline.
    moved: AtomicU64,
}

impl Progress {
    /// So many bytes more, and whatever else is progress.
    pub(crate) fn made(&self, shared: &Shared, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        if shared.config.deadlines.idle.is_some() {
            self.moved.store(shared.nanos(), Ordering::Relaxed);
        }
    }

    /// How many bytes in all.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// When it last moved; 0 if never.
    pub(crate) fn moved(&self) -> u64 {
        self.moved.load(Ordering::Relaxed)
    }
}
