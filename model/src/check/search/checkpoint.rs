//! Checkpoints: at the end of a level, what a run needs to go on after a crash.
//!
//! The logs are files anyway; a checkpoint says how much of them counts, and has the level's states with the
//! contents of their parts. It is written beside the last one and then renamed, so that there is always a
//! whole one.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::packed::{Definition, PackedState, Table};

use super::{Checkpoints, Failure, Hit, Run};

/// Another number is another format.
const FORMAT: u32 = 1;
const NAME: &str = "checkpoint";

/// There is no going on from a checkpoint.
#[derive(Debug, thiserror::Error)]
pub enum BadCheckpoint {
    /// It cannot be read.
    #[error("{}: no checkpoint that can be read: {why}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// It belongs to another run.
    #[error("{}: of another run: {what}", path.display())]
    Foreign {
        /// Which file.
        path: PathBuf,
        /// What is different.
        what: String,
    },
    /// States themselves are too many to be written down again and again.
    #[error("an exact run leaves no checkpoints")]
    Exact,
}

#[derive(Deserialize, Serialize)]
struct Saved {
    format: u32,
    /// The preset, the reductions, and the first state's content.
    run: String,
    states: usize,
    edges: usize,
    terminals: usize,
    levels: usize,
    seconds: f64,
    hits: Vec<Option<(u64, usize)>>,
    logs: Vec<Vec<u64>>,
    definitions: Vec<Definition>,
    level: Vec<Vec<[u32; 7]>>,
}

impl Run<'_> {
    /// What this run is, in one line.
    fn identity(&self) -> String {
        let preset = &self.world.world().preset;
        let names = self.world.properties().iter().map(|property| property.name);
        let properties: Vec<_> = names.collect();
        format!("{preset:?} {:?} {properties:?}", self.options.reductions)
    }

    fn saved(&self) -> Saved {
        let all = |table| (0..self.world.table_len(table) as u32).map(move |n| (table, n));
        let hit = |hit: &Option<Hit>| hit.map(|hit| (hit.fingerprint, hit.level));
        Saved {
            format: FORMAT,
            run: self.identity(),
            states: self.states,
            edges: self.edges,
            terminals: self.terminals,
            levels: self.levels,
            seconds: self.elapsed().as_secs_f64(),
            hits: self.hits.iter().map(hit).collect(),
            logs: self.shards.iter().map(|shard| shard.log.levels().to_vec()).collect(),
            definitions: Table::ALL
                .into_iter()
                .flat_map(all)
                .map(|(table, number)| self.world.definition(table, number))
                .collect(),
            level: self
                .shards
                .iter()
                .map(|shard| shard.level.iter().map(|state| state.words()).collect())
                .collect(),
        }
    }

    pub(super) fn save_if_due(&mut self, saved: &mut Instant) -> Result<(), Failure> {
        let Some(Checkpoints { folder, every, .. }) = self.options.checkpoint.clone() else {
            return Ok(());
        };
        if saved.elapsed() < every {
            return Ok(());
        }
        for shard in &mut self.shards {
            shard.log.sync()?;
        }
        // No name of its own, as a killed run would leave it for ever: the folder is one run's alone.
        let (path, fresh) = (folder.join(NAME), folder.join(format!("{NAME}.new")));
        let write = || -> io::Result<()> {
            let mut file = BufWriter::new(File::create(&fresh)?);
            ciborium::into_writer(&self.saved(), &mut file).map_err(io::Error::other)?;
            file.flush()?;
            file.get_ref().sync_all()?;
            fs::rename(&fresh, &path)
        };
        write().map_err(|source| {
            // What was begun is of no use to anybody.
            let _ = fs::remove_file(&fresh);
            Failure::File { path: fresh.clone(), source }
        })?;
        *saved = Instant::now();
        Ok(())
    }

    /// Takes up the last checkpoint, if there is one and it is wanted.
    pub(super) fn resume(&mut self) -> Result<bool, Failure> {
        let Some(Checkpoints { folder, resume, .. }) = self.options.checkpoint.clone() else {
            return Ok(false);
        };
        if self.options.exact {
            return Err(BadCheckpoint::Exact.into());
        }
        fs::create_dir_all(&folder)
            .map_err(|source| Failure::File { path: folder.clone(), source })?;
        let path = folder.join(NAME);
        if !resume || !path.exists() {
            return Ok(false);
        }
        let file =
            File::open(&path).map_err(|source| Failure::File { path: path.clone(), source })?;
        let saved: Saved = ciborium::from_reader(BufReader::new(file)).map_err(|error| {
            BadCheckpoint::Unreadable { path: path.clone(), why: error.to_string() }
        })?;
        self.take_up(saved, &path)?;
        Ok(true)
    }

    fn take_up(&mut self, saved: Saved, path: &std::path::Path) -> Result<(), Failure> {
        let foreign =
            |what: &str| BadCheckpoint::Foreign { path: path.into(), what: what.to_owned() };
        if saved.format != FORMAT {
            let what = format!("it has format {}, this version writes {FORMAT}", saved.format);
            return Err(foreign(&what).into());
        }
        if saved.run != self.identity() {
            return Err(foreign("another preset, other bounds or other reductions").into());
        }
        for definition in &saved.definitions {
            match self.world.define(definition) {
                Ok(number) if number == definition.number => {}
                Ok(_) => return Err(foreign("its states have other parts here").into()),
                Err(error) => return Err(foreign(&error.to_string()).into()),
            }
        }
        for ((shard, log), level) in self.shards.iter_mut().zip(saved.logs).zip(saved.level) {
            let visited = &mut shard.visited;
            shard.log.reopen(log, |fingerprint| visited.put(fingerprint))?;
            shard.level = level.into_iter().map(PackedState::from_words).collect();
        }
        let hit =
            |hit: Option<(u64, usize)>| hit.map(|(fingerprint, level)| Hit { fingerprint, level });
        self.width = self.shards.iter().map(|shard| shard.level.len()).sum();
        self.hits = saved.hits.into_iter().map(hit).collect();
        (self.states, self.edges, self.terminals) = (saved.states, saved.edges, saved.terminals);
        (self.levels, self.before) = (saved.levels, Duration::from_secs_f64(saved.seconds));
        Ok(())
    }
}
