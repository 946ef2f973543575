//! How an implementation ends a stream: what designs differ in, and the manager's. Those with a fault are in
//! [`wrong`](super::wrong).

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

impl Design {
    /// Whether both parts share one buffer, which handlers reach by looking the stream up.
    pub(super) fn is_split(&self) -> bool {
        self.access != Access::Atomic
    }
}
