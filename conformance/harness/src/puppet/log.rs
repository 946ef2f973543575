//! The event log: one line for each datagram, the same in every run.
//!
//! Virtual time, direction, and for each packet its space, number and frames. Payload bytes are
//! not in it. Lines are only made when the log is on, because thousands of traces a second run
//! without.

use std::fmt;
use std::time::Duration;

use crate::wire::Frame;

/// Who sent a datagram.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Sender {
    Puppet,
    Sut,
}

/// Lines of text, or nothing when it is off.
#[derive(Debug)]
pub struct EventLog {
    is_enabled: bool,
    now: Duration,
    lines: Vec<String>,
}

impl EventLog {
    pub(crate) fn new(is_enabled: bool) -> Self {
        Self { is_enabled, now: Duration::ZERO, lines: Vec::new() }
    }

    /// Whether lines are kept.
    pub fn is_enabled(&self) -> bool {
        self.is_enabled
    }

    /// The lines so far; empty when the log is off.
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// Adds a line of the caller's own, such as an application call and its result.
    pub fn note(&mut self, line: fmt::Arguments<'_>) {
        if self.is_enabled {
            self.lines.push(format!("{} {line}", self.time()));
        }
    }

    /// Forgets the lines so far.
    pub fn clear(&mut self) {
        self.lines.clear();
    }

    pub(crate) fn set_time(&mut self, now: Duration) {
        self.now = now;
    }

    pub(crate) fn record(&mut self, sender: Sender, describe: impl FnOnce() -> String) {
        if self.is_enabled {
            let arrow = match sender {
                Sender::Puppet => "puppet -> sut",
                Sender::Sut => "sut -> puppet",
            };
            self.lines.push(format!("{} {arrow} {}", self.time(), describe()));
        }
    }

    /// Microseconds with three digits behind the point: every nanosecond shows.
    fn time(&self) -> String {
        let nanos = self.now.as_nanos();
        format!("{}.{:03}us", nanos / 1000, nanos % 1000)
    }
}

/// Frames side by side, as they lie in a packet.
pub(crate) fn join(frames: &[Frame]) -> String {
    let frames: Vec<String> = frames.iter().map(Frame::to_string).collect();
    frames.join(", ")
}
