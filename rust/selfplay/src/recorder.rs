//! Takes the games of a run in their order to the files that they belong to.
//!
//! A game's line goes to the JSONL file when the game is in the database, so that a run that is killed and resumed finds
//! at most more games there than lines, and stores none twice.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ringrift_replay::{Ack, StoreError, StoreWriter, Stored, files::write_atomic};
use serde_json::Value;

use crate::jsonl::{JsonlError, JsonlFile};
use crate::record::{Finished, GameRecord, RunNames};
use crate::settings::GameSettings;

/// Bytes of lines after which they are written.
const BUFFER_BYTES: usize = 1 << 20;

/// Time after which waiting lines are written.
const BUFFER_TIME: Duration = Duration::from_millis(200);

/// Bytes of games that may wait for the database.
const WAITING_BYTES: usize = 8 << 20;

/// Why a game could not be recorded; ends the run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The JSONL file.
    #[error(transparent)]
    Jsonl(#[from] JsonlError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Another file beside them.
    #[error("cannot write {}: {source}\nhint: check permissions and space", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// Where sampled positions go.
#[derive(Debug)]
pub(crate) struct PoolFile {
    pub path: PathBuf,
    pub file: File,
    pub left: u64,
}

impl PoolFile {
    pub fn open(path: &Path, states_max: u64) -> Result<Self, RecordError> {
        let fail = |source| RecordError::File { path: path.to_owned(), source };
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder).map_err(fail)?;
        }
        let file = OpenOptions::new().create(true).append(true).open(path).map_err(fail)?;
        Ok(Self { path: path.to_owned(), file, left: states_max })
    }
}

struct Waiting {
    record: GameRecord,
    ack: Option<Ack>,
    samples: Vec<String>,
}

impl Waiting {
    fn bytes(&self) -> usize {
        self.record.moves_json.len() + self.record.initial_json.len()
    }
}

pub(crate) struct Recorder<'a> {
    pub settings: &'a GameSettings,
    pub names: &'a RunNames,
    pub jsonl: Option<JsonlFile>,
    pub failures: PathBuf,
    pub store: Option<StoreWriter>,
    pub pool: Option<PoolFile>,
    pub record_seconds: f64,
    waiting: VecDeque<Waiting>,
    waiting_bytes: usize,
    lines: String,
    ready: Vec<GameRecord>,
    written_at: Instant,
}

impl<'a> Recorder<'a> {
    pub fn new(settings: &'a GameSettings, names: &'a RunNames, jsonl: Option<JsonlFile>, failures: PathBuf) -> Self {
        Self {
            settings,
            names,
            jsonl,
            failures,
            store: None,
            pool: None,
            record_seconds: 0.0,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            lines: String::new(),
            ready: Vec::new(),
            written_at: Instant::now(),
        }
    }

    /// Takes the next game.
    pub fn push(&mut self, game: Finished) -> Result<(), RecordError> {
        let Finished { mut record, stored, samples } = game;
        let ack = match (stored, &self.store) {
            (Some(Ok(encoded)), Some(store)) => Some(store.submit(encoded)?),
            (Some(Err(error)), _) => {
                refuse(&mut record, &error);
                None
            }
            _ => None,
        };
        let waiting = Waiting { record, ack, samples };
        self.waiting_bytes += waiting.bytes();
        self.waiting.push_back(waiting);
        while self.waiting_bytes > WAITING_BYTES {
            self.settle_first(true)?;
        }
        Ok(())
    }

    /// Writes what can be written, and returns the games that are safe now. `all` waits for every game.
    pub fn write(&mut self, all: bool) -> Result<Vec<GameRecord>, RecordError> {
        while self.settle_first(all)? {}
        let is_due = all || self.lines.len() >= BUFFER_BYTES || self.written_at.elapsed() >= BUFFER_TIME;
        if !is_due || self.ready.is_empty() {
            return Ok(Vec::new());
        }
        let began = Instant::now();
        if let Some(jsonl) = &mut self.jsonl {
            jsonl.append(&self.lines)?;
        }
        self.lines.clear();
        self.written_at = Instant::now();
        self.record_seconds += began.elapsed().as_secs_f64();
        Ok(std::mem::take(&mut self.ready))
    }

    /// Turns the first waiting game into a line, if the database has decided on it; tells whether it did.
    fn settle_first(&mut self, wait: bool) -> Result<bool, RecordError> {
        let Some(mut first) = self.waiting.pop_front() else { return Ok(false) };
        let decided = match first.ack.take() {
            Some(ack) if wait => Some(ack.wait()),
            Some(ack) => {
                let Some(result) = ack.poll() else {
                    first.ack = Some(ack);
                    self.waiting.push_front(first);
                    return Ok(false);
                };
                Some(result)
            }
            None => None,
        };
        if let Some(decided) = decided {
            match decided {
                Ok(Stored::New | Stored::AlreadyThere) => first.record.db_recorded = true,
                Err(error) if ends_run(&error) => return Err(error.into()),
                Err(error) => refuse(&mut first.record, &error),
            }
        }
        self.waiting_bytes -= first.bytes();
        let Waiting { mut record, samples, .. } = first;
        if self.jsonl.is_some() {
            self.lines.push_str(&record.line(self.settings, self.names));
        }
        if let Some(failure) = record.failure.take() {
            self.write_failure(&record, &failure)?;
        }
        self.write_samples(&samples)?;
        // Summaries need neither.
        record.moves_json = String::new();
        record.initial_json = String::new();
        self.ready.push(record);
        Ok(true)
    }

    fn write_failure(&self, record: &GameRecord, failure: &Value) -> Result<(), RecordError> {
        let reason: String = record
            .termination_reason
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' })
            .collect();
        let path = self.failures.join(format!("failure_{}_{reason}.json", record.index));
        let written =
            fs::create_dir_all(&self.failures).and_then(|()| write_atomic(&path, failure.to_string().as_bytes()));
        written.map_err(|source| RecordError::File { path, source })
    }

    fn write_samples(&mut self, samples: &[String]) -> Result<(), RecordError> {
        let Some(pool) = self.pool.as_mut().filter(|pool| pool.left > 0) else { return Ok(()) };
        let mut text = String::new();
        for sample in samples.iter().take(pool.left as usize) {
            pool.left -= 1;
            text.push_str(sample);
            text.push('\n');
        }
        let written = pool.file.write_all(text.as_bytes());
        written.map_err(|source| RecordError::File { path: pool.path.clone(), source })
    }

    /// Ends the writing.
    pub fn close(self) -> Result<(), RecordError> {
        if let Some(pool) = self.pool {
            pool.file.sync_all().map_err(|source| RecordError::File { path: pool.path, source })?;
        }
        if let Some(store) = self.store {
            store.close()?;
        }
        Ok(())
    }
}

/// Whether an error would befall every further game too.
fn ends_run(error: &StoreError) -> bool {
    error.is_environment() || !matches!(error, StoreError::Unstorable { .. } | StoreError::Duplicate { .. })
}

fn refuse(record: &mut GameRecord, error: &StoreError) {
    record.db_game_id = None;
    record.skipped = true;
    let text = error.to_string();
    record.db_record_error = Some(format!("StoreError:{}", text.lines().next().unwrap_or_default()));
}
