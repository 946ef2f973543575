//! What each step does.

use super::design::{Access, Close, Reason, Release, Telling, Waiting};
use super::properties;
use super::state::{Ending, Event, Moment, Next, Op, Part, Place, Task, Tasks};
use super::world::LifecycleWorld;

impl LifecycleWorld {
    pub(super) fn arrive(&self, moment: &mut Moment, event: Event) {
        moment.known.add(event);
        if event == Event::Processing {
            moment.processed += 1;
        }
        properties::note_arrival(moment, event);
        // quinn wakes who is blocked on the stream.
        let writer = moment.places[Task::Writer.index()];
        let writes = matches!(writer, Place::Looked(Op::Write) | Place::Sleeping(Op::Write));
        if writes && matches!(event, Event::Credit | Event::Stop | Event::Refusal | Event::Loss) {
            moment.woken.add(Task::Writer);
        }
        let reads = moment.places[Task::Reader.index()] == Place::Sleeping(Op::Read);
        if reads && matches!(event, Event::Reset | Event::End | Event::Loss) {
            moment.woken.add(Task::Reader);
        }
    }

    pub(super) fn begin(&self, moment: &mut Moment, task: Task, op: Op) {
        moment.registered.remove(task);
        moment.woken.remove(task);
        match op {
            Op::Write | Op::Finish | Op::Wait => self.poll(moment, task, op),
            Op::GiveUp => moment.places[task.index()] = Place::Idle,
            // The handle of a part that was finished: the driver goes on watching.
            Op::Cancel if moment.finished => moment.places[task.index()] = Place::Gone,
            Op::Cancel => self.reset(moment, task, Ending::Cancelled),
            Op::Expire => self.reset(moment, task, Ending::Expired),
            Op::Handle(event) => self.handle(moment, event),
            Op::Read => self.read(moment),
            Op::StopReading => self.stop_reading(moment),
            Op::Retry => {
                moment.retried = true;
                moment.processed += 1;
            }
        }
    }

    pub(super) fn go(&self, moment: &mut Moment, task: Task) {
        match moment.places[task.index()] {
            Place::Looked(Op::Handle(event)) => self.touch_or_guard(moment, event),
            Place::Looked(op) => {
                moment.registered.add(task);
                moment.places[task.index()] = Place::Sleeping(op);
            }
            Place::Guarded(Op::Handle(event)) => Self::touch(moment, event),
            Place::Touched(ending) => {
                let wake = self.end(moment, ending);
                Self::wake(moment, task, wake, Next::Idle);
            }
            Place::Waking(tasks, next) => {
                moment.woken.join(tasks);
                moment.places[task.index()] = match next {
                    Next::Idle => Place::Idle,
                    Next::Gone => Place::Gone,
                };
            }
            Place::Sleeping(Op::Read) => {
                moment.woken.remove(task);
                self.read(moment);
            }
            Place::Sleeping(op) => {
                moment.woken.remove(task);
                moment.registered.remove(task);
                self.poll(moment, task, op);
            }
            Place::Idle | Place::Gone | Place::Guarded(_) => {}
        }
    }

    /// A write, a finish or a wait: told how the part ended, or done, or asleep until it is known.
    fn poll(&self, moment: &mut Moment, task: Task, op: Op) {
        // A mere wait asks nobody but the part.
        let wake = if op == Op::Wait { Tasks::default() } else { self.learn(moment) };
        if let Some(ending) = self.ending(moment) {
            let swallowed = op == Op::Finish && self.design.close == Close::Swallows;
            let ending = if swallowed { Ending::Delivered } else { ending };
            moment.told[task.index()] = Some(ending);
            moment.taken |= self.design.telling == Telling::Once;
            return Self::wake(moment, task, wake, Next::Gone);
        }
        let credit = 1 + u8::from(moment.known.has(Event::Credit));
        if op == Op::Write && moment.accepted < credit {
            moment.accepted += 1;
            moment.places[task.index()] = Place::Idle;
            return;
        }
        moment.finished |= op == Op::Finish;
        match self.design.waiting {
            Waiting::LooksAndRegisters => moment.registered.add(task),
            Waiting::OneWaker => {
                moment.registered = Tasks::default();
                moment.registered.add(task);
            }
            Waiting::RegistersAfterLooking => {
                moment.places[task.index()] = Place::Looked(op);
                return;
            }
        }
        moment.places[task.index()] = Place::Sleeping(op);
    }

    /// The sending part is reset from here: by a drop, by a deadline.
    fn reset(&self, moment: &mut Moment, task: Task, ending: Ending) {
        let wake = self.learn_or_end(moment, Some(ending));
        Self::wake(moment, task, wake, Next::Gone);
    }

    fn handle(&self, moment: &mut Moment, event: Event) {
        moment.handled.add(event);
        if self.design.is_split() {
            if moment.sending.listed {
                moment.places[Task::Driver.index()] = Place::Looked(Op::Handle(event));
            }
            return;
        }
        let wake = self.learn_or_end(moment, ending_of(event));
        Self::wake(moment, Task::Driver, wake, Next::Idle);
    }

    fn touch_or_guard(&self, moment: &mut Moment, event: Event) {
        moment.places[Task::Driver.index()] = match self.design.access {
            Access::Atomic | Access::LookThenTouch => return Self::touch(moment, event),
            Access::GuardThenTouch | Access::GuardUnderOwnLock if moment.sending.is_held() => {
                Place::Guarded(Op::Handle(event))
            }
            Access::GuardThenTouch | Access::GuardUnderOwnLock => Place::Idle,
        };
    }

    fn touch(moment: &mut Moment, event: Event) {
        moment.sending.touched_after |= !moment.sending.is_held();
        moment.places[Task::Driver.index()] = ending_of(event).map_or(Place::Idle, Place::Touched);
    }

    /// Asks quinn what it knows of the sending part: it counts as having come before.
    fn learn(&self, moment: &mut Moment) -> Tasks {
        if self.design.reason == Reason::AsHandled || moment.sending.outcome.is_some() {
            return Tasks::default();
        }
        let order = [Event::Acks, Event::Stop, Event::Refusal, Event::Loss];
        let known = order.into_iter().find(|event| moment.known.has(*event));
        known.and_then(ending_of).map_or_else(Tasks::default, |ending| self.end(moment, ending))
    }

    /// What quinn knows comes first; otherwise the part ends like this. What has ended before only a faulty
    /// design ends again.
    fn learn_or_end(&self, moment: &mut Moment, ending: Option<Ending>) -> Tasks {
        let late = moment.sending.outcome.is_some();
        let mut wake = self.learn(moment);
        if let (Some(ending), true) = (ending, late || moment.sending.outcome.is_none()) {
            wake.join(self.end(moment, ending));
        }
        wake
    }

    /// The one end of the sending part. Gives who is to be woken.
    fn end(&self, moment: &mut Moment, ending: Ending) -> Tasks {
        let part = &mut moment.sending;
        let late = part.outcome.is_some();
        if !late || self.design.release == Release::Anybody {
            part.releases = (part.releases + 1).min(2);
        }
        if late && self.design.reason != Reason::Last {
            return Tasks::default();
        }
        conclude(part, ending);
        part.listed = !self.design.strikes_off;
        std::mem::take(&mut moment.registered)
    }

    fn read(&self, moment: &mut Moment) {
        let known = |event| moment.known.has(event);
        let ending = match () {
            () if known(Event::Reset) => Ending::ResetByPeer,
            () if known(Event::End) => Ending::ReadToEnd,
            () if known(Event::Loss) => Ending::Lost,
            () => return moment.places[Task::Reader.index()] = Place::Sleeping(Op::Read),
        };
        self.end_receiving(moment, ending);
        moment.told[Task::Reader.index()] = Some(ending);
    }

    fn stop_reading(&self, moment: &mut Moment) {
        let known = |event| moment.known.has(event);
        // What has arrived whole is not lost with the connection.
        let lost = known(Event::Loss) && !known(Event::End);
        self.end_receiving(
            moment,
            match (known(Event::Reset), lost) {
                (true, _) => Ending::ResetByPeer,
                (false, true) => Ending::Lost,
                (false, false) => Ending::Abandoned,
            },
        );
    }

    /// The reader alone ends the receiving part: there is nobody to wake.
    fn end_receiving(&self, moment: &mut Moment, ending: Ending) {
        moment.receiving.releases += 1;
        conclude(&mut moment.receiving, ending);
        moment.receiving.listed = !self.design.strikes_off;
        moment.places[Task::Reader.index()] = Place::Gone;
    }

    /// What a task is told that asks for the outcome.
    fn ending(&self, moment: &Moment) -> Option<Ending> {
        if moment.taken { None } else { moment.sending.outcome }
    }

    fn wake(moment: &mut Moment, task: Task, tasks: Tasks, next: Next) {
        moment.places[task.index()] = match (tasks.is_empty(), next) {
            (false, next) => Place::Waking(tasks, next),
            (true, Next::Idle) => Place::Idle,
            (true, Next::Gone) => Place::Gone,
        };
    }
}

fn conclude(part: &mut Part, ending: Ending) {
    part.won.get_or_insert(ending);
    part.decided = (part.decided + 1).min(2);
    part.outcome = Some(ending);
}

/// How an event ends the sending part, if it does.
pub(super) const fn ending_of(event: Event) -> Option<Ending> {
    match event {
        Event::Acks => Some(Ending::Delivered),
        Event::Stop => Some(Ending::Stopped),
        Event::Refusal => Some(Ending::Refused),
        Event::Loss => Some(Ending::Lost),
        Event::Credit | Event::Reset | Event::End | Event::Processing => None,
    }
}
