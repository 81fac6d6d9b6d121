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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use ringrift_rules::{AnyPosition, BoardKind, MoveList, PlayerCount, RuleOptions};

    use super::*;
    use crate::{
        json::StateDocument,
        store::{GameFilter, NewGame, Parts, RecordForm, StoreReader, StoreWriter, WriterOptions, verify_game},
    };

    /// The first moves of a game in which the last move of each list is made.
    fn game() -> NewGame {
        let rules = RuleOptions::standard(BoardKind::Square8, PlayerCount::Two);
        let start = AnyPosition::initial(BoardKind::Square8, PlayerCount::Two, rules);
        let (mut position, mut list, mut moves) = (start.clone(), MoveList::new(), Vec::new());
        while moves.len() < 40 {
            position.legal_moves(&mut list);
            let mv = *list.last().expect("a game does not end so soon");
            position.make_move(mv);
            moves.push(mv.into());
        }
        let metadata = serde_json::json!({"source": "test", "engine_mode": "random-only"});
        let metadata = metadata.as_object().unwrap().clone();
        NewGame::new("game".into(), StateDocument::new(start), moves, metadata)
    }

    /// Takes away what came after a version.
    fn cut_down(path: &Path, version: u32) {
        let connection = Connection::open(path).unwrap();
        let select =
            "SELECT type || ' ' || name FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL";
        let mut statement = connection.prepare(select).unwrap();
        let objects: Vec<String> = statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_>>().unwrap();
        drop(statement);
        let run = |sql: String| connection.execute(&sql, []).unwrap_or_else(|error| panic!("{sql}: {error}"));
        for object in objects {
            run(format!("DROP {object}"));
        }
        for (since, table) in [(3, "game_history_entries"), (8, "game_nnue_features"), (14, "orphaned_games")] {
            if version < since {
                run(format!("DROP TABLE {table}"));
            }
        }
        for (_, steps) in STEPS.iter().filter(|(number, _)| *number > version) {
            for step in *steps {
                if let Column(table, column, _) = step
                    && !schema::columns(&connection, table).unwrap().is_empty()
                {
                    run(format!("ALTER TABLE {table} DROP COLUMN {column}"));
                }
            }
        }
        if (14..17).contains(&version) {
            run("CREATE TRIGGER enforce_moves_on_complete BEFORE UPDATE ON games WHEN NEW.total_moves = 0
                 AND NEW.game_status = 'completed' BEGIN SELECT RAISE(ABORT, 'old'); END"
                .into());
        }
        if version == 1 {
            run("DROP TABLE schema_metadata".into());
        } else {
            schema::set_version(&connection, version).unwrap();
        }
    }

    /// Columns of tables in no order, and names of all else.
    fn shape(path: &Path) -> Vec<String> {
        let connection = Connection::open(path).unwrap();
        let sql = "SELECT m.type || ' ' || m.name || ' ' || coalesce(c.name || ' ' || c.type, '')
                   FROM sqlite_master m LEFT JOIN pragma_table_info(m.name) c ORDER BY 1";
        let mut statement = connection.prepare(sql).unwrap();
        let shape = statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_>>();
        shape.unwrap()
    }

    #[test]
    fn every_version_is_read_as_it_is_and_migrated_when_written() {
        let folder = tempfile::tempdir().unwrap();
        let fresh = folder.path().join("fresh.db");
        let options = || WriterOptions { form: RecordForm::FULL, ..WriterOptions::default() };
        StoreWriter::open(&fresh, options()).unwrap().store(&game()).unwrap();
        let expected = StoreReader::open(&fresh).unwrap().game("game").unwrap();
        for version in 1..schema::VERSION {
            let path = folder.path().join(format!("{version}.db"));
            std::fs::copy(&fresh, &path).unwrap();
            cut_down(&path, version);
            let before = std::fs::read(&path).unwrap();
            for pass in ["as it is", "migrated"] {
                let mut reader = StoreReader::open(&path).unwrap();
                let found = reader.info().unwrap().schema_version;
                assert_eq!(found, if pass == "migrated" { schema::VERSION } else { version });
                let games: Vec<_> = reader.games(&GameFilter::default(), Parts::All).unwrap().collect();
                let game = games[0].as_ref().unwrap();
                assert_eq!(game.replay_all(), expected.replay_all());
                let differences = verify_game(game).differences;
                assert!(differences.is_empty(), "version {version} {pass}: {differences:#?}");
                drop(reader);
                if pass == "as it is" {
                    assert_eq!(std::fs::read(&path).unwrap(), before, "reading changes nothing");
                    StoreWriter::open(&path, options()).unwrap().close().unwrap();
                }
            }
            assert_eq!(shape(&path), shape(&fresh), "version {version}");
            let mode = StoreReader::open(&path).unwrap().game("game").unwrap().row.engine_mode;
            assert_eq!(mode.as_deref(), (version >= 5).then_some("random-only"), "backfilled from the metadata");
        }
    }

    #[test]
    fn moves_in_other_places_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("inline.db");
        StoreWriter::open(&path, WriterOptions::default()).unwrap().store(&game()).unwrap();
        let expected = StoreReader::open(&path).unwrap().game("game").unwrap();
        let connection = Connection::open(&path).unwrap();
        let sql = "ALTER TABLE games ADD COLUMN moves TEXT;
                   UPDATE games SET moves = (SELECT json_group_array(json(move_json)) FROM game_moves);
                   DROP TABLE game_moves; DROP TABLE schema_metadata;";
        connection.execute_batch("PRAGMA foreign_keys = OFF; DROP TRIGGER enforce_moves_on_insert;").unwrap();
        connection.execute_batch(sql).unwrap();
        drop(connection);
        let game = StoreReader::open(&path).unwrap().game("game").unwrap();
        assert_eq!(game.replay_all(), expected.replay_all());
        StoreWriter::open(&path, WriterOptions::default()).unwrap().close().unwrap();
        let game = StoreReader::open(&path).unwrap().game("game").unwrap();
        assert_eq!(game.replay_all(), expected.replay_all());
        assert_eq!(verify_game(&game).differences, []);
    }
}
