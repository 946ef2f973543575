//! The atomic cell of a part: its live state, and the outcome, latched once.
//!
//! Two facts, each stored once: the state the part is in while it lives, and what became of it. The
//! state of a part that has ended is not stored but follows from the two by the table. Whoever
//! [`conclude`](Cell::conclude)s first wins, for everybody else the outcome is what it is.
//!
//! Deliberately not here: locks, quinn, wake-ups. The cell can be read by anyone at any time.

use super::{Machine, Step};
use crate::sync::{
    Once,
    atomic::{AtomicU8, Ordering},
};

/// What an event did to the cell.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub(crate) enum Applied<S> {
    /// It took an edge of the figure.
    Moved { from: S, to: S },
    /// It was legal and changed nothing.
    Stayed,
    /// The table says it cannot happen in this state: our own fault.
    Refused { state: S },
}

/// Whether this call decided the outcome.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use = "the winner, and nobody else, releases the part and tells the outcome"]
pub(crate) enum Conclusion {
    /// This call decided it.
    Won,
    /// The part had ended before; its outcome stands.
    Late,
}

/// The life of one part.
#[derive(Debug)]
pub(crate) struct Cell<S: Machine> {
    /// [`Machine::to_index`] of the state while the part lives; frozen by the outcome.
    live: AtomicU8,
    outcome: Once<S::Outcome>,
    #[cfg(feature = "faults")]
    retold: Once<S::Outcome>,
}

impl<S: Machine> Cell<S> {
    /// A part that has just been opened or accepted.
    pub(crate) fn new() -> Self {
        Self {
            live: AtomicU8::new(S::INITIAL.to_index()),
            outcome: Once::new(),
            #[cfg(feature = "faults")]
            retold: Once::new(),
        }
    }

    /// The state now: the live one, or the one the outcome led to.
    pub(crate) fn state(&self) -> S {
        // The outcome first: once it is there, nobody moves the live state any more.
        let edges = self.outcome.map(S::edges_to).unwrap_or_default();
        let live = S::from_index(self.live.load(Ordering::Acquire));
        edges.iter().fold(live, |state, &edge| match state.on(edge) {
            Step::Goto(next) => next,
            Step::Stay => state,
            Step::Never => {
                debug_assert!(false, "{edge:?} cannot end a part in {state:?}");
                state
            }
        })
    }

    /// What became of the part, if it has ended.
    pub(crate) fn outcome(&self) -> Option<S::Outcome> {
        #[cfg(feature = "faults")]
        if let Some(retold) = self.retold.map(S::Outcome::clone) {
            return Some(retold);
        }
        self.outcome.map(S::Outcome::clone)
    }

    /// Moves a live part by the table.
    pub(crate) fn apply(&self, event: S::Event) -> Applied<S> {
        debug_assert!(self.outcome.map(|_| ()).is_none(), "{event:?} after the outcome");
        let mut index = self.live.load(Ordering::Acquire);
        loop {
            let from = S::from_index(index);
            let to = match from.on(event) {
                Step::Goto(to) => to,
                Step::Stay => return Applied::Stayed,
                Step::Never => return Applied::Refused { state: from },
            };
            match self.live.compare_exchange_weak(
                index,
                to.to_index(),
                Ordering::AcqRel,
                Ordering::Acquire,
            ) {
                Ok(_) => return Applied::Moved { from, to },
                Err(now) => index = now,
            }
        }
    }

    /// Latches `outcome` unless one is latched already. Exactly one caller wins.
    pub(crate) fn conclude(&self, outcome: S::Outcome) -> Conclusion {
        match self.outcome.set(outcome) {
            true => Conclusion::Won,
            false => Conclusion::Late,
        }
    }

    /// [`Fault::TellOutcomeTwice`](crate::Fault::TellOutcomeTwice): a late outcome replaces the first.
    #[cfg(feature = "faults")]
    pub(crate) fn conclude_again(&self, outcome: S::Outcome) -> Conclusion {
        match self.retold.set(outcome) {
            true => Conclusion::Won,
            false => Conclusion::Late,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Barrier, thread};

    use super::*;
    use crate::{
        lifecycle::{RecvEvent, RecvState, SendEvent, SendState},
        outcome::{RecvOutcome, SendOutcome},
        quinn::VarInt,
    };

    #[test]
    fn conclude_has_one_winner_among_threads() {
        const THREADS: u32 = 16;
        for _ in 0..200 {
            let cell = Cell::<SendState>::new();
            let start = Barrier::new(THREADS as usize);
            let winners: Vec<u32> = thread::scope(|scope| {
                let racers: Vec<_> = (0..THREADS)
                    .map(|n| {
                        let (cell, start) = (&cell, &start);
                        scope.spawn(move || {
                            start.wait();
                            let code = VarInt::from_u32(n);
                            let won = cell.conclude(SendOutcome::Reset { code });
                            // Winner or not: from here on the outcome is there and does not change.
                            let seen = cell.outcome().expect("concluded");
                            assert_eq!(cell.outcome(), Some(seen));
                            (won == Conclusion::Won).then_some(n)
                        })
                    })
                    .collect();
                racers.into_iter().filter_map(|racer| racer.join().unwrap()).collect()
            });
            assert_eq!(winners.len(), 1);
            let code = VarInt::from_u32(winners[0]);
            assert_eq!(cell.outcome(), Some(SendOutcome::Reset { code }));
        }
    }

    #[test]
    fn apply_moves_once_among_threads() {
        for _ in 0..200 {
            let cell = Cell::<SendState>::new();
            let start = Barrier::new(8);
            let moves: usize = thread::scope(|scope| {
                let racers: Vec<_> = (0..8)
                    .map(|_| {
                        scope.spawn(|| {
                            start.wait();
                            match cell.apply(SendEvent::SendStream) {
                                Applied::Moved { from, to } => {
                                    assert_eq!((from, to), (SendState::Ready, SendState::Send));
                                    1
                                }
                                Applied::Stayed => 0,
                                Applied::Refused { state } => panic!("refused in {state}"),
                            }
                        })
                    })
                    .collect();
                racers.into_iter().map(|racer| racer.join().unwrap()).sum()
            });
            assert_eq!(moves, 1);
        }
    }

    #[test]
    fn state_of_an_ended_part_follows_from_its_outcome() {
        let code = VarInt::from_u32(7);
        let sending = Cell::<SendState>::new();
        assert_eq!(sending.state(), SendState::Ready);
        assert_eq!(sending.conclude(SendOutcome::Stopped { code }), Conclusion::Won);
        assert_eq!(sending.state(), SendState::ResetSent);
        assert_eq!(sending.conclude(SendOutcome::Delivered), Conclusion::Late);
        assert_eq!(sending.outcome(), Some(SendOutcome::Stopped { code }));

        let receiving = Cell::<RecvState>::new();
        assert_eq!(receiving.conclude(RecvOutcome::ReadToEnd), Conclusion::Won);
        assert_eq!(receiving.state(), RecvState::DataRead);

        // The loss of the connection is no edge: the part stays where it was.
        let lost = Cell::<RecvState>::new();
        assert!(matches!(lost.apply(RecvEvent::RecvStreamFin), Applied::Moved { .. }));
        let cause = crate::quinn::ConnectionError::TimedOut;
        assert_eq!(lost.conclude(RecvOutcome::ConnectionLost(cause)), Conclusion::Won);
        assert_eq!(lost.state(), RecvState::SizeKnown);
    }

    #[test]
    fn ready_send_stream_fin_is_refused() {
        let cell = Cell::<SendState>::new();
        let state = SendState::Ready;
        assert_eq!(cell.apply(SendEvent::SendStreamFin), Applied::Refused { state });
        assert_eq!(cell.state(), SendState::Ready);
    }
}
