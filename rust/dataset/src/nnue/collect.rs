//! From databases to samples: games are read and replayed on all cores, and taken in the order in which they are stored.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use ringrift_replay::{GameFilter, GameOrder, Parts, StoreError, StoreReader};
use serde::{Deserialize, Serialize};

use super::cache::{CacheState, Key};
use super::error::SampleError;
use super::options::SampleOptions;
use super::replay::{GameRows, Made, make};
use super::samples::Samples;
use crate::export::{Observer, Progress};
use crate::select::Dropped;
use crate::source::Source;

/// Games that each thread gets between two looks at what is there.
const GAMES_PER_THREAD: usize = 64;

/// Failed games that are named.
const FAILED_NAMED: usize = 20;

/// Kinds of sources of games.
const SOURCES: [&str; 5] = ["selfplay", "gauntlet", "tournament", "human", "all"];

/// What was read, and what was left out.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct SampleReport {
    /// Games that gave samples.
    pub games: u64,
    /// Samples.
    pub rows: u64,
    /// Samples with the win shares of a search.
    pub rows_with_search: u64,
    /// Samples with statistics of a search whose win shares cannot be used.
    pub rows_with_unusable_search: u64,
    /// Games that gave none, by reason.
    pub dropped: BTreeMap<String, u64>,
    /// Games that cannot be replayed.
    pub failed: u64,
    /// The first of them: database, name, what is wrong.
    pub failures: Vec<(PathBuf, String, String)>,
    /// What became of the file that keeps the samples.
    #[serde(skip)]
    pub cache: CacheState,
}

impl SampleReport {
    /// Games that were looked at.
    pub fn considered(&self) -> u64 {
        self.games + self.failed + self.dropped.values().sum::<u64>()
    }

    fn drop(&mut self, reason: Dropped, games: u64) {
        if games > 0 {
            *self.dropped.entry(reason.name().to_owned()).or_default() += games;
        }
    }

    fn fail(&mut self, path: &Path, game: String, what: String) {
        self.failed += 1;
        if self.failures.len() < FAILED_NAMED {
            self.failures.push((path.to_owned(), game, what));
        }
    }

    /// The reasons why games gave no samples, in words.
    pub fn reasons(&self) -> String {
        let mut parts: Vec<String> = self.dropped.iter().map(|(reason, count)| format!("{reason} {count}")).collect();
        if self.failed > 0 {
            parts.push(format!("replay_failed {}", self.failed));
        }
        parts.join(", ")
    }
}

/// The samples that the options ask for: from the file that keeps them, if it has just these, or else by replaying the
/// games. They do not depend on the number of threads.
///
/// # Errors
/// [`SampleError`].
pub fn open(options: &SampleOptions, stop: &AtomicBool, observer: &mut dyn Observer) -> Result<Samples, SampleError> {
    check(options)?;
    let folder =
        options.cache.as_deref().map_or_else(std::env::temp_dir, |cache| super::cache::folder(cache).to_owned());
    let sources = options.databases.iter().map(|path| Source::open(path, &folder)).collect::<Result<Vec<_>, _>>()?;
    let Some(path) = options.cache.as_deref() else { return collect(options, &sources, stop, observer) };
    let key = Key::of(options, &sources, stop)?;
    let (key, state) = match key {
        Some(key) => match super::cache::load(path, &key, options.features())? {
            Ok(samples) => return Ok(samples),
            Err(state) => (key, state),
        },
        None => {
            let mut samples = collect(options, &sources, stop, observer)?;
            samples.report.cache = CacheState::InUse;
            return Ok(samples);
        }
    };
    let mut samples = collect(options, &sources, stop, observer)?;
    super::cache::save(path, &key, &samples)?;
    samples.report.cache = state;
    Ok(samples)
}

fn check(options: &SampleOptions) -> Result<(), SampleError> {
    let wrong = |name, value: String, hint| Err(SampleError::Option { name, value, hint });
    if options.every == 0 {
        return wrong("every", "0".into(), "the least is 1");
    }
    if !(0.0..=1.0).contains(&options.failed_share_max) {
        return wrong("failed_share_max", options.failed_share_max.to_string(), "it is a share, from 0 to 1");
    }
    let kinds = options.selection.sources.iter().flatten().chain(&options.selection.exclude_sources);
    if let Some(unknown) = kinds.into_iter().find(|kind| !SOURCES.contains(&kind.as_str())) {
        let value = format!("{unknown:?}");
        return wrong("a kind of sources", value, "the kinds are selfplay, gauntlet, tournament, human and all");
    }
    if options.databases.is_empty() {
        return wrong("databases", "empty".into(), "give at least one replay database");
    }
    Ok(())
}

/// Where a game is.
#[derive(Copy, Clone)]
struct Place {
    source: usize,
    row: i64,
}

/// A game that was looked at.
struct Seen {
    id: String,
    made: Made,
}

fn collect(
    options: &SampleOptions,
    sources: &[Source],
    stop: &AtomicBool,
    observer: &mut dyn Observer,
) -> Result<Samples, SampleError> {
    let (places, unfit) = places(options, sources)?;
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.jobs)
        .build()
        .map_err(|error| SampleError::Threads(io::Error::other(error)))?;
    let mut intake = Intake::new(options);
    intake.samples.report.drop(Dropped::Unfit, unfit);
    let readers = Readers { sources, idle: Mutex::default() };
    for chunk in places.chunks(GAMES_PER_THREAD * pool.current_num_threads()) {
        let look = |place: &Place| {
            if stop.load(Ordering::Relaxed) {
                return Err(SampleError::Interrupted);
            }
            readers.look(options, *place)
        };
        let seen: Vec<Seen> = pool.install(|| chunk.par_iter().with_max_len(1).map(look).collect::<Result<_, _>>())?;
        for (place, seen) in chunk.iter().zip(seen) {
            if intake.is_full() {
                break;
            }
            intake.take(&sources[place.source].path, seen);
        }
        let report = &intake.samples.report;
        observer.tick(Progress {
            games: report.considered() - unfit,
            games_total: places.len() as u64,
            rows: report.rows,
            is_finishing: false,
        });
        if intake.is_full() {
            break;
        }
    }
    for source in sources {
        source.check_unchanged()?;
    }
    intake.finish()
}

/// The games of all databases, newest first in each, and the number of those that are unfit for training.
fn places(options: &SampleOptions, sources: &[Source]) -> Result<(Vec<Place>, u64), SampleError> {
    let filter = GameFilter {
        board: Some(options.board.name().to_owned()),
        num_players: Some(options.players.get() as u64),
        trainable: true,
        order: GameOrder::NewestFirst,
        ..GameFilter::default()
    };
    let everything = GameFilter { trainable: false, ..filter.clone() };
    let (mut places, mut all) = (Vec::new(), 0);
    for (number, source) in sources.iter().enumerate() {
        all += source.count(&everything)?;
        let rows = source.reader()?.row_numbers(&filter)?;
        places.extend(rows.into_iter().map(|row| Place { source: number, row }));
    }
    if all == 0 {
        let names: Vec<String> = options.databases.iter().map(|path| path.display().to_string()).collect();
        return Err(SampleError::NoGames {
            board: options.board.name(),
            players: options.players.get(),
            databases: names.join(", "),
        });
    }
    let unfit = all - places.len() as u64;
    Ok((places, unfit))
}

/// Open databases that no thread reads at the moment, by source.
struct Readers<'a> {
    sources: &'a [Source],
    idle: Mutex<Vec<(usize, StoreReader)>>,
}

impl Readers<'_> {
    /// Reads and replays a game.
    fn look(&self, options: &SampleOptions, place: Place) -> Result<Seen, SampleError> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let found = {
            let mut idle = idle();
            let found = idle.iter().position(|(source, _)| *source == place.source);
            found.map(|at| idle.swap_remove(at).1)
        };
        let mut reader = match found {
            Some(reader) => reader,
            None => self.sources[place.source].reader()?,
        };
        let game = reader.game_of_row(place.row, Parts::Searches);
        idle().push((place.source, reader));
        match game {
            Ok(game) => {
                let made = make(options, options.features(), &game);
                Ok(Seen { id: game.row.id, made })
            }
            Err(StoreError::TornGame { game, what, .. }) => Ok(Seen { id: game, made: Made::Failed(what) }),
            Err(error) => Err(error.into()),
        }
    }
}

/// Takes games in, in their order.
struct Intake<'a> {
    options: &'a SampleOptions,
    samples: Samples,
    names: HashSet<String>,
}

impl<'a> Intake<'a> {
    fn new(options: &'a SampleOptions) -> Self {
        Self { options, samples: Samples::new(options.features()), names: HashSet::new() }
    }

    fn is_full(&self) -> bool {
        self.options.games_max.is_some_and(|most| self.samples.report.games >= most)
    }

    fn take(&mut self, path: &Path, seen: Seen) {
        let report = &mut self.samples.report;
        if !self.names.insert(seen.id.clone()) {
            return report.drop(Dropped::Duplicate, 1);
        }
        match seen.made {
            Made::Rows(game) => self.push(*game),
            Made::Dropped(reason) => report.drop(reason, 1),
            Made::Failed(what) => report.fail(path, seen.id, what),
        }
    }

    fn push(&mut self, made: GameRows) {
        let Samples { games, rows, features, report, .. } = &mut self.samples;
        let (game, start) = (games.len() as u32, features.len() as u64);
        report.games += 1;
        report.rows += made.rows.len() as u64;
        report.rows_with_search += made.rows.iter().filter(|row| row.search != [0; 4]).count() as u64;
        report.rows_with_unusable_search += made.unusable;
        rows.extend(made.rows.into_iter().map(|mut row| {
            row.start += start;
            row.game = game;
            row
        }));
        features.extend_from_slice(&made.features);
        games.push(made.game);
    }

    fn finish(self) -> Result<Samples, SampleError> {
        let (options, mut samples) = (self.options, self.samples);
        let report = &samples.report;
        let considered = report.games + report.failed;
        if report.failed as f64 > options.failed_share_max * considered as f64 {
            let (path, game, what) = report.failures.first().cloned().unwrap_or_default();
            let share_max = options.failed_share_max;
            return Err(SampleError::TooManyFailed { failed: report.failed, considered, share_max, path, game, what });
        }
        if samples.rows.is_empty() {
            return Err(SampleError::NoRows {
                board: options.board.name(),
                players: options.players.get(),
                considered: report.considered(),
                reasons: report.reasons(),
            });
        }
        samples.rows.shrink_to_fit();
        samples.features.shrink_to_fit();
        Ok(samples)
    }
}
