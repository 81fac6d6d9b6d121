//! The end of a merge: the work file becomes the output, or its games go into the one that exists.

use std::{fs::File, path::Path};

use rusqlite::{Connection, Result, params};

use super::{
    super::{
        connection::{BUSY_TIMEOUT, WriteSettings, folder, open_for_writing},
        error::{At, StoreError},
        schema,
    },
    copy::RowCopy,
    work::Work,
};

/// Games of one transaction.
const GROUP: i64 = 256;

/// Ends a merge; returns the number of games in the output.
pub(super) fn finish(work: Work, output: &Path) -> std::result::Result<u64, StoreError> {
    if work.has_output { add_to(work, output) } else { become_output(work, output) }
}

/// Completes the work file and gives it the name of the output.
fn become_output(work: Work, output: &Path) -> std::result::Result<u64, StoreError> {
    let complete = || -> Result<i64> {
        let connection = &work.connection;
        let transaction = connection.unchecked_transaction()?;
        connection.execute_batch(
            "DROP TABLE IF EXISTS rr_known; DROP TABLE IF EXISTS rr_notes; DROP TABLE IF EXISTS rr_merge_run;",
        )?;
        schema::create(connection)?;
        schema::set_version(connection, schema::VERSION)?;
        transaction.commit()?;
        // Everything is in the file itself, and on the disk, before it has its name.
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        connection.query_row("SELECT COUNT(*) FROM games", [], |row| row.get(0))
    };
    let games = complete().map_err(work.at().on("completing the work file"))?;
    let (file, work_folder, lock) = work.close()?;
    let cannot = |error: std::io::Error| StoreError::of_io(output, &error);
    File::open(&file).and_then(|file| file.sync_all()).map_err(cannot)?;
    std::fs::rename(&file, output).map_err(cannot)?;
    if cfg!(unix) {
        File::open(folder(output)).and_then(|folder| folder.sync_all()).map_err(cannot)?;
    }
    remove(&work_folder, lock)?;
    Ok(games as u64)
}

fn remove(work_folder: &Path, lock: File) -> std::result::Result<(), StoreError> {
    std::fs::remove_dir_all(work_folder).map_err(|error| StoreError::of_io(work_folder, &error))?;
    drop(lock);
    Ok(())
}

/// Copies the games into the output, in groups; each group is on the disk before the next begins. A merge that is killed
/// here goes on with the games that are missing.
fn add_to(work: Work, output: &Path) -> std::result::Result<u64, StoreError> {
    let at = work.at();
    work.connection.execute("DETACH out", []).map_err(at.on("closing the output"))?;
    work.connection.execute("UPDATE rr_merge_run SET applying = 1", []).map_err(at.on("ending the inputs"))?;
    work.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).map_err(at.on("ending the inputs"))?;
    let of_output = At { path: output, ..at };
    let settings = WriteSettings { busy_timeout: BUSY_TIMEOUT, pages_max: None };
    let connection = open_for_writing(output, settings)?;
    connection.set_prepared_statement_cache_capacity(128);
    let attach = || -> Result<RowCopy> {
        connection.execute("ATTACH ?1 AS work", [work.file().to_string_lossy()])?;
        schema::create_merge_tables(&connection)?;
        RowCopy::new(&connection, "work", true)
    };
    let copy = attach().map_err(of_output.on("opening the output"))?;
    let mut cursor = Some(i64::MIN);
    while let Some(from) = cursor {
        cursor = add_group(&connection, &copy, from).map_err(of_output.on("adding games"))?;
    }
    let games = add_notes(&connection, &work.merge).map_err(of_output.on("adding the quarantine"))?;
    connection.close().map_err(|(_, error)| of_output.error("closing", &error))?;
    work.remove()?;
    Ok(games as u64)
}

/// Adds the games from a row of the work file on; returns the last row if there may be more.
fn add_group(connection: &Connection, copy: &RowCopy, from: i64) -> Result<Option<i64>> {
    let sql = "SELECT rowid, game_id, content FROM work.rr_merged_games WHERE rowid > ?1 ORDER BY rowid LIMIT ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let games: Vec<(i64, String, Vec<u8>)> = statement
        .query_map([from, GROUP], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<_>>()?;
    drop(statement);
    let transaction = connection.unchecked_transaction()?;
    let mut there = transaction.prepare_cached(
        "SELECT 1 FROM main.games WHERE game_id = ?1 UNION ALL SELECT 1 FROM main.rr_merged_games m WHERE content = ?2
         AND EXISTS (SELECT 1 FROM main.games g WHERE g.game_id = m.game_id)",
    )?;
    for (_, id, content) in &games {
        // Added before the merge was killed, or meanwhile by another writer.
        if there.exists(params![id, content])? {
            continue;
        }
        copy.copy(&transaction, id, id)?;
        let note = "INSERT OR REPLACE INTO main.rr_merged_games SELECT * FROM work.rr_merged_games WHERE game_id = ?1";
        transaction.prepare_cached(note)?.execute([id])?;
    }
    drop(there);
    transaction.commit()?;
    Ok(games.last().map(|(row, ..)| *row))
}

/// Adds everything else that the merge found out; returns the number of games.
fn add_notes(connection: &Connection, merge: &str) -> Result<i64> {
    let transaction = connection.unchecked_transaction()?;
    transaction.execute(
        "INSERT OR IGNORE INTO main.rr_merged_games (game_id, content, source, source_game_id)
         SELECT game_id, content, NULL, game_id FROM work.rr_known
         WHERE content IS NOT NULL AND game_id IN (SELECT game_id FROM main.games)",
        [],
    )?;
    transaction.execute(
        "UPDATE main.game_moves AS m SET move_probs = COALESCE(m.move_probs, n.move_probs),
             search_stats_json = COALESCE(m.search_stats_json, n.search_stats_json),
             heuristic_features = COALESCE(m.heuristic_features, n.heuristic_features)
         FROM work.rr_notes n WHERE m.game_id = n.game_id AND m.move_number = n.move_number",
        [],
    )?;
    transaction.execute("INSERT OR IGNORE INTO main.rr_quarantine SELECT * FROM work.rr_quarantine", [])?;
    transaction.execute(
        "INSERT OR REPLACE INTO main.rr_merge_sources SELECT * FROM work.rr_merge_sources WHERE merge = ?1",
        [merge],
    )?;
    transaction.commit()?;
    connection.query_row("SELECT COUNT(*) FROM main.games", [], |row| row.get(0))
}
