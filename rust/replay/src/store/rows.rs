//! The rows of a game as they were read, and the game that they make up.

use std::path::PathBuf;

use ringrift_rules::{AnyPosition, BoardKind, Move, PlayerCount, PlayerId, RuleOptions};
use serde_json::{Map, Value};

use super::{
    content::{ContentDigest, ContentHasher},
    error::StoreError,
};
use crate::json::{ReadOptions, StateDocument, move_from_json_text};

/// A row of `games`. Columns that the file's schema lacks are none.
#[derive(Clone, PartialEq, Debug)]
pub struct GameRow {
    /// Name of the game.
    pub id: String,
    /// Board.
    pub board: String,
    /// Number of players.
    pub num_players: i64,
    /// Seed of the game's randomness.
    pub rng_seed: Option<i64>,
    /// Start, ISO 8601.
    pub created_at: String,
    /// End, ISO 8601.
    pub completed_at: Option<String>,
    /// `completed`, `active`, ...; old files say `finished` for `completed`.
    pub status: String,
    /// Number of the winner.
    pub winner: Option<i64>,
    /// How the game ended.
    pub termination_reason: Option<String>,
    /// Number of moves, bookkeeping included.
    pub total_moves: i64,
    /// Number of turns.
    pub total_turns: i64,
    /// Duration in milliseconds.
    pub duration_ms: Option<i64>,
    /// What recorded the game.
    pub source: Option<String>,
    /// Schema version of the writer.
    pub schema_version: Option<i64>,
    /// Metadata as JSON text.
    pub metadata_json: Option<String>,
    /// Score for training.
    pub quality_score: Option<f64>,
    /// Category of the score.
    pub quality_category: Option<String>,
    /// Engine mode of the run.
    pub engine_mode: Option<String>,
    /// Whether engines were compared on the game.
    pub parity_status: Option<String>,
    /// Kind of the opponent.
    pub opponent_type: Option<String>,
    /// Model of the opponent.
    pub opponent_model_id: Option<String>,
    /// Moves as a JSON list, in converted databases.
    pub(crate) inline_moves: Option<String>,
}

impl GameRow {
    /// The metadata; none if they are no JSON object.
    pub fn metadata(&self) -> Option<Map<String, Value>> {
        serde_json::from_str(self.metadata_json.as_deref()?).ok()
    }
}

/// A row of `game_players`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlayerRow {
    /// Player number from 1.
    pub number: i64,
    /// `ai` or `human`.
    pub kind: String,
    /// Engine.
    pub ai_type: Option<String>,
    /// Difficulty.
    pub ai_difficulty: Option<i64>,
    /// Profile of upstream's ladder.
    pub ai_profile_id: Option<String>,
    /// Eliminated rings at the end.
    pub eliminated: Option<i64>,
    /// Territory at the end.
    pub territory: Option<i64>,
    /// Rings in hand at the end.
    pub hand: Option<i64>,
}

/// A row of `game_moves`.
#[derive(Clone, PartialEq, Debug)]
pub struct MoveRow {
    /// Number from 0.
    pub number: i64,
    /// Turn from 0.
    pub turn: Option<i64>,
    /// Player number.
    pub player: Option<i64>,
    /// Phase before the move.
    pub phase: Option<String>,
    /// Move type.
    pub kind: Option<String>,
    /// The move as JSON text.
    pub json: String,
    /// When, ISO 8601.
    pub timestamp: Option<String>,
    /// Time spent on it.
    pub think_time_ms: Option<i64>,
    /// Search's policy, JSON.
    pub move_probs: Option<String>,
    /// Search statistics, JSON.
    pub search_stats: Option<String>,
    /// Heuristic features, little-endian float32.
    pub heuristic_features: Option<Vec<u8>>,
}

/// A row of `game_state_snapshots`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SnapshotRow {
    /// The state is the one after this move.
    pub number: i64,
    /// The state, unpacked.
    pub json: String,
    /// State hash.
    pub hash: Option<String>,
}

/// One side of a row of `game_history_entries`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HistorySide {
    /// Phase.
    pub phase: String,
    /// Status of the game.
    pub status: String,
    /// Players' counters, JSON.
    pub progress: String,
    /// State hash.
    pub hash: Option<String>,
    /// The state, unpacked.
    pub json: Option<String>,
}

/// A row of `game_history_entries`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HistoryRow {
    /// Number of the move.
    pub number: i64,
    /// Player of the move.
    pub player: i64,
    /// Before the move.
    pub before: HistorySide,
    /// After it.
    pub after: HistorySide,
}

/// Where the moves of a game were found.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum MoveSource {
    /// Rows with the move as JSON.
    Rows,
    /// Rows with type, player and target cell only.
    Columns,
    /// A JSON list in the row of the game.
    Inline,
}

/// A game as it was read.
#[derive(Clone, PartialEq, Debug)]
pub struct StoredGame {
    pub(crate) path: PathBuf,
    /// The row of the game.
    pub row: GameRow,
    /// Seats in order.
    pub players: Vec<PlayerRow>,
    /// State before the first move, unpacked; none if the file has no such row.
    pub initial_json: Option<String>,
    /// Moves in order.
    pub moves: Vec<MoveRow>,
    /// Where the moves were found.
    pub move_source: MoveSource,
    /// Snapshots in order; empty unless they were asked for.
    pub snapshots: Vec<SnapshotRow>,
    /// History rows in order; empty unless they were asked for.
    pub history: Vec<HistoryRow>,
}

/// A game played through again.
#[derive(Clone, PartialEq, Debug)]
pub struct ReplayedGame {
    /// Before the first move.
    pub start: StateDocument,
    /// The moves.
    pub moves: Vec<Move>,
    /// After the last one.
    pub end: AnyPosition,
}

impl StoredGame {
    pub(crate) fn torn(&self, what: impl Into<String>) -> StoreError {
        StoreError::torn(&self.path, &self.row.id, what)
    }

    /// State before the first move. Where the file has none, it is the standard start, as upstream takes it.
    ///
    /// # Errors
    /// [`StoreError::TornGame`] if it cannot be read.
    pub fn start(&self) -> Result<StateDocument, StoreError> {
        match &self.initial_json {
            Some(json) => StateDocument::from_json(json, ReadOptions::default())
                .map_err(|error| self.torn(format!("initial state: {error}"))),
            None => self.default_start().map_err(|what| self.torn(what)),
        }
    }

    fn default_start(&self) -> Result<StateDocument, String> {
        let board: BoardKind =
            self.row.board.parse().map_err(|error: ringrift_rules::UnknownBoard| error.to_string())?;
        let players = PlayerCount::try_from(u64::try_from(self.row.num_players).unwrap_or(0))
            .map_err(|error| error.to_string())?;
        let rules = RuleOptions::standard(board, players);
        let mut start = StateDocument::new(AnyPosition::initial(board, players, rules));
        start.envelope.created_at.clone_from(&self.row.created_at);
        start.envelope.last_move_at.clone_from(&self.row.created_at);
        start.envelope.rng_seed = self.row.rng_seed;
        Ok(start)
    }

    /// Plays the game through, up to `plies` moves.
    ///
    /// # Errors
    /// [`StoreError::TornGame`] names the first move that is missing or cannot be made.
    pub fn replay(&self, plies: usize) -> Result<ReplayedGame, StoreError> {
        let start = self.start()?;
        let mut end = start.position.clone();
        let mut moves = Vec::with_capacity(self.moves.len());
        for (ply, row) in self.moves.iter().take(plies).enumerate() {
            if row.number != ply as i64 {
                return Err(self.torn(format!("move {ply} is missing, the next one is {}", row.number)));
            }
            let mv = move_from_json_text(&end, &row.json).map_err(|error| self.torn(format!("move {ply}: {error}")))?;
            end.make_move(mv);
            moves.push(mv);
        }
        Ok(ReplayedGame { start, moves, end })
    }

    /// The moves, and that none is missing.
    ///
    /// # Errors
    /// [`StoreError::TornGame`].
    pub fn replay_all(&self) -> Result<ReplayedGame, StoreError> {
        if self.moves.len() as i64 != self.row.total_moves {
            return Err(self.torn(format!(
                "it should have {} moves and has {}",
                self.row.total_moves,
                self.moves.len()
            )));
        }
        self.replay(usize::MAX)
    }

    /// The position after the last move.
    ///
    /// # Errors
    /// [`StoreError::TornGame`].
    pub fn end(&self) -> Result<AnyPosition, StoreError> {
        self.replay_all().map(|game| game.end)
    }

    /// What makes games equal, whoever stored them and when.
    ///
    /// # Errors
    /// [`StoreError::TornGame`], if the game cannot be replayed.
    pub fn content(&self) -> Result<ContentDigest, StoreError> {
        let ReplayedGame { start, moves, end } = self.replay_all()?;
        let mut hasher = ContentHasher::new(self, &start);
        let mut position = start.position;
        for mv in moves {
            hasher.add(&position, mv);
            position.make_move(mv);
        }
        Ok(hasher.finish(&end))
    }

    /// Names to show for the seats: number and engine.
    pub fn seat_names(&self) -> Vec<String> {
        let name = |player: PlayerId| {
            let row = self.players.iter().find(|row| row.number == i64::from(player.number()));
            match row.and_then(|row| row.ai_type.as_deref()) {
                Some(engine) => format!("{player} ({engine})"),
                None => player.to_string(),
            }
        };
        let count = usize::try_from(self.row.num_players).unwrap_or(0).min(4);
        PlayerId::ALL[..count].iter().map(|&player| name(player)).collect()
    }
}
