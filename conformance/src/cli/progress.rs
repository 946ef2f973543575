//! One line on stderr that says how far a run has come: rewritten in place on a terminal, a new one
//! every few seconds elsewhere. Nothing for runs of under a second.

use std::io::{IsTerminal, Write, stderr};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// The line.
pub(super) struct Progress {
    what: String,
    start: Instant,
    terminal: bool,
    last: Mutex<Option<Instant>>,
}

impl Progress {
    /// A line about `what`.
    pub(super) fn new(what: String) -> Self {
        let terminal = stderr().is_terminal();
        Self { what, start: Instant::now(), terminal, last: Mutex::new(None) }
    }

    /// Says how far it has come, if it is time to.
    pub(super) fn tell(&self, how_far: &str) {
        let (patience, pause) = match self.terminal {
            true => (Duration::from_secs(1), Duration::from_millis(100)),
            false => (Duration::from_secs(5), Duration::from_secs(5)),
        };
        let Ok(mut last) = self.last.lock() else { return };
        if self.start.elapsed() < patience || last.is_some_and(|last| last.elapsed() < pause) {
            return;
        }
        *last = Some(Instant::now());
        let line = format!("{}: {how_far}, {} s", self.what, self.start.elapsed().as_secs());
        let _ = match self.terminal {
            true => write!(stderr(), "\r\x1b[K{line}").and_then(|()| stderr().flush()),
            false => writeln!(stderr(), "{line}"),
        };
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        let told = self.last.lock().is_ok_and(|last| last.is_some());
        if self.terminal && told {
            let _ = write!(stderr(), "\r\x1b[K").and_then(|()| stderr().flush());
        }
    }
}
