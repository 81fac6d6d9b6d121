//! Brings older replay databases up to the present schema. Source: replay-db.md section 3.
//!
//! The columns are those that upstream's migrations add, version by version, in their order. Then whatever tables and
//! indexes a fresh database has are made where they are missing: upstream leaves some of them out.

use rusqlite::{Connection, Result};

use super::schema;

enum Step {
    /// Table, column, type.
    Column(&'static str, &'static str, &'static str),
    Sql(&'static str),
}
use Step::{Column, Sql};

/// What a version has that the one before did not.
const STEPS: &[(u32, &[Step])] = &[
    (
        2,
        &[
            Column("games", "time_control_type", "TEXT DEFAULT 'none'"),
            Column("games", "initial_time_ms", "INTEGER"),
            Column("games", "time_increment_ms", "INTEGER"),
            Column("game_moves", "time_remaining_ms", "INTEGER"),
            Column("game_moves", "engine_eval", "REAL"),
            Column("game_moves", "engine_eval_type", "TEXT"),
            Column("game_moves", "engine_depth", "INTEGER"),
            Column("game_moves", "engine_nodes", "INTEGER"),
            Column("game_moves", "engine_pv", "TEXT"),
            Column("game_moves", "engine_time_ms", "INTEGER"),
        ],
    ),
    (3, &[Column("game_state_snapshots", "state_hash", "TEXT")]),
    (
        4,
        &[
            Column("game_history_entries", "state_before_json", "TEXT"),
            Column("game_history_entries", "state_after_json", "TEXT"),
            Column("game_history_entries", "compressed_states", "INTEGER DEFAULT 0"),
        ],
    ),
    (5, &[Column("games", "metadata_json", "TEXT")]),
    (
        6,
        &[
            Column("game_history_entries", "available_moves_json", "TEXT"),
            Column("game_history_entries", "available_moves_count", "INTEGER"),
            Column("game_history_entries", "engine_eval", "REAL"),
            Column("game_history_entries", "engine_depth", "INTEGER"),
        ],
    ),
    (
        7,
        &[
            Column("game_history_entries", "fsm_valid", "INTEGER"),
            Column("game_history_entries", "fsm_error_code", "TEXT"),
        ],
    ),
    (9, &[Column("games", "quality_score", "REAL"), Column("games", "quality_category", "TEXT")]),
    (10, &[Column("game_moves", "move_probs", "TEXT")]),
    (11, &[Column("game_moves", "search_stats_json", "TEXT")]),
    (
        12,
        &[
            Column("games", "engine_mode", "TEXT"),
            Sql("UPDATE games SET engine_mode = json_extract(metadata_json, '$.engine_mode')
                 WHERE engine_mode IS NULL AND json_valid(metadata_json)"),
        ],
    ),
    (
        13,
        &[
            Column("games", "parity_status", "TEXT DEFAULT 'pending'"),
            Column("games", "parity_checked_at", "TEXT"),
            Column("games", "parity_divergence_move", "INTEGER"),
        ],
    ),
    (16, &[Column("games", "opponent_type", "TEXT"), Column("games", "opponent_model_id", "TEXT")]),
    // The trigger of version 14 let games of one to four moves pass.
    (17, &[Sql("DROP TRIGGER IF EXISTS enforce_moves_on_complete")]),
    (18, &[Column("game_moves", "heuristic_features", "BLOB")]),
];

/// Columns of version 1 that some converted databases lack, which the present indexes and readers name.
const EXPECTED: &[Step] = &[
    Column("games", "rng_seed", "INTEGER"),
    Column("games", "completed_at", "TEXT"),
    Column("games", "winner", "INTEGER"),
    Column("games", "termination_reason", "TEXT"),
    Column("games", "total_turns", "INTEGER NOT NULL DEFAULT 0"),
    Column("games", "duration_ms", "INTEGER"),
    Column("games", "source", "TEXT"),
    Column("games", "schema_version", "INTEGER NOT NULL DEFAULT 1"),
    Column("game_moves", "turn_number", "INTEGER NOT NULL DEFAULT 0"),
];

/// Migrates from version `from`; call it inside a transaction, so that a fault leaves the file as it was.
pub(crate) fn migrate(connection: &Connection, from: u32) -> Result<()> {
    for step in EXPECTED {
        take(connection, step)?;
    }
    for (_, steps) in STEPS.iter().filter(|(version, _)| *version > from) {
        for step in *steps {
            take(connection, step)?;
        }
    }
    schema::create(connection)?;
    schema::set_version(connection, schema::VERSION)
}

fn take(connection: &Connection, step: &Step) -> Result<()> {
    match step {
        Column(table, column, kind) => {
            // A table that is missing altogether is made in its present form afterwards.
            let present = schema::columns(connection, table)?;
            if present.is_empty() || present.iter().any(|name| name == column) {
                return Ok(());
            }
            connection.execute(&format!("ALTER TABLE {table} ADD COLUMN {column} {kind}"), []).map(drop)
        }
        Sql(sql) => connection.execute(sql, []).map(drop),
    }
}

/// The versions that brought changes, for tests: what a database of version `version` lacks.
#[cfg(test)]
pub(crate) fn columns_after(version: u32) -> Vec<(&'static str, &'static str)> {
    let later = STEPS.iter().filter(|(number, _)| *number > version).flat_map(|(_, steps)| steps.iter());
    later
        .filter_map(|step| match step {
            Column(table, column, _) => Some((*table, *column)),
            Sql(_) => None,
        })
        .collect()
}
