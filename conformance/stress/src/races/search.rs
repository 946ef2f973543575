//! Every schedule up to a bound: stateless search, each run from the beginning.
//!
//! A schedule is the list of its choices: at each point at which more than one task is ready, the place of the
//! one that runs in the queue. Place 0 is first in first out and costs nothing; place *n* passes *n* tasks over
//! and costs *n* delays. The bound is on the delays of a whole run (delay-bounded scheduling): with enough of
//! them every schedule is there.

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Which of the ready tasks ran, at each point at which there was a choice.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Schedule(Vec<usize>);

impl fmt::Display for Schedule {
    /// Places with dots between them, without the zeros at the end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = self.0.iter().rposition(|place| *place > 0).map_or(0, |last| last + 1);
        let places: Vec<_> = self.0[..length].iter().map(ToString::to_string).collect();
        f.write_str(if places.is_empty() { "0" } else { "" })?;
        f.write_str(&places.join("."))
    }
}

/// A schedule that is none.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("\"{0}\" is no schedule: places with dots between them, as in 0.2.1")]
pub struct NoSchedule(String);

impl FromStr for Schedule {
    type Err = NoSchedule;

    fn from_str(text: &str) -> Result<Self, NoSchedule> {
        let places = text.split('.').map(str::parse).collect::<Result<_, _>>();
        places.map(Self).map_err(|_| NoSchedule(text.to_owned()))
    }
}

/// The choices of the run under way.
#[derive(Clone, Debug, Default)]
pub struct Trail(Arc<Mutex<Choices>>);

#[derive(Debug, Default)]
struct Choices {
    taken: Vec<Choice>,
    /// How many of them the run under way has come to.
    made: usize,
}

#[derive(Clone, Copy, Debug)]
struct Choice {
    place: usize,
    of: usize,
}

impl Trail {
    /// One that begins with these choices; after them, first in first out.
    pub fn along(schedule: &Schedule) -> Self {
        let taken =
            schedule.0.iter().map(|place| Choice { place: *place, of: place + 1 }).collect();
        Self(Arc::new(Mutex::new(Choices { taken, made: 0 })))
    }

    /// What runs next of `of` ready tasks.
    pub fn choose(&self, of: usize) -> usize {
        let mut choices = self.choices();
        if of == 1 {
            return 0;
        }
        let made = choices.made;
        choices.made += 1;
        match choices.taken.get_mut(made) {
            Some(choice) => {
                choice.of = of;
                choice.place = choice.place.min(of - 1);
                choice.place
            }
            None => {
                choices.taken.push(Choice { place: 0, of });
                0
            }
        }
    }

    /// The choices that the run has made.
    pub fn schedule(&self) -> Schedule {
        let choices = self.choices();
        Schedule(choices.taken[..choices.made].iter().map(|choice| choice.place).collect())
    }

    /// Goes on to the next schedule of at most `delays`; `false` if there is none. How often it had to leave
    /// one out is added to `left_out`.
    fn next(&self, delays: usize, left_out: &mut u64) -> bool {
        let mut choices = self.choices();
        let made = choices.made;
        choices.taken.truncate(made);
        choices.made = 0;
        let mut spent: usize = choices.taken.iter().map(|choice| choice.place).sum();
        while let Some(last) = choices.taken.last_mut() {
            if last.place + 1 < last.of {
                if spent < delays {
                    last.place += 1;
                    return true;
                }
                *left_out += 1;
            }
            spent -= last.place;
            choices.taken.pop();
        }
        false
    }

    fn choices(&self) -> MutexGuard<'_, Choices> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How far a search goes.
#[derive(Clone, Copy, Debug)]
pub struct Bound {
    /// At most so many delays in a run.
    pub delays: usize,
    /// At most so many schedules.
    pub schedules: u64,
}

/// What a search came to.
#[derive(Clone, Debug)]
pub struct Found<F> {
    /// How many schedules were run.
    pub schedules: u64,
    /// Whether those were all there are, of any number of delays.
    pub are_all: bool,
    /// Whether the search was cut at [`Bound::schedules`].
    pub is_cut: bool,
    /// The first failure, with its schedule. The search ends with it.
    pub failure: Option<(Schedule, F)>,
}

/// Runs `run` under every schedule within `bound`, until one fails.
pub fn search<F>(bound: Bound, mut run: impl FnMut(&Trail) -> Result<(), F>) -> Found<F> {
    let trail = Trail::default();
    let (mut schedules, mut left_out) = (0, 0);
    loop {
        schedules += 1;
        if let Err(failure) = run(&trail) {
            let failure = Some((trail.schedule(), failure));
            return Found { schedules, are_all: false, is_cut: false, failure };
        }
        if !trail.next(bound.delays, &mut left_out) {
            return Found { schedules, are_all: left_out == 0, is_cut: false, failure: None };
        }
        if schedules == bound.schedules {
            return Found { schedules, are_all: false, is_cut: true, failure: None };
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Three tasks of two steps each, as a schedule runs them.
    fn orders(delays: usize) -> (BTreeSet<String>, Found<()>) {
        let mut orders = BTreeSet::new();
        let found = search(Bound { delays, schedules: 1000 }, |trail| {
            let mut ready = vec!['a', 'b', 'c', 'A', 'B', 'C'];
            let mut order = String::new();
            // A task's second step is ready after its first: here only the three that are first.
            let mut queue: Vec<char> = ready.drain(..3).collect();
            while !queue.is_empty() {
                let task = queue.remove(trail.choose(queue.len()));
                order.push(task);
                if task.is_lowercase() {
                    queue.push(task.to_ascii_uppercase());
                }
            }
            orders.insert(order);
            Ok(())
        });
        (orders, found)
    }

    #[test]
    fn with_enough_delays_every_order_is_run_once() {
        let (orders, found) = orders(100);
        // 6! / 2!^3: every shuffle of three sequences of two.
        assert_eq!((orders.len(), found.schedules), (90, 90));
        assert!(found.are_all && !found.is_cut);
    }

    #[test]
    fn a_bound_is_said() {
        let (one, found) = orders(0);
        assert_eq!((one.len(), found.are_all), (1, false));
        let (some, found) = orders(1);
        assert_eq!((some.len() as u64, found.are_all), (found.schedules, false));
        assert!(some.is_superset(&one));
    }

    #[test]
    fn a_schedule_is_repeated() {
        let mut taken = Vec::new();
        let found = search(Bound { delays: 9, schedules: 1000 }, |trail| {
            taken = vec![trail.choose(3), trail.choose(1), trail.choose(2)];
            if taken == [2, 0, 1] { Err(()) } else { Ok(()) }
        });
        let (schedule, ()) = found.failure.expect("it is found");
        assert_eq!(schedule.to_string(), "2.1");
        let trail = Trail::along(&"2.1".parse().expect("a schedule"));
        assert_eq!(vec![trail.choose(3), trail.choose(1), trail.choose(2)], taken);
        assert!("2.x".parse::<Schedule>().is_err());
    }
}
