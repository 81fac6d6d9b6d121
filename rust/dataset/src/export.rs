//! The export: one thread reads games, all others make rows of them, the one that called puts them into the files, in
//! the order in which the games were read.
//!
//! Threads do not run further ahead of the files than [`window`] games, so that memory stays bounded.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use ringrift_replay::{
    GameFilter, GameOrder, MOVES_MIN, Parts, StoreError, StoredGame, files::write_atomic, format_timestamp,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::error::ExportError;
use crate::game::{GameRows, Made, RowMaker};
use crate::manifest::{About, Input, Tally, manifest, manifest_path, settings};
use crate::plan::{Layout, RowPlan};
use crate::select::{Dropped, Part, Selection, Split};
use crate::sink::{Finished, Sink};
use crate::source::Source;

/// How long the collector waits for a game before it looks after other things.
const TICK: Duration = Duration::from_millis(50);

/// Games that upstream's exporters read from a database at most.
const UPSTREAM_SINGLE_GAMES: u64 = 10_000;
const UPSTREAM_PARALLEL_GAMES: u64 = 500_000;

/// A file to be written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Output {
    /// Its name. Its manifest stands beside it: see [`manifest_path`].
    pub path: PathBuf,
    /// The part of the split that it gets.
    pub part: Part,
}

/// What to export, and where to.
#[derive(Clone, PartialEq, Debug)]
pub struct ExportOptions {
    /// Replay databases, in the order in which their games are taken.
    pub databases: Vec<PathBuf>,
    /// Files: one, or one for each of several parts.
    pub outputs: Vec<Output>,
    /// What rows are.
    pub plan: RowPlan,
    /// Which games.
    pub selection: Selection,
    /// Shares of the parts; without one, everything goes to [`Part::Train`].
    pub split: Option<Split>,
    /// Most games that give rows.
    pub games_max: Option<u64>,
    /// Most rows, exactly.
    pub rows_max: Option<u64>,
    /// Whether more than one game in a thousand that cannot be replayed is an error.
    pub is_strict: bool,
    /// Threads that make rows; 0 = one per core.
    pub jobs: usize,
}

impl ExportOptions {
    fn limits(&self) -> Value {
        json!({"max_games": self.games_max, "max_samples": self.rows_max, "strict": self.is_strict})
    }

    fn about<'a>(&'a self, part: Part, inputs: &'a [Input]) -> About<'a> {
        About {
            plan: &self.plan,
            selection: &self.selection,
            limits: self.limits(),
            split: self.split.map(|split| (split, part)),
            inputs,
        }
    }

    fn filter(&self) -> GameFilter {
        let limit = match self.plan.layout {
            Layout::UpstreamSingle => Some(UPSTREAM_SINGLE_GAMES),
            Layout::UpstreamParallel => Some(self.games_max.unwrap_or(UPSTREAM_PARALLEL_GAMES)),
            Layout::Plain | Layout::Packed => None,
        };
        GameFilter {
            board: Some(self.plan.board.name().to_owned()),
            num_players: Some(self.plan.players.get() as u64),
            trainable: true,
            order: GameOrder::NewestFirst,
            limit,
            ..GameFilter::default()
        }
    }
}

/// How far an export is.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub struct Progress {
    /// Games that were looked at.
    pub games: u64,
    /// Games to look at.
    pub games_total: u64,
    /// Rows so far.
    pub rows: u64,
    /// Whether all rows are there, and the files are being put together.
    pub is_finishing: bool,
}

/// Follows an export.
pub trait Observer: Send {
    /// Called several times a second.
    fn tick(&mut self, progress: Progress);
}

/// A file that was written.
#[derive(Clone, Debug)]
pub struct Report {
    /// The file.
    pub path: PathBuf,
    /// Its part of the split.
    pub part: Part,
    /// What is in it, and what is not.
    pub tally: Tally,
    /// Its arrays, length and digest.
    pub finished: Finished,
}

/// Writes the files.
///
/// # Errors
/// [`ExportError`]; the files that were there before are unchanged then, but for parts that were finished.
pub fn export(
    options: &ExportOptions,
    stop: &AtomicBool,
    observer: &mut dyn Observer,
) -> Result<Vec<Report>, ExportError> {
    let (sources, counts, unfit) = open_sources(options)?;
    let locks: Vec<Lock> = options.outputs.iter().map(|output| Lock::take(&output.path)).collect::<Result<_, _>>()?;
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.jobs)
        .build()
        .map_err(|error| ExportError::Threads(io::Error::other(error)))?;
    let mut files: Vec<FileInWork> = options
        .outputs
        .iter()
        .map(|output| FileInWork::new(output, options).map_err(ExportError::write(&output.path)))
        .collect::<Result<_, _>>()?;
    files[0].tally.dropped.extend((unfit > 0).then_some((Dropped::Unfit, unfit)));
    let line = Line::new(stop, window(pool.current_num_threads()));
    let mut collector = Collector {
        options,
        line: &line,
        files: &mut files,
        progress: Progress { games_total: counts.iter().sum(), ..Progress::default() },
        games: 0,
        truncating: RowMaker::new(&options.plan, &options.selection),
    };
    let (collected, hashes) = std::thread::scope(|threads| {
        // Read while the files are in the system's cache; it takes a fraction of the time of the export.
        let hashing = threads.spawn(|| {
            sources.iter().map(|source| source.sha256(&|| line.is_stopped())).collect::<io::Result<Vec<_>>>()
        });
        let (to_workers, from_reader) = mpsc::sync_channel(pool.current_num_threads());
        let reader = threads.spawn(|| {
            let read = read(options, &sources, &line, &to_workers);
            drop(to_workers);
            read
        });
        let from_reader = Mutex::new(from_reader);
        let collected = pool.in_place_scope(|scope| {
            let (sender, receiver) = mpsc::sync_channel(pool.current_num_threads());
            for _ in 0..pool.current_num_threads() {
                let (sender, line, from_reader) = (sender.clone(), &line, &from_reader);
                scope.spawn(move |_| work(options, line, from_reader, &sender));
            }
            drop(sender);
            let collected = collector.collect(&receiver, observer);
            if collected.is_err() {
                line.halt();
            }
            // Threads that wait to hand over a game go on, and end.
            drop(receiver);
            collected
        });
        line.finish();
        drop(from_reader);
        let read = join(reader.join());
        let hashes = join(hashing.join());
        (collected.and(read), hashes)
    });
    collected?;
    if stop.load(Ordering::Relaxed) {
        return Err(ExportError::Interrupted);
    }
    for source in &sources {
        source.check_unchanged()?;
    }
    let hashes = hashes.map_err(|error| StoreError::Io {
        path: sources.first().map(|source| source.path.clone()).unwrap_or_default(),
        message: error.to_string(),
    })?;
    let inputs: Vec<Input> = sources
        .iter()
        .zip(counts)
        .zip(hashes)
        .map(|((source, games), sha256)| Input { path: source.path.clone(), bytes: source.bytes(), sha256, games })
        .collect();
    let mut progress = collector.progress;
    progress.is_finishing = true;
    observer.tick(progress);
    let total = total(&files);
    check_failures(options, &total)?;
    for file in &files {
        if file.sink.len() == 0 {
            return Err(no_rows(options, &file.output.path, &total));
        }
    }
    let reports = files.into_iter().map(|file| file.finish(options, &inputs, stop)).collect();
    drop(locks);
    reports
}

fn join<T>(joined: std::thread::Result<T>) -> T {
    joined.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn open_sources(options: &ExportOptions) -> Result<(Vec<Source>, Vec<u64>, u64), ExportError> {
    let folder = folder(&options.outputs[0].path);
    for output in &options.outputs {
        let folder = self::folder(&output.path);
        fs::create_dir_all(folder).map_err(ExportError::write(folder))?;
        if output.path.is_dir() {
            return Err(ExportError::write(&output.path)(io::ErrorKind::IsADirectory.into()));
        }
    }
    let filter = options.filter();
    let everything = GameFilter { trainable: false, limit: None, ..filter.clone() };
    let trainable = GameFilter { limit: None, ..filter.clone() };
    let (mut sources, mut counts, mut unfit) = (Vec::new(), Vec::new(), 0);
    for path in &options.databases {
        let source = Source::open(path, folder)?;
        counts.push(source.count(&filter)?);
        unfit += source.count(&everything)? - source.count(&trainable)?;
        sources.push(source);
    }
    if counts.iter().sum::<u64>() + unfit == 0 {
        let names: Vec<String> = options.databases.iter().map(|path| path.display().to_string()).collect();
        return Err(ExportError::NoGames {
            board: options.plan.board.name(),
            players: options.plan.players.get(),
            databases: names.join(", "),
        });
    }
    Ok((sources, counts, unfit))
}

/// Folder of a file.
fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Holds a file's name against other exports.
#[derive(Debug)]
struct Lock {
    path: PathBuf,
    _file: Option<fs::File>,
}

impl Lock {
    /// The name of upstream's lock, `FILE.lock`. Systems that cannot lock do without.
    fn take(output: &Path) -> Result<Self, ExportError> {
        let mut path = output.as_os_str().to_owned();
        path.push(".lock");
        let path = PathBuf::from(path);
        let opened = fs::File::options().create(true).truncate(false).write(true).open(&path);
        let file = opened.map_err(ExportError::write(&path))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { path, _file: Some(file) }),
            Err(fs::TryLockError::WouldBlock) => Err(ExportError::Busy { path: output.to_owned() }),
            Err(fs::TryLockError::Error(_)) => Ok(Self { path, _file: None }),
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.path));
    }
}

/// Games by which threads may be ahead of the files.
fn window(threads: usize) -> u64 {
    2 * threads as u64 + 2
}

/// Keeps reader, workers and collector together.
struct Line<'a> {
    stop: &'a AtomicBool,
    halted: AtomicBool,
    finished: AtomicBool,
    collected: Mutex<u64>,
    advanced: Condvar,
    window: u64,
}

impl<'a> Line<'a> {
    fn new(stop: &'a AtomicBool, window: u64) -> Self {
        Self {
            stop,
            halted: AtomicBool::new(false),
            finished: AtomicBool::new(false),
            collected: Mutex::new(0),
            advanced: Condvar::new(),
            window,
        }
    }

    /// Whether the export is given up.
    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.halted.load(Ordering::Relaxed)
    }

    /// Whether nobody wants further games.
    fn is_over(&self) -> bool {
        self.is_stopped() || self.finished.load(Ordering::Relaxed)
    }

    fn halt(&self) {
        self.halted.store(true, Ordering::Relaxed);
        self.advanced.notify_all();
    }

    fn finish(&self) {
        self.finished.store(true, Ordering::Relaxed);
        self.advanced.notify_all();
    }

    fn advance(&self, collected: u64) {
        *self.collected.lock().unwrap_or_else(PoisonError::into_inner) = collected;
        self.advanced.notify_all();
    }

    /// Waits until game `index` may be read; false if it is not wanted any more.
    fn admit(&self, index: u64) -> bool {
        let mut collected = self.collected.lock().unwrap_or_else(PoisonError::into_inner);
        while !self.is_over() && index >= *collected + self.window {
            collected = self.advanced.wait_timeout(collected, TICK).unwrap_or_else(PoisonError::into_inner).0;
        }
        !self.is_over()
    }
}

/// A game that was read, with its place in the order.
struct Read {
    index: u64,
    path: PathBuf,
    part: Part,
    game: Result<StoredGame, (String, String)>,
    /// An earlier game had its name.
    is_duplicate: bool,
}

/// Reads the games of all databases, newest first in each.
fn read(
    options: &ExportOptions,
    sources: &[Source],
    line: &Line<'_>,
    workers: &SyncSender<Read>,
) -> Result<(), ExportError> {
    let filter = options.filter();
    let mut seen: HashSet<[u8; 16]> = HashSet::new();
    let mut index = 0;
    for source in sources {
        let mut reader = source.reader()?;
        for game in reader.games(&filter, Parts::Moves)? {
            let path = source.path.clone();
            let (id, game) = match game {
                Ok(game) => (game.row.id.clone(), Ok(game)),
                Err(StoreError::TornGame { game, what, .. }) => (game.clone(), Err((game, what))),
                Err(error) => {
                    line.halt();
                    return Err(error.into());
                }
            };
            let short = options.plan.layout.is_upstream() && options.is_strict;
            if let Some(game) = game.as_ref().ok().filter(|game| short && game.moves.len() < MOVES_MIN) {
                line.halt();
                return Err(ExportError::TooFewMoves { path, game: game.row.id.clone(), moves: game.moves.len() });
            }
            let digest = Sha256::digest(id.as_bytes());
            let is_duplicate = !seen.insert(digest[..16].try_into().expect("16 of 32 bytes"));
            let part = options.split.map_or(Part::Train, |split| split.part(&id));
            let read = Read { index, path, part, game, is_duplicate };
            if !line.admit(index) || workers.send(read).is_err() {
                return Ok(());
            }
            index += 1;
        }
    }
    Ok(())
}

/// A game whose rows are made, with its place in the order.
struct Done {
    index: u64,
    path: PathBuf,
    part: Part,
    id: String,
    made: Made,
    /// The game, if its rows may have to be made again, fewer of them.
    game: Option<StoredGame>,
}

fn work(options: &ExportOptions, line: &Line<'_>, games: &Mutex<Receiver<Read>>, done: &SyncSender<Done>) {
    let mut maker = RowMaker::new(&options.plan, &options.selection);
    while !line.is_over() {
        let next = games.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Read { index, path, part, game, is_duplicate }) = next else { return };
        let is_wanted = options.outputs.iter().any(|output| output.part == part);
        let (id, made, game) = match game {
            Err((id, what)) => (id, Made::Failed(what), None),
            Ok(game) if is_duplicate => (game.row.id, Made::Dropped(Dropped::Duplicate), None),
            Ok(game) if !is_wanted => (game.row.id, Made::Dropped(Dropped::OtherPart), None),
            Ok(game) => {
                let made = maker.make(&game, None);
                (game.row.id.clone(), made, options.rows_max.is_some().then_some(game))
            }
        };
        if done.send(Done { index, path, part, id, made, game }).is_err() {
            return;
        }
    }
}

/// A file that rows come to.
struct FileInWork {
    output: Output,
    sink: Sink,
    tally: Tally,
}

impl FileInWork {
    fn new(output: &Output, options: &ExportOptions) -> io::Result<Self> {
        Ok(Self { output: output.clone(), sink: Sink::new(&output.path, &options.plan)?, tally: Tally::default() })
    }

    fn push(&mut self, game: &GameRows) -> Result<(), ExportError> {
        self.tally.note_rows(game);
        self.sink.push(game).map_err(ExportError::write(&self.output.path))
    }

    fn finish(self, options: &ExportOptions, inputs: &[Input], stop: &AtomicBool) -> Result<Report, ExportError> {
        let Self { output: Output { path, part }, sink, tally } = self;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_micros() as i64;
        let now = format_timestamp(now);
        let finished = sink.finish(&now, stop).map_err(|error| {
            if stop.load(Ordering::Relaxed) { ExportError::Interrupted } else { ExportError::write(&path)(error) }
        })?;
        let manifest = manifest(&path, &options.about(part, inputs), &tally, &finished, &now);
        let manifest_path = manifest_path(&path);
        let text = format!("{manifest:#}\n");
        write_atomic(&manifest_path, text.as_bytes()).map_err(ExportError::write(&manifest_path))?;
        Ok(Report { path, part, tally, finished })
    }
}

/// The tallies of all files together.
fn total(files: &[FileInWork]) -> Tally {
    let mut total = Tally::default();
    for file in files {
        total.merge(&file.tally);
    }
    total
}

struct Collector<'a, 'b> {
    options: &'a ExportOptions,
    line: &'a Line<'a>,
    files: &'b mut [FileInWork],
    progress: Progress,
    /// Games that count for the limit.
    games: u64,
    /// Makes the rows of the last game again, if there are too many.
    truncating: RowMaker<'a>,
}

impl Collector<'_, '_> {
    /// Takes games in, whatever their order, and puts them into the files in the order in which they were read.
    fn collect(&mut self, done: &Receiver<Done>, observer: &mut dyn Observer) -> Result<(), ExportError> {
        let mut early: BTreeMap<u64, Done> = BTreeMap::new();
        let mut ticked = Instant::now();
        loop {
            match done.recv_timeout(TICK) {
                Ok(game) => {
                    early.insert(game.index, game);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            while let Some(game) = early.remove(&self.progress.games) {
                self.progress.games += 1;
                self.take(game)?;
                self.line.advance(self.progress.games);
                if self.is_full() {
                    self.line.finish();
                    return Ok(());
                }
            }
            if self.line.is_stopped() {
                break;
            }
            if ticked.elapsed() >= TICK {
                ticked = Instant::now();
                observer.tick(self.progress);
            }
        }
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.options.games_max.is_some_and(|most| self.games >= most)
            || self.options.rows_max.is_some_and(|most| self.progress.rows >= most)
    }

    fn take(&mut self, done: Done) -> Result<(), ExportError> {
        let Done { path, part, id, mut made, game, .. } = done;
        // Upstream's single-threaded exporter ends with the game that reaches the limit, and keeps all of its rows.
        let rows_left = self.options.rows_max.map(|most| most - self.progress.rows);
        if let (Some(left), Some(game), Made::Rows(rows)) = (rows_left, &game, &made)
            && rows.rows.len() as u64 > left
            && self.options.plan.layout != Layout::UpstreamSingle
        {
            made = self.truncating.make(game, Some(left));
        }
        let is_parallel = self.options.plan.layout == Layout::UpstreamParallel;
        let counts = match made {
            Made::Rows(_) => true,
            Made::Failed(_) | Made::Dropped(Dropped::NoWinner | Dropped::NoRows) => is_parallel,
            Made::Dropped(_) => false,
        };
        self.games += u64::from(counts);
        let place = self.files.iter().position(|file| file.output.part == part);
        let file = &mut self.files[place.unwrap_or(0)];
        file.sink.games_seen += u64::from(counts);
        match made {
            Made::Rows(rows) => {
                self.progress.rows += rows.rows.len() as u64;
                file.push(&rows)?;
            }
            Made::Dropped(reason) => file.tally.note_dropped(reason),
            Made::Failed(what) => file.tally.note_failed(&path, &id, what),
        }
        Ok(())
    }
}

/// More failed games than one in a thousand are an error, unless nobody minds.
fn check_failures(options: &ExportOptions, total: &Tally) -> Result<(), ExportError> {
    let considered = total.games + total.failed;
    if !options.is_strict || options.plan.layout.is_upstream() || total.failed * 1_000 <= considered {
        return Ok(());
    }
    let (path, game, what) = total.failures.first().cloned().unwrap_or_default();
    Err(ExportError::TooManyFailed { failed: total.failed, considered, path, game, what })
}

fn no_rows(options: &ExportOptions, path: &Path, total: &Tally) -> ExportError {
    let mut reasons = total.reasons();
    if total.rows > 0 {
        reasons = format!("all {} rows went to other parts; few games need larger shares", total.rows);
    }
    ExportError::NoRows {
        path: path.to_owned(),
        board: options.plan.board.name(),
        players: options.plan.players.get(),
        considered: total.considered(),
        reasons,
    }
}

/// Whether the files are there already, made with these settings from these databases, by this version.
///
/// # Errors
/// A database or a file cannot be read.
pub fn is_current(options: &ExportOptions, stop: &AtomicBool) -> Result<bool, ExportError> {
    let (sources, counts, _) = open_sources(options)?;
    let never = || stop.load(Ordering::Relaxed);
    let mut inputs = Vec::new();
    for (source, games) in sources.iter().zip(counts) {
        let io = |error: io::Error| StoreError::Io { path: source.path.clone(), message: error.to_string() };
        // What is being written to is never the same.
        let Some(sha256) = source.sha256(&never).map_err(io)? else { return Ok(false) };
        inputs.push(json!({"sha256": sha256, "games": games}));
    }
    for output in &options.outputs {
        let Ok(text) = fs::read_to_string(manifest_path(&output.path)) else { return Ok(false) };
        let Ok(known) = serde_json::from_str::<Value>(&text) else { return Ok(false) };
        let known_inputs: Vec<Value> = known["inputs"]
            .as_array()
            .map_or(&[][..], Vec::as_slice)
            .iter()
            .map(|input| json!({"sha256": input["sha256"], "games": input["games"]}))
            .collect();
        let same = known["settings"] == settings(&options.about(output.part, &[]))
            && known["ringrift_core_version"] == env!("CARGO_PKG_VERSION")
            && known_inputs == inputs
            && known["output"]["sha256"].as_str() == sha256_of(&output.path, &never).as_deref();
        if !same {
            return Ok(false);
        }
    }
    Ok(true)
}

fn sha256_of(path: &Path, stop: &impl Fn() -> bool) -> Option<String> {
    use std::io::Read as _;

    let mut file = fs::File::open(path).ok()?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    while !stop() {
        match file.read(&mut buffer).ok()? {
            0 => return Some(crate::npz::hex(hasher)),
            read => hasher.update(&buffer[..read]),
        }
    }
    None
}
