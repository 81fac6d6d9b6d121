//! Replays the games of an input on all cores, batch by batch, in order.

use std::{
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
};

use rayon::{
    ThreadPool, ThreadPoolBuilder,
    iter::{IndexedParallelIterator as _, IntoParallelIterator as _, ParallelIterator as _},
};
use serde_json::Value;

use super::{
    super::{
        content::ContentDigest,
        encode::EncodedGame,
        error::StoreError,
        filter::Parts,
        game::{MoveNotes, NewGame, RecordForm, RecordedMove},
        reader::StoreReader,
        rows::{GameRow, MoveSource, StoredGame},
        schema::MOVES_MIN,
        snapshot::StoreSnapshot,
        verify::verify_game,
    },
    error::MergeError,
};
use crate::{json::GameStatus, verify::Difference};

/// Fewest games that fill a batch, and how many there are for each thread.
const BATCH_GAMES: (usize, usize) = (32, 8);
/// Bytes of text after which a batch is closed: with the batches in the queues, what a merge holds in memory.
const BATCH_BYTES: usize = 8 << 20;

/// What the engine says of a game.
pub(super) enum Verdict {
    /// It agrees.
    Valid {
        content: ContentDigest,
        /// The rows to store, where those of the file are not in the present form.
        encoded: Option<Box<EncodedGame>>,
    },
    /// The game is still being written.
    Unfinished,
    /// It does not agree.
    Invalid { content: Option<ContentDigest>, fault: Fault },
}

/// Why a game is not taken.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    pub(super) ply: Option<i64>,
    pub(super) field: String,
    pub(super) expected: String,
    pub(super) got: String,
    pub(super) differences: usize,
}

/// A game that was looked at.
pub(super) struct Checked {
    /// Where it is in its table.
    pub(super) row: i64,
    /// Its name, or what can be read of it.
    pub(super) id: String,
    pub(super) plies: u64,
    pub(super) verdict: Verdict,
}

/// A game by name, and its content if it can be replayed.
pub(super) type Named = (String, Option<ContentDigest>);

struct Loaded {
    row: i64,
    id: String,
    game: Result<StoredGame, StoreError>,
}

/// The threads that replay.
pub(super) struct Checker(ThreadPool);

impl Checker {
    pub(super) fn new(jobs: usize) -> Result<Self, MergeError> {
        let pool = ThreadPoolBuilder::new().num_threads(jobs).build();
        pool.map(Self).map_err(|error| MergeError::Threads(error.to_string()))
    }

    /// Hands over the games of these rows in order; `each` gets them batch by batch and says whether to go on. Returns
    /// what it said last.
    pub(super) fn run(
        &self,
        snapshot: &StoreSnapshot,
        rows: Vec<i64>,
        stop: &AtomicBool,
        each: &mut dyn FnMut(Vec<Checked>) -> Result<bool, MergeError>,
    ) -> Result<bool, MergeError> {
        self.run_on(snapshot.reader()?, rows, Parts::All, stop, &check, each)
    }

    /// The contents of the games of these rows; none for games that cannot be replayed.
    pub(super) fn contents(
        &self,
        reader: StoreReader,
        rows: Vec<i64>,
        stop: &AtomicBool,
        each: &mut dyn FnMut(Vec<Named>) -> Result<bool, MergeError>,
    ) -> Result<bool, MergeError> {
        let content = |loaded: Loaded| (loaded.id, loaded.game.and_then(|game| game.content()).ok());
        self.run_on(reader, rows, Parts::Moves, stop, &content, each)
    }

    fn run_on<T: Send>(
        &self,
        mut reader: StoreReader,
        rows: Vec<i64>,
        parts: Parts,
        stop: &AtomicBool,
        look: &(impl Fn(Loaded) -> T + Sync),
        each: &mut dyn FnMut(Vec<T>) -> Result<bool, MergeError>,
    ) -> Result<bool, MergeError> {
        // One batch is read while another is replayed and a third is written.
        let (to_check, loaded) = sync_channel(1);
        let (to_write, checked) = sync_channel(1);
        let games = BATCH_GAMES.0.max(BATCH_GAMES.1 * self.0.current_num_threads());
        thread::scope(|scope| {
            scope.spawn(move || read(&mut reader, rows, (parts, games), stop, &to_check));
            scope.spawn(move || self.check_all(&loaded, look, &to_write));
            // When this ends early, the receiver goes, and then the other threads.
            for batch in checked {
                if !each(batch)? {
                    return Ok(false);
                }
            }
            Ok(true)
        })
    }

    fn check_all<T: Send>(
        &self,
        loaded: &Receiver<Vec<Loaded>>,
        look: &(impl Fn(Loaded) -> T + Sync),
        to_write: &SyncSender<Vec<T>>,
    ) {
        for batch in loaded {
            let checked = self.0.install(|| batch.into_par_iter().with_max_len(1).map(look).collect());
            if to_write.send(checked).is_err() {
                return;
            }
        }
    }
}

/// Reads games and hands them over in batches.
fn read(
    reader: &mut StoreReader,
    rows: Vec<i64>,
    (parts, games): (Parts, usize),
    stop: &AtomicBool,
    to: &SyncSender<Vec<Loaded>>,
) {
    let (mut batch, mut bytes) = (Vec::new(), 0);
    for row in rows {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let game = reader.game_of_row(row, parts);
        let id = match &game {
            Ok(game) => {
                bytes += size(game);
                game.row.id.clone()
            }
            Err(_) => reader.id_of_row(row),
        };
        batch.push(Loaded { row, id, game });
        if batch.len() >= games || bytes >= BATCH_BYTES {
            bytes = 0;
            if to.send(std::mem::take(&mut batch)).is_err() {
                return;
            }
        }
    }
    if !batch.is_empty() {
        // Nobody listens any more when the merge has ended early.
        let _ = to.send(batch);
    }
}

fn size(game: &StoredGame) -> usize {
    let moves: usize = game.moves.iter().map(|row| row.json.len() + 200).sum();
    let snapshots: usize = game.snapshots.iter().map(|row| row.json.len()).sum();
    let side = |json: &Option<String>| json.as_ref().map_or(0, String::len);
    let history: usize = game.history.iter().map(|row| side(&row.before.json) + side(&row.after.json)).sum();
    moves + snapshots + history
}

/// Whether a game is still being written: its row says so, and nothing of its end is there. Such games are taken when
/// they have ended.
fn is_unfinished(row: &GameRow) -> bool {
    let is_open = match GameStatus::from_name(&row.status) {
        Some(status) => matches!(status, GameStatus::Waiting | GameStatus::Active | GameStatus::Paused),
        None => row.status == "in_progress",
    };
    is_open && row.completed_at.is_none() && row.winner.is_none()
}

fn check(loaded: Loaded) -> Checked {
    let Loaded { row, id, game } = loaded;
    let (plies, verdict) = match game {
        Ok(game) if is_unfinished(&game.row) => (0, Verdict::Unfinished),
        Ok(game) => check_game(&game),
        Err(error) => {
            let what = match error {
                StoreError::TornGame { what, .. } | StoreError::Damaged { message: what, .. } => what,
                error => error.to_string(),
            };
            (0, invalid(None, None, "rows", what, "a whole game"))
        }
    };
    Checked { row, id, plies, verdict }
}

fn invalid(
    content: Option<ContentDigest>,
    ply: Option<i64>,
    field: &str,
    expected: impl Into<String>,
    got: impl Into<String>,
) -> Verdict {
    let fault = Fault { ply, field: field.into(), expected: expected.into(), got: got.into(), differences: 1 };
    Verdict::Invalid { content, fault }
}

fn check_game(game: &StoredGame) -> (u64, Verdict) {
    let verified = verify_game(game);
    let (plies, content, differences) = (verified.plies as u64, verified.content, verified.differences.len());
    if let Some(Difference { ply, field, expected, got, .. }) = verified.differences.into_iter().next() {
        let fault = Fault { ply: ply.map(|ply| ply as i64), field, expected, got, differences };
        return (plies, Verdict::Invalid { content, fault });
    }
    let is_over = GameStatus::from_name(&game.row.status) == Some(GameStatus::Completed);
    let verdict = match content {
        _ if is_over && game.moves.len() < MOVES_MIN => {
            invalid(content, None, "total_moves", game.moves.len().to_string(), format!("{MOVES_MIN} or more"))
        }
        _ if game.row.id.is_empty() => invalid(content, None, "game_id", "no name", "a name"),
        Some(content) if game.move_source == MoveSource::Rows => Verdict::Valid { content, encoded: None },
        Some(content) => match encode(game) {
            Ok(encoded) => Verdict::Valid { content, encoded: Some(Box::new(encoded)) },
            Err(error) => invalid(Some(content), None, "rows", error.to_string(), "a game that can be stored"),
        },
        None => invalid(None, None, "moves", "moves", "moves that can be replayed"),
    };
    (plies, verdict)
}

/// The rows of a game whose moves are not in rows of their own, or only as cells.
fn encode(game: &StoredGame) -> Result<EncodedGame, StoreError> {
    let replayed = game.replay_all()?;
    let json = |text: &Option<String>| text.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok());
    let moves = replayed.moves.iter().zip(&game.moves);
    let recorded = moves.map(|(&mv, row)| RecordedMove {
        timestamp: row.timestamp.clone(),
        think_time_ms: row.think_time_ms.and_then(|time| u64::try_from(time).ok()).unwrap_or(0),
        notes: Some(Box::new(MoveNotes {
            move_probs: json(&row.move_probs),
            search_stats: json(&row.search_stats),
            heuristic_features: row.heuristic_features.clone(),
            ..MoveNotes::default()
        })),
        ..RecordedMove::from(mv)
    });
    let mut metadata = game.row.metadata().unwrap_or_default();
    if let Some(source) = &game.row.source {
        metadata.entry("source").or_insert_with(|| source.as_str().into());
    }
    let mut new = NewGame::new(game.row.id.clone(), replayed.start, recorded.collect(), metadata);
    new.completed_at.clone_from(&game.row.completed_at);
    new.encode(RecordForm::LEAN)
}
