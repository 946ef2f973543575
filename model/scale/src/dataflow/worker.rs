//! One worker: the operator that dedupes and expands, and what follows when the search is over.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Instant;

use timely::dataflow::channels::pact::Exchange;
use timely::dataflow::operators::generic::operator::Operator;
use timely::dataflow::operators::{Capability, Concat, ConnectLoop, Feedback, Probe, ToStream};
use timely::worker::Worker;

use streamproof_model::check::report::Path;
use streamproof_model::check::search::{Log, Record, Visited, replay};
use streamproof_model::packed::reduce::Reductions;
use streamproof_model::packed::{Fingerprint, Full, PackedState, PackedWorld, Successor};
use streamproof_model::worlds::streams::StreamsWorld;

use super::collect::to_all;
use super::message::{Message, Share, Stop, owner};
use super::translate::Translator;
use super::{Failure, Options, Outcome};

/// How many states one call of the operator expands: what it sends has nowhere to wait but in memory.
const PORTION: usize = 4096;
/// How many fingerprints a worker remembers to have sent lately.
const SENT: usize = 4096;

/// A worker in the middle of the search.
struct Search {
    world: PackedWorld,
    index: usize,
    peers: usize,
    options: Options,
    start: Instant,
    translator: Translator,
    visited: Visited,
    log: Log,
    /// The states of each level that are to be expanded.
    levels: BTreeMap<u32, Vec<PackedState>>,
    /// States that came before a definition.
    waiting: Vec<(u32, Message)>,
    sent: Vec<Fingerprint>,
    seen: Vec<bool>,
    /// From this level on nothing is expanded.
    stop: Option<u32>,
    /// A stop that the others have not been told of.
    news: Option<Stop>,
    /// All have been told of one.
    told: bool,
    share: Share,
    successors: Vec<Successor>,
}

pub(super) fn run(
    worker: &mut Worker,
    world: StreamsWorld,
    options: &Options,
) -> Result<Outcome, Failure> {
    let (index, peers) = (worker.index(), worker.peers());
    let search = Rc::new(RefCell::new(Search::new(world, index, peers, options)));
    let mine = search.clone();
    let probe = worker.dataflow::<u32, _, _>(move |scope| {
        let first = (index == 0).then(|| mine.borrow_mut().first());
        let (handle, cycle) = scope.feedback(1);
        let start = first.into_iter().flatten().to_stream(scope).container::<Vec<Message>>();
        let route = Exchange::new(Message::to);
        let stream = start.concat(cycle);
        let next = stream.unary_frontier(route, "expand", move |_, info| {
            let activator = scope.activator_for(info.address);
            let mut open: BTreeMap<u32, Capability<u32>> = BTreeMap::new();
            move |(input, frontier), output| {
                let mut search = mine.borrow_mut();
                input.for_each_stamp(|capability, batches| {
                    let Some(capability) = capability.retain_least(0) else { return };
                    let level = *capability.time();
                    search.receive(level, batches.flat_map(std::mem::take));
                    open.entry(level).or_insert(capability);
                });
                let Some(entry) = open.first_entry() else { return };
                let level = *entry.key();
                if frontier.frontier().less_equal(&level) {
                    return;
                }
                let mut session = output.session(entry.get());
                let done = search.expand(level, |message| session.give(message));
                drop(session);
                if done {
                    entry.remove();
                }
                if !done || !open.is_empty() {
                    activator.activate();
                }
            }
        });
        let (probe, next) = next.probe();
        next.connect_loop(handle);
        probe
    });
    while !probe.done() {
        worker.step_or_park(None);
    }
    let mut search = search.borrow_mut();
    search.conclude(worker)
}

impl Search {
    fn new(world: StreamsWorld, index: usize, peers: usize, options: &Options) -> Self {
        let world = PackedWorld::new(world, Reductions::NONE);
        let hits = vec![None; world.properties().len()];
        Self {
            translator: Translator::new(peers),
            visited: Visited::new(false, options.expected / peers),
            log: Log::new(None, index),
            levels: BTreeMap::new(),
            waiting: Vec::new(),
            sent: vec![0; SENT],
            seen: Vec::new(),
            stop: None,
            news: None,
            told: false,
            share: Share { hits, worker: index, ..Share::default() },
            successors: Vec::new(),
            start: Instant::now(),
            options: options.clone(),
            world,
            index,
            peers,
        }
    }

    /// What the first worker begins with: the initial state, on its way to its owner.
    fn first(&mut self) -> Vec<Message> {
        let mut messages = Vec::new();
        match self.world.initial() {
            Err(full) => self.is_full(&full, 0),
            Ok(state) => {
                let fingerprint = self.world.fingerprint(&state);
                self.address(state, fingerprint, fingerprint, |message| messages.push(message));
            }
        }
        messages
    }

    /// Sends a state to its owner, with the definitions that it needs.
    fn address(
        &mut self,
        state: PackedState,
        fingerprint: Fingerprint,
        parent: Fingerprint,
        mut give: impl FnMut(Message),
    ) {
        let to = (owner(fingerprint) % self.peers as u64) as usize;
        let from = self.index as u32;
        if to != self.index {
            let sent = &mut self.share.sent;
            sent.0 += 1;
            self.translator.tell(&self.world, &state, to, |definition| {
                sent.1 += 1;
                give(Message::Define { to: to as u32, from, definition: Box::new(definition) });
            });
        }
        give(Message::State { fingerprint, parent, words: state.words(), from });
    }

    /// Messages of a level have come.
    fn receive(&mut self, level: u32, messages: impl Iterator<Item = Message>) {
        let mut records = Vec::new();
        for message in messages {
            match message {
                Message::State { .. } => self.read(level, message, &mut records),
                Message::Define { from, definition, .. } => {
                    let learned =
                        self.translator.learn(&mut self.world, from as usize, &definition);
                    if let Err(full) = learned {
                        self.is_full(&full, level);
                    }
                }
                Message::Stop { why, .. } => {
                    self.told = true;
                    self.halt(level, *why);
                }
            }
        }
        for (level, message) in std::mem::take(&mut self.waiting) {
            self.read(level, message, &mut records);
        }
        self.settle(level, &records);
    }

    fn read(&mut self, level: u32, message: Message, records: &mut Vec<Record>) {
        let Message::State { fingerprint, parent, words, from } = &message else { return };
        let state = PackedState::from_words(*words);
        let state = match *from as usize == self.index {
            true => Some(state),
            false => self.translator.read(*from as usize, &state),
        };
        match state {
            Some(state) => {
                records.push(Record { fingerprint: *fingerprint, parent: *parent, state })
            }
            // Whatever the order in which things come: its definition is on its way.
            None => self.waiting.push((level, message)),
        }
    }

    /// Keeps the states that are new.
    fn settle(&mut self, level: u32, records: &[Record]) {
        while self.log.levels().len() <= level as usize {
            self.log.end_level();
        }
        let mut fresh = Vec::new();
        let log = &mut self.log;
        self.visited.insert(records, |record| {
            log.push(record.fingerprint, record.parent);
            fresh.push((record.state, record.fingerprint));
        });
        self.share.states += fresh.len();
        if !fresh.is_empty() {
            self.share.levels = self.share.levels.max(level + 1);
        }
        for (state, fingerprint) in &fresh {
            self.judge(level, state, *fingerprint);
        }
        self.levels.entry(level).or_default().extend(fresh.iter().map(|(state, _)| *state));
    }

    fn judge(&mut self, level: u32, state: &PackedState, fingerprint: Fingerprint) {
        let class = self.world.verdict(state);
        let place = class as usize;
        if self.seen.len() <= place {
            self.seen.resize(place + 1, false);
        }
        if std::mem::replace(&mut self.seen[place], true) {
            return;
        }
        let verdict = self.world.verdict_of(class);
        for (place, hit) in self.share.hits.iter_mut().enumerate() {
            if (verdict.broken | verdict.reached) & (1 << place) != 0 {
                hit.get_or_insert((level, fingerprint));
            }
        }
        if verdict.broken != 0 && self.options.stop_at_violation {
            self.news.get_or_insert(Stop::Violation);
        }
    }

    fn is_full(&mut self, full: &Full, level: u32) {
        let why = Stop::Limit(full.to_string());
        self.halt(level, why.clone());
        self.news.get_or_insert(why);
    }

    /// Nothing of this level or a later one is expanded.
    fn halt(&mut self, level: u32, why: Stop) {
        self.stop = Some(self.stop.map_or(level, |known| known.min(level)));
        if let Stop::Limit(why) = why {
            self.share.cut.get_or_insert(why);
        }
    }

    fn over_limit(&self) -> Option<Stop> {
        let Options { state_limit, time_limit, .. } = self.options;
        if let Some(limit) = state_limit.filter(|limit| self.share.states > *limit) {
            return Some(Stop::Limit(format!("the limit of {limit} states a worker is reached")));
        }
        let limit = time_limit.filter(|limit| self.start.elapsed() > *limit)?;
        Some(Stop::Limit(format!("the time limit of {} s is reached", limit.as_secs_f64())))
    }

    /// Expands a portion of a level; whether that was the last.
    fn expand(&mut self, level: u32, mut give: impl FnMut(Message)) -> bool {
        if let Some(over) = self.over_limit() {
            self.news.get_or_insert(over);
        }
        // Once is enough: every stop is a message of the next level, and would call for another.
        if let Some(why) = self.news.take().filter(|_| !self.told) {
            self.told = true;
            self.halt(level + 1, why.clone());
            for to in 0..self.peers as u32 {
                give(Message::Stop { to, why: Box::new(why.clone()) });
            }
        }
        let Some(mut states) = self.levels.remove(&level) else { return true };
        if self.stop.is_some_and(|stop| level >= stop) {
            return true;
        }
        let rest = states.len().saturating_sub(PORTION);
        for state in states.drain(rest..) {
            self.expand_one(level, state, &mut give);
        }
        if rest == 0 {
            return true;
        }
        // A level is worked off from its end, so that its memory is given back.
        if states.len() < states.capacity() / 2 {
            states.shrink_to_fit();
        }
        self.levels.insert(level, states);
        false
    }

    fn expand_one(&mut self, level: u32, state: PackedState, give: &mut impl FnMut(Message)) {
        let mut successors = std::mem::take(&mut self.successors);
        successors.clear();
        if let Err(full) = self.world.expand_or_fill(state, &mut successors) {
            return self.is_full(&full, level);
        }
        self.share.edges += successors.len();
        let parent = self.world.fingerprint(&state);
        for next in &successors {
            let lately = &mut self.sent[next.fingerprint as usize % SENT];
            if *lately != next.fingerprint && next.fingerprint != parent {
                *lately = next.fingerprint;
                self.address(next.state, next.fingerprint, parent, &mut *give);
            }
        }
        self.successors = successors;
    }

    /// All workers together: the sums, and the ways to what was hit.
    fn conclude(&mut self, worker: &mut Worker) -> Result<Outcome, Failure> {
        assert!(self.waiting.is_empty(), "a state whose numbers nobody defined");
        self.log.check()?;
        let mut shares = to_all(worker, vec![self.share.clone()]);
        shares.sort_by_key(|share| share.worker);
        let count = self.share.hits.len();
        let nearest = |place: usize| shares.iter().filter_map(|share| share.hits[place]).min();
        let hits: Vec<_> = (0..count).map(nearest).collect();
        let mut ways = Vec::new();
        for hit in &hits {
            ways.push(match hit {
                Some(hit) => Some(self.way_to(worker, *hit)?),
                None => None,
            });
        }
        let sum = |of: fn(&Share) -> usize| shares.iter().map(of).sum();
        Ok(Outcome {
            states: sum(|share| share.states),
            edges: sum(|share| share.edges),
            levels: shares.iter().map(|share| share.levels as usize).max().unwrap_or(0),
            took: self.start.elapsed(),
            cut: shares.iter().find_map(|share| share.cut.clone()),
            hits: ways,
            shares: shares.iter().map(|share| share.states).collect(),
            sent: (sum(|share| share.sent.0), sum(|share| share.sent.1)),
        })
    }

    /// Back from owner to owner, level by level, and forward again through the readable model.
    fn way_to(
        &mut self,
        worker: &mut Worker,
        (level, hit): (u32, Fingerprint),
    ) -> Result<Path, Failure> {
        let mut way = vec![hit];
        let mut at = hit;
        for level in (1..=level).rev() {
            let mine = (owner(at) % self.peers as u64) as usize == self.index;
            let parent = if mine { self.log.parent(at, level as usize)? } else { None };
            let told = to_all(worker, parent.into_iter().collect());
            match told.first() {
                Some(parent) => at = *parent,
                None => unreachable!("a state that was reached from nowhere"),
            }
            way.push(at);
        }
        way.reverse();
        Ok(replay(&mut self.world, &way))
    }
}
