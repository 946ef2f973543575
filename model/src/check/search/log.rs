//! The way back: for each state of a shard, its fingerprint and that of the state it was reached from, in the
//! order in which they came. Short logs stay in memory, longer ones go to a file.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::packed::Fingerprint;

use super::Failure;

/// Bytes of an entry.
pub(super) const ENTRY: usize = 16;
/// How much is kept in memory.
const BUFFER: usize = 1 << 16;

/// The way back of some states of a run, as pairs of fingerprints, level by level. An error of its file is kept,
/// and told by what is asked of it next.
#[derive(Debug)]
pub struct Log {
    /// Where its file is to be; a temporary folder if nobody wants it afterwards.
    folder: Option<PathBuf>,
    number: usize,
    file: Option<(PathBuf, File)>,
    /// Bytes in the file.
    written: u64,
    buffer: Vec<u8>,
    /// Where each level begins, in bytes.
    levels: Vec<u64>,
    /// The first error; told when the log is asked for anything.
    failed: Option<io::Error>,
}

/// Tells apart the logs of runs in one process.
static RUNS: AtomicU64 = AtomicU64::new(0);

impl Log {
    /// An empty log. Its file, once there is one, is `log-NUMBER` in `folder`, or a temporary one that goes with
    /// the log.
    pub fn new(folder: Option<PathBuf>, number: usize) -> Self {
        let buffer = Vec::new();
        Self { folder, number, file: None, written: 0, buffer, levels: vec![0], failed: None }
    }

    /// Adds a state to the last level, with the state that it was reached from; the same for the initial one.
    pub fn push(&mut self, state: Fingerprint, parent: Fingerprint) {
        self.buffer.extend_from_slice(&state.to_le_bytes());
        self.buffer.extend_from_slice(&parent.to_le_bytes());
        if self.buffer.len() >= BUFFER
            && self.failed.is_none()
            && let Err(error) = self.spill()
        {
            self.failed = Some(error);
        }
    }

    /// In memory, in bytes.
    pub(super) fn memory(&self) -> usize {
        self.buffer.capacity()
    }

    /// Bytes so far.
    pub(super) fn len(&self) -> u64 {
        self.written + self.buffer.len() as u64
    }

    /// A level ends here.
    pub fn end_level(&mut self) {
        self.levels.push(self.len());
    }

    /// Where each level begins, in bytes from 0; one entry more than levels have ended.
    pub fn levels(&self) -> &[u64] {
        &self.levels
    }

    fn path(&self) -> PathBuf {
        let name = format!("log-{:02}", self.number);
        match &self.folder {
            Some(folder) => folder.join(name),
            None => {
                let run = RUNS.fetch_add(1, Ordering::Relaxed);
                let process = std::process::id();
                std::env::temp_dir().join(format!("streamproof-{process}-{run}-{name}"))
            }
        }
    }

    fn spill(&mut self) -> io::Result<()> {
        if self.file.is_none() {
            let path = self.path();
            let mut options = OpenOptions::new();
            let file = options.read(true).write(true).create(true).truncate(true).open(&path)?;
            self.file = Some((path, file));
        }
        if let Some((_, file)) = &mut self.file {
            file.seek(SeekFrom::Start(self.written))?;
            file.write_all(&self.buffer)?;
        }
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    fn failure(&self, source: io::Error) -> Failure {
        let path = self.file.as_ref().map_or_else(|| self.path(), |(path, _)| path.clone());
        Failure::File { path, source }
    }

    /// Everything so far is on disk.
    pub(super) fn sync(&mut self) -> Result<(), Failure> {
        if let Some(source) = self.failed.take() {
            return Err(self.failure(source));
        }
        let done = self.spill().and_then(|()| match &self.file {
            Some((_, file)) => file.sync_data(),
            None => Ok(()),
        });
        done.map_err(|source| self.failure(source))
    }

    /// Whether it is whole so far.
    ///
    /// # Errors
    ///
    /// [`Failure::File`] if something could not be written.
    pub fn check(&mut self) -> Result<(), Failure> {
        self.failed.take().map_or(Ok(()), |source| Err(self.failure(source)))
    }

    /// Goes on from a file whose first `levels.last()` bytes are good; `each` is told every entry's state.
    pub(super) fn reopen(
        &mut self,
        levels: Vec<u64>,
        mut each: impl FnMut(Fingerprint),
    ) -> Result<(), Failure> {
        let len = levels.last().copied().unwrap_or(0);
        let path = self.path();
        let open = OpenOptions::new().read(true).write(true).open(&path);
        let mut file = open.map_err(|source| Failure::File { path: path.clone(), source })?;
        let mut read = || {
            if file.metadata()?.len() < len {
                let short = "it ends before what the checkpoint counts";
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, short));
            }
            // What was written after the checkpoint is written again.
            file.set_len(len)?;
            file.seek(SeekFrom::Start(0))?;
            let mut reader = io::BufReader::with_capacity(1 << 20, &file);
            let mut entry = [0; ENTRY];
            for _ in 0..len / ENTRY as u64 {
                reader.read_exact(&mut entry)?;
                each(first(&entry));
            }
            Ok(())
        };
        read().map_err(|source| Failure::File { path: path.clone(), source })?;
        self.file = Some((path, file));
        (self.written, self.levels) = (len, levels);
        Ok(())
    }

    /// The state from which `state`, a state of this level (counted from 0), was reached first; `None` if
    /// that level has no such state.
    ///
    /// # Errors
    ///
    /// [`Failure::File`] if something could not be written or read.
    pub fn parent(
        &mut self,
        state: Fingerprint,
        level: usize,
    ) -> Result<Option<Fingerprint>, Failure> {
        self.check()?;
        let from = self.levels.get(level).copied().unwrap_or_else(|| self.len());
        let to = self.levels.get(level + 1).copied().unwrap_or_else(|| self.len());
        let bytes = self.bytes(from, to).map_err(|source| self.failure(source))?;
        let entry = bytes.chunks_exact(ENTRY).find(|entry| first(entry) == state);
        Ok(entry.map(|entry| first(&entry[8..])))
    }

    fn bytes(&mut self, from: u64, to: u64) -> io::Result<Vec<u8>> {
        let in_file = (self.written.min(to)).saturating_sub(from);
        let mut bytes = vec![0; in_file as usize];
        if let Some((_, file)) = self.file.as_mut().filter(|_| in_file > 0) {
            file.seek(SeekFrom::Start(from))?;
            file.read_exact(&mut bytes)?;
        }
        if to > self.written {
            let begin = from.saturating_sub(self.written) as usize;
            bytes.extend_from_slice(&self.buffer[begin..(to - self.written) as usize]);
        }
        Ok(bytes)
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        if let (None, Some((path, _))) = (&self.folder, &self.file) {
            // Nobody asks for it again; what cannot be removed is left to the system.
            let _ = std::fs::remove_file(path);
        }
    }
}

fn first(entry: &[u8]) -> Fingerprint {
    let mut word = [0; 8];
    word.copy_from_slice(&entry[..8]);
    Fingerprint::from_le_bytes(word)
}
