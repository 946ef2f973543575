//! Traces as files: NDJSON, a header, one line for each step, an end. `specs/trace.md` shows one.
//!
//! The end line says how many steps there are, so that a file cut off anywhere is known as such, and
//! carries the checksum of all that stands before it, so that a file changed anywhere is.
//! What the model predicts stands beside each action for readers; reading takes the actions only
//! and walks them again.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

use crate::explore::state_text;
use crate::rfc::choices::Choices;
use crate::rfc::identity::Side;
use crate::world::action::Action;
use crate::world::presets::Preset;

use super::{NotEnabled, Trace};

/// The version this code writes and reads.
pub const VERSION: u32 = 3;

#[derive(Deserialize, Serialize)]
struct Header {
    streamproof_trace: u32,
    preset: String,
    side: Side,
    choices: Choices,
}

#[derive(Deserialize, Serialize)]
struct Line {
    step: usize,
    action: Action,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    does: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    becomes: Option<String>,
}

#[derive(Deserialize, Serialize)]
struct End {
    end: usize,
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
    let header = Header {
        streamproof_trace: VERSION,
        preset: trace.preset.name.to_owned(),
        side: trace.side,
        choices: trace.choices(),
    };
    let path = trace.walk()?;
    let mut text = json(&header);
    for (step, (action, (after, _))) in (1..).zip(trace.actions.iter().zip(&path[1..])) {
        let line = Line {
            step,
            action: action.clone(),
            does: Some(action.to_string()),
            becomes: after.endpoint(trace.side).and_then(state_text),
        };
        let _ = write!(text, "\n{}", json(&line));
    }
    text.push('\n');
    let end = End { end: trace.actions.len(), xxh3_128: checksum(&text) };
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

/// Reads a trace from a file's text, and walks it.
///
/// # Errors
///
/// One for each way in which a file is not a trace of this program.
pub fn read(text: &str) -> Result<Trace, TraceError> {
    let mut lines = (1..).zip(text.lines());
    let (_, first) = lines.next().ok_or(TraceError::Empty)?;
    // A file of another version may end in another way; one that was changed may say anything.
    check_version(first)?;
    // In a trace's JSON a carriage return is written `\r`.
    if text.contains("\r\n") {
        return Err(TraceError::LineEnds);
    }
    check_sum(text)?;
    let (preset, side) = read_header(first)?;
    let mut actions = Vec::new();
    let mut last = 1;
    while let Some((number, line)) = lines.next() {
        last = number;
        if let Ok(End { end, .. }) = serde_json::from_str(line) {
            if end != actions.len() {
                let reason = format!("{end} steps announced, {} found", actions.len());
                return Err(TraceError::Line { line: number, reason });
            }
            if let Some((number, _)) = lines.next() {
                let reason = "something follows the end".to_owned();
                return Err(TraceError::Line { line: number, reason });
            }
            let trace = Trace { preset, side, actions };
            trace.walk().map_err(|what| TraceError::NotEnabled { line: what.step + 1, what })?;
            return Ok(trace);
        }
        match serde_json::from_str::<Line>(line) {
            Ok(step) if step.step == actions.len() + 1 => actions.push(step.action),
            Ok(step) => {
                let reason = format!("step {} where {} belongs", step.step, actions.len() + 1);
                return Err(TraceError::Line { line: number, reason });
            }
            Err(error) if error.is_eof() => return Err(TraceError::Truncated { line: number }),
            Err(error) => {
                return Err(TraceError::Line { line: number, reason: reason(&error) });
            }
        }
    }
    Err(TraceError::Truncated { line: last })
}

/// What is wrong with a line, without the position within it that serde calls line 1.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or_default().to_owned()
}

/// Refuses a header of another version; it may look different in every other way.
fn check_version(line: &str) -> Result<(), TraceError> {
    #[derive(Deserialize)]
    struct Version {
        streamproof_trace: u32,
    }
    let Version { streamproof_trace: version } =
        serde_json::from_str(line).map_err(|error| TraceError::Header(reason(&error)))?;
    match version {
        VERSION => Ok(()),
        other => Err(TraceError::Version(other)),
    }
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

fn read_header(line: &str) -> Result<(Preset, Side), TraceError> {
    let header: Header =
        serde_json::from_str(line).map_err(|error| TraceError::Header(reason(&error)))?;
    let Some(mut preset) = Preset::find(&header.preset) else {
        return Err(TraceError::UnknownPreset(header.preset));
    };
    if !preset.is_replayed() || !preset.sides().contains(&header.side) {
        return Err(TraceError::Side { preset: preset.name, side: header.side });
    }
    preset.choices = header.choices;
    Ok((preset, header.side))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::graph::Graph;
    use crate::world::system::World;

    fn example() -> Trace {
        let mut preset = Preset::find("uni").expect("a preset");
        preset.choices = Choices::QUINN;
        let graph = Graph::explore(&World::new(preset));
        let way = graph.way_to(graph.states.len() as u32 - 1);
        let actions = way.iter().map(|edge| graph.edges[*edge].action.clone()).collect();
        Trace { preset, side: Side::Client, actions }
    }

    #[test]
    fn trace_written_and_read_is_the_same() {
        let trace = example();
        let text = write(&trace).expect("a path");
        let again = read(&text).expect("a trace");
        assert_eq!(again.actions, trace.actions);
        assert_eq!((again.side, again.preset.name), (trace.side, trace.preset.name));
        assert_eq!(write(&again).expect("a path"), text);
    }

    #[test]
    fn trace_cut_anywhere_is_refused() {
        let text = write(&example()).expect("a path");
        let end = text.trim_end().len();
        for at in (0..end).filter(|at| text.is_char_boundary(*at)) {
            assert!(read(&text[..at]).is_err(), "cut at byte {at}");
        }
    }

    /// `text` with the checksum that it has to have.
    fn sealed(text: &str) -> String {
        let end = text.rfind("{\"end\":").expect("an end");
        let (before, last) = text.split_at(end);
        let End { end, .. } = serde_json::from_str(last).expect("an end");
        format!("{before}{}\n", json(&End { end, xxh3_128: checksum(before) }))
    }

    #[test]
    fn file_changed_anywhere_is_refused() {
        let text = write(&example()).expect("a path");
        assert_eq!(sealed(&text), text);
        for at in 0..text.len() - 1 {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1;
            let Ok(changed) = String::from_utf8(bytes) else { continue };
            assert!(read(&changed).is_err(), "byte {at} changed");
        }
    }

    #[test]
    fn change_that_makes_another_trace_is_told_as_a_checksum() {
        let text = write(&example()).expect("a path");
        // A trace all the same: only the sentence for readers is another.
        let error = read(&text.replacen("App at client", "App at server", 1)).unwrap_err();
        let TraceError::Checksum { line, announced, found } = error else { panic!("{error}") };
        assert_eq!(line, text.lines().count());
        assert!(announced != found && text.contains(&announced) && found.len() == 32);
        let before = &text[..text.rfind("{\"end\":").expect("an end")];
        let error = read(&format!("{before}{{\"end\":{line}}}\n")).unwrap_err();
        assert!(matches!(error, TraceError::Checksum { announced, .. } if announced.is_empty()));
    }

    #[test]
    fn foreign_files_are_refused_with_their_reason() {
        let text = write(&example()).expect("a path");
        let older = text.replace("\"streamproof_trace\":3", "\"streamproof_trace\":2");
        assert_eq!(read(&older).unwrap_err(), TraceError::Version(2));
        let other = text.replace("\"preset\":\"uni\"", "\"preset\":\"duo\"");
        let error = read(&sealed(&other)).unwrap_err();
        assert_eq!(error, TraceError::UnknownPreset("duo".to_owned()));
        assert!(matches!(read("hello").unwrap_err(), TraceError::Header(_)));
        assert_eq!(read("").unwrap_err(), TraceError::Empty);
    }

    #[test]
    fn line_ends_of_another_system_are_called_so() {
        let text = write(&example()).expect("a path");
        assert_eq!(read(&text.replace('\n', "\r\n")).unwrap_err(), TraceError::LineEnds);
        assert!(TraceError::LineEnds.to_string().contains("line ends"));
    }

    #[test]
    fn something_behind_the_end_is_refused() {
        let text = write(&example()).expect("a path");
        let error = read(&format!("{text}{{}}\n")).unwrap_err();
        assert!(matches!(error, TraceError::Line { .. }), "{error}");
    }

    #[test]
    fn step_that_the_model_does_not_permit_is_refused() {
        let mut lines: Vec<_> =
            write(&example()).expect("a path").lines().map(str::to_owned).collect();
        lines[1] = r#"{"step":1,"action":{"action":"detect_loss","side":"client"}}"#.to_owned();
        let error = read(&sealed(&lines.join("\n"))).unwrap_err();
        assert!(matches!(error, TraceError::NotEnabled { line: 2, .. }), "{error}");
    }
}
