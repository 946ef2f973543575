//! What is written is read again, and what is no trace is refused with its reason.

use super::*;
use crate::check::graph::Graph;
use crate::judging::way::Way;
use crate::rfc::call::Call;
use crate::rfc::choices::{Choice, Choices};
use crate::rfc::citation::Level;
use crate::rfc::identity::StreamId;
use crate::worlds::streams::StreamsWorld;
use crate::worlds::streams::action::Packet;
use crate::worlds::streams::presets::Preset;

const UNSENT: Departure = Departure {
    id: "reset-counts-unsent",
    about: "The final size of a reset counts bytes that were never sent.",
    change: |rules| rules.reset_final_size = |part| part.written,
};

/// Reads a trace that may depart so.
fn read(text: &str) -> Result<Trace, TraceError> {
    super::read(text, &[UNSENT])
}

/// A way of somebody's with every choice made.
fn way() -> Way {
    let mut way = Way { name: "somebody", departures: &[UNSENT], ..Way::PERMITTED };
    Choices::ALL.iter().for_each(|choice| (choice.set)(&mut way.choices, Choice::Always));
    way
}

fn example() -> Trace {
    let mut preset = Preset::find("uni").expect("a preset");
    preset.way = way();
    let graph = Graph::explore(&StreamsWorld::new(preset));
    let way = graph.way_to(graph.states.len() as u32 - 1);
    let actions = way.iter().map(|edge| graph.edges[*edge].action.clone()).collect();
    Trace { preset, side: Side::Client, actions, probe: None }
}

#[test]
fn trace_written_and_read_is_the_same() {
    let trace = example();
    let text = write(&trace).expect("a path");
    let again = read(&text).expect("a trace");
    assert_eq!(again.actions, trace.actions);
    assert_eq!((again.side, again.preset.name), (trace.side, trace.preset.name));
    let (again_way, way) = (again.way(), way());
    assert_eq!((again_way.name, again_way.choices), (way.name, way.choices));
    assert_eq!(again_way.departures, way.departures);
    assert_eq!(write(&again).expect("a path"), text);
}

#[test]
fn trace_tells_what_it_was_recorded_for_and_reading_does_not_look_at_it() {
    let trace = example();
    let told = Shows {
        id: "stop-after-reset".to_owned(),
        section: "3.5".to_owned(),
        level: Level::Should,
        seen: "STOP_SENDING 2 code 9".to_owned(),
        permitted: vec!["silence".to_owned()],
    };
    let text = write_showing(&trace, &told).expect("a path");
    assert_eq!(shows(&text), Some(told));
    let again = read(&text).expect("a trace");
    assert_eq!(again.actions, trace.actions);
    let plain = write(&trace).expect("a path");
    assert_eq!(shows(&plain), None);
    assert_eq!(write(&again).expect("a path"), plain);
    // Nothing else may stand in it.
    let other = text.replacen("\"seen\"", "\"looked\"", 1);
    assert!(matches!(read(&sealed(&other)), Err(TraceError::Header(_))));
}

#[test]
fn header_names_only_what_differs_from_everything_permitted() {
    let mut trace = example();
    trace.preset.way = Way::PERMITTED;
    trace.actions.clear();
    let text = write(&trace).expect("a path");
    let header = text.lines().next().unwrap_or_default();
    let way = r#""way":{"name":"permitted","choices":{},"departures":[]}"#;
    assert!(header.contains(way), "{header}");
}

#[test]
fn trace_that_does_not_name_a_choice_is_read_and_leaves_it_open() {
    let text = write(&example()).expect("a path");
    // As a file is that was written before there was such a choice.
    let older = text.replacen(r#""late_final_size_error":"always","#, "", 1);
    assert_ne!(older, text);
    let trace = read(&sealed(&older)).expect("a trace");
    assert_eq!(trace.way().choices.late_final_size_error, Choice::Either);
    assert_eq!(trace.actions, example().actions);
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
    let end: End = serde_json::from_str(last).expect("an end");
    format!("{before}{}\n", json(&End { xxh3_128: checksum(before), ..end }))
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
    let older = text.replace("\"streamproof_trace\":4", "\"streamproof_trace\":3");
    assert_eq!(read(&older).unwrap_err(), TraceError::Version(3));
    let other = text.replace("\"preset\":\"uni\"", "\"preset\":\"duo\"");
    let error = read(&sealed(&other)).unwrap_err();
    assert_eq!(error, TraceError::UnknownPreset("duo".to_owned()));
    assert!(matches!(read("hello").unwrap_err(), TraceError::Header(_)));
    let error = super::read(&text, &[]).unwrap_err();
    let unknown = "no departure is called \"reset-counts-unsent\"".to_owned();
    assert_eq!(error, TraceError::Header(unknown));
    for (from, to, why) in [
        (
            "late_final_size_error",
            "early_final_size_error",
            "no choice is called \"early_final_size",
        ),
        ("error\":\"always", "error\":\"often", "none of always, never and either"),
        ("\"side\"", "\"speed\":1,\"side\"", "unknown field `speed`"),
    ] {
        let error = read(&sealed(&text.replacen(from, to, 1))).unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
    }
    assert_eq!(read("").unwrap_err(), TraceError::Empty);
}

#[test]
fn probe_written_and_read_is_the_same() {
    let stream_id = StreamId::from_wire(2).expect("an ID");
    let read_it = Stimulus::Call { call: Call::Read { stream_id } };
    for probe in [Vec::new(), vec![Stimulus::Settle, read_it, Stimulus::AcknowledgeAll]] {
        let trace = Trace { probe: Some(probe), ..example() };
        let text = write(&trace).expect("a path");
        assert_eq!(read(&text).expect("a trace").probe, trace.probe);
    }
    assert_eq!(example().probe, None);
}

#[test]
fn probe_out_of_place_is_refused() {
    let probe = Some(vec![Stimulus::Settle, Stimulus::AcknowledgeAll]);
    let text = write(&Trace { probe, ..example() }).expect("a path");
    let lines: Vec<_> = text.lines().collect();
    let (last, rest) = lines.split_last().expect("lines");
    let refused = |lines: &[&str]| {
        let error = read(&sealed(&(lines.join("\n") + "\n"))).unwrap_err();
        assert!(matches!(error, TraceError::Line { .. }), "{error}");
        error.to_string()
    };
    let (probes, steps) = (&rest[rest.len() - 2..], &rest[..rest.len() - 2]);
    let said = refused(&[steps, &[probes[0], last]].concat());
    assert!(said.ends_with("2 probes announced, 1 found"), "{said}");
    let said = refused(&[steps, &[probes[1], probes[0], last]].concat());
    assert!(said.ends_with("probe 2 where 1 belongs"), "{said}");
    let (step, before) = steps.split_last().expect("steps");
    let said = refused(&[before, probes, &[step, last]].concat());
    assert!(said.ends_with("behind the liveness probe"), "{said}");
}

#[test]
fn packets_are_numbered_when_they_are_sent() {
    // A peer that sends twice; the first packet is lost, the second one arrives.
    let mut preset = Preset::find("uni-lossy").expect("a preset");
    preset.way = way();
    let graph = Graph::explore(&StreamsWorld::new(preset));
    let lost = graph.edges.iter().position(|edge| {
        let to_server = |packet: &Packet| packet.to == Side::Server;
        matches!(&edge.action, Action::Lose { packet } if to_server(packet))
            && graph.edges_of(edge.to).any(|next| {
                matches!(&graph.edges[next].action, Action::Deliver { packet, .. } if to_server(packet))
            })
    });
    let lost = lost.expect("a loss with another packet on its way");
    let deliver = graph.edges_of(graph.edges[lost].to).find(|next| {
        matches!(&graph.edges[*next].action, Action::Deliver { packet, .. } if packet.to == Side::Server)
    });
    let mut way = graph.way_to(graph.edges[lost].from);
    way.extend([lost, deliver.expect("a delivery")]);
    let actions = way.iter().map(|edge| graph.edges[*edge].action.clone()).collect();
    let trace = Trace { preset, side: Side::Server, actions, probe: None };
    let steps = trace.steps().expect("a path");
    let (last, before) = steps.split_last().expect("steps");
    assert!(before.iter().all(|step| step.packet.is_none()), "the first packet never arrives");
    let arrived = last.packet.expect("a packet arrives");
    assert!(arrived < last.peer_sent && last.peer_sent >= 2);
    // Both numbers stand in the file, the lost packet's with its loss.
    let text = write(&trace).expect("a path");
    let numbers: Vec<Line> =
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let [.., loss, delivery] = &numbers[..] else { panic!("{text}") };
    assert_eq!(delivery.packet, Some(arrived));
    assert!(loss.packet.is_some_and(|lost| lost != arrived), "{text}");
}

#[test]
fn something_behind_the_end_is_refused() {
    let text = write(&example()).expect("a path");
    let error = read(&format!("{text}{{}}\n")).unwrap_err();
    assert!(matches!(error, TraceError::Line { .. }), "{error}");
}

#[test]
fn step_that_the_model_does_not_permit_is_refused() {
    let mut lines: Vec<_> = write(&example()).expect("a path").lines().map(str::to_owned).collect();
    lines[1] = r#"{"step":1,"action":{"action":"detect_loss","side":"client"}}"#.to_owned();
    let error = read(&sealed(&lines.join("\n"))).unwrap_err();
    assert!(matches!(error, TraceError::NotEnabled { line: 2, .. }), "{error}");
}
