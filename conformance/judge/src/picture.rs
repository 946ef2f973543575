//! A replay as a sequence diagram: the system under test on the left, the puppet on the right, and
//! every deviation where it was found.

use streamproof_model::diagram::{Diagram, Emphasis, Fate, Lane, Row};
use streamproof_model::trace::Trace;
use streamproof_model::trace::stimulus::Stimulus;

use crate::replay::{Found, Replay};
use crate::sut::Sut;

const SUT: usize = 0;
const PUPPET: usize = 1;

/// The diagram of a trace that was played with a log.
pub fn replay_diagram(sut: &dyn Sut, trace: &Trace, replay: &Replay) -> Diagram {
    let hostile = trace.preset.hostile.is_some();
    let stimuli: Vec<Stimulus> = trace
        .actions
        .iter()
        .filter_map(|action| Stimulus::of(action, trace.side, hostile))
        .collect();
    let mut rows = Vec::new();
    let probe_begins = replay.results.len();
    let all = stimuli[..probe_begins.min(stimuli.len())].iter().chain(&replay.probe);
    for (number, (stimulus, replies)) in all.zip(&replay.replies).enumerate() {
        if number == probe_begins {
            rows.push(event(number + 1, "what is still open is asked for".to_owned()));
        }
        stimulus_rows(number + 1, stimulus, replies, &mut rows);
        for found in replay.found.iter().filter(|found| found.at == number) {
            rows.extend(deviation_rows(found));
        }
    }
    Diagram {
        title: format!("{} as {} in preset {}", sut.name(), trace.side, trace.preset.name),
        subtitle: Some(match (stimuli.len(), replay.probe.len()) {
            (1, 0) => "1 step".to_owned(),
            (more, 0) => format!("{more} steps"),
            (steps, probe) => format!("{steps} and {probe} steps of the liveness probe"),
        }),
        lanes: vec![
            Lane { name: sut.name().to_owned(), role: Some(format!("{} under test", trace.side)) },
            Lane { name: "puppet".to_owned(), role: Some("scripted peer".to_owned()) },
        ],
        rows,
    }
}

fn message(step: usize, to: usize, label: String) -> Row {
    let from = if to == SUT { PUPPET } else { SUT };
    let (fate, emphasis) = (Fate::Delivered, Emphasis::Normal);
    Row::Message { step: Some(step), from, to, label, fate, emphasis }
}

fn event(step: usize, label: String) -> Row {
    Row::Event { step: Some(step), lane: SUT, label, emphasis: Emphasis::Normal }
}

fn stimulus_rows(step: usize, stimulus: &Stimulus, replies: &[String], rows: &mut Vec<Row>) {
    rows.push(match stimulus {
        Stimulus::Call { call } => {
            event(step, format!("{call} → {}", replies.first().map_or("", String::as_str)))
        }
        Stimulus::Settle => event(step, "driver runs".to_owned()),
        Stimulus::Handshake { .. } => event(step, stimulus.to_string()),
        Stimulus::Deliver { frames } => message(step, SUT, frames.to_string()),
        Stimulus::Acknowledge { frames } => message(step, SUT, format!("ACK of {frames}")),
        Stimulus::AcknowledgeAll => message(step, SUT, "ACK of all".to_owned()),
        Stimulus::LoseOutstanding => event(step, "all in flight is lost".to_owned()),
    });
    if !matches!(stimulus, Stimulus::Call { .. }) {
        rows.extend(replies.iter().map(|frame| message(step, PUPPET, frame.clone())));
    }
}

fn deviation_rows(found: &Found) -> Vec<Row> {
    let deviation = &found.deviation;
    let permitted = match deviation.permitted.is_empty() {
        true => "nothing of the kind".to_owned(),
        false => deviation.permitted.join(" | "),
    };
    let label = format!(
        "{} ({})\nseen: {}\npermitted: {permitted}",
        deviation.breach.describe(),
        deviation.breach.citation(),
        deviation.seen
    );
    vec![Row::Banner { label, emphasis: Emphasis::Bad }]
}
