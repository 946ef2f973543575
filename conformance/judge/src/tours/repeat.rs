//! One trace again and again: whatever comes back must be the same, byte for byte.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};

use streamproof_model::trace::Trace;

use super::{ReplayError, replay_trace};
use crate::sut::Sut;

/// A play that was not like the first one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Difference {
    /// Which play, from 0.
    pub play: usize,
    /// The first line that is another, as the first play had it.
    pub first: String,
    /// The same as this play had it.
    pub here: String,
}

/// Plays `trace` this many times, on `threads` threads, and compares all replies: answers, frames, what
/// was found, the event log. Gives the earliest play that differs that was met.
///
/// # Errors
///
/// When the trace is no path of its world, or the system under test gives no connection.
pub fn repeat(
    sut: &dyn Sut,
    trace: &Trace,
    plays: usize,
    threads: NonZero<usize>,
) -> Result<Option<Difference>, ReplayError> {
    let replies = || replay_trace(sut, trace).map(|replay| format!("{replay:#?}"));
    let first = replies()?;
    let next = AtomicUsize::new(1);
    let work = || {
        loop {
            let play = next.fetch_add(1, Ordering::Relaxed);
            if play >= plays {
                return Ok(None);
            }
            let here = replies()?;
            if here != first {
                // Nobody needs to go on.
                next.store(plays, Ordering::Relaxed);
                return Ok(Some(difference(play, &first, &here)));
            }
        }
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.get()).map(|_| scope.spawn(work)).collect();
        let mut earliest: Option<Difference> = None;
        for worker in workers {
            let difference: Result<_, ReplayError> =
                worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            if let Some(difference) = difference?
                && earliest.as_ref().is_none_or(|known| difference.play < known.play)
            {
                earliest = Some(difference);
            }
        }
        Ok(earliest)
    })
}

fn difference(play: usize, first: &str, here: &str) -> Difference {
    let (mut one, mut other) = (first.lines(), here.lines());
    loop {
        let pair = [one.next(), other.next()];
        if pair[0] != pair[1] || pair[0].is_none() {
            let [first, here] = pair.map(|line| line.unwrap_or("nothing more").trim().to_owned());
            return Difference { play, first, here };
        }
    }
}
