//! A hunt: tours until one shows what is looked for, the shortest first, and what they showed as a trace.

use std::num::NonZero;

use streamproof_model::judging::breach::Breach;
use streamproof_model::trace::Trace;
use streamproof_model::trace::stimulus::Stimulus;
use streamproof_model::trace::tours::Tour;

use super::Tours;
use crate::referee::Deviation;
use crate::sut::{StartError, Sut};

/// How many tours are played before anybody asks whether one has found something.
const BATCH: usize = 500;

/// What a hunt came home with.
#[derive(Clone, Debug)]
pub struct Caught {
    /// What the system under test did, and what was permitted.
    pub deviation: Deviation,
    /// The trace that shows it, up to the step after which it shows.
    pub trace: Trace,
    /// How many of its steps are visible to the system under test.
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
    ) -> Result<Option<Caught>, StartError> {
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
    ) -> Result<Option<Caught>, StartError> {
        let (mut scripts, _) =
            self.ground.visible.scripts(&self.ground.graph, tours, 0..tours.len());
        scripts.sort_by_key(|script| (script.stimuli.len(), script.tour));
        for batch in scripts.chunks(BATCH) {
            let played = self.play_all(sut, tours, batch, threads, &|_| {}, &|| false)?;
            let found = played.findings.into_iter().filter(|(breach, _)| wanted(*breach));
            if let Some((_, found)) = found.min_by_key(|(_, found)| (found.at, found.tour)) {
                let tour = self.cut(&tours[found.tour], found.at);
                let steps =
                    tour.iter().filter(|edge| self.ground.visible.is_visible(**edge)).count();
                let trace = self.trace_of(&tour);
                return Ok(Some(Caught { deviation: found.deviation, trace, steps }));
            }
        }
        Ok(None)
    }

    /// For everything that arrives and is to change nothing about the endpoint, and every call that may come
    /// next: the shortest way there.
    fn after_ignored(&self) -> Vec<Tour> {
        let endpoint = |state: u32| self.ground.graph.states[state as usize].endpoint(self.side);
        let mut tours = Vec::new();
        for (number, edge) in self.ground.graph.edges.iter().enumerate() {
            let arrives =
                matches!(self.ground.visible.stimulus(number), Some(Stimulus::Deliver { .. }));
            if !arrives || endpoint(edge.from) != endpoint(edge.to) {
                continue;
            }
            let calls = self.ground.graph.edges_of(edge.to).filter(|next| {
                matches!(self.ground.visible.stimulus(*next), Some(Stimulus::Call { .. }))
            });
            let way = self.ground.graph.way_to(edge.from);
            tours.extend(calls.map(|call| [way.as_slice(), &[number, call]].concat()));
        }
        tours
    }
}
