//! A tour that fails is split, so that the failure is short: the last steps alone, by the shortest way to
//! them, as few as show the same breach.

use streamproof_model::judging::breach::Breach;
use streamproof_model::packed::Fingerprint;
use streamproof_model::trace::Trace;
use streamproof_model::trace::tours::Tour;

use super::{Finding, Sighting, Tours};
use crate::referee::Deviation;
use crate::sut::{StartError, Sut};

/// A short trace that shows a breach alone.
#[derive(Clone, Debug)]
pub struct Witness {
    /// The trace; it ends with the stimulus after which the breach shows.
    pub trace: Trace,
    /// What was seen there.
    pub deviation: Deviation,
    /// How it is played again.
    pub repeat: Repeat,
}

/// How a trace is named, to be played again.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Repeat {
    /// The shortest way to the first of these edges, then all of them.
    Edges(Vec<Fingerprint>),
    /// The tour with this number.
    Tour(usize),
}

impl Tours {
    /// The shortest trace that can be split off the tour of `finding` and shows the same breach.
    ///
    /// # Errors
    ///
    /// When the system under test gives no connection.
    pub fn witness(&self, sut: &dyn Sut, finding: &Finding) -> Result<Option<Witness>, StartError> {
        self.split(sut, finding, None)
    }

    /// The same for one of the situations of `finding`.
    ///
    /// # Errors
    ///
    /// When the system under test gives no connection.
    pub fn witness_in(
        &self,
        sut: &dyn Sut,
        finding: &Finding,
        situation: &str,
    ) -> Result<Option<Witness>, StartError> {
        let Some(Sighting { at, tour, times }) = finding.situations.get(situation).copied() else {
            return Ok(None);
        };
        self.split(sut, &Finding { at, tour, times, ..finding.clone() }, Some(situation))
    }

    fn split(
        &self,
        sut: &dyn Sut,
        finding: &Finding,
        situation: Option<&str>,
    ) -> Result<Option<Witness>, StartError> {
        let Some(tour) = self.tours.get(finding.tour) else { return Ok(None) };
        let tour = self.cut(tour, finding.at);
        let breach = finding.deviation.breach;
        for last in 1..tour.len() {
            let edges = &tour[tour.len() - last..];
            let way = self.way_and(edges);
            if way.len() < tour.len()
                && let Some((deviation, way)) = self.shows(sut, &way, breach, situation)?
            {
                let named = edges.iter().map(|edge| self.fingerprint(*edge)).collect();
                let repeat = Repeat::Edges(named);
                return Ok(Some(Witness { trace: self.trace_of(&way), deviation, repeat }));
            }
        }
        let (trace, repeat) = (self.trace_of(&tour), Repeat::Tour(finding.tour));
        Ok(Some(Witness { trace, deviation: finding.deviation.clone(), repeat }))
    }

    /// The trace that goes the shortest way to the first of these edges, and takes all of them; `None` if there
    /// are no such edges, or if they do not follow one another.
    pub fn by_edges(&self, named: &[Fingerprint]) -> Option<Trace> {
        let all = self.ground.graph.fingerprints();
        let place = |name: &Fingerprint| all.iter().position(|fingerprint| fingerprint == name);
        let edges: Tour = named.iter().map(place).collect::<Option<_>>()?;
        let edge = |number: usize| &self.ground.graph.edges[number];
        let follow = edges.windows(2).all(|pair| edge(pair[0]).to == edge(pair[1]).from);
        (follow && !edges.is_empty()).then(|| self.trace_of(&self.way_and(&edges)))
    }

    fn way_and(&self, edges: &[usize]) -> Tour {
        let graph = &self.ground.graph;
        let from = edges.first().map_or(0, |edge| graph.edges[*edge].from);
        graph.way_to(from).into_iter().chain(edges.iter().copied()).collect()
    }

    /// What a way shows of a breach, and the way as far as it is needed.
    fn shows(
        &self,
        sut: &dyn Sut,
        way: &Tour,
        breach: Breach,
        situation: Option<&str>,
    ) -> Result<Option<(Deviation, Tour)>, StartError> {
        let replay = self.play(sut, way)?;
        let found = replay.found.into_iter().find(|found| {
            let there = situation.is_none_or(|situation| found.situation == situation);
            found.deviation.breach == breach && there
        });
        Ok(found.map(|found| (found.deviation, self.cut(way, found.at))))
    }

    /// A tour as far as its stimulus number `at`.
    pub(super) fn cut(&self, tour: &Tour, at: usize) -> Tour {
        let visible =
            tour.iter().enumerate().filter(|(_, edge)| self.ground.visible.is_visible(**edge));
        let end = visible.map(|(place, _)| place + 1).nth(at).unwrap_or(tour.len());
        tour[..end].to_vec()
    }

    fn fingerprint(&self, edge: usize) -> Fingerprint {
        let graph = &self.ground.graph;
        let mut of = streamproof_model::packed::Fingerprints::default();
        let edge = &graph.edges[edge];
        let [from, to] = [edge.from, edge.to].map(|state| of.state(&graph.states[state as usize]));
        of.edge(from, &edge.action, to)
    }
}
