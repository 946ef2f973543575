//! What the caller may choose for a manager: codes that stand on the wire, deadlines, bounds.
//!
//! With the feature `faults` it also carries the one fault to plant (never for production). Credit, windows
//! and the peer's stream limits are not here: quinn's `TransportConfig` owns them.

use std::time::Duration;

use crate::quinn::VarInt;

/// The choices of one [`StreamManager`](crate::StreamManager).
///
/// ```
/// let mut config = streamproof::Config::default();
/// config.drop_reset_code = streamproof::VarInt::from_u32(0x10c); // H3_REQUEST_CANCELLED
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Config {
    /// Application error code of the RESET_STREAM that a [`SendHandle`](crate::SendHandle) sends when
    /// it is dropped without `finish` (§3.1, §19.4). Default 0.
    pub drop_reset_code: VarInt,
    /// Application error code of the STOP_SENDING that a [`RecvHandle`](crate::RecvHandle) sends when
    /// it is dropped before all data and FIN have arrived (§3.5, §19.5). Default 0.
    pub drop_stop_code: VarInt,
    /// Application error code of the RESET_STREAM or STOP_SENDING with which a deadline ends a part.
    /// Default 0.
    pub deadline_code: VarInt,
    /// How long a part may make no progress. Default: as long as it likes.
    pub deadlines: Deadlines,
    /// How many streams may live at once, opened and accepted together. Over it, opening and accepting
    /// wait until one has ended. Default: no bound but quinn's.
    pub max_live_streams: Option<usize>,
    /// How many calls may wait to open a stream. One more is refused at once
    /// ([`OpenError::TooManyWaiting`](crate::OpenError::TooManyWaiting)). Default: any number.
    pub max_waiting_opens: Option<usize>,
    /// The fault to plant. Only with the feature `faults`, only for the suite that must find it.
    #[cfg(feature = "faults")]
    pub fault: Option<Fault>,
}

/// How long a part may make no progress before the manager ends it. All off by default.
///
/// They need timers: those of the runtime that [`StreamManager::new`](crate::StreamManager::new) finds, or
/// the one given to [`StreamManager::with_runtime`](crate::StreamManager::with_runtime).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Deadlines {
    /// How long a write may wait for credit (§4.1). Then the stream is reset with
    /// [`Config::deadline_code`].
    pub write: Option<Patience>,
    /// How long a read may wait for data. Then the stream is stopped with [`Config::deadline_code`].
    pub read: Option<Patience>,
    /// How long a part may lie idle, whether a call waits or not: nothing written or read, and after `finish`
    /// nothing acknowledged. Then it is ended as by the others, between this long and an eighth longer
    /// afterwards. A receiving part is ended when its handle is next used; a read that waits is woken.
    pub idle: Option<Duration>,
}

/// How long to wait for progress, and how often to wait once more.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Patience {
    /// How long without any progress.
    pub after: Duration,
    /// How often to go on nevertheless. 0: the first time ends it.
    pub retries: u32,
}

impl From<Duration> for Patience {
    /// Without retries.
    fn from(after: Duration) -> Self {
        Self { after, retries: 0 }
    }
}

/// A wrong behaviour that the conformance suite plants in order to show that it finds it.
///
/// Each stands at the very place of the right behaviour and is compiled out without the feature
/// `faults`. **Never for production.**
#[cfg(feature = "faults")]
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Fault {
    /// A send handle dropped without `finish` ends the stream cleanly instead of resetting it.
    DropFinishes,
    /// A read after the read that reported a reset returns a clean end of stream.
    EndAfterReset,
    /// STOP_SENDING is not answered with RESET_STREAM.
    LeaveStopUnanswered,
    /// A sending part that ended may end again: the later outcome replaces the first and is counted
    /// as well.
    TellOutcomeTwice,
    /// quinn's stream is released before the RESET_STREAM or STOP_SENDING goes out through it, so
    /// the last access finds nothing.
    ReleaseBeforeLastAccess,
    /// The incident: the driver looks at a part, lets others run, and then touches the stream without
    /// looking again.
    LookThenTouch,
    /// A wait for the end of a part looks for it when it is made, and registers when it is polled: an end
    /// in between wakes nobody.
    RegisterWithoutLooking,
}
