//! One line on stderr that says how far a run has come: rewritten in place on a terminal, a new one
//! every few seconds elsewhere. Nothing for runs of under a second.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::out;

/// The line.
pub(in crate::commands) struct Progress {
    what: String,
    start: Instant,
    bar: Option<ProgressBar>,
    last: Mutex<Option<Instant>>,
}

impl Progress {
    /// A line about `what`.
    pub(in crate::commands) fn new(what: String) -> Self {
        let bar = out::has_cursor().then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            bar.with_style(ProgressStyle::default_spinner())
        });
        Self { what, start: Instant::now(), bar, last: Mutex::new(None) }
    }

    /// Says how many of how many are done, and what is being done; with the time that is left, as far as the share of
    /// the work that is done tells it.
    pub(in crate::commands) fn tell_of(&self, done: usize, all: usize, share: f64, what: &str) {
        let passed = self.start.elapsed().as_secs_f64();
        let left = match share > 0.0 {
            false => String::new(),
            true => format!(", about {} s left", (passed / share * (1.0 - share)).max(0.0).ceil()),
        };
        self.tell(&format!("{done} of {all}{left}: {what}"));
    }

    /// Says how far it has come, if it is time to.
    pub(in crate::commands) fn tell(&self, how_far: &str) {
        let (patience, pause) = match self.bar {
            Some(_) => (Duration::from_secs(1), Duration::from_millis(100)),
            None => (Duration::from_secs(5), Duration::from_secs(5)),
        };
        let Ok(mut last) = self.last.lock() else { return };
        if self.start.elapsed() < patience || last.is_some_and(|last| last.elapsed() < pause) {
            return;
        }
        *last = Some(Instant::now());
        let line = format!("{}: {how_far}, {} s", self.what, self.start.elapsed().as_secs());
        match &self.bar {
            Some(bar) => {
                bar.set_message(line);
                bar.tick();
            }
            None => errln!("{line}"),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
