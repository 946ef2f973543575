//! The judge: the set of model endpoints that explain everything seen so far.
//!
//! Each input takes every member to all the endpoints that the RFC permits next. Each output, and
//! silence is one, keeps the members that permit it. If none does, a rule is broken: the most
//! charitable breach is reported, with what was permitted instead, and the judge goes on with the
//! members that explain it, so that one deviation does not hide the next. No rule stands here; every
//! question goes to [`streamproof_model::rfc`] and [`streamproof_model::judging`].

mod answers;
mod heard;
mod observed;

use std::collections::{BTreeMap, BTreeSet};

use streamproof_model::judging::breach::Breach;
use streamproof_model::judging::silence::Patience;
use streamproof_model::judging::way::Way;
use streamproof_model::rfc::call::{Answer, Call, SendOutcome, Subject};
use streamproof_model::rfc::choices::Choices;
use streamproof_model::rfc::endpoint::Endpoint;
use streamproof_model::rfc::frame::Frame;
use streamproof_model::rfc::identity::StreamId;
use streamproof_model::rfc::parameters::Parameters;
use streamproof_model::rfc::rules::{RFC9000, Rules};

use self::answers::{answer_breach, as_answered};
use self::heard::Heard;
use crate::abstraction::Seen;

/// More than a settled endpoint can owe at once.
const MOST_DEBTS: usize = 32;

/// A rule that the system under test broke.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Deviation {
    /// Which.
    pub breach: Breach,
    /// What was seen.
    pub seen: String,
    /// What was permitted instead.
    pub permitted: Vec<String>,
}

/// The set of explanations.
///
/// They follow RFC 9000's rules, whichever of the permitted ways is taken.
#[derive(Clone, Debug)]
pub struct Referee {
    states: Vec<Endpoint>,
    /// What is left to an endpoint: both ways of each choice, unless a test plants a judge who knows better.
    permitted: Choices,
    /// What the system is believed to be, departures included, if it goes its way: no explanation, but what
    /// the model predicts of it.
    believed: Option<Believed>,
    /// The streams on which a read, or a write, waits.
    reads: BTreeSet<StreamId>,
    writes: BTreeMap<StreamId, u64>,
    /// What each waiter has been told, once it was judged.
    told: BTreeMap<StreamId, SendOutcome>,
    /// Streams of the peer's that the system has not opened, although it has one above them.
    unopened: BTreeSet<StreamId>,
    /// The limits that the system keeps back, by the frames that would raise them; told once.
    withheld: Vec<Frame>,
    /// What the peer has sent.
    heard: Heard,
    /// The streams that were opened in 0-RTT, once it was accepted.
    early: BTreeSet<StreamId>,
}

/// An endpoint that goes a stack's way: under that way's rules, with its choices.
#[derive(Clone, Debug)]
struct Believed {
    rules: Rules,
    choices: Choices,
    endpoint: Endpoint,
}

type Outcome = (Result<(), Breach>, Endpoint);

const RULES: &Rules = &RFC9000;

impl Referee {
    /// A judge who knows how the endpoint begins, and which way it goes as a rule.
    pub fn new(endpoint: Endpoint, way: Way) -> Self {
        let (rules, choices) = (way.rules(), way.choices);
        Self {
            believed: Some(Believed { rules, choices, endpoint: endpoint.clone() }),
            states: vec![endpoint],
            permitted: Choices::PERMITTED,
            reads: BTreeSet::new(),
            writes: BTreeMap::new(),
            told: BTreeMap::new(),
            unopened: BTreeSet::new(),
            withheld: Vec::new(),
            heard: Heard::default(),
            early: BTreeSet::new(),
        }
    }

    /// A judge who leaves no more free than this: an unsound one, unless all is.
    pub const fn permitting(mut self, permitted: Choices) -> Self {
        self.permitted = permitted;
        self
    }

    /// Whether one of the explanations is this endpoint, but for what no rule asks for; or the endpoint
    /// that departs from the RFC as this system is known to, after all that was seen.
    pub fn explains(&self, endpoint: &Endpoint) -> bool {
        let same = |state: &Endpoint| state.is_same(endpoint);
        let believed = self.believed.iter().map(|believed| &believed.endpoint);
        self.states.iter().chain(believed).any(same)
    }

    /// The believed endpoint goes on.
    fn believe(&mut self, next: impl FnOnce(&Believed) -> Option<Endpoint>) {
        let believed = self.believed.take();
        self.believed = believed.and_then(|was| Some(Believed { endpoint: next(&was)?, ..was }));
    }

    /// The explanations. Never empty.
    pub fn states(&self) -> &[Endpoint] {
        &self.states
    }

    /// Whether the peer has left the protocol in every explanation, so that there is nothing more to
    /// judge.
    pub fn is_over(&self) -> bool {
        self.states.iter().all(Endpoint::is_unspecified)
    }

    // ---- inputs -----------------------------------------------------------------------------

    /// A frame arrived.
    pub fn arrived(&mut self, frame: &Frame) {
        self.believe(|Believed { rules, choices, endpoint }| {
            endpoint.on_frame(rules, choices, frame).into_iter().next()
        });
        let permitted = self.permitted;
        self.advance(|state| state.on_frame(RULES, &permitted, frame));
        self.heard.frame(frame);
    }

    /// A packet with these frames of the endpoint was acknowledged.
    pub fn acknowledged(&mut self, frames: &[Frame]) {
        self.believe(|was| Some(after_ack(&was.rules, &was.endpoint, frames)));
        self.advance(|state| vec![after_ack(RULES, state, frames)]);
    }

    /// The same for a packet that had been declared lost: the endpoint need not remember it (C-9).
    pub fn acknowledged_late(&mut self, frames: &[Frame]) {
        self.believe(|was| Some(after_ack(&was.rules, &was.endpoint, frames)));
        self.advance(|state| vec![after_ack(RULES, state, frames), state.clone()]);
    }

    /// Everything in flight was declared lost.
    pub fn all_lost(&mut self) {
        let lose = |rules: &Rules, state: &Endpoint| {
            let mut next = state.clone();
            next.on_all_lost(rules);
            next
        };
        self.believe(|was| Some(lose(&was.rules, &was.endpoint)));
        self.advance(|state| vec![lose(RULES, state)]);
    }

    /// The server's part of the handshake arrived (§7.4.1).
    pub fn handshake_completed(&mut self, accepted: bool, server: &Parameters) {
        self.believe(|was| Some(was.endpoint.on_handshake(&was.rules, accepted, server)));
        if accepted && self.states[0].early {
            self.early = self.states[0].streams.keys().copied().collect();
        }
        self.advance(|state| vec![state.on_handshake(RULES, accepted, server)]);
        if !accepted {
            self.reads.clear();
            self.writes.clear();
            self.told.clear();
            self.heard = Heard::default();
        }
    }

    fn advance(&mut self, step: impl Fn(&Endpoint) -> Vec<Endpoint>) {
        let mut states = Vec::with_capacity(self.states.len());
        for next in self.states.iter().flat_map(step) {
            if !states.contains(&next) {
                states.push(next);
            }
        }
        self.states = states;
    }

    // ---- outputs ----------------------------------------------------------------------------

    /// The application called and was answered.
    pub fn answered(&mut self, call: Call, answer: Answer) -> Option<Deviation> {
        if let Subject::Receiving(id) | Subject::Sending(id) = call.subject()
            && self.unopened.contains(&id)
        {
            return None; // Nobody has a handle, and that is told already.
        }
        match call.subject() {
            Subject::Receiving(id) => drop(self.reads.remove(&id)),
            Subject::Sending(id) => drop(self.writes.remove(&id)),
            Subject::Connection => {}
        }
        if let (Call::Read { stream_id }, Answer::NoData) = (call, answer) {
            self.reads.insert(stream_id);
        }
        if let (Call::Write { stream_id, length }, Answer::Blocked) = (call, answer) {
            self.writes.insert(stream_id, length);
        }
        self.believe(|Believed { rules, choices, endpoint }| {
            let answers = endpoint.call(rules, choices, call);
            let fits = answers.iter().find(|(given, _)| *given == answer).or(answers.first());
            Some(fits.map_or_else(|| endpoint.clone(), |(_, next)| next.clone()))
        });
        let permitted = self.permitted;
        let answers = move |state: &Endpoint| state.call(RULES, &permitted, call);
        let early = self.is_kept_early(call, answer);
        let deviation = self.judge(
            || format!("{call} → {answer}"),
            |state| answers(state).into_iter().map(|(answer, _)| answer.to_string()).collect(),
            |state| {
                let permitted = answers(state);
                let Some((first, after)) = permitted.first().cloned() else {
                    // Nobody holds the handle.
                    let refused = answer == Answer::Closed;
                    let result = if refused { Ok(()) } else { Err(Breach::WrongAnswer) };
                    return vec![(result, state.clone())];
                };
                let fits: Vec<Outcome> = permitted
                    .into_iter()
                    .filter(|(given, _)| *given == answer)
                    .map(|(_, next)| (Ok(()), next))
                    .collect();
                match fits.is_empty() {
                    true => {
                        let breach = answer_breach(call, first, answer);
                        vec![(Err(breach), as_answered(state, after, call, answer))]
                    }
                    false => fits,
                }
            },
        );
        deviation.map(|deviation| match (early, deviation.breach) {
            (true, Breach::WriteBesideCredit) => {
                Deviation { breach: Breach::EarlyLimitKept, ..deviation }
            }
            _ => deviation,
        })
    }

    /// Whether a write on a stream that was opened in 0-RTT took less than the limit of the handshake permits.
    fn is_kept_early(&self, call: Call, answer: Answer) -> bool {
        let Call::Write { stream_id, .. } = call else { return false };
        let taken = if let Answer::Wrote { length } = answer { length } else { 0 };
        let permits_more = |state: &Endpoint| {
            let answers = state.call(RULES, &self.permitted, call);
            answers
                .iter()
                .all(|(answer, _)| matches!(answer, Answer::Wrote { length } if *length > taken))
        };
        self.early.contains(&stream_id) && self.states.iter().all(permits_more)
    }

    /// The endpoint sent something.
    pub fn sent(&mut self, seen: &Seen) -> Option<Deviation> {
        match seen {
            Seen::Frame(frame) => self.sent_frame(frame),
            Seen::Corrupt { stream_id, offset } => self.judge(
                || format!("STREAM {stream_id} with a wrong byte at {offset}"),
                |_| vec!["the bytes that were written".to_owned()],
                |state| vec![(Err(Breach::SentWrongBytes), state.clone())],
            ),
            Seen::NoStream => self.judge(
                || "a frame for no stream".to_owned(),
                |_| Vec::new(),
                |state| vec![(Err(Breach::WrongStream), state.clone())],
            ),
            Seen::Transport => None,
        }
    }

    fn sent_frame(&mut self, frame: &Frame) -> Option<Deviation> {
        self.believe(|was| {
            let mut next = was.endpoint.clone();
            // Whether that was right is not asked here.
            let _ = next.judge_sent(&was.rules, frame);
            Some(next)
        });
        self.withheld.retain(|known| !known.is_of_scope(frame));
        let heard = self.heard.clone();
        let mut deviation = self.judge(
            || frame.to_string(),
            |state| vec![permitted_next(state)],
            |state| {
                let mut next = state.clone();
                let frame = heard.as_judged(&mut next, frame);
                let result = next.judge_sent(RULES, &frame);
                vec![(result, next)]
            },
        );
        self.heard.sent(frame);
        if let Some(deviation) = &mut deviation
            && deviation.breach == Breach::ClosedOnLegalPeer
            && self.heard.nothing_new
        {
            deviation.breach = Breach::ClosedOnRepeatedFrame;
        }
        if let (Some(deviation), Frame::StreamDataBlocked { stream_id, .. }) =
            (&mut deviation, frame)
            && deviation.breach == Breach::BlockedUntrue
            && self.early.contains(stream_id)
        {
            // It names the remembered limit, which should not count any more.
            deviation.breach = Breach::EarlyLimitKept;
        }
        deviation
    }

    /// The endpoint has settled and sends no more: everything that it still owes, in order.
    ///
    /// What it only should send is not asked for while something of it is in flight. `limits_are_due` says whether
    /// the system promises to raise limits.
    pub fn silent(&mut self, in_flight: bool, limits_are_due: bool) -> Vec<Deviation> {
        let mut deviations = Vec::new();
        // Each breach is forgiven, so that the next can be seen; there are not many kinds.
        for _ in 0..MOST_DEBTS {
            let withheld = self.withheld.clone();
            let patience = Patience { in_flight, withheld: &withheld, limits_are_due };
            let raises = self.states.iter().find_map(|state| state.withheld(RULES, patience));
            let deviation = self.judge(
                || "silence".to_owned(),
                |state| vec![permitted_next(state)],
                |state| {
                    let mut next = state.clone();
                    let result = match next.silence_breach(RULES, patience) {
                        None => Ok(()),
                        Some(breach) => {
                            next.forgive_silence(RULES, patience);
                            Err(breach)
                        }
                    };
                    vec![(result, next)]
                },
            );
            match deviation {
                Some(deviation) => {
                    let keeps_back = matches!(
                        deviation.breach,
                        Breach::CreditWithheld | Breach::StreamsWithheld
                    );
                    self.withheld.extend(raises.filter(|_| keeps_back && !limits_are_due));
                    deviations.push(deviation);
                }
                None => break,
            }
        }
        // Not to tell that it is blocked changes nothing about an endpoint: it still may.
        let patience = Patience { in_flight, withheld: &[], limits_are_due };
        for breach in [
            Breach::DataBlockedNotSent,
            Breach::StreamDataBlockedNotSent,
            Breach::StreamsBlockedNotSent,
            Breach::LostBlockedNotResent,
        ] {
            deviations.extend(self.judge(
                || "silence".to_owned(),
                |state| vec![permitted_next(state)],
                |state| {
                    let silent = state.untold(RULES, patience).any(|untold| untold == breach);
                    vec![(if silent { Err(breach) } else { Ok(()) }, state.clone())]
                },
            ));
        }
        deviations
    }

    /// Keeps the members that permit what was seen. If none does, reports the most charitable
    /// breach and goes on with the members that explain it.
    fn judge(
        &mut self,
        seen: impl Fn() -> String,
        permitted: impl Fn(&Endpoint) -> Vec<String>,
        step: impl Fn(&Endpoint) -> Vec<Outcome>,
    ) -> Option<Deviation> {
        let outcomes: Vec<Outcome> = self.states.iter().flat_map(step).collect();
        let level = |breach: &Breach| (breach.citation().level, *breach);
        let best = match outcomes.iter().any(|(result, _)| result.is_ok()) {
            true => None,
            false => outcomes.iter().filter_map(|(r, _)| r.err()).min_by_key(level),
        };
        let deviation = best.map(|breach| {
            let mut alternatives: Vec<String> = self.states.iter().flat_map(permitted).collect();
            alternatives.sort();
            alternatives.dedup();
            Deviation { breach, seen: seen(), permitted: alternatives }
        });
        let mut states = Vec::with_capacity(outcomes.len());
        for (result, next) in outcomes {
            if result.err() == best && !states.contains(&next) {
                states.push(next);
            }
        }
        self.states = states;
        deviation
    }
}

fn after_ack(rules: &Rules, state: &Endpoint, frames: &[Frame]) -> Endpoint {
    let mut next = state.clone();
    for frame in frames {
        next.on_acknowledged(rules, frame);
    }
    next
}

/// What the endpoint may or has to send next, for people.
fn permitted_next(state: &Endpoint) -> String {
    match (state.closed, state.next_frame(RULES, &Choices::PERMITTED)) {
        (_, Some(frame)) => frame.to_string(),
        (Some(_), None) => "nothing: the connection is closed".to_owned(),
        (None, None) => "silence, or a repeat of what was sent".to_owned(),
    }
}
