//! Stores games: one thread per writer, which commits the games that wait in groups.
//!
//! A game is acknowledged when the transaction that holds it is on the disk. The thread takes whatever waits, up to a
//! limit, into one transaction: a lone game is stored at once, and many games share the cost of reaching the disk.

use std::{
    path::{Path, PathBuf},
    sync::mpsc::{self, Receiver, SyncSender},
    thread::{self, JoinHandle},
    time::Duration,
};

use rusqlite::Connection;

use super::{
    connection::{self, BUSY_TIMEOUT, WriteSettings},
    encode::EncodedGame,
    error::{At, StoreError},
    game::{NewGame, RecordForm},
    insert::{Outcome, insert_game},
};

/// Settings of a writer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriterOptions {
    /// In which form [`StoreWriter::store`] stores games.
    pub form: RecordForm,
    /// Most games that wait; further ones make their threads wait.
    pub queue_games: usize,
    /// Most games of one transaction.
    pub batch_games: usize,
    /// Bytes after which a transaction is closed.
    pub batch_bytes: usize,
    /// How long to wait for other processes that hold the database.
    pub busy_timeout: Duration,
    /// Most pages of 4 KiB that the database may have; games beyond get [`StoreError::Full`].
    pub pages_max: Option<u32>,
}

impl Default for WriterOptions {
    fn default() -> Self {
        Self {
            form: RecordForm::LEAN,
            queue_games: 128,
            batch_games: 256,
            batch_bytes: 8 << 20,
            busy_timeout: BUSY_TIMEOUT,
            pages_max: None,
        }
    }
}

/// What became of a game.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Stored {
    /// It is in the database now.
    New,
    /// The same game was there already, from before an interruption.
    AlreadyThere,
}

/// The promise to store a game.
#[derive(Debug)]
#[must_use = "a game is safe only when it is acknowledged"]
pub struct Ack {
    path: PathBuf,
    result: Receiver<Result<Stored, StoreError>>,
}

impl Ack {
    /// Waits until the game is on the disk.
    ///
    /// # Errors
    /// Why it is not.
    pub fn wait(self) -> Result<Stored, StoreError> {
        self.result.recv().unwrap_or(Err(StoreError::WriterStopped { path: self.path }))
    }

    /// What became of the game, if that is decided.
    pub fn poll(&self) -> Option<Result<Stored, StoreError>> {
        match self.result.try_recv() {
            Ok(result) => Some(result),
            Err(mpsc::TryRecvError::Empty) => None,
            Err(mpsc::TryRecvError::Disconnected) => Some(Err(StoreError::WriterStopped { path: self.path.clone() })),
        }
    }
}

/// What a writer did.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub struct WriterSummary {
    /// Games that it added.
    pub games: u64,
    /// Games that were there already.
    pub already_there: u64,
    /// Transactions that it took.
    pub commits: u64,
}

/// Where to tell what became of a game, and what that is unless the transaction fails.
type Answer = (SyncSender<Result<Stored, StoreError>>, Result<Stored, StoreError>);

struct Job {
    game: EncodedGame,
    ack: SyncSender<Result<Stored, StoreError>>,
}

/// Writes games into a database; to be shared by all threads of a process.
///
/// ```
/// use ringrift_replay::{NewGame, StateDocument, StoreReader, StoreWriter, Stored, WriterOptions, game_id};
/// use ringrift_rules::{AnyPosition, BoardKind, MoveList, PlayerCount, RuleOptions};
///
/// let rules = RuleOptions::standard(BoardKind::Hex8, PlayerCount::Two);
/// let start = AnyPosition::initial(BoardKind::Hex8, PlayerCount::Two, rules);
/// let (mut position, mut list, mut moves) = (start.clone(), MoveList::new(), Vec::new());
/// loop {
///     position.legal_moves(&mut list);
///     let Some(&mv) = list.last() else { break };
///     position.make_move(mv);
///     moves.push(mv.into());
/// }
/// let game = NewGame::new(game_id("a run", 0), StateDocument::new(start), moves, serde_json::Map::new());
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("games.db");
/// let writer = StoreWriter::open(&path, WriterOptions::default())?;
/// assert_eq!(writer.store(&game)?, Stored::New);
/// assert_eq!(writer.close()?.games, 1);
///
/// let mut reader = StoreReader::open(&path)?;
/// assert_eq!(reader.game(&game_id("a run", 0))?.end()?, position);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct StoreWriter {
    path: PathBuf,
    options: WriterOptions,
    jobs: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<Result<WriterSummary, StoreError>>>,
}

impl StoreWriter {
    /// Opens a database: makes it where it is missing, and migrates older schemas.
    ///
    /// # Errors
    /// Whatever stands in the way; the file is unchanged then.
    pub fn open(path: &Path, options: WriterOptions) -> Result<Self, StoreError> {
        let settings = WriteSettings { busy_timeout: options.busy_timeout, pages_max: options.pages_max };
        let connection = connection::open_for_writing(path, settings)?;
        let (jobs, queue) = mpsc::sync_channel(options.queue_games.max(1));
        let worker = Worker {
            path: path.to_owned(),
            connection,
            queue,
            batch_games: options.batch_games.max(1),
            batch_bytes: options.batch_bytes,
            waited_ms: options.busy_timeout.as_millis() as u64,
            summary: WriterSummary::default(),
        };
        let thread = thread::Builder::new()
            .name("store".into())
            .spawn(move || worker.run())
            .map_err(|error| StoreError::CannotOpen { path: path.to_owned(), message: error.to_string() })?;
        Ok(Self { path: path.to_owned(), options, jobs: Some(jobs), thread: Some(thread) })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The form in which [`StoreWriter::store`] stores games.
    pub fn form(&self) -> RecordForm {
        self.options.form
    }

    /// Hands a game over; waits only while the queue is full.
    ///
    /// # Errors
    /// [`StoreError::WriterStopped`].
    pub fn submit(&self, game: EncodedGame) -> Result<Ack, StoreError> {
        let stopped = || StoreError::WriterStopped { path: self.path.clone() };
        let (ack, result) = mpsc::sync_channel(1);
        let jobs = self.jobs.as_ref().ok_or_else(stopped)?;
        jobs.send(Job { game, ack }).map_err(|_| stopped())?;
        Ok(Ack { path: self.path.clone(), result })
    }

    /// Stores a game and returns when it is on the disk.
    ///
    /// # Errors
    /// Why it is not stored.
    pub fn store(&self, game: &NewGame) -> Result<Stored, StoreError> {
        self.submit(game.encode(self.options.form)?)?.wait()
    }

    /// Stores what waits and closes the database.
    ///
    /// # Errors
    /// What went wrong while closing. Every acknowledged game is safe nevertheless.
    pub fn close(mut self) -> Result<WriterSummary, StoreError> {
        self.finish()
    }

    fn finish(&mut self) -> Result<WriterSummary, StoreError> {
        self.jobs = None;
        let stopped = StoreError::WriterStopped { path: self.path.clone() };
        match self.thread.take() {
            Some(thread) => thread.join().unwrap_or(Err(stopped)),
            None => Err(stopped),
        }
    }
}

impl Drop for StoreWriter {
    fn drop(&mut self) {
        // Errors have reached the games that they befell.
        let _ = self.finish();
    }
}

struct Worker {
    path: PathBuf,
    connection: Connection,
    queue: Receiver<Job>,
    batch_games: usize,
    batch_bytes: usize,
    waited_ms: u64,
    summary: WriterSummary,
}

impl Worker {
    fn run(mut self) -> Result<WriterSummary, StoreError> {
        while let Ok(first) = self.queue.recv() {
            self.commit_batch(first);
        }
        let at = At { path: &self.path, waited_ms: self.waited_ms };
        // Readers may hold the log; what it has is safe, and the next writer carries it over.
        let _ = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        self.connection.close().map_err(|(_, error)| at.error("closing", &error))?;
        Ok(self.summary)
    }

    /// Stores a game and those that wait behind it in one transaction, then acknowledges them.
    fn commit_batch(&mut self, first: Job) {
        let mut acks: Vec<Answer> = Vec::new();
        let committed = self.fill_batch(first, &mut acks);
        if committed.is_ok() {
            self.summary.commits += 1;
        }
        for (ack, result) in acks {
            let result = match (&committed, result) {
                (Err(error), Ok(_)) => Err(error.clone()),
                (_, result) => result,
            };
            match result {
                Ok(Stored::New) => self.summary.games += 1,
                Ok(Stored::AlreadyThere) => self.summary.already_there += 1,
                Err(_) => {}
            }
            // Nobody may be waiting any more.
            let _ = ack.send(result);
        }
    }

    fn fill_batch(&mut self, first: Job, acks: &mut Vec<Answer>) -> Result<(), StoreError> {
        let at = At { path: &self.path, waited_ms: self.waited_ms };
        let begun = self.connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate);
        let mut transaction = match begun {
            Ok(transaction) => transaction,
            Err(error) => {
                let error = at.error("beginning a transaction", &error);
                acks.push((first.ack, Err(error.clone())));
                return Err(error);
            }
        };
        let (mut bytes, mut job) = (0, Some(first));
        while let Some(Job { game, ack }) = job {
            bytes += game.bytes();
            let result = store_one(&mut transaction, at, &game);
            // Some faults end the whole transaction; then the games before this one are gone too.
            let broken = transaction.is_autocommit();
            acks.push((ack, result.clone()));
            if let (true, Err(error)) = (broken, result) {
                return Err(error);
            }
            let more = acks.len() < self.batch_games && bytes < self.batch_bytes;
            job = if more { self.queue.try_recv().ok() } else { None };
        }
        transaction.commit().map_err(|error| at.error("committing", &error))
    }
}

/// Stores one game; a fault undoes this game only.
fn store_one(
    transaction: &mut rusqlite::Transaction<'_>,
    at: At<'_>,
    game: &EncodedGame,
) -> Result<Stored, StoreError> {
    let savepoint = transaction.savepoint().map_err(at.on("beginning a game"))?;
    match insert_game(&savepoint, game).map_err(at.on("storing a game"))? {
        Outcome::Inserted => {
            savepoint.commit().map_err(at.on("storing a game"))?;
            Ok(Stored::New)
        }
        Outcome::Same => Ok(Stored::AlreadyThere),
        Outcome::Different => Err(StoreError::Duplicate { path: at.path.to_owned(), game: game.id.clone() }),
    }
}
