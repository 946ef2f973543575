//! Whether the peer of a capture keeps the rules on the wire: the model's own, asked of the peer's side.
//!
//! Its application is free, so that a frame is legal if any calls of it, made before, permit the frame: every endpoint
//! that some calls lead to is kept, and each frame keeps those that may send it. What it owes and does not send is not
//! asked, nor what of its own was acknowledged. That packet numbers grow, and that it acknowledges only what it has
//! received, the puppet sees to.

use std::fmt;

use streamproof_model::judging::breach::Breach;
use streamproof_model::rfc::call::Call;
use streamproof_model::rfc::choices::Choices;
use streamproof_model::rfc::endpoint::Endpoint;
use streamproof_model::rfc::frame::Frame;
use streamproof_model::rfc::identity::{Direction, StreamId};
use streamproof_model::rfc::rules::RFC9000;

use super::script::{Done, Op};
use crate::abstraction::{self, Seen};

/// What is to be said of a capture's peer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Peer {
    /// How many packets it has sent after the handshake.
    pub packets: usize,
    /// The first rule that it breaks.
    pub broken: Option<Broken>,
}

/// A rule that the peer breaks.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Broken {
    /// In which of its packets after the handshake, from 1.
    pub packet: usize,
    /// The section that states the rule.
    pub section: &'static str,
    /// What is wrong, as one sentence.
    pub what: String,
    /// The frame.
    pub frame: String,
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.broken {
            None => write!(f, "legal on the wire in all {} packets", self.packets),
            Some(Broken { packet, section, what, frame }) => {
                write!(f, "breaks §{section} in packet {packet}: {frame}: {what}")
            }
        }
    }
}

/// Looks at all that was done to a session; `first` is the peer's endpoint at the beginning. What was sent in 0-RTT
/// does not count for it if that was rejected.
pub fn look(first: &Endpoint, accepts_early: bool, done: &[Done]) -> Peer {
    let (mut packets, mut broken) = (0, None);
    let mut states = vec![first.clone()];
    for Done { op, frames, .. } in done {
        match op {
            Op::Deliver(_, sent) => {
                packets += 1;
                for frame in sent.iter().filter_map(of_streams) {
                    let rule = sends(&mut states, &frame);
                    broken = broken.or(rule.map(|Rule { section, what }| Broken {
                        packet: packets,
                        section,
                        what,
                        frame: frame.to_string(),
                    }));
                }
            }
            Op::Acknowledge(..) => packets += 1,
            Op::Handshake if !accepts_early => states = vec![first.clone()],
            Op::Call(_) | Op::Settle | Op::HoldBack(_) | Op::LoseOutstanding | Op::Handshake => {}
        }
        for frame in frames.iter().filter_map(of_streams) {
            let next = states
                .iter()
                .flat_map(|state| state.on_frame(&RFC9000, &Choices::PERMITTED, &frame));
            states = distinct(next);
        }
    }
    Peer { packets, broken }
}

fn of_streams(frame: &streamproof_harness::wire::Frame) -> Option<Frame> {
    match abstraction::frame(frame) {
        Seen::Frame(frame) => Some(frame),
        Seen::Corrupt { .. } | Seen::NoStream | Seen::Transport => None,
    }
}

/// A rule that no endpoint could keep with a frame.
struct Rule {
    section: &'static str,
    what: String,
}

/// Keeps the endpoints that may send the frame, and says which rule it breaks if there are none.
fn sends(states: &mut Vec<Endpoint>, frame: &Frame) -> Option<Rule> {
    let (mut right, mut wrong) = (Vec::new(), Vec::new());
    for before in states.iter().flat_map(|state| prepared(state, frame)) {
        let mut after = before.clone();
        match after.judge_sent(&RFC9000, frame) {
            Ok(()) => right.push(after),
            Err(breach) => wrong.push((breach, before, after)),
        }
    }
    if !right.is_empty() {
        *states = distinct(right);
        return None;
    }
    // Its application may do what it likes: only that a limit, or the end, keeps it from doing so is the peer's fault.
    // A stream that it has not opened yet it may open.
    let unasked =
        [Breach::FinUnasked, Breach::ResetUnasked, Breach::StopUnasked, Breach::WrongStream];
    let order = |breach: Breach| (unasked.contains(&breach), breach.citation().level, breach);
    let (breach, before, _) = wrong.iter().min_by_key(|(breach, ..)| order(*breach))?;
    let (least, rule) = (*breach, rule(*breach, before, frame));
    let wrong = wrong.into_iter().filter(|(breach, ..)| *breach == least);
    *states = distinct(wrong.map(|(_, _, after)| after));
    Some(rule)
}

/// The rule behind a breach: what no application could write was forbidden by a limit, or by the end.
fn rule(breach: Breach, state: &Endpoint, frame: &Frame) -> Rule {
    let of = |breach: Breach| Rule { section: breach.citation().section, what: breach.describe() };
    let own = frame.stream_id().filter(|id| id.initiator() == state.side);
    if let Some(id) = own
        && !state.streams.contains_key(&id)
    {
        return of(Breach::OpenBeyondLimit);
    }
    if breach != Breach::DataNeverWritten {
        return of(breach);
    }
    let part = frame.stream_id().and_then(|id| state.sending(id));
    match part {
        Some(part) if part.ended => {
            let what = "Data was sent at or beyond the final size.".to_owned();
            Rule { section: "4.5", what }
        }
        Some(part) if frame.end() > part.credit.limit => of(Breach::DataBeyondStreamLimit),
        Some(_) | None => of(Breach::DataBeyondConnectionLimit),
    }
}

/// The endpoint as it is, and after the calls that could lead to the frame.
fn prepared(state: &Endpoint, frame: &Frame) -> Vec<Endpoint> {
    let mut all = vec![state.clone()];
    if let Some(id) = frame.stream_id() {
        let opened = opened(state, id);
        all.extend(opened);
    }
    for call in calls(state, frame) {
        let after: Vec<Endpoint> = all.iter().flat_map(|state| called(state, call)).collect();
        all.extend(after);
        all = distinct(all);
    }
    all
}

fn called(state: &Endpoint, call: Call) -> impl Iterator<Item = Endpoint> + use<> {
    let answers = state.call(&RFC9000, &Choices::PERMITTED, call);
    answers.into_iter().map(|(_, next)| next)
}

/// With its own stream opened, and those below.
fn opened(state: &Endpoint, id: StreamId) -> Option<Endpoint> {
    let mut state = state.clone();
    while id.initiator() == state.side && !state.streams.contains_key(&id) {
        let opened = state.streams.len();
        state = called(&state, Call::Open { direction: id.direction() }).next()?;
        if state.streams.len() == opened {
            return None;
        }
    }
    Some(state)
}

/// The calls of its application that have to do with a frame, in the order in which they are made.
fn calls(state: &Endpoint, frame: &Frame) -> Vec<Call> {
    match *frame {
        Frame::Stream { stream_id, fin, .. } => {
            let written = state.sending(stream_id).map_or(0, |part| part.written);
            let length = frame.end().saturating_sub(written);
            let end = fin.then_some(Call::End { stream_id });
            [Call::Write { stream_id, length }].into_iter().chain(end).collect()
        }
        Frame::ResetStream { stream_id, application_protocol_error_code: code, .. } => {
            vec![Call::Reset { stream_id, code }]
        }
        Frame::StopSending { stream_id, application_protocol_error_code: code } => {
            vec![Call::AbortReading { stream_id, code }]
        }
        Frame::MaxData { .. } | Frame::MaxStreamData { .. } | Frame::MaxStreams { .. } => {
            let reads = state.receiving_parts().map(|(id, _)| id);
            // The second read is told of the end.
            reads.flat_map(|stream_id| [Call::Read { stream_id }; 2]).collect()
        }
        Frame::DataBlocked { .. } | Frame::StreamDataBlocked { .. } => {
            let writes = state.sending_parts().map(|(stream_id, part)| {
                let room = part.credit.limit.saturating_sub(part.written);
                [Call::Write { stream_id, length: room }, Call::Write { stream_id, length: 1 }]
            });
            writes.flatten().collect()
        }
        Frame::StreamsBlocked { direction, .. } => blocked_open(state, direction),
        Frame::ConnectionClose { .. } => Vec::new(),
    }
}

/// As many opens as the limit has room for, and one more.
fn blocked_open(state: &Endpoint, direction: Direction) -> Vec<Call> {
    let opens = state.opens.of(direction);
    let room = opens.credit.limit.saturating_sub(opens.opened).min(8);
    vec![Call::Open { direction }; room as usize + 1]
}

fn distinct(states: impl IntoIterator<Item = Endpoint>) -> Vec<Endpoint> {
    let mut distinct = Vec::new();
    for state in states {
        if !distinct.contains(&state) {
            distinct.push(state);
        }
    }
    distinct
}
