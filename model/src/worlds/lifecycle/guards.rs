//! Guards: who can take which step.

use super::action::Step;
use super::design::Retry;
use super::state::{Ending, Event, Moment, Op, Place, Task};
use super::world::LifecycleWorld;

impl LifecycleWorld {
    pub(super) fn may_arrive(&self, moment: &Moment, event: Event) -> bool {
        let known = |event| moment.known.has(event);
        if known(event) || (known(Event::Loss) && event != Event::Processing) {
            return false;
        }
        match event {
            Event::Credit => true,
            // The first counts (§3.5); nobody stops what has arrived whole.
            Event::Stop => !known(Event::Refusal) && !known(Event::Acks),
            Event::Refusal => {
                !known(Event::Stop) && !known(Event::Acks) && !known(Event::Processing)
            }
            Event::Reset => true,
            // A stream that was reset has no end (§3.2).
            Event::End => !known(Event::Reset),
            // After a reset nothing but the reset is acknowledged.
            Event::Acks => moment.finished && moment.sending.outcome.is_none(),
            Event::Loss => !self.design.keep_alive,
            Event::Processing => moment.accepted > 0 && !known(Event::Refusal),
        }
    }

    pub(super) fn begins(&self, moment: &Moment, task: Task, steps: &mut Vec<Step>) {
        use Place::{Gone, Idle, Sleeping};
        let place = moment.places[task.index()];
        let mut begin = |ops: &[Op]| steps.extend(ops.iter().map(|op| Step::Begin(task, *op)));
        match (task, place) {
            (Task::Writer, Idle) => {
                if moment.accepted < self.preset.writes && !moment.finished {
                    begin(&[Op::Write]);
                }
                begin(&[Op::Finish, Op::Cancel]);
            }
            (Task::Writer, Sleeping(_)) => begin(&[Op::GiveUp, Op::Cancel]),
            (Task::Writer, Gone) if self.may_retry(moment) => begin(&[Op::Retry]),
            (Task::Deadline, Idle) => {
                if matches!(moment.places[Task::Writer.index()], Sleeping(_)) {
                    begin(&[Op::Expire]);
                }
            }
            (Task::Driver, Idle) => {
                let open = |event: &&Event| {
                    let is_new = moment.known.has(**event) && !moment.handled.has(**event);
                    is_new && self.is_handled(**event) && self.is_watched(moment)
                };
                Event::ALL.iter().filter(open).for_each(|event| begin(&[Op::Handle(*event)]));
            }
            (Task::Reader, Idle) => begin(&[Op::Read, Op::StopReading]),
            (Task::Reader, Sleeping(_)) => begin(&[Op::StopReading]),
            (Task::Watcher | Task::OtherWatcher, Idle) => begin(&[Op::Wait]),
            _ => {}
        }
    }

    /// Whether the driver does anything about it. What concerns the receiving part it leaves to the reader,
    /// unless both parts share a buffer.
    fn is_handled(&self, event: Event) -> bool {
        match event {
            Event::Stop | Event::Refusal | Event::Acks | Event::Loss => true,
            Event::Reset => self.design.is_split(),
            Event::Credit | Event::End | Event::Processing => false,
        }
    }

    /// Whether the driver still looks after the sending part.
    fn is_watched(&self, moment: &Moment) -> bool {
        let dropped = moment.places[Task::Writer.index()] == Place::Gone;
        self.design.watches_on || !(dropped && moment.finished)
    }

    fn may_retry(&self, moment: &Moment) -> bool {
        let told = moment.told[Task::Writer.index()];
        let failed = matches!(told, Some(Ending::Stopped | Ending::Refused | Ending::Lost));
        !moment.retried
            && match self.design.retry {
                Retry::Never => false,
                Retry::WhenRefused => told == Some(Ending::Refused),
                Retry::Always => failed,
            }
    }

    pub(super) fn may_go(moment: &Moment, task: Task) -> bool {
        match moment.places[task.index()] {
            Place::Idle | Place::Gone => false,
            Place::Looked(_) | Place::Guarded(_) | Place::Touched(_) | Place::Waking(..) => true,
            Place::Sleeping(_) => moment.woken.has(task),
        }
    }
}
