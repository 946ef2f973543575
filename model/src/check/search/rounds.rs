//! The search: levels of rounds of two halves.

use std::time::{Duration, Instant};

use crate::packed::{Fingerprint, Full, PackedState, PackedWorld, Successor, VerdictClass};

use super::{Cut, Failure, Hit, Progress, Record, Run, SHARDS, Shard};

/// Shards are expanded in so many groups, and each keeps what it sends apart.
const GROUPS: usize = 8;
/// Below so many states in a level, threads cost more than they bring.
const FEW: usize = 2_000;
/// How many fingerprints a group remembers to have sent lately.
const SENT: usize = 1 << 12;

/// What a group of shards sends: records for each shard, and the states that the tables lack something for.
struct Group {
    to: Vec<Vec<Record>>,
    deferred: Vec<PackedState>,
    sent: Vec<Fingerprint>,
    edges: usize,
    terminals: usize,
    successors: Vec<Successor>,
}

impl Group {
    fn new() -> Self {
        Self {
            to: vec![Vec::new(); SHARDS],
            deferred: Vec::new(),
            sent: vec![0; SENT],
            edges: 0,
            terminals: 0,
            successors: Vec::new(),
        }
    }

    fn memory(&self) -> usize {
        let records: usize = self.to.iter().map(Vec::capacity).sum();
        records * size_of::<Record>() + SENT * size_of::<Fingerprint>()
    }

    /// Expands the next portion of each of these shards.
    fn expand(&mut self, world: &PackedWorld, shards: &[Shard]) {
        for shard in shards {
            for state in shard.level.portion() {
                self.successors.clear();
                if world.expand(*state, &mut self.successors) {
                    self.send(world, state);
                } else {
                    self.deferred.push(*state);
                }
            }
        }
    }

    /// Sends the successors of `state` to their shards, but for those sent already: in this order, what was
    /// sent first counts.
    fn send(&mut self, world: &PackedWorld, state: &PackedState) {
        let parent = world.fingerprint(state);
        self.edges += self.successors.len();
        let mut moves = false;
        for next in &self.successors {
            let fingerprint = next.fingerprint;
            moves |= fingerprint != parent;
            let lately = &mut self.sent[fingerprint as usize % SENT];
            if *lately != fingerprint && fingerprint != parent {
                *lately = fingerprint;
                let record = Record { fingerprint, parent, state: next.state.by_words() };
                self.to[shard_of(fingerprint)].push(record);
            }
        }
        self.terminals += usize::from(!moves);
    }
}

/// The shard that a fingerprint belongs to.
pub(super) const fn shard_of(fingerprint: Fingerprint) -> usize {
    (fingerprint >> 60) as usize
}

/// What a shard settled in a round: new states whose verdict nobody knows, and the first of each verdict that
/// has not been seen.
#[derive(Default)]
struct Settled {
    fresh: usize,
    unjudged: Vec<(PackedState, Fingerprint)>,
    firsts: Vec<(VerdictClass, Fingerprint)>,
}

impl Settled {
    fn of(shard: &mut Shard, number: usize, groups: &[Group], view: &View<'_>) -> Self {
        let mut settled = Self::default();
        let Shard { visited, next, log, .. } = shard;
        for group in groups {
            visited.insert(&group.to[number], |record| {
                next.push(record.state);
                log.push(record.fingerprint, record.parent);
                settled.fresh += 1;
                match view.world.known_verdict(&record.state) {
                    None => settled.unjudged.push((record.state, record.fingerprint)),
                    Some(class) => settled.note(class, record.fingerprint, view.seen),
                }
            });
        }
        settled
    }

    fn note(&mut self, class: VerdictClass, fingerprint: Fingerprint, seen: &[bool]) {
        let known = seen.get(class as usize).copied().unwrap_or(false);
        if !known && self.firsts.iter().all(|(other, _)| *other != class) {
            self.firsts.push((class, fingerprint));
        }
    }
}

/// What is shared while shards settle.
struct View<'a> {
    world: &'a PackedWorld,
    seen: &'a [bool],
}

impl Run<'_> {
    /// The first state, or the last checkpoint.
    pub(super) fn begin(&mut self) -> Result<Result<(), Full>, Failure> {
        if self.resume()? {
            return Ok(Ok(()));
        }
        let first = match self.world.initial() {
            Ok(first) => first,
            Err(full) => return Ok(Err(full)),
        };
        let fingerprint = self.world.fingerprint(&first);
        let mut groups = vec![Group::new()];
        groups[0].to[shard_of(fingerprint)].push(Record {
            fingerprint,
            parent: fingerprint,
            state: first,
        });
        self.levels = 0;
        self.settle(&groups, 1);
        self.next_level();
        Ok(Ok(()))
    }

    /// Searches to the end, or until something cuts the run.
    pub(super) fn search(
        &mut self,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Option<Cut>, Failure> {
        let mut groups: Vec<Group> = (0..GROUPS).map(|_| Group::new()).collect();
        let mut saved = Instant::now();
        while self.width > 0 {
            if self.options.stop_at_violation && self.is_violated() {
                break;
            }
            while self.shards.iter().any(|shard| shard.level.len() > 0) {
                if let Some(cut) = self.round(&mut groups) {
                    return Ok(Some(cut));
                }
                self.tell(progress);
                if let Some(cut) = self.over_limit(&groups) {
                    return Ok(Some(cut));
                }
            }
            self.next_level();
            self.shards.iter_mut().try_for_each(|shard| shard.log.check())?;
            self.save_if_due(&mut saved)?;
        }
        Ok(None)
    }

    fn round(&mut self, groups: &mut [Group]) -> Option<Cut> {
        let threads = if self.width < FEW { 1 } else { self.options.threads.clamp(1, GROUPS) };
        for group in groups.iter_mut() {
            group.to.iter_mut().for_each(Vec::clear);
        }
        self.expand(groups, threads);
        if let Err(full) = self.expand_deferred(groups) {
            return Some(Cut::Full(full));
        }
        self.shards.iter_mut().for_each(|shard| shard.level.drop_portion());
        self.settle(groups, threads);
        None
    }

    fn expand(&self, groups: &mut [Group], threads: usize) {
        let (world, shards) = (&self.world, &self.shards);
        let work = |mine: &mut [Group], first: usize| {
            for (at, group) in mine.iter_mut().enumerate() {
                let each = SHARDS / GROUPS;
                group.expand(world, &shards[(first + at) * each..][..each]);
            }
        };
        if threads == 1 {
            return work(groups, 0);
        }
        let each = groups.len().div_ceil(threads);
        std::thread::scope(|scope| {
            for (number, mine) in groups.chunks_mut(each).enumerate() {
                scope.spawn(move || work(mine, number * each));
            }
        });
    }

    /// States for which the tables lack something, one after the other, in order.
    fn expand_deferred(&mut self, groups: &mut [Group]) -> Result<(), Full> {
        for group in groups {
            for state in std::mem::take(&mut group.deferred) {
                group.successors.clear();
                self.world.expand_or_fill(state, &mut group.successors)?;
                group.send(&self.world, &state);
            }
            self.edges += std::mem::take(&mut group.edges);
            self.terminals += std::mem::take(&mut group.terminals);
        }
        Ok(())
    }

    fn settle(&mut self, groups: &[Group], threads: usize) {
        let view = View { world: &self.world, seen: &self.seen };
        let work = |mine: &mut [Shard], first: usize| -> Vec<Settled> {
            let settle = |(at, shard)| Settled::of(shard, first + at, groups, &view);
            mine.iter_mut().enumerate().map(settle).collect()
        };
        let settled = if threads == 1 {
            work(&mut self.shards, 0)
        } else {
            let each = SHARDS.div_ceil(threads);
            let work = &work;
            std::thread::scope(|scope| {
                let start = |(number, mine)| scope.spawn(move || work(mine, number * each));
                let parts: Vec<_> = self.shards.chunks_mut(each).enumerate().map(start).collect();
                let join = |part: std::thread::ScopedJoinHandle<'_, Vec<Settled>>| {
                    part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                };
                parts.into_iter().flat_map(join).collect()
            })
        };
        for shard in settled {
            self.judge(shard);
        }
    }

    fn judge(&mut self, mut settled: Settled) {
        self.states += settled.fresh;
        for (state, fingerprint) in std::mem::take(&mut settled.unjudged) {
            let class = self.world.verdict(&state);
            settled.note(class, fingerprint, &self.seen);
        }
        for (class, fingerprint) in settled.firsts {
            let class_place = class as usize;
            if self.seen.len() <= class_place {
                self.seen.resize(class_place + 1, false);
            }
            if std::mem::replace(&mut self.seen[class_place], true) {
                continue;
            }
            let verdict = self.world.verdict_of(class);
            let level = self.levels;
            for (place, hit) in self.hits.iter_mut().enumerate() {
                if (verdict.broken | verdict.reached) & (1 << place) != 0 {
                    hit.get_or_insert(Hit { fingerprint, level });
                }
            }
        }
    }

    fn next_level(&mut self) {
        self.last_width = self.width;
        for shard in &mut self.shards {
            shard.log.end_level();
            shard.level = std::mem::take(&mut shard.next);
        }
        self.width = self.shards.iter().map(|shard| shard.level.len()).sum();
        self.levels += 1;
        if self.width == 0 {
            self.levels -= 1;
        }
    }

    fn is_violated(&self) -> bool {
        self.hits.iter().zip(self.world.properties()).any(|(hit, property)| {
            hit.is_some() && property.expectation == stateright::Expectation::Always
        })
    }

    fn tell(&mut self, progress: &mut dyn FnMut(Progress)) {
        if self.told.elapsed() < Duration::from_millis(250) {
            return;
        }
        self.told = Instant::now();
        progress(Progress {
            states: self.states,
            levels: self.levels,
            width: self.width,
            last_width: self.last_width,
            elapsed: self.elapsed(),
        });
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.before + self.start.elapsed()
    }

    fn over_limit(&mut self, groups: &[Group]) -> Option<Cut> {
        let of_shard = |shard: &Shard| {
            let queues = shard.level.memory() + shard.next.memory();
            shard.visited.memory() + queues + shard.log.memory()
        };
        let shards: usize = self.shards.iter().map(of_shard).sum();
        let groups: usize = groups.iter().map(Group::memory).sum();
        let memory = shards + groups + self.world.memory();
        self.memory = self.memory.max(memory);
        let limits = self.options.limits;
        if let Some(limit) = limits.memory.filter(|limit| memory > *limit) {
            return Some(Cut::Memory { limit });
        }
        if let Some(limit) = limits.states.filter(|limit| self.states > *limit) {
            return Some(Cut::States { limit });
        }
        limits.time.filter(|limit| self.elapsed() > *limit).map(|limit| Cut::Time { limit })
    }
}
