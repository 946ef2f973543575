//! Those who wait for the end of a sending part.
//!
//! A slot for each waiting future: polling again replaces its waker, dropping the future empties the
//! slot, so a caller who asks in a loop leaves nothing behind. The list lives under the part's lock,
//! and the end of the part is decided under the same lock: who registers before is woken, who comes
//! later finds the outcome. No wake-up can be lost between the two.
//!
//! Wakers are woken and dropped *outside* the lock ([`Waiters::wake`]): both may run foreign code, and
//! that code may want the lock.

use std::{mem, task::Waker};

/// The place of one waiting future. Empty until it waits.
#[derive(Debug, Default)]
pub(crate) struct Slot(Option<usize>);

impl Slot {
    /// Whether nobody waits here.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }
}

/// The wakers of a part.
///
/// Most parts have one who waits, the driver: there is room for one without an allocation.
#[derive(Debug, Default)]
pub(crate) struct Waiters {
    first: Option<Waker>,
    rest: Option<Box<Rest>>,
}

#[derive(Debug, Default)]
struct Rest {
    /// The slots from 1.
    slots: Vec<Option<Waker>>,
    /// Wakers that were replaced or removed, to be dropped outside the lock.
    discarded: Vec<Waker>,
    /// Listeners to events, to be woken outside the lock.
    others: Vec<Waker>,
}

impl Waiters {
    /// Remembers `waker` in `slot`, in place of the one that was there.
    pub(crate) fn register(&mut self, slot: &mut Slot, waker: &Waker) {
        let index = *slot.0.get_or_insert_with(|| self.vacant());
        let place = match index {
            0 => &mut self.first,
            // A part has its waiters taken once, at its end, and nobody registers after it: the slot is
            // there.
            _ => &mut self.rest.get_or_insert_default().slots[index - 1],
        };
        if place.as_ref().is_some_and(|old| old.will_wake(waker)) {
            return;
        }
        if let Some(old) = place.replace(waker.clone()) {
            self.rest.get_or_insert_default().discarded.push(old);
        }
    }

    /// A slot with nobody in it. (Nobody else can come before `register` fills it.)
    fn vacant(&mut self) -> usize {
        if self.first.is_none() {
            return 0;
        }
        let slots = &mut self.rest.get_or_insert_default().slots;
        let vacant = slots.iter().position(Option::is_none).unwrap_or_else(|| {
            slots.push(None);
            slots.len() - 1
        });
        vacant + 1
    }

    /// Forgets the waker in `slot`, if it has one.
    pub(crate) fn remove(&mut self, slot: &mut Slot) {
        let removed = match slot.0.take() {
            None => None,
            Some(0) => self.first.take(),
            Some(index) => {
                let slots = self.rest.as_mut().map(|rest| &mut rest.slots);
                slots.and_then(|slots| slots.get_mut(index - 1)).and_then(Option::take)
            }
        };
        if let Some(waker) = removed {
            self.rest.get_or_insert_default().discarded.push(waker);
        }
    }

    /// Wakes these, too, once the lock is released.
    pub(crate) fn also_wake(&mut self, wakers: Vec<Waker>) {
        if !wakers.is_empty() {
            self.rest.get_or_insert_default().others.extend(wakers);
        }
    }

    /// Takes the wakers that were replaced or removed, and those to be woken anyway; the others go on waiting.
    #[must_use = "to be dropped outside the lock"]
    pub(crate) fn take_discarded(&mut self) -> Self {
        let Some(rest) = &mut self.rest else { return Self::default() };
        if rest.discarded.is_empty() && rest.others.is_empty() {
            return Self::default();
        }
        let (discarded, others) = (mem::take(&mut rest.discarded), mem::take(&mut rest.others));
        let rest = Rest { slots: Vec::new(), discarded, others };
        Self { first: None, rest: Some(Box::new(rest)) }
    }

    /// Takes everybody, because the part has ended.
    #[must_use = "to be woken outside the lock"]
    pub(crate) fn take(&mut self) -> Self {
        mem::take(self)
    }

    /// Wakes all who wait, in the order of their slots. To be called without the lock.
    pub(crate) fn wake(self) {
        self.first.into_iter().for_each(Waker::wake);
        if let Some(rest) = self.rest {
            rest.slots.into_iter().flatten().chain(rest.others).for_each(Waker::wake);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
        task::Wake,
    };

    use super::*;

    #[derive(Default)]
    struct Bell(AtomicUsize);

    impl Wake for Bell {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn everybody_who_waits_is_woken_once() {
        let bells: [Arc<Bell>; 3] = Default::default();
        let mut waiters = Waiters::default();
        let mut slots: [Slot; 3] = Default::default();
        for (slot, bell) in slots.iter_mut().zip(&bells) {
            waiters.register(slot, &Waker::from(bell.clone()));
            waiters.register(slot, &Waker::from(bell.clone()));
        }
        waiters.remove(&mut slots[1]);
        waiters.take().wake();
        assert_eq!(bells.map(|bell| bell.0.load(Ordering::Relaxed)), [1, 0, 1]);
    }

    #[test]
    fn a_dropped_waiter_leaves_its_slot_to_the_next() {
        let mut waiters = Waiters::default();
        for _ in 0..100 {
            let mut slot = Slot::default();
            waiters.register(&mut slot, &Waker::from(Arc::new(Bell::default())));
            waiters.remove(&mut slot);
            drop(waiters.take_discarded());
        }
        let mut slots: [Slot; 3] = Default::default();
        for _ in 0..100 {
            for slot in &mut slots {
                waiters.register(slot, &Waker::from(Arc::new(Bell::default())));
            }
            slots.iter_mut().rev().for_each(|slot| waiters.remove(slot));
            drop(waiters.take_discarded());
        }
        let rest = waiters.rest.expect("more than one have waited");
        assert_eq!(rest.slots.len(), 2);
        assert!(rest.discarded.is_empty() && waiters.first.is_none());
    }

    #[test]
    fn a_replaced_waker_is_not_woken() {
        let (old, new) = (Arc::new(Bell::default()), Arc::new(Bell::default()));
        let mut waiters = Waiters::default();
        let mut slot = Slot::default();
        waiters.register(&mut slot, &Waker::from(old.clone()));
        waiters.register(&mut slot, &Waker::from(new.clone()));
        waiters.take().wake();
        assert_eq!(old.0.load(Ordering::Relaxed), 0);
        assert_eq!(new.0.load(Ordering::Relaxed), 1);
    }
}
