//! The work file of a merge: the games that were taken, what became of the others, and how far the merge is.
//!
//! It stands in a folder beside the output, `OUTPUT.merging`, and has all that a merge needs to go on after a kill: each
//! batch of games goes into it in one transaction with the number of its last row.

use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
};

use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use super::{
    super::{
        connection::{BUSY_TIMEOUT, CHECKPOINT_PAGES, Stamp, beside},
        content::ContentDigest,
        error::{At, StoreError},
        reader::StoreReader,
        schema,
    },
    MergeOptions, OnConflict, Source,
    check::Checker,
    error::MergeError,
    report::{FAULTS_MAX, MergeFault, SourceCounts, SourceState},
};

/// Tables of the work file only.
const WORK_TABLES: &str = "
    CREATE TABLE IF NOT EXISTS rr_merge_run (merge TEXT NOT NULL, output TEXT NOT NULL, applying INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS rr_known (game_id TEXT PRIMARY KEY, content BLOB);
    CREATE INDEX IF NOT EXISTS rr_known_content ON rr_known(content);
    CREATE TABLE IF NOT EXISTS rr_notes (
        game_id TEXT NOT NULL, move_number INTEGER NOT NULL, move_probs TEXT, search_stats_json TEXT,
        heuristic_features BLOB, PRIMARY KEY (game_id, move_number));";

/// The states of an input in `rr_merge_sources`.
const PARTIAL: &str = "partial";
const DONE: &str = "merged";

#[derive(Debug)]
pub(super) struct Work {
    folder: PathBuf,
    file: PathBuf,
    pub(super) connection: Connection,
    /// Name of this merge: the digest of its inputs and settings.
    pub(super) merge: String,
    resumes: bool,
    /// Whether the output exists, and is attached as `out`.
    pub(super) has_output: bool,
    output: PathBuf,
    /// Held until the merge ends.
    lock: File,
}

impl Work {
    /// Makes the folder and the file, or finds those of an earlier merge of the same inputs.
    pub(super) fn open(options: &MergeOptions, output: &Path) -> Result<Self, MergeError> {
        let has_output = output.metadata().is_ok_and(|file| file.len() > 0);
        let state = if has_output {
            // Says what is wrong with it before anything is done.
            StoreReader::open(output)?;
            Stamp::of(output)?.to_string()
        } else {
            "none".to_owned()
        };
        let folder = beside(output, if options.dry_run { ".dry-run" } else { ".merging" });
        let cannot = |error: std::io::Error| StoreError::of_io(&folder, &error);
        std::fs::create_dir_all(&folder).map_err(cannot)?;
        let lock = File::create(folder.join("lock")).map_err(cannot)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(MergeError::AtWork { output: output.to_owned() }),
            Err(TryLockError::Error(error)) => return Err(cannot(error).into()),
        }
        // Copies of inputs that a killed merge left.
        for entry in folder.read_dir().map_err(cannot)? {
            let path = entry.map_err(cannot)?.path();
            if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(".rrpipe-")) {
                std::fs::remove_file(&path).map_err(cannot)?;
            }
        }
        let merge = name_of(options);
        let file = folder.join("work.db");
        let mut resumes = false;
        if file.exists() {
            resumes = matches!(can_resume(&file, &merge, &state), Ok(true));
            if !resumes {
                for end in ["", "-wal", "-shm"] {
                    let left = beside(&file, end);
                    if left.exists() {
                        std::fs::remove_file(&left).map_err(cannot)?;
                    }
                }
            }
        }
        let connection = Connection::open(&file).map_err(At { path: &file, waited_ms: 0 }.on("opening"))?;
        let output = output.to_owned();
        let work = Self { folder, file, connection, merge, resumes, has_output, output, lock };
        work.set_up(&state)?;
        Ok(work)
    }

    fn set_up(&self, state: &str) -> Result<(), StoreError> {
        let connection = &self.connection;
        let set_up = || -> rusqlite::Result<()> {
            connection.busy_timeout(BUSY_TIMEOUT)?;
            connection.set_prepared_statement_cache_capacity(128);
            connection.pragma_update(None, "journal_mode", "WAL")?;
            // What a power loss takes is done again; what is left is a state that was committed.
            connection.pragma_update(None, "synchronous", "NORMAL")?;
            connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
            connection.pragma_update(None, "cache_size", -32 * 1024)?;
            connection.pragma_update(None, "foreign_keys", false)?;
            let transaction = connection.unchecked_transaction()?;
            schema::create_tables(connection)?;
            schema::create_merge_tables(connection)?;
            if !self.resumes || schema::has_table(connection, "rr_merge_run")? {
                connection.execute_batch(WORK_TABLES)?;
            }
            if !self.resumes {
                let insert = "INSERT INTO rr_merge_run (merge, output, applying) VALUES (?1, ?2, 0)";
                connection.execute(insert, params![self.merge, state])?;
            }
            transaction.commit()
        };
        set_up().map_err(self.at().on("making the work file"))?;
        if self.has_output {
            let path = self.output.to_string_lossy();
            let at = At { path: &self.output, ..self.at() };
            connection.execute("ATTACH ?1 AS out", [path]).map_err(at.on("opening"))?;
        }
        Ok(())
    }

    pub(super) fn at(&self) -> At<'_> {
        At { path: &self.file, waited_ms: BUSY_TIMEOUT.as_millis() as u64 }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    /// Whether an earlier merge of these inputs is gone on with.
    pub(super) fn resumes(&self) -> bool {
        self.resumes
    }

    /// Whether all inputs are through, and the games go into the output.
    pub(super) fn is_applying(&self) -> Result<bool, StoreError> {
        is_applying(&self.connection).map_err(self.at().on("reading the work file"))
    }

    /// A transaction of the work file. It is deferred, since one that is not would lock the attached databases too.
    pub(super) fn transaction(&self) -> Result<Transaction<'_>, StoreError> {
        self.connection.unchecked_transaction().map_err(self.at().on("beginning a transaction"))
    }

    /// Finds the contents of the games that the output has, as far as no merge has noted them.
    pub(super) fn learn_output(&mut self, checker: &Checker, stop: &AtomicBool) -> Result<(), MergeError> {
        if !self.has_output {
            return Ok(());
        }
        let at = self.at();
        let read = || -> rusqlite::Result<Vec<i64>> {
            let mut sql = "SELECT rowid FROM out.games g
                           WHERE NOT EXISTS (SELECT 1 FROM main.rr_known k WHERE k.game_id = g.game_id)"
                .to_owned();
            if has_merge_tables(&self.connection)? {
                sql += " AND NOT EXISTS (SELECT 1 FROM out.rr_merged_games m WHERE m.game_id = g.game_id)";
            }
            self.connection.prepare(&(sql + " ORDER BY rowid"))?.query_map([], |row| row.get(0))?.collect()
        };
        let rows = read().map_err(at.on("reading the output"))?;
        if rows.is_empty() {
            return Ok(());
        }
        let reader = StoreReader::open(&self.output)?;
        checker.contents(reader, rows, stop, &mut |batch| {
            let insert = || -> rusqlite::Result<()> {
                let transaction = self.connection.unchecked_transaction()?;
                let mut insert = transaction
                    .prepare_cached("INSERT OR REPLACE INTO main.rr_known (game_id, content) VALUES (?1, ?2)")?;
                for (id, content) in &batch {
                    insert.execute(params![id, content.as_ref().map(ContentDigest::as_bytes)])?;
                }
                drop(insert);
                transaction.commit()
            };
            insert().map_err(at.on("noting the games of the output"))?;
            Ok(true)
        })?;
        Ok(())
    }

    /// The counts of an input that is through, if it is as it was then.
    pub(super) fn source_if_done(&self, number: usize, stamp: &str) -> Result<Option<SourceCounts>, StoreError> {
        let found = self.source(number)?;
        Ok(found.filter(|found| found.state == DONE && found.stamp == stamp).map(|found| found.counts))
    }

    fn source(&self, number: usize) -> Result<Option<SourceRow>, StoreError> {
        let sql = "SELECT state, stamp, cursor, counts FROM main.rr_merge_sources WHERE merge = ?1 AND number = ?2";
        let row = self.connection.query_row(sql, params![self.merge, number as i64], |row| {
            Ok(SourceRow {
                state: row.get(0)?,
                stamp: row.get(1)?,
                cursor: row.get(2)?,
                counts: serde_json::from_str(&row.get::<_, String>(3)?).unwrap_or_default(),
            })
        });
        row.optional().map_err(self.at().on("reading the work file"))
    }

    /// Where to go on with an input, and its counts so far. What was taken from an input that has changed since is given
    /// up, and so is all that was decided after it: it may depend on it.
    pub(super) fn begin_source(
        &mut self,
        number: usize,
        path: &str,
        stamp: &str,
    ) -> Result<(Option<i64>, SourceCounts), StoreError> {
        if let Some(found) = self.source(number)?.filter(|found| found.stamp == stamp) {
            return Ok((found.cursor, found.counts));
        }
        self.forget_source(number, path)?;
        let sql = "INSERT INTO main.rr_merge_sources (merge, number, path, state, stamp, counts)
                   VALUES (?1, ?2, ?3, ?4, ?5, '{}')";
        let inserted = self.connection.execute(sql, params![self.merge, number as i64, path, PARTIAL, stamp]);
        inserted.map_err(self.at().on("beginning an input"))?;
        Ok((None, SourceCounts::default()))
    }

    /// Gives up what was taken from an input and from those after it.
    pub(super) fn forget_source(&mut self, number: usize, path: &str) -> Result<(), StoreError> {
        let forget = || -> rusqlite::Result<()> {
            let transaction = self.connection.unchecked_transaction()?;
            let mut paths = vec![path.to_owned()];
            let later = "SELECT path FROM main.rr_merge_sources WHERE merge = ?1 AND number >= ?2";
            let mut statement = transaction.prepare(later)?;
            for path in statement.query_map(params![self.merge, number as i64], |row| row.get(0))? {
                paths.push(path?);
            }
            drop(statement);
            for path in &paths {
                for table in schema::CHILD_TABLES.into_iter().chain(["games"]) {
                    if schema::has_table(&transaction, table)? {
                        let sql = format!(
                            "DELETE FROM main.{table} WHERE game_id IN
                             (SELECT game_id FROM main.rr_merged_games WHERE source = ?1)"
                        );
                        transaction.execute(&sql, [path])?;
                    }
                }
                transaction.execute("DELETE FROM main.rr_merged_games WHERE source = ?1", [path])?;
                transaction.execute("DELETE FROM main.rr_quarantine WHERE source = ?1", [path])?;
            }
            let delete = "DELETE FROM main.rr_merge_sources WHERE merge = ?1 AND number >= ?2";
            transaction.execute(delete, params![self.merge, number as i64])?;
            transaction.commit()
        };
        forget().map_err(self.at().on("giving up an input"))
    }

    /// Notes how far an input is; call it in the transaction of the games.
    pub(super) fn note_source(
        connection: &Connection,
        (merge, number): (&str, usize),
        cursor: Option<i64>,
        counts: &SourceCounts,
        is_done: bool,
    ) -> rusqlite::Result<()> {
        let mut update = connection.prepare_cached(
            "UPDATE main.rr_merge_sources SET cursor = ?3, counts = ?4, state = ?5 WHERE merge = ?1 AND number = ?2",
        )?;
        let counts = serde_json::to_string(counts).expect("numbers can be written to memory");
        let state = if is_done { DONE } else { PARTIAL };
        update.execute(params![merge, number as i64, cursor, counts, state]).map(drop)
    }

    /// The first games of an input that went into quarantine.
    pub(super) fn faults(&self, path: &str) -> Result<Vec<MergeFault>, StoreError> {
        let sql = "SELECT source, game_id, kind, ply, field, expected, got, reason FROM main.rr_quarantine
                   WHERE source = ?1 ORDER BY rowid LIMIT ?2";
        let read = || -> rusqlite::Result<Vec<MergeFault>> {
            let mut statement = self.connection.prepare(sql)?;
            let rows = statement.query_map(params![path, FAULTS_MAX as i64], |row| {
                Ok(MergeFault {
                    source: row.get(0)?,
                    game_id: row.get(1)?,
                    kind: row.get(2)?,
                    ply: row.get(3)?,
                    field: row.get(4)?,
                    expected: row.get(5)?,
                    got: row.get(6)?,
                    reason: row.get(7)?,
                })
            })?;
            rows.collect()
        };
        read().map_err(self.at().on("reading the quarantine"))
    }

    /// What became of the inputs before their games began to go into the output.
    pub(super) fn recall(&self, sources: &mut [Source]) -> Result<(), StoreError> {
        for (number, source) in sources.iter_mut().enumerate() {
            if let Some(row) = self.source(number)?.filter(|row| row.state == DONE) {
                source.report.counts = row.counts;
                source.report.state = SourceState::Merged;
            }
        }
        Ok(())
    }

    /// Removes folder and file.
    pub(super) fn remove(self) -> Result<(), StoreError> {
        let folder = self.folder;
        drop(self.connection);
        std::fs::remove_dir_all(&folder).map_err(|error| StoreError::of_io(&folder, &error))
    }

    /// Closes the work file and hands over its path and that of the folder; the lock goes with the last value.
    pub(super) fn close(self) -> Result<(PathBuf, PathBuf, File), StoreError> {
        let at = At { path: &self.file, waited_ms: 0 };
        self.connection.close().map_err(|(_, error)| at.error("closing", &error))?;
        Ok((self.file, self.folder, self.lock))
    }
}

struct SourceRow {
    state: String,
    stamp: String,
    cursor: Option<i64>,
    counts: SourceCounts,
}

/// Whether the output has the tables of merging.
pub(super) fn has_merge_tables(connection: &Connection) -> rusqlite::Result<bool> {
    Ok(!schema::columns_in(connection, "out", "rr_merged_games")?.is_empty())
}

/// The run's own table goes when the work file is on its way to becoming the output.
fn is_applying(connection: &Connection) -> rusqlite::Result<bool> {
    if !schema::has_table(connection, "rr_merge_run")? {
        return Ok(true);
    }
    connection.query_row("SELECT applying FROM main.rr_merge_run", [], |row| row.get(0))
}

/// Whether a work file is that of an earlier merge of the same inputs into the same output.
fn can_resume(file: &Path, merge: &str, output: &str) -> rusqlite::Result<bool> {
    let connection = Connection::open(file)?;
    if is_applying(&connection)? {
        let sql = "SELECT COUNT(*) > 0 AND SUM(merge <> ?1) = 0 FROM rr_merge_sources";
        let is_ours: bool = connection.query_row(sql, [merge], |row| row.get(0))?;
        // A work file that is to become the output itself cannot do so when there is one.
        return Ok(is_ours && (output == "none" || schema::has_table(&connection, "rr_merge_run")?));
    }
    let sql = "SELECT COUNT(*) > 0 FROM rr_merge_run WHERE merge = ?1 AND output = ?2";
    connection.query_row(sql, [merge, output], |row| row.get(0))
}

/// The digest of what decides what becomes of which game.
fn name_of(options: &MergeOptions) -> String {
    let conflict = match options.on_conflict {
        OnConflict::Skip => "skip",
        OnConflict::Rename => "rename",
    };
    let mut lines = vec![format!("{} {conflict} {}", env!("CARGO_PKG_VERSION"), options.dedupe_by_game_id)];
    lines.extend(options.inputs.iter().map(|input| input.display().to_string()));
    let text = lines.join("\n");
    ContentDigest::of_bytes(text.as_bytes()).to_string()
}
