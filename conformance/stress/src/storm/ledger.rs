//! Every part's one outcome, and whether those of both ends of a stream agree.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use quinn::VarInt;
use streamproof::{EventKind, Events, Heard, PartOutcome, RecvOutcome, SendOutcome};

use crate::races::scene::End;

/// Whose manager.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Side {
    /// The client's.
    Client,
    /// The server's.
    Server,
}

impl Side {
    const fn opposite(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// How many failures are kept.
const KEPT: usize = 20;

/// The outcomes that wait for the one opposite, and how often which met which. What has met is forgotten, so a
/// million streams need no more room than those under way.
#[derive(Debug, Default)]
pub struct Ledger(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// By stream and by who sends.
    waiting: HashMap<(u64, Side), PartOutcome>,
    pairs: BTreeMap<(End, End), u64>,
    failures: Vec<String>,
}

impl Ledger {
    /// Takes down what `events` say of ends, until the manager is gone.
    pub async fn listen(&self, side: Side, mut events: Events) {
        while let Some(heard) = events.next().await {
            match heard {
                Heard::Event(event) => {
                    if let EventKind::Ended { outcome } = event.kind {
                        self.enter(side, VarInt::from(event.id).into_inner(), outcome);
                    }
                }
                Heard::Lost(lost) => self.fail(format!("{lost} events lost")),
            }
        }
    }

    /// A part of stream `id` has ended at `side`.
    pub fn enter(&self, side: Side, id: u64, outcome: PartOutcome) {
        let sender = match outcome {
            PartOutcome::Sending(_) => side,
            PartOutcome::Receiving(_) => side.opposite(),
        };
        let mut inner = self.lock();
        let Some(other) = inner.waiting.remove(&(id, sender)) else {
            inner.waiting.insert((id, sender), outcome);
            return;
        };
        let (sending, receiving) = match (outcome, other) {
            (PartOutcome::Sending(sending), PartOutcome::Receiving(receiving))
            | (PartOutcome::Receiving(receiving), PartOutcome::Sending(sending)) => {
                (sending, receiving)
            }
            (one, two) => {
                drop(inner);
                return self.fail(format!("stream {id} has two outcomes: {one}; {two}"));
            }
        };
        let ends = (End::from(&sending), End::from(&receiving));
        *inner.pairs.entry(ends).or_default() += 1;
        drop(inner);
        if !agree(&sending, &receiving) {
            self.fail(format!("stream {id}: sending part {sending}, receiving part {receiving}"));
        }
    }

    /// How often a sending part ended so and the receiving part opposite so.
    pub fn pairs(&self) -> BTreeMap<(End, End), u64> {
        self.lock().pairs.clone()
    }

    /// What is wrong, the parts included that never met one opposite.
    pub fn failures(&self) -> Vec<String> {
        let inner = self.lock();
        let mut alone: Vec<_> = inner.waiting.iter().collect();
        alone.sort_by_key(|((id, sender), _)| (*id, *sender == Side::Server));
        let alone = alone.into_iter().take(KEPT).map(|((id, _), outcome)| {
            format!("stream {id}: {outcome}, and nothing opposite, or a second outcome")
        });
        inner.failures.iter().cloned().chain(alone).collect()
    }

    /// Takes down something that is wrong.
    pub(super) fn fail(&self, failure: String) {
        let failures = &mut self.lock().failures;
        if failures.len() < KEPT {
            failures.push(failure);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the RFC lets a sending part end so and the receiving part opposite so, on a connection that lives.
///
/// * What was read to its end was sent to its end: the sender has it acknowledged, or has reset the stream before
///   it heard of that (§3.1 lets "Data Sent" go to "Reset Sent"); but nobody has stopped it.
/// * A reset that was received was sent, with its code (§19.4), of the sender's own accord or in answer to a
///   STOP_SENDING; a receiver who has stopped does not report resets.
/// * A STOP_SENDING that was answered was sent, with its code (§3.5).
/// * What the receiver stopped may have ended in any way that it does not contradict.
fn agree(sending: &SendOutcome, receiving: &RecvOutcome) -> bool {
    match (sending, receiving) {
        (SendOutcome::Delivered | SendOutcome::Reset { .. }, RecvOutcome::ReadToEnd) => true,
        (SendOutcome::Reset { code: sent }, RecvOutcome::Reset { code: received }) => {
            sent == received
        }
        (SendOutcome::Stopped { code: answered }, RecvOutcome::Stopped { code: sent }) => {
            answered == sent
        }
        (SendOutcome::Delivered | SendOutcome::Reset { .. }, RecvOutcome::Stopped { .. }) => true,
        (SendOutcome::Delivered, RecvOutcome::Reset { .. })
        | (SendOutcome::Stopped { .. }, RecvOutcome::ReadToEnd | RecvOutcome::Reset { .. }) => {
            false
        }
        (SendOutcome::ConnectionLost(_) | SendOutcome::ZeroRttRejected, _)
        | (_, RecvOutcome::ConnectionLost(_) | RecvOutcome::ZeroRttRejected) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(code: u32) -> VarInt {
        VarInt::from_u32(code)
    }

    #[test]
    fn outcomes_that_contradict_one_another_are_seen() {
        let ledger = Ledger::default();
        let delivered = PartOutcome::Sending(SendOutcome::Delivered);
        let read = PartOutcome::Receiving(RecvOutcome::ReadToEnd);
        ledger.enter(Side::Client, 0, delivered.clone());
        ledger.enter(Side::Server, 0, read.clone());
        assert!(ledger.failures().is_empty());
        let wrong = [
            (delivered.clone(), PartOutcome::Receiving(RecvOutcome::Reset { code: code(1) })),
            (PartOutcome::Sending(SendOutcome::Stopped { code: code(1) }), read.clone()),
            (
                PartOutcome::Sending(SendOutcome::Stopped { code: code(1) }),
                PartOutcome::Receiving(RecvOutcome::Stopped { code: code(2) }),
            ),
            (
                PartOutcome::Sending(SendOutcome::Reset { code: code(1) }),
                PartOutcome::Receiving(RecvOutcome::Reset { code: code(2) }),
            ),
        ];
        for (number, (sending, receiving)) in wrong.into_iter().enumerate() {
            ledger.enter(Side::Client, 4, sending);
            ledger.enter(Side::Server, 4, receiving);
            assert_eq!(ledger.failures().len(), number + 1);
        }
    }

    #[test]
    fn second_outcomes_and_lonely_ones_are_seen() {
        let ledger = Ledger::default();
        ledger.enter(Side::Client, 0, PartOutcome::Sending(SendOutcome::Delivered));
        assert_eq!(ledger.failures().len(), 1, "alone");
        ledger.enter(Side::Client, 0, PartOutcome::Sending(SendOutcome::Delivered));
        assert!(ledger.failures()[0].contains("two outcomes"));
    }
}
