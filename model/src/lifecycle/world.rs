//! Who can take which step, and what it does: a stateright [`Model`] of one stream inside an endpoint.
//!
//! A step is what one task does without another in between: a critical section, or what stands outside of one.
//! quinn's own lock makes an arrival, and each call on quinn, such a step.

use std::fmt;

use stateright::{Model, Property};

use super::design::{Access, Close, Design, MANAGER, Reason, Release, Retry, Telling, Waiting};
use super::properties;
use super::state::{Ending, Event, Moment, Next, Op, Part, Place, Task, Tasks};
use crate::check::engine::Checked;

/// A named, bounded world.
#[derive(Clone, Copy, Debug)]
pub struct Preset {
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
pub const PRESETS: &[Preset] = &[
    Preset {
        name: "lifecycle",
        about: "everybody at once: writer, reader, deadline, driver, one who waits, and all that can come",
        tasks: &[Task::Writer, Task::Deadline, Task::Driver, Task::Reader, Task::Watcher],
        events: &Event::ALL,
        writes: 2,
    },
    Preset {
        name: "lifecycle-incident",
        about: "the incident: a local cancel against the handler of a received RESET_STREAM",
        tasks: &[Task::Writer, Task::Driver],
        events: &[Event::Reset, Event::Acks],
        writes: 0,
    },
    Preset {
        name: "lifecycle-cancel",
        about: "a local cancel against the handlers of everything that ends a sending part",
        tasks: &[Task::Writer, Task::Driver],
        events: &[Event::Stop, Event::Reset, Event::Acks, Event::Loss],
        writes: 1,
    },
    Preset {
        name: "lifecycle-deadline",
        about: "a deadline against a write that waits for credit, a STOP_SENDING and the acknowledgement",
        tasks: &[Task::Writer, Task::Deadline, Task::Driver, Task::Watcher],
        events: &[Event::Credit, Event::Stop, Event::Acks],
        writes: 2,
    },
    Preset {
        name: "lifecycle-waiters",
        about: "tasks that begin to wait for the end of the sending part before, while and after it ends",
        tasks: &[Task::Writer, Task::Driver, Task::Watcher, Task::OtherWatcher],
        events: &[Event::Stop, Event::Acks, Event::Loss],
        writes: 0,
    },
    Preset {
        name: "lifecycle-reader",
        about: "a reader who stops, against the end, a reset and the loss of the connection",
        tasks: &[Task::Driver, Task::Reader],
        events: &[Event::Reset, Event::End, Event::Loss],
        writes: 0,
    },
    Preset {
        name: "lifecycle-retry",
        about: "a request that fails, and is perhaps sent again, against a peer that perhaps processed it",
        tasks: &[Task::Writer, Task::Driver],
        events: &[Event::Stop, Event::Refusal, Event::Acks, Event::Loss, Event::Processing],
        writes: 1,
    },
];

/// What the command line says of them where traces are asked for.
pub const NOT_REPLAYED: &str = "checked, not replayed: its steps are tasks inside one endpoint";

impl Preset {
    /// The preset of this name.
    pub fn find(name: &str) -> Option<Self> {
        PRESETS.iter().copied().find(|preset| preset.name == name)
    }

    /// Whether `task` takes part.
    pub(super) fn has(&self, task: Task) -> bool {
        self.tasks.contains(&task)
    }
}

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

/// A preset under a design.
#[derive(Clone, Copy, Debug)]
pub struct World {
    /// The bounds.
    pub preset: Preset,
    /// How the endpoint is built.
    pub design: Design,
}

impl World {
    /// A preset with the manager's design.
    pub const fn new(preset: Preset) -> Self {
        Self { preset, design: MANAGER }
    }

    // ---- guards ---------------------------------------------------------------------------------

    fn may_arrive(&self, moment: &Moment, event: Event) -> bool {
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

    fn begins(&self, moment: &Moment, task: Task, steps: &mut Vec<Step>) {
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

    fn may_go(moment: &Moment, task: Task) -> bool {
        match moment.places[task.index()] {
            Place::Idle | Place::Gone => false,
            Place::Looked(_) | Place::Guarded(_) | Place::Touched(_) | Place::Waking(..) => true,
            Place::Sleeping(_) => moment.woken.has(task),
        }
    }

    // ---- effects --------------------------------------------------------------------------------

    fn arrive(&self, moment: &mut Moment, event: Event) {
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

    fn begin(&self, moment: &mut Moment, task: Task, op: Op) {
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

    fn go(&self, moment: &mut Moment, task: Task) {
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

impl Model for World {
    type State = Moment;
    type Action = Step;

    fn init_states(&self) -> Vec<Moment> {
        let mut moment = Moment::START;
        for task in Task::ALL {
            if !self.preset.has(task) {
                moment.places[task.index()] = Place::Gone;
            }
        }
        vec![moment]
    }

    fn actions(&self, moment: &Moment, steps: &mut Vec<Step>) {
        let events = self.preset.events.iter().copied();
        steps.extend(events.filter(|event| self.may_arrive(moment, *event)).map(Step::Arrive));
        for task in self.preset.tasks.iter().copied() {
            self.begins(moment, task, steps);
            if Self::may_go(moment, task) {
                steps.push(Step::Go(task));
            }
        }
    }

    fn next_state(&self, moment: &Moment, step: Step) -> Option<Moment> {
        let mut next = *moment;
        match step {
            Step::Arrive(event) => self.arrive(&mut next, event),
            Step::Begin(task, op) => self.begin(&mut next, task, op),
            Step::Go(task) => self.go(&mut next, task),
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::of(self)
    }
}

impl Checked for World {
    fn name(&self) -> &'static str {
        self.preset.name
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Credit => "MAX_STREAM_DATA",
            Self::Stop => "STOP_SENDING",
            Self::Refusal => "STOP_SENDING, request rejected",
            Self::Reset => "RESET_STREAM",
            Self::End => "STREAM, FIN",
            Self::Acks => "everything acknowledged",
            Self::Loss => "connection lost",
            Self::Processing => "the peer processes it",
        })
    }
}
