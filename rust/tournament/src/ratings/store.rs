//! Ratings in the shape of upstream's `unified_elo.db`, for its leaderboard. Source: pipeline.md section 4.3.

use std::fs;
use std::path::{Path, PathBuf};

use ringrift_replay::files::write_atomic;
use rusqlite::{Connection, params};
use serde_json::json;

use super::Pool;
use crate::log::LogContent;
use crate::participant::ParticipantId;

/// Tables with the columns of both of upstream's creators, each of which lacks one that its own writer needs.
const SCHEMA: &str = "
CREATE TABLE participants (participant_id TEXT PRIMARY KEY, participant_type TEXT NOT NULL DEFAULT 'model', ai_type TEXT,
  difficulty INTEGER, use_neural_net INTEGER, model_path TEXT, model_version TEXT, metadata TEXT, created_at REAL, last_seen REAL,
  nn_model_id TEXT, nn_model_path TEXT, ai_algorithm TEXT, algorithm_config TEXT, is_composite INTEGER, is_deployable INTEGER);
CREATE TABLE elo_ratings (participant_id TEXT NOT NULL, board_type TEXT NOT NULL, num_players INTEGER NOT NULL,
  rating REAL DEFAULT 1500.0, games_played INTEGER DEFAULT 0, wins INTEGER DEFAULT 0, losses INTEGER DEFAULT 0,
  draws INTEGER DEFAULT 0, rating_deviation REAL DEFAULT 350.0, peak_rating REAL, last_update REAL, harness_type TEXT,
  simulation_count INTEGER, PRIMARY KEY (participant_id, board_type, num_players));
CREATE TABLE match_history (id INTEGER PRIMARY KEY AUTOINCREMENT, participant_a TEXT, participant_b TEXT,
  participant_ids TEXT, rankings TEXT, winner TEXT, winner_id TEXT, board_type TEXT NOT NULL, num_players INTEGER NOT NULL,
  game_length INTEGER, duration_sec REAL, timestamp REAL NOT NULL, tournament_id TEXT, game_id TEXT, worker TEXT,
  metadata TEXT, elo_before TEXT, elo_after TEXT, harness_type TEXT, architecture_version TEXT, evaluation_metadata TEXT);
CREATE TABLE rating_history (id INTEGER PRIMARY KEY AUTOINCREMENT, participant_id TEXT NOT NULL, board_type TEXT NOT NULL,
  num_players INTEGER NOT NULL, rating REAL NOT NULL, rating_change REAL, games_played INTEGER NOT NULL,
  timestamp REAL NOT NULL, match_id TEXT, tournament_id TEXT);
CREATE INDEX idx_elo_config ON elo_ratings(board_type, num_players, rating DESC);
CREATE INDEX idx_match_tournament ON match_history(tournament_id);
CREATE UNIQUE INDEX idx_match_game_id ON match_history(game_id) WHERE game_id IS NOT NULL;
";

/// A file that cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}: {source}\nhint: check that the folder is there and may be written", path.display())]
#[non_exhaustive]
pub struct EloStoreError {
    /// The file.
    pub path: PathBuf,
    /// What went wrong.
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// Writes ratings and games to a new file in place of what is there. It is a view of the logs: nothing reads it back.
///
/// # Errors
/// [`EloStoreError`]; what had the name before is then unchanged.
pub fn write_elo_store(path: &Path, content: &LogContent, pools: &[Pool]) -> Result<(), EloStoreError> {
    let fail = |source| EloStoreError { path: path.to_owned(), source };
    let folder = tempfile::tempdir().map_err(|error| fail(error.into()))?;
    let made = folder.path().join("elo.db");
    fill(&made, content, pools).map_err(|error| fail(error.into()))?;
    fs::read(&made).and_then(|bytes| write_atomic(path, &bytes)).map_err(|error| fail(error.into()))
}

fn fill(path: &Path, content: &LogContent, pools: &[Pool]) -> rusqlite::Result<()> {
    let mut connection = Connection::open(path)?;
    connection.execute_batch(SCHEMA)?;
    let transaction = connection.transaction()?;
    for pool in pools {
        for engine in &pool.engines {
            let line = content.participants.get(&engine.id);
            let settings =
                line.map(|line| json!({"name": line.name, "budget": line.budget, "settings": line.settings}));
            let model = line.and_then(|line| line.model_sha256.as_deref());
            transaction.execute(
                "INSERT INTO participants (participant_id, participant_type, ai_type, difficulty, use_neural_net, model_version,
                   metadata, created_at, last_seen, ai_algorithm, algorithm_config, is_composite, is_deployable)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, 0, ?3, ?8, 0, 1)",
                params![
                    engine.id.as_str(),
                    if model.is_some() { "model" } else { "baseline" },
                    line.map(|line| &line.ai_type),
                    line.and_then(|line| line.difficulty),
                    model.is_some(),
                    model,
                    settings.map(|settings| settings.to_string()),
                    line.and_then(|line| line.budget.as_deref()),
                ],
            )?;
            let losses = engine.seats - engine.wins - engine.undecided;
            transaction.execute(
                "INSERT INTO elo_ratings (participant_id, board_type, num_players, rating, games_played, wins, losses, draws,
                   rating_deviation, peak_rating, last_update, harness_type)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?4, 0, ?10)",
                params![
                    engine.id.as_str(),
                    pool.board_type,
                    pool.num_players,
                    engine.rating,
                    engine.seats as i64,
                    engine.wins as i64,
                    losses as i64,
                    engine.undecided as i64,
                    engine.error,
                    line.map(|line| &line.ai_type),
                ],
            )?;
        }
    }
    for (number, game) in content.distinct_games().into_iter().enumerate() {
        let ids: Vec<&str> = game.seats.iter().map(ParticipantId::as_str).collect();
        let rankings: Vec<u8> = game.ranks.iter().map(|rank| rank - 1).collect();
        let winner = game.ranks.iter().position(|&rank| rank == 1).filter(|_| game.is_decided()).map(|seat| ids[seat]);
        transaction.execute(
            "INSERT INTO match_history (participant_a, participant_b, participant_ids, rankings, winner, winner_id, board_type,
               num_players, game_length, timestamp, tournament_id, game_id)
             VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            params![
                ids[0],
                ids[1],
                json!(ids).to_string(),
                json!(rankings).to_string(),
                winner,
                game.board_type,
                game.num_players,
                game.plies,
                // Logs hold no times; the order is what upstream's readers need.
                number as f64,
                game.run_id,
                game.game_id,
            ],
        )?;
    }
    transaction.commit()
}
