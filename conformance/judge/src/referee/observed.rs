//! What a settled endpoint shows of its streams beside frames and answers.

use streamproof_model::judging::breach::Breach;
use streamproof_model::rfc::call::{Answer, Call, RecvOutcome, SendOutcome};
use streamproof_model::rfc::endpoint::Endpoint;
use streamproof_model::rfc::identity::StreamId;

use super::{Deviation, RULES, Referee};
use crate::sut::Observation;

impl Referee {
    /// What a settled endpoint shows of its streams beside frames and answers.
    pub fn observed(&mut self, seen: &[Observation]) -> Vec<Deviation> {
        let mut deviations = Vec::new();
        deviations.extend(self.opened(seen));
        for stream in seen {
            self.observed_stream(stream, &mut deviations);
        }
        deviations
    }

    /// Every stream that the peer has opened is there.
    fn opened(&mut self, seen: &[Observation]) -> Option<Deviation> {
        let has = |id: &StreamId| seen.iter().any(|stream| stream.stream_id == *id);
        self.unopened.retain(|id| !has(id));
        let unopened = self.unopened.clone();
        let missing = |state: &Endpoint| {
            // Who closes on a frame need not open its stream.
            let open = state.closed.is_none();
            state.streams.keys().find(|id| open && !has(id) && !unopened.contains(id)).copied()
        };
        // Those above it may be there: then it alone is not.
        let is_alone = |missing: &StreamId| {
            seen.iter().any(|stream| {
                let id = stream.stream_id;
                let is_above = id.ordinal() > missing.ordinal();
                is_above
                    && (id.initiator(), id.direction())
                        == (missing.initiator(), missing.direction())
            })
        };
        self.unopened.extend(missing(&self.states[0]).filter(is_alone));
        self.judge(
            || "no such stream was accepted".to_owned(),
            |state| state.streams.keys().map(|id| format!("stream {id}")).collect(),
            |state| match missing(state) {
                None => vec![(Ok(()), state.clone())],
                Some(id) => {
                    let mut next = state.clone();
                    // rfc9000 3.2/1: one above it is there.
                    let breach = match is_alone(&id) {
                        true => Breach::LowerStreamNotOpened,
                        false => {
                            next.uncreate(id);
                            Breach::StreamNotOpened
                        }
                    };
                    vec![(Err(breach), next)]
                }
            },
        )
    }

    fn observed_stream(&mut self, seen: &Observation, deviations: &mut Vec<Deviation>) {
        let id = seen.stream_id;
        if let Some(told) = seen.send_outcome {
            deviations.extend(self.told(id, "asked for the outcome", told, None));
        }
        if let Some(told) = seen.send_waiter
            && told.is_none_or(|told| self.told.get(&id) != Some(&told))
        {
            if let Some(told) = told {
                self.told.insert(id, told);
            }
            let missing = Some(Breach::WaiterNotWoken);
            deviations.extend(self.told(id, "waiting for the outcome", told, missing));
        }
        if let Some(told) = seen.recv_outcome {
            deviations.extend(self.told_receiver(id, told));
        }
        if self.reads.contains(&id) && !seen.read_woken {
            let call = Call::Read { stream_id: id };
            deviations.extend(self.not_woken(call, Answer::NoData, Breach::ReadNotWoken));
        }
        if let Some(length) = self.writes.get(&id).copied().filter(|_| !seen.write_woken) {
            let call = Call::Write { stream_id: id, length };
            // A limit that did not follow the handshake wakes nobody either.
            let breach = match self.early.contains(&id) {
                true => Breach::EarlyLimitKept,
                false => Breach::WriteNotWoken,
            };
            deviations.extend(self.not_woken(call, Answer::Blocked, breach));
        }
        if let Some(alive) = seen.alive {
            deviations.extend(self.alive(id, alive));
        }
    }

    fn told(
        &mut self,
        id: StreamId,
        how: &str,
        told: Option<SendOutcome>,
        missing: Option<Breach>,
    ) -> Option<Deviation> {
        let show = |outcome: Option<SendOutcome>| {
            outcome.map_or_else(|| "undecided".to_owned(), |outcome| outcome.to_string())
        };
        self.judge(
            || format!("{how} → {}", show(told)),
            |state| vec![show(state.send_outcome(id))],
            |state| {
                let decided = state.send_outcome(id);
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

    fn told_receiver(&mut self, id: StreamId, told: Option<RecvOutcome>) -> Option<Deviation> {
        let show = |outcome: Option<RecvOutcome>| {
            outcome.map_or_else(|| "undecided".to_owned(), |outcome| outcome.to_string())
        };
        self.judge(
            || format!("asked for the outcome → {}", show(told)),
            |state| vec![show(state.recv_outcome(id))],
            |state| {
                let same = told == state.recv_outcome(id);
                vec![(if same { Ok(()) } else { Err(Breach::OutcomeWrong) }, state.clone())]
            },
        )
    }

    fn not_woken(&mut self, call: Call, waits: Answer, breach: Breach) -> Option<Deviation> {
        let permitted = self.permitted;
        let answers = move |state: &Endpoint| -> Vec<Answer> {
            let answers = state.call(RULES, &permitted, call);
            answers.into_iter().map(|(answer, _)| answer).collect()
        };
        self.judge(
            || format!("a waiting call sleeps on: {call}"),
            |state| answers(state).iter().map(|answer| format!("{call} → {answer}")).collect(),
            |state| {
                let still = answers(state);
                let may_wait = still.is_empty() || still.contains(&waits);
                let result = if may_wait { Ok(()) } else { Err(breach) };
                vec![(result, state.clone())]
            },
        )
    }

    fn alive(&mut self, id: StreamId, seen: (bool, bool)) -> Option<Deviation> {
        let expected = |state: &Endpoint| {
            let sending = state.sending(id).is_some() && state.send_outcome(id).is_none();
            let receiving = state.receiving(id).is_some() && state.recv_outcome(id).is_none();
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
}
