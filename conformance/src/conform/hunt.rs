//! A hunt: tours until one shows what is looked for, the shortest first, and what they showed as a trace.

use std::num::NonZero;

use streamproof_model::rfc::breach::Breach;
use streamproof_model::trace::Trace;
use streamproof_model::trace::stimulus::Stimulus;
use streamproof_model::trace::tours::Tour;

use super::{Tours, longest};
use crate::referee::Deviation;
use crate::sut::Sut;
use crate::world::ArenaError;

/// How many tours are played before anybody asks whether one has found something.
const BATCH: usize = 500;

/// What a hunt came home with.
#[derive(Clone, Debug)]
pub struct Caught {
    /// What the system under test did, and what was permitted.
    pub deviation: Deviation,
    /// The trace that shows it, up to the step after which it shows.
    pub trace: Trace,
    /// How many of its steps the system under test feels.
    pub steps: usize,
}

impl Tours {
    /// Plays tours in the order of their length until one shows a breach that is `wanted`: first those that
    /// take every edge; then those that follow up everything that the endpoint is to ignore with every call,
    /// because what a stack has made of it shows there, and the graph does not ask for that pair of edges.
    ///
    /// `None` if no tour shows one.
    ///
    /// # Errors
    ///
    /// When the system under test gives no connection.
    pub fn hunt(
        &self,
        sut: &dyn Sut,
        threads: NonZero<usize>,
        wanted: impl Fn(Breach) -> bool,
    ) -> Result<Option<Caught>, ArenaError> {
        let caught = self.hunt_on(&self.tours, sut, threads, &wanted)?;
        match caught {
            Some(caught) => Ok(Some(caught)),
            None => self.hunt_on(&self.after_ignored(), sut, threads, &wanted),
        }
    }

    fn hunt_on(
        &self,
        tours: &[Tour],
        sut: &dyn Sut,
        threads: NonZero<usize>,
        wanted: &impl Fn(Breach) -> bool,
    ) -> Result<Option<Caught>, ArenaError> {
        let (mut scripts, _) = longest(self.scripts_of(tours, 0), 0);
        scripts.sort_by_key(|script| (script.stimuli.len(), script.tour));
        for batch in scripts.chunks(BATCH) {
            let replays = self.play_all(sut, batch, threads, &|_| {})?;
            let found = batch.iter().zip(&replays).flat_map(|(script, replay)| {
                let found = replay.found.iter().map(move |found| (script, found));
                found.filter(|(_, found)| wanted(found.deviation.breach))
            });
            if let Some((script, found)) =
                found.min_by_key(|(script, found)| (found.at, script.tour))
            {
                let trace = self.cut(self.trace_of(&tours[script.tour]), found.at);
                let steps = script.stimuli.len().min(found.at + 1);
                return Ok(Some(Caught { deviation: found.deviation.clone(), trace, steps }));
            }
        }
        Ok(None)
    }

    /// For everything that arrives and is to change nothing about the endpoint, and every call that may come
    /// next: the shortest way there.
    fn after_ignored(&self) -> Vec<Tour> {
        let endpoint = |state: u32| self.graph.states[state as usize].endpoint(self.side);
        let mut tours = Vec::new();
        for (number, edge) in self.graph.edges.iter().enumerate() {
            let arrives = matches!(self.stimulus(&edge.action), Some(Stimulus::Deliver { .. }));
            if !arrives || endpoint(edge.from) != endpoint(edge.to) {
                continue;
            }
            let calls = self.graph.edges_of(edge.to).filter(|next| {
                let stimulus = self.stimulus(&self.graph.edges[*next].action);
                matches!(stimulus, Some(Stimulus::Call { .. }))
            });
            let way = self.way_to(edge.from);
            tours.extend(calls.map(|call| [way.as_slice(), &[number, call]].concat()));
        }
        tours
    }

    fn way_to(&self, state: u32) -> Tour {
        let mut way = Vec::new();
        let mut at = state;
        while let Some(edge) = self.graph.reached_by[at as usize] {
            way.push(edge);
            at = self.graph.edges[edge].from;
        }
        way.reverse();
        way
    }
}
