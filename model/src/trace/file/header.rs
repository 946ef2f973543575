//! The first line of a trace: which world, which side, which way; and what the trace was recorded for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{TraceError, VERSION, reason};
use crate::judging::departures::{Departure, listed};
use crate::judging::way::{Way, named};
use crate::rfc::choices::{Choice, Choices, NoChoice};
use crate::rfc::citation::Level;
use crate::rfc::identity::Side;
use crate::trace::Trace;
use crate::worlds::streams::presets::Preset;

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    streamproof_trace: u32,
    preset: String,
    side: Side,
    way: HeaderWay,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shows: Option<Shows>,
}

/// What a trace was recorded for, for readers: the deviation that it shows. Who plays the trace does not look at it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Shows {
    /// The breach's [`id`](crate::judging::breach::Breach::id).
    pub id: String,
    /// The section of RFC 9000 whose rule is broken, as in "3.5".
    pub section: String,
    /// How strong the rule is.
    pub level: Level,
    /// What the stack did.
    pub seen: String,
    /// What was permitted instead.
    pub permitted: Vec<String>,
}

impl Header {
    /// The header of a trace.
    pub(super) fn of(trace: &Trace, shows: Option<Shows>) -> Self {
        Self {
            streamproof_trace: VERSION,
            preset: trace.preset.name.to_owned(),
            side: trace.side,
            way: HeaderWay::of(&trace.way()),
            shows,
        }
    }
}

/// Which way the endpoints go: a name for readers, and how it differs from everything that the RFC permits. A choice
/// that is not named goes either way, so that a new choice changes no file.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct HeaderWay {
    name: String,
    #[serde(default)]
    choices: BTreeMap<String, String>,
    #[serde(default)]
    departures: Vec<String>,
}

impl HeaderWay {
    fn of(way: &Way) -> Self {
        let made = way.choices.made();
        Self {
            name: way.name.to_owned(),
            choices: made.map(|(name, goes)| (name.to_owned(), goes.to_string())).collect(),
            departures: way.departures.iter().map(|departure| departure.id.to_owned()).collect(),
        }
    }

    /// The way, given the departures that are known.
    fn read(&self, known: &[Departure]) -> Result<Way, String> {
        let mut way = Way { name: named(&self.name), ..Way::PERMITTED };
        for (name, goes) in &self.choices {
            let choice =
                Choices::find(name).ok_or_else(|| format!("no choice is called \"{name}\""))?;
            let goes: Choice = goes.parse().map_err(|error: NoChoice| error.to_string())?;
            (choice.set)(&mut way.choices, goes);
        }
        let departures = self.departures.iter().map(|id| {
            let departure = Departure::find(known, id);
            departure.copied().ok_or_else(|| format!("no departure is called \"{id}\""))
        });
        way.departures = listed(departures.collect::<Result<_, _>>()?);
        Ok(way)
    }
}

/// The deviation that a trace was recorded for, if its header tells of one. The rest of the text is not looked at.
pub fn shows(text: &str) -> Option<Shows> {
    let header: Header = serde_json::from_str(text.lines().next()?).ok()?;
    header.shows
}

/// Refuses a header of another version; it may look different in every other way.
pub(super) fn check_version(line: &str) -> Result<(), TraceError> {
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

pub(super) fn read(line: &str, known: &[Departure]) -> Result<(Preset, Side), TraceError> {
    let header: Header =
        serde_json::from_str(line).map_err(|error| TraceError::Header(reason(&error)))?;
    let Some(mut preset) = Preset::find(&header.preset) else {
        return Err(TraceError::UnknownPreset(header.preset));
    };
    if !preset.is_replayed() || !preset.sides().contains(&header.side) {
        return Err(TraceError::Side { preset: preset.name, side: header.side });
    }
    preset.way = header.way.read(known).map_err(TraceError::Header)?;
    Ok((preset, header.side))
}
