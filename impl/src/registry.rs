//! Every live part of one connection: one door in ([`Registry::register`]), one door out
//! ([`Registry::release`]), and the count of what became of those that left.
//!
//! The list and the count stand under one lock, so at any moment *registered = live + ended* holds
//! exactly. Nothing stays for a part that has left.
//!
//! Deliberately not here: who decides an outcome (the part's cell) and quinn.

use std::{sync::Arc, time::Duration};

use tokio::sync::Notify;

use crate::{
    events::{Deadline, EventKind, PartOutcome},
    lifecycle::{Part, PartState},
    outcome::{RecvOutcome, SendOutcome},
    quinn::{StreamId, VarInt},
    recv_part::ReceivingPart,
    send_part::SendingPart,
    sync::{Mutex, lock},
    tally::Tally,
};

/// The name of a part in the registry: stream, part, and a number that is never used twice.
///
/// The number is there for 0-RTT: when the server refuses it, quinn gives the same stream ids out
/// again while handles of the refused streams may still be held.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Key {
    pub(crate) id: StreamId,
    pub(crate) part: Part,
    serial: u64,
    /// Where it stands in the list.
    slot: usize,
}

/// A live part, as [`StreamManager::snapshot`](crate::StreamManager::snapshot) shows it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct LivePart {
    /// The stream it belongs to.
    pub id: StreamId,
    /// The state it is in, which says which part it is as well.
    pub state: PartState,
    /// How many bytes of data quinn has taken from us, or we have taken from quinn.
    pub offset: u64,
    /// How long it has been there.
    pub age: Duration,
}

impl LivePart {
    /// Which part of the stream it is.
    pub const fn part(&self) -> Part {
        self.state.part()
    }
}

/// The outcome with which a part leaves.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ending<'a> {
    Sending(&'a SendOutcome),
    Receiving(&'a RecvOutcome),
}

/// A part behind the door.
#[derive(Clone)]
pub(crate) enum Live {
    Sending(Arc<SendingPart>),
    Receiving(Arc<ReceivingPart>),
}

/// Whether a release was the one that counts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub(crate) enum Released {
    /// The part was live and is not any more.
    Now,
    /// The part had left before: our own fault.
    Before,
}

/// The live parts and the tally.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    inner: Mutex<Inner>,
    /// Told when the last live part has left.
    pub(crate) emptied: Notify,
}

#[derive(Default)]
struct Inner {
    /// The live parts, and places to be used again: as long as the most that ever lived at once.
    slots: Vec<Option<Live>>,
    vacant: Vec<usize>,
    next_serial: u64,
    tally: Tally,
    /// What [`Fault::TellOutcomeTwice`](crate::Fault::TellOutcomeTwice) counted on top.
    #[cfg(feature = "faults")]
    retold: crate::tally::SendTally,
}

impl Registry {
    /// The door in: makes a part with a key of its own and lists it.
    pub(crate) fn register<P>(
        &self,
        id: StreamId,
        part: Part,
        make: impl FnOnce(Key) -> Arc<P>,
    ) -> Arc<P>
    where
        Live: From<Arc<P>>,
    {
        let mut inner = lock(&self.inner);
        let serial = inner.next_serial;
        inner.next_serial += 1;
        let slot = inner.vacant.pop().unwrap_or(inner.slots.len());
        let key = Key { id, part, serial, slot };
        let made = make(key);
        let live = Some(made.clone().into());
        match inner.slots.get_mut(slot) {
            Some(vacant) => *vacant = live,
            None => inner.slots.push(live),
        }
        match part {
            Part::Sending => inner.tally.sending.registered += 1,
            Part::Receiving => inner.tally.receiving.registered += 1,
        }
        inner.check();
        made
    }

    /// The door out: strikes the part off the list and counts its outcome. Exactly one caller gets
    /// [`Released::Now`]; a second one is a defect of this crate, counted and reported.
    pub(crate) fn release(&self, key: Key, ending: Ending<'_>) -> Released {
        let mut inner = lock(&self.inner);
        let is_there = |live: &mut Live| live.key() == key;
        let left = inner.slots.get_mut(key.slot).and_then(|live| live.take_if(is_there));
        let Some(left) = left else {
            drop(inner);
            self.own_fault("part released twice");
            return Released::Before;
        };
        inner.vacant.push(key.slot);
        match ending {
            Ending::Sending(outcome) => inner.tally.sending.count(outcome),
            Ending::Receiving(outcome) => inner.tally.receiving.count(outcome),
        }
        inner.check();
        let is_empty = inner.live() == 0;
        drop(inner);
        // Outside the lock: it may be the last reference.
        drop(left);
        if is_empty {
            self.emptied.notify_waiters();
        }
        Released::Now
    }

    /// The live parts, ordered by stream id, the sending part first; `now` in nanoseconds of the manager.
    pub(crate) fn snapshot(&self, now: u64) -> Vec<LivePart> {
        self.parts().iter().map(|live| live.show(now)).collect()
    }

    /// The live parts, in the same order.
    pub(crate) fn parts(&self) -> Vec<Live> {
        let mut parts: Vec<Live> = lock(&self.inner).slots.iter().flatten().cloned().collect();
        parts.sort_unstable_by_key(Live::key);
        parts
    }

    /// How many live.
    pub(crate) fn count(&self) -> usize {
        lock(&self.inner).live()
    }

    /// How many sending parts live.
    pub(crate) fn sending_count(&self) -> u64 {
        let sending = lock(&self.inner).tally.sending;
        sending.registered - sending.ended()
    }

    /// The live sending parts, in the same order.
    pub(crate) fn sending_parts(&self) -> Vec<Arc<SendingPart>> {
        let sending = |live: Live| match live {
            Live::Sending(part) => Some(part),
            Live::Receiving(_) => None,
        };
        self.parts().into_iter().filter_map(sending).collect()
    }

    /// How many parts there were, and what became of them.
    pub(crate) fn tally(&self) -> Tally {
        let inner = lock(&self.inner);
        #[cfg_attr(not(feature = "faults"), allow(unused_mut))]
        let mut tally = inner.tally;
        #[cfg(feature = "faults")]
        {
            tally.sending.reset += inner.retold.reset;
            tally.sending.stopped += inner.retold.stopped;
            tally.sending.delivered += inner.retold.delivered;
            tally.sending.connection_lost += inner.retold.connection_lost;
        }
        tally
    }

    /// Reports that this crate did what cannot happen: counted, never a panic, because it may be
    /// noticed under a part's lock.
    pub(crate) fn own_fault(&self, what: &'static str) {
        lock(&self.inner).tally.own_faults += 1;
        tracing::error!(what, "defect of streamproof");
    }

    /// [`Fault::TellOutcomeTwice`](crate::Fault::TellOutcomeTwice): counts an outcome once more.
    #[cfg(feature = "faults")]
    pub(crate) fn count_again(&self, outcome: &SendOutcome) {
        lock(&self.inner).retold.count(outcome);
    }
}

impl Inner {
    fn live(&self) -> usize {
        self.slots.len() - self.vacant.len()
    }

    /// *registered = live + ended*, for both kinds of part together.
    fn check(&self) {
        debug_assert_eq!(
            self.tally.sending.registered + self.tally.receiving.registered,
            self.tally.sending.ended() + self.tally.receiving.ended() + self.live() as u64,
        );
    }
}

impl std::fmt::Debug for Inner {
    /// Without the parts themselves, which point back here.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inner")
            .field("live", &self.live())
            .field("tally", &self.tally)
            .finish_non_exhaustive()
    }
}

impl Live {
    /// Its name.
    pub(crate) fn key(&self) -> Key {
        match self {
            Self::Sending(part) => part.key(),
            Self::Receiving(part) => part.key(),
        }
    }

    /// What became of it, if it has ended.
    pub(crate) fn outcome(&self) -> Option<PartOutcome> {
        match self {
            Self::Sending(part) => part.outcome().map(PartOutcome::Sending),
            Self::Receiving(part) => part.outcome().map(PartOutcome::Receiving),
        }
    }

    /// When it last moved, or else came, in nanoseconds of the manager.
    pub(crate) fn moved(&self) -> u64 {
        match self {
            Self::Sending(part) => part.progress().moved().max(part.since()),
            Self::Receiving(part) => part.progress().moved().max(part.since()),
        }
    }

    /// A deadline has passed: a sending part is reset, a receiving one asked to stop.
    pub(crate) fn expire(&self, deadline: Deadline, code: VarInt) {
        match self {
            Self::Sending(part) => {
                part.timed_out(deadline, 1);
                part.expire(deadline, code);
            }
            // Once is enough: its reader may take long to come.
            Self::Receiving(part) if part.asked().is_some() => {}
            Self::Receiving(part) => {
                part.tell_event(|| EventKind::TimedOut { deadline, attempt: 1 });
                part.ask_to_stop(deadline, code);
            }
        }
    }

    fn show(&self, now: u64) -> LivePart {
        let (state, offset, since) = match self {
            Self::Sending(part) => {
                (PartState::Sending(part.state()), part.progress().bytes(), part.since())
            }
            Self::Receiving(part) => {
                (PartState::Receiving(part.state()), part.progress().bytes(), part.since())
            }
        };
        let age = Duration::from_nanos(now.saturating_sub(since));
        LivePart { id: self.key().id, state, offset, age }
    }
}

impl From<Arc<SendingPart>> for Live {
    fn from(part: Arc<SendingPart>) -> Self {
        Self::Sending(part)
    }
}

impl From<Arc<ReceivingPart>> for Live {
    fn from(part: Arc<ReceivingPart>) -> Self {
        Self::Receiving(part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::Shared;
    use crate::{
        lifecycle::RecvState,
        quinn::{ConnectionError, VarInt},
        tally::RecvTally,
    };

    fn id(raw: u32) -> StreamId {
        StreamId::from(VarInt::from_u32(raw))
    }

    fn receiving(shared: &Arc<Shared>, raw: u32) -> Key {
        let make = |key| Arc::new(ReceivingPart::new(key, shared.clone(), 0));
        shared.registry.register(id(raw), Part::Receiving, make).key()
    }

    #[test]
    fn own_faults_are_counted() {
        let shared = Arc::new(Shared::default());
        shared.registry.own_fault("planted by a test");
        shared.registry.own_fault("and again");
        assert_eq!(shared.registry.tally().own_faults, 2);
    }

    #[test]
    fn snapshot_is_in_order_and_only_of_live_parts() {
        let shared = Arc::new(Shared::default());
        let keys: Vec<_> = [8, 3, 4].map(|raw| receiving(&shared, raw)).into();
        let ids = || Vec::from_iter(shared.registry.snapshot(0).iter().map(|live| live.id));
        assert_eq!(ids(), [id(3), id(4), id(8)]);
        let live = shared.registry.snapshot(0)[0];
        assert_eq!(live.part(), Part::Receiving);
        assert_eq!(live.state, PartState::Receiving(RecvState::Recv));

        let end = RecvOutcome::ReadToEnd;
        let released = shared.registry.release(keys[1], Ending::Receiving(&end));
        assert_eq!(released, Released::Now);
        assert_eq!(ids(), [id(4), id(8)]);
    }

    #[test]
    fn tally_counts_each_outcome_once() {
        let shared = Arc::new(Shared::default());
        let code = VarInt::from_u32(1);
        let outcomes = [
            RecvOutcome::ReadToEnd,
            RecvOutcome::Reset { code },
            RecvOutcome::Stopped { code },
            RecvOutcome::ConnectionLost(ConnectionError::TimedOut),
            RecvOutcome::ZeroRttRejected,
        ];
        for outcome in &outcomes {
            let key = receiving(&shared, 2);
            let released = shared.registry.release(key, Ending::Receiving(outcome));
            assert_eq!(released, Released::Now);
        }
        let expected = RecvTally {
            registered: 5,
            read_to_end: 1,
            reset: 1,
            stopped: 1,
            connection_lost: 1,
            zero_rtt_rejected: 1,
        };
        assert_eq!(shared.registry.tally().receiving, expected);
        assert_eq!(expected.ended(), 5);
        assert!(shared.registry.snapshot(0).is_empty());
    }

    #[test]
    fn the_same_id_twice_is_two_parts() {
        let shared = Arc::new(Shared::default());
        let (refused, fresh) = (receiving(&shared, 0), receiving(&shared, 0));
        assert_ne!(refused, fresh);
        let outcome = RecvOutcome::ZeroRttRejected;
        let released = shared.registry.release(refused, Ending::Receiving(&outcome));
        assert_eq!(released, Released::Now);
        assert_eq!(shared.registry.snapshot(0).len(), 1);
    }

    /// After a rejected 0-RTT an ID comes again, and its part may get the place of the one before.
    #[test]
    fn part_that_has_left_does_not_release_the_one_in_its_place() {
        let shared = Arc::new(Shared::default());
        let ending = Ending::Receiving(&RecvOutcome::ZeroRttRejected);
        let before = receiving(&shared, 0);
        assert_eq!(shared.registry.release(before, ending), Released::Now);
        let after = receiving(&shared, 0);
        assert_ne!(before, after);
        assert_eq!(shared.registry.release(before, ending), Released::Before);
        assert_eq!(shared.registry.snapshot(0).len(), 1);
    }

    #[test]
    fn a_second_release_is_our_own_fault() {
        let shared = Arc::new(Shared::default());
        let key = receiving(&shared, 1);
        let ending = Ending::Receiving(&RecvOutcome::ReadToEnd);
        assert_eq!(shared.registry.release(key, ending), Released::Now);
        assert_eq!(shared.registry.release(key, ending), Released::Before);
        assert_eq!(shared.registry.tally().own_faults, 1);
        assert_eq!(shared.registry.tally().receiving.ended(), 1);
    }
}
