//! What must hold of every design, whatever the order of the steps: the observer's side, which shares nothing
//! with how the steps are taken.

use stateright::{Model, Property};

use super::state::{Ending, Event, Moment, Op, Part, Place, Task};
use super::world::LifecycleWorld;

/// The front property.
pub const NO_ACCESS_AFTER_RELEASE: &str = "no access after release";

/// Who is told how the sending part ended.
const LISTENERS: [Task; 3] = [Task::Writer, Task::Watcher, Task::OtherWatcher];

/// An arrival may decide how a part ends before anybody here knows. Whatever is acknowledged whole was delivered,
/// also if the peer had asked to stop (§3.5 lets us wait for that); what has arrived whole is not lost with the
/// connection (§3.2).
pub(super) fn note_arrival(moment: &mut Moment, event: Event) {
    let arrived_whole = moment.known.has(Event::End);
    let (sending, receiving) = (&mut moment.sending, &mut moment.receiving);
    match event {
        Event::Stop => first(sending, Ending::Stopped),
        Event::Refusal => first(sending, Ending::Refused),
        Event::Acks if sending.outcome.is_none() => sending.won = Some(Ending::Delivered),
        Event::Reset => first(receiving, Ending::ResetByPeer),
        Event::Loss => {
            first(sending, Ending::Lost);
            if !arrived_whole {
                first(receiving, Ending::Lost);
            }
        }
        Event::Acks | Event::Credit | Event::End | Event::Processing => {}
    }
}

fn first(part: &mut Part, ending: Ending) {
    part.won.get_or_insert(ending);
}

/// What must hold in `world`, and what must be reachable there lest that be empty words.
pub(super) fn of(world: &LifecycleWorld) -> Vec<Property<LifecycleWorld>> {
    let mut properties = vec![
        Property::always(NO_ACCESS_AFTER_RELEASE, |_, moment: &Moment| {
            !moment.sending.touched_after && !moment.receiving.touched_after
        }),
        Property::always("released exactly once", |_, moment: &Moment| {
            parts(moment).iter().all(|part| part.releases == u8::from(part.outcome.is_some()))
        }),
        Property::always("exactly one terminal outcome", |_, moment: &Moment| {
            parts(moment).iter().all(|part| part.decided == u8::from(part.outcome.is_some()))
        }),
        Property::always("everybody is told the same", |_, moment: &Moment| {
            let mut told = LISTENERS.iter().filter_map(|task| moment.told[task.index()]);
            told.next().is_none_or(|one| told.all(|other| other == one))
        }),
        Property::always("no lost wake-up", |_, moment| !is_wake_up_lost(moment)),
        Property::always("no deferred error dropped at close", |_, moment: &Moment| {
            let all_is_well = moment.told[Task::Writer.index()] == Some(Ending::Delivered);
            !all_is_well || moment.sending.won == Some(Ending::Delivered)
        }),
        Property::always("the reason recorded is the one that won", |_, moment: &Moment| {
            parts(moment).iter().all(|part| part.outcome.is_none() || part.outcome == part.won)
        }),
        Property::always("what has ended is struck off the registry", |_, moment: &Moment| {
            parts(moment).iter().all(|part| part.listed == part.outcome.is_none())
        }),
        Property::always("a request is processed at most once", |_, moment: &Moment| {
            moment.processed <= 1
        }),
        Property::always("every part ends", every_part_ends),
    ];
    let reached = ENDS.iter().filter(|(_, ending, _)| can_come(world, *ending));
    properties.extend(reached.map(|(name, _, reached)| Property::sometimes(name, *reached)));
    properties
}

fn parts(moment: &Moment) -> [&Part; 2] {
    [&moment.sending, &moment.receiving]
}

/// Somebody sleeps, what it waits for has come, and nobody is about to wake it.
fn is_wake_up_lost(moment: &Moment) -> bool {
    let is_coming = |task: Task| {
        let wakes = |place: &Place| matches!(place, Place::Waking(tasks, _) if tasks.has(task));
        moment.woken.has(task) || moment.places.iter().any(wakes)
    };
    let known = |event| moment.known.has(event);
    Task::ALL.into_iter().any(|task| {
        let has_come = match moment.places[task.index()] {
            Place::Sleeping(Op::Read) => {
                known(Event::Reset) || known(Event::End) || known(Event::Loss)
            }
            Place::Sleeping(Op::Write) => {
                moment.sending.outcome.is_some() || (known(Event::Credit) && moment.accepted == 1)
            }
            Place::Sleeping(_) => moment.sending.outcome.is_some(),
            Place::Idle
            | Place::Looked(_)
            | Place::Guarded(_)
            | Place::Touched(_)
            | Place::Waking(..)
            | Place::Gone => false,
        };
        has_come && !is_coming(task)
    })
}

/// When nothing more can happen, nothing is left: no part alive, nobody asleep.
fn every_part_ends(world: &LifecycleWorld, moment: &Moment) -> bool {
    let has_ended = |task, part: &Part| !world.preset.has(task) || part.outcome.is_some();
    let asleep = |place: &Place| matches!(place, Place::Sleeping(_));
    let done = has_ended(Task::Writer, &moment.sending)
        && has_ended(Task::Reader, &moment.receiving)
        && !moment.places.iter().any(asleep);
    if done {
        return true;
    }
    let mut steps = Vec::new();
    world.actions(moment, &mut steps);
    !steps.is_empty()
}

type Reached = fn(&LifecycleWorld, &Moment) -> bool;

/// Each ending, with its name as something that happens.
const ENDS: &[(&str, Ending, Reached)] = &[
    ("some part is delivered", Ending::Delivered, |_, moment| ends(moment, Ending::Delivered)),
    ("some part is cancelled", Ending::Cancelled, |_, moment| ends(moment, Ending::Cancelled)),
    ("some part expires", Ending::Expired, |_, moment| ends(moment, Ending::Expired)),
    ("some part is stopped", Ending::Stopped, |_, moment| ends(moment, Ending::Stopped)),
    ("some part is refused", Ending::Refused, |_, moment| ends(moment, Ending::Refused)),
    ("some part is read to the end", Ending::ReadToEnd, |_, moment| {
        ends(moment, Ending::ReadToEnd)
    }),
    ("some part is reset", Ending::ResetByPeer, |_, moment| ends(moment, Ending::ResetByPeer)),
    ("some part is abandoned", Ending::Abandoned, |_, moment| ends(moment, Ending::Abandoned)),
    ("some part is lost", Ending::Lost, |_, moment| ends(moment, Ending::Lost)),
];

fn ends(moment: &Moment, ending: Ending) -> bool {
    parts(moment).iter().any(|part| part.outcome == Some(ending))
}

fn can_come(world: &LifecycleWorld, ending: Ending) -> bool {
    let task = |task| world.preset.has(task);
    let event = |event| world.preset.events.contains(&event);
    match ending {
        Ending::Delivered => task(Task::Writer) && event(Event::Acks),
        Ending::Cancelled => task(Task::Writer),
        Ending::Expired => task(Task::Deadline),
        Ending::Stopped => task(Task::Writer) && event(Event::Stop),
        Ending::Refused => task(Task::Writer) && event(Event::Refusal),
        Ending::ReadToEnd => task(Task::Reader) && event(Event::End),
        Ending::ResetByPeer => task(Task::Reader) && event(Event::Reset),
        Ending::Abandoned => task(Task::Reader),
        Ending::Lost => event(Event::Loss) && !world.design.keep_alive,
    }
}
