//! What the caller may choose for a manager: the codes that stand on the wire when a handle is dropped.
//!
//! With the feature `faults` it also carries the one fault to plant (never for production). Limits,
//! deadlines and windows are not here: quinn's `TransportConfig` owns credit and stream limits.

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
    /// The fault to plant. Only with the feature `faults`, only for the suite that must find it.
    #[cfg(feature = "faults")]
    pub fault: Option<Fault>,
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
