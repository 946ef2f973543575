//! The designs with a fault, and the fixes that were proposed for the incident.
//!
//! Each fault stands for something that was built, or proposed as a fix, after the incident; each says which
//! property it breaks, and a test sees that it does.

use super::design::{Access, Close, Design, MANAGER, Reason, Release, Retry, Telling, Waiting};
use super::properties::NO_ACCESS_AFTER_RELEASE;

/// The incident's stack, with everything else right.
const INCIDENT: Design = Design {
    name: "release and access not atomic",
    about: "the incident: a handler looks the stream up, a cancel releases its buffer, the handler touches it",
    breaks: Some(NO_ACCESS_AFTER_RELEASE),
    preset: "lifecycle-incident",
    access: Access::LookThenTouch,
    is_fix: false,
    retry: Retry::Never,
    ..MANAGER
};

/// Every design: the manager's first, then the incident, the fixes that were proposed for it, and the other
/// faults of its report.
pub const DESIGNS: &[Design] = &[
    MANAGER,
    INCIDENT,
    Design {
        name: "nil guard without a lock",
        about: "the handler asks once more whether the buffer is there, and then touches it: check, then act",
        access: Access::GuardThenTouch,
        is_fix: true,
        ..INCIDENT
    },
    Design {
        name: "nil guard under the handler's lock",
        about: "the handler holds a lock from the check to the touch, but who releases does not take it",
        access: Access::GuardUnderOwnLock,
        is_fix: true,
        ..INCIDENT
    },
    Design {
        name: "keep-alive",
        about: "PINGs keep the connection alive: no idle timeout, and the same race",
        keep_alive: true,
        is_fix: true,
        ..INCIDENT
    },
    Design {
        name: "keep-alive and retry",
        about: "and a request that failed is sent again: the same race, and requests that are processed twice",
        keep_alive: true,
        retry: Retry::Always,
        is_fix: true,
        ..INCIDENT
    },
    Design {
        name: "one atomic transition",
        about: "nothing but that: look, touch, decide and release in one critical section",
        breaks: None,
        preset: "lifecycle",
        access: Access::Atomic,
        is_fix: true,
        ..INCIDENT
    },
    Design {
        name: "retry after any failure",
        about: "the manager's design, with a retry that does not ask whether the request was processed",
        breaks: Some("a request is processed at most once"),
        preset: "lifecycle-retry",
        retry: Retry::Always,
        is_fix: true,
        ..MANAGER
    },
    Design {
        name: "notification closed before its listener registered",
        about: "a task looks for the outcome, the part ends and wakes nobody, the task goes to sleep",
        breaks: Some("no lost wake-up"),
        preset: "lifecycle-waiters",
        waiting: Waiting::RegistersAfterLooking,
        is_fix: false,
        ..MANAGER
    },
    Design {
        name: "closed once but listened to late",
        about: "the first listener takes the outcome: who comes later waits for ever",
        breaks: Some("no lost wake-up"),
        preset: "lifecycle-waiters",
        telling: Telling::Once,
        is_fix: false,
        ..MANAGER
    },
    Design {
        name: "write error swallowed at close",
        about: "finish says that all is well on a stream that was stopped, or whose connection is gone",
        breaks: Some("no deferred error dropped at close"),
        preset: "lifecycle-cancel",
        close: Close::Swallows,
        is_fix: false,
        ..MANAGER
    },
    Design {
        name: "the last reason is recorded",
        about: "a part that has ended may end again, and the later reason replaces the one that went out",
        breaks: Some("exactly one terminal outcome"),
        preset: "lifecycle-cancel",
        reason: Reason::Last,
        is_fix: false,
        ..MANAGER
    },
    Design {
        name: "a cancel passes over what came first",
        about: "a cancel does not ask quinn what it knows: a STOP_SENDING that came first is told as our cancel",
        breaks: Some("the reason recorded is the one that won"),
        preset: "lifecycle-cancel",
        reason: Reason::AsHandled,
        is_fix: false,
        ..MANAGER
    },
    Design {
        name: "one waker for all waiters",
        about: "a second task that waits takes the place of the first, and only the second is woken",
        breaks: Some("no lost wake-up"),
        preset: "lifecycle-waiters",
        waiting: Waiting::OneWaker,
        is_fix: false,
        ..MANAGER
    },
    Design {
        name: "released by whoever ends it",
        about: "a handler that comes late does not decide the outcome, but releases the buffer once more",
        breaks: Some("released exactly once"),
        preset: "lifecycle-cancel",
        release: Release::Anybody,
        is_fix: false,
        ..MANAGER
    },
    Design {
        name: "ended but still registered",
        about: "the outcome is told and the buffer released, and the registry keeps its entry for ever",
        breaks: Some("what has ended is struck off the registry"),
        preset: "lifecycle-cancel",
        strikes_off: false,
        is_fix: false,
        ..MANAGER
    },
    Design {
        name: "a finished stream is forgotten with its handle",
        about: "whoever drops the handle after finish ends the watch, too: its part never ends",
        breaks: Some("every part ends"),
        preset: "lifecycle-cancel",
        watches_on: false,
        is_fix: false,
        ..MANAGER
    },
];

impl Design {
    /// The design of this name.
    pub fn find(name: &str) -> Option<Self> {
        DESIGNS.iter().copied().find(|design| design.name == name)
    }
}
