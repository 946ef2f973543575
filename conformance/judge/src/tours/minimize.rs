//! A failing trace made small: steps are left out and values made smaller, as long as the same breach shows.
//!
//! Delta debugging, in the world that the trace is a path of: what is left out takes with it what cannot happen
//! without it, and what can happen in another way (an answer, a packet with less in it) happens so. Whatever comes out
//! is a path of the same world, so that a minimized trace says what is permitted as every other one does.

use serde_json::Value;
use stateright::Model;
use streamproof_model::judging::breach::Breach;
use streamproof_model::trace::Trace;
use streamproof_model::trace::stimulus::Stimulus;
use streamproof_model::worlds::streams::action::Action;

use super::{ReplayError, replay_trace};
use crate::referee::Deviation;
use crate::replay::Replay;
use crate::sut::Sut;

/// A trace from which nothing can be taken.
#[derive(Clone, Debug)]
pub struct Minimized {
    /// The trace; it ends with the stimulus after which the breach shows.
    pub trace: Trace,
    /// What was seen there.
    pub deviation: Deviation,
    /// How many traces were played to find it.
    pub plays: usize,
    /// Whether it shows only in the liveness probe.
    pub in_probe: bool,
}

/// How large a trace is: stimuli, steps, and the sum of all numbers in them. The smaller one is easier to read.
/// A breach that the trace itself shows is worth two stimuli more than one that the probe shows.
type Size = (usize, usize, u128);

/// The smallest trace that can be made of `trace` and shows `breach` on this system: no step can be left out of it
/// and no value of a step be a smaller one of its preset. `None` if the trace itself does not show it.
///
/// # Errors
///
/// When the trace is no path of its world, or the system under test gives no connection.
pub fn minimize(
    sut: &dyn Sut,
    trace: &Trace,
    breach: Breach,
) -> Result<Option<Minimized>, ReplayError> {
    let mut search = Search { sut, breach, plays: 0 };
    let Some(mut best) = search.show(trace.clone())? else { return Ok(None) };
    loop {
        let before = best.size();
        best = search.leave_out(best)?;
        best = search.make_smaller(best)?;
        if best.size() == before {
            best = search.leave_out_of_probe(best)?;
            return Ok(Some(Minimized { plays: search.plays, ..best }));
        }
    }
}

impl Minimized {
    fn size(&self) -> Size {
        let (stimuli, steps, sum) = size(&self.trace);
        (stimuli + if self.in_probe { 2 } else { 0 }, steps, sum)
    }
}

struct Search<'a> {
    sut: &'a dyn Sut,
    breach: Breach,
    plays: usize,
}

impl Search<'_> {
    /// Plays a trace; it comes back cut off behind the breach, if it shows.
    fn show(&mut self, trace: Trace) -> Result<Option<Minimized>, ReplayError> {
        self.plays += 1;
        let replay = replay_trace(self.sut, &trace)?;
        let found = replay.found.iter().find(|found| found.deviation.breach == self.breach);
        Ok(found.map(|found| {
            let trace = until(trace, &replay, found.at);
            let in_probe = trace.probe.as_ref().is_some_and(|probe| !probe.is_empty());
            Minimized { in_probe, trace, deviation: found.deviation.clone(), plays: self.plays }
        }))
    }

    /// Leaves out what the liveness probe does and the breach does not need.
    fn leave_out_of_probe(&mut self, mut best: Minimized) -> Result<Minimized, ReplayError> {
        let mut place = best.trace.probe.as_ref().map_or(0, Vec::len);
        while place > 0 {
            place -= 1;
            let mut trace = best.trace.clone();
            trace.probe.iter_mut().for_each(|probe| drop(probe.remove(place)));
            let shown = self.show(trace)?;
            let length = |shown: &Minimized| shown.trace.probe.as_ref().map_or(0, Vec::len);
            if let Some(better) = shown.filter(|shown| length(shown) < length(&best)) {
                place = place.min(length(&better));
                best = better;
            }
        }
        Ok(best)
    }

    /// The better of two, if `actions`, as far as they can happen, show the breach with less.
    fn try_out(
        &mut self,
        best: &Minimized,
        actions: &[&Action],
    ) -> Result<Option<Minimized>, ReplayError> {
        let trace = follow(&best.trace, actions);
        if size(&trace) >= best.size() {
            return Ok(None);
        }
        let shown = self.show(trace)?;
        Ok(shown.filter(|shown| shown.size() < best.size()))
    }

    /// Leaves out one run of steps after the other: halves, quarters, and finally single steps.
    fn leave_out(&mut self, mut best: Minimized) -> Result<Minimized, ReplayError> {
        let mut run = best.trace.actions.len().div_ceil(2).max(1);
        loop {
            let mut from = 0;
            while from < best.trace.actions.len() {
                let all = &best.trace.actions;
                let kept: Vec<&Action> =
                    all[..from].iter().chain(all.iter().skip(from + run)).collect();
                match self.try_out(&best, &kept)? {
                    Some(better) => best = better,
                    None => from += run,
                }
            }
            if run == 1 {
                return Ok(best);
            }
            run = run.div_ceil(2);
        }
    }

    /// Puts a smaller step of the same kind in the place of each.
    fn make_smaller(&mut self, mut best: Minimized) -> Result<Minimized, ReplayError> {
        let mut place = 0;
        while place < best.trace.actions.len() {
            let mut better = None;
            for action in smaller(&best.trace, place)? {
                let all = &best.trace.actions;
                let with: Vec<&Action> =
                    all[..place].iter().chain([&action]).chain(&all[place + 1..]).collect();
                better = self.try_out(&best, &with)?;
                if better.is_some() {
                    break;
                }
            }
            match better {
                Some(better) => best = better,
                None => place += 1,
            }
        }
        Ok(best)
    }
}

/// A trace up to what its replay showed after stimulus number `at`, with every step of the liveness probe that was
/// taken by then.
pub(super) fn until(trace: Trace, replay: &Replay, at: usize) -> Trace {
    let (script, taken) = match at.checked_sub(replay.results.len()) {
        None => (at + 1, 0),
        Some(of_probe) => (replay.results.len(), of_probe + 1),
    };
    let probe = replay.probe.iter().take(taken).cloned().collect();
    Trace { probe: Some(probe), ..cut(trace, script) }
}

/// The beginning of a trace: this many stimuli.
fn cut(mut trace: Trace, stimuli: usize) -> Trace {
    let visible = trace.actions.iter().enumerate().filter(|(_, action)| is_visible(&trace, action));
    let end = stimuli.checked_sub(1).and_then(|last| visible.map(|(place, _)| place + 1).nth(last));
    trace.actions.truncate(end.unwrap_or(0));
    trace
}

fn is_visible(trace: &Trace, action: &Action) -> bool {
    Stimulus::of(action, trace.side, trace.preset.hostile.is_some()).is_some()
}

fn size(trace: &Trace) -> Size {
    let visible = trace.actions.iter().filter(|action| is_visible(trace, action)).count();
    (visible, trace.actions.len(), trace.actions.iter().map(|action| sum(&value(action))).sum())
}

/// The path that takes these steps, as far as each of them, or one that stands for it, can be taken.
fn follow(trace: &Trace, wanted: &[&Action]) -> Trace {
    let world = trace.world();
    let mut state = world.init_states().remove(0);
    let mut taken = Vec::with_capacity(wanted.len());
    let mut enabled = Vec::new();
    for wanted in wanted {
        enabled.clear();
        world.actions(&state, &mut enabled);
        let Some(action) = stand_in(&enabled, wanted) else { continue };
        if let Some(next) = world.next_state(&state, action.clone()) {
            state = next;
            taken.push(action);
        }
    }
    Trace { actions: taken, probe: None, ..trace.clone() }
}

/// The step itself, if it can be taken; or the same call with another answer, the same frame with another outcome, a
/// packet to the same side.
fn stand_in(enabled: &[Action], wanted: &Action) -> Option<Action> {
    if enabled.contains(wanted) {
        return Some(wanted.clone());
    }
    let stands = |action: &&Action| match (action, wanted) {
        (Action::App { side, call, .. }, Action::App { side: at, call: made, .. }) => {
            (side, call) == (at, made)
        }
        (Action::Hostile { frame, .. }, Action::Hostile { frame: sent, .. }) => frame == sent,
        (Action::Deliver { packet, .. }, Action::Deliver { packet: sent, .. })
        | (Action::Duplicate { packet, .. }, Action::Duplicate { packet: sent, .. })
        | (Action::Lose { packet }, Action::Lose { packet: sent }) => packet.to == sent.to,
        _ => false,
    };
    // A packet with frames of the same kinds comes before one with others.
    let wanted_value = value(wanted);
    let alike = |action: &&&Action| shape_is(&value(action), &wanted_value);
    let all: Vec<&Action> = enabled.iter().filter(stands).collect();
    all.iter().find(alike).or(all.first()).map(|action| (*action).clone())
}

/// What could stand in the place of a step with smaller numbers in it, the smallest first.
fn smaller(trace: &Trace, place: usize) -> Result<Vec<Action>, ReplayError> {
    let path = trace.walk()?;
    let (state, _) = &path[place];
    let own = value(&trace.actions[place]);
    let mut enabled = Vec::new();
    trace.world().actions(state, &mut enabled);
    let mut found: Vec<(u128, Action)> = Vec::new();
    for action in enabled {
        let other = value(&action);
        if sum(&other) < sum(&own) && shape_is(&other, &own) {
            found.push((sum(&other), action));
        }
    }
    found.sort_by_key(|(sum, _)| *sum);
    Ok(found.into_iter().map(|(_, action)| action).collect())
}

/// A step as plain data: its numbers are what can be made smaller.
fn value(action: &Action) -> Value {
    serde_json::to_value(action).unwrap_or_default()
}

/// The sum of all numbers in it; true counts as one.
fn sum(value: &Value) -> u128 {
    match value {
        Value::Number(number) => number.as_u64().unwrap_or(0).into(),
        Value::Bool(bool) => u128::from(*bool),
        Value::Array(items) => items.iter().map(sum).sum(),
        Value::Object(fields) => fields.values().map(sum).sum(),
        Value::Null | Value::String(_) => 0,
    }
}

/// Whether two differ in numbers alone.
fn shape_is(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(_), Value::Number(_)) | (Value::Bool(_), Value::Bool(_)) => true,
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(a, b)| shape_is(a, b))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, a)| other.get(key).is_some_and(|b| shape_is(a, b)))
        }
        (one, other) => one == other,
    }
}
