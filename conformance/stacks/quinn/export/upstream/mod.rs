//! A deviation of quinn as a test in quinn-proto's own style, for its folder `src/tests`: on a `Pair`, by the helpers
//! that its other tests use.
//!
//! Where a quinn can be made by its API to send what the trace's peer sends, the peer is the pair's other end. Where
//! it cannot, `peer.rs` beside the test speaks for it once the handshake is over. The test's head says which it is.

mod by_api;
mod calls;
mod shows;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use streamproof_conformance::export::script::{Done, Op};
use streamproof_conformance::export::{ExportError, Shown, Support, Written};
use streamproof_harness::wire::Frame;
use streamproof_model::rfc::citation::Level;
use streamproof_model::rfc::identity::{ByDirection, Direction, Side, StreamId};

use self::calls::{READ, Scene};
use super::play::Limits;
use super::{Stage, bytes, comment, permitted, version};

/// The module that speaks for the peer.
const PEER: Support = Support { file: "peer.rs", text: include_str!("peer.rs") };

/// The test, and `peer.rs` if it needs that.
///
/// # Errors
///
/// When no rule of the RFC is broken, or no such test can show it.
pub(super) fn write(shown: &Shown, stage: &Stage) -> Result<Written, ExportError> {
    let deviation = &shown.deviation;
    let citation = deviation.breach.citation();
    if matches!(citation.level, Level::Contract | Level::Waived) {
        return Err(ExportError::OursAlone);
    }
    let message = format!(
        "RFC 9000 {citation}: {} Permitted: {}.",
        deviation.breach.describe(),
        permitted(deviation)
    );
    let by_api = by_api::lines(stage, &shown.done);
    let body = match &by_api {
        Some(lines) => pair(shown, stage, lines, &message)?,
        None => spoken(shown, stage, &message)?,
    };
    let mut test = head(shown, by_api.is_some());
    if by_api.is_none() {
        test.push_str("use super::peer::Peer;\n");
    }
    let name = deviation.breach.id().replace('-', "_");
    let _ = write!(
        test,
        "use super::*;\n\n#[test]\nfn {name}() {{\n    let _guard = subscribe();\n{body}}}\n"
    );
    if body.contains("read(pair.") {
        test.push_str(READ);
    }
    let support = by_api.is_none().then_some(PEER);
    Ok(Written { test, message, support })
}

/// What the test shows, what its peer is, and where to put it.
fn head(shown: &Shown, by_api: bool) -> String {
    let deviation = &shown.deviation;
    let (citation, what) = (deviation.breach.citation(), deviation.breach.describe());
    let mut text = wrapped(&format!("RFC 9000 {citation}: {what}"));
    text.push_str("//!\n");
    text.push_str(&wrapped(&format!(
        "quinn-proto {} as {}: {}. Permitted: {}. This test fails as long as that is so.",
        version(shown),
        shown.trace.side,
        deviation.seen,
        permitted(deviation)
    )));
    text.push_str("//!\n");
    let (peer, modules) = match by_api {
        true => ("Both ends are quinn-proto.".to_owned(), ""),
        false => (unable(&shown.done), ", `peer.rs` beside it"),
    };
    text.push_str(&wrapped(&peer));
    text.push_str("//!\n");
    text.push_str(&wrapped(&format!(
        "Written by `streamproof trace export --upstream`. It belongs into `src/tests`{modules}, and into the list of \
         modules in `src/tests/mod.rs`."
    )));
    text.push('\n');
    text
}

/// Lines of a comment, none longer than the layout of quinn permits.
fn wrapped(text: &str) -> String {
    let mut lines = vec!["//!".to_owned()];
    for word in text.split(' ') {
        let line = lines.last_mut().filter(|line| line.len() + 1 + word.chars().count() <= 100);
        match line {
            Some(line) => {
                line.push(' ');
                line.push_str(word);
            }
            None => lines.push(format!("//! {word}")),
        }
    }
    lines.join("\n") + "\n"
}

/// Why the peer is no quinn.
fn unable(done: &[Done]) -> String {
    let mut packets = Vec::new();
    for done in done {
        if let Op::Deliver(_, frames) = &done.op {
            packets.push(frames.iter().map(Frame::to_string).collect::<Vec<_>>().join(" + "));
        }
    }
    let packets = packets.join("; ");
    format!("`peer.rs` speaks for the peer, because no quinn sends this by its API: {packets}.")
}

/// The lines of a test between two quinns.
fn pair(
    shown: &Shown,
    stage: &Stage,
    lines: &[by_api::Step],
    message: &str,
) -> Result<String, ExportError> {
    let scene = Scene::pair(stage.side);
    let peer = Scene::pair(stage.side.peer());
    let mut text = String::new();
    text.push_str(&connected(stage));
    text.push_str(&opened(stage, &scene, &shown.done, false));
    let _ = writeln!(text, "    pair.drive_{}();", stage.side);
    let (last, before) = shown.done.split_last().ok_or(ExportError::Nothing)?;
    let shows = shows::Shows::of(shown, &scene, message)?;
    let (final_step, steps) = lines.split_last().ok_or(ExportError::Nothing)?;
    for (done, step) in before.iter().zip(steps) {
        if !step.is_nothing() {
            let _ = writeln!(text, "    // {}", comment(done));
        }
        step.write(&peer, &mut text);
    }
    let _ = writeln!(text, "\n    // {}", comment(last));
    if shows.wants_frames {
        let _ = writeln!(text, "    pair.{}.capture_inbound_packets = true;", stage.side.peer());
    }
    final_step.write(&peer, &mut text);
    if shows.wants_frames && !matches!(last.op, Op::Settle) {
        let _ = writeln!(text, "    pair.drive_{}();", stage.side.peer());
    }
    if shows.wants_frames {
        let _ = write!(
            text,
            "    let packets = pair.{peer}.captured_packets.drain(..);\n    \
             let mut frames = packets\n        .flat_map(|packet| frame::Iter::new(packet.into()).unwrap())\n        \
             .map(|frame| frame.ok().unwrap());\n",
            peer = stage.side.peer()
        );
    }
    text.push_str(&shows.lines);
    for (name, unused) in [("client_ch", "_client_ch"), ("server_ch", "_server_ch")] {
        if text.matches(name).count() == 1 {
            text = text.replacen(name, unused, 1);
        }
    }
    Ok(text)
}

/// The lines of a test with a peer that is spoken for.
fn spoken(shown: &Shown, stage: &Stage, message: &str) -> Result<String, ExportError> {
    let scene = Scene::spoken(stage.side);
    let mut text = String::new();
    let acknowledges = |done: &Done| matches!(done.op, Op::Acknowledge(..));
    let keeps_all = stage.packet_threshold == u32::MAX && shown.done.iter().any(acknowledges);
    text.push_str(&transport("own", stage.own, keeps_all).unwrap_or_else(|| default_as("own")));
    text.push_str(&transport("peers", stage.peer, false).unwrap_or_else(|| default_as("peers")));
    let side = calls::side(stage.side);
    let _ = writeln!(text, "    let (mut pair, ch, mut peer) = Peer::connect({side}, own, peers);");
    text.push_str(&opened(stage, &scene, &shown.done, true));
    text.push_str("    peer.receives(&mut pair);\n");
    let mut told = calls::Told::default();
    let (last, before) = shown.done.split_last().ok_or(ExportError::Nothing)?;
    let shows = shows::Shows::of(shown, &scene, message)?;
    for done in before {
        let _ = writeln!(text, "    // {}", comment(done));
        text.push_str(&spoken_step(done, &scene, &mut told, "")?);
    }
    let _ = writeln!(text, "\n    // {}", comment(last));
    let bind = if shows.wants_frames { "let mut frames = " } else { "" };
    let step = spoken_step(last, &scene, &mut told, bind)?;
    text.push_str(&match shows.wants_frames {
        true => step.replacen(";\n", ".into_iter();\n", 1),
        false => step,
    });
    text.push_str(&shows.lines);
    if !text.contains("(ch") {
        text = text.replacen("pair, ch, ", "pair, _, ", 1);
    }
    Ok(text)
}

fn spoken_step(
    done: &Done,
    scene: &Scene,
    told: &mut calls::Told,
    bind: &str,
) -> Result<String, ExportError> {
    let hex = |frames: &[Frame]| {
        let text: String = bytes(frames).iter().map(|byte| format!("{byte:02x}")).collect();
        format!("&hex!(\"{text}\")")
    };
    Ok(match &done.op {
        Op::Call(call) => calls::line(*call, done, scene, told)?,
        Op::Settle => format!("    {bind}peer.receives(&mut pair);\n"),
        Op::HoldBack(packets) => format!("    peer.holds_back({packets});\n"),
        Op::Deliver(None, frames) => {
            told.heard(frames);
            format!("    {bind}peer.sends(&mut pair, {});\n", hex(frames))
        }
        Op::Deliver(Some(place), frames) => {
            told.heard(frames);
            format!("    {bind}peer.sends_late(&mut pair, {place}, {});\n", hex(frames))
        }
        Op::Acknowledge(None, packets) => {
            format!("    {bind}peer.acknowledges(&mut pair, &{packets:?});\n")
        }
        Op::Acknowledge(Some(place), packets) => {
            format!("    {bind}peer.acknowledges_late(&mut pair, {place}, &{packets:?});\n")
        }
        Op::LoseOutstanding => return Err(ExportError::NotInRust("losing all that is in flight")),
        Op::Handshake => return Err(ExportError::NotInRust("0-RTT")),
    })
}

/// The streams that are open when the test begins, and the names of the others that it speaks of: with `all` also of
/// those that the peer opens.
fn opened(stage: &Stage, scene: &Scene, done: &[Done], all: bool) -> String {
    let mut text = String::new();
    let mut names: BTreeSet<StreamId> = done.iter().flat_map(calls::ids).collect();
    let mut ordinals = ByDirection { bidirectional: 0, unidirectional: 0 };
    for direction in &stage.opened {
        let ordinal = ordinals.of_mut(*direction);
        let id = StreamId::new(stage.side, *direction, *ordinal);
        *ordinal += 1;
        let name =
            if names.remove(&id) { format!("let s{} = ", id.value()) } else { String::new() };
        let (streams, dir) = (scene.streams(), dir_code(*direction));
        let _ = writeln!(text, "    {name}{streams}.open({dir}).unwrap();");
    }
    for id in names.into_iter().filter(|id| all || id.initiator() == stage.side) {
        let (side, dir) = (calls::side(id.initiator()), dir_code(id.direction()));
        let (value, ordinal) = (id.value(), id.ordinal());
        let _ = writeln!(text, "    let s{value} = StreamId::new({side}, {dir}, {ordinal});");
    }
    text
}

/// A direction in the words of quinn-proto's tests.
const fn dir_code(direction: Direction) -> &'static str {
    match direction {
        Direction::Bidirectional => "Dir::Bi",
        Direction::Unidirectional => "Dir::Uni",
    }
}

/// A pair that is connected.
fn connected(stage: &Stage) -> String {
    let mut text = String::new();
    let mut configured = |side: Side, kind: &str| {
        let limits = if side == stage.side { stage.own } else { stage.peer };
        let config = transport(&side.to_string(), limits, false)?;
        let _ = write!(
            text,
            "{config}    let {side} = {kind} {{\n        transport: Arc::new({side}),\n        \
             ..{side}_config()\n    }};\n"
        );
        Some(())
    };
    let client =
        configured(Side::Client, "ClientConfig").map_or("connect()", |()| "connect_with(client)");
    let server = configured(Side::Server, "ServerConfig")
        .map_or("default()", |()| "new(Default::default(), server)");
    let _ = writeln!(text, "    let mut pair = Pair::{server};");
    let _ = writeln!(text, "    let (client_ch, server_ch) = pair.{client};");
    text
}

fn default_as(name: &str) -> String {
    format!("    let {name} = TransportConfig::default();\n")
}

/// From here on a limit is none: quinn's own is as good.
const PLENTY_OF_BYTES: u64 = 1 << 20;
const PLENTY_OF_STREAMS: u64 = 64;

/// A transport configuration with the limits of one side, where they limit anything. With `keeps_all` no
/// acknowledgement makes it think that an earlier packet was lost.
fn transport(name: &str, limits: Limits, keeps_all: bool) -> Option<String> {
    let mut fields = String::new();
    for (field, value, plenty) in [
        ("receive_window", limits.max_data, PLENTY_OF_BYTES),
        ("stream_receive_window", limits.max_stream_data, PLENTY_OF_BYTES),
        ("max_concurrent_bidi_streams", limits.max_streams_bidi, PLENTY_OF_STREAMS),
        ("max_concurrent_uni_streams", limits.max_streams_uni, PLENTY_OF_STREAMS),
    ] {
        if value < plenty {
            let _ = writeln!(fields, "        {field}: {value}u32.into(),");
        }
    }
    if keeps_all {
        fields.push_str("        packet_threshold: u32::MAX,\n");
    }
    let rest = "        ..TransportConfig::default()\n    };\n";
    (!fields.is_empty()).then(|| format!("    let {name} = TransportConfig {{\n{fields}{rest}"))
}
