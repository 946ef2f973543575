//! Interleavings as sequence diagrams: one lane for each task that takes a step, and one for what it shares.

use crate::diagram::{Diagram, Emphasis, Fate, Lane, Row};

use super::action::Step;
use super::state::{Moment, Op, Part, Place, Task, Tasks};
use super::world::LifecycleWorld;

/// A path, each moment with the step that leaves it, as a sequence diagram.
pub fn path_diagram(world: &LifecycleWorld, path: &[(Moment, Option<Step>)]) -> Diagram {
    let steps: Vec<_> = path.iter().filter_map(|(_, step)| *step).collect();
    let lanes = Lanes::of(&steps);
    let mut diagram = Diagram {
        title: format!("preset {}", world.preset.name),
        subtitle: Some(format!("{} steps", steps.len())),
        lanes: lanes.drawn(),
        rows: Vec::new(),
    };
    for (number, pair) in path.windows(2).enumerate() {
        let [(before, Some(step)), (after, _)] = pair else { continue };
        diagram.rows.push(lanes.row(number + 1, before, after, *step));
        let mut texts = vec![None; lanes.count()];
        texts[0] = changed(before, after);
        diagram.rows.push(Row::States { texts });
    }
    diagram
}

/// Where the tasks that act stand in the picture. The first lane is the stream.
struct Lanes {
    tasks: Vec<Task>,
    peer: bool,
}

impl Lanes {
    fn of(steps: &[Step]) -> Self {
        let acts = |task: &Task| {
            steps.iter().any(|step| match step {
                Step::Begin(who, _) | Step::Go(who) => who == task,
                Step::Arrive(_) => false,
            })
        };
        let tasks = Task::ALL.into_iter().filter(acts).collect();
        Self { tasks, peer: steps.iter().any(|step| matches!(step, Step::Arrive(_))) }
    }

    fn count(&self) -> usize {
        1 + self.tasks.len() + usize::from(self.peer)
    }

    fn drawn(&self) -> Vec<Lane> {
        let lane = |name: &str, role: &str| Lane { name: name.into(), role: Some(role.into()) };
        let mut lanes = vec![lane("stream", "shared")];
        lanes.extend(self.tasks.iter().map(|task| lane(task.name(), task.role())));
        if self.peer {
            lanes.push(lane("quinn", "hears the peer"));
        }
        lanes
    }

    fn lane(&self, task: Task) -> usize {
        1 + self.tasks.iter().position(|other| *other == task).unwrap_or_default()
    }

    fn row(&self, number: usize, before: &Moment, after: &Moment, step: Step) -> Row {
        let step_ = Some(number);
        let normal = Emphasis::Normal;
        match step {
            Step::Arrive(event) => Row::Event {
                step: step_,
                lane: self.count() - 1,
                label: event.to_string(),
                emphasis: normal,
            },
            Step::Begin(task, op) => {
                self.act(step_, task, begun(before, after, task, op), after, before)
            }
            Step::Go(task) => self.act(step_, task, gone_on(before, after, task), after, before),
        }
    }

    /// A step at the shared stream is an arrow to it, one beside it an event at the task.
    fn act(
        &self,
        step: Option<usize>,
        task: Task,
        label: String,
        after: &Moment,
        before: &Moment,
    ) -> Row {
        let (from, to) = (self.lane(task), 0);
        let bad = after.sending.touched_after && !before.sending.touched_after;
        let emphasis = if bad { Emphasis::Bad } else { Emphasis::Normal };
        let asleep = matches!(after.places[task.index()], Place::Sleeping(_));
        let shares = before.sending != after.sending
            || before.receiving != after.receiving
            || before.registered != after.registered
            || matches!(after.places[task.index()], Place::Looked(_) | Place::Guarded(_))
            || bad;
        match shares && !asleep {
            true => Row::Message { step, from, to, label, fate: Fate::Delivered, emphasis },
            false => Row::Event { step, lane: from, label, emphasis },
        }
    }
}

fn begun(before: &Moment, after: &Moment, task: Task, op: Op) -> String {
    let call = match op {
        Op::Write => "write".to_owned(),
        Op::GiveUp => "drops the future".to_owned(),
        Op::Finish => "finish".to_owned(),
        Op::Cancel => "drops the handle".to_owned(),
        Op::Expire => "deadline passes".to_owned(),
        Op::Handle(event) => format!("handles {event}"),
        Op::Read => "read".to_owned(),
        Op::StopReading => "drops the handle".to_owned(),
        Op::Wait => "waits for the end".to_owned(),
        Op::Retry => "sends the request again".to_owned(),
    };
    let end = match after.places[task.index()] {
        _ if after.told[task.index()] != before.told[task.index()] => told(after, task),
        Place::Looked(Op::Handle(_)) => ": looks the stream up".to_owned(),
        Place::Looked(_) => ": sees no end".to_owned(),
        Place::Sleeping(_) => ": sleeps".to_owned(),
        Place::Idle | Place::Guarded(_) | Place::Touched(_) | Place::Waking(..) | Place::Gone => {
            String::new()
        }
    };
    call + &end
}

fn gone_on(before: &Moment, after: &Moment, task: Task) -> String {
    match (before.places[task.index()], after.places[task.index()]) {
        _ if after.told[task.index()] != before.told[task.index()] => {
            format!("wakes{}", told(after, task))
        }
        (Place::Looked(Op::Handle(_)), Place::Guarded(_)) => "asks: still there".to_owned(),
        (Place::Looked(Op::Handle(_)), Place::Idle)
            if !before.sending.is_held() && !after.sending.touched_after =>
        {
            "asks: gone, leaves it".to_owned()
        }
        (Place::Looked(Op::Handle(_)) | Place::Guarded(_), _) => "touches the buffer".to_owned(),
        (Place::Looked(_), _) => "registers, sleeps".to_owned(),
        (Place::Touched(_), _) => "decides, releases".to_owned(),
        (Place::Waking(tasks, _), _) => format!("wakes {}", names(tasks)),
        (Place::Sleeping(_), Place::Sleeping(_)) => "wakes, sleeps again".to_owned(),
        _ => "wakes".to_owned(),
    }
}

fn told(after: &Moment, task: Task) -> String {
    after.told[task.index()].map_or_else(String::new, |ending| format!(": {ending}"))
}

fn names(tasks: Tasks) -> String {
    let names = Task::ALL.into_iter().filter(|task| tasks.has(*task)).map(Task::name);
    names.collect::<Vec<_>>().join(", ")
}

/// What of the shared stream a step has changed.
fn changed(before: &Moment, after: &Moment) -> Option<String> {
    let parts = [
        ("", &before.sending, &after.sending),
        ("receiving: ", &before.receiving, &after.receiving),
    ];
    let texts: Vec<_> = parts
        .into_iter()
        .filter_map(|(name, old, new)| Some(format!("{name}{}", part(old, new)?)))
        .collect();
    (!texts.is_empty()).then(|| texts.join("; "))
}

fn part(old: &Part, new: &Part) -> Option<String> {
    let mut texts = Vec::new();
    if old.outcome != new.outcome {
        texts.extend(new.outcome.map(|ending| ending.to_string()));
    }
    match (old.releases, new.releases) {
        (old, new) if old == new => {}
        (0, _) => texts.push("released".to_owned()),
        _ => texts.push("released AGAIN".to_owned()),
    }
    if new.touched_after && !old.touched_after {
        texts.push("touched AFTER release".to_owned());
    }
    (!texts.is_empty()).then(|| texts.join(", "))
}

impl Task {
    /// Its name in pictures.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Writer => "writer",
            Self::Deadline => "deadline",
            Self::Driver => "driver",
            Self::Reader => "reader",
            Self::Watcher => "watcher",
            Self::OtherWatcher => "watcher 2",
        }
    }

    const fn role(self) -> &'static str {
        match self {
            Self::Writer => "sending handle",
            Self::Deadline => "timer",
            Self::Driver => "handlers",
            Self::Reader => "receiving handle",
            Self::Watcher | Self::OtherWatcher => "waits for the end",
        }
    }
}
