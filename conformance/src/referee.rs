//! The judge: the set of model endpoints that explain everything seen so far.
//!
//! Each input takes every member to all the endpoints that the RFC permits next. Each output, and
//! silence is one, keeps the members that permit it. If none does, a rule is broken: the most
//! charitable breach is reported, with what was permitted instead, and the judge goes on with the
//! members that explain it, so that one deviation does not hide the next. No rule stands here; every
//! question goes to [`streamproof_model::rfc`].

use streamproof_model::rfc::breach::Breach;
use streamproof_model::rfc::call::{Answer, Call, RecvOutcome, SendOutcome};
use streamproof_model::rfc::choices::Choices;
use streamproof_model::rfc::endpoint::Endpoint;
use streamproof_model::rfc::frame::Frame;
use streamproof_model::rfc::rules::{RFC9000, Rules};

use crate::abstraction::Seen;
use crate::sut::Observation;

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
#[derive(Clone, Debug)]
pub struct Referee {
    rules: Rules,
    states: Vec<Endpoint>,
    read_waits: bool,
    waiter_told: Option<SendOutcome>,
}

type Outcome = (Result<(), Breach>, Endpoint);

impl Referee {
    /// A judge who knows how the endpoint begins, and nothing more.
    pub fn new(endpoint: Endpoint) -> Self {
        Self { rules: RFC9000, states: vec![endpoint], read_waits: false, waiter_told: None }
    }

    /// Whether one of the explanations is this endpoint.
    pub fn may_be(&self, endpoint: &Endpoint) -> bool {
        self.states.contains(endpoint)
    }

    /// The explanations. Never empty.
    pub fn states(&self) -> &[Endpoint] {
        &self.states
    }

    /// Whether the peer has left the protocol in every explanation, so that there is nothing more to
    /// judge.
    pub fn is_over(&self) -> bool {
        self.states.iter().all(Endpoint::is_lawless)
    }

    // ---- inputs -----------------------------------------------------------------------------

    /// A frame arrived.
    pub fn arrived(&mut self, frame: &Frame) {
        let rules = self.rules;
        self.advance(|state| state.on_frame(&rules, &Choices::PERMITTED, frame));
    }

    /// A packet with these frames of the endpoint was acknowledged.
    pub fn acknowledged(&mut self, frames: &[Frame]) {
        let rules = self.rules;
        self.advance(|state| vec![after_ack(&rules, state, frames)]);
    }

    /// The same for a packet that had been declared lost: the endpoint need not remember it (C-9).
    pub fn acknowledged_late(&mut self, frames: &[Frame]) {
        let rules = self.rules;
        self.advance(|state| vec![after_ack(&rules, state, frames), state.clone()]);
    }

    /// Everything in flight was declared lost.
    pub fn all_lost(&mut self) {
        self.advance(|state| {
            let mut next = state.clone();
            next.on_all_lost();
            vec![next]
        });
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
        self.read_waits = match call {
            Call::Read => answer == Answer::NoData,
            Call::AbortReading { .. } | Call::DropRecv => false,
            Call::Write { .. } | Call::End | Call::Reset { .. } | Call::DropSend => self.read_waits,
        };
        let rules = self.rules;
        let answers = move |state: &Endpoint| state.call(&rules, &Choices::PERMITTED, call);
        self.judge(
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
                    true => vec![(Err(answer_breach(call, first, answer)), after)],
                    false => fits,
                }
            },
        )
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
            Seen::Close(code) => self.sent_close(*code),
            Seen::NoStream => self.judge(
                || "a frame for no stream".to_owned(),
                |_| Vec::new(),
                |state| vec![(Err(Breach::WrongStream), state.clone())],
            ),
            Seen::Credit | Seen::Transport => None,
        }
    }

    fn sent_frame(&mut self, frame: &Frame) -> Option<Deviation> {
        let rules = self.rules;
        self.judge(
            || frame.to_string(),
            |state| vec![permitted_next(&rules, state)],
            |state| {
                let mut next = state.clone();
                let result = next.on_sent(&rules, frame);
                vec![(result, next)]
            },
        )
    }

    fn sent_close(&mut self, code: Option<u64>) -> Option<Deviation> {
        let rules = self.rules;
        self.judge(
            || match code {
                Some(code) => format!("CONNECTION_CLOSE with transport error {code:#04x}"),
                None => "CONNECTION_CLOSE of the application".to_owned(),
            },
            |state| vec![permitted_next(&rules, state)],
            |state| {
                let mut next = state.clone();
                let result = next.on_close_sent(code);
                vec![(result, next)]
            },
        )
    }

    /// The endpoint has settled and sends no more.
    pub fn silent(&mut self) -> Option<Deviation> {
        let rules = self.rules;
        self.judge(
            || "silence".to_owned(),
            |state| vec![permitted_next(&rules, state)],
            |state| {
                let mut next = state.clone();
                let result = match next.silence_breach() {
                    None => Ok(()),
                    Some(breach) => {
                        next.forgive_silence();
                        Err(breach)
                    }
                };
                vec![(result, next)]
            },
        )
    }

    /// What a settled endpoint shows beside frames and answers.
    pub fn observed(&mut self, seen: &Observation) -> Vec<Deviation> {
        let mut deviations = Vec::new();
        if let Some(told) = seen.send_outcome {
            deviations.extend(self.told("asked for the outcome", told, None));
        }
        if let Some(told) = seen.send_waiter
            && told.is_none_or(|told| self.waiter_told != Some(told))
        {
            self.waiter_told = told;
            let missing = Some(Breach::WaiterNotWoken);
            deviations.extend(self.told("waiting for the outcome", told, missing));
        }
        if let Some(told) = seen.recv_outcome {
            deviations.extend(self.told_receiver(told));
        }
        if self.read_waits && !seen.read_woken {
            deviations.extend(self.not_woken());
        }
        if let Some(alive) = seen.alive {
            deviations.extend(self.alive(alive));
        }
        deviations
    }

    fn told(
        &mut self,
        how: &str,
        told: Option<SendOutcome>,
        missing: Option<Breach>,
    ) -> Option<Deviation> {
        let show = |outcome: Option<SendOutcome>| {
            outcome.map_or_else(|| "undecided".to_owned(), |outcome| outcome.to_string())
        };
        self.judge(
            || format!("{how} → {}", show(told)),
            |state| vec![show(state.send_outcome())],
            |state| {
                let decided = state.send_outcome();
                let result = match (told, decided) {
                    (told, decided) if told == decided => Ok(()),
                    (Some(SendOutcome::Delivered), Some(_)) => Err(Breach::ResetToldAsDelivered),
                    (None, Some(_)) => Err(missing.unwrap_or(Breach::OutcomeWrong)),
                    (Some(_), _) | (None, None) => Err(Breach::OutcomeWrong),
                };
                vec![(result, state.clone())]
            },
        )
    }

    fn told_receiver(&mut self, told: Option<RecvOutcome>) -> Option<Deviation> {
        let show = |outcome: Option<RecvOutcome>| {
            outcome.map_or_else(|| "undecided".to_owned(), |outcome| outcome.to_string())
        };
        self.judge(
            || format!("asked for the outcome → {}", show(told)),
            |state| vec![show(state.recv_outcome())],
            |state| {
                let same = told == state.recv_outcome();
                vec![(if same { Ok(()) } else { Err(Breach::OutcomeWrong) }, state.clone())]
            },
        )
    }

    fn not_woken(&mut self) -> Option<Deviation> {
        let rules = self.rules;
        let answers = move |state: &Endpoint| -> Vec<Answer> {
            let answers = state.call(&rules, &Choices::PERMITTED, Call::Read);
            answers.into_iter().map(|(answer, _)| answer).collect()
        };
        self.judge(
            || "a waiting read sleeps on".to_owned(),
            |state| answers(state).iter().map(|answer| format!("read → {answer}")).collect(),
            |state| {
                let still = answers(state);
                let may_wait = still.is_empty() || still.contains(&Answer::NoData);
                let result = if may_wait { Ok(()) } else { Err(Breach::ReadNotWoken) };
                vec![(result, state.clone())]
            },
        )
    }

    fn alive(&mut self, seen: (bool, bool)) -> Option<Deviation> {
        let expected = |state: &Endpoint| {
            let sending = state.sending.is_some() && state.send_outcome().is_none();
            let receiving = state.receiving.is_some() && state.recv_outcome().is_none();
            (sending, receiving)
        };
        let show = |(sending, receiving): (bool, bool)| {
            format!("alive: sending part {sending}, receiving part {receiving}")
        };
        self.judge(
            || show(seen),
            |state| vec![show(expected(state))],
            |state| {
                let same = expected(state) == seen;
                vec![(if same { Ok(()) } else { Err(Breach::SnapshotWrong) }, state.clone())]
            },
        )
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
fn permitted_next(rules: &Rules, state: &Endpoint) -> String {
    if let Some(close) = state.closed {
        return match close.announced {
            true => "nothing: the connection is closed".to_owned(),
            false => format!("CONNECTION_CLOSE with {}", close.violation.transport_error()),
        };
    }
    match state.next_frame(rules, &Choices::PERMITTED) {
        Some(frame) => frame.to_string(),
        None => "silence, or a repeat of what was sent".to_owned(),
    }
}

/// Which rule an answer breaks, given one that would have been right.
fn answer_breach(call: Call, permitted: Answer, got: Answer) -> Breach {
    match (call, permitted, got) {
        (_, _, Answer::Corrupt { .. }) => Breach::WrongBytes,
        (
            Call::End,
            Answer::SendEnded { outcome: SendOutcome::ConnectionLost },
            Answer::Accepted,
        ) => Breach::FinishAcceptedAfterLoss,
        (
            Call::End,
            Answer::SendEnded { outcome: SendOutcome::Stopped { .. } },
            Answer::Accepted,
        ) => Breach::FinishAcceptedAfterStop,
        (Call::End, Answer::Accepted, Answer::Closed) => Breach::FinishNotIdempotent,
        (
            Call::Read,
            Answer::RecvEnded { outcome: RecvOutcome::Reset { .. } },
            Answer::EndOfStream,
        ) => Breach::EndAfterReset,
        (
            Call::Read,
            Answer::RecvEnded { outcome: RecvOutcome::Stopped { .. } },
            Answer::EndOfStream,
        ) => Breach::EndAfterStop,
        (
            Call::Read,
            Answer::RecvEnded { outcome: RecvOutcome::ConnectionLost },
            Answer::EndOfStream,
        ) => Breach::EndAfterLoss,
        (_, Answer::SendEnded { .. } | Answer::Finished, Answer::SendEnded { .. })
        | (_, Answer::RecvEnded { .. }, Answer::RecvEnded { .. }) => Breach::OutcomeWrong,
        (Call::Read, Answer::NoData | Answer::Data { .. }, Answer::EndOfStream) => {
            Breach::EndToldEarly
        }
        (
            Call::AbortReading { .. },
            Answer::RecvEnded { outcome: RecvOutcome::Reset { .. } },
            Answer::Accepted,
        ) => Breach::StopHidesReset,
        (_, Answer::SendEnded { .. } | Answer::RecvEnded { .. }, Answer::Closed) => {
            Breach::OutcomeWithheld
        }
        (_, Answer::SendEnded { .. } | Answer::RecvEnded { .. }, Answer::Accepted) => {
            Breach::OutcomeWithheld
        }
        (_, _, _) => Breach::WrongAnswer,
    }
}
