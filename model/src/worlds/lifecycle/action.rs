//! A step of one task, or something that quinn learns.

use super::state::{Event, Op, Task};

/// A step.
#[derive(Clone, Copy, Debug, Eq, PartialEq, serde::Serialize)]
pub enum Step {
    /// quinn learns of something.
    Arrive(Event),
    /// A task begins to do something.
    Begin(Task, Op),
    /// A task goes on with what it is doing.
    Go(Task),
}
