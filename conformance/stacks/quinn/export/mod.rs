//! A deviation of quinn as a Rust test of quinn-proto: what the replay has done, step by step, on a stage that the test
//! brings along.
//!
//! The test is played here before it is written: what it shows, quinn-proto shows.

mod play;
mod upstream;

use std::fmt::Write as _;

use quinn_proto::Dir;
use streamproof_harness::wire::{Frame, encode_frames};
use streamproof_model::rfc::call::Call;
use streamproof_model::rfc::frame::ErrorCode;
use streamproof_model::rfc::identity::{Direction, Side, StreamId};
use streamproof_model::rfc::parameters::Parameters;
use streamproof_model::trace::Trace;

use streamproof_conformance::export::script::{Done, Op};
use streamproof_conformance::export::{ExportError, Shown, Style, Written};
use streamproof_conformance::referee::Deviation;

use self::play::{Limits, Play};

const PLAY: &str = include_str!("play.rs");
const FRAMES: &str = include_str!("play/frames.rs");
const NULL: &str = include_str!("play/null.rs");
/// The keys of the simulation, which are the test's too.
const KEYS: &str = include_str!("../../../harness/simulation/src/keys.rs");
/// How the play has them.
const KEYS_THERE: &str = "#[path = \"../../../harness/simulation/src/keys.rs\"]\nmod keys;\n";

/// The test, in the style that is asked for.
///
/// # Errors
///
/// When quinn-proto alone cannot show it.
pub(super) fn write(shown: &Shown) -> Result<Written, ExportError> {
    let stage = Stage::of(&shown.trace)?;
    let seen = rehearse(&stage, &shown.done)?;
    match shown.style {
        Style::Published { known } => published(shown, &stage, &seen, known),
        Style::Upstream => upstream::write(shown, &stage),
    }
}

/// What was permitted instead, in words.
fn permitted(deviation: &Deviation) -> String {
    match deviation.permitted.is_empty() {
        true => "nothing of the kind".to_owned(),
        false => deviation.permitted.join(", or "),
    }
}

/// The version of quinn-proto alone.
fn version(shown: &Shown) -> &str {
    shown.version.rsplit(' ').next().unwrap_or_default()
}

/// A test on the published crate's API.
fn published(
    shown: &Shown,
    stage: &Stage,
    seen: &[String],
    known: bool,
) -> Result<Written, ExportError> {
    let (trace, deviation) = (&shown.trace, &shown.deviation);
    let (version, permitted) = (version(shown), permitted(deviation));
    let citation = deviation.breach.citation();
    let mut text = String::new();
    let _ = write!(
        text,
        "//! RFC 9000 {citation}: {}\n//!\n//! quinn-proto {version} as {}: `{}`. Permitted: {permitted}.\n//!\n\
         //! Written by `streamproof trace export`. It needs quinn-proto without its default features, and bytes.\n\n",
        deviation.breach.describe(),
        trace.side,
        deviation.seen,
    );
    let name = deviation.breach.id().replace('-', "_");
    let _ = writeln!(text, "use play::{{Limits, Play}};\n\n#[test]");
    if known {
        let _ = writeln!(
            text,
            "// It is known, and this test passes as long as it is there.\n#[should_panic(expected = \"{citation}\")]"
        );
    }
    let _ = writeln!(text, "#[rustfmt::skip]\nfn {name}() {{");
    text.push_str(&stage.code());
    let (last, before) = shown.done.split_last().ok_or(ExportError::Nothing)?;
    for done in before {
        let _ = writeln!(text, "    {}; // {}", code(&done.op)?, comment(done));
    }
    let _ = writeln!(text, "    // {}", comment(last));
    let _ = writeln!(text, "    let seen = {};", code(&last.op)?);
    let is_call = matches!(last.op, Op::Call(_));
    let wrong = match (is_call, seen) {
        (true, _) => format!("{:?}", seen.join("")),
        (false, []) => "[\"\"; 0]".to_owned(),
        (false, seen) => format!("{seen:?}"),
    };
    let message = format!("{citation}: {} Permitted: {permitted}.", deviation.breach.describe());
    let _ = writeln!(text, "    assert_ne!(seen, {wrong}, {message:?});\n}}\n");
    text.push_str(&embedded());
    Ok(Written { test: text, message, support: None })
}

/// The stage as a module of the test.
fn embedded() -> String {
    let module = |name: &str, text: &str| format!("mod {name} {{\n{}}}\n", indented(text));
    let play = PLAY.replacen(KEYS_THERE, &module("keys", KEYS), 1);
    let play = play.replacen("mod frames;\n", &module("frames", FRAMES), 1);
    let play = play.replacen("mod null;\n", &module("null", NULL), 1);
    format!("#[rustfmt::skip]\n#[allow(dead_code)]\nmod play {{\n{}}}\n", indented(&play))
}

fn indented(text: &str) -> String {
    let line = |line: &str| match line.is_empty() {
        true => "\n".to_owned(),
        false => format!("    {line}\n"),
    };
    text.lines().map(line).collect()
}

/// Where the play begins.
struct Stage {
    side: Side,
    own: Limits,
    peer: Limits,
    packet_threshold: u32,
    opened: Vec<Direction>,
}

impl Stage {
    fn of(trace: &Trace) -> Result<Self, ExportError> {
        let preset = &trace.preset;
        if !preset.handshakes.is_empty() {
            return Err(ExportError::NotInRust("0-RTT"));
        }
        let all = |direction: &Direction| vec![*direction; preset.opened as usize];
        let opens = preset.opener == trace.side;
        Ok(Self {
            side: trace.side,
            own: limits(&preset.parameters_of(trace.side))?,
            peer: limits(&preset.parameters_of(trace.side.peer()))?,
            packet_threshold: if preset.network_faults.loses { 3 } else { u32::MAX },
            opened: preset.directions.iter().filter(|_| opens).flat_map(all).collect(),
        })
    }

    fn begin(&self) -> Play {
        let mut play = match self.side {
            Side::Client => Play::client(self.own, self.peer, self.packet_threshold),
            Side::Server => Play::server(self.own, self.peer, self.packet_threshold),
        };
        for direction in &self.opened {
            play.open(dir(*direction));
        }
        play.runs();
        play
    }

    fn code(&self) -> String {
        let limits = |name: &str, limits: Limits| {
            let Limits { max_data, max_stream_data, max_streams_bidi, max_streams_uni } = limits;
            format!(
                "    let {name} = Limits {{ max_data: {max_data}, max_stream_data: {max_stream_data}, \
                 max_streams_bidi: {max_streams_bidi}, max_streams_uni: {max_streams_uni} }};\n"
            )
        };
        let threshold = match self.packet_threshold {
            u32::MAX => "u32::MAX".to_owned(),
            number => number.to_string(),
        };
        let mut text = limits("own", self.own) + &limits("peer", self.peer);
        let side = self.side;
        let _ = writeln!(text, "    let mut play = Play::{side}(own, peer, {threshold});");
        for direction in &self.opened {
            let _ = writeln!(text, "    play.open({});", dir_code(*direction));
        }
        text.push_str("    play.runs();\n");
        text
    }
}

fn limits(parameters: &Parameters) -> Result<Limits, ExportError> {
    let of_stream = parameters.max_stream_data_uni;
    let others = [parameters.max_stream_data_bidi_local, parameters.max_stream_data_bidi_remote];
    if others != [of_stream; 2] {
        return Err(ExportError::NotInRust("limits that differ between kinds of streams"));
    }
    Ok(Limits {
        max_data: parameters.max_data,
        max_stream_data: of_stream,
        max_streams_bidi: parameters.max_streams_bidi,
        max_streams_uni: parameters.max_streams_uni,
    })
}

/// Plays it, and says what the last step shows; it has to show what the replay has.
fn rehearse(stage: &Stage, done: &[Done]) -> Result<Vec<String>, ExportError> {
    let mut play = stage.begin();
    let mut seen = Vec::new();
    for done in done {
        seen = act(&mut play, &done.op)?;
        if seen != done.seen {
            return Err(ExportError::Otherwise {
                what: comment(done),
                quinn: done.seen.join(", "),
                proto: seen.join(", "),
            });
        }
    }
    Ok(seen)
}

fn act(play: &mut Play, op: &Op) -> Result<Vec<String>, ExportError> {
    let number = |code: ErrorCode| code.0 as u32;
    let answer = match op {
        Op::Settle => return Ok(play.runs()),
        Op::HoldBack(packets) => {
            play.holds_back(*packets);
            return Ok(Vec::new());
        }
        Op::Deliver(None, frames) => return Ok(play.arrives(&bytes(frames))),
        Op::Deliver(Some(place), frames) => {
            return Ok(play.arrives_late(*place as usize, &bytes(frames)));
        }
        Op::Acknowledge(None, packets) => return Ok(play.acknowledges(packets)),
        Op::Acknowledge(Some(place), packets) => {
            return Ok(play.acknowledges_late(*place as usize, packets));
        }
        Op::LoseOutstanding => return Ok(play.loses_all()),
        Op::Handshake => return Err(ExportError::NotInRust("0-RTT")),
        Op::Call(call) => match *call {
            Call::Open { direction } => play.open(dir(direction)),
            Call::Write { stream_id, length } => play.write(stream_id.value(), length as usize),
            Call::End { stream_id } => play.finish(stream_id.value()),
            Call::Reset { stream_id, code } => play.reset(stream_id.value(), number(code)),
            Call::Read { stream_id } => play.read(stream_id.value()),
            Call::AbortReading { stream_id, code } => play.stop(stream_id.value(), number(code)),
            Call::CloseConnection { code } => play.close(number(code)),
            Call::DropSend { .. } | Call::DropRecv { .. } => {
                return Err(ExportError::NotInRust("dropping a handle"));
            }
            Call::ResizeWindow { .. } | Call::ResizeStreams { .. } => {
                return Err(ExportError::NotInRust("limits that change at run time"));
            }
        },
    };
    Ok(vec![answer])
}

/// The same as a line of the test.
fn code(op: &Op) -> Result<String, ExportError> {
    let on = |call: &str, id: StreamId| format!("play.{call}({})", id.value());
    let with =
        |call: &str, id: StreamId, number: u64| format!("play.{call}({}, {number})", id.value());
    Ok(match op {
        Op::Settle => "play.runs()".to_owned(),
        Op::HoldBack(packets) => format!("play.holds_back({packets})"),
        Op::Deliver(None, frames) => format!("play.arrives({})", listed(frames)),
        Op::Deliver(Some(place), frames) => {
            format!("play.arrives_late({place}, {})", listed(frames))
        }
        Op::Acknowledge(None, packets) => format!("play.acknowledges(&{packets:?})"),
        Op::Acknowledge(Some(place), packets) => {
            format!("play.acknowledges_late({place}, &{packets:?})")
        }
        Op::LoseOutstanding => "play.loses_all()".to_owned(),
        Op::Handshake => return Err(ExportError::NotInRust("0-RTT")),
        Op::Call(call) => match *call {
            Call::Open { direction } => format!("play.open({})", dir_code(direction)),
            Call::Write { stream_id, length } => with("write", stream_id, length),
            Call::End { stream_id } => on("finish", stream_id),
            Call::Reset { stream_id, code } => with("reset", stream_id, code.0),
            Call::Read { stream_id } => on("read", stream_id),
            Call::AbortReading { stream_id, code } => with("stop", stream_id, code.0),
            Call::CloseConnection { code } => format!("play.close({})", code.0),
            Call::DropSend { .. }
            | Call::DropRecv { .. }
            | Call::ResizeWindow { .. }
            | Call::ResizeStreams { .. } => return Err(ExportError::NotInRust("this call")),
        },
    })
}

/// Frames as a list of bytes in the test.
fn listed(frames: &[Frame]) -> String {
    let bytes: Vec<String> = bytes(frames).iter().map(|byte| format!("{byte:#04x}")).collect();
    format!("&[{}]", bytes.join(", "))
}

/// What a step is, and what the connection has answered.
fn comment(done: &Done) -> String {
    let what = match &done.op {
        Op::Call(call) => call.to_string(),
        Op::Settle => "the driver runs".to_owned(),
        Op::HoldBack(1) => "the peer sends a packet that is lost, or late".to_owned(),
        Op::HoldBack(packets) => format!("the peer sends {packets} packets that are lost, or late"),
        Op::Deliver(_, frames) => {
            let frames: Vec<String> = frames.iter().map(ToString::to_string).collect();
            format!("{} arrives", frames.join(" + "))
        }
        Op::Acknowledge(..) => "what was sent is acknowledged".to_owned(),
        Op::LoseOutstanding => "all in flight is lost".to_owned(),
        Op::Handshake => "the handshake goes on".to_owned(),
    };
    match done.seen.is_empty() {
        true => what,
        false => format!("{what} -> {}", done.seen.join(" + ")),
    }
}

fn bytes(frames: &[Frame]) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_frames(frames, &mut bytes);
    bytes
}

const fn dir(direction: Direction) -> Dir {
    match direction {
        Direction::Bidirectional => Dir::Bi,
        Direction::Unidirectional => Dir::Uni,
    }
}

const fn dir_code(direction: Direction) -> &'static str {
    match direction {
        Direction::Bidirectional => "quinn_proto::Dir::Bi",
        Direction::Unidirectional => "quinn_proto::Dir::Uni",
    }
}

#[cfg(test)]
mod tests {
    use quinn_proto::Dir;

    use super::play::{Limits, Play};

    #[test]
    fn handshake_is_behind_a_play_on_either_side() {
        let limits =
            Limits { max_data: 64, max_stream_data: 8, max_streams_bidi: 1, max_streams_uni: 1 };
        for mut play in [Play::client(limits, limits, 3), Play::server(limits, limits, 3)] {
            assert!(!play.connection().is_handshaking());
            assert!(play.open(Dir::Bi).starts_with("opened"));
            assert_eq!(play.open(Dir::Bi), "blocked");
            assert_eq!(play.runs(), [""; 0]);
        }
    }

    #[test]
    fn peer_s_frames_reach_the_stream_and_what_it_sends_is_read() {
        let limits =
            Limits { max_data: 64, max_stream_data: 8, max_streams_bidi: 4, max_streams_uni: 4 };
        let mut play = Play::server(limits, limits, 3);
        play.arrives(&[0x0e, 0x00, 0x00, 0x03, 1, 2, 3]); // STREAM 0 0..3
        assert_eq!(play.read(0), "3 bytes");
        assert_eq!(play.write(0, 9), "wrote 8");
        let first = ["MAX_STREAM_DATA 0 11", "STREAM 0 0..8"];
        assert_eq!(play.runs(), first);
        assert_eq!(play.loses_all(), first);
        assert_eq!(play.acknowledges(&[1]), [""; 0]);
        assert_eq!(play.reset(0, 7), "accepted");
        assert_eq!(play.runs(), ["RESET_STREAM 0 code 7 final size 8"]);
        assert_eq!(play.arrives(&[0x04, 0x00, 0x09, 0x02]), ["CONNECTION_CLOSE transport 0x06"]);
    }
}
