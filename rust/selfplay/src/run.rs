//! A run: games played side by side, recorded in the order of their indexes.
//!
//! What a game is depends on the settings and its index; what is recorded, and in which order, does not depend on the
//! number of threads. Threads take indexes one after the other, and do not run further ahead of the recorder than
//! [`window`] games, so that memory stays bounded when a game takes long.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ringrift_replay::{RecordForm, StoreWriter, WriterOptions, files::write_atomic, format_timestamp};
use ringrift_rules::with_position;
use ringrift_search::Stop;
use serde_json::{Map, Value, json};

use crate::game::{now_micros, play};
use crate::guard::{Resources, Shortage};
use crate::identity::{self, IdentityError};
use crate::jsonl::{JsonlError, JsonlFile, Repair};
use crate::record::{Finished, GameRecord, RecordMaker, RunNames};
use crate::recorder::{PoolFile, RecordError, Recorder};
use crate::settings::{GameSettings, Sampling};
use crate::summary::Summary;

/// How long the recorder waits for a game before it looks after other things.
const TICK: Duration = Duration::from_millis(50);

/// Time between two looks at what is free.
const GUARD_INTERVAL: Duration = Duration::from_secs(5);

/// Where a run writes, and how far it goes.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// Index after the last game.
    pub games: u64,
    /// Threads; 0 = one per core.
    pub jobs: usize,
    /// The JSONL file; without one the run keeps no log and cannot be resumed.
    pub jsonl: Option<PathBuf>,
    /// Goes on after the games that the JSONL file has.
    pub resume: bool,
    /// Replay database, and the form of its games.
    pub database: Option<(PathBuf, RecordForm)>,
    /// File for sampled positions.
    pub pool: Option<(PathBuf, Sampling)>,
    /// Further metadata of every game.
    pub metadata: Map<String, Value>,
    /// Writes the checkpoint file beside the JSONL file after every so many games; 0 = never.
    pub checkpoint_interval: u64,
    /// Stops after the first skipped game.
    pub stops_at_skip: bool,
    /// Measures the time of every decision.
    pub is_timed: bool,
}

impl RunOptions {
    /// A run on all cores that writes nothing.
    pub fn new(games: u64) -> Self {
        let mut metadata = Map::new();
        metadata.insert("ringrift_core_version".into(), env!("CARGO_PKG_VERSION").into());
        Self {
            games,
            jobs: 0,
            jsonl: None,
            resume: false,
            database: None,
            pool: None,
            metadata,
            checkpoint_interval: 0,
            stops_at_skip: false,
            is_timed: false,
        }
    }

    /// The files that games go to.
    pub(crate) fn files(&self) -> impl Iterator<Item = &Path> {
        self.jsonl.as_deref().into_iter().chain(self.database.as_ref().map(|(path, _)| path.as_path()))
    }

    /// Folder for what is kept beside the games.
    fn folder(&self) -> &Path {
        self.files().next().and_then(Path::parent).unwrap_or(Path::new("logs/selfplay"))
    }
}

/// Why a run cannot begin or go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The JSONL file.
    #[error(transparent)]
    Jsonl(#[from] JsonlError),
    /// The file that describes the run.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// A game could not be recorded.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The system refuses threads or random numbers.
    #[error("cannot begin the run: {0}\nhint: the system refuses threads or random numbers; try fewer --jobs")]
    System(#[source] io::Error),
}

/// Why a run stopped before its last game.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum EarlyStop {
    /// It was asked to.
    Interrupted,
    /// A game was skipped, and the run was to stop then.
    Skipped,
    /// A resource ran short.
    Short(Shortage),
}

impl EarlyStop {
    /// What summaries call it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Interrupted => "interrupted",
            Self::Skipped => "skipped game",
            Self::Short(_) => "resources",
        }
    }
}

/// What a run did.
#[derive(Clone, Debug)]
pub struct RunReport {
    /// Counts of the games of this call.
    pub summary: Summary,
    /// Time that it took.
    pub seconds: f64,
    /// Why it stopped early, if it did.
    pub early: Option<EarlyStop>,
}

/// Follows a run.
pub trait Observer {
    /// A game is recorded, and safe. `games` counts those of the whole run, before a resume too.
    fn game(&mut self, game: &GameRecord, games: u64, summary: &Summary);

    /// Called several times a second.
    fn tick(&mut self, summary: &Summary);
}

/// A run whose files are open.
pub struct Run {
    settings: GameSettings,
    options: RunOptions,
    names: RunNames,
    jsonl: Option<JsonlFile>,
    store: Option<StoreWriter>,
    first: u64,
    repair: Option<Repair>,
}

/// Name of the run that the JSONL file belongs to and its seed, for resuming it without naming the seed again.
///
/// # Errors
/// The file beside the JSONL file cannot be read.
pub(crate) fn seed_of_run(jsonl: &Path) -> Result<Option<i64>, IdentityError> {
    Ok(identity::load(jsonl)?.and_then(|known| known.get("seed").and_then(Value::as_i64)))
}

impl Run {
    /// Opens the files of a run. Nothing in them changes before all can be opened.
    ///
    /// # Errors
    /// A file that cannot be opened, is in use, or belongs to another run.
    pub fn open(settings: GameSettings, options: RunOptions) -> Result<Self, RunError> {
        let identity = settings.identity();
        let (mut log, mut first, mut repair, mut known) = (None, 0, None, None);
        if let Some(path) = &options.jsonl {
            let (file, games, torn) = JsonlFile::open(path, options.resume)?;
            (log, first, repair) = (Some(file), games, torn);
            known = if options.resume { identity::load(path)? } else { None };
            if let Some(known) = &known {
                identity::compare(path, known, &identity)?;
            }
        }
        let store = match &options.database {
            Some((path, form)) => {
                let writer = WriterOptions { form: *form, ..WriterOptions::default() };
                Some(open_store(path, writer)?)
            }
            None => None,
        };
        let run_id = match known.as_ref().and_then(|known| known.get("run_id")).and_then(Value::as_str) {
            Some(run_id) => run_id.to_owned(),
            None => identity::new_run_id().map_err(RunError::System)?,
        };
        if let (Some(file), Some(path)) = (&mut log, &options.jsonl) {
            file.begin()?;
            identity::save(path, &run_id, &identity)?;
        }
        let names = RunNames { run_id, metadata: options.metadata.clone() };
        Ok(Self { settings, options, names, jsonl: log, store, first, repair })
    }

    /// Name of the run.
    pub fn run_id(&self) -> &str {
        &self.names.run_id
    }

    /// Index of the first game to be played.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// The torn line that was removed from the JSONL file.
    pub fn repair(&self) -> Option<&Repair> {
        self.repair.as_ref()
    }

    /// What summaries say of the run.
    pub fn about(&self) -> Value {
        let (settings, options) = (&self.settings, &self.options);
        json!({
            "run_id": self.run_id(),
            "board_type": settings.board.name(),
            "num_players": settings.players.get(),
            "seed": settings.seed,
            "max_moves": settings.moves_max,
            "nnue": settings.nnue.as_ref().map(|network| json!({
                "file": network.path().to_string_lossy(),
                "sha256": network.sha256(),
            })),
            "first_index": self.first,
            "log_jsonl": options.jsonl.as_ref().map(|path| path.to_string_lossy()),
            "record_db": options.database.as_ref().map(|(path, _)| path.to_string_lossy()),
            "ringrift_core_version": env!("CARGO_PKG_VERSION"),
        })
    }

    /// Plays the games that are left. `stop` ends the run: games in progress vanish, those before them are recorded.
    ///
    /// # Errors
    /// A game cannot be recorded; those before it are.
    pub fn play(self, stop: &AtomicBool, observer: &mut dyn Observer) -> Result<RunReport, RunError> {
        let Self { settings, options, names, jsonl, store, first, .. } = self;
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(options.jobs)
            .build()
            .map_err(|error| RunError::System(io::Error::other(error)))?;
        let maker = RecordMaker {
            settings: &settings,
            names: &names,
            form: options.database.as_ref().map(|(_, form)| *form),
            has_log: options.jsonl.is_some(),
            start: settings.start(),
        };
        let failures = options.folder().join("failures");
        let mut recorder = Recorder::new(&settings, &names, jsonl, failures);
        recorder.store = store;
        if let Some((path, sampling)) = &options.pool {
            recorder.pool = Some(PoolFile::open(path, sampling.states_max)?);
        }
        let workers = Workers {
            maker: &maker,
            sampling: options.pool.as_ref().map(|(_, sampling)| *sampling),
            is_timed: options.is_timed,
            end: options.games,
            next: AtomicU64::new(first),
            recorded: Mutex::new(first),
            advanced: Condvar::new(),
            window: window(pool.current_num_threads()),
            stop,
            halt: AtomicBool::new(false),
            searches: Stop::new(),
        };
        let mut collector = Collector {
            settings: &settings,
            options: &options,
            names: &names,
            summary: Summary::default(),
            began: Instant::now(),
            done: first,
            early: None,
        };
        let collected = pool.in_place_scope(|scope| {
            let (sender, receiver) = mpsc::sync_channel(pool.current_num_threads());
            for _ in 0..pool.current_num_threads() {
                let (sender, workers) = (sender.clone(), &workers);
                scope.spawn(move |_| workers.work(&sender));
            }
            drop(sender);
            let collected = collector.collect(&workers, &receiver, &mut recorder, observer);
            workers.halt();
            // Threads that wait to hand over a game go on, and end.
            drop(receiver);
            collected
        });
        // What the database has accepted is in it, whatever went wrong.
        collector.summary.timing.record = recorder.record_seconds;
        let closed = recorder.close();
        collected?;
        closed?;
        let seconds = collector.began.elapsed().as_secs_f64();
        Ok(RunReport { summary: collector.summary, seconds, early: collector.early })
    }
}

fn open_store(path: &Path, options: WriterOptions) -> Result<StoreWriter, RunError> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|source| RecordError::File { path: folder.to_owned(), source })?;
    }
    Ok(StoreWriter::open(path, options).map_err(RecordError::from)?)
}

/// Games by which threads may be ahead of the recorder.
fn window(threads: usize) -> u64 {
    4 * threads as u64 + 4
}

struct Workers<'a> {
    maker: &'a RecordMaker<'a>,
    sampling: Option<Sampling>,
    is_timed: bool,
    end: u64,
    next: AtomicU64,
    recorded: Mutex<u64>,
    advanced: Condvar,
    window: u64,
    stop: &'a AtomicBool,
    halt: AtomicBool,
    /// Ends the searches of the games in progress.
    searches: Stop,
}

impl Workers<'_> {
    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.halt.load(Ordering::Relaxed)
    }

    fn halt(&self) {
        self.halt.store(true, Ordering::Relaxed);
        self.searches.stop();
        self.advanced.notify_all();
    }

    /// Lets threads begin games up to a window after `recorded`.
    fn advance(&self, recorded: u64) {
        *self.recorded.lock().unwrap_or_else(PoisonError::into_inner) = recorded;
        self.advanced.notify_all();
    }

    /// Waits until game `index` may begin; false if the run stops first.
    fn admit(&self, index: u64) -> bool {
        let mut recorded = self.recorded.lock().unwrap_or_else(PoisonError::into_inner);
        while !self.stopped() && index >= *recorded + self.window {
            let waited = self.advanced.wait_timeout(recorded, TICK);
            recorded = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        !self.stopped()
    }

    fn work(&self, finished: &mpsc::SyncSender<(u64, Finished)>) {
        loop {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            if index >= self.end || !self.admit(index) {
                return;
            }
            let (settings, stopped) = (self.maker.settings, || self.stopped());
            let played = with_position!(&self.maker.start, start => {
                play(start, settings, index, self.sampling, self.is_timed, &self.searches, &stopped)
            });
            let Some(played) = played else { return };
            let game = self.maker.finish(index, &played);
            if finished.send((index, game)).is_err() {
                return;
            }
        }
    }
}

struct Collector<'a> {
    settings: &'a GameSettings,
    options: &'a RunOptions,
    names: &'a RunNames,
    summary: Summary,
    began: Instant,
    /// Games of the whole run that are safe.
    done: u64,
    early: Option<EarlyStop>,
}

impl Collector<'_> {
    /// Takes games in, whatever their order, and records them in the order of their indexes.
    fn collect(
        &mut self,
        workers: &Workers<'_>,
        finished: &mpsc::Receiver<(u64, Finished)>,
        recorder: &mut Recorder<'_>,
        observer: &mut dyn Observer,
    ) -> Result<(), RunError> {
        let mut early_games: BTreeMap<u64, Finished> = BTreeMap::new();
        let mut expected = self.done;
        let mut guarded_at = Instant::now();
        while self.early.is_none() {
            match finished.recv_timeout(TICK) {
                Ok((index, game)) => {
                    early_games.insert(index, game);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            while let Some(game) = early_games.remove(&expected) {
                expected += 1;
                let skipped = game.record.skipped;
                recorder.push(game)?;
                workers.advance(expected);
                if skipped && self.options.stops_at_skip {
                    self.early = Some(EarlyStop::Skipped);
                    break;
                }
            }
            self.note(recorder.write(false)?, observer)?;
            observer.tick(&self.summary);
            if workers.stopped() {
                workers.searches.stop();
            }
            if guarded_at.elapsed() >= GUARD_INTERVAL {
                guarded_at = Instant::now();
                self.early = self.early.take().or(self.shortage());
            }
        }
        self.note(recorder.write(true)?, observer)?;
        if self.early.is_none() && self.done < self.options.games {
            self.early = Some(EarlyStop::Interrupted);
        }
        Ok(())
    }

    fn shortage(&self) -> Option<EarlyStop> {
        let files: Vec<&Path> = self.options.files().collect();
        Resources::now(&files).check_run().err().map(EarlyStop::Short)
    }

    fn note(&mut self, games: Vec<GameRecord>, observer: &mut dyn Observer) -> Result<(), RunError> {
        for game in games {
            self.summary.note(&self.settings.configuration(), &game);
            self.done += 1;
            observer.game(&game, self.done, &self.summary);
            let interval = self.options.checkpoint_interval;
            if interval > 0 && self.done.is_multiple_of(interval) {
                self.checkpoint()?;
            }
        }
        Ok(())
    }

    /// Source: selfplay.md section 7. The time is UTC.
    fn checkpoint(&self) -> Result<(), RunError> {
        let Some(jsonl) = &self.options.jsonl else { return Ok(()) };
        let path = identity::with_suffix(jsonl, ".checkpoint.json");
        let timestamp = format_timestamp(now_micros() / 1_000_000 * 1_000_000);
        let text = json!({
            "games_completed": self.done,
            "total_games": self.options.games,
            "elapsed_seconds": self.began.elapsed().as_secs_f64(),
            "board_type": self.settings.board.name(),
            "num_players": self.settings.players.get(),
            "engine_mode": self.settings.mode.name(),
            "seed": self.settings.seed,
            "timestamp": timestamp,
            "run_id": self.names.run_id,
        });
        let written = write_atomic(&path, text.to_string().as_bytes());
        Ok(written.map_err(|source| RecordError::File { path, source })?)
    }
}
