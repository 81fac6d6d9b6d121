//! Tables, indexes and triggers of a replay database. Source: replay-db.md section 2.
//!
//! Names, types, defaults, keys and order of the columns are those of upstream's schema 18.

use rusqlite::{Connection, OptionalExtension as _, Result};

/// The schema version that this program writes.
pub const VERSION: u32 = 18;

/// Fewest moves of a completed game; the triggers refuse less.
pub const MOVES_MIN: usize = 5;

/// Tables without which a file is no replay database. Upstream can do without the others, and so can the reader.
pub(crate) const ESSENTIAL_TABLES: [&str; 2] = ["games", "game_moves"];

/// Columns of `games` that every version has.
pub(crate) const ESSENTIAL_COLUMNS: [&str; 6] =
    ["game_id", "board_type", "num_players", "created_at", "game_status", "total_moves"];

/// Key and parent of the tables that hang on a game.
macro_rules! child_of_games {
    ($key:literal) => {
        concat!("PRIMARY KEY (", $key, "), FOREIGN KEY (game_id) REFERENCES games(game_id) ON DELETE CASCADE)")
    };
}

const TABLES: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS schema_metadata (key TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS games (
        game_id TEXT PRIMARY KEY, board_type TEXT NOT NULL, num_players INTEGER NOT NULL, rng_seed INTEGER,
        created_at TEXT NOT NULL, completed_at TEXT, game_status TEXT NOT NULL, winner INTEGER,
        termination_reason TEXT, total_moves INTEGER NOT NULL, total_turns INTEGER NOT NULL, duration_ms INTEGER,
        source TEXT, schema_version INTEGER NOT NULL,
        time_control_type TEXT DEFAULT 'none', initial_time_ms INTEGER, time_increment_ms INTEGER,
        metadata_json TEXT, quality_score REAL, quality_category TEXT, engine_mode TEXT,
        parity_status TEXT DEFAULT 'pending', parity_checked_at TEXT, parity_divergence_move INTEGER,
        opponent_type TEXT, opponent_model_id TEXT)",
    concat!(
        "CREATE TABLE IF NOT EXISTS game_players (
        game_id TEXT NOT NULL, player_number INTEGER NOT NULL, player_type TEXT NOT NULL,
        ai_type TEXT, ai_difficulty INTEGER, ai_profile_id TEXT,
        final_eliminated_rings INTEGER, final_territory_spaces INTEGER, final_rings_in_hand INTEGER, ",
        child_of_games!("game_id, player_number")
    ),
    "CREATE TABLE IF NOT EXISTS game_initial_state (
        game_id TEXT PRIMARY KEY, initial_state_json TEXT NOT NULL, compressed INTEGER DEFAULT 0,
        FOREIGN KEY (game_id) REFERENCES games(game_id) ON DELETE CASCADE)",
    concat!(
        "CREATE TABLE IF NOT EXISTS game_moves (
        game_id TEXT NOT NULL, move_number INTEGER NOT NULL, turn_number INTEGER NOT NULL, player INTEGER NOT NULL,
        phase TEXT NOT NULL, move_type TEXT NOT NULL, move_json TEXT NOT NULL, timestamp TEXT, think_time_ms INTEGER,
        time_remaining_ms INTEGER, engine_eval REAL, engine_eval_type TEXT, engine_depth INTEGER,
        engine_nodes INTEGER, engine_pv TEXT, engine_time_ms INTEGER,
        move_probs TEXT, search_stats_json TEXT, heuristic_features BLOB, ",
        child_of_games!("game_id, move_number")
    ),
    concat!(
        "CREATE TABLE IF NOT EXISTS game_state_snapshots (
        game_id TEXT NOT NULL, move_number INTEGER NOT NULL, state_json TEXT NOT NULL,
        compressed INTEGER DEFAULT 0, state_hash TEXT, ",
        child_of_games!("game_id, move_number")
    ),
    concat!(
        "CREATE TABLE IF NOT EXISTS game_choices (
        game_id TEXT NOT NULL, move_number INTEGER NOT NULL, choice_type TEXT NOT NULL, player INTEGER NOT NULL,
        options_json TEXT NOT NULL, selected_option_json TEXT NOT NULL, ai_reasoning TEXT, ",
        child_of_games!("game_id, move_number, choice_type")
    ),
    concat!(
        "CREATE TABLE IF NOT EXISTS game_history_entries (
        game_id TEXT NOT NULL, move_number INTEGER NOT NULL, player INTEGER NOT NULL,
        phase_before TEXT NOT NULL, phase_after TEXT NOT NULL, status_before TEXT NOT NULL, status_after TEXT NOT NULL,
        progress_before_json TEXT NOT NULL, progress_after_json TEXT NOT NULL,
        state_hash_before TEXT, state_hash_after TEXT, board_summary_before_json TEXT, board_summary_after_json TEXT,
        state_before_json TEXT, state_after_json TEXT, compressed_states INTEGER DEFAULT 0,
        available_moves_json TEXT, available_moves_count INTEGER, engine_eval REAL, engine_depth INTEGER,
        fsm_valid INTEGER, fsm_error_code TEXT, ",
        child_of_games!("game_id, move_number")
    ),
    concat!(
        "CREATE TABLE IF NOT EXISTS game_nnue_features (
        game_id TEXT NOT NULL, move_number INTEGER NOT NULL, player_perspective INTEGER NOT NULL,
        features BLOB NOT NULL, value REAL NOT NULL, board_type TEXT NOT NULL, feature_dim INTEGER NOT NULL, ",
        child_of_games!("game_id, move_number, player_perspective")
    ),
    "CREATE TABLE IF NOT EXISTS orphaned_games (
        game_id TEXT PRIMARY KEY, detected_at TEXT NOT NULL, reason TEXT, original_status TEXT,
        board_type TEXT, num_players INTEGER)",
];

/// Name, table and columns.
const INDEXES: &[(&str, &str, &str)] = &[
    ("idx_games_board_type", "games", "board_type"),
    ("idx_games_winner", "games", "winner"),
    ("idx_games_termination", "games", "termination_reason"),
    ("idx_games_created", "games", "created_at"),
    ("idx_games_source", "games", "source"),
    ("idx_games_board_players", "games", "board_type, num_players"),
    ("idx_games_created_board", "games", "created_at, board_type"),
    ("idx_games_board_created", "games", "board_type, created_at"),
    ("idx_games_quality", "games", "quality_score DESC"),
    ("idx_games_quality_board", "games", "board_type, quality_score DESC"),
    ("idx_games_engine_mode", "games", "engine_mode"),
    ("idx_games_board_engine", "games", "board_type, engine_mode"),
    ("idx_games_parity_status", "games", "parity_status"),
    ("idx_games_board_parity", "games", "board_type, parity_status"),
    ("idx_games_parity_created", "games", "parity_status, created_at"),
    ("idx_games_config", "games", "board_type, num_players, game_status"),
    ("idx_games_opponent_type", "games", "opponent_type"),
    ("idx_games_board_opponent", "games", "board_type, opponent_type"),
    ("idx_moves_game_turn", "game_moves", "game_id, turn_number"),
    ("idx_moves_lookup", "game_moves", "game_id, move_number"),
    ("idx_history_game", "game_history_entries", "game_id"),
    ("idx_history_game_phase", "game_history_entries", "game_id, phase_before"),
    ("idx_history_game_player", "game_history_entries", "game_id, player"),
    ("idx_moves_player", "game_moves", "game_id, player"),
    ("idx_nnue_game", "game_nnue_features", "game_id"),
    ("idx_nnue_board_type", "game_nnue_features", "board_type"),
    ("idx_orphaned_detected", "orphaned_games", "detected_at"),
];

/// A completed game has at least [`MOVES_MIN`] moves, however it comes into the table.
pub(crate) const TRIGGERS: [&str; 2] = [
    "CREATE TRIGGER IF NOT EXISTS enforce_moves_on_complete BEFORE UPDATE ON games
     WHEN NEW.game_status IN ('completed', 'finished') AND NEW.total_moves < 5
     BEGIN SELECT RAISE(ABORT, 'a completed game has at least 5 moves'); END",
    "CREATE TRIGGER IF NOT EXISTS enforce_moves_on_insert AFTER INSERT ON games
     WHEN NEW.game_status IN ('completed', 'finished')
     BEGIN
         SELECT CASE WHEN (SELECT COUNT(*) FROM game_moves WHERE game_id = NEW.game_id) < 5
         THEN RAISE(ABORT, 'a completed game has at least 5 moves, which are inserted before it is completed') END;
     END",
];
const _: () = assert!(MOVES_MIN == 5, "the triggers spell the number out");

/// Tables whose rows hang on a game by `game_id`, the game's own row aside.
pub(crate) const CHILD_TABLES: [&str; 9] = [
    "game_players",
    "game_initial_state",
    "game_moves",
    "game_state_snapshots",
    "game_choices",
    "game_history_entries",
    "game_nnue_features",
    "orphaned_games",
    PARITY_HASHES,
];

/// A table that upstream's parity check adds to the databases that it looks at.
pub(crate) const PARITY_HASHES: &str = "ts_parity_hashes";

const CREATE_PARITY_HASHES: &str = "CREATE TABLE IF NOT EXISTS ts_parity_hashes (
        game_id TEXT NOT NULL, move_number INTEGER NOT NULL, ts_state_hash TEXT NOT NULL, ts_current_player INTEGER,
        ts_current_phase TEXT, ts_game_status TEXT, validated_at TEXT NOT NULL, PRIMARY KEY (game_id, move_number))";

/// A column of `games` by which upstream's tools keep games out of training; they add it where they need it.
pub(crate) const EXCLUDED: &str = "excluded_from_training";

/// What merging adds to a database; upstream's readers select by name and see none of it.
///
/// `rr_merged_games`: the content of each game, and where it came from. `content` is the digest of board, seats, options,
/// start, moves and result; `source` is the input file, null for games that were there before; `source_game_id` is the
/// name there, which differs after `--on-conflict rename`.
///
/// `rr_quarantine`: games that were not taken. `kind` is `reject` for games that the engine does not agree with and
/// `conflict` for other games of a name that is taken; `ply` counts from 0 and is null for facts of the whole game; `field`,
/// `expected` (what the record says), `got` (what the engine says) and `reason` are the first of `differences` faults.
/// `rows` holds every row of the game in every table of its source: gzip of a JSON object from table names to lists of
/// rows, which are objects from column names to values; bytes and what JSON cannot hold are `{"base64": ...}` with the
/// type beside it. `rows_digest` tells equal rows.
///
/// `rr_merge_sources`: the inputs of each merge, with their counts.
const MERGE_TABLES: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS rr_merged_games (
        game_id TEXT PRIMARY KEY, content BLOB NOT NULL, source TEXT, source_game_id TEXT NOT NULL,
        FOREIGN KEY (game_id) REFERENCES games(game_id) ON DELETE CASCADE)",
    "CREATE INDEX IF NOT EXISTS rr_merged_games_content ON rr_merged_games(content)",
    "CREATE TABLE IF NOT EXISTS rr_quarantine (
        game_id TEXT NOT NULL, rows_digest BLOB NOT NULL, source TEXT NOT NULL, kind TEXT NOT NULL, ply INTEGER,
        field TEXT NOT NULL, expected TEXT NOT NULL, got TEXT NOT NULL, reason TEXT NOT NULL,
        differences INTEGER NOT NULL, rows BLOB NOT NULL, PRIMARY KEY (game_id, rows_digest))",
    "CREATE TABLE IF NOT EXISTS rr_merge_sources (
        merge TEXT NOT NULL, number INTEGER NOT NULL, path TEXT NOT NULL, state TEXT NOT NULL, stamp TEXT NOT NULL,
        cursor INTEGER, counts TEXT NOT NULL, PRIMARY KEY (merge, number))",
];

/// Makes whatever tables, indexes and triggers are missing.
pub(crate) fn create(connection: &Connection) -> Result<()> {
    create_tables(connection)?;
    create_indexes(connection)
}

/// Makes the tables of merging where they are missing.
pub(crate) fn create_merge_tables(connection: &Connection) -> Result<()> {
    MERGE_TABLES.iter().try_for_each(|sql| connection.execute(sql, []).map(drop))
}

/// Makes what upstream's tools add to databases, as far as it is missing.
pub(crate) fn create_extras(connection: &Connection, has_excluded: bool, has_parity_hashes: bool) -> Result<()> {
    if has_excluded && !columns(connection, "games")?.iter().any(|name| name == EXCLUDED) {
        connection.execute(&format!("ALTER TABLE games ADD COLUMN {EXCLUDED} INTEGER DEFAULT 0"), [])?;
    }
    if has_parity_hashes {
        connection.execute(CREATE_PARITY_HASHES, [])?;
    }
    Ok(())
}

/// Makes whatever tables are missing.
pub(crate) fn create_tables(connection: &Connection) -> Result<()> {
    TABLES.iter().try_for_each(|sql| connection.execute(sql, []).map(drop))
}

/// Makes whatever indexes and triggers are missing.
fn create_indexes(connection: &Connection) -> Result<()> {
    for (name, table, columns) in INDEXES {
        connection.execute(&format!("CREATE INDEX IF NOT EXISTS {name} ON {table}({columns})"), [])?;
    }
    for sql in TRIGGERS {
        connection.execute(sql, [])?;
    }
    Ok(())
}

/// Notes the schema version.
pub(crate) fn set_version(connection: &Connection, version: u32) -> Result<()> {
    let sql = "INSERT OR REPLACE INTO schema_metadata (key, value) VALUES ('schema_version', ?1)";
    connection.execute(sql, [version.to_string()]).map(drop)
}

pub(crate) fn has_table(connection: &Connection, name: &str) -> Result<bool> {
    let sql = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?1";
    connection.query_row(sql, [name], |_| Ok(())).optional().map(|found| found.is_some())
}

/// Columns of a table; none if there is no such table.
pub(crate) fn columns(connection: &Connection, table: &str) -> Result<Vec<String>> {
    columns_in(connection, "main", table)
}

/// [`columns`] of a database that was attached under a name.
pub(crate) fn columns_in(connection: &Connection, database: &str, table: &str) -> Result<Vec<String>> {
    let mut statement = connection.prepare("SELECT name FROM pragma_table_info(?1, ?2)")?;
    statement.query_map([table, database], |row| row.get(0))?.collect()
}

/// What a file says it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Found {
    /// No table at all.
    Empty,
    /// A replay database of this version.
    Store(u32),
    /// A version that is no number of a known schema.
    UnknownVersion(String),
    /// Tables or columns that a replay database has are missing.
    Other(String),
}

/// Looks what a database is.
pub(crate) fn inspect(connection: &Connection) -> Result<Found> {
    let objects: i64 = connection.query_row("SELECT COUNT(*) FROM sqlite_master", [], |row| row.get(0))?;
    if objects == 0 {
        return Ok(Found::Empty);
    }
    let mut missing = Vec::new();
    let in_games = columns(connection, "games")?;
    // Databases made from JSON lines keep the moves in a column of the games.
    let inline = in_games.iter().any(|column| column == "moves");
    for table in ESSENTIAL_TABLES {
        let stands_in = table == "game_moves" && inline;
        if !stands_in && !has_table(connection, table)? {
            missing.push(format!("table {table}"));
        }
    }
    if !in_games.is_empty() {
        let absent = ESSENTIAL_COLUMNS.iter().filter(|name| !in_games.iter().any(|column| column == *name));
        missing.extend(absent.map(|name| format!("column games.{name}")));
    }
    if !missing.is_empty() {
        return Ok(Found::Other(missing.join(", ")));
    }
    if !has_table(connection, "schema_metadata")? {
        return Ok(Found::Store(1));
    }
    let sql = "SELECT CAST(value AS TEXT) FROM schema_metadata WHERE key = 'schema_version'";
    let text: Option<String> = connection.query_row(sql, [], |row| row.get(0)).optional()?;
    Ok(match text {
        None => Found::Store(1),
        Some(text) => match text.trim().parse() {
            Ok(version @ 1..=VERSION) => Found::Store(version),
            _ => Found::UnknownVersion(text),
        },
    })
}
