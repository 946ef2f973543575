//! How an implementation ends a stream: the manager's design, and those with a fault.
//!
//! Each fault stands for something that was built, or proposed as a fix, after the incident; each says which
//! property it breaks, and a test sees that it does.

/// How a task gets at a stream's buffer.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Access {
    /// Looking, touching, deciding the outcome and releasing are one critical section. Each part has a buffer
    /// of its own.
    Atomic,
    /// A handler looks the stream up, and then touches its buffer. Both parts share one.
    LookThenTouch,
    /// As before, but it looks once more whether the buffer is there before it touches it, without a lock.
    GuardThenTouch,
    /// As before, and between that look and the touch it holds a lock; whoever releases does not take it.
    GuardUnderOwnLock,
}

/// How a task goes to sleep until the part ends.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Waiting {
    /// It looks for the outcome and registers in one critical section.
    LooksAndRegisters,
    /// It looks, and then registers: what was closed in between wakes nobody.
    RegistersAfterLooking,
    /// There is room for one: whoever registers takes the place of the one before.
    OneWaker,
}

/// What becomes of the outcome when somebody is told.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Telling {
    /// It stays, for whoever asks later.
    Latched,
    /// Whoever asks first takes it.
    Once,
}

/// Which of several reasons stays.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Reason {
    /// The first.
    First,
    /// The last.
    Last,
    /// The first that a task here came to: what the peer did before a local cancel, and the driver has not
    /// handed over yet, is passed over.
    AsHandled,
}

/// Who releases.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Release {
    /// Only who decided the outcome.
    Winner,
    /// Whoever comes to the end of the part, also late.
    Anybody,
}

/// What the end of the sending says of an error that came before.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Close {
    /// It tells it.
    Tells,
    /// It says that all is well.
    Swallows,
}

/// When a request that failed is sent again.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Retry {
    /// Never.
    Never,
    /// Only after the peer said that it has not processed it and never will.
    WhenRefused,
    /// Whenever it failed.
    Always,
}

/// A way to build it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Design {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is, in one sentence.
    pub about: &'static str,
    /// The property that it breaks first, as its shortest interleaving shows; `None` if it breaks none.
    pub breaks: Option<&'static str>,
    /// The preset in which its shortest interleaving is found.
    pub preset: &'static str,
    /// Whether it was proposed as a fix for the incident.
    pub is_fix: bool,
    /// How handlers get at the buffer.
    pub access: Access,
    /// How tasks go to sleep.
    pub waiting: Waiting,
    /// Whether outcomes stay.
    pub telling: Telling,
    /// Which reason stays.
    pub reason: Reason,
    /// What `finish` says of earlier errors.
    pub close: Close,
    /// Whether PINGs keep the connection from being lost for want of traffic.
    pub keep_alive: bool,
    /// When a failed request is sent again.
    pub retry: Retry,
    /// Who releases the buffer.
    pub release: Release,
    /// Whether what has ended is struck off the registry.
    pub strikes_off: bool,
    /// Whether the driver looks after a finished part whose handle was dropped.
    pub watches_on: bool,
}

/// The stream manager's.
pub const MANAGER: Design = Design {
    name: "the manager",
    about: "one critical section looks, touches, decides, releases; the outcome is latched, a retry needs a refusal",
    breaks: None,
    preset: "lifecycle",
    is_fix: true,
    access: Access::Atomic,
    waiting: Waiting::LooksAndRegisters,
    telling: Telling::Latched,
    reason: Reason::First,
    close: Close::Tells,
    keep_alive: false,
    retry: Retry::WhenRefused,
    release: Release::Winner,
    strikes_off: true,
    watches_on: true,
};

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

/// The front property.
pub const NO_ACCESS_AFTER_RELEASE: &str = "no access after release";

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

    /// Whether both parts share one buffer, which handlers reach by looking the stream up.
    pub(super) fn is_split(&self) -> bool {
        self.access != Access::Atomic
    }
}
