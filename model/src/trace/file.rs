//! Traces as files: NDJSON, a header, one line for each step, an end. `specs/trace.md` shows one.
//!
//! The end line says how many steps there are, so that a file cut off anywhere is known as such, and
//! carries the checksum of all that stands before it, so that a file changed anywhere is.
//! What the model predicts stands beside each action for readers, and so do the numbers of the packets that the
//! peer sends; reading takes the actions only and walks them again. Behind the steps of the world come those of the
//! liveness probe, so that every call that was made stands in the file.

mod header;

use std::fmt::Write as _;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

use crate::judging::departures::Departure;
use crate::rfc::identity::Side;
use crate::worlds::streams::action::Action;
use crate::worlds::streams::picture::state_text;

pub use self::header::{Shows, shows};

use self::header::Header;
use super::numbering::{Numbering, PacketFate};
use super::stimulus::Stimulus;
use super::{NotEnabled, Trace};

/// The version this code writes and reads.
pub const VERSION: u32 = 4;

#[derive(Deserialize, Serialize)]
struct Line {
    step: usize,
    action: Action,
    /// The number of the packet that arrives at the system under test, or is lost on its way there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    packet: Option<u64>,
    /// The numbers of the packets that its peer sends.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    sends: Vec<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    does: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    becomes: Option<String>,
}

/// A step of the liveness probe.
#[derive(Deserialize, Serialize)]
struct Probe {
    probe: usize,
    stimulus: Stimulus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    does: Option<String>,
}

#[derive(Deserialize, Serialize)]
struct End {
    end: usize,
    /// How many steps the liveness probe has; absent if the probe is left to the judge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    probe: Option<usize>,
    #[serde(default)]
    xxh3_128: String,
}

/// Why a file is not a trace.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TraceError {
    /// Nothing in it.
    #[error("the file is empty")]
    Empty,
    /// Not the first line of a trace.
    #[error("line 1 is not the header of a trace: {0}")]
    Header(String),
    /// A trace, but not of this version.
    #[error("line 1: version {0} of the format; this program reads version {VERSION}")]
    Version(u32),
    /// Another system's line ends.
    #[error(
        "the line ends are CRLF, those of a trace are LF: an editor or a checkout has changed them \
         (git: `core.autocrlf`)"
    )]
    LineEnds,
    /// Not the bytes that were written.
    #[error(
        "line {line}: the checksum does not fit, the file was changed: \"{announced}\" announced, {found} found"
    )]
    Checksum {
        /// The end line, from 1.
        line: usize,
        /// What the end line says.
        announced: String,
        /// What the bytes before it have.
        found: String,
    },
    /// A trace of a preset that does not exist (any more).
    #[error("line 1: no preset is called \"{0}\"")]
    UnknownPreset(String),
    /// A side that no system under test can take in that preset.
    #[error("line 1: preset {preset} has no system under test as {side}")]
    Side {
        /// The preset.
        preset: &'static str,
        /// The side.
        side: Side,
    },
    /// A line that is no step.
    #[error("line {line}: {reason}")]
    Line {
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// The end line is missing or early.
    #[error("the file ends after line {line}, in the middle of the trace")]
    Truncated {
        /// The last line there is, from 1.
        line: usize,
    },
    /// A step that the model does not permit there.
    #[error("line {line}: {what}")]
    NotEnabled {
        /// The line, from 1.
        line: usize,
        /// The step.
        what: NotEnabled,
    },
}

/// The trace as a file's text.
///
/// # Errors
///
/// When it is no path of its world.
pub fn write(trace: &Trace) -> Result<String, NotEnabled> {
    write_all(trace, None)
}

/// The same with the deviation that the trace was recorded for.
///
/// # Errors
///
/// When it is no path of its world.
pub fn write_showing(trace: &Trace, shows: &Shows) -> Result<String, NotEnabled> {
    write_all(trace, Some(shows.clone()))
}

fn write_all(trace: &Trace, shows: Option<Shows>) -> Result<String, NotEnabled> {
    let path = trace.walk()?;
    let mut text = json(&Header::of(trace, shows));
    let mut numbering = Numbering::new(trace.side);
    for (step, (action, states)) in (1..).zip(trace.actions.iter().zip(path.windows(2))) {
        let [(before, _), (after, _)] = states else { continue };
        let first = numbering.sent();
        let packet = numbering.follow(before, action, after);
        let line = Line {
            step,
            action: action.clone(),
            packet: packet.map(PacketFate::number),
            sends: (first..numbering.sent()).collect(),
            does: Some(action.to_string()),
            becomes: after.endpoint(trace.side).and_then(state_text),
        };
        let _ = write!(text, "\n{}", json(&line));
    }
    for (probe, stimulus) in (1..).zip(trace.probe.iter().flatten()) {
        let does = Some(stimulus.to_string());
        let _ = write!(text, "\n{}", json(&Probe { probe, stimulus: stimulus.clone(), does }));
    }
    text.push('\n');
    let probe = trace.probe.as_ref().map(Vec::len);
    let end = End { end: trace.actions.len(), probe, xxh3_128: checksum(&text) };
    let _ = writeln!(text, "{}", json(&end));
    Ok(text)
}

/// What the end line says of `before`, all that stands before it with its last line break: XXH3-128 in
/// 32 hexadecimal digits.
pub fn checksum(before: &str) -> String {
    format!("{:032x}", xxh3_128(before.as_bytes()))
}

fn json(value: &impl Serialize) -> String {
    // Plain data of this module: no map with strange keys, nothing that can fail.
    serde_json::to_string(value).unwrap_or_default()
}

/// Reads a trace from a file's text, and walks it. `known` are the departures that it may name.
///
/// # Errors
///
/// One for each way in which a file is not a trace of this program.
pub fn read(text: &str, known: &[Departure]) -> Result<Trace, TraceError> {
    let mut lines = (1..).zip(text.lines());
    let (_, first) = lines.next().ok_or(TraceError::Empty)?;
    // A file of another version may end in another way; one that was changed may say anything.
    header::check_version(first)?;
    // In a trace's JSON a carriage return is written `\r`.
    if text.contains("\r\n") {
        return Err(TraceError::LineEnds);
    }
    check_sum(text)?;
    let (preset, side) = header::read(first, known)?;
    let mut trace = Trace { preset, side, actions: Vec::new(), probe: None };
    let mut probe = Vec::new();
    let mut last = 1;
    while let Some((number, line)) = lines.next() {
        last = number;
        let refused = |reason: String| TraceError::Line { line: number, reason };
        match any_line(line) {
            Ok(AnyLine::Step(step)) => {
                let due = trace.actions.len() + 1;
                if !probe.is_empty() {
                    return Err(refused(format!("step {} behind the liveness probe", step.step)));
                }
                if step.step != due {
                    return Err(refused(format!("step {} where {due} belongs", step.step)));
                }
                trace.actions.push(step.action);
            }
            Ok(AnyLine::Probe(step)) => {
                let due = probe.len() + 1;
                if step.probe != due {
                    return Err(refused(format!("probe {} where {due} belongs", step.probe)));
                }
                probe.push(step.stimulus);
            }
            Ok(AnyLine::End(end)) => {
                check_end(&end, trace.actions.len(), probe.len()).map_err(refused)?;
                if let Some((line, _)) = lines.next() {
                    let reason = "something follows the end".to_owned();
                    return Err(TraceError::Line { line, reason });
                }
                trace.probe = end.probe.map(|_| probe);
                trace
                    .walk()
                    .map_err(|what| TraceError::NotEnabled { line: what.step + 1, what })?;
                return Ok(trace);
            }
            Err(error) if error.is_eof() => return Err(TraceError::Truncated { line: number }),
            Err(error) => return Err(refused(reason(&error))),
        }
    }
    Err(TraceError::Truncated { line: last })
}

/// A line behind the header.
enum AnyLine {
    Step(Line),
    Probe(Probe),
    End(End),
}

/// Reads a line as what its keys say it is, so that a mistake in it is told in its own words.
fn any_line(line: &str) -> Result<AnyLine, serde_json::Error> {
    #[derive(Deserialize)]
    struct Keys {
        end: Option<IgnoredAny>,
        probe: Option<IgnoredAny>,
    }
    match serde_json::from_str(line)? {
        Keys { end: Some(_), .. } => serde_json::from_str(line).map(AnyLine::End),
        Keys { probe: Some(_), .. } => serde_json::from_str(line).map(AnyLine::Probe),
        Keys { end: None, probe: None } => serde_json::from_str(line).map(AnyLine::Step),
    }
}

/// Whether the end says how many steps and probes there are.
fn check_end(end: &End, steps: usize, probes: usize) -> Result<(), String> {
    if end.end != steps {
        return Err(format!("{} steps announced, {steps} found", end.end));
    }
    match end.probe.unwrap_or(0) == probes {
        true => Ok(()),
        false => Err(format!("{} probes announced, {probes} found", end.probe.unwrap_or(0))),
    }
}

/// What is wrong with a line, without the position within it that serde calls line 1.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or_default().to_owned()
}

/// Refuses a file whose last line is an end with another checksum than that of what stands before it. A
/// file without an end at its end was cut, or goes on after it: that is found line by line.
fn check_sum(text: &str) -> Result<(), TraceError> {
    let whole = text.strip_suffix('\n').unwrap_or(text);
    let (before, last) = whole.split_at(whole.rfind('\n').map_or(0, |at| at + 1));
    let Ok(End { xxh3_128: announced, .. }) = serde_json::from_str(last) else { return Ok(()) };
    let found = checksum(before);
    match announced == found {
        true => Ok(()),
        false => Err(TraceError::Checksum { line: before.lines().count() + 1, announced, found }),
    }
}

#[cfg(test)]
mod tests;
