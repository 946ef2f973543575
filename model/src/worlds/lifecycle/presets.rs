//! Named bounds: who takes part, and what may come from the peer.

use super::state::{Event, Task};

/// A named, bounded world.
#[derive(Clone, Copy, Debug)]
pub struct LifecyclePreset {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is for, in one line.
    pub about: &'static str,
    /// Who takes part.
    pub tasks: &'static [Task],
    /// What may come from the peer.
    pub events: &'static [Event],
    /// How many bytes the writer writes at most. There is credit for one; [`Event::Credit`] is one more.
    pub writes: u8,
}

/// Every preset. The first has everybody in it; each of the others is one race, small enough to be looked at.
pub const PRESETS: &[LifecyclePreset] = &[
    LifecyclePreset {
        name: "lifecycle",
        about: "everybody at once: writer, reader, deadline, driver, one who waits, and all that can come",
        tasks: &[Task::Writer, Task::Deadline, Task::Driver, Task::Reader, Task::Watcher],
        events: &Event::ALL,
        writes: 2,
    },
    LifecyclePreset {
        name: "lifecycle-incident",
        about: "the incident: a local cancel against the handler of a received RESET_STREAM",
        tasks: &[Task::Writer, Task::Driver],
        events: &[Event::Reset, Event::Acks],
        writes: 0,
    },
    LifecyclePreset {
        name: "lifecycle-cancel",
        about: "a local cancel against the handlers of everything that ends a sending part",
        tasks: &[Task::Writer, Task::Driver],
        events: &[Event::Stop, Event::Reset, Event::Acks, Event::Loss],
        writes: 1,
    },
    LifecyclePreset {
        name: "lifecycle-deadline",
        about: "a deadline against a write that waits for credit, a STOP_SENDING and the acknowledgement",
        tasks: &[Task::Writer, Task::Deadline, Task::Driver, Task::Watcher],
        events: &[Event::Credit, Event::Stop, Event::Acks],
        writes: 2,
    },
    LifecyclePreset {
        name: "lifecycle-waiters",
        about: "tasks that begin to wait for the end of the sending part before, while and after it ends",
        tasks: &[Task::Writer, Task::Driver, Task::Watcher, Task::OtherWatcher],
        events: &[Event::Stop, Event::Acks, Event::Loss],
        writes: 0,
    },
    LifecyclePreset {
        name: "lifecycle-reader",
        about: "a reader who stops, against the end, a reset and the loss of the connection",
        tasks: &[Task::Driver, Task::Reader],
        events: &[Event::Reset, Event::End, Event::Loss],
        writes: 0,
    },
    LifecyclePreset {
        name: "lifecycle-retry",
        about: "a request that fails, and is perhaps sent again, against a peer that perhaps processed it",
        tasks: &[Task::Writer, Task::Driver],
        events: &[Event::Stop, Event::Refusal, Event::Acks, Event::Loss, Event::Processing],
        writes: 1,
    },
];

/// What the command line says of them where traces are asked for.
pub const NOT_REPLAYED: &str = "checked, not replayed: its steps are tasks inside one endpoint";

impl LifecyclePreset {
    /// The preset of this name.
    pub fn find(name: &str) -> Option<Self> {
        PRESETS.iter().copied().find(|preset| preset.name == name)
    }

    /// Whether `task` takes part.
    pub(super) fn has(&self, task: Task) -> bool {
        self.tasks.contains(&task)
    }
}
